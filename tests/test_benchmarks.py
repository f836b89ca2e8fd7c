"""The benchmark's own arithmetic, its checks, and that it says what was missed. Nothing is timed here."""

import os
import shutil
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any, cast
from xml.etree import ElementTree

import pytest
from bson import Decimal128

from benchmarks.harness import checks, operations, records
from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.dataset import FIELDS, Dataset, account_answer, spelt_alike
from benchmarks.harness.figures import Goal, Measure, Sample, ratio, spread, verdict
from benchmarks.harness.load import Load, Loader, Request
from benchmarks.harness.operations import Asked
from benchmarks.harness.placement import place
from benchmarks.harness.plots import Curve, Point, lines, svg
from benchmarks.harness.records import Record
from benchmarks.harness.report import report
from benchmarks.harness.rounds import measured, turned
from benchmarks.rows import ROWS
from tests.clients.programs import cannot_run

ZERO = {"amount": Decimal128("0.00"), "currency": "EUR"}


@asynccontextmanager
async def nobody(_: Arena) -> AsyncGenerator[Contest]:
    yield {}


@pytest.fixture
def dataset(mongo_uri: str, database: str) -> Iterator[Dataset]:
    found = Dataset(mongo_uri, database)
    yield found
    found.close()


def row(*goals: Goal) -> Row:
    return Row("work", "The work", nobody, goals)


def record(samples: dict[str, list[Sample]], seconds: float = 10) -> Record:
    return Record("work", "2026-01-01", "a machine", "cores", 0.1, seconds, samples)


def rates(*figures: float) -> list[Sample]:
    return [Sample(rate=each, p99=1.0) for each in figures]


def account(number: int) -> dict[str, Any]:
    money = dict.fromkeys(("balance", "overdraft_limit", "available"), ZERO)
    opened = datetime(2026, 1, 1, 12, 0, number % 60, tzinfo=UTC)
    return {
        "_id": f"a{number}",
        "owner_name": "Ada",
        "status": "OPEN",
        "currency": "EUR",
        "opened_at": opened,
    } | money


def page(goal: Goal, samples: dict[str, list[Sample]]) -> str:
    return report([row(goal)], {"work": record(samples)})


def test_a_ratio_is_the_median_of_the_rounds_ratios_not_the_ratio_of_the_medians() -> None:
    rounds = {"Tidegate": rates(10, 100, 90), "other": rates(5, 100, 30)}

    found = ratio(rounds, "Tidegate", "other", Measure.RATE)

    assert found == spread([2.0, 1.0, 3.0])
    assert found is not None
    assert (found.median, found.low, found.high) == (2.0, 1.0, 3.0)


def test_a_rate_must_reach_its_goal_and_a_time_must_stay_below_it() -> None:
    assert Goal("other", 2.0).met(2.0)
    assert not Goal("other", 2.0).met(1.99)
    assert Goal("other", 1.3, Measure.P50).met(1.3)
    assert not Goal("other", 1.3, Measure.P50).met(1.31)


def test_a_missed_goal_stands_in_the_report_with_its_reason() -> None:
    goal = Goal("other", 4.0, missed="It decides; the other one does not.")

    found = page(goal, {"Tidegate": rates(3, 3, 3, 3, 3), "other": rates(1, 1, 1, 1, 1)})

    assert "| The work | other | **3.00** (3.00 to 3.00) | ≥ 4 | **missed** |" in found
    assert "3.00 instead of at least 4. It decides; the other one does not." in found


def test_a_missed_goal_without_a_known_reason_says_that_too() -> None:
    found = page(Goal("other", 4.0), {"Tidegate": rates(3), "other": rates(1)})

    assert "No reason has been found yet." in found


def test_what_was_not_measured_is_named() -> None:
    measured, other = row(Goal("other", 4.0)), replace(row(Goal("other", 4.0)), name="rest", title="The rest")

    found = report([measured, other], {"work": record({"Tidegate": rates(8), "other": rates(1)})})

    assert "Not measured yet: The rest." in found
    assert "Not measured" not in report([measured], {"work": record({"Tidegate": rates(8), "other": rates(1)})})


def test_a_goal_that_was_met_is_not_among_the_missed_ones() -> None:
    found = page(Goal("other", 4.0, missed="Never."), {"Tidegate": rates(8), "other": rates(1)})

    assert "| met |" in found
    assert "What was missed" not in found


def test_a_tail_that_is_slower_than_the_contestants_is_said_even_where_the_rate_is_met() -> None:
    ours, theirs = [Sample(rate=8, p99=20.0)], [Sample(rate=1, p99=10.0)]

    assert "The work: p99** is 2.0 times that of other" in page(
        Goal("other", 4.0), {"Tidegate": ours, "other": theirs}
    )


def test_a_contestant_that_did_not_run_is_no_victory() -> None:
    goal = Goal("other", 4.0)

    assert verdict({"Tidegate": rates(8)}, goal) is None
    assert "| did not run | ≥ 4 | **not measured** |" in page(goal, {"Tidegate": rates(8)})


def test_a_run_with_few_rounds_says_that_it_means_nothing() -> None:
    few, enough = {"Tidegate": rates(1)}, {"Tidegate": rates(1, 1, 1, 1, 1)}

    assert "Too few rounds" in page(Goal("other", 4.0), few)
    assert "Too few rounds" not in page(Goal("other", 4.0), enough)


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    wanted = record({"Tidegate": [Sample(1.0, 2.0, 3.0, 4.0, 5.0, {"lag": 6.0})]})

    records.write(tmp_path, wanted)

    assert records.read(tmp_path, ["work", "another"]) == {"work": wanted}


@pytest.mark.anyio
async def test_the_contestants_take_turns_and_each_begins_once() -> None:
    order = list[str]()

    @asynccontextmanager
    async def contest(_: Arena) -> AsyncGenerator[Contest]:
        yield {name: lambda name=name: ran(name) for name in "abc"}

    async def ran(name: str) -> Sample:
        order.append(name)
        return Sample(rate=1)

    arena = Arena("", place([0]), cast(Any, None), cast(Any, None), 1)
    found = await measured(Row("work", "", contest), arena, 3, lambda _: None)

    assert "".join(order) == "abcbcacab"
    assert found.rounds == 3
    assert turned(["a", "b"], 2) == ["a", "b"]


@pytest.mark.parametrize(
    ("cores", "placed"),
    [([0], (0, 0, 0, 0)), ([0, 1], (0, 1, 1, 1)), ([2, 3, 5], (2, 3, 5, 5)), ([0, 1, 2, 3, 4], (0, 1, 2, 3))],
)
def test_the_server_that_is_measured_has_a_core_of_its_own_where_there_are_two(
    cores: Sequence[int], placed: tuple[int, ...]
) -> None:
    found = place(cores)

    assert (found.server, found.mongodb, found.load, found.watcher) == placed


def test_fifty_different_operations_are_in_rotation_and_some_keys_are_used_often() -> None:
    asked = operations.by_id([account(number) for number in range(10_000)], 500)
    queries = [each.request.body.partition(b'"variables"')[0] for each in asked]

    assert len({*queries}) == len({*queries[:50]}) == 50
    assert queries[:50] == queries[50:100]
    used = operations.keys(10_000)
    assert used.count(0) > 10 * used.count(100) > 0


def test_each_selection_is_of_as_many_different_fields() -> None:
    for size in (4, 5):
        found = operations.selections(size)

        assert len({*found}) == 50
        assert all(len({*each} & FIELDS.keys()) == size for each in found)


def test_an_answer_is_compared_whatever_the_spelling_of_its_instants() -> None:
    answers = [f'{{"openedAt":"2026-01-01T12:00:07{end}"}}' for end in ("Z", ".000Z", "+00:00")]

    assert {spelt_alike(each) for each in answers} == {'{"openedAt":"2026-01-01T12:00:07Z"}'}
    assert account_answer(account(7), ("openedAt", "balance")) == {
        "id": "Account:a7",
        "openedAt": "2026-01-01T12:00:07Z",
        "balance": {"amount": "0.00", "currency": "EUR"},
    }


def test_the_data_of_an_answer_is_cut_out_as_the_loader_does_it() -> None:
    assert checks.data_of('{"data":{"a":1},"extensions":{"b":{}}}') == '{"a":1}'
    assert checks.data_of('{"data":{"a":1}}') == '{"a":1}'
    assert checks.data_of('{"id":"x"}') == '{"id":"x"}'


def always(text: str) -> Callable[[checks.Client, Request], str]:
    return lambda _client, _request: text


def test_a_wrong_answer_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.Client, "ask", always('{"data":{"account":{"id":"Account:a2"}}}'))
    asked = [Asked(Request("POST", "/graphql"), {"account": {"id": "Account:a1"}})]

    with pytest.raises(SystemExit, match="answer is wrong"):
        checks.right_answers("http://127.0.0.1:1", asked)


@pytest.mark.anyio
async def test_a_server_that_answers_from_what_it_kept_ends_the_run(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"id": "Account:a1", "ownerName": "Ada"}
    monkeypatch.setattr(checks.Client, "ask", always('{"data":{"account":{"id":"Account:a1","ownerName":"Ada"}}}'))

    with pytest.raises(SystemExit, match="keeps data"):
        await checks.reads_again("http://127.0.0.1:1", [Asked(Request("GET", "/accounts/a1"), kept)], dataset)


class Answering(BaseHTTPRequestHandler):
    """Answers each request with the next number as an id."""

    protocol_version = "HTTP/1.1"
    number = count()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        text = f'{{"data":{{"id":"{next(self.number)}"}}}}'.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def answering() -> Iterator[str]:
    """The address of a server that gives every request another answer."""
    if shutil.which("wrk") is None:
        cannot_run("wrk is not installed")
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.anyio
async def test_the_loader_hands_back_the_id_of_every_acknowledged_write(answering: str, tmp_path: Path) -> None:
    load = Load([Request("POST", "/", b"{}")], connections=4, acknowledged=True)

    found = await Loader(min(os.sched_getaffinity(0)), tmp_path).run(answering, load, 1)

    assert found.count > 0
    assert len({*found.ids}) == len(found.ids) >= found.count


@pytest.mark.anyio
async def test_one_wrong_answer_among_many_under_load_ends_the_run(answering: str, tmp_path: Path) -> None:
    loader, request = Loader(min(os.sched_getaffinity(0)), tmp_path), Request("POST", "/", b"{}")
    right = [f'{{"id":"{each}"}}' for each in range(1_000_000)]

    await loader.run(answering, Load([request], 4, expected=right), 1)
    with pytest.raises(SystemExit, match="wrong answer"):
        await loader.run(answering, Load([request], 4, expected=right[:1]), 1)


def test_a_curve_is_drawn_through_the_median_of_each_place() -> None:
    curve = Curve("connections", "rate", "per second")

    drawn = lines(curve, {"ours at 1": rates(1, 2, 9), "ours at 1,000": rates(5), "others at 1": [Sample()]})

    assert drawn == {"ours": [Point(1, 2, 1, 9), Point(1000, 5, 5, 5)]}
    assert svg(curve, drawn).count("<circle") == 2
    ElementTree.fromstring(svg(curve, drawn))


@pytest.mark.parametrize(
    ("ids", "complaint"),
    [
        ([1, 2, 3, 4], "1 of 4 acknowledged writes are not in writes"),
        ([1, 1, 2], "1 writes were acknowledged twice"),
    ],
)
def test_an_acknowledged_write_that_is_not_there_ends_the_run(
    dataset: Dataset, ids: list[int], complaint: str
) -> None:
    dataset.database["writes"].insert_many([{"_id": each} for each in (1, 2, 3)])

    checks.all_there(dataset, "writes", "_id", [1, 2, 3])
    with pytest.raises(SystemExit, match=complaint):
        checks.all_there(dataset, "writes", "_id", ids)


def test_every_row_has_a_name_of_its_own_and_compares_contestants_by_name() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert all(goal.ours != goal.against for row in ROWS for goal in row.goals)
