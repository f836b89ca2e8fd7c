"""The modules of this process: where each is from, what its source says, and what it imports."""

import ast
import hashlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions
from importlib.util import resolve_name
from pathlib import Path
from types import CodeType, EllipsisType
from typing import Any, cast

_STARTED = time.time_ns() - 20_000_000
"""A file that was written later may be another one than was loaded; the clock of file systems is some ms late."""

_STANDARD = Path(os.__file__).parent
_INSTALLED = {"site-packages", "dist-packages"}
_DYNAMIC = {"import_module", "__import__", "exec_module", "load_module", "exec", "eval"}
_PLAIN = (int, str, bytes, float, complex, bool, type(None), EllipsisType, Decimal)


class Untold(Exception):
    """Why it can't be told what code would run, in a few words."""


def root_of(module: str) -> str:
    return module.partition(".")[0]


def spec_of(module: str) -> ModuleSpec:
    """What a loaded module was loaded from; one that is not loaded yet could be anything when it is."""
    spec = getattr(sys.modules.get(module), "__spec__", None)
    if spec is None:
        raise Untold(f"the module {module} is not loaded, or from no file")
    return spec


def is_standard(spec: ModuleSpec) -> bool:
    """Whether it comes with Python: by its place, for an application may have an `email` of its own."""
    return spec.origin in ("built-in", "frozen") or (_is_below_standard(_path(spec)) and not is_installed(spec))


def is_installed(spec: ModuleSpec) -> bool:
    return _is_below_installed(_path(spec))


def _path(spec: ModuleSpec) -> str:
    return spec.origin or next(iter(spec.submodule_search_locations or ()), "")


@cache
def _is_below_standard(path: str) -> bool:
    return _STANDARD in Path(path).parents


@cache
def _is_below_installed(path: str) -> bool:
    return not _INSTALLED.isdisjoint(Path(path).parts)


@cache
def distributions_of(root: str) -> list[str]:
    """The distributions that a top-level name belongs to."""
    return packages_distributions()[root]


def source_of(spec: ModuleSpec) -> str:
    """What the module was made of; refused where the file may have been replaced since."""
    source = cast("Any", spec.loader).get_source(spec.name)
    if source is None:
        raise Untold(f"the module {spec.name} has no source")
    if spec.has_location and spec.origin:
        found = Path(spec.origin).stat()
        if max(found.st_mtime_ns, found.st_ctime_ns) > _STARTED:
            raise Untold(f"the file of {spec.name} was written after this process had started")
    return source


@dataclass(frozen=True, slots=True)
class Written:
    """What a source says: a hash of it without comments and places, what it imports, and its codes."""

    digest: str
    imported: Sequence[tuple[str, str | None]]
    codes: frozenset[Any]


@lru_cache(maxsize=1_000)
def written_in(source: str, name: str, parent: str | None, origin: str | None) -> Written:
    """What the source of a module says; most modules are reached by many functions. Raises Untold."""
    tree = ast.parse(source)
    digest = hashlib.sha256(ast.dump(tree).encode(errors="surrogatepass")).hexdigest()
    return Written(digest, [*_imported(tree, name, parent)], _compiled(source, origin or name))


def _imported(tree: ast.AST, name: str, parent: str | None) -> Iterator[tuple[str, str | None]]:
    """The modules that a source imports anywhere in it, and a name that is taken from one: it may be a module."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(used) | ast.Attribute(_, used) | ast.alias(used):
                if used in _DYNAMIC:
                    raise Untold(f"{name} imports or runs what only a computed text names")
            case ast.Import(names):
                yield from ((each.name, None) for each in names)
            case ast.ImportFrom(module, names, level):
                base = resolve_name("." * (level or 0) + (module or ""), parent)
                yield base, None
                yield from ((base, each.name) for each in names if each.name != "*")
            case _:
                pass


def _compiled(source: str, origin: str) -> frozenset[Any]:
    """What is the same in each code of a source and in that of the functions which came from it."""
    ahead, found = [compile(source, origin, "exec", dont_inherit=True)], set[Any]()
    while ahead:
        code = ahead.pop()
        found.add(key_of(code))
        ahead += [each for each in code.co_consts if isinstance(each, CodeType)]
    return frozenset(found)


def key_of(code: CodeType) -> tuple[Any, ...]:
    """A code without its places: Python compares those too, and what it has noted while running."""
    names = code.co_qualname, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    shape = code.co_flags, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    constants = [key_of(each) if isinstance(each, CodeType) else text_of(each) for each in code.co_consts]
    return code.co_code, code.co_exceptiontable, *names, *shape, *constants


def text_of(value: Any) -> str | None:
    """A text that only an equal value of the same types has, in every process; None for what is not plain."""
    kind = cast("Any", type(value))
    if kind in _PLAIN:
        return f"{kind.__name__} {value!r}"
    if kind not in (tuple, list, set, frozenset, dict):
        return None
    texts = [text_of(each) for each in (value.items() if kind is dict else value)]
    if None in texts:
        return None
    return f"{kind.__name__} {sorted(map(str, texts)) if kind in (set, frozenset) else texts}"
