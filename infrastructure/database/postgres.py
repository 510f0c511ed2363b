"""The database of a process: the given one or an embedded one, and pooled connections to it."""

import select
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow, class_row
from psycopg_pool import ConnectionPool

from infrastructure.database.embedded import embedded_server
from infrastructure.settings import Settings

Database = Connection[TupleRow]
Pool = ConnectionPool[Database]
Parameters = Sequence[Any] | Mapping[str, Any]
T = TypeVar("T")

BORROW_SECONDS = 5.0
"""How long a request waits for a connection of the pool."""

START_SECONDS = 30.0
"""How long a process that starts waits for its database."""

GRACE_SECONDS = 5.0
"""How much longer than its statement timeout a server that says nothing is waited for."""

TCP: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Connection parameters, unless the address has its own: a server that vanished is noticed."""


class Answered(Connection[TupleRow]):
    """A connection that ends if the server says nothing for too long during a statement.

    The server's own statement timeout ends what takes long; this, waiting for a stopped server.
    """

    answer_within: float | None = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait as any connection does, which it does for every statement."""
        try:
            return super().wait(gen, interval, self.answer_within if timeout is None else timeout)
        except OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:  # no answer has come
                self.pgconn.finish()
            raise


def limit(connection: Database, seconds: float) -> None:
    """Let no statement of this session take longer, whatever it waits for."""
    connection.execute(f"SET statement_timeout = '{seconds * 1000:.0f}ms'".encode())
    if isinstance(connection, Answered):
        connection.answer_within = seconds + GRACE_SECONDS


def with_tcp_limits(conninfo: str) -> str:
    """An address by which each end notices within seconds that the other has vanished."""
    return make_conninfo(**(TCP | conninfo_to_dict(conninfo)))


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The address of the database to use: `DATABASE_URL`, or the data folder's embedded server.

    Several processes may share an embedded server; the last to leave stops it. Raises
    `EmbeddedServerError` if it cannot run here.
    """
    if settings.database_url is not None:
        yield with_tcp_limits(settings.database_url.get_secret_value())
    else:
        with embedded_server(settings.data_dir / "postgres") as url:
            yield url


def open_pool(
    conninfo: str, *, name: str, max_size: int = 10, statement_seconds: float | None = None
) -> Pool:
    """An open pool of autocommit connections, each checked before it is lent.

    `name` tells these connections apart in `pg_stat_activity` and in logs. No statement may take
    longer than `statement_seconds`. Use it as a context manager, or close it. Raises `PoolTimeout`
    if the database does not answer.
    """

    def configure(connection: Database) -> None:
        # In UTC every timestamp that is accepted has a year that Python can hold.
        connection.execute("SET TIME ZONE 'UTC'")
        if statement_seconds is not None:
            limit(connection, statement_seconds)

    pool: Pool = ConnectionPool(
        conninfo,
        connection_class=Answered,
        kwargs={"autocommit": True, "application_name": name},
        name=name,
        min_size=1,
        max_size=max_size,
        configure=configure,
        check=_check,
        timeout=BORROW_SECONDS,
        open=False,
    )
    try:
        pool.open(wait=True, timeout=START_SECONDS)
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
