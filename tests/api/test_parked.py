"""A parked view is reported as such wherever it is read: by its key, in lists, by a token, by subscribers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from gateway.api.requests import Answer, Request
from gateway.api.schema import build_schema
from gateway.application import Application, Index, Journal, View
from gateway.application.model import Model
from gateway.application.reading import read
from gateway.errors import InvalidApplication
from gateway.projections.folding.reach import plan
from gateway.projections.parking.retrying import Retrying
from gateway.projections.storage import ViewStore
from gateway.web.health import read_models_of
from tests.audit.world import World, world
from tests.support.counters import CounterId, Increased, Marked
from tests.support.counters import application as counters

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Tally:
    counter: CounterId
    value: int


@dataclass(frozen=True, slots=True)
class Step:
    counter: CounterId
    position: int
    by: int


def mended(tally: Tally | None, event: Increased | Marked) -> Tally:
    before = tally or Tally(event.counter, 0)
    return replace(before, value=before.value + event.by) if isinstance(event, Increased) else before


def broken(tally: Tally | None, event: Increased | Marked) -> Tally:
    if isinstance(event, Increased) and event.by == 7:
        raise ValueError("a secret")
    return mended(tally, event)


def append(last: Step | None, event: Increased, position: int) -> Step:
    if event.by == 7:
        raise ValueError("a secret")
    return Step(event.counter, position, event.by)


def application(project: Any = broken) -> Application:
    return Application(
        counters.streams,
        counters.commands,
        [
            View(project, one="tally", many="tallies", indexes=[Index(order="value")]),
            Journal(append, many="steps", indexes=[Index("counter", order="position")]),
        ],
    )


INCREASE = """mutation($counter: ID!, $by: Int!) { increase(input: {counterId: $counter, by: $by}) {
    ... on Receipt { token position } ... on IncreaseAccepted { tally: counter { value } } } }"""
ONE = "query($id: ID!) { tally(id: $id) { value } }"
LIST = "{ tallies { nodes { id value } totalCount } }"
NESTED = "query($id: ID!) { tally(id: $id) { steps { nodes { by } } } }"
STEPS = "query($id: ID!) { steps(where: {counterId: {eq: $id}}) { nodes { by } } }"
PARKED = "query($of: String, $first: Int) { parkedViews(readModel: $of, first: $first) { %s } }"
ALL = PARKED % "readModel key position event error waiting"


@pytest.fixture
async def place(mongo_uri: str, database: str) -> AsyncIterator[World]:
    async with world(mongo_uri, database, application=application()) as opened:
        yield opened


async def increase(place: World, counter: str, by: int) -> Answer:
    return await place.ask(INCREASE, {"counter": f"Counter:{counter}", "by": by})


async def parked(place: World) -> str:
    """One counter's views are parked, another's are not; the token of the last command."""
    await increase(place, "good", 3)
    await increase(place, "bad", 2)
    await increase(place, "bad", 7)
    token = token_of(await increase(place, "good", 4))
    assert not (await place.ask("{ tallies { totalCount } steps { totalCount } }", after=token)).errors
    return token


def token_of(accepted: Answer) -> str:
    assert accepted.data
    return accepted.data["increase"]["token"]


def codes(answer: Answer) -> list[tuple[str, list[Any]]]:
    return [(each["extensions"]["code"], each["path"]) for each in answer.errors]


async def test_a_parked_view_read_by_its_key_is_a_typed_error_and_all_others_are_answered(place: World) -> None:
    token = await parked(place)
    for after in (None, token):
        answer = await place.ask(ONE, {"id": "Tally:bad"}, after=after)
        assert codes(answer) == [("VIEW_PARKED", ["tally"])]
        assert answer.errors[0]["extensions"] == {"code": "VIEW_PARKED", "readModel": "tallies", "position": "3"}
        assert "secret" not in str(answer.document())
        assert (await place.ask(ONE, {"id": "Tally:good"}, after=after)).data == {"tally": {"value": 7}}


async def test_a_command_is_accepted_and_only_the_view_in_its_answer_is_missing(place: World) -> None:
    await parked(place)
    async with asyncio.timeout(2):
        answer = await increase(place, "bad", 1)
    assert codes(answer) == [("VIEW_PARKED", ["increase", "tally"])]
    assert answer.data
    assert (answer.data["increase"]["position"], answer.data["increase"]["tally"]) == ("5", None)


async def test_a_token_on_a_parked_view_fails_at_once_also_while_nothing_is_built(
    mongo_uri: str, database: str
) -> None:
    async with world(mongo_uri, database, application=application()) as place:
        await parked(place)
    async with world(mongo_uri, database, application=application(), watch=False) as place, asyncio.timeout(2):
        token = token_of(await increase(place, "bad", 1))
        answer = await place.ask(ONE, {"id": "Tally:bad"}, after=token)
        assert codes(answer) == [("VIEW_PARKED", ["tally"])]


async def test_lists_show_parked_views_as_they_were_left_and_report_them(place: World) -> None:
    token = await parked(place)
    answer = await place.ask(LIST, after=token)
    assert answer.data == {
        "tallies": {
            "nodes": [{"id": "Tally:bad", "value": 2}, {"id": "Tally:good", "value": 7}],
            "totalCount": 2,
        }
    }
    assert answer.extensions["parked"] == [{"readModel": "tallies", "count": 1, "keys": ["Tally:bad"]}]


async def test_a_journals_lines_of_one_key_report_that_key_alone(place: World) -> None:
    token = await parked(place)
    good = await place.ask(NESTED, {"id": "Tally:good"}, after=token)
    assert good.data == {"tally": {"steps": {"nodes": [{"by": 4}, {"by": 3}]}}}
    assert "parked" not in good.extensions
    bad = await place.ask(STEPS, {"id": "Counter:bad"})
    assert bad.data == {"steps": {"nodes": [{"by": 2}]}}
    assert bad.extensions["parked"] == [{"readModel": "steps", "count": 1, "keys": ["Counter:bad"]}]
    waiting = await place.ask(STEPS, {"id": "Counter:bad"}, after=token)
    assert codes(waiting) == [("VIEW_PARKED", ["steps"])]


async def test_a_line_that_waits_is_not_said_to_be_absent(place: World) -> None:
    token = await parked(place)
    node = "query($id: ID!) { node(id: $id) { id } }"
    assert codes(await place.ask(node, {"id": "Step:3000"}, after=token)) == [("VIEW_PARKED", ["node"])]
    assert (await place.ask(node, {"id": "Step:2000"}, after=token)).data == {"node": {"id": "Step:2000"}}
    assert (await place.ask(node, {"id": "Step:9999"}, after=token)).data == {"node": None}


async def test_nothing_is_asked_of_mongodb_because_of_parked_keys(place: World) -> None:
    for _ in range(2):
        place.sent.all.clear()
        await place.ask(ONE, {"id": "Tally:good"})
        await place.ask("{ tallies { nodes { value } } }")
        finds = [each for each in place.sent.all if each[0] in ("find", "aggregate") and "tallies" in each[1]]
        assert finds == [("find", "views.tallies.1")] * 2
        assert not place.sent.to("parked")
        await parked(place)


async def test_a_subscription_to_a_view_that_is_parked_ends_with_the_error(place: World) -> None:
    await increase(place, "bad", 2)
    stream = await place.api.subscribe(
        Request("subscription($id: ID!) { tallyChanged(id: $id) { tally { value } } }", {"id": "Tally:bad"})
    )
    assert isinstance(stream, AsyncGenerator)
    async with asyncio.timeout(20):
        heard = [await anext(stream)]
        await increase(place, "bad", 7)
        heard += [each async for each in stream]
    assert codes_of_last(heard) == ["VIEW_PARKED"]


def codes_of_last(heard: list[Answer]) -> list[str]:
    return [each["extensions"]["code"] for each in heard[-1].errors]


async def test_operators_see_what_is_parked(place: World) -> None:
    await parked(place)
    row = {"position": "3", "event": "Increased", "error": "ValueError", "waiting": 1}
    assert (await place.ask(ALL)).data == {
        "parkedViews": [
            {"readModel": "steps", "key": "Counter:bad", **row},
            {"readModel": "tallies", "key": "Tally:bad", **row},
        ]
    }
    assert (await place.ask(PARKED % "key", {"of": "tallies"})).data == {"parkedViews": [{"key": "Tally:bad"}]}
    health = read_models_of(place.services.model, place.services.positions)
    assert [each.parked for each in health] == [("Tally:bad",), ("Counter:bad",)]


async def test_what_can_not_be_asked_of_parked_views_is_refused(place: World) -> None:
    assert codes(await place.ask(ALL, {"of": "lists"})) == [("BAD_INPUT", ["parkedViews"])]
    assert codes(await place.ask(ALL, {"first": 100_000})) == [("BAD_PAGE", ["parkedViews"])]
    assert (await place.ask(ALL, {"first": 0})).data == {"parkedViews": []}


async def test_after_a_retry_the_view_is_read_again(place: World) -> None:
    await parked(place)
    assert (await retrying(place).retry("bad")).parked is None
    token = token_of(await increase(place, "bad", 1))
    answer = await place.ask(ONE, {"id": "Tally:bad"}, after=token)
    assert answer.data == {"tally": {"value": 10}}


async def test_after_a_retry_the_view_is_read_also_where_nobody_has_heard_of_it(place: World) -> None:
    await parked(place)
    place.services.positions._stop()  # pyright: ignore[reportPrivateUsage] # news come late: here, not at all
    assert (await retrying(place).retry("bad")).parked is None
    assert (await place.ask(ONE, {"id": "Tally:bad"})).data == {"tally": {"value": 9}}


def retrying(place: World) -> Retrying:
    """By code that folds what the gateway's own can't."""
    database = place.mongo.database
    model: Model = read(application(mended))
    return Retrying(database, place.services.feeds._log, plan(model.read_models[0]), ViewStore(database))  # pyright: ignore[reportPrivateUsage] # the log of this process


def test_a_read_model_can_not_have_the_name_of_the_field() -> None:
    views = [View(mended, one="tally", many="parked_views")]
    with pytest.raises(InvalidApplication, match="parked_views"):
        build_schema(read(Application(counters.streams, counters.commands, views)))
