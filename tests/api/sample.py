"""A small schema that can do everything that a transport must carry, and an `Api` of it without any database."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NewType, cast
from uuid import UUID

import strawberry
from strawberry.schema.config import StrawberryConfig

from gateway.api.context import Context
from gateway.api.execution import Api
from gateway.api.limits import Limits
from gateway.errors import (
    BadInput,
    CommandFailed,
    CommitUnknown,
    LogBroken,
    NotYetVisible,
    ReadModelNotBuilt,
    ReadModelStopped,
    Unavailable,
)
from gateway.runtime import Services
from gateway.settings import load_settings
from gateway.signing import Signer

SECRET = "hunter2"
COMMAND = UUID(int=7)
FAILURES: dict[str, Exception] = {
    "unexpected": RuntimeError(SECRET),
    "late": NotYetVisible("accounts", 9_007_199_254_740_993, 3),
    "unavailable": Unavailable(SECRET),
    "unknown": CommitUnknown(COMMAND),
    "failed": CommandFailed(SECRET),
    "stopped": ReadModelStopped("accounts", 5, SECRET),
    "unbuilt": ReadModelNotBuilt("accounts"),
    "broken": LogBroken(5, SECRET),
}

Even = NewType("Even", int)
"""A scalar that refuses on purpose."""
Fragile = NewType("Fragile", str)
"""A scalar that fails by mistake."""


def _even(value: object) -> Even:
    if not isinstance(value, int) or value % 2:
        raise BadInput("An even number is wanted.")
    return Even(value)


def _fragile(_: object) -> Fragile:
    raise ValueError(SECRET)


@strawberry.enum
class Colour(Enum):
    RED = "red"


@strawberry.input
class PairInput:
    left: Even
    right: Even = Even(2)


@strawberry.type
class Thing:
    name: str = "thing"

    @strawberry.field
    def things(self, first: int | None = None) -> "Things":
        return Things()

    @strawberry.field
    def same(self) -> "Thing":
        return Thing()

    @strawberry.field
    def left(self) -> list["Thing"]:
        return [Thing(), Thing()]

    @strawberry.field
    def right(self) -> list["Thing"]:
        return [Thing(), Thing()]


@strawberry.type
class Things:
    @strawberry.field
    def nodes(self) -> list[Thing]:
        return [Thing()]


@dataclass
class Control:
    """What a test holds in its hands: lets mutations wait, and sees what they did."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    done: list[str] = field(default_factory=list[str])
    closed: asyncio.Event = field(default_factory=asyncio.Event)


def _control(info: strawberry.Info) -> Control:
    services: Any = cast(Context, info.context).services
    return services.model


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"

    @strawberry.field
    def actor(self, info: strawberry.Info) -> str:
        return cast(Context, info.context).actor

    @strawberry.field
    def correlation(self, info: strawberry.Info) -> str | None:
        return cast(Context, info.context).correlation

    @strawberry.field
    def after(self, info: strawberry.Info) -> str:
        return str(cast(Context, info.context).freshness.after)

    @strawberry.field
    def seen(self, info: strawberry.Info) -> str:
        cast(Context, info.context).freshness.note("accounts", 12, 0.25)
        return "seen"

    @strawberry.field
    def fail(self, how: str) -> str | None:
        raise FAILURES[how]

    @strawberry.field
    def fails(self, how: str) -> str:
        raise FAILURES[how]

    @strawberry.field
    def too_big(self) -> int | None:
        return 2**40

    @strawberry.field
    def unwritable(self) -> str | None:
        return "\ud800"

    @strawberry.field
    def half(self, of: Even) -> int:
        return of // 2

    @strawberry.field
    def sum(self, pair: PairInput) -> int:
        return pair.left + pair.right

    @strawberry.field
    def fragile(self, value: Fragile) -> str:
        return value

    @strawberry.field
    def length(self, text: str = "") -> int:
        return len(text)

    @strawberry.field
    def paint(self, colour: Colour = Colour.RED) -> str:
        return colour.value

    @strawberry.field
    def double(self, number: int = 1) -> int:
        return 2 * number

    @strawberry.field
    def thing(self) -> Thing:
        return Thing()

    @strawberry.field
    def things(self, first: int | None = None) -> Things:
        return Things()

    @strawberry.field
    def nodes(self, ids: list[strawberry.ID]) -> list[Thing | None]:
        return [Thing() for _ in ids]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def note(self, info: strawberry.Info, what: str) -> str:
        """Waits for the test's leave when it is told to wait."""
        control = _control(info)
        control.begun.set()
        if what.startswith("wait"):
            await control.gate.wait()
        control.done.append(what)
        return what


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, info: strawberry.Info, to: int = 3) -> AsyncGenerator[int, None]:
        if to < 0:
            raise BadInput("Nobody counts down here.")
        for each in range(to):
            yield each

    @strawberry.subscription
    async def endless(self, info: strawberry.Info, size: int = 1) -> AsyncGenerator[str, None]:
        control = _control(info)
        try:
            while True:
                await asyncio.sleep(0)
                yield "x" * size
        finally:
            control.closed.set()

    @strawberry.subscription
    async def silent(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
        control = _control(info)
        try:
            control.begun.set()
            await control.gate.wait()
            yield "at last"
        finally:
            control.closed.set()

    @strawberry.subscription
    async def breaks(self) -> AsyncGenerator[int, None]:
        yield 1
        raise LogBroken(5, SECRET)

    @strawberry.subscription
    async def seen(self, info: strawberry.Info) -> AsyncGenerator[int, None]:
        for each in range(2):
            yield each


SCHEMA = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    config=StrawberryConfig(
        scalar_map={
            Even: strawberry.scalar(name="Even", parse_value=_even, serialize=int),
            Fragile: strawberry.scalar(name="Fragile", parse_value=_fragile, serialize=str),
        }
    ),
)

SIGNER = Signer(b"secret of the tests", UUID(int=1))


def sample_api(control: Control | None = None, limits: Limits | None = None) -> Api:
    """An `Api` of the sample schema; its resolvers find `control` where the application's model would be."""
    absent: Any = None
    model: Any = control or Control()
    services = Services(
        model=model,
        settings=load_settings(),
        signer=SIGNER,
        execute=absent,
        queries=absent,
        positions=absent,
        feeds=absent,
    )
    return Api(SCHEMA, services, limits)
