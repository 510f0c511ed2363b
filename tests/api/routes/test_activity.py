"""Activity comes in by the thousand; each counts once, and what is wrong is told and left out."""

import codecs
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

import api.routes.activity
from api.marketplace import now
from domain.actor import Role
from infrastructure.event_log.store import EventStore
from tests.support.client import done
from tests.support.concurrency import SECONDS, at_once, wait_until
from tests.support.databases import Databases
from tests.support.stage import NDJSON, Scene, Stage, activity, own_stage


@pytest.fixture(scope="module")
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@pytest.fixture
def candidate(scene: Scene) -> str:
    return scene.member("Silent", silent_days=400)


def counts(response: Any) -> tuple[int, int, int]:
    assert response.status_code == 202, response.text
    said = response.json()
    return said["accepted"], said["repeated"], said["rejected"]


def rejections(response: Any) -> list[tuple[int, str]]:
    assert response.status_code == 202, response.text
    return [(rejected["line"], rejected["code"]) for rejected in response.json()["rejections"]]


def noted(stage: Stage, candidate: str) -> int:
    return [topic for _, topic in stage.topics(candidate)].count("candidate.was_active")


def test_what_is_told_is_taken(stage: Stage, scene: Scene, candidate: str) -> None:
    response = scene.tell(*[activity(candidate) for _ in range(3)])
    assert counts(response) == (3, 0, 0)
    assert response.json()["log_position"] == stage.reached()
    assert noted(stage, candidate) == 3


def test_what_is_told_twice_counts_once(stage: Stage, scene: Scene, candidate: str) -> None:
    once, twice = activity(candidate), activity(candidate)
    assert counts(scene.tell(once, twice, twice)) == (2, 1, 0)
    assert counts(scene.tell(twice, once)) == (0, 2, 0)
    assert noted(stage, candidate) == 2


def test_the_same_id_at_another_source_is_another_activity(scene: Scene, candidate: str) -> None:
    web, mail = activity(candidate, source_id="1"), activity(candidate, source_id="1", source="m")
    assert counts(scene.tell(web, mail)) == (2, 0, 0)


def test_a_line_that_is_wrong_is_told_with_its_number_and_code(
    stage: Stage, scene: Scene, candidate: str
) -> None:
    erased = scene.member("Erased", silent_days=400)
    done(scene.platform("DELETE", f"/candidates/{erased}"))
    tomorrow = (now() + timedelta(days=1)).isoformat()
    long_ago = (now() - timedelta(days=500)).isoformat()
    response = scene.tell(
        activity(candidate),
        "{",
        activity(str(uuid4())),
        activity(erased),
        activity(candidate, occurred_at=tomorrow),
        activity(candidate, occurred_at=long_ago),
        activity(scene.position()),
        activity(scene.employer_id),
        activity(candidate, kind="slept"),
        activity(candidate, occurred_at="yesterday"),
        activity(candidate, occurred_at="2026-01-01T00:00:00"),
        activity(candidate, mood="good"),
        activity(candidate, source=" "),
        activity(candidate, source="a\0b"),
        '{"candidate_id": "\\ud800"}',
        "[]",
        "null",
        "{" * 100_000,
        activity(candidate),
    )
    assert counts(response) == (2, 0, 17)
    assert rejections(response) == [
        (2, "invalid"),
        (3, "unknown"),
        (4, "candidate_is_erased"),
        (5, "activity_in_future"),
        (6, "activity_before_sign_up"),
        (7, "unknown"),
        (8, "unknown"),
        *((line, "invalid") for line in range(9, 19)),
    ]
    assert noted(stage, candidate) == 2


def test_a_rejection_names_the_field(scene: Scene, candidate: str) -> None:
    (rejected,) = scene.tell(activity(candidate, kind="slept")).json()["rejections"]
    assert rejected["detail"].startswith("kind: ")


def test_kind_11_the_first_line_is_read_behind_a_byte_order_mark(
    scene: Scene, candidate: str
) -> None:
    body = codecs.BOM_UTF8 + json.dumps(activity(candidate)).encode()
    assert counts(scene.platform("POST", "/activity", content=body, headers=NDJSON)) == (1, 0, 0)


@pytest.mark.parametrize("number", [1_700_000_000, "1700000000", 1_700_000_000_000.5, "-5"])
def test_kind_11_a_number_is_no_moment(scene: Scene, candidate: str, number: object) -> None:
    (rejected,) = scene.tell(activity(candidate, occurred_at=number)).json()["rejections"]
    assert "a number is no moment; write such as 2024-03-01T10:15:00Z" in rejected["detail"]


def test_kind_11_a_leap_second_is_a_moment(scene: Scene) -> None:
    member = scene.member("Early", silent_days=5_000)
    assert counts(scene.tell(activity(member, occurred_at="2016-12-31T23:59:60Z"))) == (1, 0, 0)


def test_a_rejected_line_may_come_again_once_it_is_right(scene: Scene) -> None:
    member = str(uuid4())
    line = activity(member)
    assert rejections(scene.tell(line)) == [(1, "unknown")]
    document = {"basics": {"name": "Late"}, "meta": {"sourcing": {"candidate_id": member}}}
    done(scene.platform.post("/candidates", document))
    line["occurred_at"] = now().isoformat()
    assert counts(scene.tell(line)) == (1, 0, 0)


def test_lines_may_end_as_they_do_elsewhere_and_be_blank(scene: Scene, candidate: str) -> None:
    one, other = (json.dumps(activity(candidate)) for _ in range(2))
    body = f"\r\n{one}\r\n\n   \n{other}\r\n\r\n{{\r\n"
    response = scene.platform("POST", "/activity", content=body, headers=NDJSON)
    assert counts(response) == (2, 0, 1)
    assert rejections(response) == [(7, "invalid")]


@pytest.mark.parametrize("body", [b"", b"\n", b" \r\n \n"])
def test_nothing_is_taken_for_nothing(stage: Stage, scene: Scene, body: bytes) -> None:
    response = scene.platform("POST", "/activity", content=body, headers=NDJSON)
    assert counts(response) == (0, 0, 0)
    assert response.json()["log_position"] == stage.reached()


def test_what_is_not_text_is_rejected_line_by_line(scene: Scene) -> None:
    body = b"\xff\xfe\n\x00\n"
    response = scene.platform("POST", "/activity", content=body, headers=NDJSON)
    assert rejections(response) == [(1, "invalid"), (2, "invalid")]


@pytest.mark.slow
def test_too_many_lines_are_refused_as_a_whole(stage: Stage, scene: Scene, candidate: str) -> None:
    before = stage.reached()
    body = json.dumps(activity(candidate)) + "\n" + "{}\n" * 100_000
    response = scene.platform("POST", "/activity", content=body, headers=NDJSON)
    assert response.status_code == 413
    assert response.json()["type"] == "urn:sourcing:problem:too-many-lines"
    assert stage.reached() == before


def test_too_large_a_body_is_refused(scene: Scene) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(34):
            yield b" " * 1024 * 1024

    for body in (b" " * (32 * 1024 * 1024 + 1), parts()):
        response = scene.platform("POST", "/activity", content=body, headers=NDJSON)
        assert response.status_code == 413
        assert response.json()["type"] == "urn:sourcing:problem:too-large"


def test_more_than_a_json_route_takes_is_taken_here(scene: Scene, candidate: str) -> None:
    body = json.dumps(activity(candidate)) + " " * 2_000_000
    response = scene.platform("POST", "/activity", content=body, headers=NDJSON)
    assert counts(response) == (1, 0, 0)


def test_only_the_first_rejections_are_shown_but_all_are_counted(scene: Scene) -> None:
    response = scene.tell(*["{"] * 1_500)
    assert response.json()["rejected"] == 1_500
    assert len(response.json()["rejections"]) == 1_000


def test_two_feeds_that_tell_the_same_at_once_count_it_once(stage: Stage, scene: Scene) -> None:
    members = [scene.member(f"Busy{number}", silent_days=400) for number in range(5)]
    for _ in range(4):
        before = [noted(stage, member) for member in members]
        lines = [activity(member) for member in members for _ in range(20)]
        answers = at_once(
            partial(scene.tell, *lines),
            partial(scene.tell, *reversed(lines)),
            partial(scene.tell, *lines[50:]),
        )
        totals = [sum(column) for column in zip(*map(counts, answers), strict=True)]
        assert totals == [100, 150, 0]
        assert [noted(stage, member) for member in members] == [n + 20 for n in before]


def test_two_feeds_that_tell_of_the_same_people_at_once_are_both_taken(
    stage: Stage, scene: Scene
) -> None:
    member = scene.member("Busy", silent_days=400)
    answers = at_once(
        *[lambda: scene.tell(*[activity(member) for _ in range(10)]) for _ in range(4)]
    )
    assert [counts(answer) for answer in answers] == [(10, 0, 0)] * 4
    assert noted(stage, member) == 40


def test_more_uploads_than_are_taken_are_told_to_come_back_and_hold_up_no_other_request(
    stage: Stage, scene: Scene, candidate: str
) -> None:
    support = stage.as_(Role.SUPPORT)
    with ThreadPoolExecutor(41) as threads:
        with stage.held_log():
            uploads = [threads.submit(scene.tell, activity(candidate)) for _ in range(40)]
            for _ in range(5):
                done(threads.submit(support.get, "/tickets").result(SECONDS))
            refused = 40 - api.routes.activity.MOST_UPLOADS
            wait_until(lambda: sum(upload.done() for upload in uploads) >= refused)
        answers = [upload.result(SECONDS) for upload in uploads]
    come_back = [answer for answer in answers if answer.status_code == 429]
    assert len(come_back) == refused
    for answer in come_back:
        assert answer.json()["type"] == "urn:sourcing:problem:too-many-uploads"
        assert answer.headers["retry-after"]
    assert stage.marketplace.uploads == 0
    assert counts(scene.tell(activity(candidate))) == (1, 0, 0)


def test_line_ends_alone_are_not_read_to_the_end(scene: Scene) -> None:
    response = scene.platform("POST", "/activity", content=b"\n" * 31 * 2**20, headers=NDJSON)
    assert response.status_code == 413
    assert response.json()["type"] == "urn:sourcing:problem:too-many-lines"


@pytest.mark.parametrize(("lines", "end"), [(10, b"\n"), (9, b"\n{}"), (10, b"")])
def test_as_many_lines_as_allowed_are_taken_however_the_last_ends(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, lines: int, end: bytes
) -> None:
    monkeypatch.setattr(api.routes.activity, "MOST_LINES", 10)
    body = b"\n".join([b"{}"] * lines) + end
    response = scene.platform("POST", "/activity", content=body, headers=NDJSON)
    assert counts(response) == (0, 0, 10)
    response = scene.platform("POST", "/activity", content=body + b"\n{}", headers=NDJSON)
    assert response.status_code == 413


def test_an_upload_ends_between_two_chunks_when_the_server_stops(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.routes.activity, "CHUNK", 10)
    with own_stage(databases, with_worker=False) as stage:
        scene = stage.scene()
        candidate = scene.member("Silent", silent_days=400)
        lines = [activity(candidate) for _ in range(35)]
        record = EventStore.execute_all

        def stopping_meanwhile(*arguments: Any, **options: Any) -> Any:
            stage.marketplace.stopping.set()
            return record(*arguments, **options)

        with monkeypatch.context() as stopping:
            stopping.setattr(EventStore, "execute_all", stopping_meanwhile)
            response = scene.tell(*lines)
        assert response.status_code == 503
        assert response.json()["type"] == "urn:sourcing:problem:shutting-down"
        assert response.headers["retry-after"]
        assert noted(stage, candidate) == 10
        stage.marketplace.stopping.clear()
        assert counts(scene.tell(*lines)) == (25, 10, 0)


def test_what_was_cut_off_half_way_is_completed_by_sending_it_again(
    stage: Stage, scene: Scene, candidate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.routes.activity, "CHUNK", 10)
    lines = [activity(candidate) for _ in range(35)]
    record, calls = EventStore.execute_all, []

    def dying(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise SystemError("pulled the plug")
        return record(*arguments, **options)

    with monkeypatch.context() as cut:
        cut.setattr(EventStore, "execute_all", dying)
        assert scene.tell(*lines).status_code == 500
    assert noted(stage, candidate) == 20
    assert counts(scene.tell(*lines)) == (15, 20, 0)
    assert noted(stage, candidate) == 35


def test_who_becomes_active_is_gone_from_the_passive_feed_before_long(scene: Scene) -> None:
    position = scene.position(required_skills=["Rare"])
    member = scene.member("Back", silent_days=400, skills=("Rare",))
    assert scene.names(position, "passive-candidates") == ["Back"]
    assert counts(scene.tell(activity(member))) == (1, 0, 0)
    feed = f"/positions/{position}/passive-candidates"
    wait_until(lambda: done(scene.recruiter.get(feed))["items"] == [])
    assert scene.names(position, "recommendations") == ["Back"]


def test_old_activity_keeps_nobody_from_being_passive(scene: Scene) -> None:
    position = scene.position(required_skills=["Older"])
    member = scene.member("Silent", silent_days=400, skills=("Older",))
    before = (now() - timedelta(days=300)).isoformat()
    assert counts(scene.tell(activity(member, occurred_at=before))) == (1, 0, 0)
    assert scene.names(position, "passive-candidates") == ["Silent"]


def test_a_refused_line_that_comes_twice_is_rejected_twice_and_not_repeated(scene: Scene) -> None:
    line = activity(str(uuid4()))
    told = done(scene.tell(line, line))
    assert (told["accepted"], told["repeated"], told["rejected"]) == (0, 0, 2)
    assert [one["line"] for one in told["rejections"]] == [1, 2]
