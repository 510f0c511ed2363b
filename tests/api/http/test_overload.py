"""A server under too much load, or on a database in trouble, says so within seconds."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from starlette.types import Message, Receive, Scope, Send

from api.http.admission import COMMANDS, Admission
from api.http.problems import problem_of
from domain.actor import Role
from tests.support.client import done
from tests.support.concurrency import SECONDS, wait_until
from tests.support.databases import Databases
from tests.support.event_logs import is_led, writer
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


def test_reads_and_health_go_on_while_commands_wait_for_a_locked_log(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = [approval(stage) for _ in range(61)]
    support, recorder = stage.as_(Role.SUPPORT), stage.marketplace.store.recorder
    monkeypatch.setattr(writer(recorder), "_lock_timeout", SECONDS)
    recorder.close()  # its next connection waits for so long
    with ThreadPoolExecutor(len(commands)) as threads:
        with stage.held_log():
            waiting = [threads.submit(command) for command in commands]
            wait_until(lambda: is_led(recorder))
            for _ in range(5):
                done(support.get("/tickets"))
                assert stage.http.get("/health/ready").status_code == 200
            assert sum(not one.done() for one in waiting) >= COMMANDS.at_work
        answers = [one.result(SECONDS) for one in waiting]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) <= len(commands) - COMMANDS.at_work
    assert all(answer.status_code == 503 for answer in refused)
    assert all(answer.headers["retry-after"] for answer in refused)
    recorder.close()


def test_a_database_that_only_reads_is_said_to_be_unavailable_until_it_writes_again(
    databases: Databases,
) -> None:
    """As a standby does until it is promoted."""
    with databases.prepared() as url, a_stage(url, with_worker=False) as stage:
        command, name = approval(stage), conninfo_to_dict(url)["dbname"]
        with psycopg.connect(databases.server, autocommit=True) as db:
            only_read = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}")
            for only, status in (("on", 503), ("off", 201)):
                db.execute(only_read.format(sql.Identifier(str(name)), sql.SQL(only)))
                db.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = %s",
                    [name],
                )
                response = command()
                assert response.status_code == status, response.text
                assert done(stage.as_(Role.SUPPORT).get("/tickets"))["items"] == []
                if status == 503:
                    assert response.headers["retry-after"]


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
