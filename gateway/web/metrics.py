"""`/metrics`: what Prometheus asks for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from gateway.web.health import ReadModelHealth


@dataclass(frozen=True, slots=True)
class MetricsEndpoint:
    """The registry's figures, and how each read model does as this process knows it at that moment."""

    registry: CollectorRegistry

    async def answer(self, request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self.registry), media_type=content_type)


def metrics_endpoint(
    registry: CollectorRegistry, read_models: Callable[[], Sequence[ReadModelHealth]]
) -> MetricsEndpoint:
    """The endpoint of a registry, to which the read models' and the process's figures are added."""
    registry.register(_ReadModels(read_models))
    ProcessCollector(registry=registry)
    return MetricsEndpoint(registry)


@dataclass(frozen=True)
class _ReadModels(Collector):
    read_models: Callable[[], Sequence[ReadModelHealth]]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        models = self.read_models()
        for name, help_, figure in _FIGURES:
            family = GaugeMetricFamily(f"tidegate_read_model_{name}", help_, labels=["read_model"])
            for each in models:
                family.add_metric([each.name], figure(each))
            yield family


_FIGURES: Sequence[tuple[str, str, Callable[[ReadModelHealth], float]]] = (
    ("position", "The position of the log up to which a read model is built.", lambda each: each.position),
    ("lag_seconds", "For how long a read model has not been seen at the log's head.", lambda each: each.lag),
    ("stopped", "1 where a read model can't go on.", lambda each: float(each.stopped is not None)),
    ("parked_keys", "How many of its keys are parked.", lambda each: len(each.parked)),
)
