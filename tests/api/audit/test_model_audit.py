"""The model is rebuilt from the log, and held against all that was recorded of it, bit for bit."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from operator import add
from subprocess import PIPE
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from api.cli.exit_codes import Exit
from api.marketplace import now
from domain.actor import Actor, Role
from domain.candidate_events import WasActive
from domain.contacting import Message, SendMessage
from domain.outreach import outreach_id
from projections.likelihood import batch
from projections.likelihood.audit import records
from projections.likelihood.audit.replay import NotReproducible, Replay, explain, replay
from projections.likelihood.audit.training_slice import Differs
from projections.likelihood.estimator.model import ESTIMATOR
from projections.likelihood.features.catalogue import FEATURE_VERSION
from tests.support.client import done
from tests.support.command_line import PROGRAM, environment
from tests.support.databases import SECRET, Databases
from tests.support.stage import MESSAGE, Scene, Stage, activity, own_stage

Db = Connection[TupleRow]


class History(NamedTuple):
    """A marketplace in which some were written to, and some answered."""

    stage: Stage
    members: list[str]
    outreaches: list[UUID]
    untold: UUID
    """One whose sender saw no likelihood."""


@pytest.fixture(scope="module")
def history(databases: Databases) -> Iterator[History]:
    with pytest.MonkeyPatch.context() as patch, own_stage(databases) as stage:
        patch.setattr(batch, "SNAPSHOT_EVERY", 15)
        scene = Scene(stage).in_beta()
        position = scene.position(nice_to_have_skills=["Python", "Go"])
        members = [scene.member(f"Member{n}", silent_days=200 + 50 * n) for n in range(8)]
        outreaches = []
        for number, member in enumerate(members[:-1]):
            stage.catch_up()
            sent = done(scene.message(position, member))
            outreaches.append(UUID(sent["id"]))
            if number % 2:
                done(scene.platform.post(f"/outreach/{sent['id']}/acceptance", {}))
            done(scene.tell(activity(member)))
        without = SendMessage(
            position_id=UUID(position),
            candidate_id=UUID(members[-1]),
            message=Message(**MESSAGE),
            by=Actor(id="older", role=Role.RECRUITER, employer_id=UUID(scene.employer_id)),
            at=now(),
            request_id="older",
        )
        stage.marketplace.store.execute(without)
        untold = outreach_id(UUID(position), UUID(members[-1]))
        assert scene.platform("DELETE", f"/candidates/{members[0]}").is_success
        stage.catch_up()
        yield History(stage, members, outreaches, untold)


def rebuilt(history: History, position: int | None = None, *, from_scratch: bool = False) -> Replay:
    stage = history.stage
    with stage.connection() as db:
        wanted = stage.reached() if position is None else position
        return replay(stage.marketplace.store, db, wanted, from_scratch=from_scratch)


@contextmanager
def tampered(history: History, table: str, column: str, where: str, value: Any) -> Iterator[None]:
    """While a value in the database is another; some rows must be there to have it."""
    with history.stage.connection() as db:
        old = db.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchall()
        assert len(old) == 1
        change = f"UPDATE {table} SET {column} = %s WHERE {where}"
        db.execute(change, [value(old[0][0]) if callable(value) else value])
        try:
            yield
        finally:
            db.execute(change, [old[0][0]])


def in_event(change: Callable[[dict[str, Any]], None]) -> Callable[[bytes], bytes]:
    def changed(state: bytes) -> bytes:
        event = json.loads(bytes(state))
        change(event)
        return json.dumps(event).encode()

    return changed


def test_a_replay_agrees_with_everything_that_was_recorded(history: History) -> None:
    from_scratch = rebuilt(history, from_scratch=True)
    assert from_scratch.agreed["outreach"] == len(history.outreaches)
    assert from_scratch.agreed["read model"] == 1
    assert from_scratch.agreed["snapshots"] > 1
    assert from_scratch.model.observed == 3
    assert from_scratch.not_compared == {}


@pytest.mark.slow
def test_as_of_any_log_position_a_snapshot_shortens_the_replay_and_changes_nothing(
    history: History,
) -> None:
    began = set()
    for position in range(0, history.stage.reached() + 1, 2):
        full = rebuilt(history, position, from_scratch=True)
        short = rebuilt(history, position)
        assert short.model.hash() == full.model.hash()
        assert short.learner.model_log_position == full.learner.model_log_position
        began.add(short.began_at)
    assert len(began) > 2


@pytest.mark.slow
def test_rebuilt_in_processes_with_other_hash_seeds_it_is_the_same_bits(history: History) -> None:
    env = environment(DATABASE_URL=history.stage.marketplace.database_url, SOURCING_SECRET=SECRET)
    command = [*PROGRAM, "model", "at", "--from-scratch"]
    runs = [
        subprocess.Popen(command, env=env | {"PYTHONHASHSEED": seed}, text=True, stdout=PIPE)
        for seed in ("1", "4242")
    ]
    said = [run.communicate()[0] for run in runs]
    assert said[0] == said[1]
    assert rebuilt(history).model.hash() in said[0]


def test_reading_never_changes_the_model(history: History) -> None:
    with history.stage.connection() as db:
        before = db.execute("SELECT hash, state FROM likelihood_model").fetchall()
        for outreach in history.outreaches:
            explain(history.stage.marketplace.store, db, outreach)
        rebuilt(history)
        assert db.execute("SELECT hash, state FROM likelihood_model").fetchall() == before


# Tampering --------------------------------------------------------------------------------------


def test_an_event_that_was_tampered_with_is_found(history: History) -> None:
    with history.stage.connection() as db:
        (position,) = db.execute(
            "SELECT min(log_position) FROM events WHERE topic = %s", [WasActive.TOPIC]
        ).fetchall()[0]
    other = in_event(lambda event: event.update(timestamp="2020-02-02T02:02:02Z"))
    signed_up = "topic = 'candidate.signed_up' AND originator_id = '" + history.members[5] + "'"
    with tampered(history, "events", "state", signed_up, other):
        with pytest.raises(Differs, match=str(history.outreaches[5])) as difference:
            rebuilt(history, from_scratch=True)
        assert "logit was recorded as" in str(difference.value)
    illegible = in_event(lambda event: event.pop("kind"))
    with (
        tampered(history, "events", "state", f"log_position = {position}", illegible),
        pytest.raises(Differs, match=f"event at position {position} cannot be read"),
    ):
        rebuilt(history, from_scratch=True)
    rebuilt(history, from_scratch=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [("probability", 0.5), ("logit", 0.25), ("model_hash", "0" * 64), ("model_position", 1)],
)
def test_a_changed_record_of_what_a_sender_saw_is_found(
    history: History, name: str, value: object
) -> None:
    outreach = history.outreaches[4]
    where = f"topic = 'outreach.message_sent' AND originator_id = '{outreach}'"
    other = in_event(lambda event: event["likelihood"].update({name: value}))
    with tampered(history, "events", "state", where, other):
        with pytest.raises(Differs, match=f"{outreach} saw .* {name} was recorded"):
            rebuilt(history, from_scratch=True)
        with (
            history.stage.connection() as db,
            pytest.raises(Differs, match=f"{name} was recorded"),
        ):
            explain(history.stage.marketplace.store, db, outreach)
        answer = history.stage.as_(Role.AUDITOR).get(f"/outreach/{outreach}/explanation")
        assert (answer.status_code, name in answer.json()["detail"]) == (500, True)


def test_a_snapshot_or_read_model_that_was_tampered_with_is_named(history: History) -> None:
    latest = "log_position = (SELECT max(log_position) FROM likelihood_snapshots)"
    wrong = "1" * 64
    with tampered(history, "likelihood_snapshots", "hash", latest, wrong):
        with pytest.raises(Differs, match="Replay from scratch"):
            rebuilt(history)
        with pytest.raises(Differs, match=r"The snapshot at position \d+ differs"):
            rebuilt(history, from_scratch=True)

    def moved(state: str) -> str:
        snapshot = json.loads(state)
        snapshot["model"]["positive"] += 1
        return json.dumps(snapshot)

    with tampered(history, "likelihood_snapshots", "state", latest, moved):
        with pytest.raises(Differs, match="Replay from scratch"):
            rebuilt(history)
        rebuilt(history, from_scratch=True)
    with (
        tampered(history, "likelihood_model", "hash", "log_id = 0", wrong),
        pytest.raises(Differs, match=f"The read model.*'{wrong}', and the log gives"),
    ):
        rebuilt(history)


# Other programs ---------------------------------------------------------------------------------


def test_each_outreach_names_the_versions_that_made_its_likelihood(history: History) -> None:
    auditor = history.stage.as_(Role.AUDITOR)
    for outreach in history.outreaches:
        sent = done(auditor.get(f"/events/{outreach}"))[0]["data"]["likelihood"]
        assert (sent["feature_version"], sent["estimator_version"]) == (FEATURE_VERSION, ESTIMATOR)


@pytest.mark.parametrize(
    ("versions", "named"),
    [
        ({"estimator_version": ESTIMATOR + 1}, f"estimator {ESTIMATOR + 1}"),
        ({"estimator_version": ESTIMATOR - 1}, f"estimator {ESTIMATOR - 1}"),
        ({"feature_version": FEATURE_VERSION + 1}, f"features of version {FEATURE_VERSION + 1}"),
    ],
)
def test_what_another_program_showed_does_not_differ_but_is_not_reproducible(
    history: History, versions: dict[str, int], named: str
) -> None:
    outreach = history.outreaches[4]
    where = f"topic = 'outreach.message_sent' AND originator_id = '{outreach}'"
    by_another = in_event(lambda event: event["likelihood"].update({**versions, "logit": 0.25}))
    with tampered(history, "events", "state", where, by_another):
        full = rebuilt(history, from_scratch=True)
        answer = history.stage.as_(Role.AUDITOR).get(f"/outreach/{outreach}/explanation")
    assert full.not_compared == {"outreach": 1}
    assert full.agreed["outreach"] == len(history.outreaches) - 1
    assert (answer.status_code, answer.json()["type"]) == (
        409,
        "urn:sourcing:problem:not-reproducible",
    )
    assert named in answer.json()["detail"]
    assert f"This program has features of version {FEATURE_VERSION}" in answer.json()["detail"]


def test_an_outreach_that_names_no_estimator_is_one_of_before_they_were_named(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    outreach = history.outreaches[4]
    where = f"topic = 'outreach.message_sent' AND originator_id = '{outreach}'"
    unnamed = in_event(lambda event: event["likelihood"].pop("estimator_version"))
    with tampered(history, "events", "state", where, unnamed), history.stage.connection() as db:
        store = history.stage.marketplace.store
        monkeypatch.setattr(records, "LAST_UNNAMED_ESTIMATOR", ESTIMATOR)
        assert explain(store, db, outreach).likelihood.estimator_version is None
        monkeypatch.setattr(records, "LAST_UNNAMED_ESTIMATOR", ESTIMATOR - 1)
        with pytest.raises(NotReproducible, match=f"estimator {ESTIMATOR - 1} or an older one"):
            explain(store, db, outreach)


def test_a_snapshot_of_another_program_is_passed_over(history: History) -> None:
    latest = "log_position = (SELECT max(log_position) FROM likelihood_snapshots)"
    began_at = rebuilt(history).began_at

    def by_another(state: str) -> str:
        return state.replace(f'"estimator":{ESTIMATOR}', f'"estimator":{ESTIMATOR + 1}')

    with tampered(history, "likelihood_snapshots", "state", latest, by_another):
        short = rebuilt(history)
    assert 0 < short.began_at < began_at
    assert short.not_compared == {"snapshots": 1}
    assert short.model.hash() == rebuilt(history).model.hash()


# Explaining -------------------------------------------------------------------------------------


def test_what_a_sender_saw_is_explained_by_parts_that_sum_to_it(history: History) -> None:
    auditor = history.stage.as_(Role.AUDITOR)
    for outreach in history.outreaches:
        explanation = done(auditor.get(f"/outreach/{outreach}/explanation"))
        sent = done(auditor.get(f"/events/{outreach}"))[0]["data"]
        assert sent["likelihood"].items() <= explanation.items()
        assert explanation["sent_by"] == "recruiter@test"
        assert (
            reduce(add, [part["contribution"] for part in explanation["contributions"]])
            == explanation["logit"]
        )
        assert len({part["text"] for part in explanation["contributions"]}) > 20


def test_an_outreach_whose_sender_saw_nothing_says_so(history: History) -> None:
    with history.stage.connection() as db, pytest.raises(NotReproducible, match="no likelihood"):
        explain(history.stage.marketplace.store, db, history.untold)
    answer = history.stage.as_(Role.SUPPORT).get(f"/outreach/{history.untold}/explanation")
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:sourcing:problem:not-reproducible"


def test_an_unknown_outreach_is_not_found(history: History) -> None:
    nobody = UUID(int=7)
    answer = history.stage.as_(Role.SUPPORT).get(f"/outreach/{nobody}/explanation")
    assert answer.status_code == 404


def test_a_replay_that_takes_long_is_left_to_the_command_line(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.outreach.MOST_EVENTS_REPLAYED", 1)
    outreach = history.outreaches[0]
    answer = history.stage.as_(Role.SUPPORT).get(f"/outreach/{outreach}/explanation")
    assert answer.status_code == 409
    assert f"sourcing model explain --outreach {outreach}" in answer.json()["detail"]


# The command line -------------------------------------------------------------------------------


def test_the_command_line_prints_replay_and_explanation(
    history: History, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = in_process(history, monkeypatch, capsys)
    code, out, _ = run("model", "at", "--position", "20")
    assert code == Exit.DONE
    assert rebuilt(history, 20).model.hash() in out
    code, out, _ = run("model", "explain", "--outreach", str(history.outreaches[3]))
    assert code == Exit.DONE
    assert "sum, bit for bit as recorded" in out
    assert f"features {FEATURE_VERSION}, estimator {ESTIMATOR}" in out
    code, _, err = run("model", "explain", "--outreach", str(history.untold))
    assert (code, "saw no likelihood" in err) == (Exit.BAD_RECORDS, True)
    code, _, err = run("model", "at", "--position", "999999")
    assert (code, "the log ends at position" in err) == (Exit.WRONG_USAGE, True)
    with tampered(history, "likelihood_model", "hash", "log_id = 0", "2" * 64):
        code, _, err = run("model", "at")
    assert (code, "The read model" in err) == (Exit.FAILED, True)


def test_an_audit_beside_a_server_of_an_older_program_leaves_its_read_models_alone(
    history: History, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = in_process(history, monkeypatch, capsys)
    with tampered(history, "projection_checkpoints", "version", "projection = 'likelihood'", 1):
        code, _, err = run("model", "at")
    assert (code, "which builds it" in err) == (Exit.FAILED, True)
    with history.stage.connection() as db:
        assert db.execute("SELECT count(*) > 0 FROM likelihood_features").fetchone() == (True,)


def in_process(
    history: History, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[object, str, str]]:
    from api import cli

    monkeypatch.setattr("signal.signal", lambda *_: None)  # the process is the tests'
    monkeypatch.setenv("DATABASE_URL", history.stage.marketplace.database_url)
    monkeypatch.setenv("SOURCING_SECRET", SECRET)

    def run(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr("sys.argv", ["sourcing", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit:
            cli.main()
        printed = capsys.readouterr()
        return exit.value.code, printed.out, printed.err

    return run
