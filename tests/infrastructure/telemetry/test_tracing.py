"""Traces are recorded if a collector is named, and otherwise nothing is done for them."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.settings import Settings
from infrastructure.telemetry import tracing
from tests.support.ledger import register_one
from tests.support.traces import Traces, attributes, context, traces


@pytest.fixture
def traced() -> Iterator[Traces]:
    with traces() as found:
        yield found


def test_without_a_collector_a_span_is_nothing(store: EventStore, pool: Pool) -> None:
    assert tracing.span("one") is tracing.span("another")
    assert tracing.traceparent() is None
    register_one(store)
    with pool.connection() as db:
        ((state,),) = db.execute("SELECT state FROM events").fetchall()
    assert b"traceparent" not in bytes(state)


def test_an_event_is_read_the_same_with_what_caused_it(store: EventStore, traced: Traces) -> None:
    recorded = register_one(store, "Globex")
    (stored,) = store.recorder.select_events(recorded.id)
    (append,) = traced.named("append")
    assert f"{context(append).trace_id:032x}".encode() in stored.state
    (event,) = store.mapper.with_personal_fields([stored])
    assert "traceparent" not in event.model_dump()


def test_an_error_is_told_by_its_kind_alone(traced: Traces) -> None:
    with pytest.raises(ValueError, match="Ada"), tracing.span("failing"):
        raise ValueError("about Ada")
    (span,) = traced.named("failing")
    assert attributes(span) == {"error.type": "ValueError"}
    assert (span.status.description, span.events) == (None, ())
    assert not span.status.is_ok


def of_trace(number: int, state: str = "") -> StoredEvent:
    cause = f"00-{number:032x}-{number:016x}-01"
    return StoredEvent(
        uuid4(), 1, "it.happened", f'{{"x":"y"{state},"traceparent":"{cause}"}}'.encode()
    )


def test_a_batch_is_linked_once_to_each_of_the_latest_causes(traced: Traces) -> None:
    without, broken = (
        StoredEvent(uuid4(), 1, "it.happened", state)
        for state in (b"{}", b'{"traceparent":"nonsense"}')
    )
    events = [of_trace(n) for n in (1, *range(2, 202), 201)]
    with tracing.span("project", causes=[*events, without, broken]):
        pass
    (span,) = traced.named("project")
    linked = [link.context.trace_id for link in span.links]
    assert linked == [*range(201, 201 - len(linked), -1)]
    assert tracing.MOST_LINKS - 1 <= len(linked) <= tracing.MOST_LINKS


def test_what_a_text_says_is_no_cause(traced: Traces) -> None:
    text = r',"text":"\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\""'
    event = StoredEvent(uuid4(), 1, "it.happened", f'{{"x":"y"{text}}}'.encode())
    with tracing.span("project", causes=[event]):
        pass
    assert traced.named("project")[0].links == ()


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """An OpenTelemetry collector's address, and what it was sent."""
    received: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()
    thread.join()


def test_spans_are_sent_to_the_collector_that_the_environment_names(
    collector: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, received = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    with tracing.exporting(Settings(), "worker"), tracing.span("something"):
        pass
    assert not tracing.is_recording()
    (sent,) = (ExportTraceServiceRequest.FromString(body) for body in received)
    (resource,) = sent.resource_spans
    named = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert named["service.name"] == "sourcing-worker"
    assert [s.name for scope in resource.scope_spans for s in scope.spans] == ["something"]
