"""Making the virtual environment: what keeps a machine from having one is said in one sentence."""

import shutil
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.setup.tools import ROOT

INSTALL = ROOT / "setup" / "install.sh"


def refusal(python: str | Path, folder: Path) -> str:
    """What the script says, in a folder of its own, of a Python that will not do."""
    shell = shutil.which("sh")
    assert shell
    command = [shell, str(INSTALL), str(python), ".venv", str(ROOT / "requirements" / "run.txt")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert not (folder / ".venv").exists()
    return done.stderr


def fake_python(folder: Path, script: str) -> Path:
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_no_python(tmp_path: Path) -> None:
    assert refusal("python-of-nowhere", tmp_path) == (
        "There is no python-of-nowhere: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3\n"
    )


def test_an_old_python(tmp_path: Path) -> None:
    old = fake_python(tmp_path, '[ "$1" = --version ] && echo Python 3.10.2; exit 1')
    assert refusal(old, tmp_path) == (
        "Python 3.10.2 is too old: install Python 3.11 or newer, or name one: make PYTHON=python3.12\n"
    )


def test_a_python_without_venv_as_debian_splits_it(tmp_path: Path) -> None:
    bare = fake_python(tmp_path, f'case "$2" in *ensurepip*) exit 1 ;; esac; exec {sys.executable} "$@"')
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert refusal(bare, tmp_path) == (
        f"{bare} cannot make a virtual environment: run apt-get install -y python{version}-venv\n"
    )


@pytest.mark.parametrize("name", ["run", "test", "image", "build"])
def test_every_locked_package_has_a_hash_and_no_index_is_named(name: str) -> None:
    lock = (ROOT / "requirements" / f"{name}.txt").read_text()
    packages = [entry for entry in lock.replace("\\\n", " ").splitlines() if not entry.startswith("#")]
    assert packages
    assert all("--hash=sha256:" in entry for entry in packages)
    assert "://" not in lock


def test_the_lock_files_have_all_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert lacking("image", project["dependencies"]) == []
    assert lacking("run", project["dependencies"] + extras["embedded"]) == []
    assert lacking("test", [*project["dependencies"], *chain(*extras.values())]) == []


def lacking(name: str, wanted: list[str]) -> list[str]:
    locked = versions(name)
    requirements = [Requirement(each) for each in wanted]
    return [str(each) for each in requirements if locked.get(each.name, "0") not in each.specifier]


def test_what_runs_is_tested_in_the_same_versions() -> None:
    tested = versions("test")
    assert {name: tested[name] for name in versions("run")} == versions("run")
    assert {name: tested[name] for name in versions("image")} == versions("image")


def versions(name: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    pins = [entry.split(" ")[0].split("==") for entry in lines if entry[0].isalnum()]
    return dict(pins)
