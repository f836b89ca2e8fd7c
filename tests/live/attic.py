"""Things in the rooms of an attic: views that come, change and go, and link to what is renamed; and a journal."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType

from gateway.application import Application, Index, Journal, Stream, View

ThingId = NewType("ThingId", str)
RoomId = NewType("RoomId", str)


@dataclass(frozen=True, slots=True)
class ThingPut:
    """A thing was put into a room."""

    thing: ThingId
    room: RoomId
    weight: int


@dataclass(frozen=True, slots=True)
class ThingRemoved:
    """A thing is not in the attic any more."""

    thing: ThingId


@dataclass(frozen=True, slots=True)
class ThingDusted:
    """Nothing that anybody is shown."""

    thing: ThingId


@dataclass(frozen=True, slots=True)
class RoomNamed:
    """A room has a name."""

    room: RoomId
    name: str


ThingEvent = ThingPut | ThingRemoved | ThingDusted


@dataclass(frozen=True, slots=True)
class PutThing:
    """Put a thing into a room, wherever it was."""

    thing: ThingId
    room: RoomId
    weight: int


@dataclass(frozen=True, slots=True)
class RemoveThing:
    """Take a thing away."""

    thing: ThingId


@dataclass(frozen=True, slots=True)
class DustThing:
    """Dust a thing."""

    thing: ThingId


@dataclass(frozen=True, slots=True)
class NameRoom:
    """Name a room."""

    room: RoomId
    name: str


@dataclass(frozen=True, slots=True)
class ThingState:
    """Nothing has to be known."""


@dataclass(frozen=True, slots=True)
class RoomState:
    """Nothing has to be known."""


def evolve_thing(state: ThingState, event: ThingEvent) -> ThingState:
    return state


def evolve_room(state: RoomState, event: RoomNamed) -> RoomState:
    return state


def put_thing(command: PutThing, thing: ThingState) -> ThingPut:
    return ThingPut(command.thing, command.room, command.weight)


def remove_thing(command: RemoveThing, thing: ThingState) -> ThingRemoved:
    return ThingRemoved(command.thing)


def dust_thing(command: DustThing, thing: ThingState) -> ThingDusted:
    return ThingDusted(command.thing)


def name_room(command: NameRoom, room: RoomState) -> RoomNamed:
    return RoomNamed(command.room, command.name)


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing in its place."""

    thing: ThingId
    room: RoomId
    room_name: str
    weight: int | None


@dataclass(frozen=True, slots=True)
class Move:
    """A thing came to a room."""

    thing: ThingId
    at: datetime
    room: RoomId
    number: int


def project(thing: Thing | None, event: ThingPut | ThingRemoved | RoomNamed) -> Thing | None:
    match thing, event:
        case _, ThingPut():
            name = thing.room_name if thing and thing.room == event.room else ""
            return Thing(event.thing, event.room, name, event.weight or None)
        case Thing(), RoomNamed():
            return replace(thing, room_name=event.name)
        case _:
            return None


def append(last: Move | None, event: ThingPut | ThingRemoved, at: datetime) -> Move | None:
    if isinstance(event, ThingRemoved):
        return None
    return Move(event.thing, at, event.room, last.number + 1 if last else 1)


application = Application(
    streams=[Stream(ThingId, ThingState(), evolve_thing), Stream(RoomId, RoomState(), evolve_room)],
    commands=[put_thing, remove_thing, dust_thing, name_room],
    views=[
        View(
            project,
            one="thing",
            many="things",
            indexes=[Index("room", order="weight"), Index(order="weight"), Index("room", order="room_name")],
        ),
        Journal(append, many="moves", indexes=[Index("thing", order="at")]),
    ],
)
