"""What code some functions can run, as a hash: it tells states that other code has folded."""

import functools
import hashlib
import inspect
import json
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from types import FunctionType, MemberDescriptorType, MethodType
from typing import Any, cast

from gateway.application.sources import (
    Untold,
    distributions_of,
    is_installed,
    is_standard,
    key_of,
    root_of,
    source_of,
    spec_of,
    text_of,
    written_in,
)


def _ignored(_: str) -> None:
    pass


def fingerprint(
    *functions: Callable[..., Any], versions: bool = True, untold: Callable[[str], object] = _ignored
) -> str | None:
    """A hash of functions, of what they carry, and of the source of every module that is imported by theirs.

    Imports are followed again and again. Comments and places in a file make no difference. The standard library
    counts with Python's version, the gateway and installed packages with theirs; without `versions` they don't. Not
    covered is what a function reads from outside, and what modules that none of these import change in them.

    None where it can't be told, and `untold` is given the reason: a module without source or not loaded yet, an
    import by a computed name, code that is not what its file says, a function that carries an object. Nothing is
    imported or executed, and nothing is raised.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of a source were given when it was loaded
            return _Walk(versions).digest(functions)
    except Exception as error:
        untold(str(error) if isinstance(error, Untold) else repr(error))
        return None


class _Walk:
    """Collects notes, whose order makes no difference, module by module."""

    def __init__(self, versions: bool) -> None:
        self._versions = versions
        self._notes = {f"tidegate {version('tidegate')}, Python {sys.version_info[:2]}"} if versions else set[str]()
        self._roots: set[str] = set()
        self._met: set[str] = set()
        self._ahead: list[str] = []
        self._known: set[int] = set()
        self._running: list[FunctionType] = []
        self._written: dict[str, frozenset[Any]] = {}

    def digest(self, functions: Iterable[Any]) -> str:
        for number, each in enumerate(functions):
            self._carrying(str(number), each)
        while self._ahead:
            self._module(self._ahead.pop())
        for each in self._running:
            written = self._written.get(_home(each))
            if written is not None and key_of(each.__code__) not in written:
                raise Untold(f"{each.__qualname__} of {_home(each)} is not what its file says")
        return hashlib.sha256(json.dumps(sorted(self._notes)).encode()).hexdigest()

    def _carrying(self, place: str, function: Any) -> None:
        """A function, with what no source shows of it."""
        if type(function) is not FunctionType or not isinstance(cast("Any", function).__module__, str):
            raise Untold(f"a {type(function).__name__} is no plain function of a module")
        self._notes.add(f"{place}: {_home(function)}.{function.__qualname__}")
        if id(function) in self._known:
            return
        self._known.add(id(function))
        self._roots.add(root_of(_home(function)))
        self._running.append(function)
        self._reach(_home(function))
        for number, each in enumerate([*_defaults(function), *_cells(function)]):
            self._carried(f"{place}.{number}", each)

    def _carried(self, place: str, value: Any) -> None:
        text = text_of(value)
        if text is None:
            self._carrying(place, value)
        else:
            self._notes.add(f"{place}: {text}")

    def _reach(self, module: str) -> None:
        """A module and the packages that it is in."""
        while module and module not in self._met:
            self._met.add(module)
            self._ahead.append(module)
            module = module.rpartition(".")[0]

    def _module(self, name: str) -> None:
        root, spec = root_of(name), spec_of(name)
        if self._is_own(name):
            self._read(vars(sys.modules[name]), name)
        elif self._versions and is_installed(spec) and root != _GATEWAY:
            self._notes |= {f"{each} {version(each)}" for each in distributions_of(root)}

    def _is_own(self, name: str) -> bool:
        """Whether its source counts; of what is installed beside the application the version says enough."""
        root, spec = root_of(name), spec_of(name)
        if root == _GATEWAY or is_standard(spec):
            return False
        return root in self._roots or not is_installed(spec)

    def _read(self, names: Mapping[str, Any], name: str) -> None:
        spec = spec_of(name)
        written = written_in(source_of(spec), spec.name, spec.parent, spec.origin)
        self._notes.add(f"{name}: {written.digest}")
        for base, taken in written.imported:
            self._reach(base)
            if taken is not None:
                self._from(base, taken)
        self._written[names["__name__"]] = written.codes
        self._namespace(names, name, names)

    def _from(self, base: str, name: str) -> None:
        """`from base import name`, which may be a module."""
        if f"{base}.{name}" in sys.modules:
            self._reach(f"{base}.{name}")
        elif self._is_own(base) and name not in vars(sys.modules[base]):
            raise Untold(f"{base}.{name} is not loaded")

    def _namespace(self, module: Mapping[str, Any], place: str, names: Mapping[str, Any]) -> None:
        """What loading has made of a module, or of a class in it."""
        for name, value in names.items():
            if name == "__builtins__":
                continue
            if not _is_special(name) and (text := text_of(value)) is not None:
                self._notes.add(f"{place}.{name}: {text}")
            for each in _functions(value):
                self._function(module, place, each)
            if isinstance(value, type):
                self._class(module, value)

    def _function(self, module: Mapping[str, Any], place: str, function: FunctionType) -> None:
        if function.__globals__ is not module:
            self._elsewhere(_home(function))
            return
        self._notes.add(f"{place}: {function.__qualname__} {[text_of(each) for each in _defaults(function)]}")
        if not function.__code__.co_filename.startswith("<"):  # generated: it follows from the source
            self._running.append(function)

    def _class(self, module: Mapping[str, Any], class_: type) -> None:
        if class_.__module__ != module["__name__"]:
            self._elsewhere(class_.__module__)
        elif id(class_) not in self._known:
            self._known.add(id(class_))
            self._namespace(module, f"{class_.__module__}.{class_.__qualname__}", vars(class_))

    def _elsewhere(self, module: str) -> None:
        """Whence a value came in another way than by an import; what was imported is reached by that."""
        if module in sys.modules:
            self._reach(module)


_GATEWAY = root_of(__name__)


def _home(function: FunctionType) -> str:
    """The module whose names a function sees: `__module__` may be that of another function which it wraps."""
    return function.__globals__["__name__"]


def _is_special(name: str) -> bool:
    """Such as a module's `__file__`, which is another in every installation."""
    return name.startswith("__") and name.endswith("__")


def _defaults(function: FunctionType) -> list[Any]:
    return [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).items()]


def _cells(function: FunctionType) -> list[Any]:
    return [each.cell_contents for each in function.__closure__ or ()]


_WHOLE = {int, str, bytes, float, bool, type(None), MemberDescriptorType}
"""Kinds of values that have no parts; most are of one of them."""


def _functions(value: Any) -> Iterator[FunctionType]:
    """The functions that a value is made of, as far as that can be seen without running any."""
    if isinstance(value, FunctionType):
        yield value
    for each in _parts(value):
        yield from _functions(each)


def _parts(value: Any) -> list[Any]:
    if type(value) in _WHOLE:
        return []
    match value:
        case FunctionType():
            return [value.__dict__["__wrapped__"]] if "__wrapped__" in value.__dict__ else []
        case staticmethod() | classmethod() | MethodType():
            return [cast("Any", value).__func__]
        case property():
            return [value.fget, value.fset, value.fdel]
        case functools.partial() | functools.cached_property():
            return [cast("Any", value).func]
        case _ if type(value) in (tuple, list, set, frozenset):
            return list(value)
        case _ if type(value) is dict:
            return list(cast("dict[Any, Any]", value).values())
        case _ if isinstance(value, type):
            return []
        case _:
            wrapped = inspect.getattr_static(value, "__wrapped__", None)
            return [] if wrapped is None else [wrapped]
