"""Operations on a socket, each from its beginning to its end.

A subscription that has caught up has no task any more: its messages are handed straight to the connection, as the
same bytes for all who see the same. Whoever has no room for one is told of it later, from where he stood.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any, Protocol

from gateway.api.execution import Api
from gateway.api.live.audience import Told
from gateway.api.live.following import Following
from gateway.api.requests import Answer, Request
from gateway.web.answers import to_json
from gateway.web.protocol import Outgoing


class Carrier(Protocol):
    """The conversation that operations belong to."""

    api: Api

    def push(self, text: bytes) -> bool:
        """Send at once; False where that can't be."""
        ...

    async def send_text(self, text: bytes) -> None:
        """Send when there is room."""
        ...

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Do something as long as the conversation lasts; None when it is over."""
        ...

    def forget(self, id_: str) -> None:
        """An operation's id is free again."""
        ...


class Carried:
    """One operation, under its client's id."""

    __slots__ = ("_carrier", "_head", "_id", "_task", "following")

    def __init__(self, carrier: Carrier, id_: str, request: Request) -> None:
        self._carrier, self._id = carrier, id_
        self._head = b'{"type":"next","id":' + to_json(id_) + b',"payload":'
        self.following: Following | None = None
        self._task = carrier.begin(self._run(request))

    def stop(self) -> None:
        """Nothing of it follows."""
        if self._task:
            self._task.cancel()
        if self.following:
            self.following.leave()

    def push(self, told: Told) -> bool:
        return self._carrier.push(self._next(told))

    def behind(self) -> None:
        assert self.following
        self._task = self._carrier.begin(self._follow(self.following))

    def end(self, last: Answer | None) -> None:
        self._task = self._carrier.begin(self._end(last))

    def error(self, errors: list[Any]) -> bytes:
        """The message that it is refused, or broke."""
        return to_json(_message("error", self._id, errors))

    async def _run(self, request: Request) -> None:
        found = await self._carrier.api.follow(request)
        if isinstance(found, Following):
            self.following = found
            await self._follow(found)
        elif found.refused:
            await self._end(found)
        else:
            await self._carrier.send_text(self._next(Told(found)))
            await self._end(None)

    async def _follow(self, following: Following) -> None:
        """Tells what is missing, until all that is new is pushed."""
        while True:
            async with aclosing(following.catch_up()) as messages:
                async for told in messages:
                    if told.answer.refused:
                        return await self._end(told.answer)
                    await self._carrier.send_text(self._next(told))
            if following.finished:
                return await self._end(None)
            if following.sit(self):
                if self._task is asyncio.current_task():  # else it has ended meanwhile, and says so
                    self._task = None
                return None

    async def _end(self, last: Answer | None) -> None:
        """The id is free again before the client can know that it has ended."""
        self._carrier.forget(self._id)
        if self.following:
            self.following.leave()
        text = self.error(list(last.errors)) if last else to_json({"type": "complete", "id": self._id})
        await self._carrier.send_text(text)

    def _next(self, told: Told) -> bytes:
        if told.text is None:
            told.text = to_json(told.answer.document())
        return self._head + told.text + b"}"


def _message(type_: Any, id_: str, payload: Any) -> Outgoing:
    return {"type": type_, "id": id_, "payload": payload}
