"""Old and new releases side by side as processes: whoever asks is answered all the time, and rightly."""

import re
import signal
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from pymongo import MongoClient

from tests.acceptance.asking import Asker
from tests.acceptance.conftest import Serve
from tests.acceptance.customers import BALANCE, Counter
from tests.acceptance.serving import Process, eventually, running

SECOND, THIRD = "tests.acceptance.releases:second", "tests.acceptance.releases:third"

NAME = "query($id: ID!) { account(id: $id) { ownerName } }"
CHANGED = "subscription($id: ID!) { accountChanged(id: $id) { account { balance { amount } } } }"


@pytest.fixture
def rebuild(mongo_uri: str, database: str) -> Callable[..., Any]:
    """Starts `tidegate rebuild` on the test's own database."""
    return lambda *words, **settings: running(
        "rebuild", *words, mongodb_uri=mongo_uri, database=database, **settings
    )


@pytest.fixture
def checkpoints(mongo: MongoClient[dict[str, Any]], database: str) -> Any:
    return mongo[database]["checkpoints"]


@contextmanager
def always_answered(askers: list[Asker], account: str) -> Generator[None]:
    """While in the block, every gateway is asked again and again, and none ever fails."""
    done = Event()

    def ask(asker: Asker) -> int:
        count = 0
        while not done.is_set():
            assert asker.ask(BALANCE, {"id": account}).data["account"] is not None
            count += 1
        return count

    with ThreadPoolExecutor(len(askers)) as pool:
        asking = [pool.submit(ask, each) for each in askers]
        try:
            yield
        finally:
            done.set()
        assert all(each.result() > 0 for each in asking)


def live(mongo: MongoClient[dict[str, Any]], database: str) -> str:
    found = mongo[database]["live"].find_one({"_id": "accounts"})
    assert found is not None
    return str(found["edition"])


def test_a_rolling_deployment_answers_all_the_time(
    serve: Serve, mongo: MongoClient[dict[str, Any]], database: str
) -> None:
    with Asker(serve().url) as old:
        counter = Counter(old).open()
        counter.deposited("1.00")
        with Asker(serve("--app", SECOND).url) as new, always_answered([old, new], counter.account):
            eventually(lambda: live(mongo, database) == "accounts.2", "the second release's accounts are live")
            for asker in (old, new, old, new):
                written = Counter(asker, counter.account).deposited("1.00")["token"]
                for reader in (old, new):
                    reader.after = written
                    assert reader.ask(NAME, {"id": counter.account}).data["account"]["ownerName"] == "CLEO QUAY"
                    reader.after = None
            assert new.ask(BALANCE, {"id": counter.account}).data["account"]["balance"]["amount"] == "5.00"


def test_a_gateway_of_another_shape_is_not_ready_until_it_is_built(
    serve: Serve, mongo_uri: str, database: str
) -> None:
    with Asker(serve().url) as old, Asker(serve("--no-watch", "--app", THIRD).url) as new:
        counter = Counter(old).open()
        counter.deposited()
        found = new.get("/readyz")
        assert found.status_code == 503
        assert [each["name"] for each in found.json()["readModels"] if each["stopped"]] == ["accounts"]
        answer = new.ask("query($id: ID!) { account(id: $id) { events } }", {"id": counter.account})
        assert answer.codes == ["READ_MODEL_NOT_BUILT"]
        with running("watch", "--app", THIRD, mongodb_uri=mongo_uri, database=database):
            eventually(lambda: new.get("/readyz").status_code == 200, "the third release is ready")
            new.after = counter.deposited()["token"]
            found = new.ask("query($id: ID!) { account(id: $id) { events } }", {"id": counter.account})
            assert found.data == {"account": {"events": 3}}
            assert old.ask(BALANCE, {"id": counter.account}).data["account"]["balance"]["amount"] == "2.00"
            assert old.get("/readyz").status_code == 200


def test_answers_say_that_nobody_moves_what_they_are_from(serve: Serve, mongo_uri: str, database: str) -> None:
    with Asker(serve("--no-watch", "--app", SECOND).url) as new:
        with running("watch", mongodb_uri=mongo_uri, database=database) as old:
            old.said("Watching the log")
            counter = Counter(new).open()
            token = counter.deposited("2.00")["token"]
            old.end()

        def frozen() -> bool:
            used = new.ask(BALANCE, {"id": counter.account}).body["extensions"]["readModels"]
            return [each["name"] for each in used if each.get("frozen")] == ["accounts"]

        eventually(frozen, "the accounts are said to be frozen")
        new.after = token
        assert new.ask(BALANCE, {"id": counter.account}).data["account"]["balance"]["amount"] == "2.00"


def test_a_subscription_goes_on_over_a_switch(serve: Serve, rebuild: Callable[..., Any]) -> None:
    with Asker(serve().url) as asker:
        counter = Counter(asker).open()
        counter.deposited("1.00")
        with asker.follow(CHANGED, {"id": counter.account}) as changes:
            assert changes.next().data["accountChanged"]["account"]["balance"]["amount"] == "1.00"
            with rebuild("--all") as process:
                assert process.wait() == 0, process.output
            for number in (2, 3, 4):
                counter.deposited("1.00")
                changed = changes.next().data["accountChanged"]
                assert changed["account"]["balance"]["amount"] == f"{number}.00"


def test_the_command_says_what_it_compared_and_that_all_is_live(
    serve: Serve, rebuild: Callable[..., Any], mongo_uri: str, database: str
) -> None:
    with Asker(serve().url) as asker:
        counter = Counter(asker).open()
        token = counter.deposited("4.00")["token"]
        with rebuild("--only", "accounts", "--only", "statement") as process:
            assert process.wait() == 0, process.output
        for name in ("accounts", "statement"):
            process.said(rf"{name} +│ {name}\.1 +│ {name}\.1\.2 +│ 3 +│ 1 +│ [0-9a-f]{{16}} +│ 0 +│ live")
        asker.after = token
        assert asker.ask(BALANCE, {"id": counter.account}).data["account"]["balance"]["amount"] == "4.00"
        with rebuild("--rollback", "--only", "accounts") as process:
            assert process.wait() == 0, process.output
        process.said(r"accounts +│ accounts\.1\.2 +│ accounts\.1 +│ .* live")
        with running("status", mongodb_uri=mongo_uri, database=database) as status:
            assert status.wait() == 0, status.output
        assert len(re.findall(r"accounts +│ +1 +│ .* kept for a rollback", status.output)) == 1
        assert counter.deposited("1.00")["account"]["balance"]["amount"] == "5.00"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--only", "nothing"], "There is no read model nothing; there are customers, accounts, statement"),
        (["--all", "--only", "accounts"], "Give --all or --only, not both."),
        (["--rollback"], "This release has no edition that was live before; nothing was changed."),
    ],
)
def test_a_mistake_gets_one_sentence(
    serve: Serve, rebuild: Callable[..., Any], words: list[str], sentence: str
) -> None:
    serve()
    with rebuild(*words) as process:
        assert process.wait() == 1
    assert process.output.startswith(f"tidegate: {sentence}")
    assert len(process.output.splitlines()) == 1


def test_a_rebuild_that_is_killed_is_gone_on_with(
    serve: Serve, rebuild: Callable[..., Any], checkpoints: Any
) -> None:
    serve("--demo")
    with rebuild("--only", "accounts", fold_bytes=1_000) as process:
        _built(checkpoints, process, 20)
        process.send(signal.SIGKILL)
        process.wait()
    left = checkpoints.find_one({"_id": "accounts.1.2"})["position"]
    with rebuild("--only", "accounts") as process:
        assert process.wait() == 0, process.output
    process.said(r"accounts +│ accounts\.1 +│ accounts\.1\.2 +│ [\d,]+ +│ [\d,]+ +│ [0-9a-f]{16} +│ 0 +│ live")
    assert left >= 20
    assert checkpoints.find_one({"_id": "accounts.1.3"}) is None


def _built(checkpoints: Any, process: Process, position: int) -> None:
    def reached() -> bool:
        found = checkpoints.find_one({"_id": "accounts.1.2"})
        return found is not None and found["position"] >= position

    eventually(reached, f"position {position} is built: {process.output}")


def test_two_machines_do_not_rebuild_the_same_read_model(
    serve: Serve, rebuild: Callable[..., Any], checkpoints: Any
) -> None:
    serve("--demo")
    with rebuild("--only", "accounts", fold_bytes=1_000) as one:
        _built(checkpoints, one, 5)
        with rebuild("--all") as other:
            assert other.wait() == 1
        assert "accounts is being rebuilt by somebody else; nothing was changed." in other.output
        one.end(signal.SIGINT)
    assert [each["_id"] for each in checkpoints.find({"generation": 2})] == []
