"""Figures for monitoring, as Prometheus reads them: no personal data, and no id in any label.

Requests and refusals are counted as they happen. Figures from the database are computed when they
are scraped, and cached for some seconds.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta

from cachetools import TTLCache
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from api.marketplace import PROBE_SECONDS, Marketplace, now
from infrastructure.database.postgres import Database
from infrastructure.error_redaction import error_kind
from infrastructure.event_log import log_head
from infrastructure.projecting import parking
from infrastructure.projecting.checkpoints import log_positions
from infrastructure.projecting.progress import standing_still
from infrastructure.projecting.reading import not_live
from infrastructure.projecting.unknown_events import first_of_each_kind
from infrastructure.webhooks import queue
from projections import outbox
from projections.funnel import Funnel
from projections.likelihood.monitoring import performance as likelihood_watch
from projections.likelihood.projection import Likelihoods

logger = logging.getLogger(__name__)

router = APIRouter(tags=["Health"])

SECONDS_KEPT = 5.0
"""How long figures from the database are cached."""

SECONDS_JUDGED = 60.0
"""The same for the quality of the likelihood, which takes longer to compute."""

Cached = TTLCache[str, list[Metric]]
KEPT = "figures"

DAYS_SHOWN = 30
"""The days over which the share of exploration is taken."""

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
        ProcessCollector(registry=self.registry)


class DatabaseCollector(Collector):
    """The progress of the log and the projections, and the quality of the likelihood."""

    def __init__(self, marketplace: Marketplace) -> None:
        self._marketplace = marketplace
        self._lock = threading.Lock()
        self._log: Cached = TTLCache(1, SECONDS_KEPT)
        self._likelihood: Cached = TTLCache(1, SECONDS_JUDGED)

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not query the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The figures from the database, or only that it does not answer."""
        up = GaugeMetricFamily("sourcing_database_up", "Whether the database answers.")
        pool = self._marketplace.pool
        with self._lock:
            try:
                reached = log_positions(self._marketplace.projections, pool, PROBE_SECONDS)
                with pool.connection(PROBE_SECONDS) as db:
                    if not (log := self._log.get(KEPT)):
                        log = self._log[KEPT] = [*_of_log(self._marketplace, db, reached)]
                    if not (likelihood := self._likelihood.get(KEPT, [])) and not not_live(
                        (Likelihoods, Funnel), db
                    ):
                        likelihood = self._likelihood[KEPT] = [*_of_likelihood(db)]
            except Exception as error:  # noqa: BLE001 - the other figures are still reported
                logger.error("the database's figures cannot be read: %s", error_kind(error))
                up.add_metric([], 0)
                yield up
                return
        up.add_metric([], 1)
        yield up
        yield from log
        yield from likelihood


def _of_log(marketplace: Marketplace, db: Database, reached: Mapping[str, int]) -> Iterator[Metric]:
    head = log_head.head(db)
    yield _gauge("sourcing_event_log_position", "Position of the last event.", head)
    lag = GaugeMetricFamily(
        "sourcing_projection_lag_events",
        "Events that a projection has not looked at yet.",
        labels=["projection"],
    )
    failing = GaugeMetricFamily(
        "sourcing_projection_failing",
        "Whether a projection cannot go on, in whatever process it runs.",
        labels=["projection"],
    )
    parked = GaugeMetricFamily(
        "sourcing_projection_parked_events",
        "Events that a projection has set aside: one that it cannot handle, and those behind it.",
        labels=["projection"],
    )
    failures = {one.projection for one in standing_still(db, now()) if one.failure}
    failures |= {*marketplace.worker.failures} if marketplace.worker else set()
    counts = parking.counts(db)
    for name, position in sorted(reached.items()):
        lag.add_metric([name], max(head - position, 0))
        failing.add_metric([name], name in failures)
        parked.add_metric([name], counts.get(name, 0))
    yield lag
    yield failing
    yield parked
    webhooks = queue.counts(db)
    yield _gauge(
        "sourcing_webhook_deliveries_queued", "Deliveries that wait for a try.", webhooks.queued
    )
    yield _gauge("sourcing_webhook_dead_letters", "Deliveries that were given up.", webhooks.dead)
    waited = (now() - webhooks.oldest).total_seconds() if webhooks.oldest else 0
    text = "How long the delivery that waits longest has waited."
    yield _gauge("sourcing_webhook_oldest_queued_seconds", text, max(waited, 0))
    letters = outbox.waiting(db, now())
    yield _gauge("sourcing_letters_due", "Letters that wait to be delivered.", letters.letters)
    late = (now() - letters.oldest).total_seconds() if letters.oldest else 0
    text = "How long the letter that has been due the longest has waited."
    yield _gauge("sourcing_letters_oldest_due_seconds", text, max(late, 0))
    unknown = sum(count for _, _, count in first_of_each_kind(db))
    yield _gauge("sourcing_unknown_events", "Events of kinds that no program here knows.", unknown)


JUDGED = {
    "count": "Predictions that the others are about: the latest whose answer window has closed.",
    "base_rate": "Share of outreaches that were answered.",
    "log_loss": "Mean logarithmic loss of the predictions, in nats.",
    "brier": "Mean squared error of the predictions.",
    "roc_auc": "How often an answered outreach was ranked above a silent one.",
    "calibration_error": "Expected calibration error of the predictions, over ten bins.",
}


def _of_likelihood(db: Database) -> Iterator[Metric]:
    at = now()
    judged = likelihood_watch.performance(db, at, windows=1)
    for name, text in JUDGED.items():
        family = GaugeMetricFamily(f"sourcing_likelihood_{name}", text, labels=["judged"])
        for row in judged:
            if (value := getattr(row, name)) is not None:
                family.add_metric([row.judged], value)
        yield family
    since = at.date() - timedelta(days=DAYS_SHOWN)
    for shown in likelihood_watch.exploration(db, since=since):
        if shown.share is not None:
            text = f"Share of what was shown in {DAYS_SHOWN} days that was shown by exploration."
            yield _gauge("sourcing_likelihood_explored_share", text, shown.share)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def read_metrics(request: Request) -> Response:
    """Figures for monitoring, in Prometheus' text format. Keep it inside: it asks for no token."""
    metrics: Metrics = request.app.state.metrics
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)
