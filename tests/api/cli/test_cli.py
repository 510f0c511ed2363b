"""The command line: what each command does, says, and exits with."""

import base64
import io
import json
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2 as httpx
import psutil
import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import Connection
from psycopg.rows import TupleRow

from api.cli.documents import entries
from api.cli.exit_codes import MEANINGS, Exit, ending
from api.demo import NORDLICHT, fill
from api.demo.fill import Log
from domain.candidate_events import CandidateSignedUp
from domain.event import Event
from infrastructure.database.migrations import MigrationError
from infrastructure.database.postgres import Pool
from infrastructure.event_log.keys import WrongSecret
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projection import Change
from infrastructure.projecting.projector import Projector
from projections.candidate_pool import CandidatePool
from projections.read_models import read_models
from tests.support.command_line import (
    PROGRAM,
    SECONDS_TO_STOP,
    Ended,
    Environment,
    Run,
    address,
    environment,
    running,
)
from tests.support.concurrency import wait_until
from tests.support.databases import SECRET
from tests.support.history import History, somebody


@pytest.fixture
def env(database_url: str, tmp_path: Path) -> Environment:
    return environment(
        DATABASE_URL=database_url, SOURCING_SECRET=SECRET, SOURCING_DATA_DIR=str(tmp_path)
    )


# Help, usage and settings ---------------------------------------------------------------------


def test_help_names_every_command(sourcing: Run) -> None:
    ended = sourcing("--help")
    assert ended.code == 0
    for command in ("serve", "api", "worker", "import", "token", "demo", "projections"):
        assert f"\n  {command} " in ended.out


@pytest.mark.parametrize(
    "command",
    [
        *("serve", "api", "worker", "import candidates", "token", "demo", "walkthrough", ""),
        *(f"projections {what}".strip() for what in ("", "status", "rebuild", "parked", "replay")),
    ],
)
def test_every_help_lists_the_exit_codes(sourcing: Run, command: str) -> None:
    told = " ".join(sourcing(*command.split(), "--help").out.split())
    for code, meaning in MEANINGS.items():
        assert f"{code.value} {meaning}" in told


def test_without_a_command_it_shows_help_and_exits_2(sourcing: Run) -> None:
    ended = sourcing()
    assert ended.code == Exit.WRONG_USAGE
    assert "Usage: sourcing" in ended.out + ended.err


def test_an_unknown_command_exits_2(sourcing: Run) -> None:
    assert sourcing("sevre").code == Exit.WRONG_USAGE


def test_a_wrong_setting_is_explained_in_a_sentence_and_exits_2(sourcing: Run) -> None:
    ended = sourcing("serve", SOURCING_PORT="eighty")
    assert ended.code == Exit.WRONG_USAGE
    assert ended.err == (
        'SOURCING_PORT is set to "eighty", which does not work: set it to a whole number from 0 to '
        "65535.\n"
    )


def test_a_misspelt_setting_exits_2(sourcing: Run) -> None:
    ended = sourcing("token", "admin", SOURCING_PROT="80")
    assert (ended.code, ended.out) == (Exit.WRONG_USAGE, "")
    assert "did you mean SOURCING_PORT?" in ended.err


def test_a_database_that_does_not_answer_exits_4_with_a_sentence(sourcing: Run) -> None:
    ended = sourcing("demo", DATABASE_URL="postgresql://me:hidden@127.0.0.1:1/none")
    assert ended.code == Exit.UNREACHABLE
    assert ended.err.startswith("The database does not answer (")
    assert ended.err.endswith("): check DATABASE_URL.\n")
    assert ended.err.count("\n") == 1
    assert "hidden" not in ended.err


def test_another_secret_than_that_of_the_database_is_a_wrong_setting() -> None:
    end = ending(WrongSecret())
    assert end is not None
    assert (end.exit, "SOURCING_SECRET" in str(end)) == (Exit.WRONG_USAGE, True)


def test_a_migration_that_fails_is_a_failure_without_a_traceback() -> None:
    end = ending(MigrationError("The migration 0005_x failed: no."))
    assert end is not None
    assert (end.exit, str(end)) == (Exit.FAILED, "The migration 0005_x failed: no.")


def test_an_error_that_nobody_expected_keeps_its_traceback() -> None:
    assert ending(ZeroDivisionError()) is None


# Tokens ---------------------------------------------------------------------------------------


def bearer(ended: Ended) -> dict[str, str]:
    assert ended.code == 0, ended.err
    return {"Authorization": f"Bearer {ended.out.strip()}"}


def test_a_token_is_accepted_by_the_api(sourcing: Run, http: TestClient) -> None:
    headers = bearer(sourcing("token", "support"))
    assert http.get("/v1/employers", headers=headers).status_code == 200


def test_a_token_opens_what_its_role_may_do_and_no_more(sourcing: Run, http: TestClient) -> None:
    headers = bearer(sourcing("token", "analyst"))
    assert http.get("/v1/events", headers=headers).status_code == 403


def test_a_recruiters_token_is_for_the_demo_employer_unless_told_otherwise(sourcing: Run) -> None:
    claims = jwt_claims(sourcing("token", "recruiter"))
    assert claims["employer_id"] == str(NORDLICHT)


def test_a_token_names_whom_it_is_asked_to(sourcing: Run) -> None:
    employer = "11111111-1111-4111-8111-111111111111"
    ended = sourcing("token", "recruiter", "--employer", employer, "--subject", "kim", "--days", 2)
    claims = jwt_claims(ended)
    assert (claims["sub"], claims["employer_id"]) == ("kim", employer)
    assert claims["exp"] - claims["iat"] == 2 * 86_400


def test_a_token_names_what_its_owner_may_do_in_the_company(sourcing: Run) -> None:
    claims = jwt_claims(sourcing("token", "recruiter", "--company-role", "owner"))
    assert claims["company_role"] == "owner"
    assert "company_role" not in jwt_claims(sourcing("token", "recruiter"))
    assert sourcing("token", "analyst", "--company-role", "owner").code == 2


@pytest.mark.parametrize("role", ["system", "candidate", "boss"])
def test_there_is_no_token_for_such_a_role(sourcing: Run, role: str) -> None:
    ended = sourcing("token", role)
    assert ended.code == Exit.WRONG_USAGE
    assert f"{role} is not a role" in ended.err


def jwt_claims(ended: Ended) -> Any:
    assert ended.code == 0, ended.err
    payload = ended.out.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


# Import ---------------------------------------------------------------------------------------


def resume(name: str, **sourcing: Any) -> dict[str, Any]:
    return {"basics": {"name": name}, "meta": {"sourcing": sourcing}}


def ndjson(*documents: Any) -> bytes:
    return "".join(json.dumps(document) + "\n" for document in documents).encode()


def topics(db: Connection[TupleRow]) -> list[str]:
    return [topic for (topic,) in db.execute("SELECT topic FROM events ORDER BY log_position")]


@pytest.fixture
def importing(sourcing: Run, env: Environment, tmp_path: Path) -> Callable[[bytes], Ended]:
    """Imports a file of this content."""

    def run(content: bytes) -> Ended:
        file = tmp_path / "candidates"
        file.write_bytes(content)
        return sourcing("import", "candidates", file, env=env)

    return run


Importing = Callable[[bytes], Ended]


def test_the_documents_of_a_file_are_taken(
    importing: Importing, connection: Connection[TupleRow]
) -> None:
    ended = importing(ndjson(resume("Ada"), resume("Grace")))
    assert (ended.code, ended.out) == (0, "Candidates taken: 2. Already there: 0. Bad: 0.\n")
    assert topics(connection) == ["candidate.signed_up"] * 2


def test_a_bad_record_is_reported_with_its_line_and_reason_and_the_good_ones_taken(
    importing: Importing,
) -> None:
    ended = importing(ndjson(resume("Ada"), {"basics": {}}) + b"{oops\n" + ndjson(resume("Grace")))
    assert ended.code == Exit.BAD_RECORDS
    assert ended.out == "Candidates taken: 2. Already there: 0. Bad: 2.\n"
    assert (
        "line 2: basics.name: is missing, and so are an e-mail address and an id; name the person\n"
        in ended.err
    )
    assert "line 3: is not JSON: " in ended.err


@pytest.mark.parametrize("line", ['"text"', "12", "null", "[1]", "true", "NaN"])
def test_a_line_that_is_no_object_is_reported_and_the_others_taken(
    importing: Importing, line: str
) -> None:
    ended = importing(ndjson(resume("Ada")) + f"{line}\n".encode() + ndjson(resume("Grace")))
    assert ended.out == "Candidates taken: 2. Already there: 0. Bad: 1.\n"
    assert "line 2: a document is a JSON object, not " in ended.err


def test_importing_a_file_again_takes_nothing_twice(
    importing: Importing, connection: Connection[TupleRow]
) -> None:
    when = "2026-01-05T10:00:00Z"
    file = ndjson(resume("Ada", external_id="a-1", last_active_at=when), resume("Grace"))
    importing(file)
    before = topics(connection)
    ended = importing(file)
    assert (ended.code, ended.out) == (0, "Candidates taken: 0. Already there: 2. Bad: 0.\n")
    assert topics(connection) == before


def test_a_person_twice_in_a_file_is_taken_once(importing: Importing) -> None:
    ended = importing(ndjson(resume("Ada", external_id="a-1"), resume("A.", external_id="a-1")))
    assert ended.out == "Candidates taken: 1. Already there: 1. Bad: 0.\n"


def test_a_person_without_an_id_is_known_by_their_address(importing: Importing) -> None:
    importing(ndjson({"basics": {"name": "Ada", "email": "ada@example.com"}}))
    again = {"basics": {"name": "Ada L.", "email": "Ada@Example.com"}, "skills": [{"name": "Go"}]}
    assert importing(ndjson(again)).out == "Candidates taken: 0. Already there: 1. Bad: 0.\n"


def test_a_document_without_an_id_is_known_however_its_fields_are_ordered(
    importing: Importing,
) -> None:
    importing(b'{"basics": {"name": "Ada"}, "skills": []}\n')
    ended = importing(b'{"skills": [], "basics": {"name": "Ada"}}\n')
    assert ended.out == "Candidates taken: 0. Already there: 1. Bad: 0.\n"


def test_standard_input_is_a_file_too(sourcing: Run, env: Environment) -> None:
    ended = sourcing("import", "candidates", "-", env=env, stdin=ndjson(resume("Ada")))
    assert ended.out == "Candidates taken: 1. Already there: 0. Bad: 0.\n"


def test_the_last_activity_is_recorded_at_its_moment(
    importing: Importing, connection: Connection[TupleRow]
) -> None:
    importing(ndjson(resume("Ada", opted_in=True, last_active_at="2026-01-05T10:00:00Z")))
    assert topics(connection) == [
        "candidate.signed_up",
        "candidate.opted_in",
        "candidate.was_active",
    ]


def test_moments_that_cannot_be_are_left_out_with_a_warning(importing: Importing) -> None:
    early, late = "2025-01-05T10:00:00Z", "2026-01-05T10:00:00Z"
    people = [
        resume("Ada", signed_up_at=late, last_active_at=early),
        resume("Grace", signed_up_at="2999-01-01T00:00:00Z"),
    ]
    ended = importing(ndjson(*people))
    assert ended.code == 0
    assert ended.out == "Candidates taken: 2. Already there: 0. Bad: 0. Warnings: 2.\n"
    assert "line 1: meta.sourcing.signed_up_at: lies after the last activity" in ended.err
    assert "line 2: meta.sourcing.signed_up_at: lies in the future" in ended.err


ODD = [
    {"basics": {"name": "Ada"}, "work": [{"name": "=1+1", "startDate": "soon"}]},
    {"basics": {"name": "Ada"}, "work": [{"name": "=1+1", "startDate": "soon"}]},
    {"basics": {"name": "Grace"}},
    {"skills": ["Go"]},
]
UNREAD = "'soon' is not a date that can be read; left out"
NOBODY = "basics.name: is missing, and so are an e-mail address and an id; name the person"


def test_the_report_says_what_became_of_each_record(
    sourcing: Run, env: Environment, tmp_path: Path
) -> None:
    report = tmp_path / "report.jsonl"
    ended = sourcing("import", "candidates", "-", "--report", report, env=env, stdin=ndjson(*ODD))
    assert ended.code == Exit.BAD_RECORDS
    rows = [json.loads(line) for line in report.read_text().splitlines()]
    by_record = sorted(rows, key=lambda row: str(row["record"]))
    assert [tuple(row.values()) for row in by_record] == [
        ("line 1", "signed up", "work[0].startDate", UNREAD),
        ("line 2", "known already", "work[0].startDate", UNREAD),
        ("line 3", "signed up", None, None),
        ("line 4", "refused", None, NOBODY),
    ]


def test_the_report_may_be_a_table(sourcing: Run, env: Environment, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    sourcing("import", "candidates", "-", "--report", report, env=env, stdin=ndjson(*ODD))
    assert report.read_text().splitlines()[0] == "record,outcome,path,problem"
    assert f"line 1,signed up,work[0].startDate,{UNREAD}" in report.read_text().splitlines()


def test_only_the_first_warnings_are_written_to_the_screen(importing: Importing) -> None:
    work = [{"name": "X", "startDate": f"day {n}"} for n in range(30)]
    ended = importing(ndjson({"basics": {"name": "Ada"}, "work": work}))
    assert "work[19].startDate" in ended.err
    assert "work[20].startDate" not in ended.err
    assert "10 more warnings" in ended.err
    assert ended.out.endswith("Warnings: 30.\n")


def test_a_file_that_is_not_there_is_wrong_usage(sourcing: Run, env: Environment) -> None:
    assert sourcing("import", "candidates", "/none", env=env).code == Exit.WRONG_USAGE


# Parked events --------------------------------------------------------------------------------


@pytest.fixture
def failing(store: EventStore, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[UUID]]:
    """Those whose sign-up the pool of candidates cannot handle for as long as they are in here."""
    history, sound = History(), CandidatePool.changes
    history.sign_up("Ada", "Bo")
    ids = [somebody("Ada"), somebody("Bo")]

    def changes(projection: CandidatePool, event: Event) -> Iterable[Change]:
        if isinstance(event, CandidateSignedUp) and event.originator_id in ids:
            raise ValueError("bad luck")
        return sound(projection, event)

    events = [
        event.model_copy(update={"originator_version": 1 + n % 2})
        for n, event in enumerate(history.events)
    ]
    store.record(events)
    monkeypatch.setattr(CandidatePool, "changes", changes)
    Projector([CandidatePool()], store, pool).catch_up()
    yield ids
    monkeypatch.undo()


def test_parked_events_are_listed_with_how_many_wait_behind(
    sourcing: Run, env: Environment, failing: list[UUID]
) -> None:
    ended = sourcing("projections", "parked", env=env)
    assert ended.code == 0
    first, error, *others = ended.out.splitlines()
    assert first.startswith(
        f"candidate_pool: event 1 (candidate.signed_up) of stream {failing[0]}, parked at 20"
    )
    assert first.endswith(", 1 behind it:")
    assert error.startswith("    ValueError: test_cli.py line ")
    assert len(others) == 2


def test_a_replay_applies_what_is_mended_and_exits_3_while_something_stays_parked(
    sourcing: Run, env: Environment, failing: list[UUID], pool: Pool
) -> None:
    mended = failing.pop(0)
    ended = sourcing("projections", "replay", env=env)
    assert ended.code == Exit.BAD_RECORDS
    assert "candidate_pool: streams applied: 1 of 2." in ended.out
    assert f"event 3 (candidate.signed_up) of stream {failing[0]}" in ended.out
    assert str(mended) not in ended.out
    assert "Streams that stay parked: 1. Mend what fails" in ended.err
    assert sourcing("projections", "replay", "employers", env=env).code == 0
    failing.clear()
    ended = sourcing("projections", "replay", "candidate_pool", env=env)
    assert (ended.code, ended.out.splitlines()) == (
        0,
        ["candidate_pool: streams applied: 1 of 1.", "Nothing is parked."],
    )
    with pool.connection() as db:
        opted_in = db.execute("SELECT name, opted_in FROM candidate_pool ORDER BY name").fetchall()
    assert opted_in == [("Ada", True), ("Bo", True)]


def test_parked_events_are_listed_for_scripts(
    sourcing: Run, env: Environment, failing: list[UUID]
) -> None:
    first, second = json.loads(sourcing("projections", "parked", "--json", env=env).out)
    assert (first["stream"], second["stream"]) == tuple(map(str, failing))
    assert (first["projection"], first["log_position"], first["waiting"]) == (
        "candidate_pool",
        1,
        1,
    )
    assert json.loads(sourcing("projections", "parked", "employers", "--json", env=env).out) == []


@pytest.mark.parametrize("what", ["status", "rebuild", "parked", "replay"])
def test_a_read_model_that_there_is_not_is_wrong_usage(
    sourcing: Run, env: Environment, what: str
) -> None:
    ended = sourcing("projections", what, "gossip", env=env)
    assert ended.code == Exit.WRONG_USAGE
    assert "there is none called gossip: adverse_impact, " in ended.err


# The figures of a worker ----------------------------------------------------------------------


def test_a_worker_serves_its_own_figures_if_a_port_is_set(env: Environment) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env["SOURCING_METRICS_PORT"] = str(port)
    with running(env, "worker", says="Keeping up to date"):
        told = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    assert "sourcing_projection_batch_events" in told
    assert "sourcing_event_log_position" not in told, "the API reads the database for all"


# The state of read models, and rebuilding them ------------------------------------------------


def test_the_status_says_how_far_each_read_model_is_and_what_it_has_parked(
    sourcing: Run, env: Environment, failing: list[UUID]
) -> None:
    ended = sourcing("projections", "status", env=env)
    assert ended.code == 0
    head, *rows = ended.out.splitlines()
    assert head.split() == [
        "READ",
        "MODEL",
        "VERSION",
        "STATE",
        "EVENT",
        "LAG",
        "WAITING",
        "PER",
        "SECOND",
        "PARKED",
    ]
    told = {row.split()[0]: row.split() for row in rows}
    assert told["candidate_pool"][2:5] == ["live", "4", "0"]
    assert told["candidate_pool"][-1] == "4"
    assert told["employers"][2:5] == ["live", "0", "4"]


def test_the_status_is_told_to_scripts(
    sourcing: Run, env: Environment, failing: list[UUID]
) -> None:
    (one,) = json.loads(sourcing("projections", "status", "candidate_pool", "--json", env=env).out)
    assert one["version"] == CandidatePool.version
    assert (one["state"], one["log_position"], one["lag_events"]) == ("live", 4, 0)
    assert (one["lag_seconds"], one["parked"], one["failure"]) == (0, 4, None)


def test_a_rebuild_goes_on_without_a_worker_and_applies_what_was_parked(
    sourcing: Run, env: Environment, failing: list[UUID], pool: Pool
) -> None:
    failing.clear()
    ended = sourcing("projections", "rebuild", "candidate_pool", env=env)
    assert (ended.code, ended.out) == (0, "Read models rebuilt: candidate_pool.\n")
    assert "candidate_pool: 4 of 4" in ended.err
    assert "Nothing is parked." in sourcing("projections", "parked", env=env).out
    with pool.connection() as db:
        assert db.execute("SELECT count(*) FROM candidate_pool").fetchone() == (2,)


def test_a_rebuild_that_is_interrupted_goes_on_later(
    sourcing: Run, env: Environment, failing: list[UUID]
) -> None:
    failing.clear()
    with psycopg.connect(env["DATABASE_URL"]) as reader:
        reader.execute("SELECT FROM candidate_pool")  # so that it does not go live
        rebuilding = [*PROGRAM, "projections", "rebuild", "candidate_pool"]
        with subprocess.Popen(rebuilding, env=env, text=True, stderr=subprocess.PIPE) as process:
            assert process.stderr
            assert process.stderr.readline().startswith("candidate_pool: ")
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
        assert process.returncode == Exit.INTERRUPTED
        assert "Interrupted: workers go on with it, and so does this command." in said
    assert sourcing("projections", "rebuild", "candidate_pool", env=env).code == 0


def test_all_read_models_can_be_left_to_workers_to_rebuild_or_cancelled(
    sourcing: Run, env: Environment, failing: list[UUID]
) -> None:
    assert sourcing("projections", "rebuild", env=env).code == Exit.WRONG_USAGE
    ended = sourcing("projections", "rebuild", "--all", "--no-wait", env=env)
    assert (ended.code, ended.err) == (0, "No worker is running: start `serve` or `worker`.\n")
    told = json.loads(sourcing("projections", "status", "--json", env=env).out)
    states = [one["state"] for one in told]
    assert states.count("building") == states.count("live") == len(read_models())
    ended = sourcing("projections", "rebuild", "--all", "--cancel", env=env)
    assert "candidate_pool: cancelled.\n" in ended.out
    told = json.loads(sourcing("projections", "status", "--json", env=env).out)
    assert {one["state"] for one in told} == {"live"}


# The ways in which documents stand in a file --------------------------------------------------


def read(content: bytes) -> Sequence[tuple[str, bool]]:
    """Where each entry stands, and whether there is a document."""
    return [(entry.where, entry.fault is None) for entry in entries(io.BytesIO(content))]


def test_an_array_is_counted_by_record() -> None:
    assert read(json.dumps([{}, {}], indent=2).encode()) == [("record 1", True), ("record 2", True)]


def test_a_single_document_may_span_lines() -> None:
    document = json.dumps({"basics": {"name": "Ada"}}, indent=2)
    assert read(document.encode()) == [("record 1", True)]


def test_ndjson_is_told_from_the_rest_even_by_a_bad_first_line() -> None:
    assert read(b'{"a": \n{"b": 1}\n') == [("line 1", False), ("line 2", True)]


def test_blank_lines_and_a_byte_order_mark_are_skipped() -> None:
    assert read(b'\xef\xbb\xbf{"a": 1}\n\n{"b": 1}\n') == [("line 1", True), ("line 3", True)]


def test_ndjson_is_read_as_it_comes() -> None:
    class Endless(io.RawIOBase):
        def __iter__(self) -> "Endless":
            return self

        def __next__(self) -> bytes:
            return b'{"a": 1}\n'

    lines = entries(Endless())  # type: ignore[arg-type]
    assert [next(lines).where for _ in range(3)] == ["line 1", "line 2", "line 3"]


@pytest.mark.parametrize("content", [b"name,city\nAda,London\n", b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_no_json_at_all_is_one_bad_record(content: bytes) -> None:
    assert read(content) == [("the file", False)]


def test_an_empty_file_has_no_documents() -> None:
    assert read(b"\n") == []


# Demo -----------------------------------------------------------------------------------------


@pytest.fixture
def demo(sourcing: Run, env: Environment) -> Run:
    def run(*arguments: object) -> Ended:
        return sourcing("demo", *arguments, env=env)

    return run


def test_a_demo_fills_the_read_models_too(demo: Run, connection: Connection[TupleRow]) -> None:
    ended = demo("--candidates", 30)
    assert ended.code == 0
    assert " 30 candidates: " in ended.out
    assert connection.execute("SELECT count(*) FROM candidate_pool").fetchone() == (30,)


def test_a_demo_leaves_a_marketplace_alone_in_which_there_is_something(
    demo: Run, importing: Importing
) -> None:
    importing(ndjson(resume("Ada")))
    ended = demo("--candidates", 30)
    assert ended.code == Exit.FAILED
    assert ended.err.startswith("The marketplace is not empty")


def test_if_empty_does_nothing_where_there_is_something(demo: Run, importing: Importing) -> None:
    importing(ndjson(resume("Ada")))
    ended = demo("--candidates", 30, "--if-empty")
    assert (ended.code, ended.out) == (0, "")


@pytest.mark.slow
def test_profiles_take_the_place_of_made_up_people_and_bad_ones_are_left_out(
    demo: Run, tmp_path: Path, connection: Connection[TupleRow]
) -> None:
    profiles = tmp_path / "profiles"
    profiles.write_bytes(ndjson(*(resume(f"Person {n}") for n in range(20)), {"basics": {}}))
    ended = demo("--profiles", profiles)
    assert ended.code == Exit.BAD_RECORDS
    assert "line 21: basics.name: is missing" in ended.err
    names = {name for (name,) in connection.execute("SELECT name FROM candidate_pool")}
    assert names <= {f"Person {n}" for n in range(20)}
    assert len(names) > 15  # some asked to be forgotten


def test_a_demo_does_not_reach_into_the_future(demo: Run) -> None:
    assert demo("--until", "2999-01-01").code == Exit.WRONG_USAGE


@pytest.mark.slow
def test_an_interrupted_demo_says_how_to_start_again_and_so_does_the_next(
    sourcing: Run, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(store: Log, **more: Any) -> None:
        fill(store, **more)
        raise KeyboardInterrupt

    env = environment(SOURCING_DATA_DIR=str(data_dir))
    with monkeypatch.context() as patch:
        patch.setattr(import_module("api.cli.demo"), "fill", interrupted)
        first = sourcing("demo", "--candidates", 20, env=env)
    second = sourcing("demo", "--if-empty", env=env)
    assert (first.code, second.code) == (Exit.INTERRUPTED, Exit.FAILED)
    for ended in (first, second):
        assert f"half filled: remove {data_dir / 'postgres'}, then start again." in ended.err


# The processes that stay ----------------------------------------------------------------------


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that the embedded server's account can reach."""
    with tempfile.TemporaryDirectory(prefix="sourcing-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def processes_of(folder: Path) -> list[str]:
    """The programs that have this folder on their command line."""
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [" ".join(line) for line in lines if any(str(folder) in part for part in line)]


@pytest.mark.slow
def test_serve_is_ready_on_a_postgresql_of_its_own_and_leaves_no_process_behind(
    data_dir: Path,
) -> None:
    env = environment(SOURCING_DATA_DIR=str(data_dir))
    with running(env, "serve", "--port", "0", says="Console: http://127.0.0.1:") as (
        process,
        line,
    ):
        wait_until(lambda: httpx.get(f"{address(line)}/health/ready", trust_env=False).is_success)
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS_TO_STOP) == 0
    assert processes_of(data_dir) == []


@pytest.mark.slow
def test_serve_says_what_to_do_next(env: Environment) -> None:
    with running(env, "serve", "--port", "0", says="Console") as (process, line):
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
    assert rest.startswith(f"API:     {address(line)}/docs\n")
    assert f"sourcing walkthrough --url {address(line)}\n" in rest
    assert "sourcing token recruiter\n" in rest


@pytest.mark.parametrize(
    ("command", "says", "told"),
    [
        (("api", "--port", "0"), "Console", signal.SIGTERM),
        (("worker",), "Keeping up to date", signal.SIGTERM),
        (("worker",), "Keeping up to date", signal.SIGINT),
    ],
)
@pytest.mark.slow
def test_api_and_worker_stop_when_told_and_exit_0(
    env: Environment, command: tuple[str, ...], says: str, told: signal.Signals
) -> None:
    with running(env, *command, says=says) as (process, _):
        process.send_signal(told)
        assert process.wait(SECONDS_TO_STOP) == 0


def test_a_port_in_use_is_explained_in_a_sentence_and_exits_4(sourcing: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = sourcing("serve", "--port", port)
    assert ended.code == Exit.UNREACHABLE
    assert ended.err.startswith(f"Port {port} of 127.0.0.1 is in use: ")


def test_a_host_that_is_none_of_ours_exits_4(sourcing: Run) -> None:
    ended = sourcing("api", "--host", "192.0.2.1", "--port", 0)
    assert ended.code == Exit.UNREACHABLE
    assert ended.err.startswith("It cannot listen on port 0 of 192.0.2.1 (")
