"""Tells of errors without the data that they happened to.

PostgreSQL quotes the failing row, pydantic the failing input; both may be somebody's name.
"""

import traceback

import psycopg


def named(error: BaseException) -> str:
    """What kind of error it is.

    >>> named(ValueError("jane@example.org"))
    'ValueError'
    """
    code = error.sqlstate if isinstance(error, psycopg.Error) else None
    return f"{type(error).__name__} ({code})" if code else type(error).__name__


def traced(error: BaseException) -> str:
    """What kind of error it is, and where it came from."""
    return f"{named(error)}\n{''.join(traceback.format_tb(error.__traceback__))}"
