"""Whether the process lives, and whether it should be asked: `/healthz` and `/readyz`."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.parked import id_of
from gateway.application.model import Model, ReadModel
from gateway.queries.positions import Positions
from gateway.web.answers import respond

_PATIENCE: Final = 1.0
"""How many seconds MongoDB may take to answer."""


@dataclass(frozen=True, slots=True)
class ReadModelHealth:
    """How one read model does: `lag` is in seconds, `stopped` says why it can't go on, `parked` are its keys."""

    name: str
    position: int
    lag: float
    stopped: str | None = None
    parked: tuple[str, ...] = ()

    def ready(self, most: float) -> bool:
        """A parked key does not count: one bad event would take every gateway out of service."""
        return self.stopped is None and self.lag <= most

    def document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "position": str(self.position),
            "lag": round(self.lag, 3),
            "stopped": self.stopped,
            "parked": list(self.parked),
        }


@dataclass(frozen=True, slots=True)
class Health:
    """What readiness is told from: `ping` returns when MongoDB has answered, `ready_lag` is in seconds."""

    ping: Callable[[], Awaitable[object]]
    read_models: Callable[[], Sequence[ReadModelHealth]]
    ready_lag: float

    async def alive(self, _: Request) -> Response:
        """200 for as long as the process serves."""
        return respond({"alive": True})

    async def ready(self, _: Request) -> Response:
        """200 when questions are answered in time and not too late, else 503; the body says why and who says it."""
        answers, models = await self._answers(), self.read_models()
        ready = answers and all(each.ready(self.ready_lag) for each in models)
        document = {
            "ready": ready,
            "process": os.getpid(),
            "mongodb": answers,
            "readModels": [each.document() for each in models],
        }
        return respond(document, 200 if ready else 503)

    async def _answers(self) -> bool:
        try:
            await asyncio.wait_for(self.ping(), _PATIENCE)
        except Exception:  # whatever the driver raises: no answer is no answer
            return False
        return True


def read_models_of(model: Model, positions: Positions) -> Sequence[ReadModelHealth]:
    """How the read models of an application do, as this process knows it."""
    names = [each.name for each in model.read_models]
    return [
        ReadModelHealth(
            name, positions.reached(name), positions.lag(name), positions.unready(name), _parked(each, positions)
        )
        for name, each in zip(names, model.read_models, strict=True)
    ]


def _parked(read_model: ReadModel, positions: Positions) -> tuple[str, ...]:
    """The ids of the keys that are parked, of the first hundred."""
    known = positions.checkpoint(read_model.name)
    return tuple(id_of(read_model, key) for key in known.parked.named) if known and known.parked else ()
