"""How fresh the answers to one request must be, and how fresh they were."""

import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway.mongo.checkpoints import ParkedKeys


class Used(NamedTuple):
    """How far a read model was, at least, when it answered; `lag` is in seconds.

    `frozen` says that it stands still: no process of the release that builds what was answered from runs any more.
    """

    position: int
    lag: float
    frozen: bool = False

    def document(self) -> dict[str, Any]:
        """Positions are texts: they outgrow a JSON number."""
        said = {"position": str(self.position), "lag": round(self.lag, 3)}
        return {**said, "frozen": True} if self.frozen else said


@dataclass(slots=True)
class Freshness:
    """What one request asks of every read model that answers it.

    Answers contain everything up to the position `after`; all waiting for that ends `timeout` seconds after
    this was made. `used` records which read models answered, `parked` what lists among them show as it was left.
    """

    after: int
    timeout: float
    used: dict[str, Used] = field(default_factory=dict[str, Used])
    parked: dict[str, ParkedKeys] = field(default_factory=dict[str, ParkedKeys])
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.timeout

    def with_after(self, position: int) -> "Freshness":
        """For a receipt's own fields: they contain its commit too, and may wait from now on as long again."""
        return Freshness(max(self.after, position), self.timeout, self.used, self.parked)

    def remaining(self) -> float:
        """How long may still be waited, in seconds."""
        return max(0.0, self.deadline - time.monotonic())

    def note(self, read_model: str, position: int, lag: float, frozen: bool = False) -> None:
        """Record that a read model answers; of several answers the oldest counts."""
        before = self.used.get(read_model)
        if before is not None:
            position, lag = min(before.position, position), max(before.lag, lag)
            frozen = before.frozen or frozen
        self.used[read_model] = Used(position, lag, frozen)

    def note_parked(self, read_model: str, parked: ParkedKeys) -> None:
        """Record that a list may show these keys' views as they were left, or lack them."""
        before = self.parked.get(read_model, parked)
        named = {**before.named, **parked.named}
        self.parked[read_model] = ParkedKeys(parked.revision, max(before.count, parked.count, len(named)), named)

    def report(self) -> list[dict[str, Any]]:
        """The value of `extensions.readModels`."""
        return [{"name": name, **each.document()} for name, each in sorted(self.used.items())]
