"""The database of a process: the given one or an embedded one, and pooled connections to it."""

import select
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow, class_row
from psycopg_pool import ConnectionPool

from infrastructure.database.embedded import embedded_server
from infrastructure.settings import Settings

Database = Connection[TupleRow]
Pool = ConnectionPool[Database]
Parameters = Sequence[Any] | Mapping[str, Any]
T = TypeVar("T")


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The address of the database to use: `DATABASE_URL`, or the data folder's embedded server.

    Several processes may share an embedded server; the last to leave stops it. Raises
    `EmbeddedServerError` if it cannot run here.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
    else:
        with embedded_server(settings.data_dir / "postgres") as url:
            yield url


def open_pool(conninfo: str, *, name: str, max_size: int = 10) -> Pool:
    """An open pool of autocommit connections, each checked before it is lent.

    `name` tells these connections apart in `pg_stat_activity` and in logs. Use it as a context
    manager, or close it. Raises `PoolTimeout` if the database does not answer.
    """
    pool: Pool = ConnectionPool(
        conninfo,
        kwargs={"autocommit": True, "application_name": name},
        name=name,
        min_size=1,
        max_size=max_size,
        configure=_in_utc,
        check=_check,
        open=False,
    )
    try:
        pool.open(wait=True)
    except BaseException:
        pool.close()
        raise
    return pool


def _check(connection: Database) -> None:
    """Have a connection that the server has closed replaced before it is lent.

    One that can be read although nothing was asked has its end to tell, or some notice; only then
    the server is asked, which takes as long as a small query.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)


def _in_utc(connection: Database) -> None:
    """Read timestamps in UTC, in which every accepted one has a year that Python can hold."""
    connection.execute("SET TIME ZONE 'UTC'")


@contextmanager
def snapshot(db: Database) -> Iterator[None]:
    """Statements within read one moment of the database; an outer transaction decides, if any."""
    outermost = db.info.transaction_status is TransactionStatus.IDLE
    with db.transaction():
        if outermost:
            db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def fetch_all(db: Connection[Any], kind: type[T], query: str, parameters: Parameters) -> list[T]:
    """What a query finds, each row as an instance of a class."""
    return db.cursor(row_factory=class_row(kind)).execute(query, parameters).fetchall()


def fetch_one(db: Connection[Any], kind: type[T], query: str, parameters: Parameters) -> T | None:
    """The first row that a query finds, as an instance of a class. None if there is none."""
    return db.cursor(row_factory=class_row(kind)).execute(query, parameters).fetchone()
