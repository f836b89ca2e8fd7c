"""One mutation a command: its result is a union of what was accepted and exactly its rejections."""

from collections.abc import Sequence
from copy import copy
from typing import Any
from uuid import UUID, uuid4

import strawberry

from gateway.api.ids import derived_id, global_id
from gateway.api.inputs import built, given
from gateway.api.scalars import Int64, Token, Version
from gateway.api.schema.audit import audited
from gateway.api.schema.events import EventTypes
from gateway.api.schema.making import (
    Argument,
    Field,
    Resolve,
    by,
    declared,
    define,
    enum_type,
    input_type,
    interface_type,
    object_type,
    union_type,
)
from gateway.api.schema.types import Types
from gateway.api.schema.values import Accepted, Refused, context_of
from gateway.api.schema.views import ViewTypes
from gateway.application.descriptions import deprecated_fields, deprecation, describe
from gateway.application.model import CommandType
from gateway.application.naming import camel, id_field, screaming, snake
from gateway.application.types import fields_of, is_id, optional
from gateway.errors import BadInput, CommandIdReused
from gateway.messages import Envelope, Receipt, StreamVersion, VersionConflict, shown
from gateway.signing import Signer

NOTHING_HELD = object()
"""The value of the type Query: its fields need none."""

STALE, REUSED = "VersionConflict", "CommandIdReused"

_MOST_VERSIONS = 50
_IF_UNCHANGED = ("options", "ifUnchanged")


class Mutations:
    """The type Mutation, with everything that only it needs."""

    def __init__(self, types: Types, events: EventTypes, views: ViewTypes, query: type) -> None:
        self._types, self._events, self._views, self._query = types, events, views, query
        rejections = {each for command in types.model.commands for each in command.rejections}
        self._code = self._codes([each.__name__ for each in rejections])
        self._receipt = interface_type("Receipt", self._receipt_fields(), _ACCEPTED)
        self._rejection = interface_type("Rejection", self._rejection_fields(), _REFUSED)
        self._rejections = {each: self._rejected(each) for each in rejections}
        self._stale, self._reused = self._stale_type(), self._reused_type()
        self._options = input_type(
            "CommandOptions",
            {"command_id": Argument.left_out(UUID), "if_unchanged": Argument.left_out(list[Version])},
            "How a command is to be treated.",
            _OPTIONS,
        )

    def made(self) -> type:
        found = {snake(each.name): self._mutation(each) for each in self._types.model.commands}
        return object_type("Mutation", found, "Commands: each appends its events to the log, or changes nothing.")

    def _codes(self, names: list[str]) -> Any:
        codes = {screaming(each): each for each in sorted({*names, STALE, REUSED})}
        return enum_type("RejectionCode", codes, "The name of a rejection.")

    def _mutation(self, command: CommandType) -> Field:
        input_ = self._input(command)
        rejections = [self._rejections[each] for each in command.rejections]
        members = [self._accepted(command), *rejections, self._stale, self._reused]
        union = union_type(f"{command.name}Result", members)

        async def resolve(_root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> Accepted | Refused:
            options = arguments["options"]
            execution = self._execute(command, arguments["input"], options, info)
            return await audited(info, command.name, options and given(options.command_id), execution)

        taken = {"input": Argument(input_), "options": Argument.left_out(self._options)}
        described, deprecated = describe(command.type), deprecation(command.type)
        return Field(union, described, resolve, taken, late=True, deprecated=deprecated)

    def _input(self, command: CommandType) -> type:
        if command.new is None:
            return self._types.input(command.type)
        new = id_field(command.new)
        deprecated = deprecated_fields(command.type).get(command.new)
        arguments = {**self._types.arguments(command.type), new: Argument.left_out(strawberry.ID, deprecated)}
        described = {new: "Left out, it is derived from the command id.", **self._types.descriptions(command.type)}
        return self._types.made_input(command.type, arguments, described)

    async def _execute(
        self, command: CommandType, values: Any, options: Any, info: strawberry.Info
    ) -> Accepted | Refused:
        context = context_of(info)
        identity = (options and given(options.command_id)) or uuid4()
        unchanged = _seen(context.services.signer, (options and given(options.if_unchanged)) or [])
        if command.new is not None and given(getattr(values, id_field(command.new))) is None:
            kind = command.ids[command.new].kind
            values = copy(values)  # several fields may have been given the same
            setattr(values, id_field(command.new), global_id(kind, derived_id(command.name, identity)))
        value = built(command.type, values, context.services.settings.text_limit, ["input"])
        try:
            envelope = Envelope(value, identity, context.actor, context.correlation, context.causation, unchanged)
            answer = await context.services.execute(envelope)
        except CommandIdReused as error:
            return Refused(error, ("options", "commandId"))
        if isinstance(answer, VersionConflict):
            return Refused(answer, _IF_UNCHANGED)
        if not isinstance(answer, Receipt):
            return Refused(answer, blamed(value, answer))
        context.freshness = context.freshness.with_after(answer.position)
        return Accepted(value, answer)

    def _accepted(self, command: CommandType) -> type:
        type_ = declared(f"{command.name}Accepted", [self._receipt])
        return define(type_, self._things(command), _ACCEPTED, lambda value: isinstance(value, Accepted))

    def _receipt_fields(self) -> dict[str, Field]:
        def of_receipt(name: str) -> Resolve:
            return by(lambda root: getattr(root.receipt, name))

        def token(root: Accepted, info: strawberry.Info, _arguments: Any) -> str:
            return context_of(info).services.signer.token(root.receipt.position)

        return {
            "command_id": Field(UUID, resolve=of_receipt("command_id")),
            "replayed": Field(
                bool, "An earlier attempt with the same id had been accepted.", of_receipt("replayed")
            ),
            "position": Field(Int64, "The position of the commit in the log.", of_receipt("position")),
            "token": Field(Token, "Proof of this write, for reads that must contain it.", token),
            "events": Field(
                list[self._events.interface], "What happened.", by(lambda root: shown(root.receipt.events))
            ),
            "query": Field(self._query, "Reads that contain this commit.", by(lambda _: NOTHING_HELD), late=True),
        }

    def _things(self, command: CommandType) -> dict[str, Field]:
        """One field for each id in the input: the thing as it is after the command."""
        found: dict[str, Field] = {}
        for name, id_type in command.ids.items():
            read_model = self._types.model.viewing(id_type)
            if read_model is not None:
                found[name] = self._views.linked(read_model, lambda root, name=name: getattr(root.command, name))
        return found

    def _rejection_fields(self) -> dict[str, Field]:
        return {
            "code": Field(
                self._code, resolve=by(lambda root: self._code[screaming(type(root.rejection).__name__)])
            ),
            "message": Field(str, resolve=by(lambda root: message_of(root.rejection))),
            "path": Field(list[str] | None, "The argument to blame, for forms."),
        }

    def _rejected(self, rejection: type) -> type:
        own = self._types.fields(rejection, "rejection")
        return define(
            declared(rejection.__name__, [self._rejection]),
            own,
            describe(rejection),
            lambda value: isinstance(value, Refused) and type(value.rejection) is rejection,
        )

    def _stale_type(self) -> type:
        def current(root: Refused, info: strawberry.Info, _arguments: Any) -> list[str]:
            signer = context_of(info).services.signer
            return [signer.version(each.stream, each.version) for each in root.rejection.current]

        since = "What came in between, in the log's order: the first 100 events."
        own = {
            "current": Field(list[Version], "The versions of the same things as they are now.", current),
            "since": Field(list[self._events.interface], since, by(lambda root: root.rejection.since)),
            "missed": Field(int, "How many events came in between.", by(lambda root: root.rejection.missed)),
        }
        return define(
            declared(STALE, [self._rejection]),
            own,
            _STALE,
            lambda value: isinstance(value, Refused) and isinstance(value.rejection, VersionConflict),
        )

    def _reused_type(self) -> type:
        return define(
            declared(REUSED, [self._rejection]),
            {},
            "The command id belongs to a command with other content, or of somebody else.",
            lambda value: isinstance(value, Refused) and isinstance(value.rejection, CommandIdReused),
        )


def _seen(signer: Signer, versions: Sequence[str]) -> tuple[StreamVersion, ...]:
    """The streams that a command must find unchanged. Raises BadInput."""
    if len(versions) > _MOST_VERSIONS:
        raise BadInput(f"At most {_MOST_VERSIONS} versions are compared at once.", _IF_UNCHANGED)
    found: list[StreamVersion] = []
    for index, each in enumerate(versions):
        try:
            found.append(StreamVersion(*signer.seen(each)))
        except BadInput as error:
            raise BadInput(str(error), (*_IF_UNCHANGED, str(index))) from error
    return tuple(found)


def message_of(rejection: Any) -> str:
    """A rejection's sentence: its docstring, or what the gateway says of its own."""
    if isinstance(rejection, VersionConflict):
        return _STALE
    if isinstance(rejection, Exception):
        return str(rejection)
    return " ".join((describe(rejection.__class__) or rejection.__class__.__name__).split())


def blamed(command: Any, rejection: Any) -> tuple[str, ...] | None:
    """The argument whose value, of its declared type, the rejection carries; None where it carries none of them."""
    given, carried = fields_of(command.__class__), fields_of(rejection.__class__)
    for name, annotation in carried.items():
        # An account that is not open may be the source or the target; a field of the same name is meant first.
        for each in sorted(given, key=lambda each: each != name):
            if given[each] == annotation and getattr(command, each) == getattr(rejection, name):
                return ("input", camel(_shown(command, each)))
    return None


def _shown(command: object, name: str) -> str:
    return id_field(name) if is_id(optional(fields_of(command.__class__)[name])[0]) else name


_ACCEPTED = "Accepted: the events are on the disks of a majority."
_STALE = "A thing is no longer as it was seen: nothing was changed."
_OPTIONS = {
    "command_id": "One per user action, kept over retries: the same command is then accepted once only.",
    "if_unchanged": "Refuse with VersionConflict unless all of these are still current. No part of the command's "
    "content: the id of an accepted command gets its first receipt, whatever is sent here.",
}
_REFUSED = "Refused: nothing changed. `path` names the argument to blame, for forms."
