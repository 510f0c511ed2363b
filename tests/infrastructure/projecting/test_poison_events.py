"""What is an event's own fault, and what is trouble of the database, which parks nothing."""

from collections.abc import Iterable

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from domain.event import Event
from infrastructure.database.postgres import Pool
from infrastructure.event_log.keys import WrongSecret
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import parking
from infrastructure.projecting.projection import Change
from infrastructure.projecting.projector import Projector
from tests.support.history import somebody
from tests.support.ledger import drain
from tests.support.trail import (
    EventId,
    RecordedHistory,
    Trail,
    parked_streams,
    plain_trail,
    poisoned,
    trail,
)


@pytest.mark.parametrize(
    "trouble",
    [
        psycopg.OperationalError("the connection is lost"),
        psycopg.InterfaceError("the connection is closed"),
        PoolTimeout(),
        psycopg.errors.SerializationFailure(),
        psycopg.errors.DeadlockDetected(),
        psycopg.errors.DiskFull(),
        psycopg.errors.TooManyConnections(),
        psycopg.errors.QueryCanceled("statement timeout"),
        psycopg.errors.AdminShutdown(),
        psycopg.errors.ReadOnlySqlTransaction(),
        psycopg.errors.IdleInTransactionSessionTimeout(),
        psycopg.errors.InFailedSqlTransaction(),
        psycopg.errors.UndefinedTable(),
        psycopg.errors.InsufficientPrivilege(),
        psycopg.errors.FeatureNotSupported("cached plan must not change result type"),
        psycopg.errors.InternalError_("index is corrupted"),
        ConnectionResetError(),
        MemoryError(),
        WrongSecret(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_databases_troubles_are_no_events_fault(trouble: Exception) -> None:
    assert not parking.is_poison_event(trouble)


def test_the_databases_troubles_park_nothing(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    history.sign_up("Ada")
    log = history.record()
    with pool.connection() as db:
        db.execute("ALTER TABLE trail RENAME TO trial")
    with pytest.raises(psycopg.errors.UndefinedTable):
        Projector([Trail()], store, pool).catch_up()
    assert parked_streams(pool) == {}
    with pool.connection() as db:
        db.execute("ALTER TABLE trial RENAME TO trail")
    drain(Projector([Trail()], store, pool))
    assert trail(pool) == plain_trail(log)


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("SELECT %(value)s::int", "no number"),
        ("SELECT %(value)s::smallint", 2**40),
        ("SELECT abs(%(value)s)", [1, 2]),
        ("SELECT %(value)s::text", "a \x00 in a text"),
        ("SELECT %(value)s", object()),
        ("SELECT %(nobody_tells)s", 1),
        ("SELECT (SELECT n FROM generate_series(1, %(value)s::int) AS n)", 2),
    ],
)
def test_what_a_statement_cannot_take_is_the_events_fault(
    history: RecordedHistory, store: EventStore, pool: Pool, statement: str, value: object
) -> None:
    history.sign_up("Ada")
    history.record()
    projection = Trail()

    def fail(event: Event) -> Iterable[Change]:
        return [(statement, {"candidate_id": event.originator_id, "value": value})]

    projection.changes = fail  # type: ignore[method-assign]  # of this one alone
    drain(Projector([projection], store, pool))
    assert parked_streams(pool) == {somebody("Ada"): (1, 1)}


def test_a_stream_is_parked_from_its_first_poison_event_on_however_each_of_them_fails(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    history.sign_up("Ada", "Bo")
    for name in ("Ada", "Bo", "Ada"):
        history.be_active(name)
    log = history.record()
    ada = somebody("Ada")
    failing: dict[EventId, str] = {(ada, 2): "breaks the data", (ada, 4): "raises"}
    projector = Projector([poisoned(Trail(), failing)], store, pool)
    drain(projector)
    assert parked_streams(pool) == {ada: (2, 2)}
    failing.clear()
    projector.replay_parked()
    assert (trail(pool), parked_streams(pool)) == (plain_trail(log), {})
