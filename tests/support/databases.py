"""PostgreSQL for tests: a server that need not keep its data, and a database for each test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Self
from uuid import uuid4

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from infrastructure.database.embedded import OPTIONS, embedded_server
from infrastructure.database.migrations import migrate
from infrastructure.database.postgres import open_pool
from infrastructure.projecting.versions import create_tables
from projections.read_models import read_models

SECRET = "a secret that only the tests know, long enough"

# The data of a test is worth nothing after it: do not wait for the disk.
FAST = {
    **OPTIONS,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}
MEMORY, ROOM = Path("/dev/shm"), 2**30


@contextmanager
def a_server() -> Iterator[str]:
    """The address of a server: `TEST_DATABASE_URL`, or an embedded one while it is needed."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="sourcing-test-", dir=_memory()) as folder:
        path = Path(folder)
        path.chmod(0o755)  # root's server runs under another account, which must get in
        with embedded_server(path / "postgres", FAST) as url:
            yield url


def _memory() -> Path | None:
    """A file system in memory with room for the tests' databases, where there is one.

    Every new database is some 300 files, and the disk takes longer over them than the tests do.
    """
    try:
        has_room = shutil.disk_usage(MEMORY).free > ROOM and os.access(MEMORY, os.W_OK)
    except OSError:
        return None
    return MEMORY if has_room else None


class Databases:
    """Creates databases on a server and drops them."""

    def __init__(self, server: str) -> None:
        self.server = server
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        connection = psycopg.connect(self.server, autocommit=True)
        self._administration: Connection[TupleRow] = self._stack.enter_context(connection)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def empty(self, template: str = "template0") -> Iterator[str]:
        """The address of a database without any table, gone afterwards."""
        name = f"test_{uuid4().hex}"
        # Copying files takes a third of the time that logging their pages takes.
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self._administration.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield make_conninfo(self.server, dbname=name)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            self._administration.execute(drop.format(sql.Identifier(name)))

    @contextmanager
    def prepared(self) -> Iterator[str]:
        """The address of a database with the schema and the empty read models, gone afterwards.

        It is a copy of one that has them: sooner there than the migrations are applied.
        """
        with self.empty(self._template) as url:
            yield url

    @cached_property
    def _template(self) -> str:
        url = self._stack.enter_context(self.empty())
        migrate(url, at=datetime.now(UTC))
        with open_pool(url, name="template") as pool:
            create_tables(read_models(), pool)
        return str(conninfo_to_dict(url)["dbname"])
