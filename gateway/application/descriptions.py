"""Descriptions from docstrings: of classes, of fields, and of NewTypes by the string literal under them."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any


@cache
def describe(type_: type) -> str | None:
    """A class's own docstring; None for the one that `dataclass` writes by itself."""
    text = type_.__dict__.get("__doc__")
    if not text or text.startswith(f"{type_.__name__}("):
        return None
    return inspect.cleandoc(text)


@cache
def describe_fields(type_: type) -> Mapping[str, str]:
    """Each field of a class that has a string literal under it."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(type_)))
    except (OSError, TypeError, SyntaxError):  # no source at hand: in a zip, made at run time
        return {}
    (node,) = tree.body
    return _literals_below(node.body) if isinstance(node, ast.ClassDef) else {}


def describe_new_type(new_type: Any) -> str | None:
    """The string literal under a NewType's assignment."""
    return _of_module(new_type.__module__).get(new_type.__name__)


@cache
def _of_module(name: str) -> Mapping[str, str]:
    try:
        return _literals_below(ast.parse(inspect.getsource(sys.modules[name])).body)
    except (OSError, TypeError, KeyError):
        return {}


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
