"""Traces: what a request causes, from its command and events to read models and letters.

Spans are recorded if a collector is named in the environment; otherwise nothing is done. They go to
a provider of ours, so libraries add none, and have names of ours, numbers and the request's id:
neither what people sent nor whom it is about. The context of a span that records events is stored
with these, so that who reads them later can tell what caused them.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from eventsourcing.persistence import StoredEvent
from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    TracerProvider,
    get_current_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from domain.aggregate import Refused
from infrastructure.error_redaction import error_kind
from infrastructure.settings import Settings, SettingsError

TRACEPARENT = "traceparent"
"""Of W3C Trace Context: the header of a request, and the field of a stored event."""

MOST_LINKS = 128
"""To how many causes a batch of events is linked: the latest."""

Attributes = Mapping[str, str | int]

_NOTHING = nullcontext(INVALID_SPAN)
_STORED = f'"{TRACEPARENT}":"'.encode()
_LENGTH = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
_propagator = TraceContextTextMapPropagator()
_tracers: list[Tracer] = []
"""One while traces are recorded."""


@contextmanager
def exporting(settings: Settings, service: str) -> Iterator[None]:
    """Record traces and send them to the collector of the settings, if there is one.

    Raises:
        SettingsError: the packages that this takes are not installed.
    """
    if settings.otlp_endpoint is None:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk import trace  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and the packages that send traces are not"
            ' installed: install "passive-candidate-sourcing[telemetry]", or unset it.'
        ) from None
    name = os.environ.get("OTEL_SERVICE_NAME") or f"sourcing-{service}"
    provider = trace.TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        with recording(provider):
            yield
    finally:
        provider.shutdown()


@contextmanager
def recording(provider: TracerProvider) -> Iterator[None]:
    """Record traces with a provider meanwhile."""
    _tracers.append(provider.get_tracer("sourcing"))
    try:
        yield
    finally:
        _tracers.pop()


def span(
    name: str,
    attributes: Attributes | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: Context | None = None,
    causes: Sequence[StoredEvent] = (),
) -> AbstractContextManager[Span]:
    """A span around what is done now, below the current one or a `parent`.

    It is linked to what caused these events.
    """
    if not _tracers:
        return _NOTHING
    return _recorded(_tracers[-1], name, attributes, kind, parent, causes)


@contextmanager
def _recorded(
    tracer: Tracer,
    name: str,
    attributes: Attributes | None,
    kind: SpanKind,
    parent: Context | None,
    causes: Sequence[StoredEvent],
) -> Iterator[Span]:
    with tracer.start_as_current_span(
        name,
        parent,
        kind,
        attributes,
        _links(causes),
        record_exception=False,  # whose message may quote what people sent
        set_status_on_exception=False,
    ) as recorded:
        try:
            yield recorded
        except Refused as refused:
            recorded.set_attribute("sourcing.refused", ", ".join(refused.codes))
            raise
        except Exception as error:
            recorded.set_attribute("error.type", error_kind(error))
            recorded.set_status(StatusCode.ERROR)
            raise


def of_request(headers: Iterable[tuple[bytes, bytes]]) -> Context | None:
    """What the caller of a request names as its cause."""
    if not _tracers:
        return None
    carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    return _propagator.extract(carrier)


def of_event(events: Iterable[StoredEvent]) -> Context | None:
    """What caused the first of these events, as the parent of what follows from it."""
    for event in events:
        return _propagator.extract(_carrier(event))
    return None


def is_recording() -> bool:
    """Whether traces are recorded."""
    return bool(_tracers)


def traceparent() -> bytes | None:
    """The current span, as it is stored with the events that it records."""
    if not _tracers:
        return None
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier[TRACEPARENT].encode() if TRACEPARENT in carrier else None


def _links(causes: Sequence[StoredEvent]) -> list[Link]:
    """A link to each span that recorded some of these events, the latest first."""
    stored: dict[str, None] = {}
    for event in reversed(causes):
        stored.update(dict.fromkeys(_carrier(event).values()))
        if len(stored) == MOST_LINKS:
            break
    contexts = (
        get_current_span(_propagator.extract({TRACEPARENT: each}, Context())).get_span_context()
        for each in stored
    )
    return [Link(context) for context in contexts if context.is_valid]


def _carrier(event: StoredEvent) -> dict[str, str]:
    # Within a text of an event the quotes stand behind backslashes.
    start = event.state.rfind(_STORED)
    if start < 0:
        return {}
    start += len(_STORED)
    return {TRACEPARENT: event.state[start : start + _LENGTH].decode("latin-1")}
