"""A derived schema where everything can go wrong in every place, and an open process of it without a database."""

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from gateway.api.schema.making import (
    Argument,
    Field,
    by,
    declared,
    define,
    enum_type,
    interface_type,
    object_type,
    union_type,
)
from gateway.api.schema.types import Attribute
from gateway.errors import BadInput
from gateway.runtime import Services
from gateway.settings import load_settings
from tests.api.plans.modes import Both, both
from tests.api.sample import SIGNER


class Colour(Enum):
    """Of a thing."""

    RED = "r"
    BLUE = "b"


@dataclass(frozen=True, slots=True)
class Thing:
    """A value behind both object types; `blue` says which of them."""

    name: Any = "thing"
    size: Any = 1
    colour: Any = Colour.RED
    blue: bool = False
    below: Any = ()


@dataclass
class Gate:
    """What a test holds in its hands: `waiting` loads wait for it to open, and so many of them were `ended`."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    found: list[str] = field(default_factory=list[str])
    waiting: int = 0
    ended: int = 0


def _raise(sentence: str) -> Any:
    raise BadInput(sentence)


def _kinds(root: Thing) -> list[Any]:
    """What a thing holds: by the letters of its size's text, things, nulls and mistakes."""
    made = {
        "t": Thing(),
        "b": Thing(blue=True),
        "n": None,
        "x": BadInput("no thing"),
        "s": Thing(size="much"),
        "w": 7,
    }
    return [made[each] for each in root.below]


async def _loaded(root: Any, _info: Any, _arguments: Any) -> Any:
    await asyncio.sleep(0)
    return root


async def _lost(_root: Any, _info: Any, _arguments: Any) -> Any:
    await asyncio.sleep(0)
    raise BadInput("lost")


async def _waiting(root: Any, info: strawberry.Info, _arguments: Any) -> Any:
    gate: Gate = info.context.services.model
    gate.waiting += 1
    gate.begun.set()
    try:
        await gate.open.wait()
    except asyncio.CancelledError:
        gate.ended += 1
        raise
    return root


async def _cancelled(_root: Any, _info: Any, _arguments: Any) -> Any:
    await asyncio.sleep(0)
    raise asyncio.CancelledError


async def _nothing(_root: Any, _info: Any, _arguments: Any) -> Any:
    return None


async def _find(_root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> Any:
    await asyncio.sleep(0)
    info.context.freshness.note("things", 3, 0.5)
    info.context.services.model.found.append(arguments["name"])
    if arguments["name"] == "bad":
        raise BadInput("There is no such thing.", ("name",))
    if arguments["name"] == "broken":
        raise RuntimeError("a secret")
    return Thing(arguments["name"], arguments["size"] or 0, below=arguments["holds"] or "")


async def _held(root: Thing, _info: Any, _arguments: Any) -> list[Any]:
    return _kinds(root)


def _fields(thing: Any, either: Any, colour: Any) -> dict[str, Field]:
    several = by(_kinds)
    plain = object_type("Plain", {"name": Field(str, resolve=Attribute(None, "name", None))})
    return {
        "name": Field(str, resolve=Attribute(None, "name", None)),
        "id": Field(strawberry.ID, resolve=Attribute(None, "name", "Thing")),
        "size": Field(int),
        "maybe_size": Field(int | None, resolve=by(lambda root: root.size)),
        "colour": Field(colour),
        "fails": Field(str, resolve=by(lambda _: _raise("it fails"))),
        "may_fail": Field(str | None, resolve=by(lambda _: _raise("it may fail"))),
        "plain": Field(plain, resolve=by(lambda root: root)),
        "nothing": Field(plain, resolve=by(lambda _: None)),
        "mistake": Field(plain, resolve=by(lambda _: BadInput("it is a mistake"))),
        "same": Field(thing, resolve=by(lambda root: root)),
        "loaded": Field(thing, resolve=_loaded),
        "wait": Field(thing | None, resolve=_waiting),
        "cancelled": Field(thing | None, resolve=_cancelled),
        "lost": Field(thing, resolve=_lost),
        "missing": Field(thing, resolve=_nothing),
        "may_be_lost": Field(thing | None, resolve=_lost),
        "may_be_missing": Field(thing | None, resolve=_nothing),
        "all": Field(list[thing], resolve=several),
        "some": Field(list[thing | None], resolve=several),
        "perhaps": Field(list[thing] | None, resolve=several),
        "any": Field(list[either] | None, resolve=several),
        "named": Field(list[thing | None] | None, resolve=_held),
        "held": Field(list[thing], resolve=_held),
    }


def _schema() -> strawberry.Schema:
    colour = enum_type("Colour", {each.name: strawberry.enum_value(each) for each in Colour})
    named = interface_type("Named", {"name": Field(str)})
    red, blue = declared("Red", [named]), declared("Blue", [named])
    either = union_type("Either", [red, blue])
    fields = _fields(red, either, colour)
    define(red, fields, None, lambda value: isinstance(value, Thing) and not value.blue)
    only = {"depth": Field(int, resolve=by(lambda _: 3)), "loaded": Field(red | None, resolve=_lost)}
    blues = {name: fields[name] for name in ("name", "size", "maybe_size", "colour", "fails", "may_fail")}
    define(blue, {**blues, **only}, None, lambda value: isinstance(value, Thing) and value.blue)
    taken = {
        "name": Argument(str),
        "size": Argument.left_out(int),
        "holds": Argument.left_out(str),
        "colours": Argument.left_out(list[colour]),
    }
    query = object_type(
        "Query",
        {
            "thing": Field(red | None, resolve=_find, arguments=taken),
            "needed": Field(red, resolve=_find, arguments=taken),
            "interface": Field(named | None, resolve=_find, arguments=taken),
        },
    )
    changed = {
        "change": Field(red | None, resolve=_find, arguments=taken),
        "must": Field(red, resolve=_find, arguments=taken),
    }
    return strawberry.Schema(query, object_type("Mutation", changed), types=[red, blue], config=StrawberryConfig())


SCHEMA = _schema()


def things(gate: Any = None, **given: Any) -> Both:
    """Both ways to ask the schema; resolvers find the gate where the application's model would be."""
    absent: Any = None
    model: Any = gate or Gate()
    services = Services(
        model=model,
        settings=load_settings(**{"plans": True, **given}),
        signer=SIGNER,
        execute=absent,
        queries=absent,
        positions=absent,
        feeds=absent,
    )
    return both(SCHEMA, services)
