"""Descriptions from docstrings: of classes, of fields, and of NewTypes by the string literal under them.

A docstring whose last paragraph begins with `Deprecated:` says why nobody should use any more what it stands under;
that paragraph is no part of the description.
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any


@cache
def describe(type_: type) -> str | None:
    """A class's own docstring; None for the one that `dataclass` writes by itself."""
    return _split(_docstring(type_))[0]


@cache
def deprecation(type_: type) -> str | None:
    """Why a class should not be used any more, from its docstring; None where it may be."""
    return _split(_docstring(type_))[1]


@cache
def describe_fields(type_: type) -> Mapping[str, str]:
    """Each field of a class that has a description under it."""
    return {name: found for name, text in _field_texts(type_).items() if (found := _split(text)[0])}


@cache
def deprecated_fields(type_: type) -> Mapping[str, str]:
    """Each field of a class that should not be used any more, and why."""
    return {name: reason for name, text in _field_texts(type_).items() if (reason := _split(text)[1])}


def _docstring(type_: type) -> str:
    text = type_.__dict__.get("__doc__")
    return inspect.cleandoc(text) if text and not text.startswith(f"{type_.__name__}(") else ""


def _split(text: str) -> tuple[str | None, str | None]:
    """A docstring as description and reason of deprecation."""
    *before, last = text.split("\n\n")
    if not last.startswith(_DEPRECATED):
        return text or None, None
    return "\n\n".join(before) or None, " ".join(last.removeprefix(_DEPRECATED).split())


_DEPRECATED = "Deprecated:"


def _field_texts(type_: type) -> Mapping[str, str]:
    return _of_module(type_.__module__).get(type_.__qualname__, {})


def describe_new_type(new_type: Any) -> str | None:
    """The string literal under a NewType's assignment."""
    return _of_module(new_type.__module__).get(_ITSELF, {}).get(new_type.__name__)


_ITSELF = ""


@cache
def _of_module(name: str) -> Mapping[str, Mapping[str, str]]:
    """The literals of a module and of each class in it, by its qualified name; of several of one name the first."""
    try:
        body = ast.parse(inspect.getsource(sys.modules[name])).body
    except (OSError, TypeError, KeyError, SyntaxError):  # no source at hand: in a zip, made at run time
        return {}
    found = {_ITSELF: _literals_below(body)}
    for qualified, class_body in _classes(body, ""):
        found.setdefault(qualified, _literals_below(class_body))
    return found


def _classes(body: Sequence[ast.AST], within: str) -> Iterator[tuple[str, Sequence[ast.stmt]]]:
    for each in body:
        match each:
            case ast.ClassDef(name=name, body=inner):
                yield within + name, inner
                yield from _classes(inner, f"{within}{name}.")
            case ast.FunctionDef(name=name, body=inner) | ast.AsyncFunctionDef(name=name, body=inner):
                yield from _classes(inner, f"{within}{name}.<locals>.")
            case _:
                for part in ("body", "handlers", "cases", "orelse", "finalbody"):
                    yield from _classes(getattr(each, part, ()), within)


def _literals_below(body: Sequence[ast.stmt]) -> dict[str, str]:
    found: dict[str, str] = {}
    for statement, below in pairwise(body):
        name = _assigned(statement)
        if name and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[name] = inspect.cleandoc(str(below.value.value))
    return found


def _assigned(statement: ast.stmt) -> str | None:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case _:
            return None
