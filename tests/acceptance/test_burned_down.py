"""The database burns down, and the exported file is enough: log, views, tokens and retries are as they were."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from tests.acceptance.asking import Answer, Asker
from tests.acceptance.customers import BALANCE, Counter
from tests.acceptance.serving import eventually, running, serving

Raw = dict[str, list[bytes]]


@dataclass(frozen=True)
class House:
    """A database that burns, and the command line."""

    uri: str
    name: str
    client: MongoClient[Any]

    def run(self, *arguments: str, fails: bool = False) -> str:
        """What a command prints."""
        with running(*arguments, mongodb_uri=self.uri, database=self.name) as command:
            status = command.wait()
        assert (status != 0) == fails, command.output
        return command.output

    @contextmanager
    def gateway(self, *arguments: str) -> Generator[Asker]:
        """Asks a gateway, which ends with the block."""
        with (
            serving(*arguments, mongodb_uri=self.uri, database=self.name) as gateway,
            Asker(gateway.url) as asker,
        ):
            yield asker

    def log(self) -> list[bytes]:
        return self._raw("events")

    def views(self) -> Raw:
        """Every view of every read model, as MongoDB stores it."""
        names = [each for each in self.client[self.name].list_collection_names() if each.startswith("views.")]
        return {name: self._raw(name) for name in sorted(names)}

    def reached(self, position: int) -> None:
        """Returns when every read model is built up to a position."""
        checkpoints = self.client[self.name]["checkpoints"]
        eventually(
            lambda: all(each["position"] >= position and not each["stopped"] for each in checkpoints.find()),
            f"the read models reach {position}",
        )

    def rebuild(self, position: int) -> Raw:
        """The views that a watcher makes of nothing but the log."""
        with running("watch", mongodb_uri=self.uri, database=self.name) as watcher:
            watcher.said("Watching")
            self.reached(position)
            assert watcher.end() == 0
        return self.views()

    def burn(self) -> None:
        self.client.drop_database(self.name)

    def _raw(self, name: str) -> list[bytes]:
        options = self.client.codec_options.with_options(document_class=RawBSONDocument)
        found = self.client[self.name].get_collection(name, options).find({}, sort=[("_id", 1)])
        return [bytes(each.raw) for each in found]


@pytest.fixture
def house(mongo_uri: str, database: str) -> Iterator[House]:
    with MongoClient[Any](mongo_uri) as client:
        yield House(mongo_uri, database, client)


def deposit(counter: Counter, command: str) -> dict[str, Any]:
    """A deposit that its client remembers, and may send again at any time."""
    return counter.deposited("7.00", command)


def balance(asker: Asker, account: str, token: str) -> Answer:
    """The answer to a read that waits for this token."""
    asker.after = token
    return asker.ask(BALANCE, {"id": account})


def test_the_file_is_enough(house: House, tmp_path: Path) -> None:
    file, head, command = tmp_path / "log.ndjson.gz", tmp_path / "head", str(uuid4())
    with house.gateway("--demo") as asker:
        counter = Counter(asker).open()
        receipt = deposit(counter, command)
        answer = balance(asker, counter.account, receipt["token"]).data
        house.reached(int(receipt["position"]))
        head.write_text(house.run("status", "--head"))
        assert "with its secret" in house.run("export", str(file), "--with-secret")  # beside a running gateway
    log, views, position = house.log(), house.views(), int(receipt["position"])
    assert len(log) == position > 1_000
    assert len(views) >= 5
    assert all(views.values())

    house.burn()
    assert f"Imported positions 1 to {position}" in house.run("import", str(file))
    assert house.log() == log
    assert house.rebuild(position) == views
    assert json.loads(house.run("status", "--head")) == json.loads(head.read_text())
    assert "The log is good" in house.run("verify", "--since", str(head))

    with house.gateway() as asker:
        assert balance(asker, counter.account, receipt["token"]).data == answer
        again = deposit(Counter(asker, counter.account), command)
        assert (again.pop("replayed"), again) == (True, {key: receipt[key] for key in receipt if key != "replayed"})


def test_a_file_without_the_secret_brings_back_all_but_what_the_secret_keys(house: House, tmp_path: Path) -> None:
    command = str(uuid4())
    with house.gateway() as asker:
        counter = Counter(asker).open()
        receipt = deposit(counter, command)
        house.reached(position := int(receipt["position"]))
        plain = house.run("export", "-").splitlines()
        (tmp_path / "log").write_text("\n".join(plain[:-1]) + "\n")  # the last line is the command's own word
    log, views = house.log(), house.views()

    house.burn()
    assert "--new-secret" in house.run("import", str(tmp_path / "log"), fails=True)
    assert house.log() == []
    house.run("import", str(tmp_path / "log"), "--new-secret")
    assert (house.log(), house.rebuild(position)) == (log, views)

    with house.gateway() as asker:
        assert balance(asker, counter.account, receipt["token"]).codes == ["BAD_TOKEN"]
        asker.after = None
        assert deposit(Counter(asker, counter.account), command)["code"] == "COMMAND_ID_REUSED"


def test_the_command_line_says_what_is_wrong_and_ends_with_1(house: House, tmp_path: Path) -> None:
    file, head, foreign = tmp_path / "log", tmp_path / "head", tmp_path / "foreign"
    assert "There is no log" in house.run("verify", fails=True)
    with house.gateway() as asker:
        Counter(asker).open().deposited()
    head.write_text(house.run("status", "--head"))
    noted = json.loads(head.read_text())
    assert "The log is good: position 3, chain" in house.run("verify", "--since", str(head))
    foreign.write_text(json.dumps(noted | {"log": str(uuid4())}))
    assert "another log" in house.run("verify", "--since", str(foreign), fails=True)

    for nowhere in (tmp_path / "missing" / "log", tmp_path):
        said = house.run("export", str(nowhere), fails=True)
        assert f"tidegate: {nowhere} can't be written: " in said
        assert "Traceback" not in said
    house.run("export", str(file), "--to", "2")
    lines = file.read_text().splitlines(keepends=True)
    assert len(lines) == 4
    events = house.client[house.name]["events"]
    events.delete_one({"_id": 3})
    assert "bad from position 3 on: the log ends" in house.run("verify", "--since", str(head), fails=True)
    events.update_one({"_id": 2}, {"$set": {"command.actor": "nobody"}})
    assert "bad from position 2 on: its bytes" in house.run("verify", fails=True)

    house.burn()
    file.write_text("".join([lines[0], lines[2], lines[1], lines[3]]))
    assert "refused at line 2" in house.run("import", str(file), "--new-secret", fails=True)
    file.write_text("".join(lines))
    assert "Imported positions 1 to 2" in house.run("import", str(file), "--new-secret")
    assert "This log is there" in house.run("import", str(file), "--new-secret", fails=True)
