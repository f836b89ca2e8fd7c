"""The command line: what it lists, and that a command loads no more than it needs."""

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from gateway.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]

_RUN = """
import sys
from gateway.cli.main import main
try:
    main()
except SystemExit:
    pass
print("loaded", *sorted(sys.modules))
"""

_SERVES = {"serve", "schema"}
"""The commands that make a schema."""

_WEB = {"strawberry", "graphql", "uvicorn", "starlette", "uvloop", "prometheus_client"}


def typed(*arguments: str) -> str:
    """What `tidegate` prints, and behind that the names of all modules that it has loaded."""
    command = [sys.executable, "-c", _RUN, *arguments]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    return answer.stdout.decode()


def loaded(printed: str) -> set[str]:
    return set(printed.rpartition("\nloaded ")[2].split())


@pytest.mark.parametrize("command", [each for each in COMMANDS if each not in _SERVES])
def test_a_command_that_serves_nothing_loads_nothing_of_graphql_and_the_web(command: str) -> None:
    assert loaded(typed(command, "--help")) & _WEB == set()


@pytest.mark.parametrize("command", ["status", "verify", "watch"])
def test_nor_does_it_when_it_has_an_application(command: str) -> None:
    nowhere = ["--mongodb-uri", "mongodb://127.0.0.1:9/?replicaSet=none&serverSelectionTimeoutMS=10"]
    printed = typed(command, *nowhere)
    assert "MongoDB does not answer" in printed
    assert {"bank", "pymongo"} <= loaded(printed)
    assert loaded(printed) & _WEB == set()


def test_what_supervises_workers_loads_nothing_of_what_they_serve_with() -> None:
    printed = typed("serve", "--workers", "2", "--host", "192.0.2.1")
    assert "Can't listen on 192.0.2.1" in printed
    assert loaded(printed) & (_WEB | {"bank"}) == set()


def test_help_lists_every_command_with_its_line() -> None:
    printed = re.sub(r"[│\s]+", " ", typed("--help"))
    for each in COMMANDS:
        assert f" {each} {_line(each)}" in printed


def _line(name: str) -> str:
    """The beginning of the sentence with which a command describes itself: long ones are broken."""
    own = "import_" if name == "import" else name
    found = getattr(import_module(f"gateway.cli.{own}"), own)
    text = found.info.help if isinstance(found, typer.Typer) else inspect.getdoc(found)
    assert text
    return text[:25]


def test_a_command_that_there_is_not_is_refused_with_those_that_are_near() -> None:
    assert "No such command 'stats'. Did you mean 'status'?" in re.sub(r"[│\s]+", " ", typed("stats"))


@pytest.mark.parametrize("count", ["0", "-1", "65"])
def test_a_number_of_workers_that_makes_no_sense_gets_one_sentence(count: str) -> None:
    (sentence,) = typed("serve", "--workers", count).partition("\nloaded ")[0].splitlines()
    assert re.fullmatch(r"tidegate: workers: Input should be (greater|less) than or equal to (1|64)", sentence)


def test_what_a_worker_is_handed_is_not_for_users() -> None:
    assert "--as-worker is not for users" in typed("serve", "--as-worker", "nonsense")
    assert "as-worker" not in typed("serve", "--help")
