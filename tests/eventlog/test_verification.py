"""Whoever changes the log by hand is found: what was done to it, and where, is said in one sentence."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import bson
import pytest
from bson import BSON, Binary, Int64
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from hypothesis import given
from hypothesis import strategies as st

from gateway.application import Application, Stream
from gateway.application.reading import read
from gateway.cli.heads import NotedHead, line_of, read_head
from gateway.errors import BadInput
from gateway.eventlog.encoding import GENESIS
from gateway.eventlog.verification import Noted, Verification, Verified, verify
from gateway.eventlog.versions import Versions
from gateway.messages import Head
from gateway.mongo.collections import EVENTS, STREAM_VERSIONS
from tests.eventlog.test_documents import SEEN
from tests.support.everything import ThingId, ThingLost, application
from tests.support.logs import NOON, OpenLog, open_log, stored
from tests.support.walking import Walkers, Wish, walkers

pytestmark = pytest.mark.anyio

LAST = 9
PLACES = [1, 5, LAST]
UUIDS: CodecOptions[dict[str, Any]] = CodecOptions(uuid_representation=4, tz_aware=True)


@dataclass
class Beside(OpenLog):
    """A log that can be verified by other processes, too."""

    uri: str = field(kw_only=True)
    walkers: Walkers = field(kw_only=True)

    async def verified(self, noted: Noted | None) -> Verified:
        head = (noted.position, noted.chain.hex()) if noted else None
        wish = Wish(self.uri, self.database.name, noted=head)
        return await asyncio.to_thread(self.walkers.verified, wish)


@pytest.fixture(scope="module")
def processes() -> Iterator[Walkers]:
    with walkers() as beside:
        yield beside


@pytest.fixture
async def log(mongo_uri: str, database: str, processes: Walkers) -> AsyncIterator[Beside]:
    async with open_log(mongo_uri, database, application) as opened:
        log = Beside(opened.database, opened.model, opened.log, uri=mongo_uri, walkers=processes)
        await fill(log)
        yield log


async def fill(log: OpenLog) -> None:
    """Nine commits: of one event, of several, of everything that an event can hold."""
    for events in nine():
        await log.add(*events)
    assert log.head.position == LAST


def nine() -> Iterator[Sequence[tuple[str, int, object]]]:
    for version in range(1, LAST - 2, 2):
        yield lost("a", version), lost("b", version)
        yield ("thing-a", version + 1, replace(SEEN, text='"äöü"\n' * version)), lost("b", version + 1)
    yield lost("a", LAST - 2), lost("b", LAST - 2)
    yield lost("a", LAST - 1), lost("b", LAST - 1)
    yield (lost("c", 1),)


def lost(thing: str, version: int) -> tuple[str, int, object]:
    return (f"thing-{thing}", version, ThingLost(ThingId(thing)))


async def found(log: Beside, noted: Noted | None = None) -> Verified:
    """What a single walk finds; several processes that walk two commits each find the same."""
    single = await verify(log.log, Verification(log.model, noted=noted), lambda _: None)
    assert await log.verified(noted) == single
    return single


async def bad(log: Beside) -> tuple[int | None, str]:
    verified = await found(log)
    return verified.position, verified.problem or ""


def noted(log: Beside) -> Noted:
    return Noted(log.head.position, log.head.chain)


async def test_a_log_that_nobody_touched_is_good(log: Beside) -> None:
    reached: list[int] = []
    verified = await verify(log.log, Verification(log.model, noted=noted(log)), reached.append)
    assert verified == Verified(log.head)
    assert verified.position is None
    assert reached == [LAST]


async def test_an_empty_log_is_good(log: Beside) -> None:
    await log.database[EVENTS].delete_many({})
    assert (await found(log)).problem is None
    assert (await found(log, Noted(0, GENESIS))).problem is None
    assert (await found(log, Noted(1, GENESIS))).position == 1


CHANGES: dict[str, dict[str, Any]] = {
    "time": {"at": NOON + timedelta(seconds=1)},
    "stream": {"events.0.stream": "thing-z"},
    "version": {"events.0.version": 99},
    "type": {"events.0.type": "ThingForgotten"},
    "schema": {"events.0.schema": 2},
    "data": {"events.0.data.thing": "z"},
    "field in data": {"events.0.data.more": 1},
    "field in event": {"events.0.more": 1},
    "command id": {"command.id": uuid4()},
    "command": {"command.name": "DoNothing"},
    "fingerprint": {"command.fingerprint": bytes(32)},
    "actor": {"command.actor": "somebody"},
    "correlation": {"correlation": "gossip"},
    "causation": {"causation": "gossip"},
    "previous": {"previous": Binary(b"p" * 32)},
    "previous, longer": {"previous": Binary(b"p" * 33)},
    "previous, no bytes": {"previous": "p" * 32},
    "previous, another kind": {"previous": Binary(b"p" * 32, 2)},
    "chain": {"chain": Binary(b"c" * 32)},
    "chain, shorter": {"chain": Binary(b"c")},
    "field behind the chain": {"more": None},
    "long instead of int": {"events.0.schema": Int64(1)},
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_changed_commit_is_found_wherever_it_stands(log: Beside, name: str) -> None:
    events, before = log.database.get_collection(EVENTS), await log.documents()
    for position in PLACES:
        where = {"_id": position}
        changed = await events.update_one(where, {"$set": CHANGES[name]}, bypass_document_validation=True)
        assert changed.modified_count == 1
        assert (await bad(log))[0] == position
        await events.replace_one(where, RawBSONDocument(before[position - 1]))
        assert (await found(log)).problem is None


@pytest.mark.parametrize("position", [1, 3])
async def test_events_in_another_order_are_found(log: Beside, position: int) -> None:
    document = await log.database[EVENTS].find_one({"_id": position})
    assert document
    await log.database[EVENTS].update_one({"_id": position}, {"$set": {"events": document["events"][::-1]}})
    assert await bad(log) == (position, "its bytes are not those that its chain value was made of.")


@pytest.mark.parametrize("position", [1, 5, LAST - 1])
async def test_a_deleted_commit_is_found(log: Beside, position: int) -> None:
    await log.database[EVENTS].delete_one({"_id": position})
    assert await bad(log) == (position, f"there is a hole: the next commit is {position + 1}.")


@pytest.mark.parametrize("position", [1, 5, LAST - 1])
async def test_two_commits_that_changed_places_are_found(log: Beside, position: int) -> None:
    await swap(log, position, position + 1)
    assert await bad(log) == (position, "it does not follow from the commit before it.")


async def test_two_commits_of_one_event_that_changed_places_with_all_they_name_are_found(log: Beside) -> None:
    await swap(log, 2, 4, keep=("_id", "previous", "chain"))
    assert await bad(log) == (2, "its bytes are not those that its chain value was made of.")


async def swap(log: Beside, one: int, other: int, keep: tuple[str, ...] = ("_id",)) -> None:
    events = log.database.get_collection(EVENTS)
    pair = [await events.find_one({"_id": each}) for each in (one, other)]
    assert pair[0]
    assert pair[1]
    await events.delete_many({"_id": {"$in": [one, other]}})
    for each, place in ((pair[0], pair[1]), (pair[1], pair[0])):
        await events.insert_one({name: place[name] if name in keep else value for name, value in each.items()})


@pytest.mark.parametrize("position", [0, -1, 0.5, 5.5, 6.5, LAST + 1, LAST + 2, "9", "", UUID(int=7)], ids=repr)
async def test_an_inserted_commit_is_found_whatever_its_position(log: Beside, position: object) -> None:
    document = BSON(stored(OpenLog(log.database, log.model, log.log).commit(lost("z", 1)))).decode(UUIDS)
    placed = Int64(position) if isinstance(position, int) else position
    await log.database[EVENTS].insert_one(document | {"_id": placed}, bypass_document_validation=True)
    if isinstance(position, (int, float)):
        expected = max(1, -(-position // 1)) if position <= LAST else LAST + 1
    else:
        expected = LAST + 1
    assert (await bad(log))[0] == expected


@pytest.mark.parametrize("position", [2, 5, LAST])
async def test_a_commit_that_fills_a_reply_of_mongodb_hides_nothing_behind_it(log: Beside, position: int) -> None:
    """It comes in no reply with the one before it."""
    document = (await log.documents())[position - 1]
    fields: dict[str, Any] = BSON(document).decode(UUIDS)
    await log.database[EVENTS].delete_one({"_id": position})
    longest = fields | {"more": "x" * (16 * 1024 * 1024 - 20 - len(document))}
    await log.database[EVENTS].insert_one(longest, bypass_document_validation=True)
    assert await bad(log) == (position, "it does not end with its chain value and the one before it.")


@pytest.mark.parametrize("position", PLACES)
async def test_an_inserted_commit_that_pushes_the_others_back_is_found(log: Beside, position: int) -> None:
    there = [BSON(each).decode(UUIDS) for each in await log.documents()]
    new = BSON(stored(OpenLog(log.database, log.model, log.log).commit(lost("z", 1)))).decode(UUIDS)
    pushed = [*there[: position - 1], new, *there[position - 1 :]]
    await log.database[EVENTS].delete_many({})
    await log.database[EVENTS].insert_many(
        [document | {"_id": Int64(number)} for number, document in enumerate(pushed, start=1)]
    )
    assert (await bad(log))[0] in (position, position + 1)
    assert position > 1 or (await bad(log))[0] == 2  # the new first commit is one that could have been


@pytest.mark.parametrize("left", [0, 1, LAST - 1])
async def test_a_tail_that_was_cut_off_is_found_against_a_noted_head(log: Beside, left: int) -> None:
    await log.database[EVENTS].delete_many({"_id": {"$gt": left}})
    assert (await found(log)).problem is None  # the chain alone can't know
    verified = await found(log, noted(log))
    assert verified.position == left + 1
    assert "its tail is gone" in str(verified.problem)


@pytest.mark.parametrize("position", PLACES)
async def test_a_history_that_was_written_anew_is_found_against_a_noted_head(log: Beside, position: int) -> None:
    head = noted(log)
    await rewrite(log, position)
    assert (await found(log)).problem is None  # every chain value was made again
    verified = await found(log, head)
    assert verified.position == LAST
    assert "another history" in str(verified.problem)


async def test_a_log_that_went_on_still_leads_to_its_noted_head(log: Beside) -> None:
    head = noted(log)
    await log.add(lost("c", 2))
    assert (await found(log, head)).problem is None


async def test_a_head_of_the_empty_log_has_the_chain_value_that_every_log_begins_with(log: Beside) -> None:
    assert (await found(log, Noted(0, GENESIS))).problem is None
    verified = await found(log, Noted(0, bytes(31) + b"x"))
    assert verified.position == 1
    assert "another history" in str(verified.problem)


@pytest.mark.parametrize("position", ["-1", "1.0", "1.5", '"1"', "true", "null", "[1]", "1e2", "NaN"])
def test_a_head_is_refused_whose_position_is_none(tmp_path: Path, position: str) -> None:
    line = line_of(UUID(int=7), Head(9, bytes(range(32)), NOON)).replace('"position": 9', f'"position": {position}')
    (tmp_path / "head").write_text(line)
    with pytest.raises(BadInput, match="is no position"):
        read_head(tmp_path / "head")


@pytest.mark.parametrize("text", ["", "7", "{}", '{"position": 1, "chain": "zz", "log": "1"}'])
def test_a_file_that_holds_no_head_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "head").write_text(text)
    with pytest.raises(BadInput, match="holds no line of `tidegate status --head`"):
        read_head(tmp_path / "head")


def test_a_printed_head_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "head").write_text(line_of(UUID(int=7), Head(9, bytes(range(32)), NOON)))
    assert read_head(tmp_path / "head") == NotedHead(UUID(int=7), Noted(9, bytes(range(32))))


async def rewrite(log: Beside, position: int) -> None:
    """The work of somebody who has time: an actor is changed, and all chain values from there on."""
    changed, previous = list[bytes](), GENESIS
    for number, document in enumerate(await log.documents(), start=1):
        fields: dict[str, Any] = BSON(document).decode(UUIDS)
        if number == position:
            fields["command"]["actor"] = "nobody"
        changed.append(chained({name: fields[name] for name in list(fields)[:-2]}, previous))
        previous = changed[-1][-33:-1]
    await log.database[EVENTS].delete_many({})
    await log.log.insert([RawBSONDocument(each) for each in changed])


def chained(fields: dict[str, Any], previous: bytes) -> bytes:
    covered = bson.encode(fields, codec_options=UUIDS)
    chain = hashlib.sha256(previous + covered).digest()
    return bson.encode(fields | {"previous": previous, "chain": chain}, codec_options=UUIDS)


async def next_is(log: Beside, change: Callable[[dict[str, Any]], object]) -> tuple[int | None, str]:
    """What is found when a gateway that is out of its mind adds a commit with a right chain value."""
    fields: dict[str, Any] = BSON(stored(log.commit(("thing-c", 2, SEEN)))).decode(UUIDS)
    previous = fields.pop("previous")
    del fields["chain"]
    change(fields)
    events = log.database[EVENTS]
    await events.drop_index(STREAM_VERSIONS)
    document = RawBSONDocument(chained(fields, previous))
    await events.insert_one(document, bypass_document_validation=True)  # pyright: ignore[reportArgumentType] # the stubs know of dict alone
    return await bad(log)


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "unknown type": (
        lambda it: it["events"][0].update(type="Forgot"),
        "the event Forgot of schema 1 is unknown here.",
    ),
    "unknown schema": (lambda it: it["events"][0].update(schema=7), "schema 7 is unknown here."),
    "missing field": (lambda it: it["events"][0]["data"].pop("size"), "can't be decoded: KeyError('size')"),
    "unknown member": (
        lambda it: it["events"][0]["data"].update(size="HUGE"),
        "decoded: KeyError('HUGE')",
    ),
    "no date": (lambda it: it["events"][0]["data"].update(day="2026-02-30"), "can't be decoded: ValueError"),
    "no decimal": (lambda it: it["events"][0]["data"].update(amount="1.50"), "can't be decoded: AttributeError"),
    "version left out": (lambda it: it["events"][0].update(version=3), "has version 3 out of order"),
    "version again": (lambda it: it["events"][0].update(version=1), "has version 1 out of order"),
    "stream begins with 2": (lambda it: it["events"][0].update(stream="thing-n"), "has version 2 out of order"),
    "version a text": (lambda it: it["events"][0].update(version="2"), "has version 2 out of order"),
    "no stream": (lambda it: it["events"][0].pop("stream"), "no commit: KeyError('stream')"),
    "no command": (lambda it: it.pop("command"), "no commit: KeyError('command')"),
    "no actor": (lambda it: it["command"].pop("actor"), "no commit: KeyError('actor')"),
    "no time": (lambda it: it.update(at=None), "no commit"),
    "an earlier time": (lambda it: it.update(at=NOON - timedelta(milliseconds=1)), "its time is before"),
    "another format": (lambda it: it.update(format=99), "format 99"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_no_gateway_writes_is_found_though_its_chain_value_is_right(log: Beside, name: str) -> None:
    change, sentence = WRONG[name]
    position, problem = await next_is(log, change)
    assert position == LAST + 1
    assert sentence in problem


async def test_an_event_that_this_application_does_not_know_is_found(log: Beside) -> None:
    def forgetful(seen: int, event: ThingLost) -> int:
        return seen

    model = read(Application([Stream(ThingId, 0, forgetful)], [], []))
    verified = await verify(log.log, Verification(model), lambda _: None)
    assert (verified.position, verified.problem) == (2, "the event ThingSeen of schema 1 is unknown here.")


async def test_a_log_of_many_parts_is_walked_to_its_end(log: Beside) -> None:
    more = [log.commit(lost("d", version)) for version in range(1, 4_501)]
    for start in range(0, len(more), 500):
        await log.log.append(more[start : start + 500])
    reached: list[int] = []
    assert await verify(log.log, Verification(log.model), reached.append) == Verified(log.head)
    assert reached == sorted(set(reached))
    await log.database[EVENTS].update_one({"_id": 4_321}, {"$set": {"command.actor": "somebody"}})
    assert (await bad(log))[0] == 4_321


class TestVersions:
    """How a walk remembers the last version of every stream."""

    def test_many_streams_take_little_memory_and_none_is_forgotten(self) -> None:
        versions, names = Versions(), [f"customer-{number}" for number in range(200_000)]
        assert all(versions.follows(name, 1) for name in names)
        assert all(versions.follows(name, 2) for name in names)
        assert not any(versions.follows(name, 2) for name in names[::1_000])
        assert versions.size <= 48 * len(names)

    def test_a_stream_begins_with_version_1(self) -> None:
        assert not Versions().follows("thing-a", 2)
        assert not Versions().follows("thing-a", 0)

    def test_a_walk_from_the_midst_takes_the_first_version_that_it_meets(self) -> None:
        versions = Versions(partial=True)
        assert versions.follows("thing-a", 7)
        assert not versions.follows("thing-a", 7)
        assert versions.follows("thing-a", 8)

    @given(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 4)), max_size=12),
        st.lists(st.integers(0, 12), max_size=3),
    )
    def test_walks_of_parts_are_joined_where_a_walk_of_the_whole_goes_on(
        self, events: list[tuple[str, int]], cuts: list[int]
    ) -> None:
        whole, joined = Versions(), Versions()
        bounds = [0, *sorted(cuts), len(events)]
        parts = [events[begin:end] for begin, end in pairwise(bounds)]
        for part in parts:
            table = Versions(partial=True)
            good = all(table.follows(*each) for each in part) and joined.join(table)
            assert good == all(whole.follows(*each) for each in part)
            if not good:
                return
        for name in "abcdef":
            assert [joined.follows(name, each) for each in range(6)] == [
                whole.follows(name, each) for each in range(6)
            ]

    def test_a_table_that_does_not_go_on_leaves_the_other_one_as_it_was(self) -> None:
        first, later = Versions(), Versions(partial=True)
        assert first.follows("thing-a", 1)
        assert later.follows("thing-b", 1)
        assert later.follows("thing-a", 3)
        assert not first.join(later)
        assert first.follows("thing-b", 1)

    def test_tables_of_many_streams_are_joined(self) -> None:
        joined, names = Versions(), [f"customer-{number}" for number in range(20_000)]
        for version in (1, 2, 3):
            later = Versions(partial=True)
            assert all(later.follows(name, version) for name in names)
            assert joined.join(later)
        assert all(joined.follows(name, 4) for name in names)
