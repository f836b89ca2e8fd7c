"""A log goes into a file and comes back to the byte; a file with any fault is refused with its line."""

import gzip
import io
import os
import stat
import tracemalloc
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import bson
import pytest
from bson import BSON, json_util
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient

from gateway.application import Application, Stream
from gateway.application.model import Model
from gateway.application.reading import read
from gateway.errors import BadInput, FileRefused, GatewayError, LogBroken, Unavailable, Unsuitable
from gateway.eventlog import importing, walking
from gateway.eventlog.encoding import GENESIS, Draft, encode_commit
from gateway.eventlog.exporting import export, header_of, writing
from gateway.eventlog.extended import line_of
from gateway.eventlog.importing import Import, check
from gateway.eventlog.portable import Header, first_line, last_line
from gateway.eventlog.storage import Appended, EventLog
from gateway.messages import CommandRecord, Head
from gateway.mongo.client import OPTIONS, Database
from gateway.mongo.collections import EVENTS, IDENTITY, Identity, prepare
from gateway.mongo.formats import Format
from gateway.mongo.identities import known
from tests.eventlog.test_verification import LAST, SEEN, fill, lost, nine
from tests.support.everything import ThingId, ThingLost, application
from tests.support.logs import NOON, OpenLog, documents, open_log, stored

pytestmark = pytest.mark.anyio


@pytest.fixture
async def log(mongo_uri: str, database: str) -> AsyncIterator[OpenLog]:
    async with open_log(mongo_uri, database, application) as opened:
        await fill(opened)
        yield opened


@dataclass(frozen=True)
class Place:
    """An empty database, and what imports into it."""

    database: Database
    log: EventLog
    model: Model

    async def take(self, file: Path, log: EventLog | None = None) -> None:
        header = check(file, self.model, lambda _: None)
        importing = Import(self.database, log or self.log, file, header)
        await importing.fresh()
        await importing.run(header.secret, lambda _: None)

    async def refuses(self, file: Path) -> FileRefused:
        """Why; nothing is left behind."""
        with pytest.raises(FileRefused) as refused:
            await self.take(file)
        assert await self.database.list_collection_names() == []
        return refused.value


@pytest.fixture
async def place(mongo_uri: str) -> AsyncIterator[Place]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri, timeoutMS=20_000) as client:
        name, model = f"test_{uuid4().hex}", read(application)
        database = client.get_database(name, OPTIONS)
        yield Place(database, EventLog(database, model), model)
        await client.drop_database(name)


async def exported(
    log: OpenLog, file: Path, first: int = 1, last: int | None = None, *, secret: bool = False
) -> Path:
    identity = await known(log.database)
    header = await header_of(log.log, identity, first, last)
    if secret:
        header = replace(header, secret=identity.identity.secret)
    with writing(file) as out:
        await export(log.log, header, out, lambda _: None)
    return file


@pytest.mark.parametrize("name", ["log.ndjson", "log.ndjson.gz"])
async def test_what_is_exported_and_imported_is_the_same_to_the_byte(
    log: OpenLog, place: Place, tmp_path: Path, name: str
) -> None:
    await place.take(await exported(log, tmp_path / name, secret=True))
    assert await documents(place.database) == await log.documents()
    assert await prepare(place.database) == await prepare(log.database)
    assert await log.database[IDENTITY].find_one() == await place.database[IDENTITY].find_one()


async def test_an_imported_log_is_exported_as_the_same_file(log: OpenLog, place: Place, tmp_path: Path) -> None:
    await place.take(await exported(log, tmp_path / "one.gz"))
    again = OpenLog(place.database, place.model, place.log)
    await exported(again, tmp_path / "other.gz")
    one, other = (tmp_path / "one.gz").read_bytes(), (tmp_path / "other.gz").read_bytes()
    assert one == other
    assert one[3:8] == bytes(5)  # neither its name nor the time is in it


async def test_the_secret_is_in_the_file_only_where_that_was_asked_for(
    log: OpenLog, place: Place, tmp_path: Path
) -> None:
    secret = (await prepare(log.database)).secret
    file = await exported(log, tmp_path / "log")
    assert secret.hex() not in file.read_text()
    assert secret.hex() in (await exported(log, tmp_path / "other", secret=True)).read_text()
    await place.take(file)
    there: Identity = await prepare(place.database)
    assert there.log == (await prepare(log.database)).log
    assert len(there.secret) == 32
    assert there.secret != secret


async def test_a_line_is_mongodb_extended_json(log: OpenLog, tmp_path: Path) -> None:
    """Whoever has MongoDB's own tools reads it, too."""
    plain: CodecOptions[Any] = CodecOptions(
        uuid_representation=0, datetime_conversion=DatetimeConversion.DATETIME_MS
    )
    options = json_util.JSONOptions(
        json_mode=1, uuid_representation=0, datetime_conversion=DatetimeConversion.DATETIME_MS
    )
    lines = (await exported(log, tmp_path / "log")).read_text().splitlines()[1:-1]
    read_back = [bson.encode(json_util.loads(line, json_options=options), codec_options=plain) for line in lines]
    assert read_back == await log.documents()


async def test_an_empty_log_is_brought_back_as_itself(
    mongo_uri: str, database: str, place: Place, tmp_path: Path
) -> None:
    async with open_log(mongo_uri, database, application) as empty:
        await place.take(await exported(empty, tmp_path / "log"))
        assert (await prepare(place.database)).log == (await prepare(empty.database)).log


async def test_a_log_of_many_parts_comes_back(log: OpenLog, place: Place, tmp_path: Path) -> None:
    more = [log.commit(lost("d", version)) for version in range(1, 2_501)]
    for start in range(0, len(more), 500):
        await log.log.append(more[start : start + 500])
    await place.take(await exported(log, tmp_path / "log"))
    assert await documents(place.database) == await log.documents()


@pytest.fixture
def lines() -> list[bytes]:
    """The file of nine commits: a first line, nine of commits, a last one."""
    log = OpenLog(None, read(application), None)  # pyright: ignore[reportArgumentType] # it makes commits, no more
    commits = [line_of(stored(log.commit(*events))) for events in nine()]
    header = Header(UUID(int=7), Format(1, 1, 1), 1, LAST, GENESIS)
    return [line + b"\n" for line in (first_line(header), *commits, last_line(header, log.head.chain))]


def lines_of(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines(keepends=True)


def save(file: Path, *lines: bytes) -> None:
    file.write_bytes(b"".join(lines))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "given"


@pytest.mark.parametrize("left", range(LAST + 2))
async def test_a_file_that_was_cut_behind_a_line_is_refused_with_the_next(
    lines: list[bytes], place: Place, file: Path, left: int
) -> None:
    save(file, *lines[:left])
    assert (await place.refuses(file)).line == left + 1


async def test_a_file_that_was_cut_within_a_line_is_refused_with_it(lines: list[bytes], file: Path) -> None:
    whole = b"".join(lines)
    for size in [*range(1, len(whole), 97), len(whole) - 1]:
        save(file, whole[:size])
        assert refused_line(file) == whole[:size].count(b"\n") + 1, size


async def test_a_file_with_any_byte_changed_is_refused_with_its_line(lines: list[bytes], file: Path) -> None:
    whole = b"".join(lines)
    for at in [*range(0, len(whole), 13), *(place for place, byte in enumerate(whole) if byte == 0x0A)]:
        for change in (1, 0x80):
            save(file, whole[:at] + bytes([whole[at] ^ change]) + whole[at + 1 :])
            assert refused_line(file) == whole[:at].count(b"\n") + 1, (at, change)


def refused_line(file: Path) -> int:
    with pytest.raises(FileRefused) as refused:
        check(file, read(application), lambda _: None)
    return refused.value.line


@pytest.mark.parametrize(
    ("one", "other"), [(1, 2), (1, LAST), (4, 5), (4, 6), (LAST - 1, LAST), (LAST, LAST + 1), (0, 1)]
)
async def test_a_file_with_two_lines_swapped_is_refused_with_the_first_of_them(
    lines: list[bytes], place: Place, file: Path, one: int, other: int
) -> None:
    lines[one], lines[other] = lines[other], lines[one]
    save(file, *lines)
    assert (await place.refuses(file)).line == one + 1


@pytest.mark.parametrize("at", [1, 5, LAST, LAST + 1])
async def test_a_file_with_a_line_missing_or_twice_is_refused(
    lines: list[bytes], place: Place, file: Path, at: int
) -> None:
    save(file, *(lines[:at] + lines[at + 1 :]))
    assert (await place.refuses(file)).line == at + 1
    save(file, *lines[: at + 1], *lines[at:])
    assert (await place.refuses(file)).line == at + 2


async def test_a_line_that_says_the_same_in_other_bytes_is_refused(
    lines: list[bytes], place: Place, file: Path
) -> None:
    for same in (lines[4].replace(b":", b": ", 1), lines[4].replace(b"thing", rb"\u0074hing", 1)):
        save(file, *lines[:4], same, *lines[5:])
        assert str(await place.refuses(file)).endswith("it is not written as an export writes it.")


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"{}\n", b"[]\n", b"7\n", b"tidegate\n", b"\0" * 100 + b"\n", b'{"a":' * 9_999]
)
async def test_what_is_no_exported_log_is_refused_at_its_first_line(text: bytes, place: Place, file: Path) -> None:
    save(file, text)
    assert (await place.refuses(file)).line == 1


async def test_a_deep_line_is_refused_with_its_number(lines: list[bytes], place: Place, file: Path) -> None:
    save(file, *lines[:3], b"[" * 1_000 + b"]" * 1_000 + b"\n", *lines[4:])
    assert (await place.refuses(file)).line == 4


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
async def test_a_compressed_file_that_was_cut_or_changed_is_refused(
    lines: list[bytes], place: Place, tmp_path: Path, share: float
) -> None:
    file, whole = tmp_path / "log.gz", gzip.compress(b"".join(lines), mtime=0)
    at = int(len(whole) * share)
    save(file, whole[:at])
    assert 1 <= (await place.refuses(file)).line <= LAST + 2
    save(file, whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert 1 <= (await place.refuses(file)).line <= LAST + 3
    save(file, whole[:-1])
    assert (await place.refuses(file)).line == LAST + 3


async def test_a_file_of_another_version_of_the_form_is_refused(
    lines: list[bytes], place: Place, file: Path
) -> None:
    save(file, lines[0].replace(b'"version":1', b'"version":2'), *lines[1:])
    assert "version 1 of the form" in str(await place.refuses(file))


async def test_a_log_of_a_newer_format_is_refused(log: OpenLog, place: Place, file: Path) -> None:
    await log.database[IDENTITY].update_one({}, {"$set": {"format": 9, "readable_by": 1, "writable_by": 9}})
    await exported(log, file)
    with pytest.raises(Unsuitable, match="another format, 9"):
        await place.take(file)


async def test_commits_that_this_application_does_not_know_are_refused_with_their_line(
    log: OpenLog, place: Place, file: Path
) -> None:
    def forgetful(seen: int, event: ThingLost) -> int:
        return seen

    await exported(log, file)
    with pytest.raises(FileRefused, match="line 3: the event ThingSeen of schema 1 is unknown here"):
        check(file, read(Application([Stream(ThingId, 0, forgetful)], [], [])), lambda _: None)


async def test_versions_out_of_order_are_refused_though_the_chain_is_right(place: Place, file: Path) -> None:
    header, head = Header(UUID(int=1), Format(1, 1, 1), 1, 2, bytes(32)), Head(0, bytes(32), NOON)
    out = [first_line(header)]
    for version in (1, 3):
        draft = Draft(
            NOON, CommandRecord(uuid4(), "DoSomething", bytes(32), "tester"), (lost("a", version),), None, None
        )
        encoded = encode_commit(place.model, draft, head)
        head = Head(encoded.commit.position, encoded.commit.chain, NOON)
        out.append(line_of(stored(encoded)))
    save(file, *(line + b"\n" for line in (*out, last_line(header, head.chain))))
    refused = await place.refuses(file)
    assert (refused.line, refused.reason) == (3, "the stream thing-a has version 3 out of order.")


async def test_a_file_that_is_changed_once_it_was_checked_brings_nothing_wrong_in(
    log: OpenLog, place: Place, file: Path
) -> None:
    header = check(await exported(log, file), place.model, lambda _: None)
    lines = lines_of(file)
    save(file, *lines[:4], lines[4].replace(b"tester", b"nobody"), *lines[5:])
    with pytest.raises(FileRefused, match="line 5"):
        await Import(place.database, place.log, file, header).run(None, lambda _: None)
    assert await documents(place.database) == []


class TestParts:
    """A part of a log goes into a file, and parts make a whole."""

    async def test_a_part_is_exported(self, log: OpenLog, tmp_path: Path) -> None:
        lines = (await exported(log, tmp_path / "log", 3, 5)).read_bytes().splitlines()
        whole = (await exported(log, tmp_path / "whole")).read_bytes().splitlines()
        assert lines[1:-1] == whole[3:6]

    @pytest.mark.parametrize(("first", "last"), [(0, 3), (5, 3), (LAST + 2, None), (1, LAST + 1)])
    async def test_positions_that_the_log_does_not_have_are_refused(
        self, log: OpenLog, tmp_path: Path, first: int, last: int | None
    ) -> None:
        with pytest.raises(BadInput, match=f"positions 1 to {LAST}"):
            await exported(log, tmp_path / "log", first, last)

    async def test_parts_are_imported_one_behind_the_other(
        self, log: OpenLog, place: Place, tmp_path: Path
    ) -> None:
        parts = [
            await exported(log, tmp_path / f"{first}", first, last) for first, last in ((1, 4), (5, 8), (9, 9))
        ]
        for each in parts:
            await place.take(each)
        assert await documents(place.database) == await log.documents()

    async def test_a_part_that_does_not_begin_at_the_logs_end_is_refused(
        self, log: OpenLog, place: Place, tmp_path: Path
    ) -> None:
        first, second, third = [
            await exported(log, tmp_path / f"{first}", first, last) for first, last in ((1, 4), (5, 8), (9, 9))
        ]
        await place.refuses(second)
        await place.take(first)
        for wrong in (first, third):
            with pytest.raises(Unsuitable):
                await place.take(wrong)
        assert len(await documents(place.database)) == 4

    async def test_a_part_of_another_history_is_refused(self, log: OpenLog, place: Place, tmp_path: Path) -> None:
        await place.take(await exported(log, tmp_path / "first", 1, 4))
        await log.database[EVENTS].delete_many({"_id": {"$gt": 3}})
        log.head = await log.log.head()
        await log.add(lost("e", 1))
        await log.add(lost("e", 2))
        with pytest.raises(FileRefused, match="another history"):
            await place.take(await exported(log, tmp_path / "second", 5, 5))


class Failing(EventLog):
    """A log whose inserts end with a lost connection after some."""

    def __init__(self, database: Database, model: Model, good: int, *, lands: bool) -> None:
        super().__init__(database, model)
        self._good, self._lands = good, lands

    async def insert(self, documents: Sequence[RawBSONDocument]) -> Appended:
        if self._good == 0:
            if self._lands:
                await super().insert(documents[: len(documents) // 2])
            return Appended(0, unknown=True)
        self._good -= 1
        return await super().insert(documents)


class TestInterrupted:
    """An import that did not end: no gateway opens what is there, and the same file goes on."""

    @pytest.fixture
    async def half(self, log: OpenLog, place: Place, file: Path) -> Path:
        more = [log.commit(lost("d", version)) for version in range(1, 1_201)]
        assert (await log.log.append(more)).safe == 1_200
        await exported(log, file)
        with pytest.raises(Unavailable, match="give the same file again"):
            await place.take(file, Failing(place.database, place.model, 1, lands=True))
        assert len(await documents(place.database)) == 750
        return file

    async def test_no_gateway_opens_a_half_imported_log(self, half: Path, place: Place) -> None:
        with pytest.raises(Unsuitable, match="import"):
            await prepare(place.database)

    async def test_the_same_file_goes_on(self, half: Path, log: OpenLog, place: Place) -> None:
        await place.take(half)
        assert await documents(place.database) == await log.documents()
        assert (await prepare(place.database)).log == (await prepare(log.database)).log

    async def test_the_last_word_alone_can_be_missing(self, half: Path, log: OpenLog, place: Place) -> None:
        await place.take(half)
        await place.database[IDENTITY].update_one({}, {"$set": {"importing": True}})
        await place.take(half)
        await prepare(place.database)

    async def test_another_log_does_not_go_on_there(
        self, half: Path, place: Place, mongo_uri: str, tmp_path: Path
    ) -> None:
        name = f"test_{uuid4().hex}"
        async with open_log(mongo_uri, name, application) as other:
            await other.add(lost("a", 1))
            file = await exported(other, tmp_path / "other")
            await other.database.client.drop_database(name)
        with pytest.raises(Unsuitable, match="another log"):
            await place.take(file)

    async def test_another_history_does_not_go_on_there(self, half: Path, log: OpenLog, place: Place) -> None:
        await log.database[EVENTS].delete_many({"_id": {"$gt": 700}})
        log.head = await log.log.head()
        more = [log.commit(lost("e", version)) for version in range(1, 301)]
        await log.log.append(more)
        await exported(log, half)
        with pytest.raises(FileRefused, match="line 751: the log has another commit there"):
            await place.take(half)
        with pytest.raises(Unsuitable, match="import"):
            await prepare(place.database)

    async def test_a_position_that_somebody_took_meanwhile_ends_the_import(
        self, half: Path, log: OpenLog, place: Place
    ) -> None:
        stranger = OpenLog(place.database, place.model, place.log, await place.log.head())

        class Overtaken(EventLog):
            async def insert(self, documents: Sequence[RawBSONDocument]) -> Appended:
                await stranger.log.append([stranger.commit(lost("z", 1))])
                return await super().insert(documents)

        with pytest.raises(Unsuitable, match="Position 751 was taken"):
            await place.take(half, Overtaken(place.database, place.model))


async def test_nothing_is_imported_over_another_log(log: OpenLog, place: Place, file: Path) -> None:
    await prepare(place.database)  # as a gateway does that is started too early
    await exported(log, file)
    with pytest.raises(Unsuitable, match="drop it first"):
        await place.take(file)


async def test_nothing_is_imported_where_commits_lie_that_belong_to_no_log(
    log: OpenLog, place: Place, file: Path
) -> None:
    await exported(log, file)
    await place.database[EVENTS].insert_one(BSON((await log.documents())[0]).decode())
    with pytest.raises(Unsuitable, match="commits of no known log"):
        await place.take(file)


@pytest.mark.parametrize("position", [1, 5, LAST])
async def test_a_broken_log_has_no_export(log: OpenLog, tmp_path: Path, position: int) -> None:
    await log.database[EVENTS].update_one({"_id": position}, {"$set": {"command.actor": "somebody"}})
    (tmp_path / "log").write_text("an older export")
    with pytest.raises(LogBroken) as broken:
        await exported(log, tmp_path / "log")
    assert broken.value.position == position
    assert (tmp_path / "log").read_text() == "an older export"
    assert os.listdir(tmp_path) == ["log"]


async def test_an_export_is_for_its_owner_alone(log: OpenLog, tmp_path: Path) -> None:
    file = await exported(log, tmp_path / "log")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["", "missing/log", "missing/log.gz", "file/log"])
def test_where_nothing_can_be_written_one_sentence_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=r"can't be written: [A-Z]"), writing(tmp_path / name):
        raise AssertionError("there is nothing to write into")
    assert os.listdir(tmp_path) == ["file"]


async def test_an_export_into_a_stream_is_the_same(log: OpenLog, tmp_path: Path) -> None:
    header, out = await header_of(log.log, await known(log.database), 1, None), io.BytesIO()
    await export(log.log, header, out, lambda _: None)
    assert out.getvalue() == (await exported(log, tmp_path / "log")).read_bytes()


def test_every_refusal_is_an_error_of_the_gateway() -> None:
    assert issubclass(FileRefused, GatewayError)
    assert str(FileRefused(7, "so.")) == "The file is refused at line 7: so."


COMMITS, LARGE = 400, 50_000


async def test_a_log_larger_than_the_memory_used_goes_out_and_comes_back(
    log: OpenLog, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part at a time is in memory, of which a log may have any number."""
    monkeypatch.setattr(walking, "_PART", 20)
    monkeypatch.setattr(importing, "_COMMITS", 20)
    for version in range(1, COMMITS, 10):
        events = [replace(SEEN, thing=ThingId("large"), text="x" * LARGE)] * 10
        commits = [log.commit(("thing-large", version + n, each)) for n, each in enumerate(events)]
        assert (await log.log.append(commits)).safe == len(commits)
    with measured() as most:
        file = await exported(log, tmp_path / "log")
    with measured() as most_back:
        await place.take(file)
    assert most[0] < COMMITS * LARGE / 2
    assert most_back[0] < COMMITS * LARGE / 2
    assert await place.database[EVENTS].count_documents({}) == LAST + COMMITS


@contextmanager
def measured() -> Generator[list[int]]:
    """The most bytes that Python held at once, when the block has ended."""
    peak: list[int] = []
    tracemalloc.start()
    try:
        yield peak
        peak.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
