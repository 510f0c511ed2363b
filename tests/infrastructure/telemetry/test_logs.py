"""What a server logs has no values of what people sent."""

import json
import logging
import sys
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from infrastructure.telemetry.logs import WithoutValues, formatter


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
    assert "test_logs.py" in logged
    assert typed not in logged


def a_record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("of.ours", logging.ERROR, __file__, 1, message, args, exc_info)


def test_a_line_for_programs_is_a_json_object() -> None:
    line = formatter("json").format(a_record("task %s failed:\nagain", "deliver"))
    assert "\n" not in line
    said = json.loads(line)
    assert (said["level"], said["logger"]) == ("error", "of.ours")
    assert said["message"] == "task deliver failed:\nagain"
    assert datetime.fromisoformat(said["time"]).utcoffset() == timedelta(0)
    assert "trace_id" not in said


def test_a_line_for_programs_has_no_values_of_an_error_either() -> None:
    typed = "@".join(("ada", "example.org"))
    try:
        raise ValueError(typed)
    except ValueError as error:
        said = json.loads(formatter("json").format(a_record("it failed", error=error)))
    assert "ValueError" in said["error"]
    assert typed not in json.dumps(said)
