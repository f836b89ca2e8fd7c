"""What code some functions can run, as a hash: it tells states and views that other code has folded."""

import functools
import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from types import BuiltinFunctionType, CodeType, FunctionType, GetSetDescriptorType, ModuleType
from typing import Any, NewType, cast


def fingerprint(function: Callable[..., Any], *parts: Any) -> str | None:
    """A hash of a function, of further parts and of all that they can reach, as this process has loaded it.

    Covered is the function's module and whatever is imported there, again and again: code, defaults, closures,
    classes and constants. Of the standard library and of the gateway it is the name alone, of an installed package
    the version. Comments and places in a file make no difference. Not covered is what a function imports under a
    relative or computed name, or reads from outside.

    None where it can't be told: a constant without a text that is the same in each process.
    """
    walk = _Walk(_root(function.__module__))
    try:
        walk.add((function, *parts))
    except _Untold:
        return None
    return walk.digest.hexdigest()


class _Untold(Exception):
    pass


class _Walk:
    """Feeds objects to a digest, in an order that is the same in each process; one that it knows, by its number."""

    def __init__(self, own: str) -> None:
        self.digest = hashlib.sha256()
        self._own = own
        self._known: dict[int, tuple[int, object]] = {}

    def add(self, value: Any) -> None:
        if isinstance(value, _UNSHARED):  # whether equal ones are one object differs from process to process
            self._value(value)
        elif id(value) in self._known:
            self._text(f"#{self._known[id(value)][0]}")
        else:
            self._known[id(value)] = len(self._known), value
            self._object(value)

    def _object(self, value: Any) -> None:
        self._text(type(value).__qualname__)
        match value:
            case FunctionType():
                self._function(value)
            case CodeType():
                self._code(value)
            case ModuleType():
                self._module(value)
            case type():
                self._class(value)
            case _:
                self._value(value)

    def _text(self, text: str) -> None:
        self.digest.update(f"{len(text)} {text}".encode(errors="surrogatepass"))

    def _all(self, values: Iterable[Any]) -> None:
        listed = list(values)
        self._text(str(len(listed)))
        for each in listed:
            self.add(each)

    def _named(self, values: Mapping[str, Any]) -> None:
        for name in sorted(values):
            self._text(name)
            self.add(values[name])

    def _function(self, function: FunctionType) -> None:
        self._text(f"{function.__module__}.{function.__qualname__}")
        self._all(each.cell_contents for each in function.__closure__ or ())
        if self._looks_into(function.__module__):
            self._all([function.__code__, function.__defaults__, function.__kwdefaults__])
            self._named(function.__dict__)
            self.add(sys.modules[function.__module__])

    def _code(self, code: CodeType) -> None:
        self._text(f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {code.co_freevars} {code.co_flags}")
        self._all(code.co_consts)
        self._all(sys.modules[name] for name in code.co_names if name in sys.modules)

    def _module(self, module: ModuleType) -> None:
        self._text(module.__name__)
        if self._looks_into(module.__name__):
            self._named({name: each for name, each in vars(module).items() if not name.startswith("__")})

    def _class(self, class_: type) -> None:
        self._text(f"{class_.__module__}.{class_.__qualname__}")
        if self._looks_into(class_.__module__):
            self._all(class_.__bases__)
            self._named(dict(_written(class_)))
            self.add(sys.modules[class_.__module__])

    def _value(self, value: Any) -> None:
        match value:
            case Enum():
                self._all([type(value), value.name])
            case tuple() | list():
                self._all(cast("Iterable[Any]", value))
            case set() | frozenset():
                self._all(sorted(cast("Iterable[Any]", value), key=repr))
            case dict():
                items = cast("dict[Any, Any]", value).items()
                self._all(each for item in sorted(items, key=lambda item: repr(item[0])) for each in item)
            case staticmethod() | classmethod():
                self.add(cast("Any", value).__func__)
            case property():
                self._all([value.fget, value.fset])
            case functools.partial():
                made = cast("functools.partial[Any]", value)
                self._all([made.func, made.args, made.keywords])
            case NewType():
                self._all([value.__name__, value.__supertype__])
            case BuiltinFunctionType():
                self._text(value.__qualname__)
            case _ if is_dataclass(value):
                self._all([type(value), *(getattr(value, each.name) for each in fields(value))])
            case _ if hasattr(value, "__wrapped__"):
                self.add(value.__wrapped__)
            case _:
                self._repr(value)

    def _repr(self, value: Any) -> None:
        self.add(type(value))
        if " at 0x" in (text := repr(value)):
            raise _Untold
        self._text(text)

    def _looks_into(self, module: str) -> bool:
        """Whether it is the application's, or not installed: of what is installed the version says enough."""
        root = _root(module)
        if root in _KNOWN:
            return False
        if root == self._own or not _is_installed(sys.modules[module]):
            return True
        self._text(_version(root))
        return False


def _root(module: str) -> str:
    return module.partition(".")[0]


_KNOWN = {*sys.stdlib_module_names, *sys.builtin_module_names, _root(__name__)}
_UNSHARED = (str, bytes, int, float, complex, tuple, frozenset, Enum, type(None))


def _is_installed(module: ModuleType) -> bool:
    file = module.__file__ or ""
    return "site-packages" in file or "dist-packages" in file


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise _Untold from None


def _written(class_: type) -> Iterator[tuple[str, Any]]:
    """What a class's body gives it, without what Python and its libraries keep there for themselves."""
    for name, value in vars(class_).items():
        if name not in _KEPT and not isinstance(value, GetSetDescriptorType):
            yield name, value


_KEPT = ("__module__", "__doc__", "__dataclass_fields__", "__dataclass_params__", "_abc_impl")
