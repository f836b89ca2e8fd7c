"""The attic, open in this process, and subscribers who wait for what comes."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

from gateway.api.execution import Api
from gateway.api.requests import Answer, Request
from gateway.api.schema import build_schema
from gateway.runtime import Services, Store, opened, serving, watching
from gateway.settings import load_settings
from tests.live.attic import application

PATIENCE = 20.0


class Subscriber:
    """One subscription's messages in their order, taken from it as they come."""

    def __init__(self, field: str, answers: AsyncGenerator[Answer]) -> None:
        self.cursor: str | None = None
        self._field, self._answers = field, answers
        self._taken: asyncio.Queue[Answer | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._take())

    @property
    def nothing_yet(self) -> bool:
        return self._taken.empty()

    async def answer(self) -> Answer | None:
        """The next answer; None at the end."""
        async with asyncio.timeout(PATIENCE):
            return await self._taken.get()

    async def next(self) -> dict[str, Any]:
        """The next message's content; `cursor` is the place behind it."""
        answer = await self.answer()
        assert answer
        assert not answer.errors, answer
        found = cast(Mapping[str, Any], answer.data)[self._field]
        self.cursor = found["cursor"]
        return dict(found)

    async def take(self, number: int) -> list[dict[str, Any]]:
        return [await self.next() for _ in range(number)]

    async def until(self, enough: Callable[[dict[str, Any]], object]) -> list[dict[str, Any]]:
        """Messages up to the first that is enough."""
        found = [await self.next()]
        while not enough(found[-1]):
            found.append(await self.next())
        return found

    async def rest(self) -> list[dict[str, Any]]:
        """Everything up to the end."""
        found: list[dict[str, Any]] = []
        while answer := await self.answer():
            found.append(cast(Mapping[str, Any], answer.data)[self._field])
        return found

    async def code(self) -> str:
        """The code of the refusal that it ends with."""
        answer = await self.answer()
        assert answer
        assert answer.refused, answer
        return answer.errors[0]["extensions"]["code"]

    async def leave(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._answers.aclose()

    async def _take(self) -> None:
        async for answer in self._answers:
            self._taken.put_nowait(answer)
        self._taken.put_nowait(None)


@dataclass
class World:
    """A process: its API, and how far it has written."""

    store: Store
    services: Services
    api: Api
    token: str = ""
    _open: list[Subscriber] = field(default_factory=list[Subscriber])

    async def do(self, *commands: str) -> None:
        """Execute commands such as `putThing(input: {…})` one after the other, until all of them can be read."""
        for each in commands:
            await self.execute(each)
        for read_model in self.store.model.read_models if self.token else ():
            position = self.services.signer.position(self.token)
            await self.services.positions.wait(read_model.name, position, PATIENCE)

    async def execute(self, command: str) -> None:
        """Execute a command, and don't wait until it can be read."""
        answer = await self.api.execute(Request(f"mutation {{ it: {command} {{ ... on Receipt {{ token }} }} }}"))
        assert not answer.errors, answer.errors
        self.token = cast(Mapping[str, Any], answer.data)["it"]["token"]

    async def put(self, thing: str, room: str, weight: int = 1) -> None:
        await self.do(put(thing, room, weight))

    async def ask(self, query: str, **variables: Any) -> Mapping[str, Any]:
        """What a query answers, as fresh as all that was done here."""
        answer = await self.api.execute(Request(query, variables, after=self.token or None))
        assert not answer.errors, answer.errors
        return cast(Mapping[str, Any], answer.data)

    async def follow(self, field: str, selection: str, **variables: Any) -> Subscriber:
        """A subscription to a field whose arguments are given as variables."""
        types = {"id": "ID!", "thingId": "ID!", "stream": "ID", "where": "ThingWhere"}
        declared = ", ".join(f"${name}: {types.get(name, 'String')}" for name in variables)
        given = ", ".join(f"{name}: ${name}" for name in variables)
        head, arguments = (f"({declared})", f"({given})") if variables else ("", "")
        text = f"subscription F{head} {{ {field}{arguments} {{ cursor {selection} }} }}"
        found = await self.api.subscribe(Request(text, variables))
        assert not isinstance(found, Answer), found
        self._open.append(Subscriber(field, found))
        return self._open[-1]

    async def seated(self, *sizes: int) -> None:
        """Returns when audiences of these sizes are told what is new."""
        await comes_true(lambda: sorted(self.api.audiences) == sorted(sizes))

    async def close(self) -> None:
        for each in self._open:
            await each.leave()


async def comes_true(holds: Callable[[], object]) -> None:
    """Returns when something has come about that other tasks do."""
    async with asyncio.timeout(PATIENCE):
        for _ in count():
            if holds():
                return
            await asyncio.sleep(0)


def altered(cursor: str) -> str:
    """A text that differs in one letter."""
    middle = len(cursor) // 2
    return f"{cursor[:middle]}{'x' if cursor[middle] != 'x' else 'y'}{cursor[middle + 1 :]}"


def put(thing: str, room: str, weight: int = 1) -> str:
    return f'putThing(input: {{thingId: "Thing:{thing}", roomId: "Room:{room}", weight: {weight}}})'


def remove(thing: str) -> str:
    return f'removeThing(input: {{thingId: "Thing:{thing}"}})'


def dust(thing: str) -> str:
    return f'dustThing(input: {{thingId: "Thing:{thing}"}})'


def name(room: str, text: str) -> str:
    return f'nameRoom(input: {{roomId: "Room:{room}", name: "{text}"}})'


@asynccontextmanager
async def world(uri: str, database: str, *, watch: bool = True, **given: Any) -> AsyncGenerator[World]:
    """One process; settings are `given`."""
    settings = load_settings(mongodb_uri=uri, database=database, **given)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(opened(application, settings, uri))
        if watch:
            await stack.enter_async_context(watching(store, settings))
        services = await stack.enter_async_context(serving(store, settings))
        found = World(store, services, Api(build_schema(store.model), services))
        try:
            yield found
        finally:
            await found.close()
