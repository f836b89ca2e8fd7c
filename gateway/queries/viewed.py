"""A view as it was read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.mongo.client import Document
from gateway.mongo.paths import version_of

Shown = Mapping[str, Any]
"""What is stored of a view, each value of the class that its field says.

Amounts and moments are written as texts already: those that are fields of the view, or of an object within it that
checks nothing. What is in lists, say, is as it is stored."""


@dataclass(frozen=True, slots=True)
class ViewType:
    """How the views of one read model are made: `kind` is their class, `key` decodes a stored key.

    `read` makes the view of a whole document, and raises KeyError where a part is missing; `show` makes what is
    shown of any, and raises where a value has not the class it should have; `decode` makes the document of bytes.
    `plain` says that keys are shown as they are stored.
    """

    kind: type
    plain: bool
    key: Callable[[Any], Any]
    read: Callable[[Document], Any]
    show: Callable[[Document], Shown]
    decode: Callable[[bytes], Document]


class Viewed:
    """A view as it was read, in whole or in part.

    `as_of` is the position at which it was so, None for a view as it is; `kind` the view's class; `key` its key, in
    a journal the line's own number. `document`, `shown` and `view` are each made when they are first asked for; of
    a view that was read in part the first two have what was asked for, at least, and `view` raises KeyError where
    that is not all of it.
    """

    __slots__ = ("_raw", "_type", "as_of", "document", "key", "kind", "shown", "view")

    _raw: bytes | None
    as_of: int | None
    document: Document
    key: Any
    shown: Shown
    view: Any

    def __init__(self, type_: ViewType, raw: bytes, shown: Shown) -> None:
        """Of a document as MongoDB sent it, and what is shown of it."""
        self._type, self.kind, self.as_of, self._raw, self.shown = type_, type_.kind, None, raw, shown
        if type_.plain:
            self.key = shown["_id"]

    @classmethod
    def of(cls, type_: ViewType, document: Document, as_of: int | None = None) -> "Viewed":
        """Of a document that is decoded."""
        made = cls.__new__(cls)
        made._type, made.kind, made.as_of, made._raw, made.document = type_, type_.kind, as_of, None, document
        return made

    def __getattr__(self, name: str) -> Any:
        """What was not asked for yet."""
        make = _MADE.get(name)
        if make is None:
            raise AttributeError(name)
        made = make(self)
        setattr(self, name, made)
        return made

    @property
    def version(self) -> int:
        """Of the stream that the view stands for; 0 where it stands for none, and where none was kept."""
        return version_of(self.shown)

    def text(self, name: str) -> Any:
        """A stored text, or null: that is shown as it is, and the document is not needed for it."""
        return self.document[name] if self._raw is None else self.shown[name]

    def _key(self) -> Any:
        return self._type.key(self.document["_id"])

    def _document(self) -> Document:
        assert self._raw is not None, "whatever has no bytes was made of its document"
        return self._type.decode(self._raw)

    def _shown(self) -> Shown:
        return self._type.show(self.document)

    def _view(self) -> Any:
        return self._type.read(self.document)


_MADE: Mapping[str, Callable[[Viewed], Any]] = {
    "key": Viewed._key,  # pyright: ignore[reportPrivateUsage] # its own table
    "document": Viewed._document,  # pyright: ignore[reportPrivateUsage]
    "shown": Viewed._shown,  # pyright: ignore[reportPrivateUsage]
    "view": Viewed._view,  # pyright: ignore[reportPrivateUsage]
}
