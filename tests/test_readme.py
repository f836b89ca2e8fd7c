"""The README's commands, typed one after the other into a bank with nothing but its demo data."""

import json
import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.serving import Gateway, serving

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def examples() -> list[tuple[str, Any]]:
    """Each curl command with the JSON block that follows it."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text("utf-8"))
    following = pairwise(blocks)
    return [(text, json.loads(answer)) for (_, text), (kind, answer) in following if kind == "json"]


@pytest.fixture
def demo_bank(mongo_uri: str, database: str) -> Iterator[Gateway]:
    with serving("--demo", mongodb_uri=mongo_uri, database=database) as gateway:
        yield gateway


def typed(command: str, gateway: Gateway) -> Any:
    script = command.replace("http://127.0.0.1:8000", gateway.url)
    return json.loads(subprocess.run(["sh", "-c", script], capture_output=True, check=True, timeout=30).stdout)


def test_every_curl_command_of_the_readme_has_its_answer_below_it() -> None:
    commands = (ROOT / "README.md").read_text("utf-8").count("```sh\ncurl")
    assert commands == len(examples()) > 0


def test_the_commands_of_the_readme_give_the_answers_that_it_shows(demo_bank: Gateway) -> None:
    for command, answer in examples():
        assert typed(command, demo_bank)["data"] == answer["data"]


def test_the_two_commands_of_the_readme_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = re.findall(r"^make (\w+)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert named == ["run", "test"]
    assert all(re.search(rf"^{name}:", makefile, re.MULTILINE) for name in named)


def test_no_placeholder_is_left_and_a_figure_stands_in_the_results() -> None:
    readme = re.sub(r"`[^`]*`", "", BLOCK.sub("", (ROOT / "README.md").read_text("utf-8")))
    assert re.findall(r"\b[A-Z]{2,}_[A-Z_]+\b", readme) == []
    (ratio,) = re.findall(r"did\s+([0-9.]+) of PyMongo's look-ups", readme)
    assert f"**{ratio}**" in (ROOT / "benchmarks" / "RESULTS.md").read_text("utf-8")
