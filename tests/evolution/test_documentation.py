"""The worked examples of docs/evolution.md do what the page says."""

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bson
import pytest
from bson import Int64

from gateway.application.reading import read
from gateway.eventlog.encoding import decode_commit
from gateway.eventlog.upcasting import stored
from gateway.messages import shown
from tests.support.logs import NOON

PAGE = (Path(__file__).parents[2] / "docs" / "evolution.md").read_text("utf-8")
EXAMPLES = re.findall(r"^### Example: (.*?)\n(.*?)(?=^##)", PAGE, re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```(python|json)\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture
def module() -> Iterator[ModuleType]:
    """A module for an example's code: annotations are resolved in it."""
    made = ModuleType("worked_example")
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


@pytest.mark.parametrize(("text"), [text for _, text in EXAMPLES], ids=[title for title, _ in EXAMPLES])
def test_a_worked_example_is_read_as_it_says(module: ModuleType, text: str) -> None:
    (language, code), (_, event), (_, result) = BLOCK.findall(text)
    assert language == "python"
    exec(compile(code, "docs/evolution.md", "exec"), module.__dict__)
    expected = eval(result, module.__dict__)
    commit = decode_commit(read(module.__dict__["application"]), committed(json.loads(event)))
    assert [each.event for each in shown(commit.events)] == expected
    assert {each.version for each in commit.events} == {7}


def committed(event: dict[str, Any]) -> bytes:
    """A stored commit with this event in it."""
    first = next(iter(event["data"].values()))
    kind = {"1": "account", "ada": "customer", "7": "loan"}[first]
    command = {"id": bson.Binary(bytes(16), 4), "name": "Do", "fingerprint": bytes(32), "actor": "tester"}
    document = {
        "_id": Int64(1),
        "at": NOON,
        "events": [{"stream": f"{kind}-{first}", "version": 7, **event, "data": stored(event["data"])}],
        "command": command,
        "correlation": None,
        "causation": None,
        "previous": bytes(32),
        "chain": bytes(32),
    }
    return bson.encode(document)


def test_every_kind_of_change_has_an_example() -> None:
    titles = " ".join(title for title, _ in EXAMPLES)
    assert len(EXAMPLES) == 6
    for each in ("fields are renamed", "field is split", "one is dropped", "added", "event is renamed", "into two"):
        assert each in titles


def test_all_other_python_on_the_page_is_python() -> None:
    for language, code in BLOCK.findall(PAGE):
        if language == "python":
            ast.parse(code)
