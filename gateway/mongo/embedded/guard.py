"""Runs one program and ends it when standard input closes: when its parent ends, however that happens.

Started as a script of its own, with the standard library alone: `python -I -S guard.py program argument...`.
Writes the program's process id on the first line of standard output and leaves with the program's exit code.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

SECONDS_TO_END = 20
PR_SET_PDEATHSIG = 1


def guard(command: list[str]) -> int:
    """Runs `command` to its end; a signal n that ended it is reported as 128 + n, as a shell does."""
    try:
        program = subprocess.Popen(  # no thread runs yet that could hold a lock across the fork
            command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            preexec_fn=_die_with_guard(),  # noqa: PLW1509
        )
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 126
    sys.stdout.write(f"{program.pid}\n")
    sys.stdout.flush()
    threading.Thread(target=_end_after_parent, args=[program], daemon=True).start()
    code = program.wait()
    return code if code >= 0 else 128 - code


def _end_after_parent(program: subprocess.Popen[bytes]) -> None:
    while os.read(0, 1024):  # unbuffered: a reader of sys.stdin would hold its lock when this program ends
        pass
    program.terminate()
    try:
        program.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        program.kill()


def _die_with_guard() -> Callable[[], None] | None:
    """On Linux the kernel ends the program even when this guard itself is killed.

    The signal is tied to the thread that forks: here the main thread, the last one to end.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(guard(sys.argv[1:]))
