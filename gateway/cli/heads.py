"""A head of the log as one line of JSON: printed by `status --head`, kept elsewhere, proved by `verify --since`."""

import json
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from gateway.errors import BadInput
from gateway.eventlog.verification import Noted
from gateway.messages import Head


@dataclass(frozen=True, slots=True)
class NotedHead:
    """A head that was written down, and the log that it is of."""

    log: UUID
    noted: Noted


def line_of(log: UUID, head: Head) -> str:
    return json.dumps({"position": head.position, "chain": head.chain.hex(), "log": str(log)})


def read_head(path: Path) -> NotedHead:
    """The head in a file. Raises BadInput for a file that holds none."""
    try:
        found = json.loads(path.read_text("utf-8"))
        return NotedHead(UUID(found["log"]), Noted(_position(found["position"]), bytes.fromhex(found["chain"])))
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise BadInput(f"{path} holds no line of `tidegate status --head`: {error}.") from None


def _position(found: object) -> int:
    if type(found) is not int or found < 0:
        raise ValueError(f"{found!r} is no position")
    return found
