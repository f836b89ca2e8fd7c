"""A commit's way into MongoDB and back: nothing is lost, nothing is rounded, nothing is written differently."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway.application.reading import read
from gateway.errors import CommitTooLarge
from gateway.eventlog.encoding import Draft, Encoded, encode_commit
from gateway.eventlog.storage import EMPTY
from gateway.messages import CommandRecord, Commit, Head
from gateway.mongo.codec import encoder
from tests.support.checking import check_documents
from tests.support.everything import LOST, SEEN, Colour, Part, Size, ThingId, ThingLost, ThingSeen, application
from tests.support.logs import NOON, OpenLog, open_log, stored

pytestmark = pytest.mark.anyio

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
digits = st.text("0123456789", min_size=1, max_size=34)
decimals = st.tuples(st.sampled_from(["", "-"]), digits, st.integers(-6143, 6111)).map(
    lambda drawn: Decimal(f"{drawn[0]}{drawn[1]}E{drawn[2]}")
)
moments = st.datetimes(timezones=st.just(UTC)).map(
    lambda each: each.replace(microsecond=each.microsecond // 1000 * 1000)
)
parts = st.builds(Part, texts, decimals, st.none() | st.dates())


def things(thing: str) -> SearchStrategy[ThingSeen]:
    return st.builds(
        ThingSeen,
        thing=st.just(ThingId(thing)),
        text=texts,
        amount=decimals,
        at=moments,
        day=st.dates(),
        code=st.uuids(),
        number=st.integers(-(2**63), 2**63 - 1),
        flag=st.booleans(),
        size=st.sampled_from(Size),
        colour=texts.map(Colour),
        part=parts,
        parts=st.lists(parts, max_size=3).map(tuple),
        perhaps=st.none() | st.lists(st.none() | decimals, max_size=3).map(tuple),
        note=st.none() | texts,
        other=st.none() | parts,
    )


commits = st.lists(st.lists(things("a") | things("b"), min_size=1, max_size=3), min_size=1, max_size=3)


@pytest.fixture
async def log(mongo_uri: str, database: str) -> AsyncIterator[OpenLog]:
    async with open_log(mongo_uri, database, application) as opened:
        yield opened


def numbered(log: OpenLog, events: list[ThingSeen], versions: dict[str, int]) -> list[tuple[str, int, object]]:
    found: list[tuple[str, int, object]] = []
    for event in events:
        stream = log.model.event_of(event).stream(event)
        versions[stream] = versions.get(stream, 0) + 1
        found.append((stream, versions[stream], event))
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=commits)
async def test_what_is_appended_is_read_back_exactly(log: OpenLog, drawn: list[list[ThingSeen]]) -> None:
    start, versions = log.head.position, {name: await version_of(log, name) for name in ("thing-a", "thing-b")}
    encoded = [log.commit(*numbered(log, events, versions)) for events in drawn]
    assert (await log.log.append(encoded)).safe == len(drawn)
    found = await log.log.read(start, 10)
    assert found == [each.commit for each in encoded]
    assert [exactly(each) for each in found] == [exactly(each.commit) for each in encoded]
    assert (await log.documents())[start:] == [stored(each) for each in encoded]


def exactly(commit: Commit) -> list[object]:
    """The events so that equal means the same in every digit: 1.0 and 1.00 are not."""
    return [encoder(type(each.event))(each.event) for each in commit.events]


async def version_of(log: OpenLog, stream: str) -> int:
    return len(await log.log.stream(stream, 0, 100_000))


async def test_the_chain_can_be_reckoned_anew_from_the_stored_bytes(log: OpenLog) -> None:
    for version in range(1, 6):
        await log.add(("thing-a", version, LOST), ("thing-b", version, ThingLost(ThingId("b"))))
    check_documents(await log.documents())


@pytest.mark.parametrize("field", [b"tester", b"ThingLost", b"talk", b"DoSomething"])
async def test_a_changed_byte_breaks_the_chain(log: OpenLog, field: bytes) -> None:
    document = stored(await log.add(("thing-a", 1, LOST)))
    with pytest.raises(AssertionError):
        check_documents([document.replace(field, field[::-1])])


async def test_a_lost_an_added_and_a_swapped_commit_break_the_chain(log: OpenLog) -> None:
    one, two, three = [stored(await log.add(("thing-a", version, LOST))) for version in (1, 2, 3)]
    check_documents([one, two, three])
    for changed in ([two, three], [one, three], [one, one, two], [one, three, two]):
        with pytest.raises(AssertionError):
            check_documents(changed)


def encoded(*events: object) -> Encoded:
    record = CommandRecord(uuid4(), "DoSomething", bytes(32), "tester")
    numbered = tuple(("thing-a", version, event) for version, event in enumerate(events, start=1))
    return encode_commit(read(application), Draft(NOON, record, numbered, None, None), EMPTY)


async def test_a_commit_holds_1000_events_and_not_one_more(log: OpenLog) -> None:
    assert (await log.log.append([encoded(*[LOST] * 1_000)])).safe == 1
    with pytest.raises(CommitTooLarge) as refused:
        encoded(*[LOST] * 1_001)
    assert refused.value.events == 1_001


def text_of(length: int) -> ThingSeen:
    return replace(SEEN, text="x" * length)


async def test_a_commit_holds_a_megabyte_and_not_one_byte_more(log: OpenLog) -> None:
    spare = 1_000_000 - (encoded(text_of(0)).commit.size - 91)  # what the chain's two fields take is not counted
    assert (await log.log.append([encoded(text_of(spare))])).safe == 1
    with pytest.raises(CommitTooLarge) as refused:
        encoded(text_of(spare + 1))
    assert refused.value.size == 1_000_001


EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "event",
    [
        replace(SEEN, at=NOON.replace(microsecond=1)),
        replace(SEEN, at=NOON.replace(tzinfo=None)),
        replace(SEEN, at=NOON.astimezone(EAST)),
        replace(SEEN, amount=Decimal("1" * 35)),
        replace(SEEN, parts=(Part("part", Decimal("1e-6177"), None),)),
        replace(SEEN, number=2**63),
        replace(SEEN, text="\ud800"),
    ],
    ids=["microseconds", "no zone", "another zone", "35 digits", "too small", "65 bits", "lone surrogate"],
)
def test_a_value_that_would_come_back_as_another_is_not_written(event: ThingSeen) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        encoded(event)


def test_a_commit_begins_where_the_one_before_ends() -> None:
    first = encoded(LOST).commit
    record = CommandRecord(uuid4(), "DoSomething", bytes(32), "tester")
    draft = Draft(NOON, record, (("thing-a", 2, LOST),), None, None)
    second = encode_commit(read(application), draft, Head(first.position, first.chain, first.at))
    check_documents([encoded_again(first), stored(second)])


def encoded_again(commit: Commit) -> bytes:
    """Encoding is a function: the same commit gives the same bytes."""
    numbered = tuple((each.stream, each.version, each.event) for each in commit.events)
    again = encode_commit(read(application), Draft(commit.at, commit.command, numbered, None, None), EMPTY)
    assert again.commit == commit
    return stored(again)
