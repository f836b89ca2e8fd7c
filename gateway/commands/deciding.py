"""One command decided on the states it asks for: events, or a rejection."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import bson

from gateway.application.model import CommandType, Digest, Model, StateParameter
from gateway.commands.states import Hot
from gateway.errors import BadInput, CommandFailed
from gateway.messages import Envelope, Receipt, StreamVersion
from gateway.mongo.codec import encoder
from gateway.signing import Signer

Answer = Receipt | object
"""What a command is answered with: a receipt, the domain's rejection, or `Stale`."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A command that waits for its answer.

    `named` are the streams that its fields name, `followed` those that states were last seen to lead to, both by
    the parameter that takes the state; `known` are the named ones and those that must be unchanged. `exposed` is
    the highest position at which it was sent to MongoDB in an insert whose outcome is not known, 0 for none: that
    insert may still land, until the log holds another commit there. `again` says that an earlier attempt with the
    same id ended in not knowing.
    """

    envelope: Envelope
    type: CommandType
    fingerprint: bytes
    named: Mapping[str, str]
    known: tuple[str, ...]
    followed: Mapping[str, str] = field(default_factory=dict[str, str])
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    exposed: int = 0
    again: bool = False

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams whose states must be held to decide it."""
        return (*self.known, *self.followed.values()) if self.followed else self.known

    def stream(self, parameter: str) -> str | None:
        """The stream whose state a parameter takes; None where nothing names one."""
        return self.named.get(parameter) or self.followed.get(parameter)

    def state(self, parameter: str, held: Mapping[str, Hot]) -> Any:
        """What the command function is given for a parameter."""
        stream = self.stream(parameter)
        return None if stream is None else held[stream].state

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)

    def settle(self, answer: Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)


def waiting_for(model: Model, signer: Signer, envelope: Envelope) -> Waiting:
    """A command made ready: its streams named, its content's fingerprint taken.

    What it must find unchanged is no part of its content: an accepted command stays so. Raises BadInput for a
    command with a value that no document can hold, CommandFailed where a unique value has no normal form.
    """
    type_ = model.command_of(envelope.command)
    fingerprint = signer.fingerprint(_content(type_, envelope))
    try:
        named = dict(_named(type_, envelope.command, signer.digest))
    except Exception as error:
        raise CommandFailed(f"{type_.name} failed; nothing was changed.") from error
    known = dict.fromkeys([*named.values(), *(each.stream for each in envelope.unchanged)])
    return Waiting(envelope, type_, fingerprint, named, tuple(known))


def _named(type_: CommandType, command: object, digest: Digest) -> Iterator[tuple[str, str]]:
    for each in type_.states:
        if each.follow is None and (value := getattr(command, each.field)) is not None:
            yield each.field, stream_of(each, value, digest)


def stream_of(parameter: StateParameter, value: Any, digest: Digest) -> str:
    """The stream that an id or a unique value names."""
    return parameter.kind.id.stream(parameter.kind.id.local(value, digest))


def _content(type_: CommandType, envelope: Envelope) -> bytes:
    try:
        data = encoder(type_.type)(envelope.command)
        content = {"name": type_.name, "actor": envelope.actor, "data": data}
        return bson.encode(content, codec_options=_UUIDS)
    except (ValueError, ArithmeticError) as error:  # a lone surrogate, 65 bits, 35 digits
        raise BadInput(f"{type_.name} has a value that can't be stored exactly: {error}.") from error


_UUIDS: bson.CodecOptions[dict[str, Any]] = bson.CodecOptions(uuid_representation=4)


@dataclass(frozen=True, slots=True)
class Stale:
    """A stream does not have the version at which it was seen; `current` are those of all that were named."""

    seen: tuple[StreamVersion, ...]
    current: tuple[StreamVersion, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command came to: events as the log holds them, none where there is nothing to do, or a rejection."""

    events: tuple[object, ...] = ()
    rejection: object | None = None


def decide(model: Model, digest: Digest, waiting: Waiting, states: Mapping[str, Hot], now: datetime) -> Decision:
    """A command decided on the states of its streams; `Stale` where one of them has moved on.

    Raises CommandFailed when the application's function raises or answers what it did not declare.
    """
    type_, seen = waiting.type, waiting.envelope.unchanged
    current = tuple(StreamVersion(each.stream, states[each.stream].version) for each in seen)
    if current != seen:
        return Decision(rejection=Stale(seen, current))
    arguments = {each.field: waiting.state(each.field, states) for each in type_.states}
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
    return Decision(tuple(_sealed(model, digest, waiting, each) for each in events))


def _sealed(model: Model, digest: Digest, waiting: Waiting, event: object) -> object:
    """An event as the log holds it, if it is declared and belongs to a stream whose state was taken."""
    type_, found = waiting.type, model.events.get(type(event).__name__)
    if found is not None and found in type_.events:
        try:
            sealed = found.sealed(event, digest)
        except Exception as error:  # a unique value without a normal form
            raise CommandFailed(f"{type_.name} failed; nothing was changed.") from error
        if found.stream(sealed) in (*waiting.named.values(), *waiting.followed.values()):
            return sealed
    raise CommandFailed(f"{type_.name} answered {type(event).__name__}, which it did not declare.")
