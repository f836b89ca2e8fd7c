"""wrk on its own core: requests from a file in rotation, every answer looked at."""

import asyncio
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.placement import on_core

_RESULT = re.compile(r"requests=(\d+) seconds=([\d.]+) wrong=(\d+) p50=([\d.]+) p99=([\d.]+)")
_SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True)
class Request:
    """One request; the body is JSON, or empty."""

    method: str
    path: str
    body: bytes = b""

    @property
    def line(self) -> bytes:
        return f"{self.method} {self.path} ".encode() + self.body


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk is to send, and how: `expected` are the texts of all right answers' data."""

    requests: Sequence[Request]
    connections: int
    expected: Sequence[str] | None = None
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """What wrk saw: latencies in milliseconds, and the ids of acknowledged writes."""

    count: int
    rate: float
    p50: float
    p99: float
    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Loader:
    """wrk on a core, with a folder for its files."""

    core: int
    folder: Path

    async def run(self, address: str, load: Load, seconds: float) -> Answers:
        """Sends for so long. Ends the run at a wrong answer: a fast wrong answer is worth nothing."""
        ids = self.folder / "acknowledged"
        requests, expected = self._written("requests", [each.line for each in load.requests]), "-"
        if load.expected is not None:
            expected = self._written("expected", [each.encode() for each in load.expected])
        words = [_wrk(), "-t1", f"-c{load.connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
        words += ["-s", str(_SCRIPT), address, "--", requests, expected, str(ids) if load.acknowledged else "-"]
        output = await _output(on_core(self.core, words))
        return _read(output, ids.read_text().split() if load.acknowledged else ())

    def _written(self, name: str, lines: Sequence[bytes]) -> str:
        path = self.folder / name
        path.write_bytes(b"\n".join(lines) + b"\n")
        return str(path)


def _wrk() -> str:
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit("wrk is not installed: `apt-get install wrk` brings it.")
    return found


async def _output(command: Sequence[str]) -> str:
    running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        output, _ = await running.communicate()
    except asyncio.CancelledError:
        running.terminate()
        await running.wait()
        raise
    return output.decode()


def _read(output: str, ids: Sequence[str]) -> Answers:
    found = _RESULT.search(output)
    if found is None or found[3] != "0":
        raise SystemExit(f"wrk saw a wrong answer:\n{output}")
    requests, seconds, _, p50, p99 = map(float, found.groups())
    return Answers(int(requests), requests / seconds, p50, p99, ids)
