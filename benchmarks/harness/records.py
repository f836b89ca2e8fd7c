"""What a row's rounds have found, kept as JSON, so that one row can be measured anew without the others."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from benchmarks.harness.figures import Sample


@dataclass(frozen=True, slots=True)
class Record:
    """The samples of one row, with the circumstances that they were taken in."""

    row: str
    day: str
    machine: str
    placement: str
    busy: float
    seconds: float
    samples: dict[str, list[Sample]]

    @property
    def rounds(self) -> int:
        return max((len(each) for each in self.samples.values()), default=0)


def write(folder: Path, record: Record) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = orjson.dumps(asdict(record), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    (folder / f"{record.row}.json").write_bytes(text)


def read(folder: Path, rows: Sequence[str]) -> dict[str, Record]:
    """The records of those rows that were measured, by the row's name."""
    found = {name: folder / f"{name}.json" for name in rows}
    return {name: _record(orjson.loads(path.read_bytes())) for name, path in found.items() if path.exists()}


def _record(document: dict[str, Any]) -> Record:
    samples = {name: [Sample(**each) for each in found] for name, found in document["samples"].items()}
    named: dict[str, Any] = {**document, "samples": samples}
    return Record(**named)
