"""One command decided on the states it asks for: events, or a rejection."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import bson

from gateway.application.model import CommandType, Model
from gateway.commands.states import Hot
from gateway.errors import BadInput, CommandFailed
from gateway.messages import Envelope, Receipt
from gateway.mongo.codec import encoder
from gateway.signing import Signer

Answer = Receipt | object
"""What a command is answered with: a receipt, or the domain's rejection."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A command that waits for its answer.

    `streams` are the streams of the states that its function takes, in that order. `exposed` is the highest
    position at which it was sent to MongoDB in an insert whose outcome is not known, 0 for none: that insert may
    still land, until the log holds another commit there. `again` says that an earlier attempt with the same id
    ended in not knowing.
    """

    envelope: Envelope
    type: CommandType
    fingerprint: bytes
    streams: tuple[str, ...]
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    exposed: int = 0
    again: bool = False

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)

    def settle(self, answer: Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)


def waiting_for(model: Model, signer: Signer, envelope: Envelope) -> Waiting:
    """A command made ready: its streams named, its content's fingerprint taken.

    Raises BadInput for a command with a value that no document can hold.
    """
    type_ = model.command_of(envelope.command)
    streams = tuple(each.kind.id.stream(getattr(envelope.command, each.field)) for each in type_.states)
    return Waiting(envelope, type_, signer.fingerprint(_content(type_, envelope)), streams)


def _content(type_: CommandType, envelope: Envelope) -> bytes:
    try:
        data = encoder(type_.type)(envelope.command)
        content = {"name": type_.name, "actor": envelope.actor, "data": data}
        return bson.encode(content, codec_options=_UUIDS)
    except (ValueError, ArithmeticError) as error:  # a lone surrogate, 65 bits, 35 digits
        raise BadInput(f"{type_.name} has a value that can't be stored exactly: {error}.") from error


_UUIDS: bson.CodecOptions[dict[str, Any]] = bson.CodecOptions(uuid_representation=4)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command function answered: events, none where there is nothing to do, or a rejection."""

    events: tuple[object, ...] = ()
    rejection: object | None = None


def decide(model: Model, waiting: Waiting, states: Mapping[str, Hot], now: datetime) -> Decision:
    """A command decided on the states of its streams.

    Raises CommandFailed when the application's function raises or answers what it did not declare.
    """
    type_ = waiting.type
    arguments: dict[str, Any] = {
        parameter.field: states[stream].state
        for parameter, stream in zip(type_.states, waiting.streams, strict=True)
    }
    if type_.clock is not None:
        arguments[type_.clock] = now
    try:
        answer = type_.function(waiting.envelope.command, **arguments)
    except Exception as error:
        raise CommandFailed(f"{type_.name} failed; nothing was changed.") from error
    if type(answer) in type_.rejections:
        return Decision(rejection=answer)
    events = (
        () if answer is None else cast("tuple[object, ...]", answer) if isinstance(answer, tuple) else (answer,)
    )
    for event in events:
        found = model.events.get(type(event).__name__)
        if found is None or found not in type_.events or found.stream(event) not in states:
            raise CommandFailed(f"{type_.name} answered {type(event).__name__}, which it did not declare.")
    return Decision(events)
