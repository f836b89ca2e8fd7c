"""The fingerprint of code: the same in every process, another one after every change that could matter."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gateway.application.code import fingerprint
from tests.application.edits import EDITS, UNTOLD, WHY, Shop

STATE = """
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
"""
OTHERS = {
    "prices.py": "BASE = (1, 2, frozenset({'x', 'y'}), {'a': [3]})\n",
    "taxes.py": """
from . import rules

RATE = 19


class Tax:
    def __init__(self, size):
        self.size = size

    def on(self, basket):
        return rules.TABLE["tax"](basket)
""",
    "rules.py": "TABLE = {'tax': lambda basket: basket.plus(1)}\n",
    "commands.py": "from shop.state import evolve\n\ndef buy(command, basket):\n    return None\n",
}


def shop(old: str, new: str) -> Shop:
    return Shop(STATE, (old, new), OTHERS)


SAME = {
    "a comment": shop("# the tax is in it\n", "# the tax is in it\n\n    # so it is\n"),
    "a command on which no state depends": shop("return None", "return command"),
}
OTHER = {
    **EDITS,
    "an operator": shop("amount * RATE", "amount + RATE"),
    "a default": shop("bonus=5", "bonus=6"),
    "a set": shop('{"a", "b"}', '{"a", "c"}'),
    "a method": shop("total + amount", "total - amount"),
    "a field's default": shop("total: int = 0", "total: int = 1"),
    "an enum's value": shop("SMALL = 1", "SMALL = 2"),
    "a function that is cached": shop("round(event, 2)", "round(event, 3)"),
    "a constant of another module": shop("RATE = 19", "RATE = 20"),
    "a key": shop('"tax"](', '"toll"]('),
    "a tuple": shop("BASE = (1", "BASE = (0"),
    "a set in a tuple": shop("'y'", "'z'"),
    "a list in a dict in a tuple": shop("[3]", "[4]"),
    "a function in a dict": shop("plus(1)", "plus(2)"),
}
SHOPS = {**SAME, **OTHER, **UNTOLD}
NUMBERS = {name: number for number, name in enumerate(SHOPS)}

ASK = """
import importlib, json, sys
from gateway.application.code import fingerprint
found = []
for each in sys.argv[1:]:
    state, reasons = importlib.import_module(each + ".state"), []
    found.append(fingerprint(state.evolve, untold=reasons.append) or reasons[0])
print(json.dumps(found))
"""


def run(folder: Path, program: str, *arguments: str, seed: int = 1) -> str:
    """What a program prints in a new process, which finds the folder's packages."""
    environment = {
        "PYTHONHASHSEED": str(seed),
        "PYTHONPATH": f"{folder}:{Path(__file__).parents[2]}",
        "PYTHONDONTWRITEBYTECODE": "1",  # a file that is edited within a second could look unchanged
    }
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def write(folder: Path, package: str, files: Mapping[str, str]) -> None:
    (folder / package).mkdir(parents=True)
    for name, text in files.items():
        (folder / package / name).write_text(text.replace("shop", package))


def asked(folder: Path, edited: bool, seed: int = 1) -> dict[str, str]:
    """The fingerprints of all shops, or why there is none, by a new process; each is a package of its own."""
    for name, each in SHOPS.items():
        write(folder, f"shop{NUMBERS[name]}", each.edited if edited else each.files)
    found = run(folder, ASK, *(f"shop{number}" for number in NUMBERS.values()), seed=seed)
    return dict(zip(SHOPS, json.loads(found), strict=True))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return asked(tmp_path_factory.mktemp("before"), edited=False)


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return asked(tmp_path_factory.mktemp("after"), edited=True, seed=2)


def test_it_is_the_same_in_every_process_and_folder(before: dict[str, str], tmp_path: Path) -> None:
    assert asked(tmp_path, edited=False, seed=3) == before


@pytest.mark.parametrize("name", SAME)
def test_what_does_not_matter_makes_no_difference(name: str, before: dict[str, str], after: dict[str, str]) -> None:
    assert SHOPS[name].files != SHOPS[name].edited
    assert len(before[name]) == 64
    assert after[name] == before[name]


@pytest.mark.parametrize("name", OTHER)
def test_whatever_a_state_depends_on_makes_another_one(
    name: str, before: dict[str, str], after: dict[str, str]
) -> None:
    assert SHOPS[name].files != SHOPS[name].edited
    assert [len(each[name]) for each in (before, after)] == [64, 64]
    assert after[name] != before[name]


@pytest.mark.parametrize("name", UNTOLD)
def test_where_it_can_not_be_told_it_says_why(name: str, before: dict[str, str], after: dict[str, str]) -> None:
    assert WHY[name] in before[name]
    assert WHY[name] in after[name]


REPLACE = """
import sys
from pathlib import Path
import shop.state
from gateway.application import code, sources
file, old, new, trusting = sys.argv[1:]
if trusting:
    sources._STARTED = 2**63
text = Path(file).read_text()
Path(file).write_text(text.replace(old, new))
print(code.fingerprint(shop.state.evolve))
"""


@pytest.mark.parametrize("trusting", ["", "trusting"], ids=["its time says so", "its time says nothing"])
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("state.py", "amount * RATE", "amount + RATE"),
        ("state.py", "total + amount", "total - amount"),
        ("state.py", "bonus=5", "bonus=6"),
        ("state.py", "total: int = 0", "total: int = 1"),
        ("state.py", "round(event, 2)", "round(event, 3)"),
        ("taxes.py", "RATE = 19", "RATE = 20"),
        ("prices.py", "[3]", "[4]"),
        ("rules.py", "plus(1)", "plus(2)"),
    ],
)
def test_a_file_that_was_replaced_is_never_taken_for_the_code_that_was_loaded(
    tmp_path: Path, file: str, old: str, new: str, trusting: str
) -> None:
    write(tmp_path, "shop", shop(old, new).files)
    replaced = run(tmp_path, REPLACE, str(tmp_path / "shop" / file), old, new, trusting).strip()
    assert replaced == "None" or (trusting and replaced != json.loads(run(tmp_path, ASK, "shop"))[0])


def test_modules_may_import_each_other_in_a_long_chain(tmp_path: Path) -> None:
    chain = {f"m{number}.py": f"from shop.m{number + 1} import RATE\n" for number in range(120)}
    files = {"__init__.py": "", "state.py": "from shop.m0 import RATE\ndef evolve(state, event): return RATE\n"}
    found: list[str] = []
    for number, rate in enumerate(("19", "20")):
        write(tmp_path / str(number), "shop", files | chain | {"m120.py": f"RATE = {rate}\n"})
        found += json.loads(run(tmp_path / str(number), ASK, "shop"))
    assert [len(each) for each in found] == [64, 64]
    assert found[0] != found[1]


def test_a_module_named_like_one_of_pythons_own_counts_with_its_source(tmp_path: Path) -> None:
    files = {"__init__.py": "", "state.py": "from sched import RATE\ndef evolve(state, event): return RATE\n"}
    write(tmp_path, "shop", files)
    found: list[str] = []
    for rate in ("19", "20"):
        (tmp_path / "sched.py").write_text(f"RATE = {rate}\n")
        found += json.loads(run(tmp_path, ASK, "shop"))
    assert [len(each) for each in found] == [64, 64]
    assert found[0] != found[1]


UPGRADE = """
import sys
from gateway.application import code
real = code.version
code.version = lambda name: "new" if name == sys.argv[1] else real(name)
import shop.state
print(code.fingerprint(shop.state.evolve))
"""


def test_versions_count_of_the_gateway_and_of_installed_packages_that_are_imported(tmp_path: Path) -> None:
    state = "from bson import Int64\nimport json\ndef evolve(state, event): return Int64(state)\n"
    write(tmp_path, "shop", {"__init__.py": "", "state.py": state})
    found = {name: run(tmp_path, UPGRADE, name).strip() for name in ("none", "starlette", "pymongo", "tidegate")}
    assert {len(each) for each in found.values()} == {64}
    assert found["starlette"] == found["none"]
    assert len(set(found.values())) == 3


class Odd:
    def __call__(self) -> int:
        return 1


@pytest.mark.parametrize("function", [print, Odd(), Odd, Odd().__call__], ids=lambda each: type(each).__name__)
def test_what_is_no_plain_function_is_no_reason_to_fail(function: Callable[..., object]) -> None:
    reasons: list[str] = []
    assert fingerprint(function, untold=reasons.append) is None
    assert "no plain function" in reasons[0]
