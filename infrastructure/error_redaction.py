"""Describes errors without the data in them.

PostgreSQL quotes the failing row, pydantic the failing input; both may hold personal data.
"""

import traceback
from pathlib import Path

import psycopg
from pydantic import ValidationError

from infrastructure.event_log.unreadable import NewerEvent, UnreadableEvent


def error_kind(error: BaseException) -> str:
    """Its class, and its SQLSTATE if a database raised it.

    >>> error_kind(ValueError("jane@example.org"))
    'ValueError'
    """
    code = error.sqlstate if isinstance(error, psycopg.Error) else None
    return f"{type(error).__name__} ({code})" if code else type(error).__name__


def error_summary(error: BaseException) -> str:
    """Its kind, what it is about, and where it was raised: names without values.

    >>> error_summary(ValueError("jane@example.org"))
    'ValueError'
    """
    about: list[str | None] = []
    match error:
        case psycopg.Error(diag=diag):
            about = [diag.table_name, diag.column_name, diag.constraint_name]
        case ValidationError():
            about = [f"{e['loc'][0]}: {e['type']}" for e in error.errors() if e["loc"]]
        case NewerEvent():
            about = [error.reason]
        case UnreadableEvent():
            return error.reason
        case _:
            frames = traceback.extract_tb(error.__traceback__)
            about = [f"{Path(f.filename).name} line {f.lineno}" for f in frames[-1:]]
    return ": ".join(filter(None, [error_kind(error), ", ".join(filter(None, about))]))


def redacted_traceback(error: BaseException) -> str:
    """Its kind and its stack, without the message."""
    return f"{error_kind(error)}\n{''.join(traceback.format_tb(error.__traceback__))}"
