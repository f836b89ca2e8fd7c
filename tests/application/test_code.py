"""The fingerprint of code: the same in every process, another one after every change that could matter."""

import subprocess
import sys
from pathlib import Path

import pytest

FILES = {
    "shop/__init__.py": "",
    "shop/state.py": """
from dataclasses import dataclass
from enum import Enum
from functools import cache

from shop import prices
from shop.taxes import RATE, Tax


class Size(Enum):
    SMALL = 1


@dataclass(frozen=True, slots=True)
class Basket:
    total: int = 0

    def plus(self, amount: int) -> "Basket":
        return Basket(self.total + amount)


def evolve(basket, event, bonus=5):
    # the tax is in it
    def taxed(amount):
        return amount * RATE + prices.BASE
    return basket.plus(taxed(rounded(event))) if {"a", "b"} else Tax(Size.SMALL).on(basket)


@cache
def rounded(event):
    return round(event, 2)
""",
    "shop/prices.py": "BASE = (1, 2, frozenset({'x', 'y'}), {'a': [3]})\n",
    "shop/taxes.py": """
from shop import rules

RATE = 19


class Tax:
    def __init__(self, size):
        self.size = size

    def on(self, basket):
        return rules.TABLE["tax"](basket)
""",
    "shop/rules.py": "TABLE = {'tax': lambda basket: basket.plus(1)}\n",
    "shop/commands.py": "from shop.state import evolve\n\ndef buy(command, basket):\n    return None\n",
}
ASK = """
import shop.commands
from gateway.application.code import fingerprint
print(fingerprint(shop.state.evolve))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def asked(folder: Path, seed: int = 1) -> str:
    """What a new process says."""
    environment = {
        "PYTHONHASHSEED": str(seed),
        "PYTHONPATH": f"{folder}:{Path(__file__).parents[2]}",
        "PYTHONDONTWRITEBYTECODE": "1",  # a file that is edited within a second could look unchanged
    }
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def edited(folder: Path, file: str, old: str, new: str) -> Path:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    return folder


def test_it_is_the_same_in_every_process(folder: Path) -> None:
    assert len(asked(folder)) == 64
    assert len({asked(folder, seed) for seed in (1, 2, 3)}) == 1


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("shop/state.py", "# the tax is in it\n", "# the tax is in it\n\n    # so it is\n"),
        ("shop/commands.py", "return None", "return command"),
    ],
    ids=["a comment", "a command on which no state depends"],
)
def test_what_does_not_matter_makes_no_difference(folder: Path, file: str, old: str, new: str) -> None:
    before = asked(folder)
    assert asked(edited(folder, file, old, new)) == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("shop/state.py", "amount * RATE", "amount + RATE"),
        ("shop/state.py", "bonus=5", "bonus=6"),
        ("shop/state.py", '{"a", "b"}', '{"a", "c"}'),
        ("shop/state.py", "total + amount", "total - amount"),
        ("shop/state.py", "total: int = 0", "total: int = 1"),
        ("shop/state.py", "SMALL = 1", "SMALL = 2"),
        ("shop/state.py", "round(event, 2)", "round(event, 3)"),
        ("shop/taxes.py", "RATE = 19", "RATE = 20"),
        ("shop/taxes.py", '"tax"', '"toll"'),
        ("shop/prices.py", "BASE = (1", "BASE = (0"),
        ("shop/prices.py", "'y'", "'z'"),
        ("shop/prices.py", "[3]", "[4]"),
        ("shop/rules.py", "plus(1)", "plus(2)"),
    ],
    ids=lambda text: text.removeprefix("shop/") if isinstance(text, str) else None,
)
def test_whatever_the_function_can_reach_makes_another_one(folder: Path, file: str, old: str, new: str) -> None:
    before = asked(folder)
    assert asked(edited(folder, file, old, new)) not in (before, "None")


def test_where_it_can_not_be_told_it_says_so(folder: Path) -> None:
    assert asked(edited(folder, "shop/prices.py", "BASE =", "THING = object()\nBASE =")) == "None"
