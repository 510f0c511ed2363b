"""Describes errors without the data in them.

PostgreSQL quotes the failing row, pydantic the failing input; both may hold personal data.
"""

import traceback
from pathlib import Path

import psycopg
from pydantic import ValidationError


def named(error: BaseException) -> str:
    """What kind of error it is.

    >>> named(ValueError("jane@example.org"))
    'ValueError'
    """
    code = error.sqlstate if isinstance(error, psycopg.Error) else None
    return f"{type(error).__name__} ({code})" if code else type(error).__name__


def described(error: BaseException) -> str:
    """What kind of error it is, what it is about, and where it came from: names, and no values.

    >>> described(ValueError("jane@example.org"))
    'ValueError'
    """
    about: list[str | None] = []
    match error:
        case psycopg.Error(diag=diag):
            about = [diag.table_name, diag.column_name, diag.constraint_name]
        case ValidationError():
            about = [f"{e['loc'][0]}: {e['type']}" for e in error.errors() if e["loc"]]
        case _:
            about = [_place(error)]
    return ": ".join(filter(None, [named(error), ", ".join(filter(None, about))]))


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else ""


def traced(error: BaseException) -> str:
    """What kind of error it is, and where it came from."""
    return f"{named(error)}\n{''.join(traceback.format_tb(error.__traceback__))}"
