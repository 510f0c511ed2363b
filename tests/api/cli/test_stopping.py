"""A server that is told to stop finishes what it has accepted, and takes nothing more."""

import json
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx2 as httpx
import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow
from pydantic import SecretStr

from api.http.tokens import make_token
from api.marketplace import now
from domain.actor import Actor, Role
from infrastructure.settings import Settings
from tests.support.command_line import SECONDS_TO_STOP, address, environment, running
from tests.support.concurrency import SECONDS, wait_until
from tests.support.databases import SECRET

pytestmark = pytest.mark.slow  # each starts a server


def headers(role: Role) -> dict[str, str]:
    settings = Settings(secret=SecretStr(SECRET))
    token = make_token(settings, Actor(id="test", role=role), now(), timedelta(hours=1))
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}


def is_waiting_for_the_log(db: Connection[TupleRow]) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return db.execute(waiting).fetchall() != [(0,)]


def test_a_command_that_was_accepted_is_finished_before_the_server_ends(
    database_url: str, connection: Connection[TupleRow], tmp_path: Path
) -> None:
    env = environment(
        DATABASE_URL=database_url, SOURCING_SECRET=SECRET, SOURCING_DATA_DIR=str(tmp_path)
    )
    body = {"company": "Acme", "manager": {"name": "Casey", "email": "casey@example.com"}}
    with (
        running(env, "api", "--port", "0", says="Console") as (process, line),
        psycopg.connect(database_url) as holder,
        ThreadPoolExecutor(1) as threads,
    ):
        url, port = f"{address(line)}/v1/employers", int(address(line).rpartition(":")[2])
        holder.execute("SELECT FROM log_head FOR UPDATE")
        command = threads.submit(
            httpx.post, url, json=body, headers=headers(Role.ADMIN), timeout=SECONDS
        )
        wait_until(lambda: is_waiting_for_the_log(connection))
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses_connections(port))
        holder.rollback()
        answer = command.result(SECONDS)
        assert answer.status_code == 201, answer.text
        assert process.wait(SECONDS_TO_STOP) == 0
    assert connection.execute("SELECT log_position FROM log_head").fetchone() == (1,)


def refuses_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), SECONDS).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_long_upload_is_stopped_between_two_chunks_and_completed_by_sending_it_again(
    database_url: str, connection: Connection[TupleRow], tmp_path: Path
) -> None:
    env = environment(
        DATABASE_URL=database_url, SOURCING_SECRET=SECRET, SOURCING_DATA_DIR=str(tmp_path)
    )
    with httpx.Client(headers=headers(Role.PLATFORM), timeout=SECONDS) as http:
        with running(env, "api", "--port", "0", says="Console") as (process, line):
            url = address(line)
            document = {"basics": {"name": "Silent"}}
            member = http.post(f"{url}/v1/candidates", json=document).json()["id"]
            lines = [
                json.dumps(
                    {
                        "candidate_id": member,
                        "kind": "signed_in",
                        "occurred_at": now().isoformat(),
                        "source": "web",
                        "source_id": str(uuid4()),
                    }
                )
                for _ in range(40_000)
            ]
            body = "\n".join(lines).encode()
            with ThreadPoolExecutor(1) as threads:
                upload = threads.submit(http.post, f"{url}/v1/activity", content=body)
                wait_until(lambda: recorded(connection) > 0)
                process.send_signal(signal.SIGTERM)
                began = time.monotonic()
                answer = upload.result(SECONDS)
                assert process.wait(SECONDS_TO_STOP) == 0
                assert time.monotonic() - began < SECONDS / 4
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:sourcing:problem:shutting-down"
        before = recorded(connection)
        assert 0 < before < len(lines)
        with running(env, "api", "--port", "0", says="Console") as (_, line):
            again = http.post(f"{address(line)}/v1/activity", content=body).json()
        assert (again["accepted"], again["repeated"]) == (len(lines) - before, before)
        assert recorded(connection) == len(lines)


def recorded(db: Connection[TupleRow]) -> int:
    counted = "SELECT count(*) FROM events WHERE topic = 'candidate.was_active'"
    ((count,),) = db.execute(counted).fetchall()
    return int(count)
