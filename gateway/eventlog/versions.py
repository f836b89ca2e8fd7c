"""The last version of every stream of a log, in little memory."""

from array import array

_FIRST_SIZE = 1 << 12


class Versions:
    """How many events each stream has had, in 24 to 48 bytes a stream, however long its name.

    A table with open addressing. A name is remembered by its hash of 64 bits, with a seed drawn for this process:
    that two of a million streams share one has a probability of 1 in 37 million, and is reported as a version out
    of order. `partial` says that the walk begins in the midst of the log, where streams go on with any version.
    """

    def __init__(self, partial: bool = False) -> None:
        self._partial = partial
        self._resize(_FIRST_SIZE)

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return sum(each.itemsize * len(each) for each in (self._hashes, self._versions))

    def follows(self, stream: str, version: int) -> bool:
        """Whether this is the stream's next version; it is the last one then."""
        key = hash(stream) or 1
        at = self._place(key)
        begins = self._hashes[at] == 0
        if version != self._versions[at] + 1 and not (begins and self._partial):
            return False
        self._hashes[at], self._versions[at] = key, version
        if begins:
            self._free -= 1
            if self._free == 0:
                self._grow()
        return True

    def _place(self, key: int) -> int:
        """Where the hash stands, or may stand."""
        hashes, mask = self._hashes, self._mask
        at = key & mask
        while hashes[at] not in (0, key):
            at = (at + 1) & mask
        return at

    def _grow(self) -> None:
        entries = zip(self._hashes, self._versions, strict=True)
        self._resize(2 * len(self._hashes))
        for key, version in entries:
            if key:
                at = self._place(key)
                self._hashes[at], self._versions[at] = key, version
                self._free -= 1

    def _resize(self, size: int) -> None:
        self._hashes, self._versions = array("q", bytes(8 * size)), array("q", bytes(8 * size))
        self._mask, self._free = size - 1, size // 2
