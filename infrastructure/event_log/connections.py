"""How the event log connects: a datastore of the library's, addressed and tuned as a whole."""

from typing import Any, cast

import psycopg
from eventsourcing import persistence
from eventsourcing.postgres import PostgresDatastore
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict

BY_INDEX = "-c enable_seqscan=off"
"""A plan that was made while the log was small would read all of it each time as it grows."""


def configure(datastore: PostgresDatastore, url: str | None) -> None:
    """Have a datastore connect by a whole address, of which it takes five parts itself."""
    parameters = cast("dict[str, Any]", datastore.pool.kwargs)
    options = ""
    if url:
        options = str(conninfo_to_dict(url).get("options") or "")
        datastore.pool.conninfo = url
        for part in ("dbname", "host", "port", "user", "password"):
            del parameters[part]
    parameters["options"] = f"{options} {BY_INDEX}".strip()


def connect(datastore: PostgresDatastore) -> Connection[Any]:
    """A connection beside the pool's, made as they are."""
    pool = datastore.pool
    parameters = dict(cast("dict[str, Any]", pool.kwargs))
    if pool.get_password_func:
        parameters["password"] = pool.get_password_func()
    connection = Connection.connect(str(pool.conninfo), **parameters)
    try:
        datastore.after_connect_func()(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def translated(error: psycopg.Error) -> persistence.PersistenceError:
    """The library's exception for one of psycopg's; both follow PEP 249."""
    for kind in type(error).__mro__:
        if kind.__module__ == "psycopg" and hasattr(persistence, kind.__name__):
            found: type[persistence.PersistenceError] = getattr(persistence, kind.__name__)
            return found(str(error))
    return persistence.PersistenceError(str(error))
