"""Traces that are kept in memory, to look at."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext

from infrastructure.telemetry import tracing


def traceparent(trace: str) -> dict[str, str]:
    """The header by which a caller names a trace of theirs."""
    return {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}


@dataclass(frozen=True)
class Traces:
    """The spans that have ended."""

    memory: InMemorySpanExporter

    def named(self, name: str, *, trace: str | None = None) -> list[ReadableSpan]:
        """The spans of this name, perhaps those of one trace, as they ended."""
        return [
            span
            for span in self.memory.get_finished_spans()
            if span.name == name and trace in (None, f"{context(span).trace_id:032x}")
        ]

    def linked(self, name: str, *, trace: str) -> list[ReadableSpan]:
        """The spans of this name that are linked to a trace."""
        return [
            span
            for span in self.named(name)
            if any(f"{link.context.trace_id:032x}" == trace for link in span.links)
        ]


def context(span: ReadableSpan) -> SpanContext:
    found = span.get_span_context()
    assert found is not None
    return found


def attributes(span: ReadableSpan) -> Mapping[str, object]:
    return span.attributes or {}


def is_below(child: ReadableSpan, parent: ReadableSpan) -> bool:
    """Whether a span is directly below another."""
    return child.parent is not None and child.parent.span_id == context(parent).span_id


@contextmanager
def traces() -> Iterator[Traces]:
    """Record traces meanwhile."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    with tracing.recording(provider):
        yield Traces(memory)
    provider.shutdown()
