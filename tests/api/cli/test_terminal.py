"""What a server logs has no values of what people sent."""

import logging
import sys

from pydantic import TypeAdapter, ValidationError

from api.cli.terminal import WithoutValues


def test_an_error_that_a_library_logs_is_logged_without_its_message() -> None:
    typed = "@".join(("jane", "example.org"))
    try:
        TypeAdapter(int).validate_python(typed)
    except ValidationError:
        error = sys.exc_info()
    record = logging.LogRecord(
        "uvicorn.error", logging.ERROR, __file__, 1, "Exception in ASGI application", (), error
    )
    logged = WithoutValues("%(name)s: %(message)s").format(record)
    assert logged.startswith("uvicorn.error: Exception in ASGI application\nValidationError")
    assert "test_terminal.py" in logged
    assert typed not in logged
