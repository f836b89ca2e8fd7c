"""The last version of every stream of a log, in little memory."""

from array import array

_FIRST_SIZE = 1 << 12


class Versions:
    """How many events each stream has had, in 24 to 48 bytes a stream, however long its name.

    A table with open addressing. A name is remembered by its hash of 64 bits, with a seed drawn for this process:
    that two of a million streams share one has a probability of 1 in 37 million, and is reported as a version out
    of order. `partial` says that the walk begins in the midst of the log, where streams go on with any version: it
    is kept, in 8 to 16 bytes more, for `join`.
    """

    def __init__(self, partial: bool = False) -> None:
        self._partial = partial
        self._resize(_FIRST_SIZE)

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return sum(each.itemsize * len(each) for each in (self._hashes, self._versions, self._firsts))

    def follows(self, stream: str, version: int) -> bool:
        """Whether this is the stream's next version; it is the last one then."""
        key = hash(stream) or 1
        at = self._place(key)
        begins = self._hashes[at] == 0
        if version != self._versions[at] + 1 and not (begins and self._partial):
            return False
        self._versions[at] = version
        if begins:
            self._take(at, key, version)
        return True

    def join(self, later: "Versions") -> bool:
        """Whether each stream goes on in this partial table where it is in ours; it is taken in then.

        The other table may be that of another process which was forked from this one, or from the same one.
        """
        entries = [each for each in zip(later._hashes, later._firsts, later._versions, strict=True) if each[0]]
        if any(first != self._versions[self._place(key)] + 1 for key, first, _ in entries):
            return False
        for key, first, version in entries:
            at = self._place(key)
            self._versions[at] = version
            if self._hashes[at] == 0:
                self._take(at, key, first)
        return True

    def _take(self, at: int, key: int, first: int) -> None:
        """A stream that is new takes a place."""
        self._hashes[at] = key
        if self._partial:
            self._firsts[at] = first
        self._free -= 1
        if self._free == 0:
            self._grow()

    def _place(self, key: int) -> int:
        """Where the hash stands, or may stand."""
        hashes, mask = self._hashes, self._mask
        at = key & mask
        while hashes[at] not in (0, key):
            at = (at + 1) & mask
        return at

    def _grow(self) -> None:
        hashes, versions, firsts = self._hashes, self._versions, self._firsts
        self._resize(2 * len(hashes))
        for old, key in enumerate(hashes):
            if key:
                at = self._place(key)
                self._versions[at] = versions[old]
                self._take(at, key, firsts[old] if self._partial else 1)

    def _resize(self, size: int) -> None:
        self._hashes, self._versions = array("q", bytes(8 * size)), array("q", bytes(8 * size))
        self._firsts = array("q", bytes(8 * size if self._partial else 0))
        self._mask, self._free = size - 1, size // 2
