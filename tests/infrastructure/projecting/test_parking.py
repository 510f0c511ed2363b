"""A poison event is parked with those behind it in its stream; other streams go on."""

import re
import threading
from collections.abc import Iterable
from typing import Any

import psycopg
import pytest

from domain.candidate_events import CandidateErased, CandidateSignedUp, OptedIn, WasActive
from domain.event import Event
from domain.handlers import on
from domain.outreach_events import MessageSent
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import follower, parking
from infrastructure.projecting.checkpoints import log_positions
from infrastructure.projecting.projection import Change, Projection
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.versions import create_tables
from tests.support.concurrency import SECONDS, wait_until
from tests.support.history import somebody
from tests.support.ledger import drain
from tests.support.trail import (
    FAILURES,
    RecordedHistory,
    Trail,
    event_id,
    parked_streams,
    plain_trail,
    poisoned,
    trail,
)


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
@pytest.mark.parametrize("way", FAILURES)
def test_what_cannot_be_handled_is_parked_and_other_streams_go_on(
    history: RecordedHistory, store: EventStore, pool: Pool, batch_size: int, way: str
) -> None:
    history.sign_up("Ada", "Bo")
    history.be_active("Ada")
    history.send("Ada")
    history.be_active("Bo")
    log = history.record()
    poison = {event_id(log, WasActive, "Ada"): way}
    drain(Projector([poisoned(Trail(), poison)], store, pool, batch_size))
    plain = plain_trail(log)
    ada, bo = somebody("Ada"), somebody("Bo")
    assert trail(pool) == {ada: plain[ada][:2], bo: plain[bo]}
    assert parked_streams(pool) == {ada: (plain[ada][2], 1)}
    assert log_positions([Trail()], pool) == {"trail": log[-1][0]}


def test_what_comes_later_waits_behind_it_in_any_worker(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    history.sign_up("Ada", "Bo")
    log = history.record()
    drain(Projector([poisoned(Trail(), {event_id(log, OptedIn, "Ada"): "raises"})], store, pool))
    history.send("Ada")
    history.accept("Ada")
    history.be_active("Bo")
    log += history.record()
    drain(Projector([Trail()], store, pool))
    ada, bo = somebody("Ada"), somebody("Bo")
    assert parked_streams(pool) == {ada: (2, 2)}
    assert trail(pool) == {ada: [1], bo: plain_trail(log)[bo]}


def overwrite(pool: Pool, position: int, state: str) -> bytes:
    """Put something else in an event's place, and say what stood there."""
    with pool.connection() as db:
        ((stood,),) = db.execute("SELECT state FROM events WHERE log_position = %s", [position])
        db.execute(
            "UPDATE events SET state = %s WHERE log_position = %s", [state.encode(), position]
        )
    return bytes(stood)


def test_an_event_that_cannot_be_read_is_parked_too(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    history.sign_up("Ada", "Bo")
    history.be_active("Ada")
    log = history.record()
    stood = overwrite(pool, log[-1][0], '{"kind": "signed_in"}')
    drain(Projector([Trail()], store, pool))
    ada, bo = somebody("Ada"), somebody("Bo")
    assert trail(pool) == {ada: [1, 2], bo: [3, 4]}
    with pool.connection() as db:
        (found,) = parking.listed(db)
    assert (found.stream, found.log_position, found.kind) == (ada, 5, "candidate.was_active")
    assert found.error.startswith("ValidationError: timestamp: missing, actor: missing")
    overwrite(pool, log[-1][0], stood.decode())
    assert Projector([Trail()], store, pool).replay_parked() == ([ada], [])
    assert trail(pool) == plain_trail(log)


@pytest.mark.parametrize("state", ["{}", "no JSON", "[]", '{"candidate_id": "nobody"}', ""])
def test_where_not_even_the_stream_can_be_told_it_is_parked_with_its_aggregate(
    history: RecordedHistory, store: EventStore, pool: Pool, state: str
) -> None:
    history.sign_up("Ada", "Bo")
    history.send("Ada")
    history.be_active("Bo")
    log = history.record()
    sent, message = next(one for one in log if isinstance(one[1], MessageSent))
    stood = overwrite(pool, sent, state)
    drain(Projector([Trail()], store, pool))
    assert log_positions([Trail()], pool) == {"trail": log[-1][0]}
    ((stream, parked),) = parked_streams(pool).items()
    assert (stream, parked) == (message.originator_id, (sent, 0))
    overwrite(pool, sent, stood.decode())
    assert Projector([Trail()], store, pool).replay_parked() == ([stream], [])
    assert trail(pool) == plain_trail(log)


@pytest.fixture
def of_a_newer_version(history: RecordedHistory, pool: Pool) -> bytes:
    """Ada signed up and opted in, and the latter was written by a newer program."""
    history.sign_up("Ada")
    history.record()
    with pool.connection() as db:
        ((stood,),) = db.execute("SELECT state FROM events WHERE log_position = 2")
    return overwrite(pool, 2, bytes(stood).decode()[:-1] + ',"class_version":3}')


@pytest.mark.usefixtures("of_a_newer_version")
def test_an_event_of_a_newer_program_waits_for_a_worker_of_it(
    store: EventStore, pool: Pool
) -> None:
    with pytest.raises(ValueError, match=r"candidate.opted_in cannot be read: it is of version 3"):
        drain(Projector([Trail()], store, pool, batch_size=1))
    assert parked_streams(pool) == {}
    assert log_positions([Trail()], pool) == {"trail": 1}


def test_an_event_of_a_newer_program_is_parked_if_no_worker_of_it_comes(
    store: EventStore, pool: Pool, of_a_newer_version: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "NEWER_PROGRAM_SECONDS", 0)
    drain(Projector([Trail()], store, pool))
    assert parked_streams(pool) == {somebody("Ada"): (2, 0)}
    assert Projector([Trail()], store, pool).replay_parked() == ([], [somebody("Ada")])
    overwrite(pool, 2, of_a_newer_version.decode())
    # The newer program's worker begins.
    stop = threading.Event()
    newer = threading.Thread(
        target=Projector([Trail()], store, pool).run, args=(stop, threading.Event())
    )
    newer.start()
    wait_until(lambda: trail(pool) == {somebody("Ada"): [1, 2]})
    stop.set()
    newer.join()
    assert parked_streams(pool) == {}


class Whole(Projection, name="whole", version=1):
    """Without a key: its every change may depend on all before."""

    TABLES = "CREATE TABLE whole (log_position bigint, name text)"

    @on(CandidateSignedUp)
    def on_candidate_signed_up(self, event: CandidateSignedUp) -> Change:
        return "INSERT INTO whole (log_position, name) VALUES (%(log_position)s, %(at)s)", {
            "at": event.timestamp.isoformat()
        }


@pytest.mark.parametrize("batch_size", [1, 3, 1000])
def test_a_projection_without_a_key_skips_what_it_cannot_handle_and_goes_on(
    store: EventStore, pool: Pool, batch_size: int
) -> None:
    create_tables([Whole()], pool)
    history = RecordedHistory(store)
    history.sign_up("Ada", "Bo", "Cy", "Di")
    log = history.record()
    signed_up = {e.originator_id: at for at, e in log if isinstance(e, CandidateSignedUp)}
    failing = [somebody("Bo"), somebody("Cy")]
    poison = {(who, 1): "raises" for who in failing}
    projector = Projector([poisoned(Whole(), poison)], store, pool, batch_size)
    drain(projector)
    with pool.connection() as db:
        applied = db.execute("SELECT log_position FROM whole ORDER BY log_position").fetchall()
        skipped = [(one.log_position, one.waiting) for one in parking.listed(db)]
    assert applied == [(signed_up[somebody(name)],) for name in ("Ada", "Di")]
    assert skipped == [(signed_up[who], 0) for who in failing]
    assert log_positions([Whole], pool) == {"whole": log[-1][0]}
    assert projector.replay_parked() == ([], [])


def test_a_lost_connection_in_the_midst_of_dividing_parks_nothing(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    history.sign_up("Ada", "Bo")
    history.be_active("Ada")
    history.be_active("Bo")
    log = history.record()
    projection = poisoned(Trail(), {event_id(log, WasActive, "Ada"): "raises"})
    failing, to_lose = projection.changes, {event_id(log, WasActive, "Bo")}

    def lose(event: Event) -> Iterable[Change]:
        if (event.originator_id, event.originator_version) in to_lose:
            to_lose.clear()
            raise psycopg.OperationalError("the connection is lost")
        return failing(event)

    projection.changes = lose  # type: ignore[method-assign]  # of this one alone
    projector = Projector([projection], store, pool)
    with pytest.raises(psycopg.OperationalError):
        drain(projector)
    assert (trail(pool), parked_streams(pool)) == ({}, {})
    drain(projector)
    assert parked_streams(pool) == {somebody("Ada"): (5, 0)}


def test_beyond_so_many_streams_it_is_the_projection_that_is_broken(
    history: RecordedHistory, store: EventStore, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "MAX_BLOCKED_STREAMS", 2)
    history.sign_up("Ada", "Bo", "Cy")
    log = history.record()
    poison = {event_id(log, CandidateSignedUp, name): "raises" for name in ("Ada", "Bo", "Cy")}
    projector = Projector([poisoned(Trail(), poison)], store, pool)
    with pytest.raises(parking.TooManyParked, match="More than 2 streams would be parked"):
        drain(projector)
    assert (parked_streams(pool), log_positions([Trail()], pool)) == ({}, {"trail": 0})
    poison.popitem()
    drain(projector)
    assert len(parked_streams(pool)) == 2


def test_the_error_is_kept_and_logged_once_and_without_the_data(
    history: RecordedHistory, store: EventStore, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    history.sign_up("troll", "Ada")
    log = history.record()
    poison = {event_id(log, OptedIn, "Ada"): "raises"}
    for _ in range(2):
        drain(Projector([poisoned(Trail(), poison)], store, pool))
    with pool.connection() as db:
        of_troll, of_ada = parking.listed(db)
    assert of_troll.error == "CheckViolation (23514): trail, trail_takes_no_trolls"
    assert re.fullmatch(r"ValueError: trail\.py line \d+", of_ada.error)
    assert caplog.text.count("projection trail: event 1 (candidate.signed_up) is parked") == 1
    assert caplog.text.count("projection trail: event 4 (candidate.opted_in) is parked") == 1
    assert "troll'" not in caplog.text
    assert str(somebody("Ada")) not in caplog.text


# Erasure ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 1000])
def test_an_erasure_does_not_wait_behind_what_is_parked(
    history: RecordedHistory, store: EventStore, pool: Pool, batch_size: int
) -> None:
    history.sign_up("Ada", "Bo")
    history.be_active("Ada")
    log = history.record()
    poison = {event_id(log, WasActive, "Ada"): "raises"}
    projector = Projector([poisoned(Trail(), poison)], store, pool, batch_size)
    drain(projector)
    ada, bo = somebody("Ada"), somebody("Bo")
    assert ada in trail(pool)
    history.erase("Ada")
    history.record()
    drain(projector)
    assert trail(pool) == {bo: [3, 4]}
    assert parked_streams(pool) == {ada: (5, 1)}
    poison.clear()
    assert projector.replay_parked() == ([ada], [])
    assert (trail(pool), parked_streams(pool)) == ({bo: [3, 4]}, {})


def test_an_erasure_of_the_same_batch_does_not_wait_either(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    history.sign_up("Ada")
    history.be_active("Ada")
    history.erase("Ada")
    log = history.record()
    drain(Projector([poisoned(Trail(), {event_id(log, WasActive, "Ada"): "raises"})], store, pool))
    assert trail(pool) == {}
    assert parked_streams(pool) == {somebody("Ada"): (3, 1)}


def test_what_is_replayed_of_somebody_erased_is_erased_again(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    history.sign_up("Ada")
    history.be_active("Ada")
    log = history.record()
    first, second = event_id(log, CandidateSignedUp, "Ada"), event_id(log, WasActive, "Ada")
    poison = {first: "raises", second: "raises"}
    projector = Projector([poisoned(Trail(), poison)], store, pool)
    drain(projector)
    history.erase("Ada")
    history.record()
    drain(projector)
    del poison[first]
    assert projector.replay_parked() == ([], [somebody("Ada")])
    assert trail(pool) == {}, "the sign-up is applied, and the erasure behind it at once"
    del poison[second]
    projector.replay_parked()
    assert (trail(pool), parked_streams(pool)) == ({}, {})


def test_an_erasure_that_fails_is_reported(
    history: RecordedHistory, store: EventStore, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    history.sign_up("Ada")
    history.be_active("Ada")
    history.erase("Ada")
    log = history.record()
    erasing = event_id(log, CandidateErased, "Ada")
    poison = {event_id(log, WasActive, "Ada"): "raises", erasing: "raises"}
    projector = Projector([poisoned(Trail(), poison)], store, pool)
    drain(projector)
    assert "event 4 (candidate.erased), a withdrawal, is not applied yet: ValueError" in caplog.text
    assert parked_streams(pool) == {somebody("Ada"): (3, 1)}
    poison.clear()
    projector.replay_parked()
    assert (trail(pool), parked_streams(pool)) == ({}, {})


# Replay -----------------------------------------------------------------------------------------


def test_a_replay_takes_up_each_stream_where_it_stopped(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    history.sign_up("Ada", "Bo")
    history.be_active("Ada")
    history.be_active("Bo")
    history.be_active("Bo")
    log = history.record()
    of_ada, of_bo = event_id(log, OptedIn, "Ada"), event_id(log, WasActive, "Bo")
    poison = {of_ada: "raises", of_bo: "breaks the data"}
    projector = Projector([poisoned(Trail(), poison)], store, pool)
    drain(projector)
    ada, bo = somebody("Ada"), somebody("Bo")
    del poison[of_ada]
    assert projector.replay_parked() == ([ada], [bo])
    assert trail(pool) == {ada: plain_trail(log)[ada], bo: [3, 4]}
    del poison[of_bo]
    assert projector.replay_parked() == ([bo], [])
    assert projector.replay_parked() == ([], [])
    assert trail(pool) == plain_trail(log)


def test_a_replay_waits_for_a_worker_in_the_midst_of_a_batch(
    history: RecordedHistory, store: EventStore, pool: Pool
) -> None:
    history.sign_up("Ada")
    log = history.record()
    drain(Projector([poisoned(Trail(), {event_id(log, OptedIn, "Ada"): "raises"})], store, pool))
    history.be_active("Ada")
    log += history.record()
    projection, holding, release = Trail(), threading.Event(), threading.Event()
    apply = projection.apply

    def slowly(*arguments: Any) -> None:
        holding.set()
        release.wait(SECONDS)
        apply(*arguments)

    projection.apply = slowly  # type: ignore[method-assign, assignment]  # of this one alone
    # Something for another stream, so that the worker has something to apply.
    history.sign_up("Bo")
    log += history.record()
    worker = threading.Thread(target=Projector([projection], store, pool).catch_up)
    worker.start()
    assert holding.wait(SECONDS)
    replaying = threading.Thread(target=Projector([Trail()], store, pool).replay_parked)
    replaying.start()
    replaying.join(0.2)
    assert replaying.is_alive()
    release.set()
    worker.join()
    replaying.join()
    assert trail(pool) == plain_trail(log)
