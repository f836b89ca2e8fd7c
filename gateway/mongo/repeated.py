"""What goes wrong again and again while MongoDB is away is told once for each kind of it."""


class Repeated:
    """The kinds of errors that somebody has met so far."""

    def __init__(self) -> None:
        self._kinds: set[str] = set()

    def first(self, error: Exception) -> str | None:
        """The kind of an error, by its class and MongoDB's code, if it is the first one of it."""
        kind = f"{type(error).__name__} {getattr(error, 'code', None) or ''}".strip()
        if kind in self._kinds:
            return None
        self._kinds.add(kind)
        return kind
