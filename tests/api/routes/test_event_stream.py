"""The log as it grows: resumed from any place, with nothing missing and nothing twice."""

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from api.http.tokens import make_token
from api.marketplace import now
from api.routes import event_stream
from domain.actor import Actor, Role
from tests.support.browser import served
from tests.support.client import done
from tests.support.concurrency import wait_until
from tests.support.databases import Databases
from tests.support.stage import MESSAGE, Stage, own_stage

CUTS = 100
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture(scope="module")
def address(stage: Stage) -> Iterator[str]:
    with served(stage.marketplace) as address:
        yield f"{address}/v1/events/stream"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "POLL_SECONDS", 0.01)


class Reading:
    """What a client has read of a stream, as the specification of server-sent events says."""

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.events: list[dict[str, Any]] = []
        self._rest = b""

    def take(self, chunk: bytes) -> None:
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        for block in blocks:
            lines = [line.partition(b": ") for line in block.split(b"\n")]
            fields = {name: value for name, _, value in lines if name}
            if b"id" in fields:
                self.last_id = fields[b"id"].decode()
            if b"data" in fields:
                event = json.loads(fields[b"data"])
                assert fields[b"event"].decode() == event["type"]
                assert self.last_id == event["id"]
                self.events.append(event)

    def cut(self) -> None:
        """The connection is gone: what has come in part is none."""
        self._rest = b""

    @property
    def ids(self) -> list[int]:
        return [int(event["id"]) for event in self.events]


@contextmanager
def open_stream(address: str, token: str, last_id: str = "", **asked: Any) -> Iterator[Any]:
    headers = {**STREAM, "Authorization": f"Bearer {token}"}
    if last_id:
        headers["Last-Event-ID"] = last_id
    with httpx2.stream("GET", address, headers=headers, params=asked, timeout=60) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield response


def read(address: str, token: str, upto: int, last_id: str = "", **asked: Any) -> Reading:
    """Everything up to a place in the log."""
    reading = Reading(last_id)
    with open_stream(address, token, last_id, **asked) as response:
        for chunk in response.iter_raw():
            reading.take(chunk)
            if int(reading.last_id) >= upto:
                break
    return reading


@pytest.mark.slow
def test_cut_at_random_places_it_misses_nothing_and_doubles_nothing(
    stage: Stage, address: str
) -> None:
    chance = random.Random(11)
    scene, token = stage.scene().in_beta(), stage.token(Role.AUDITOR)
    scene.position()  # once alone: FastAPI prepares a route at its first request
    begin = stage.reached()
    finished = threading.Event()

    def keep_writing() -> None:
        while not finished.is_set():
            scene.position()

    writer = threading.Thread(target=keep_writing)
    writer.start()
    reading = Reading(str(begin))
    try:
        for _ in range(CUTS):
            allowance = chance.randint(1, 6_000)
            with open_stream(address, token, reading.last_id) as response:
                for chunk in response.iter_raw():
                    reading.take(chunk[:allowance])
                    allowance -= len(chunk)
                    if allowance <= 0:
                        break
            reading.cut()
    finally:
        finished.set()
        writer.join()
    end = stage.reached()
    rest = read(address, token, end, reading.last_id) if int(reading.last_id) < end else Reading()
    assert len(reading.events) > CUTS / 2
    assert reading.ids + rest.ids == list(range(begin + 1, end + 1))


def test_without_a_place_it_begins_with_what_happens_next(stage: Stage, address: str) -> None:
    scene, token = stage.scene().in_beta(), stage.token(Role.AUDITOR)
    before = stage.reached()
    with open_stream(address, token) as response:
        chunks = response.iter_raw()
        reading = Reading()
        reading.take(next(chunks))
        assert int(reading.last_id) == before
        scene.position()
        while not reading.events:
            reading.take(next(chunks))
    assert reading.ids == [before + 1]


def test_an_event_is_what_the_log_says_of_it(stage: Stage, address: str) -> None:
    stage.scene().in_beta()
    token = stage.token(Role.AUDITOR)
    reading = read(address, token, stage.reached(), since=0)
    auditor = stage.as_(Role.AUDITOR)
    page = done(auditor.get("/events", since=0, limit=1000))["events"]
    assert reading.events[: len(page)] == page


def test_a_type_is_followed_alone(stage: Stage, address: str) -> None:
    scene, token = stage.scene().in_beta(), stage.token(Role.AUDITOR)
    before = stage.reached()
    scene.position()
    other = stage.scene().approved()
    wanted = [at for at, topic in stage.topics(other.employer_id) if topic == "employer.approved"]
    reading = read(address, token, wanted[0], since=before, kind="employer.approved")
    assert reading.ids == wanted


def test_a_recruiter_gets_what_is_their_employers_without_the_models_figures(
    stage: Stage, address: str
) -> None:
    before = stage.reached()
    scene, other = stage.scene().in_beta(), stage.scene().in_beta()
    position, candidate = scene.position(), scene.member("Silent", silent_days=400)
    outreach = done(scene.message(position, candidate))["id"]
    other.position()
    done(scene.recruiter.post(f"/employers/{scene.employer_id}/feedback", {"text": "Good"}))
    last = done(scene.recruiter.post(f"/outreach/{outreach}/withdrawal"))["log_position"]
    token = stage.token(Role.RECRUITER, scene.employer_id)
    auditors = read(address, stage.token(Role.AUDITOR), last, since=before)
    (undone,) = [e for e in auditors.events if e["type"] == "outreach.undone"]
    reading = read(address, token, int(undone["id"]), since=before)
    assert [event["type"] for event in reading.events] == [
        "employer.registered",
        "employer.approved",
        "employer.beta_joined",
        "position.opened",
        "outreach.message_sent",
        "outreach.undone",
    ]
    sent = reading.events[4]["data"]
    assert sent["text"] == MESSAGE["text"]
    assert "likelihood" not in sent
    assert "likelihood" in next(e for e in auditors.events if e["subject"] == outreach)["data"]


def test_who_was_erased_is_not_told_of_to_who_reads_later(stage: Stage, address: str) -> None:
    scene = stage.scene().in_beta()
    before = stage.reached()
    position, candidate = scene.position(), scene.member("Ada Forgotten", silent_days=400)
    done(scene.message(position, candidate))
    done(scene.platform("DELETE", f"/candidates/{candidate}"))
    for role, employer in ((Role.AUDITOR, None), (Role.RECRUITER, scene.employer_id)):
        end = stage.reached() if role is Role.AUDITOR else before + 4
        reading = read(address, stage.token(role, employer), end, since=before)
        text = json.dumps(reading.events)
        assert "[erased]" in text
        assert "Forgotten" not in text
        assert MESSAGE["text"] not in text


def test_while_nothing_happens_it_shows_that_it_lives_and_how_far_it_has_come(
    stage: Stage, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.05)
    stage.scene().in_beta()
    with open_stream(address, stage.token(Role.AUDITOR), since=0, kind="nothing.happened") as got:
        reading, text = Reading(), b""
        for chunk in got.iter_raw():
            text += chunk
            reading.take(chunk)
            if text.count(b": heartbeat") >= 2:
                break
    assert (reading.events, int(reading.last_id)) == ([], stage.reached())


def test_a_stream_ends_when_its_token_is_revoked(
    stage: Stage, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.05)
    actor = Actor(id="leaving", role=Role.AUDITOR)
    token = make_token(stage.settings, actor, now(), timedelta(minutes=5))
    with open_stream(address, token) as response:
        chunks = response.iter_raw()
        next(chunks)
        headers = {"Authorization": f"Bearer {token}"}
        assert stage.http.delete("/v1/me/token", headers=headers).status_code == 204
        assert all(b"data" not in chunk for chunk in chunks)  # and then it ends


def test_streams_end_when_the_server_is_asked_to_stop(stage: Stage, address: str) -> None:
    stopping = stage.marketplace.stopping
    try:
        with open_stream(address, stage.token(Role.AUDITOR)) as response:
            chunks = response.iter_raw()
            next(chunks)
            stopping.set()
            assert list(chunks) == []
    finally:
        stopping.clear()
    wait_until(lambda: stage.marketplace.streams == 0)


def test_a_process_holds_only_so_many_streams(
    stage: Stage, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_until(lambda: stage.marketplace.streams == 0)
    monkeypatch.setattr(event_stream, "MOST_STREAMS", 1)
    token = stage.token(Role.AUDITOR)
    with open_stream(address, token) as response:
        chunks = response.iter_raw()
        next(chunks)
        second = httpx2.get(address, headers={**STREAM, "Authorization": f"Bearer {token}"})
        assert second.status_code == 503
        assert second.headers["retry-after"] == "60"
    wait_until(lambda: stage.marketplace.streams == 0)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 406),
        ({"Accept": "application/json"}, 406),
        ({**STREAM, "Last-Event-ID": "not a place"}, 422),
        ({**STREAM, "Last-Event-ID": "-1"}, 422),
        ({**STREAM, "Last-Event-ID": "999999999"}, 422),
    ],
)
def test_what_cannot_be_followed_is_refused(
    stage: Stage, asked: dict[str, str], status: int
) -> None:
    response = stage.as_(Role.AUDITOR)("GET", "/events/stream", headers=asked)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_a_recruiter_cannot_follow_what_is_not_for_employers(stage: Stage) -> None:
    scene = stage.scene()
    asked = {"params": {"kind": "candidate.signed_up"}, "headers": STREAM}
    assert scene.recruiter("GET", "/events/stream", **asked).status_code == 422


def test_who_asks_for_the_headers_alone_gets_them_at_once(stage: Stage) -> None:
    response = stage.as_(Role.AUDITOR)("HEAD", "/events/stream", headers=STREAM)
    assert (response.status_code, response.content) == (200, b"")
