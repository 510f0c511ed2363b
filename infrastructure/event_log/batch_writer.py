"""Writes a batch in one transaction, and finds out whether a commit in doubt went through."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import psycopg
from eventsourcing.persistence import IntegrityError, InternalError, OperationalError
from psycopg import Cursor
from psycopg.errors import (
    LockNotAvailable,
    QueryCanceled,
    ReadOnlySqlTransaction,
    UniqueViolation,
)
from psycopg.rows import TupleRow, tuple_row

from infrastructure.database.postgres import Answered, limit
from infrastructure.event_log.batches import Batch, Outcome, Save, assemble
from infrastructure.event_log.statements import (
    APPEND,
    BEGIN_AND_LOCK,
    FIND,
    NO_EVENTS,
    VERSIONS,
    WAS_COMMITTED,
)

IDLE_TIMEOUT_SECONDS = 5
"""After so long a writer that holds the log's lock and does nothing is disconnected."""

LOCK_TIMEOUT_SECONDS = 3.0
"""How long a batch waits for its turn at the log, which others hold for milliseconds."""

STATEMENT_TIMEOUT_SECONDS = 20.0
"""How long one statement of a batch may take."""

# Whatever the database's defaults are: each statement must see what was committed before the lock
# was given, and a plan made while the log was small must not read all of it as it grows. A writer
# that vanished must not keep the lock: its server looks for it (on a Unix socket it need not).
SESSION = """
SET default_transaction_isolation = 'read committed';
SET idle_in_transaction_session_timeout = '{idle}s';
SET lock_timeout = '{lock:.0f}ms';
SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 2;
SET tcp_user_timeout = '10s';
SET enable_seqscan = off"""


class DatabaseUnavailable(OperationalError):
    """The database did not answer before the timeout."""


class LogIsLocked(DatabaseUnavailable):
    """Something else held the log's lock for too long; nothing was recorded."""


class BatchWriter:
    """Writes batches over one connection of its own; for one thread at a time.

    The clock gives `recorded_at`. A save waits `timeout` seconds for a database that is down, and
    `lock_timeout` for a log that others are writing to.
    """

    def __init__(
        self,
        database_url: str,
        clock: Callable[[], datetime],
        timeout: float,
        lock_timeout: float = LOCK_TIMEOUT_SECONDS,
    ) -> None:
        self._database_url = database_url
        self._clock = clock
        self._timeout = timeout
        self._lock_timeout = lock_timeout
        self._cursor: Cursor[TupleRow] | None = None
        self._last_log_position: int | None = None
        self._is_sole_writer = False

    def write(self, saves: Sequence[Save]) -> list[Outcome]:
        """Write saves in one transaction, reconnecting until the timeout.

        Raises:
            LogIsLocked: the log's lock was not to be had.
            DatabaseUnavailable: the database did not answer.
            psycopg.Error: it refused a value or a statement; nothing was written.
        """
        in_doubt: list[Batch] = []
        deadline = max(save.queued_at for save in saves) + self._timeout
        pause = 0.02
        while True:
            try:
                return self._attempt(self._connected(), saves, in_doubt)
            except psycopg.Error as error:
                if not self._is_lost(error) and not in_doubt:
                    self._roll_back()
                    if isinstance(error, QueryCanceled):
                        raise DatabaseUnavailable(
                            f"the database takes too long, the save was not recorded: {error}"
                        ) from error
                    if isinstance(error, UniqueViolation) and error.diag.table_name == "events":
                        raise IntegrityError(str(error)) from error
                    raise
                self.close()
                if time.monotonic() > deadline:
                    what = "may or may not have been recorded" if in_doubt else "was not recorded"
                    raise DatabaseUnavailable(
                        f"the database is unavailable, the save {what}: {error}"
                    ) from error
            except BaseException:
                self.close()
                raise
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def close(self) -> None:
        """Close the connection. A later save opens another."""
        cursor, self._cursor = self._cursor, None
        self._last_log_position, self._is_sole_writer = None, False
        if cursor is not None:
            cursor.connection.close()

    def _attempt(
        self, cursor: Cursor[TupleRow], saves: Sequence[Save], in_doubt: list[Batch]
    ) -> list[Outcome]:
        if self._is_sole_writer and self._last_log_position is not None and not in_doubt:
            guess = assemble(saves, self._last_log_position, {}, self._clock())
            if guess.has_no_conflicts and self._try(cursor, guess, in_doubt):
                return guess.outcomes
            self._is_sole_writer = False
        return self._write_under_lock(cursor, saves, in_doubt)

    def _try(self, cursor: Cursor[TupleRow], guess: Batch, in_doubt: list[Batch]) -> bool:
        """Write without looking first: one round trip, right while no other process writes.

        False if the log or a stream is not where it was expected; nothing is written then.
        """
        if guess.also:
            cursor.execute("BEGIN")
            with _taking_turn(in_doubt):
                is_written = self._append(cursor, guess)
            if is_written:
                self._commit(cursor, guess, in_doubt)
            else:
                cursor.execute("ROLLBACK")
            return is_written
        with _taking_turn(in_doubt), self._committing(guess, in_doubt):
            is_written = self._append(cursor, guess)
        if is_written:
            self._last_log_position = guess.last_log_position
        return is_written

    def _write_under_lock(
        self, cursor: Cursor[TupleRow], saves: Sequence[Save], in_doubt: list[Batch]
    ) -> list[Outcome]:
        """Take the lock, look where everything is, then write what fits."""
        with _taking_turn(in_doubt):
            cursor.execute(BEGIN_AND_LOCK)
        cursor.nextset()
        head = cursor.fetchone()
        if head is None:
            raise InternalError("log_head has no row: the log was not set up by its migration")
        log_position, transaction_id = head
        # Only now: a transaction whose outcome is unknown holds the lock until it has ended.
        for batch in in_doubt:
            if self._was_committed(cursor, batch):
                cursor.execute("ROLLBACK")
                self._last_log_position = None
                return batch.outcomes
        in_doubt.clear()

        versions = {stream: NO_EVENTS for save in saves for stream in save.streams()}
        if versions:
            versions.update(cursor.execute(VERSIONS, [[*versions]]).fetchall())
        batch = assemble(saves, log_position, versions, self._clock())
        batch.transaction_id = transaction_id
        if not (batch.events or batch.also):
            cursor.execute("ROLLBACK")
            return batch.outcomes
        if batch.events and not self._append(cursor, batch):
            raise InternalError(f"the log's row moved from {log_position} under its lock")
        # With no other process writing in between, the next batch is written without looking.
        self._is_sole_writer = log_position == self._last_log_position
        self._commit(cursor, batch, in_doubt)
        return batch.outcomes

    def _append(self, cursor: Cursor[TupleRow], batch: Batch) -> bool:
        row = cursor.execute(APPEND, batch.parameters()).fetchone()
        count = row[0] if row else 0
        if count not in (0, len(batch.events)):
            raise InternalError(f"{count} of {len(batch.events)} events were inserted")
        return bool(count)

    def _commit(self, cursor: Cursor[TupleRow], batch: Batch, in_doubt: list[Batch]) -> None:
        for statement, parameters in batch.also:
            cursor.execute(statement.encode(), parameters)
        with self._committing(batch, in_doubt):
            cursor.execute("COMMIT")
        self._last_log_position = batch.last_log_position

    @contextmanager
    def _committing(self, batch: Batch, in_doubt: list[Batch]) -> Iterator[None]:
        """Around what commits: if the connection is lost meanwhile, the batch is in doubt."""
        in_doubt.append(batch)
        try:
            yield
        except psycopg.Error as error:
            if not self._is_lost(error):
                in_doubt.clear()
            raise
        in_doubt.clear()

    @staticmethod
    def _was_committed(cursor: Cursor[TupleRow], batch: Batch) -> bool:
        """Whether this batch was committed; asked under the lock.

        A transaction is whole or not at all, so its first event speaks for all. Comparing log
        position and moment beside topic and state tells it from an equal event of another writer.
        """
        if not batch.events:
            row = cursor.execute(WAS_COMMITTED, [batch.transaction_id]).fetchone()
            return bool(row and row[0])
        event = batch.events[0]
        key = (batch.log_position + 1, event.originator_id, event.originator_version)
        row = cursor.execute(FIND, key).fetchone()
        return row == (event.topic, event.state, batch.at)

    def _connected(self) -> Cursor[TupleRow]:
        if self._cursor is None:
            connection = Answered.connect(
                self._database_url, autocommit=True, fallback_application_name="event log writer"
            )
            try:
                limit(connection, STATEMENT_TIMEOUT_SECONDS)
                session = SESSION.format(idle=IDLE_TIMEOUT_SECONDS, lock=self._lock_timeout * 1000)
                connection.execute(session.encode())
            except BaseException:
                connection.close()
                raise
            self._cursor = connection.cursor(row_factory=tuple_row)
        return self._cursor

    def _is_lost(self, error: psycopg.Error) -> bool:
        """Whether the connection is of no more use and must be replaced."""
        return (
            self._cursor is None
            or self._cursor.connection.closed
            or error.diag.severity_nonlocalized in {"FATAL", "PANIC"}
            or isinstance(error, ReadOnlySqlTransaction)  # a standby by now
        )

    def _roll_back(self) -> None:
        try:
            self._connected().execute("ROLLBACK")
        except psycopg.Error:
            self.close()


@contextmanager
def _taking_turn(in_doubt: Sequence[Batch]) -> Iterator[None]:
    """Around what waits for the log's lock. What is in doubt is looked up until the timeout."""
    try:
        yield
    except LockNotAvailable as error:
        if in_doubt:
            raise
        raise LogIsLocked(
            "the log is locked by another session; the save was not recorded"
        ) from error
