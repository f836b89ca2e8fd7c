"""A machine that cannot run the embedded MongoDB gets one sentence with the remedy."""

import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import pytest

from gateway.mongo.embedded import EmbeddedUnavailable, embedded_blocking
from gateway.mongo.embedded.binary import find_mongod

MODERN = 'case "$*" in *--version*) echo "db version v7.0.1"; exit ;; esac\n'


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def put_mongod(path: Path, script: str) -> Path:
    program = path / "mongod"
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(0o755)
    return program


@dataclass(frozen=True)
class Usage:
    """What is asked of a disk."""

    free: int


def nearly_full(_: Path) -> Usage:
    return Usage(free=100_000_000)


def refusal(data_dir: Path) -> str:
    with pytest.raises(EmbeddedUnavailable) as refused, embedded_blocking(data_dir):
        pass
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence


def test_a_mongod_of_version_7_on_the_path_is_taken(path: Path) -> None:
    program = put_mongod(path, MODERN)
    assert find_mongod() == program


@pytest.mark.parametrize("version", ["5.0.32", "9.0.0"])
def test_a_mongod_of_another_age_is_passed_over(path: Path, version: str) -> None:
    program = put_mongod(path, f"echo db version v{version}")
    assert find_mongod() != program


def test_without_any_mongod_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def no_package(name: str) -> NoReturn:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", no_package)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "pip install 'tidegate[embedded]'" in refusal(tmp_path)


def test_a_missing_system_library_is_named_with_its_debian_package(path: Path, tmp_path: Path) -> None:
    put_mongod(path, MODERN + "echo 'error while loading shared libraries: libcurl.so.4' >&2; exit 127")
    sentence = refusal(tmp_path / "data")
    assert "libcurl.so.4" in sentence
    assert "apt-get install -y libcurl4" in sentence


def test_a_processor_without_avx_is_named(path: Path, tmp_path: Path) -> None:
    put_mongod(path, MODERN + "kill -ILL $$")
    assert "lacks AVX" in refusal(tmp_path / "data")


def test_a_program_that_cannot_be_executed_says_why(path: Path, tmp_path: Path) -> None:
    put_mongod(path, MODERN + "echo out of order >&2; exit 3")
    assert "ended at once with code 3, saying: out of order." in refusal(tmp_path / "data")


def test_too_little_room_is_refused_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    sentence = refusal(tmp_path / "data")
    assert f"needs 400 MB in {tmp_path / 'data'}, where 100 MB are free: make room" in sentence
    assert not (tmp_path / "data" / "mongod-0").exists()


def test_a_data_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert f"The data directory {tmp_path / 'data'} cannot be used" in refusal(tmp_path / "data")
