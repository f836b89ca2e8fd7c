"""An application that does not fit together is refused, with every mistake in it at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NewType

import pytest

from gateway.application import Application, Command, Index, Journal, Stream, Unique, View
from gateway.application.reading import read
from gateway.errors import InvalidApplication

BoatId = NewType("BoatId", str)
CrewId = NewType("CrewId", str)
Flag = NewType("Flag", str)


@dataclass(frozen=True)
class Launched:
    boat: BoatId
    at_quay: bool


@dataclass(frozen=True)
class Hired:
    crew: CrewId
    name: str


@dataclass(frozen=True)
class Launch:
    boat: BoatId
    crew: CrewId


@dataclass(frozen=True)
class Sunk:
    boat: BoatId


@dataclass(frozen=True)
class Boat:
    boat: BoatId
    crew: CrewId | None
    flag: Flag


def evolve(state: int, event: Launched) -> int:
    return state + 1


def evolve_crew(state: int, event: Hired) -> int:
    return state + 1


def launch(command: Launch, boat: int, crew: int, now: datetime) -> Launched | Sunk | None:
    return None


def project(view: Boat | None, event: Launched | Hired, at: datetime) -> Boat | None:
    return view


def append(last: Boat | None, event: Launched) -> Boat | None:
    return last


BOATS, CREWS = Stream(BoatId, 0, evolve), Stream(CrewId, 0, evolve_crew)
VIEW = View(project, one="boat", many="boats", indexes=[Index("crew", order="flag")])


def application(
    streams: Sequence[Any] = (BOATS, CREWS), commands: Sequence[Any] = (launch,), views: Sequence[Any] = (VIEW,)
) -> Application:
    return Application(streams, commands, views)


def problems(found: Application) -> list[str]:
    with pytest.raises(InvalidApplication) as refused:
        read(found)
    assert all(each in str(refused.value) for each in refused.value.problems)
    return [each.split(": ", maxsplit=1)[-1] for each in refused.value.problems]


def test_a_whole_application_has_no_mistake() -> None:
    model = read(application())
    assert [each.name for each in model.commands] == ["Launch"]
    assert [each.__name__ for each in model.commands[0].rejections] == ["Sunk"]
    assert model.commands[0].clock == "now"
    assert [each.kind for each in model.read_models[0].fan_out] == ["Crew"]


class TestStreams:
    def test_only_streams_are_streams(self) -> None:
        assert "is no Stream" in problems(application([BOATS, CREWS, VIEW]))

    def test_a_stream_is_named_by_an_id(self) -> None:
        (mistake,) = problems(Application([Stream(Flag, 0, evolve)], [], []))
        assert mistake == "is no id: an id is a NewType over str whose name ends in Id"

    def test_two_streams_do_not_share_a_category(self) -> None:
        assert "two parts have the stream category boat" in problems(application([BOATS, CREWS, BOATS]))

    def test_an_event_is_a_dataclass(self) -> None:
        def evolve_text(state: int, event: Launched | str) -> int:
            return state

        assert problems(application([Stream(BoatId, 0, evolve_text), CREWS])) == [
            "str is no event: an event is a dataclass"
        ]

    def test_an_event_begins_with_its_streams_id(self) -> None:
        def evolve_hired(state: int, event: Launched | Hired) -> int:
            return state

        found = problems(Application([Stream(BoatId, 0, evolve_hired)], [], []))
        assert found == ["the first field of an event of boat streams is its BoatId"]

    def test_evolve_takes_two_annotated_parameters(self) -> None:
        bare: Callable[[int, Any], int] = lambda state, event: state  # noqa: E731 # a def would need annotations
        stream = Stream(BoatId, 0, bare)
        assert "takes two annotated parameters at least" in problems(Application([stream], [], []))

    def test_two_events_do_not_share_a_name(self) -> None:
        @dataclass(frozen=True)
        class Launched:
            crew: CrewId

        def evolve_other(state: int, event: Launched) -> int:
            return state

        found = problems(Application([BOATS, Stream(CrewId, 0, evolve_other)], [], []))
        assert found == ["two parts have the event Launched"]


@dataclass(frozen=True)
class Hoisted:
    flag: Flag
    boat: BoatId


@dataclass(frozen=True)
class Hoist:
    boat: BoatId
    flag: Flag


@dataclass(frozen=True)
class FlagTaken:
    flag: Flag


def evolve_flag(state: bool, event: Hoisted) -> bool:
    return True


def lower(flag: Flag) -> str:
    return flag.lower()


def hoist(command: Hoist, boat: int, flag: bool, before: bool | None) -> Hoisted | FlagTaken:
    return Hoisted(command.flag, command.boat)


def flag_of(boat: int) -> Flag | None:
    return None


FLAGS = Unique(Flag, False, evolve_flag, normalise=lower)


class TestUniqueValues:
    def test_a_unique_value_names_a_stream(self) -> None:
        model = read(Application([BOATS, FLAGS], [Command(hoist, also={"before": flag_of})], []))
        assert [each.kind.id.category for each in model.commands[0].states] == ["boat", "flag", "flag"]
        assert [each.name for each in model.commands[0].events] == ["Hoisted"]

    def test_an_id_is_no_unique_value(self) -> None:
        stream: Any = Unique(BoatId, 0, evolve, normalise=str)
        assert problems(Application([stream], [], [])) == [
            "is no value: a unique value is a NewType over str that is no id"
        ]

    def test_an_event_begins_with_its_value(self) -> None:
        def evolve_boats(state: bool, event: Launched) -> bool:
            return True

        stream = Unique(Flag, False, evolve_boats, normalise=lower)
        assert problems(Application([stream], [], [])) == [
            "the first field of an event of flag streams is its Flag"
        ]

    def test_no_view_is_made_of_what_the_log_does_not_hold(self) -> None:
        def fold(view: Boat | None, event: Launched | Hoisted) -> Boat | None:
            return view

        found = problems(Application([BOATS, CREWS, FLAGS], [], [View(fold, one="boat", many="boats")]))
        assert found == ["Hoisted tells of a unique value, in whose place the log holds a digest"]

    def test_what_also_names_is_a_parameter(self) -> None:
        declared = Command(hoist, also={"before": flag_of, "behind": flag_of})
        assert problems(Application([BOATS, FLAGS], [declared], [])) == ["also names behind, which is no parameter"]

    def test_what_also_finds_by_is_a_state_that_the_command_names(self) -> None:
        def by_crew(crew: int) -> Flag | None:
            return None

        assert problems(Application([BOATS, FLAGS], [Command(hoist, also={"before": by_crew})], [])) == [
            "also finds before by crew, which is no state that a field of the command names"
        ]

    def test_what_also_finds_names_a_declared_stream(self) -> None:
        assert problems(Application([BOATS], [Command(launch_under, also={"before": flag_of})], [])) == [
            "also finds before by a function that gives no id and no unique value of a declared stream"
        ]

    def test_what_also_may_not_find_may_be_none(self) -> None:
        def hoist_over(command: Hoist, boat: int, flag: bool, before: bool) -> Hoisted | FlagTaken:
            return FlagTaken(command.flag)

        assert problems(Application([BOATS, FLAGS], [Command(hoist_over, also={"before": flag_of})], [])) == [
            "parameter before is None where also finds no stream, and does not say so"
        ]


def launch_under(command: Hoist, boat: int, before: bool | None) -> Launched:
    return Launched(command.boat, True)


class TestFields:
    @pytest.mark.parametrize("type_", [float, dict[str, str], list[int], object, bytes, tuple[int, str], int | str])
    def test_a_field_has_a_type_that_can_be_kept_exactly(self, type_: Any) -> None:
        namespace = {"__annotations__": {"boat": BoatId, "weight": type_}}
        weighed = dataclass(frozen=True)(type("Weighed", (), namespace))

        def evolve_weighed(state: int, event: Any) -> int:
            return state

        evolve_weighed.__annotations__["event"] = weighed
        (mistake,) = problems(Application([Stream(BoatId, 0, evolve_weighed)], [], []))
        assert mistake.startswith("field weight: ")

    def test_a_mistake_deep_in_a_field_is_found(self) -> None:
        @dataclass(frozen=True)
        class Cargo:
            tons: float

        @dataclass(frozen=True)
        class Loaded:
            boat: BoatId
            cargo: tuple[Cargo | None, ...] | None

        def evolve_loaded(state: int, event: Any) -> int:
            return state

        Loaded.__annotations__["cargo"] = tuple[Cargo | None, ...] | None
        evolve_loaded.__annotations__["event"] = Loaded
        (mistake,) = problems(Application([Stream(BoatId, 0, evolve_loaded)], [], []))
        assert mistake == "field cargo: float is no type of a field (a float never is: use Decimal)"

    def test_a_class_that_holds_itself_is_a_mistake(self) -> None:
        @dataclass(frozen=True)
        class Hold:
            within: Any

        @dataclass(frozen=True)
        class Stowed:
            boat: BoatId
            hold: Any

        def evolve_stowed(state: int, event: Any) -> int:
            return state

        Hold.__annotations__["within"] = tuple[Hold, ...]
        Stowed.__annotations__["hold"] = Hold | None
        evolve_stowed.__annotations__["event"] = Stowed
        (mistake,) = problems(Application([Stream(BoatId, 0, evolve_stowed)], [], []))
        assert mistake == "field hold: Hold holds itself: a value would have no end to its fields"

    def test_a_name_that_is_not_there_is_a_mistake_among_others(self) -> None:
        @dataclass(frozen=True)
        class Lost:
            boat: BoatId
            where: "Nowhere"  # noqa: F821 # pyright: ignore[reportUndefinedVariable, reportUnknownVariableType] # the mistake that is meant

        def evolve_lost(state: int, event: Any) -> int:
            return state

        evolve_lost.__annotations__["event"] = Lost
        found = problems(application([Stream(BoatId, 0, evolve_lost), CREWS, VIEW]))
        assert "has an annotation that can't be resolved: name 'Nowhere' is not defined" in found
        assert "is no Stream" in found


class TestCommands:
    def test_a_command_is_a_function(self) -> None:
        assert "is no command function" in problems(application(commands=[launch, VIEW]))

    def test_the_first_parameter_is_the_command(self) -> None:
        def sink(boat: int, command: Launch) -> Sunk:
            return Sunk(command.boat)

        def row() -> Sunk:
            return Sunk(BoatId("1"))

        sentence = "the first parameter of a command function is its command, a dataclass"
        assert problems(application(commands=[sink, row])) == [sentence] * 2

    def test_other_parameters_are_states_or_the_time(self) -> None:
        def sink(command: Launch, boat: int, weather: str, flag: date) -> Launched | Sunk:
            return Sunk(command.boat)

        assert problems(application(commands=[sink])) == [
            "parameter weather is neither the time nor an id field of the command",
            "parameter flag is neither the time nor an id field of the command",
        ]

    def test_a_state_is_of_a_declared_stream(self) -> None:
        assert problems(Application([BOATS], [launch], [])) == [
            "parameter crew is neither the time nor an id field of the command"
        ]

    def test_an_event_goes_to_a_stream_whose_state_was_taken(self) -> None:
        def hire(command: Launch, boat: int) -> Launched | Hired:
            return Hired(command.crew, "Ada")

        assert problems(application(commands=[hire])) == ["adds Hired to a stream whose state it does not take"]

    def test_an_event_in_a_tuple_counts_too(self) -> None:
        def hire(command: Launch, boat: int) -> tuple[Launched | Hired, ...] | Sunk:
            return (Hired(command.crew, "Ada"),)

        assert problems(application(commands=[hire])) == ["adds Hired to a stream whose state it does not take"]

    def test_an_answer_is_an_event_or_a_rejection(self) -> None:
        def sink(command: Launch, boat: int) -> Launched | str | tuple[Launched, int]:
            return "no"

        assert problems(application(commands=[sink])) == [
            "answers str, no event and no rejection",
            "answers int, no event and no rejection",
        ]

    def test_a_command_says_what_it_answers(self) -> None:
        def sink(command: Launch, boat: int):
            return Sunk(command.boat)

        assert problems(application(commands=[sink])) == ["does not say what it answers"]

    def test_what_may_be_left_out_is_an_id_of_the_command(self) -> None:
        assert problems(application(commands=[Command(launch, new="flag")])) == [
            "new='flag' is no id field of Launch"
        ]

    def test_one_function_a_command(self) -> None:
        def launch_again(command: Launch, boat: int) -> Launched:
            return Launched(command.boat, True)

        assert problems(application(commands=[launch, launch_again])) == ["two parts have the command Launch"]

    def test_two_rejections_do_not_share_a_name(self) -> None:
        @dataclass(frozen=True)
        class Sunk:
            crew: CrewId

        @dataclass(frozen=True)
        class Hire:
            crew: CrewId

        def hire(command: Hire, crew: int) -> Hired | Sunk:
            return Sunk(command.crew)

        hire.__annotations__ |= {"command": Hire, "return": Hired | Sunk}
        assert problems(application(commands=[launch, hire])) == ["two parts have the rejection Sunk"]

    def test_a_mistake_in_a_rejection_is_said_once(self) -> None:
        @dataclass(frozen=True)
        class Heavy:
            tons: float

        def sink(command: Launch, boat: int) -> Any:
            return None

        sink.__annotations__["return"] = Launched | Heavy
        assert len(problems(application(commands=[sink, sink]))) == 2  # and two parts have the command


class TestReadModels:
    def test_a_read_model_is_a_view_or_a_journal(self) -> None:
        assert problems(application(views=[BOATS])) == ["is neither a View nor a Journal"]

    def test_a_fold_begins_with_its_view(self) -> None:
        def fold(view: str | None, event: Launched) -> str | None:
            return view

        found = problems(application(views=[View(fold, one="boat", many="boats")]))
        assert found == ["the first parameter of a fold is its view or None"]

    def test_a_fold_follows_events_of_declared_streams(self) -> None:
        def fold(view: Boat | None, event: Launched | Sunk) -> Boat | None:
            return view

        found = problems(application(views=[View(fold, one="boat", many="boats")]))
        assert found == ["Sunk is no event of a declared stream"]

    def test_a_fold_asks_for_nothing_but_the_recorded_events_data(self) -> None:
        def fold(view: Boat | None, event: Launched, at: datetime, weather: str) -> Boat | None:
            return view

        found = problems(application(views=[View(fold, one="boat", many="boats")]))
        assert found == ["parameter weather is none of at, position, version, actor"]

    def test_an_event_of_another_stream_reaches_a_linked_field(self) -> None:
        @dataclass(frozen=True)
        class Raft:
            boat: BoatId

        def fold(view: Any, event: Launched | Hired) -> Any:
            return view

        fold.__annotations__["view"] = Raft | None
        found = problems(application(views=[View(fold, one="raft", many="rafts")]))
        assert found == ["events of crew streams reach no field of Raft"]

    def test_a_journal_has_lines_for_its_own_streams_events_only(self) -> None:
        def line(last: Boat | None, event: Launched | Hired) -> Boat | None:
            return last

        found = problems(application(views=[Journal(line, many="lines")]))
        assert found == ["events of crew streams reach no field of Boat"]

    def test_an_index_names_fields_that_are_there(self) -> None:
        view = View(project, one="boat", many="boats", indexes=[Index("captain", order="flag"), Index(order="age")])
        assert problems(application(views=[view])) == [
            "an index names the field captain, which is not there",
            "an index names the field age, which is not there",
        ]

    def test_a_view_has_a_key(self) -> None:
        @dataclass(frozen=True)
        class Nothing:
            """A view of nothing."""

        def fold(view: Any, event: Launched) -> Any:
            return view

        fold.__annotations__["view"] = Nothing | None
        found = problems(application(views=[View(fold, one="nothing", many="nothings")]))
        assert found == ["has no key: a view's first field is its key"]

    def test_the_version_of_a_streams_view_is_the_gateways_own(self) -> None:
        @dataclass(frozen=True)
        class Raft:
            boat: BoatId
            version: int

        def fold(view: Any, event: Launched) -> Any:
            return view

        fold.__annotations__["view"] = Raft | None
        found = problems(application(views=[View(fold, one="raft", many="rafts")]))
        assert found == ["field version: the view of a stream has a version of the gateway's own"]

    def test_two_read_models_share_neither_name_nor_view(self) -> None:
        found = problems(application(views=[VIEW, Journal(append, many="boat")]))
        assert found == ["two parts have the API name boat", "two parts have the view Boat"]


def test_all_mistakes_are_told_at_once() -> None:
    def sink(command: Launch, weather: str) -> Hired:
        return Hired(command.crew, weather)

    def fold(view: Boat | None, event: Sunk, mood: str) -> Boat | None:
        return view

    found = problems(
        Application(
            [BOATS, BOATS, CREWS],
            [Command(sink, new="captain"), Command(launch, new="captain")],
            [VIEW, View(fold, one="boat", many="wrecks", indexes=[Index("age")])],
        )
    )
    assert sorted(found, key=str.lower) == [
        "adds Hired to a stream whose state it does not take",
        "an index names the field age, which is not there",
        "new='captain' is no id field of Launch",
        "new='captain' is no id field of Launch",
        "parameter mood is none of at, position, version, actor",
        "parameter weather is neither the time nor an id field of the command",
        "Sunk is no event of a declared stream",
        "two parts have the API name boat",
        "two parts have the command Launch",
        "two parts have the stream category boat",
        "two parts have the view Boat",
    ]
