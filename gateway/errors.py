"""Everything that the gateway refuses or fails at.

GatewayError
├── InvalidApplication     the composition root does not fit together; lists every mistake
├── ContractBroken         events of the log would become unreadable; says what to do
├── InvalidSettings        a setting has no meaning
├── Unsuitable             this MongoDB or this machine can't carry a log; says what to do
├── WorkerEnded            a worker ended before it could serve
├── BadInput               a client's value is refused before anything is decided
│   ├── BadToken           a token that this log did not give
│   ├── BadCursor          a cursor that this connection did not give
│   ├── CursorExpired      a cursor that can't be gone on from any more
│   ├── BadPage            a page that is not offered
│   ├── BadAsOf            a moment that has not come yet
│   └── NoHistory          a read model that keeps no past is asked for it
├── CommandIdReused        the command id belongs to another command
├── CommandFailed          a command function raised; nothing was changed
├── CommitTooLarge         a command with more events than one commit holds
├── CommitUnknown          it is not known whether the commit landed; the same id settles it
├── Unavailable            MongoDB did not answer in time; nothing was changed
├── NotYetVisible          a read model did not reach the token's position in time
├── FileRefused            a file is not what an export wrote; names the line
├── ReadModelStopped       a read model can't go on; names the position
├── ViewParked             a view lacks events that its read model could not apply; names the first one's position
├── NotRetried             a parked key can't be retried, skipped or shown; nothing was changed
├── ReadModelNotBuilt      a read model was never built in the shape that this code reads
├── RebuildRefused         a read model can't be rebuilt or rolled back now; says why
└── LogBroken              the log is not what it was, or not what this application knows
    ├── HoleInLog          a commit is missing; nothing is read past it
    └── UndecodableEvent   an event that this application, or a commit that this release, does not know

Errors carry data and say one sentence. Only `gateway.api` and `gateway.web` turn them into codes.
"""

from collections.abc import Sequence
from uuid import UUID


class GatewayError(Exception):
    """The base of all errors that the gateway raises on purpose."""


class InvalidApplication(GatewayError):
    """The application's parts do not fit together."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        listed = problems[0] if len(problems) == 1 else "".join(f"\n- {each}" for each in problems)
        super().__init__(f"The application does not fit together: {listed}")


class ContractBroken(GatewayError):
    """The application can't read all that its contract says the log may hold."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        listed = "\n".join(f"- {each}" for each in problems)
        super().__init__(f"The application does not keep the contract of its events:\n{listed}")


class InvalidSettings(GatewayError):
    """A setting has no meaning."""


class Unsuitable(GatewayError):
    """This MongoDB or this machine can't carry a log; the sentence says what to do."""


class WorkerEnded(GatewayError):
    """A worker ended before all could serve; what is wrong, it has said itself."""

    def __init__(self, number: int, how: str) -> None:
        super().__init__(f"Worker {number} ended before all could serve: {how}.")


class BadInput(GatewayError):
    """A client's value is refused; `path` names the place in the input."""

    def __init__(self, message: str, path: Sequence[str] = ()) -> None:
        self.path = tuple(path)
        super().__init__(message)


class BadToken(BadInput):
    """A token that this log did not give."""


class BadCursor(BadInput):
    """A cursor that this connection did not give."""


class CursorExpired(BadInput):
    """A cursor that can't be gone on from any more; begin anew."""


class BadPage(BadInput):
    """A page that is not offered."""


class BadAsOf(BadInput):
    """A moment that has not come yet: nobody knows how things will stand then."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ("asOf",))


class NoHistory(BadInput):
    """A read model that keeps no past is asked how it stood."""

    def __init__(self, read_model: str) -> None:
        super().__init__(f"The read model {read_model} keeps no past: it can be read as it is now only.")


class CommandIdReused(GatewayError):
    """The command id belongs to a command with other content or of another actor."""

    def __init__(self, command_id: UUID) -> None:
        self.command_id = command_id
        super().__init__("This command id was used for another command; use a new one.")


class CommandFailed(GatewayError):
    """A command function raised: a fault of the application; nothing was changed."""


class CommitTooLarge(GatewayError):
    """A command with more events, or more bytes of them, than one commit holds; nothing was changed."""

    def __init__(self, events: int, size: int) -> None:
        self.events, self.size = events, size
        super().__init__(f"One commit holds 1,000 events and 1 MB; this command has {events} in {size} bytes.")


class CommitUnknown(GatewayError):
    """It is not known whether the commit landed."""

    def __init__(self, command_id: UUID) -> None:
        self.command_id = command_id
        super().__init__(
            "It is not known whether the command was accepted; send it again with the same command id."
        )


class Unavailable(GatewayError):
    """MongoDB did not answer in time; nothing was changed."""


class NotYetVisible(GatewayError):
    """A read model did not reach the token's position in time."""

    def __init__(self, read_model: str, wanted: int, reached: int) -> None:
        self.read_model, self.wanted, self.reached = read_model, wanted, reached
        super().__init__(f"Position {wanted} is not visible in {read_model} yet; it has reached {reached}.")


class ReadModelStopped(GatewayError):
    """A read model can't go on; what it shows stands still at `reached`."""

    def __init__(self, read_model: str, reached: int, reason: str) -> None:
        self.read_model, self.reached, self.reason = read_model, reached, reason
        super().__init__(f"The read model {read_model} stopped at position {reached}: {reason}")


class ViewParked(GatewayError):
    """A view lacks events from the one at `position` on: its read model could not apply that one."""

    def __init__(self, read_model: str, key: object, position: int) -> None:
        self.read_model, self.key, self.position = read_model, key, position
        super().__init__(f"This view of {read_model} is parked: the event at position {position} was not applied.")


class NotRetried(GatewayError):
    """A key can't be retried, skipped or shown: it is not parked, waits for another event, or its read model must
    be built anew. Nothing was changed."""


class ReadModelNotBuilt(GatewayError):
    """A read model was never built in the shape that this code reads; it passes when it is."""

    def __init__(self, read_model: str) -> None:
        self.read_model = read_model
        super().__init__(f"The read model {read_model} is not built yet as this release shows it.")


class RebuildRefused(GatewayError):
    """A read model can't be rebuilt or rolled back now; nothing was changed."""


class FileRefused(GatewayError):
    """A file is not what an export wrote, or does not belong to this log; nothing was changed."""

    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason
        super().__init__(f"The file is refused at line {line}: {reason}")


class LogBroken(GatewayError):
    """The log is not what it was; everything that reads it stops at `position`."""

    def __init__(self, position: int, reason: str) -> None:
        self.position, self.reason = position, reason
        super().__init__(f"The log can't be read past position {position - 1}: {reason}")


class HoleInLog(LogBroken):
    """A commit is missing; a hole is never skipped."""


class UndecodableEvent(LogBroken):
    """An event that this application does not know, or can't decode; a commit of a newer format of the log."""
