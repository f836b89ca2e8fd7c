"""New aggregates saved through eventsourcing's application, so many at once; prints one line of JSON.

append.py EVENTS SIZE…: the best of these sizes counts. Which database it is stands in the environment.
"""
# It runs in an environment of its own, whose packages the repository's type checker does not see.
# pyright: basic, reportMissingImports=false

import json
import resource
import statistics
import sys
import time
from typing import Any

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event


class Account(Aggregate):
    @event("AccountOpened")
    def __init__(self, customer: str, owner_name: str, currency: str) -> None:
        self.customer = customer
        self.owner_name = owner_name
        self.currency = currency


def measured(application: Application, events: int, size: int) -> dict[str, Any]:
    """The aggregates are there before the clock runs; it stops when the last of them is acknowledged."""
    accounts = [Account("c1", "Name 1", "EUR") for _ in range(events)]
    before, took = application.recorder.max_notification_id() or 0, []
    cpu, began = time.process_time(), time.perf_counter()
    for start in range(0, events, size):
        since = time.perf_counter()
        application.save(*accounts[start : start + size])
        took.append(1000 * (time.perf_counter() - since))
    rate, used = events / (time.perf_counter() - began), time.process_time() - cpu
    stored = (application.recorder.max_notification_id() or 0) - before
    cuts = statistics.quantiles(took, n=100) if len(took) > 1 else took * 99
    found = {"rate": rate, "p50": cuts[49], "p99": cuts[98], "cpu": 1000 * used / events}
    return found | {"missing": events - stored}


def main(events: int, sizes: list[int]) -> dict[str, Any]:
    application = Application()
    measured(application, max(sizes), max(sizes))
    # One at a time is slow: a tenth of the events says as much.
    runs = [measured(application, events if size > 1 else max(1, events // 10), size) for size in sizes]
    application.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    notes = {f"{size:,} a save": each["rate"] for size, each in zip(sizes, runs, strict=True)}
    return max(runs, key=lambda each: each["rate"]) | {"memory": memory, "notes": notes}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), [int(each) for each in sys.argv[2:]])))  # noqa: T201
