"""An event that a projection cannot handle is parked with those behind it; the others go on."""

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg_pool import PoolTimeout

from api.demo import fill
from domain.candidate import CandidateErased, CandidateSignedUp, OptedIn, OptedOut, WasActive
from domain.event import Event
from domain.handlers import on
from domain.outreach import MessageSent, OutreachAccepted
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.keys import WrongSecret
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import parking
from infrastructure.projecting.checkpoints import create_tables, log_positions, wait_for
from infrastructure.projecting.projection import Change, Projection
from infrastructure.projecting.projector import Projector
from projections.read_models import read_models
from tests.domain.golden import FOLDER, as_stored, everything_that_happens
from tests.support.concurrency import SECONDS
from tests.support.databases import SECRET, Databases
from tests.support.history import START, History, somebody
from tests.support.killed import forks


class Trail(Projection, name="trail", version=1, key="candidate_id"):
    """The name of each candidate, and in order the positions of what happened to them."""

    TABLES = """
        CREATE TABLE trail (
            candidate_id uuid PRIMARY KEY,
            name         text NOT NULL CONSTRAINT trail_takes_no_trolls CHECK (name <> 'troll'),
            steps        bigint[] NOT NULL
        )"""

    ADD = "INSERT INTO trail VALUES (%(candidate_id)s, %(name)s, ARRAY[%(log_position)s::bigint])"

    STEP = """
        UPDATE trail SET steps = steps || %(log_position)s::bigint
        WHERE candidate_id = %(candidate_id)s"""

    ERASE = "DELETE FROM trail WHERE candidate_id = %(candidate_id)s"

    @on(CandidateSignedUp)
    def on_candidate_signed_up(self, event: CandidateSignedUp) -> Change:
        return self.ADD, {"candidate_id": event.originator_id, "name": event.name}

    @on(WasActive, OptedIn, OptedOut)
    def on_step(self, event: Event) -> Change:
        return self.STEP, {"candidate_id": event.originator_id}

    @on(MessageSent, OutreachAccepted)
    def on_outreach_step(self, event: MessageSent | OutreachAccepted) -> Change:
        return self.STEP, {"candidate_id": event.candidate_id}

    @on(CandidateErased)
    def on_candidate_erased(self, event: CandidateErased) -> Change:
        return self.ERASE, {"candidate_id": event.originator_id}


Which = tuple[UUID, int]
"""An event, by its aggregate and version."""

WAYS = ("raises", "breaks the data")


def poisoned(projection: Projection, poison: Mapping[Which, str]) -> Projection:
    """A projection that cannot handle these events for as long as they are in the mapping."""
    sound = projection.changes

    def changes(event: Event) -> Iterable[Change]:
        way = poison.get((event.originator_id, event.originator_version))
        if way == "raises":
            raise ValueError(f"bad luck with {event.originator_id}")
        if way == "breaks the data":
            return [("SELECT 1 / %(zero)s::int", {str(projection.key): uuid4(), "zero": 0})]
        return sound(event)

    projection.changes = changes  # type: ignore[method-assign]  # of this one alone
    return projection


class Told(History):
    """A history that is recorded part by part, each event with its version."""

    def __init__(self, store: EventStore, told_by: object = "") -> None:
        super().__init__()
        self._store = store
        self._told_by = told_by
        self._versions: Counter[UUID] = Counter()
        self.erased: set[UUID] = set()

    def record(self) -> list[tuple[int, Event]]:
        """Record what was told since, and say at which positions."""
        events = []
        for event in self.events:
            self._versions[event.originator_id] += 1
            version = self._versions[event.originator_id]
            events.append(event.model_copy(update={"originator_version": version}))
        self.events.clear()
        last = self._store.record(events)
        return list(enumerate(events, start=last - len(events) + 1))

    def erase(self, name: object) -> None:
        self.add(CandidateErased, somebody(name))
        self.erased.add(somebody(name))

    def step(self, kind: str, who: int) -> None:
        """Something happens to a candidate, whom the first such step signs up."""
        name = f"{self._told_by} {who}"
        candidate = somebody(name)
        if kind == "accept" and candidate in self._versions:
            self.accept(name)
        elif candidate in self.erased:
            return
        elif candidate not in self._versions and not self._signed_up(candidate):
            self.sign_up(name)
        elif kind == "erase":
            self.erase(name)
        elif kind == "send":
            self.send(name, position=len(self.events) + self._versions.total())
        else:
            self.be_active(name)

    def _signed_up(self, candidate: UUID) -> bool:
        return any(event.originator_id == candidate for event in self.events)


def drain(projector: Projector) -> None:
    while projector.catch_up():
        pass


def rows(projection: Projection, pool: Pool) -> dict[str, list[str]]:
    """Everything in a projection's tables."""
    tables = re.findall(r"CREATE TABLE (\w+)", projection.TABLES)
    with pool.connection() as db:
        return {table: sorted(map(repr, db.execute(f"SELECT * FROM {table}"))) for table in tables}


def trail(pool: Pool) -> dict[UUID, list[int]]:
    with pool.connection() as db:
        return dict(db.execute("SELECT candidate_id, steps FROM trail").fetchall())


def parked(pool: Pool) -> dict[UUID, tuple[int, int]]:
    """The streams that are parked, each with the position of the first event and how many wait."""
    with pool.connection() as db:
        return {one.stream: (one.position, one.waiting) for one in parking.listed(db)}


def begin_at(position: int, projection: Projection, pool: Pool) -> None:
    """Have a projection begin anew after a position of the log."""
    tables = re.findall(r"CREATE TABLE (\w+)", projection.TABLES)
    with pool.connection() as db, db.transaction():
        for table in tables:
            db.execute(f"DELETE FROM {table}")
        parking.forget(db, projection.name)
        db.execute(
            "UPDATE projection_checkpoints SET log_position = %s WHERE projection = %s",
            [position, projection.name],
        )


def whose(event: Event) -> UUID:
    return getattr(event, "candidate_id", event.originator_id)


def of_each(log: list[tuple[int, Event]]) -> dict[UUID, list[int]]:
    """The trail that a plain fold of the log gives."""
    found: dict[UUID, list[int]] = {}
    for position, event in log:
        if isinstance(event, CandidateErased):
            found.pop(event.originator_id, None)
        elif isinstance(event, CandidateSignedUp):
            found[event.originator_id] = [position]
        elif type(event) in Trail.handlers and whose(event) in found:
            found[whose(event)].append(position)
    return found


@pytest.fixture
def told(store: EventStore, pool: Pool) -> Told:
    create_tables([Trail()], pool)
    return Told(store)


def which(recorded: list[tuple[int, Event]], kind: type[Event], name: object) -> Which:
    """The first such event of a candidate."""
    event = next(e for _, e in recorded if type(e) is kind and whose(e) == somebody(name))
    return event.originator_id, event.originator_version


# What is parked, and what goes on ---------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
@pytest.mark.parametrize("way", WAYS)
def test_what_cannot_be_handled_is_parked_and_other_streams_go_on(
    told: Told, store: EventStore, pool: Pool, batch_size: int, way: str
) -> None:
    told.sign_up("Ada", "Bo")
    told.be_active("Ada")
    told.send("Ada")
    told.be_active("Bo")
    log = told.record()
    poison = {which(log, WasActive, "Ada"): way}
    drain(Projector(poisoned(Trail(), poison), store, pool, batch_size))
    plain = of_each(log)
    ada, bo = somebody("Ada"), somebody("Bo")
    assert trail(pool) == {ada: plain[ada][:2], bo: plain[bo]}
    assert parked(pool) == {ada: (plain[ada][2], 1)}
    assert log_positions([Trail()], pool) == {"trail": log[-1][0]}


def test_what_comes_later_waits_behind_it_in_any_worker(
    told: Told, store: EventStore, pool: Pool
) -> None:
    told.sign_up("Ada", "Bo")
    log = told.record()
    drain(Projector(poisoned(Trail(), {which(log, OptedIn, "Ada"): "raises"}), store, pool))
    told.send("Ada")
    told.accept("Ada")
    told.be_active("Bo")
    log += told.record()
    drain(Projector(Trail(), store, pool))
    ada, bo = somebody("Ada"), somebody("Bo")
    assert parked(pool) == {ada: (2, 2)}
    assert trail(pool) == {ada: [1], bo: of_each(log)[bo]}


def overwrite(pool: Pool, position: int, state: str) -> bytes:
    """Put something else in an event's place, and say what stood there."""
    with pool.connection() as db:
        ((stood,),) = db.execute("SELECT state FROM events WHERE log_position = %s", [position])
        db.execute(
            "UPDATE events SET state = %s WHERE log_position = %s", [state.encode(), position]
        )
    return bytes(stood)


def test_an_event_that_cannot_be_read_is_parked_too(
    told: Told, store: EventStore, pool: Pool
) -> None:
    told.sign_up("Ada", "Bo")
    told.be_active("Ada")
    log = told.record()
    stood = overwrite(pool, log[-1][0], '{"kind": "signed_in"}')
    drain(Projector(Trail(), store, pool))
    ada, bo = somebody("Ada"), somebody("Bo")
    assert trail(pool) == {ada: [1, 2], bo: [3, 4]}
    with pool.connection() as db:
        (found,) = parking.listed(db)
    assert (found.stream, found.position, found.kind) == (ada, 5, "candidate.was_active")
    assert found.error.startswith("ValidationError: timestamp: missing, actor: missing")
    overwrite(pool, log[-1][0], stood.decode())
    assert Projector(Trail(), store, pool).replay_parked() == ([ada], [])
    assert trail(pool) == of_each(log)


def test_where_not_even_the_stream_can_be_told_it_stops(
    told: Told, store: EventStore, pool: Pool
) -> None:
    told.sign_up("Ada")
    told.send("Ada")
    log = told.record()
    overwrite(pool, log[-2][0], "{}")
    with pytest.raises(KeyError):
        drain(Projector(Trail(), store, pool))
    assert log_positions([Trail()], pool) == {"trail": 0}


def test_an_event_of_a_newer_program_is_no_fault_of_its_own(
    told: Told, store: EventStore, pool: Pool
) -> None:
    told.sign_up("Ada")
    log = told.record()
    with pool.connection() as db:
        ((stood,),) = db.execute("SELECT state FROM events WHERE log_position = 2")
    overwrite(pool, 2, bytes(stood).decode()[:-1] + ',"class_version":2}')
    with pytest.raises(ValueError, match=r"candidate.opted_in is of version 2, and this program"):
        drain(Projector(Trail(), store, pool, batch_size=1))
    assert parked(pool) == {}
    assert log_positions([Trail()], pool) == {"trail": log[0][0]}


def test_a_projection_without_a_key_stops(store: EventStore, pool: Pool) -> None:
    class Whole(Projection, name="whole", version=1):
        """Its every change may depend on all before."""

        @on(CandidateSignedUp)
        def on_candidate_signed_up(self, event: CandidateSignedUp) -> Change:
            raise ValueError("bad luck")

    create_tables([Whole()], pool)
    told = Told(store)
    told.sign_up("Ada")
    told.record()
    with pytest.raises(ValueError, match="bad luck"):
        drain(Projector(Whole(), store, pool))
    assert parked(pool) == {}


@pytest.mark.parametrize(
    "trouble",
    [
        psycopg.OperationalError("the connection is lost"),
        psycopg.InterfaceError("the connection is closed"),
        PoolTimeout(),
        psycopg.errors.SerializationFailure(),
        psycopg.errors.DeadlockDetected(),
        psycopg.errors.DiskFull(),
        psycopg.errors.TooManyConnections(),
        psycopg.errors.QueryCanceled("statement timeout"),
        psycopg.errors.AdminShutdown(),
        psycopg.errors.ReadOnlySqlTransaction(),
        psycopg.errors.IdleInTransactionSessionTimeout(),
        psycopg.errors.InFailedSqlTransaction(),
        psycopg.errors.UndefinedTable(),
        psycopg.errors.InsufficientPrivilege(),
        psycopg.errors.FeatureNotSupported("cached plan must not change result type"),
        psycopg.errors.InternalError_("index is corrupted"),
        ConnectionResetError(),
        MemoryError(),
        WrongSecret(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_databases_troubles_are_no_events_fault(trouble: Exception) -> None:
    assert not parking.is_poison_event(trouble)


def test_the_databases_troubles_park_nothing(
    databases: Databases, told: Told, store: EventStore, pool: Pool
) -> None:
    told.sign_up("Ada")
    log = told.record()
    with pool.connection() as db:
        db.execute("ALTER TABLE trail RENAME TO trial")
    with pytest.raises(psycopg.errors.UndefinedTable):
        Projector(Trail(), store, pool).catch_up()
    assert parked(pool) == {}
    with pool.connection() as db:
        db.execute("ALTER TABLE trial RENAME TO trail")
    drain(Projector(Trail(), store, pool))
    assert trail(pool) == of_each(log)


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("SELECT %(value)s::int", "no number"),
        ("SELECT %(value)s::smallint", 2**40),
        ("SELECT abs(%(value)s)", [1, 2]),
        ("SELECT %(value)s::text", "a \x00 in a text"),
        ("SELECT %(value)s", object()),
        ("SELECT %(nobody_tells)s", 1),
        ("SELECT (SELECT n FROM generate_series(1, %(value)s::int) AS n)", 2),
    ],
)
def test_what_a_statement_cannot_take_is_the_events_fault(
    told: Told, store: EventStore, pool: Pool, statement: str, value: object
) -> None:
    told.sign_up("Ada")
    told.record()
    projection = Trail()

    def fail(event: Event) -> Iterable[Change]:
        return [(statement, {"candidate_id": event.originator_id, "value": value})]

    projection.changes = fail  # type: ignore[method-assign]  # of this one alone
    drain(Projector(projection, store, pool))
    assert parked(pool) == {somebody("Ada"): (1, 1)}


def test_a_lost_connection_in_the_midst_of_dividing_parks_nothing(
    told: Told, store: EventStore, pool: Pool
) -> None:
    told.sign_up("Ada", "Bo")
    told.be_active("Ada")
    told.be_active("Bo")
    log = told.record()
    projection = poisoned(Trail(), {which(log, WasActive, "Ada"): "raises"})
    failing, to_lose = projection.changes, {which(log, WasActive, "Bo")}

    def lose(event: Event) -> Iterable[Change]:
        if (event.originator_id, event.originator_version) in to_lose:
            to_lose.clear()
            raise psycopg.OperationalError("the connection is lost")
        return failing(event)

    projection.changes = lose  # type: ignore[method-assign]  # of this one alone
    projector = Projector(projection, store, pool)
    with pytest.raises(psycopg.OperationalError):
        drain(projector)
    assert (trail(pool), parked(pool)) == ({}, {})
    drain(projector)
    assert parked(pool) == {somebody("Ada"): (5, 0)}


def test_beyond_so_many_streams_it_is_the_projection_that_is_broken(
    told: Told, store: EventStore, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "MAX_BLOCKED_STREAMS", 2)
    told.sign_up("Ada", "Bo", "Cy")
    log = told.record()
    poison = {which(log, CandidateSignedUp, name): "raises" for name in ("Ada", "Bo", "Cy")}
    projector = Projector(poisoned(Trail(), poison), store, pool)
    with pytest.raises(parking.TooManyParked, match="More than 2 streams would be parked"):
        drain(projector)
    assert (parked(pool), log_positions([Trail()], pool)) == ({}, {"trail": 0})
    poison.popitem()
    drain(projector)
    assert len(parked(pool)) == 2


def test_the_error_is_kept_and_logged_once_and_without_the_data(
    told: Told, store: EventStore, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    told.sign_up("troll", "Ada")
    log = told.record()
    poison = {which(log, OptedIn, "Ada"): "raises"}
    for _ in range(2):
        drain(Projector(poisoned(Trail(), poison), store, pool))
    with pool.connection() as db:
        of_troll, of_ada = parking.listed(db)
    assert of_troll.error == "CheckViolation (23514): trail, trail_takes_no_trolls"
    assert re.fullmatch(r"ValueError: test_parking\.py line \d+", of_ada.error)
    assert caplog.text.count("projection trail: event 1 (candidate.signed_up) is parked") == 1
    assert caplog.text.count("projection trail: event 4 (candidate.opted_in) is parked") == 1
    assert "troll'" not in caplog.text
    assert str(somebody("Ada")) not in caplog.text


def test_a_new_version_forgets_what_was_parked(told: Told, store: EventStore, pool: Pool) -> None:
    class Next(Trail, name="trail", version=2, key="candidate_id"):
        """The next version of the trail."""

    told.sign_up("Ada")
    log = told.record()
    drain(Projector(poisoned(Trail(), {which(log, OptedIn, "Ada"): "raises"}), store, pool))
    assert parked(pool)
    create_tables([Next()], pool)
    assert parked(pool) == {}


# Erasure ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 1000])
def test_an_erasure_does_not_wait_behind_what_is_parked(
    told: Told, store: EventStore, pool: Pool, batch_size: int
) -> None:
    told.sign_up("Ada", "Bo")
    told.be_active("Ada")
    log = told.record()
    poison = {which(log, WasActive, "Ada"): "raises"}
    projector = Projector(poisoned(Trail(), poison), store, pool, batch_size)
    drain(projector)
    ada, bo = somebody("Ada"), somebody("Bo")
    assert ada in trail(pool)
    told.erase("Ada")
    told.record()
    drain(projector)
    assert trail(pool) == {bo: [3, 4]}
    assert parked(pool) == {ada: (5, 1)}
    poison.clear()
    assert projector.replay_parked() == ([ada], [])
    assert (trail(pool), parked(pool)) == ({bo: [3, 4]}, {})


def test_an_erasure_of_the_same_batch_does_not_wait_either(
    told: Told, store: EventStore, pool: Pool
) -> None:
    told.sign_up("Ada")
    told.be_active("Ada")
    told.erase("Ada")
    log = told.record()
    drain(Projector(poisoned(Trail(), {which(log, WasActive, "Ada"): "raises"}), store, pool))
    assert trail(pool) == {}
    assert parked(pool) == {somebody("Ada"): (3, 1)}


def test_what_is_replayed_of_somebody_erased_is_erased_again(
    told: Told, store: EventStore, pool: Pool
) -> None:
    told.sign_up("Ada")
    told.be_active("Ada")
    log = told.record()
    first, second = which(log, CandidateSignedUp, "Ada"), which(log, WasActive, "Ada")
    poison = {first: "raises", second: "raises"}
    projector = Projector(poisoned(Trail(), poison), store, pool)
    drain(projector)
    told.erase("Ada")
    told.record()
    drain(projector)
    del poison[first]
    assert projector.replay_parked() == ([], [somebody("Ada")])
    assert trail(pool) == {}, "the sign-up is applied, and the erasure behind it at once"
    del poison[second]
    projector.replay_parked()
    assert (trail(pool), parked(pool)) == ({}, {})


def test_an_erasure_that_fails_is_told(
    told: Told, store: EventStore, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    told.sign_up("Ada")
    told.be_active("Ada")
    told.erase("Ada")
    log = told.record()
    erasing = which(log, CandidateErased, "Ada")
    poison = {which(log, WasActive, "Ada"): "raises", erasing: "raises"}
    projector = Projector(poisoned(Trail(), poison), store, pool)
    drain(projector)
    assert "projection trail: the erasure at event 4 is not applied yet: ValueError" in caplog.text
    assert parked(pool) == {somebody("Ada"): (3, 1)}
    poison.clear()
    projector.replay_parked()
    assert (trail(pool), parked(pool)) == ({}, {})


# Replay -----------------------------------------------------------------------------------------


def test_a_replay_takes_up_each_stream_where_it_stopped(
    told: Told, store: EventStore, pool: Pool
) -> None:
    told.sign_up("Ada", "Bo")
    told.be_active("Ada")
    told.be_active("Bo")
    told.be_active("Bo")
    log = told.record()
    of_ada, of_bo = which(log, OptedIn, "Ada"), which(log, WasActive, "Bo")
    poison = {of_ada: "raises", of_bo: "breaks the data"}
    projector = Projector(poisoned(Trail(), poison), store, pool)
    drain(projector)
    ada, bo = somebody("Ada"), somebody("Bo")
    del poison[of_ada]
    assert projector.replay_parked() == ([ada], [bo])
    assert trail(pool) == {ada: of_each(log)[ada], bo: [3, 4]}
    del poison[of_bo]
    assert projector.replay_parked() == ([bo], [])
    assert projector.replay_parked() == ([], [])
    assert trail(pool) == of_each(log)


def test_a_replay_waits_for_a_worker_in_the_midst_of_a_batch(
    told: Told, store: EventStore, pool: Pool
) -> None:
    told.sign_up("Ada")
    log = told.record()
    drain(Projector(poisoned(Trail(), {which(log, OptedIn, "Ada"): "raises"}), store, pool))
    told.be_active("Ada")
    log += told.record()
    projection, holding, release = Trail(), threading.Event(), threading.Event()
    apply = projection.apply

    def slowly(*arguments: Any) -> None:
        holding.set()
        release.wait(10)
        apply(*arguments)

    projection.apply = slowly  # type: ignore[method-assign, assignment]  # of this one alone
    # Something for another stream, so that the worker has something to apply.
    told.sign_up("Bo")
    log += told.record()
    worker = threading.Thread(target=Projector(projection, store, pool).catch_up)
    worker.start()
    assert holding.wait(10)
    replaying = threading.Thread(target=Projector(Trail(), store, pool).replay_parked)
    replaying.start()
    replaying.join(0.2)
    assert replaying.is_alive()
    release.set()
    worker.join()
    replaying.join()
    assert trail(pool) == of_each(log)


# Any history ------------------------------------------------------------------------------------


class Step(NamedTuple):
    """What happens to whom, how a projection fails at it, and in which round that is mended."""

    kind: str
    who: int
    way: str | None
    mended: int


steps = st.builds(
    Step,
    st.sampled_from(["be active"] * 3 + ["send", "accept", "erase"]),
    st.integers(0, 3),
    st.sampled_from([None] * 4 + [*WAYS]),
    st.integers(0, 3),
)


class Model:
    """What must be there at any moment, in plain Python."""

    def __init__(self) -> None:
        self.rows: dict[UUID, list[int]] = {}
        self.parked: dict[UUID, list[tuple[int, Event]]] = {}

    def take(self, log: list[tuple[int, Event]], poison: Mapping[Which, str]) -> None:
        for position, event in log:
            if type(event) not in Trail.handlers:
                continue
            stream = whose(event)
            fails = (event.originator_id, event.originator_version) in poison
            if fails or stream in self.parked:
                self.parked.setdefault(stream, []).append((position, event))
            if not fails and (stream not in self.parked or isinstance(event, CandidateErased)):
                self._apply(position, event)

    def replay(self, poison: Mapping[Which, str]) -> None:
        aside, self.parked = self.parked, {}
        for log in aside.values():
            self.take(log, poison)

    def shown(self) -> dict[UUID, tuple[int, int]]:
        return {stream: (log[0][0], len(log) - 1) for stream, log in self.parked.items()}

    def _apply(self, position: int, event: Event) -> None:
        if isinstance(event, CandidateErased):
            self.rows.pop(event.originator_id, None)
        elif isinstance(event, CandidateSignedUp):
            self.rows[event.originator_id] = [position]
        elif whose(event) in self.rows:
            self.rows[whose(event)].append(position)


@pytest.mark.slow
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(parts=st.lists(st.lists(steps, max_size=15), max_size=3), batch_size=st.integers(1, 20))
def test_whatever_fails_the_rows_are_those_of_single_events_and_once_mended_of_a_plain_fold(
    store: EventStore, pool: Pool, parts: list[list[Step]], batch_size: int
) -> None:
    create_tables([Trail()], pool)
    begin_at(store.recorder.max_notification_id() or 0, Trail(), pool)
    told, model = Told(store, told_by=uuid4()), Model()
    log: list[tuple[int, Event]] = []
    poison: dict[Which, str] = {}
    mended: dict[Which, int] = {}
    for number, part in enumerate(parts):
        causes: list[Step | None] = []
        for step in part:
            before = len(told.events)
            told.step(step.kind, step.who)
            causes += [step, None][: len(told.events) - before]
        recorded = told.record() if told.events else []
        for cause, (_, event) in zip(causes, recorded, strict=True):
            if cause and cause.way:
                poison[event.originator_id, event.originator_version] = cause.way
                mended[event.originator_id, event.originator_version] = cause.mended
        log += recorded
        projector = Projector(poisoned(Trail(), poison), store, pool, batch_size)
        drain(projector)
        model.take(recorded, poison)
        assert (trail(pool), parked(pool)) == (model.rows, model.shown())
        erasures = {e.originator_id: e for _, e in log if isinstance(e, CandidateErased)}
        for erased in trail(pool).keys() & erasures.keys():
            assert (erased, erasures[erased].originator_version) in poison
        for each in [each for each in poison if mended[each] <= number]:
            del poison[each]
        projector.replay_parked()
        model.replay(poison)
        assert (trail(pool), parked(pool)) == (model.rows, model.shown())
    Projector(Trail(), store, pool, batch_size).replay_parked()
    assert (trail(pool), parked(pool)) == (of_each(log), {})


@pytest.fixture(scope="module")
def filled(databases: Databases) -> Iterator[tuple[EventStore, Pool]]:
    """A marketplace in which everything has happened that can."""
    with (
        databases.prepared() as url,
        open_pool(url, name="filled") as pool,
        EventStore(url, pool, SECRET) as store,
    ):
        fill(store, candidates=20, seed=3, until=START, progress=lambda *_: None)
        store.record(everything_that_happens())
        yield store, pool


KEYED = [projection for projection in read_models() if projection.key]

plain_rows: dict[str, dict[str, list[str]]] = {}


def plain(projection: Projection, store: EventStore, pool: Pool) -> dict[str, list[str]]:
    """The rows that come of the log event by event."""
    if projection.name not in plain_rows:
        begin_at(0, projection, pool)
        drain(Projector(projection, store, pool, batch_size=1))
        plain_rows[projection.name] = rows(projection, pool)
    return plain_rows[projection.name]


@pytest.mark.slow
@pytest.mark.parametrize("projection", KEYED, ids=lambda projection: projection.name)
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    poison=st.lists(st.tuples(st.integers(0), st.sampled_from(WAYS)), min_size=1, max_size=12),
    batch_size=st.sampled_from([40, 2000]),
)
def test_every_read_model_is_as_if_nothing_had_failed_once_it_is_mended(
    filled: tuple[EventStore, Pool],
    projection: Projection,
    poison: list[tuple[int, str]],
    batch_size: int,
) -> None:
    store, pool = filled
    sound = type(projection)()
    expected = plain(sound, store, pool)
    followed, _ = store.read(0, 100_000, sound.topics)
    failing: dict[Which, str] = {}
    for number, way in poison:
        event = followed[number % len(followed)]
        failing[UUID(str(event.originator_id)), event.originator_version] = way
    begin_at(0, sound, pool)
    projector = Projector(poisoned(type(projection)(), failing), store, pool, batch_size)
    drain(projector)
    assert parked(pool)
    while failing:
        failing.popitem()
        projector.replay_parked()
    assert rows(sound, pool) == expected
    assert parked(pool) == {}


@pytest.mark.parametrize(
    "projection",
    [projection for projection in KEYED if CandidateErased in projection.follows],
    ids=lambda projection: projection.name,
)
def test_every_read_model_takes_an_erasure_before_its_place_and_again_in_it(
    filled: tuple[EventStore, Pool], projection: Projection
) -> None:
    store, pool = filled
    sound = type(projection)()
    expected = plain(sound, store, pool)
    followed, _ = store.read(0, 100_000, sound.topics)
    erased = {sound.stream(e) for e in followed if e.topic == CandidateErased.TOPIC}
    failing: dict[Which, str] = {
        (UUID(str(event.originator_id)), event.originator_version): "raises"
        for event in followed
        if sound.stream(event) in erased and event.topic != CandidateErased.TOPIC
    }
    assert failing
    begin_at(0, sound, pool)
    projector = Projector(poisoned(type(projection)(), failing), store, pool)
    drain(projector)
    assert parked(pool).keys() == erased
    while failing:
        del failing[next(iter(failing))]  # the earliest, so that some is applied each time
        projector.replay_parked()
    assert (rows(sound, pool), parked(pool)) == (expected, {})


@pytest.mark.parametrize("projection", KEYED, ids=lambda projection: projection.name)
def test_an_event_changes_the_rows_of_its_own_stream_alone(
    filled: tuple[EventStore, Pool], projection: Projection
) -> None:
    store, _ = filled
    followed, _ = store.read(0, 100_000, projection.topics)
    assert {event.topic for event in followed} == {*projection.topics}
    for stored, event in zip(followed, store.mapper.with_personal_fields(followed), strict=True):
        for _, parameters in projection.changes(event):
            assert parameters[str(projection.key)] == projection.stream(stored)


@pytest.mark.parametrize("projection", KEYED, ids=lambda projection: projection.name)
def test_the_stream_of_every_event_that_was_ever_stored_can_be_told(projection: Projection) -> None:
    for path in FOLDER.glob("*.json"):
        stored = as_stored(json.loads(path.read_text("utf-8")))
        if stored.topic in projection.topics:
            assert isinstance(projection.stream(stored), UUID)


# At once, and killed ----------------------------------------------------------------------------


class Sore(Trail, name="trail", version=1, key="candidate_id"):
    """A trail whose program has a fault."""

    def changes(self, event: Event) -> Iterable[Change]:
        """Fail at every seventh step of somebody."""
        if event.originator_version % 7 == 0:
            raise ValueError("bad luck")
        return super().changes(event)


def test_many_workers_and_replays_at_once_apply_each_event_once(
    told: Told, store: EventStore, pool: Pool
) -> None:
    stop = threading.Event()
    errors: list[BaseException] = []

    def replay_again_and_again() -> None:
        try:
            while not stop.is_set():
                Projector(Trail(), store, pool, 3).replay_parked()
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            errors.append(error)

    threads = [
        threading.Thread(
            target=Projector(Sore(), store, pool, 3).run, args=(stop, threading.Event())
        )
        for _ in range(2)
    ] + [threading.Thread(target=replay_again_and_again) for _ in range(2)]
    for thread in threads:
        thread.start()
    log: list[tuple[int, Event]] = []
    for _ in range(15):
        for name in range(4):
            told.step("be active", name)
        log += told.record()
    wait_for(log[-1][0], [Trail()], pool, timeout=SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    Projector(Trail(), store, pool).replay_parked()
    assert errors == []
    assert (trail(pool), parked(pool)) == (of_each(log), {})


def work_until_killed(url: str) -> None:
    """What the process of a worker with a fault does."""
    with open_pool(url, name="worker") as pool, EventStore(url, pool, SECRET) as store:
        Projector(Sore(), store, pool, 3).run(threading.Event(), threading.Event())


def replay_until_killed(url: str) -> None:
    """What one does who replays with the mended program."""
    with open_pool(url, name="replay") as pool, EventStore(url, pool, SECRET) as store:
        while True:
            Projector(Trail(), store, pool, 3).replay_parked()


@pytest.mark.slow
def test_workers_and_replays_killed_again_and_again_apply_each_event_once(
    told: Told, store: EventStore, pool: Pool, database_url: str
) -> None:
    stop, killed = threading.Event(), Counter[str]()

    def be_killed_and_replaced(work: Callable[[str], None]) -> None:
        while not stop.is_set():
            process = forks.Process(target=work, args=(database_url,), daemon=True)
            process.start()
            stop.wait(random.uniform(0.3, 0.6))
            process.kill()
            process.join()
            killed[work.__name__] += 1

    killers = [
        threading.Thread(target=be_killed_and_replaced, args=[work])
        for work in (work_until_killed, replay_until_killed)
    ]
    for killer in killers:
        killer.start()
    log: list[tuple[int, Event]] = []
    deadline = time.monotonic() + 2 * SECONDS
    try:
        while len(log) < 200 or min(killed.values(), default=0) < 5 or len(killed) < 2:
            assert time.monotonic() < deadline, "the workers do not get on"
            for name in range(4):
                told.step("be active", name)
            log += told.record()
            time.sleep(0.02)
    finally:
        stop.set()
        for killer in killers:
            killer.join()
    # The server may take a moment to see that somebody who held the checkpoint is dead.
    while log_positions([Trail()], pool)["trail"] < log[-1][0]:
        assert time.monotonic() < deadline + SECONDS, "the last worker does not get on"
        drain(Projector(Sore(), store, pool))
    Projector(Trail(), store, pool).replay_parked()
    assert (trail(pool), parked(pool)) == (of_each(log), {})
