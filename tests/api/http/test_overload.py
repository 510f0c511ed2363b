"""A server under too much load, or on a database in trouble, says so within seconds."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.http.admission import Admission
from api.http.problems import problem_of
from domain.actor import Role
from tests.support.client import done, statuses
from tests.support.concurrency import SECONDS
from tests.support.databases import Databases
from tests.support.stage import Stage, a_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with databases.prepared() as url, a_stage(url) as stage:
        yield stage


def approval(stage: Stage) -> Any:
    scene = stage.scene()
    return partial(scene.admin.post, f"/employers/{scene.employer_id}/approval")


def test_a_command_is_answered_within_seconds_while_the_log_is_locked(stage: Stage) -> None:
    command = approval(stage)
    with stage.held_log():
        began = time.monotonic()
        response = command()
        assert time.monotonic() - began < SECONDS / 4
        assert response.status_code == 503
        assert response.json()["type"] == "urn:sourcing:problem:log-is-locked"
        assert response.headers["retry-after"]
    done(command())


def test_reads_and_health_go_on_while_commands_wait_for_a_locked_log(stage: Stage) -> None:
    commands = [approval(stage) for _ in range(61)]
    support = stage.as_(Role.SUPPORT)
    with ThreadPoolExecutor(len(commands)) as threads:
        with stage.held_log():
            waiting = [threads.submit(command) for command in commands]
            began = time.monotonic()
            for _ in range(5):
                done(support.get("/tickets"))
                assert stage.http.get("/health/ready").status_code == 200
            assert time.monotonic() - began < 2.5, "they waited for the commands"
            answers = [one.result(SECONDS) for one in waiting]
        assert set(statuses(answers)) == {503}
        assert all(answer.headers["retry-after"] for answer in answers)


def test_what_the_server_gives_up_at_its_end_is_told_to_come_back() -> None:
    """The server cancels requests that have not finished by the time that it must end."""
    sent: list[Any] = []

    async def hanging(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(SECONDS)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    async def cancelled() -> None:
        scope = {"type": "http", "method": "GET", "path": "/v1/me", "headers": []}
        admission = Admission(hanging, lambda _, wrong: problem_of(wrong).response(), {})
        request = asyncio.create_task(admission(scope, receive, send))
        await asyncio.sleep(0)
        request.cancel()
        await asyncio.wait([request])

    asyncio.run(cancelled())
    assert sent[0]["status"] == 503
    assert b"shutting-down" in sent[1]["body"]
