"""The commands that a client sends to MongoDB, as a test hears of them."""

from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent


class Listener(CommandListener):
    """Hears of commands, and makes nothing of them."""

    def started(self, event: CommandStartedEvent) -> None: ...

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


class Commands(Listener):
    """The commands that were sent, in their order."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.sent.append(dict(event.command))

    @property
    def names(self) -> list[str]:
        return [next(iter(each)) for each in self.sent]

    def named(self, *names: str) -> list[dict[str, Any]]:
        return [each for each in self.sent if next(iter(each)) in names]

    def reads(self) -> list[dict[str, Any]]:
        """The reads that are no part of the change stream."""
        return [
            each
            for each in self.named("find", "aggregate")
            if not any("$changeStream" in stage for stage in each.get("pipeline", ()))
        ]
