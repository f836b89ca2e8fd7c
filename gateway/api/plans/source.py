"""Generated functions: expressions over names that stand for objects of the generating side.

No text of a client gets into one but as the literal of a name that GraphQL's grammar lets through.
"""

from collections.abc import Callable
from typing import Any

_BUILTINS = {each.__name__: each for each in (bool, dict, int, str, type)}


class NotPlanned(Exception):
    """An operation that is left to the ordinary executor."""


class Names:
    """The names of the functions of one plan; `size` is how long their texts are."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {"__builtins__": _BUILTINS}
        self._known: dict[int, str] = {}
        self.size = 0

    def of(self, value: Any) -> str:
        """The name of an object, one name for each."""
        name = self._known.get(id(value))
        if name is None:
            name = self._known[id(value)] = self.free()
            self._values[name] = value
        return name

    def free(self) -> str:
        """A name that nothing else has."""
        name = f"n{len(self._values)}"
        self._values[name] = None
        return name

    def function(self, expression: str) -> Callable[[Any, Any], Any]:
        """A function of a value `v` and of what its request is asked with, `x`."""
        self.size += len(expression)
        return eval(f"lambda v, x: {expression}", self._values)  # our own expressions only
