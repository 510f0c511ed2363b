"""Log lines for people or for programs; neither has what people sent or what is stored."""

import json
import logging
from datetime import UTC, datetime
from types import TracebackType

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

from infrastructure.error_redaction import redacted_traceback


class WithoutValues(logging.Formatter):
    """Of errors the kind and the stack: their messages quote what people sent and what is stored.

    Libraries log errors with all of it, such as `uvicorn.error` those that an application raises.
    """

    def formatException(  # noqa: N802 - logging's own name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        return redacted_traceback(ei[1]) if ei[1] else ""


class AsJson(WithoutValues):
    """One JSON object a line, with the ids of the trace that it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        if (context := get_current_span().get_span_context()).is_valid:
            line["trace_id"] = format_trace_id(context.trace_id)
            line["span_id"] = format_span_id(context.span_id)
        return json.dumps(line, ensure_ascii=False)


def formatter(log_format: str) -> logging.Formatter:
    """How lines of this format are written: `text` or `json`."""
    if log_format == "json":
        return AsJson()
    return WithoutValues("%(asctime)s %(levelname)s %(name)s: %(message)s")
