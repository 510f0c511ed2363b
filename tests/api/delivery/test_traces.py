"""A trace leads from a request through its command and events to read models and the letter."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from domain.actor import Role
from infrastructure.telemetry import tracing
from infrastructure.telemetry.logs import AsJson
from tests.support.client import done
from tests.support.concurrency import wait_until
from tests.support.post_office import PostOffice
from tests.support.stage import MESSAGE, Scene, Stage
from tests.support.traces import Traces, attributes, context, is_below, traceparent, traces


@pytest.fixture
def caller() -> str:
    """A trace of a caller."""
    return uuid4().hex


@pytest.fixture
def traced() -> Iterator[Traces]:
    with traces() as found:
        yield found


def request(scene: Scene, path: str, body: Any, **headers: str) -> Any:
    token = scene.stage.token(Role.RECRUITER, scene.employer_id)
    asked = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4()), **headers}
    return scene.stage.http.post(path, json=body, headers=asked)


@pytest.fixture
def sent(office: PostOffice, traced: Traces, caller: str) -> Scene:
    """A recruiter whose client traced the message that they have sent to Ada."""
    scene = office.stage.scene().in_beta()
    position, ada = scene.position(), scene.member("Adamantia", silent_days=400)
    office.stage.catch_up()
    body, path = {"candidate_id": ada, "message": MESSAGE}, f"/v1/positions/{position}/messages"
    answer = request(
        scene, path, body, **traceparent(caller), **{"X-Request-ID": "request of a client"}
    )
    assert answer.status_code == 201, answer.text
    office.stage.catch_up()
    return scene


def test_a_request_leads_to_its_command_and_to_what_it_appends(
    sent: Scene, traced: Traces, caller: str
) -> None:
    (http,) = traced.named("POST /v1/positions/{position_id}/messages", trace=caller)
    assert attributes(http)["http.response.status_code"] == 201
    assert attributes(http)["sourcing.request_id"] == "request of a client"
    (command,) = traced.named("SendMessage", trace=caller)
    (append,) = traced.named("append", trace=caller)
    assert is_below(command, http)
    assert is_below(append, command)
    assert attributes(command)["sourcing.request_id"] == "request of a client"


def test_the_batches_of_read_models_are_linked_to_what_caused_their_events(
    sent: Scene, traced: Traces, caller: str
) -> None:
    wait_until(lambda: traced.linked("project interview_list", trace=caller))
    wait_until(lambda: traced.linked("project likelihood", trace=caller))
    assert not traced.linked("project tickets", trace=caller)


def test_the_letter_and_what_becomes_of_it_belong_to_the_trace(
    office: PostOffice, sent: Scene, traced: Traces, caller: str
) -> None:
    office.deliver()
    (letter,) = traced.named("deliver letter", trace=caller)
    assert attributes(letter)["sourcing.outcome"] == "delivered"
    (message,) = traced.named("append", trace=caller)[:1]
    assert is_below(letter, message)
    (released,) = traced.named("ReleaseLetter", trace=caller)
    (delivered,) = traced.named("NoteDelivery", trace=caller)
    assert is_below(released, letter)
    assert is_below(delivered, letter)


def test_a_refusal_is_told_by_its_codes_and_is_no_error(
    stage: Stage, traced: Traces, caller: str
) -> None:
    scene = stage.scene()
    request(
        scene, f"/v1/employers/{scene.employer_id}/positions", {"title": "x"}, **traceparent(caller)
    )
    (command,) = traced.named("OpenPosition", trace=caller)
    assert attributes(command)["sourcing.refused"] == "employer_not_approved"
    assert command.status.is_unset


def test_no_span_says_whom_it_is_about_or_what_was_written(
    office: PostOffice, sent: Scene, traced: Traces, caller: str
) -> None:
    office.deliver()
    spans = traced.memory.get_finished_spans()
    told = [{**attributes(span)} for span in spans]
    for each in told:
        each.pop("sourcing.request_id", None)
    said = json.dumps([told, [[span.name, span.status.description] for span in spans]])
    assert "Adamantia" not in said
    assert MESSAGE["text"] not in said
    assert "@" not in said
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", said), "nobody's id"
    assert not any(span.events for span in spans)


def test_events_tell_the_same_whether_traces_were_recorded(
    sent: Scene, stage: Stage, caller: str
) -> None:
    with stage.connection() as db:
        (state,) = db.execute(
            "SELECT state FROM events WHERE topic = 'outreach.message_sent'"
            " ORDER BY log_position DESC LIMIT 1"
        ).fetchone() or (b"",)
    assert caller.encode() in bytes(state)
    auditor = stage.as_(Role.AUDITOR)
    (told,) = done(auditor.get("/events/search", kind="outreach.message_sent", limit=1))["items"]
    assert caller not in json.dumps(told)


def test_without_tracing_nothing_is_stored_for_it(stage: Stage, caller: str) -> None:
    scene = stage.scene()
    request(
        scene, f"/v1/employers/{scene.employer_id}/positions", {"title": "x"}, **traceparent(caller)
    )
    with stage.connection() as db:
        rows = db.execute(
            "SELECT FROM events WHERE originator_id = %s AND position('traceparent' in state) > 0",
            [scene.employer_id],
        ).fetchall()
    assert rows == []


def test_a_log_line_names_the_trace_that_it_belongs_to(traced: Traces, caller: str) -> None:
    record = logging.LogRecord("ours", logging.INFO, __file__, 1, "said", (), None)
    with tracing.span("something"):
        said = json.loads(AsJson().format(record))
    (span,) = traced.named("something")
    assert said["trace_id"] == f"{context(span).trace_id:032x}"


def test_what_a_library_would_trace_of_a_request_is_not_recorded(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = InMemorySpanExporter()
    theirs = TracerProvider(shutdown_on_exit=False)
    theirs.add_span_processor(SimpleSpanProcessor(memory))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: theirs)
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    stage.http.get("/p/a-link-that-speaks-for-somebody/data")
    assert memory.get_finished_spans() == ()
