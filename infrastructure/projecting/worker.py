"""Runs the projections and the periodic tasks of a process in background threads."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import psycopg

from infrastructure.database.postgres import Database, Pool
from infrastructure.error_redaction import redacted_traceback
from infrastructure.event_log.statements import CHANNEL
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.projector import Part, Projector

logger = logging.getLogger(__name__)


LISTENER = "worker listener"
"""The name of the one session that every worker has open all the time."""

RUNNING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = %s"""


def running(db: Database) -> int:
    """How many workers run on this database, in whatever process."""
    ((count,),) = db.execute(RUNNING, (LISTENER,)).fetchall()
    return int(count)


@dataclass(frozen=True)
class PeriodicTask:
    """Something to run again and again, this many seconds after the last run ended."""

    name: str
    interval: float
    run: Callable[[], object]


def lanes(projections: Iterable[Projection]) -> list[list[Projection]]:
    """Which projections go on together: all but those that are `apart`."""
    every = [*projections]
    together = [one for one in every if not one.apart]
    return [lane for lane in (together, *([one] for one in every if one.apart)) if lane]


class Worker:
    """Threads for the projections, one for each periodic task, and one that listens for new events.

    Projections go on together, but for those that are `apart`; one that is far behind, or still
    being built, is left to a thread of its own.

    Several workers may run beside each other, in this process or in others.
    """

    def __init__(
        self,
        database_url: str,
        store: EventStore,
        pool: Pool,
        projections: Sequence[Projection],
        tasks: Sequence[PeriodicTask] = (),
        batch_size: int = 2000,
    ) -> None:
        self._database_url = database_url
        self._stop = threading.Event()
        self._projectors = [
            Projector(lane, store, pool, batch_size, part)
            for lane in lanes(projections)
            for part in (Part.NEAR, Part.BEHIND)
        ]
        self._wakeups = [threading.Event() for _ in self._projectors]
        self._near = self._wakeups[::2]  # those far behind need no news
        self._threads = [
            threading.Thread(
                target=projector.run, args=(self._stop, wakeup), name="projections", daemon=True
            )
            for projector, wakeup in zip(self._projectors, self._wakeups, strict=True)
        ]
        self._threads.append(threading.Thread(target=self._listen, name="listener", daemon=True))
        self._threads += [
            threading.Thread(target=self._run, args=(task,), name=f"task {task.name}", daemon=True)
            for task in tasks
        ]

    @property
    def failures(self) -> dict[str, str]:
        """The projections that cannot go on, each with its error."""
        return {n: why for one in self._projectors for n, why in one.failures.items()}

    @property
    def is_alive(self) -> bool:
        """Whether all its threads run."""
        return all(thread.is_alive() for thread in self._threads)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for wakeup in self._wakeups:
            wakeup.set()
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        # NOTIFY is only a hint: a projector that misses one polls soon.
        while not self._stop.is_set():
            try:
                with psycopg.connect(
                    self._database_url, autocommit=True, application_name=LISTENER
                ) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    while not self._stop.is_set():
                        for _ in connection.notifies(timeout=0.1, stop_after=1):
                            for wakeup in self._near:
                                wakeup.set()
            except psycopg.Error as error:
                logger.warning("listening for events failed, will try again: %s", error)
                self._stop.wait(1.0)

    def _run(self, task: PeriodicTask) -> None:
        while not self._stop.is_set():
            try:
                task.run()
            except Exception as error:  # noqa: BLE001 - whatever it is, it runs again
                logger.error(
                    "task %s failed, will run again: %s", task.name, redacted_traceback(error)
                )
            self._stop.wait(task.interval)
