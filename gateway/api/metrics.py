"""What is measured of the operations that a process executes, for Prometheus."""

from functools import cache

from prometheus_client import CollectorRegistry, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Durations and counts by kind and outcome; no label is ever a client's text."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._operations = Histogram(
            "tidegate_operation_duration_seconds",
            "Queries, and subscriptions until they have begun.",
            ["kind", "outcome"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._commands = Histogram(
            "tidegate_command_duration_seconds",
            "Commands, from their arrival to their answer.",
            ["command", "outcome"],
            buckets=_BUCKETS,
            registry=self.registry,
        )

        self._operation, self._command = cache(self._operations.labels), cache(self._commands.labels)

    def operation(self, kind: str, outcome: str, seconds: float) -> None:
        self._operation(kind, outcome).observe(seconds)

    def command(self, name: str, outcome: str, seconds: float) -> None:
        self._command(name, outcome).observe(seconds)
