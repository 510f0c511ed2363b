"""Reading read models: only those whose live version is the one that this program knows."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg_pool import PoolTimeout

from infrastructure.database.postgres import Database, Pool
from infrastructure.event_log.log_head import LOG_ID, head
from infrastructure.projecting.checkpoints import AnyProjection, NotCaughtUp, wait_for
from infrastructure.projecting.projection import Projection

ADVISORY_WAIT_SECONDS = 2.0
"""How long a query waits for read models that it can do without."""

LIVE = """
    SELECT projection, version FROM projection_checkpoints
    WHERE projection = ANY(%s) AND log_id = %s AND live"""

REACHED = """
    SELECT log_position FROM projection_checkpoints
    WHERE projection = %s AND version = %s AND log_id = %s"""


class Rebuilding(NotCaughtUp):
    """The version of a read model that this program reads is still being built."""

    retry_after = 10

    def __init__(self, name: str, log_position: int, head: int) -> None:
        super().__init__(
            f"The read model {name} is being rebuilt: it is at event {log_position:,} of {head:,}."
            " Try again later."
        )
        self.log_position = log_position
        self.head = head


class TakenOver(NotCaughtUp):
    """The version of a read model that this program reads was replaced by a newer one."""

    retry_after = 10

    def __init__(self, name: str) -> None:
        super().__init__(
            f"A newer program is running and has taken over the read model {name}, which this one"
            " can no longer read. Try again later."
        )


def not_live(
    projections: Iterable[AnyProjection], db: Database
) -> dict[str, Rebuilding | TakenOver]:
    """The projections whose version is not the live one, each with why."""
    versions = {projection.name: projection.version for projection in projections}
    live: dict[str, int] = dict(db.execute(LIVE, ([*versions], LOG_ID)).fetchall())
    found: dict[str, Rebuilding | TakenOver] = {}
    for name, version in versions.items():
        if live.get(name, 0) > version:
            found[name] = TakenOver(name)
        elif live.get(name) != version:
            row = db.execute(REACHED, (name, version, LOG_ID)).fetchone()
            found[name] = Rebuilding(name, row[0] if row else 0, head(db))
    return found


class ReadModels:
    """The read models of a process, as its queries read them."""

    def __init__(self, pool: Pool, timeout: float) -> None:
        self._pool = pool
        self._timeout = timeout
        """Seconds that a query waits for read models."""
        self._went_live: set[type[Projection]] = set()

    @contextmanager
    def reading(
        self,
        *projections: type[Projection],
        after: int | None = None,
        advisory: tuple[type[Projection], ...] = (),
        timeout: float | None = None,
    ) -> Iterator[Database]:
        """A connection to read with, once these read models have reached a log position.

        Those that they read beside their own tables must have too. `advisory` ones get a short time
        to catch up and are then read as they are. `timeout` is how many seconds to wait for a
        connection.

        A version is live for one stretch of time: if it was before the queries and is after them,
        it was all the while. Otherwise what they gave, or failed with, does not count.

        Raises:
            NotCaughtUp: they are behind, are being rebuilt, or were taken over by a newer program.
        """
        needed = [*dict.fromkeys(kind for one in projections for kind in (one, *one.READS))]
        both = [*needed, *advisory]
        if not self._went_live.issuperset(both):
            self._check(both, timeout)
            self._went_live.update(both)
        try:
            if after is not None:
                wait_for(after, needed, self._pool, self._timeout)
                with suppress(NotCaughtUp):
                    wait_for(after, advisory, self._pool, ADVISORY_WAIT_SECONDS)
            with self._pool.connection(timeout) as db:
                yield db
                _check(both, db)
        except (Rebuilding, TakenOver, psycopg.OperationalError, PoolTimeout):
            raise
        except Exception:
            self._check(both, timeout)
            raise

    def _check(self, projections: Collection[type[Projection]], timeout: float | None) -> None:
        with self._pool.connection(timeout) as db:
            _check(projections, db)


def _check(projections: Collection[type[Projection]], db: Database) -> None:
    for reason in not_live(projections, db).values() if projections else ():
        raise reason
