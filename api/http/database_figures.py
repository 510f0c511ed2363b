"""Figures that are read from the database when they are asked for, and cached for some seconds."""

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta

from cachetools import TTLCache
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.marketplace import PROBE_SECONDS, Marketplace, now
from infrastructure.database.postgres import Database
from infrastructure.error_redaction import error_kind
from infrastructure.event_log import log_head
from infrastructure.projecting import worker
from infrastructure.projecting.progress import Progress, progress
from infrastructure.projecting.reading import not_live
from infrastructure.projecting.unknown_events import first_of_each_kind
from infrastructure.webhooks import queue
from projections import outbox
from projections.funnel import Funnel
from projections.likelihood.monitoring import performance as likelihood_watch
from projections.likelihood.projection import Likelihoods

logger = logging.getLogger(__name__)

SECONDS_KEPT = 5.0
"""How long figures from the database are cached."""

SECONDS_JUDGED = 60.0
"""The same for the quality of the likelihood, which takes longer to compute."""

Cached = TTLCache[str, list[Metric]]
KEPT = "figures"

DAYS_SHOWN = 30
"""The days over which the share of exploration is taken."""


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
                with pool.connection(PROBE_SECONDS) as db:
                    if not (log := self._log.get(KEPT)):
                        log = self._log[KEPT] = [*_of_log(self._marketplace, db)]
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


def _of_log(marketplace: Marketplace, db: Database) -> Iterator[Metric]:
    yield _gauge("sourcing_event_log_position", "Position of the last event.", log_head.head(db))
    workers = worker.running(db)
    yield _gauge("sourcing_workers", "Workers that run, in whatever process.", workers)
    yield from _of_projections(marketplace, progress(db))
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


FIGURES = {
    "lag_events": "Events that a projection has not looked at yet.",
    "lag_seconds": "How long the next of them has waited.",
    "parked_events": "Events that a projection has set aside: one that it cannot handle, and those"
    " behind it.",
    "failing": "Whether a projection cannot go on, in whatever process it runs.",
    "standing_still": "Whether a projection does not move on although events wait.",
}


def _of_projections(marketplace: Marketplace, found: list[Progress]) -> Iterator[Metric]:
    at = now()
    failing = {*marketplace.worker.failures} if marketplace.worker else set()
    reached = GaugeMetricFamily(
        "sourcing_projection_log_position",
        "Position of the last event that a projection has looked at; live, or being built.",
        labels=["projection", "state"],
    )
    families = {
        name: GaugeMetricFamily(f"sourcing_projection_{name}", text, labels=["projection"])
        for name, text in FIGURES.items()
    }
    for each in found:
        state = "live" if each.live else "building"
        reached.add_metric([each.projection, state], each.log_position)
    # Of each the version of this program: the live one, if that is it.
    ours = {(one.projection, one.version): one for one in reversed(found)}
    for projection in marketplace.projections:
        if one := ours.get((projection.name, projection.version)):
            values = {
                "lag_events": one.lag_events,
                "lag_seconds": one.lag_seconds(at),
                "parked_events": one.parked,
                "failing": one.failure is not None or one.projection in failing,
                "standing_still": one.stands_still(at),
            }
            for name, value in values.items():
                families[name].add_metric([one.projection], value)
    yield reached
    yield from families.values()


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
    text = "Position of the last event that the likelihood has learned from."
    yield _gauge(
        "sourcing_likelihood_model_log_position", text, likelihood_watch.learned_log_position(db)
    )
    judged = likelihood_watch.performance(db, at, windows=1)
    for name, text in JUDGED.items():
        family = GaugeMetricFamily(f"sourcing_likelihood_{name}", text, labels=["judged"])
        for row in judged:
            if (value := getattr(row, name)) is not None:
                family.add_metric([row.judged], value)
        yield family
    text = f"Share of what was shown in {DAYS_SHOWN} days that was shown by exploration."
    explored = GaugeMetricFamily("sourcing_likelihood_explored_share", text)
    since = at.date() - timedelta(days=DAYS_SHOWN)
    for shown in likelihood_watch.exploration(db, since=since):
        if shown.share is not None:
            explored.add_metric([], shown.share)
    yield explored


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
