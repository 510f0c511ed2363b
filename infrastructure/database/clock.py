"""Whether this process agrees with the database about the time.

Rules count days by the clock of the process that decides. One whose clock is wrong would end
contact budgets and answer windows early, and delete what others still need.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from infrastructure.database.postgres import Pool

ALLOWED = timedelta(minutes=1)
"""How far a process's clock may be off."""

SECONDS_BETWEEN = 10.0
"""How long a measurement holds."""

TIME = "SELECT statement_timestamp()"


class ClockIsOff(Exception):
    """The clock of this process is not that of the database."""

    def __init__(self, offset: timedelta) -> None:
        ahead = "ahead of" if offset > timedelta(0) else "behind"
        super().__init__(
            f"The clock of this process is {abs(offset.total_seconds()):,.0f} seconds {ahead} the"
            " database's: set it right."
        )


class Clock:
    """Compares a clock, by default this process's, with the database's, now and then."""

    def __init__(
        self, pool: Pool, own_time: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._pool = pool
        self._own_time = own_time
        self._measured_at = -SECONDS_BETWEEN
        self._offset = timedelta(0)

    def is_measured(self, for_seconds: float = 0.0) -> bool:
        """Whether the last measurement holds for so long, so that a check waits for nothing."""
        return time.monotonic() - self._measured_at + for_seconds < SECONDS_BETWEEN

    def offset(self, timeout: float | None = None) -> timedelta:
        """How far this process's clock is ahead."""
        if not self.is_measured():
            with self._pool.connection(timeout) as db:
                before = self._own_time()
                ((theirs,),) = db.execute(TIME).fetchall()
                own = before + (self._own_time() - before) / 2
            self._offset, self._measured_at = own - theirs, time.monotonic()
        return self._offset

    def check(self, timeout: float | None = None) -> None:
        """Raise `ClockIsOff` if the two differ by more than is allowed."""
        offset = self.offset(timeout)
        if abs(offset) > ALLOWED:
            raise ClockIsOff(offset)
