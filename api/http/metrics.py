"""Figures for monitoring, as Prometheus reads them: no personal data, and no id in any label.

Requests and refusals are counted as they happen, and so is the work of this process; the rest is
read from the database.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from api.http.database_figures import DatabaseCollector
from api.marketplace import Marketplace
from infrastructure.telemetry import figures

router = APIRouter(tags=["Health"])

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The figures of one application, in a registry of its own."""

    def __init__(self, marketplace: Marketplace) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "sourcing_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "sourcing_http_request_seconds",
            "Seconds until an answer was sent.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.registry.register(marketplace.refusals)
        self.registry.register(DatabaseCollector(marketplace))
        _add_process(self.registry)


@contextmanager
def serving_metrics(marketplace: Marketplace) -> Iterator[None]:
    """Serve the figures of a worker's process on a port of their own, if one is set.

    Raises:
        OSError: the port cannot be used.
    """
    settings = marketplace.settings
    if settings.metrics_port is None:
        yield
        return
    registry = CollectorRegistry()
    registry.register(marketplace.refusals)
    _add_process(registry)
    server, thread = start_http_server(settings.metrics_port, settings.host, registry)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _add_process(registry: CollectorRegistry) -> None:
    for collector in figures.OF_PROCESS:
        registry.register(collector)
    ProcessCollector(registry=registry)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def read_metrics(request: Request) -> Response:
    """Figures for monitoring, in Prometheus' text format. Keep it inside: it asks for no token."""
    metrics: Metrics = request.app.state.metrics
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)
