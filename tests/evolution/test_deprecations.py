"""What a docstring calls deprecated is deprecated in the schema, and its description is free of it."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, NewType

import pytest
from graphql import GraphQLSchema, build_schema, validate_schema

from bank import application as bank
from gateway.api.schema import build_schema as derive
from gateway.application import Application, Command, Index, Journal, Stream, View
from gateway.application.reading import read
from gateway.errors import InvalidApplication

LampId = NewType("LampId", str)


class Mood(Enum):
    """How it shines."""

    WARM = 1
    "Like a candle."
    COLD = 2
    """Like ice.

    Deprecated: nobody likes it.
    """


@dataclass(frozen=True, slots=True)
class LampLit:
    """A lamp was lit."""

    lamp: LampId
    watts: int | None
    "Deprecated: lamps\n    have lumens now."
    mood: Mood


@dataclass(frozen=True, slots=True)
class LampBroken:
    """The lamp is broken.

    Deprecated: this belongs to no command and to no view.
    """

    lamp: LampId
    since: int
    "Deprecated: nobody knows."


@dataclass(frozen=True, slots=True)
class LightLamp:
    """Light a lamp.

    Any lamp.

    Deprecated: use DimLamp.
    """

    lamp: LampId
    "Deprecated: leave it out."
    watts: int | None
    """How much it takes.

    Deprecated: lamps have lumens now.
    """
    mood: Mood


@dataclass(frozen=True, slots=True)
class DimLamp:
    """Dim a lamp. Deprecated: this is no last paragraph."""

    lamp: LampId


@dataclass(frozen=True, slots=True)
class Lamp:
    """A lamp.

    Deprecated: ask for lights.
    """

    lamp: LampId
    other: LampId | None
    "Deprecated: lamps are alone now."
    watts: int | None
    "Deprecated: lamps have lumens now."
    mood: Mood


@dataclass(frozen=True, slots=True)
class Light:
    """A time that a lamp was lit."""

    lamp: LampId
    watts: int | None


def evolve(state: int, event: LampLit) -> int:
    return state + 1


def light(command: LightLamp, lamp: int) -> LampLit | LampBroken:
    return LampBroken(command.lamp, 1)


def dim(command: DimLamp, lamp: int) -> LampLit:
    return LampLit(command.lamp, None, Mood.WARM)


def see(view: Lamp | None, event: LampLit) -> Lamp:
    return Lamp(event.lamp, None, event.watts, event.mood)


def note(last: Light | None, event: LampLit) -> Light:
    return Light(event.lamp, event.watts)


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    lamps = View(see, one="lamp", many="lamps", indexes=[Index(order="watts"), Index("mood")])
    lights = Journal(note, many="lights", indexes=[Index("lamp")])
    commands = [Command(light, new="lamp"), dim]
    application = Application([Stream(LampId, 0, evolve)], commands, [lamps, lights])
    printed = derive(read(application)).as_str()
    made = build_schema(printed)
    assert validate_schema(made) == []
    return made


def reason(schema: GraphQLSchema, type_: str, name: str) -> str | None:
    found: Any = schema.type_map[type_]
    values: Any = found.values if hasattr(found, "values") else found.fields
    return values[name].deprecation_reason


@pytest.mark.parametrize(
    ("type_", "name", "expected"),
    [
        ("Mutation", "lightLamp", "use DimLamp."),
        ("Mutation", "dimLamp", None),
        ("LightLampInput", "watts", "lamps have lumens now."),
        ("LightLampInput", "lampId", "leave it out."),
        ("LightLampInput", "mood", None),
        ("Query", "lamp", "ask for lights."),
        ("Query", "lamps", "ask for lights."),
        ("Query", "lights", None),
        ("Subscription", "lampChanged", "ask for lights."),
        ("Lamp", "watts", "lamps have lumens now."),
        ("Lamp", "other", "lamps are alone now."),
        ("Lamp", "mood", None),
        ("LampWhere", "watts", "lamps have lumens now."),
        ("LampWhere", "mood", None),
        ("LampLit", "watts", "lamps have lumens now."),
        ("LampBroken", "since", "nobody knows."),
        ("Mood", "COLD", "nobody likes it."),
        ("Mood", "WARM", None),
    ],
)
def test_what_a_docstring_calls_deprecated_is_so_in_the_schema(
    schema: GraphQLSchema, type_: str, name: str, expected: str | None
) -> None:
    assert reason(schema, type_, name) == expected


def test_a_description_ends_before_the_reason(schema: GraphQLSchema) -> None:
    types: Any = schema.type_map
    assert types["Lamp"].description == "A lamp."
    assert types["Mutation"].fields["lightLamp"].description == "Light a lamp.\n\nAny lamp."
    assert types["LightLampInput"].fields["watts"].description == "How much it takes."
    assert types["Lamp"].fields["watts"].description is None
    assert types["Mood"].values["COLD"].description == "Like ice."
    assert types["LampBroken"].description == "The lamp is broken."
    assert types["DimLampInput"].description == "Dim a lamp. Deprecated: this is no last paragraph."


@dataclass(frozen=True, slots=True)
class TurnLamp:
    """Turn a lamp."""

    lamp: LampId
    degrees: int
    "Deprecated: nobody turns lamps any more."


def turn(command: TurnLamp, lamp: int) -> LampLit:
    return LampLit(command.lamp, None, Mood.WARM)


def test_a_field_that_a_client_must_give_can_not_be_deprecated() -> None:
    with pytest.raises(InvalidApplication, match=r"TurnLamp: field degrees: is deprecated and can't be left out"):
        read(Application([Stream(LampId, 0, evolve)], [turn], []))


def test_nothing_is_deprecated_unasked() -> None:
    assert "@deprecated" not in derive(read(bank)).as_str()
