"""Of things that exclude each other and come at once, exactly one happens."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from domain.actor import CompanyRole, Role
from tests.support.client import codes, done, statuses
from tests.support.concurrency import at_once
from tests.support.databases import Databases
from tests.support.stage import MESSAGE, Scene, Stage, a_stage, activity

pytestmark = pytest.mark.slow

ROUNDS = 12


@pytest.fixture(scope="module")
def url(databases: Databases) -> Iterator[str]:
    with databases.prepared() as url:
        yield url


@pytest.fixture(scope="module")
def stage(url: str) -> Iterator[Stage]:
    with a_stage(url) as stage:
        yield stage


@pytest.fixture(scope="module")
def another(url: str, stage: Stage) -> Iterator[Stage]:
    """Another process's marketplace on the same database."""
    with a_stage(url, with_worker=False) as another:
        yield another


@pytest.fixture(scope="module")
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def elsewhere(another: Stage, scene: Scene) -> Any:
    """The same recruiter at another process."""
    return another.as_(Role.RECRUITER, scene.employer_id)


def sending(recruiter: Any, position: str, candidate: str) -> Callable[[], Any]:
    body = {"candidate_id": candidate, "message": MESSAGE}
    return lambda: recruiter.post(f"/positions/{position}/messages", body)


def soon(number: int, do: Callable[[], Any]) -> Callable[[], Any]:
    """The same a little later each round, so that over the rounds either side is first."""

    def do_soon() -> Any:
        time.sleep(0.0015 * number)
        return do()

    return do_soon


def sent(stage: Stage, candidate: str) -> list[int]:
    """Where in the log messages to the candidate stand."""
    return places(stage, candidate, "candidate.contacted")


def places(stage: Stage, id: str, topic: str) -> list[int]:
    return [position for position, name in stage.topics(id) if name == topic]


def test_of_many_sends_to_one_candidate_about_one_position_one_wins(
    stage: Stage, scene: Scene
) -> None:
    position = scene.position()
    for number in range(ROUNDS):
        candidate = scene.member(f"Silent{number}", silent_days=400)
        answers = at_once(*[sending(scene.recruiter, position, candidate)] * 4)
        assert statuses(answers) == [201, 409, 409, 409]
        lost = [answer for answer in answers if answer.status_code == 409]
        assert all(codes(answer) == ["already_contacted"] for answer in lost)
        assert len(sent(stage, candidate)) == 1


def test_of_sends_through_two_processes_one_wins(
    stage: Stage, another: Stage, scene: Scene
) -> None:
    position = scene.position()
    here, there = scene.recruiter, elsewhere(another, scene)
    for number in range(ROUNDS):
        candidate = scene.member(f"Silent{number}", silent_days=400)
        sends = [sending(here, position, candidate), sending(there, position, candidate)]
        answers = at_once(*sends, *sends)
        assert statuses(answers) == [201, 409, 409, 409]
        assert len(sent(stage, candidate)) == 1


def test_nobody_is_approached_more_often_than_allowed_by_many_employers_at_once(
    stage: Stage, scene: Scene
) -> None:
    others = [stage.scene().in_beta() for _ in range(4)]
    positions = [(one.recruiter, one.position()) for one in [scene, *others]]
    for number in range(3):
        candidate = scene.member(f"Wanted{number}", silent_days=400)
        answers = at_once(*(sending(one, position, candidate) for one, position in positions))
        assert statuses(answers) == [201, 201, 201, 409, 409]
        assert len(sent(stage, candidate)) == 3


def test_no_message_comes_after_the_opt_out(stage: Stage, another: Stage, scene: Scene) -> None:
    position = scene.position()
    there = elsewhere(another, scene)
    for number in range(ROUNDS):
        candidate = scene.member(f"Silent{number}", silent_days=400)
        sender = there if number % 2 else scene.recruiter
        opting_out = partial(scene.platform.post, f"/candidates/{candidate}/opt-out")
        message, opt_out = at_once(sending(sender, position, candidate), soon(number, opting_out))
        assert opt_out.status_code == 201
        assert_before(stage, message, candidate, (candidate, "candidate.opted_out"))
        if message.status_code != 201:
            assert codes(message) == ["unknown"]


def test_no_message_comes_after_the_erasure(stage: Stage, scene: Scene) -> None:
    position = scene.position()
    for number in range(ROUNDS):
        candidate = scene.member(f"Silent{number}", silent_days=400)
        erasing = partial(scene.platform, "DELETE", f"/candidates/{candidate}")
        message, erasure = at_once(
            sending(scene.recruiter, position, candidate), soon(number, erasing)
        )
        assert erasure.status_code == 200
        assert_before(stage, message, candidate, (candidate, "candidate.erased"))
        if message.status_code != 201:
            assert codes(message) == ["unknown"]


def test_no_message_comes_after_the_suspension(stage: Stage, another: Stage) -> None:
    scene = stage.scene().in_beta()
    position, there = scene.position(), elsewhere(another, scene)
    path = f"/employers/{scene.employer_id}"
    for number in range(ROUNDS):
        candidate = scene.member(f"Silent{number}", silent_days=400)
        sender = there if number % 2 else scene.recruiter
        suspending = partial(scene.admin.post, f"{path}/suspension", {"reason": "spam"})
        message, suspension = at_once(
            sending(sender, position, candidate), soon(number, suspending)
        )
        assert suspension.status_code == 201
        assert_before(stage, message, candidate, (scene.employer_id, "employer.suspended"))
        done(scene.admin.post(f"{path}/approval"))


def test_no_message_comes_after_the_closing(stage: Stage, scene: Scene) -> None:
    for number in range(ROUNDS):
        position = scene.position()
        candidate = scene.member(f"Silent{number}", silent_days=400)
        closing = partial(scene.recruiter.post, f"/positions/{position}/closure", {})
        message, closure = at_once(
            sending(scene.recruiter, position, candidate), soon(number, closing)
        )
        assert closure.status_code == 201
        assert_before(stage, message, candidate, (position, "position.closed"))


def test_no_message_comes_after_leaving_the_beta(stage: Stage) -> None:
    scene = stage.scene().in_beta()
    position, path = scene.position(), f"/employers/{scene.employer_id}/beta"
    owner = scene.as_(CompanyRole.OWNER)
    for number in range(ROUNDS // 2):
        candidate = scene.member(f"Silent{number}", silent_days=400)
        leaving = partial(owner, "DELETE", path)
        message, leave = at_once(
            sending(scene.recruiter, position, candidate), soon(number, leaving)
        )
        assert leave.status_code == 200
        assert_before(stage, message, candidate, (scene.employer_id, "employer.beta_left"))
        done(scene.recruiter.post(path))


def test_nobody_who_has_just_been_active_gets_a_message(stage: Stage, scene: Scene) -> None:
    position = scene.position()
    for number in range(ROUNDS // 2):
        candidate = scene.member(f"Silent{number}", silent_days=400)
        being_active = partial(scene.tell, activity(candidate))
        message, told = at_once(
            sending(scene.recruiter, position, candidate), soon(number, being_active)
        )
        assert done(told)["accepted"] == 1
        assert_before(stage, message, candidate, (candidate, "candidate.was_active"))


def assert_before(stage: Stage, message: Any, candidate: str, end: tuple[str, str]) -> None:
    """What ends all messages happened, and a message only if it had been sent before."""
    ended = places(stage, *end)[-1]
    if message.status_code == 201:
        (position,) = sent(stage, candidate)
        assert position < ended
    else:
        assert message.status_code in {404, 409}, message.text
        assert sent(stage, candidate) == []


def test_of_two_who_change_what_they_have_read_one_wins(
    stage: Stage, another: Stage, scene: Scene
) -> None:
    there = elsewhere(another, scene)
    for _ in range(ROUNDS):
        position = scene.position()
        path, seen = f"/positions/{position}/filters", {"If-Match": '"1"'}
        answers = at_once(
            partial(scene.recruiter, "PUT", path, {"roles": ["a"]}, headers=seen),
            partial(there, "PUT", path, {"roles": ["b"]}, headers=seen),
        )
        assert statuses(answers) == [200, 412]
        assert places(stage, position, "position.filters_set")[1:] == []


def test_a_candidate_who_signs_up_twice_at_once_does_so_once(stage: Stage, scene: Scene) -> None:
    document = {"basics": {"name": "Twin"}, "meta": {"sourcing": {"external_id": "twin"}}}
    answers = at_once(*[lambda: done(scene.platform.post("/candidates", document))] * 4)
    (candidate,) = {answer["id"] for answer in answers}
    assert [topic for _, topic in stage.topics(candidate)] == ["candidate.signed_up"]


def test_of_many_who_are_busy_at_once_each_is_recorded_once_if_they_ask_until_it_is(
    stage: Stage, scene: Scene
) -> None:
    path, threads = f"/employers/{scene.employer_id}/feedback", 16

    def share() -> Any:
        key = {"Idempotency-Key": str(uuid4())}
        while (answer := scene.recruiter.post(path, {"text": "x"}, headers=key)).status_code == 503:
            assert answer.headers["retry-after"]
        return answer

    before = len(places(stage, scene.employer_id, "employer.feedback_shared"))
    answers = at_once(*[share] * threads)
    assert statuses(answers) == [201] * threads
    after = len(places(stage, scene.employer_id, "employer.feedback_shared"))
    assert after == before + threads
