"""Tidegate as its users run it: processes of its command, told what to do by flags and the environment."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Thread

ROOT = Path(__file__).parents[2]
TIDEGATE = (str(Path(sys.executable).with_name("tidegate")),)

SECONDS = 60.0
"""How long a process may take to say what is expected of it; alone on a machine it takes less than 5."""


class Process:
    """A running command, in a process group of its own; every line that it prints is kept."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [*command],
            cwd=ROOT,
            env=_outside_settings() | dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: list[str] = []
        self._ended = False
        self._news = Condition()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def said(self, pattern: str) -> re.Match[str]:
        """The first place where its output has the pattern; waits for it."""
        deadline = time.monotonic() + SECONDS
        with self._news:
            while (found := re.search(pattern, self.output)) is None:
                remaining = deadline - time.monotonic()
                assert not self._ended, f"It ended and never said {pattern!r}:\n{self.output}"
                assert remaining > 0, f"It did not say {pattern!r} in {SECONDS:.0f} s:\n{self.output}"
                self._news.wait(remaining)
        return found

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def interrupt(self) -> None:
        """Ctrl-C in a terminal: SIGINT to the whole process group."""
        os.killpg(self.pid, signal.SIGINT)

    def wait(self, seconds: float = SECONDS) -> int:
        """The exit status, when everything it printed is here."""
        status = self._process.wait(seconds)
        self._reader.join(SECONDS)
        return status

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit status after this signal; killed, and an error, if it does not end."""
        if self._process.poll() is None:
            self.send(number)
        try:
            return self.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"It did not end in 30 s:\n{self.output}") from None

    def close(self) -> None:
        """Whatever happened: it runs no longer."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join(SECONDS)
        if self._process.stdout:
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()


class Gateway(Process):
    """`tidegate serve`, ready when this is made."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        super().__init__(command, environment)
        try:
            self.url = self.said(r"(http://\S+)/graphql")[1]
        except BaseException:
            self.close()
            raise


@contextmanager
def running(*arguments: str, **settings: str | float) -> Generator[Process]:
    """A command of Tidegate with settings from the environment; killed when the block is left."""
    process = Process([*TIDEGATE, *arguments], _environment(settings))
    try:
        yield process
    finally:
        process.close()


@contextmanager
def started(*arguments: str, program: Sequence[str] = TIDEGATE, **settings: str | float) -> Generator[Gateway]:
    """`tidegate serve` on a free port; killed when the block is left."""
    gateway = Gateway([*program, "serve", *arguments], _environment({"port": 0, **settings}))
    try:
        yield gateway
    finally:
        gateway.close()
        print(gateway.output)  # noqa: T201 # pytest shows it with a failure


@contextmanager
def serving(*arguments: str, program: Sequence[str] = TIDEGATE, **settings: str | float) -> Generator[Gateway]:
    """The same, but told to end when the block is left: it must do that cleanly."""
    with started(*arguments, program=program, **settings) as gateway:
        yield gateway
        status = gateway.end()
        assert status == 0, f"serve ended with status {status}:\n{gateway.output}"


def eventually(holds: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Returns when something outside of this process has come about."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"Not within {seconds:.0f} s: {what}"
        time.sleep(0.01)


def runs(pid: int) -> bool:
    """Whether there is such a process; one that ended and whose parent has not looked yet is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone, the second while it was being looked at
        return False


def _environment(settings: Mapping[str, str | float]) -> dict[str, str]:
    return {f"TIDEGATE_{name.upper()}": str(value) for name, value in settings.items()}


def _outside_settings() -> dict[str, str]:
    """This process's environment without settings of Tidegate's: tests give their own. Tables get their room.

    One remains: with `TIDEGATE_PLANS=off` all tests ask gateways without plans, for the same answers.
    """
    tests_own = {name for name in os.environ if name.startswith("TIDEGATE_")} - {"TIDEGATE_PLANS"}
    kept = {name: value for name, value in os.environ.items() if name not in tests_own}
    return {**kept, "COLUMNS": "150"}
