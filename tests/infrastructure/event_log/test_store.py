"""A command is decided on the current state, recorded as a whole, and retried after a conflict."""

import random
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent
from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import TupleRow

from domain.actor import Cause
from domain.aggregate import Aggregate, Refused
from domain.attributes import Attributes, Gender
from domain.candidate import Candidate
from domain.candidate_commands import EraseCandidate, NoteActivity, OptOut
from domain.candidate_events import CandidateErased, CandidateSignedUp
from domain.command import Command, NotFound, Work
from domain.employer import (
    ApproveEmployer,
    Employer,
    LeaveBeta,
    ShareFeedback,
    SuspendEmployer,
)
from domain.event import Event
from domain.identifier import SignUpCandidate
from domain.position import Position
from domain.profile import Facts
from domain.sources import Activity, ActivityKind
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log import store as module
from infrastructure.event_log.codec import EventMapper
from infrastructure.event_log.store import (
    Contended,
    EventStore,
    UnitOfWork,
    VersionMismatch,
)
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.versions import create_tables
from projections.read_models import read_models
from tests.support.concurrency import at_once
from tests.support.databases import SECRET
from tests.support.stored import (
    BY,
    LONG_AGO,
    MESSAGE,
    NOW,
    PRIVATE,
    a_message,
    employer,
    member,
)


def head(store: EventStore) -> int:
    return store.recorder.max_notification_id() or 0


class Meanwhile(Command):
    """Another command, during whose decision something happens for the first few times."""

    inner: Any
    happens: Any
    times: int = 1
    decided: list[int] = []  # noqa: RUF012 - each gets its own from pydantic

    def execute(self, work: Work) -> Aggregate:
        aggregate: Aggregate = self.inner.execute(work)
        self.decided.append(1)
        if len(self.decided) <= self.times:
            self.happens()
        return aggregate


def meanwhile(
    inner: Command, happens: Callable[[], object], times: int = 1
) -> tuple[Meanwhile, list[int]]:
    command = Meanwhile(**BY, inner=inner, happens=happens, times=times)
    return command, command.decided


# Deciding anew.


def test_what_a_command_only_read_must_still_stand_when_it_is_recorded(store: EventStore) -> None:
    message = a_message(store)
    opt_out = OptOut(**BY, candidate_id=message.candidate_id)
    command, decided = meanwhile(message, lambda: store.execute(opt_out))
    with pytest.raises(Refused) as refused:
        store.execute(command)
    assert refused.value.codes == ["candidate_opted_out"]
    assert len(decided) == 1  # the second time it was refused while it decided


@pytest.mark.parametrize("change", [SuspendEmployer, LeaveBeta])
def test_a_standing_that_is_read_and_not_changed_is_checked_again(
    store: EventStore, change: type[Command]
) -> None:
    message = a_message(store)
    owner = UnitOfWork(store).get(Position, message.position_id).employer_id
    more: dict[str, Any] = {"reason": "spam"} if change is SuspendEmployer else {}
    ending = change(**BY, **more, employer_id=owner)  # type: ignore[call-arg]
    command, _ = meanwhile(message, lambda: store.execute(ending))
    before = head(store)
    with pytest.raises(Refused):
        store.execute(command)
    assert head(store) == before + 1


def test_after_a_conflict_a_command_is_decided_again_on_the_current_state(
    store: EventStore,
) -> None:
    id = employer(store)
    command, decided = meanwhile(
        ShareFeedback(**BY, employer_id=id, text="One"),
        lambda: store.execute(ShareFeedback(**BY, employer_id=id, text="Two")),
        times=3,
    )
    recorded = store.execute(command)
    assert len(decided) == 4
    assert recorded.version == 5
    assert recorded.log_position == head(store) == 5


def test_what_has_nothing_to_do_with_it_does_not_disturb(store: EventStore) -> None:
    command, decided = meanwhile(a_message(store), lambda: employer(store))
    store.execute(command)
    assert len(decided) == 1


def test_a_refusal_by_what_has_changed_meanwhile_is_decided_again(store: EventStore) -> None:
    one = uuid4()

    class Slow(OptOut):
        """Looks at a candidate who signs up a moment later."""

        def execute(self, work: Work) -> Candidate:
            if not work.find(Candidate, one).exists:
                store.execute(SignUpCandidate(**BY, candidate_id=one, name="Ada"))
            return super().execute(work)

    store.execute(Slow(**BY, candidate_id=one))
    assert [event.topic for event in store.recorder.select_events(one)] == [
        "candidate.signed_up",
        "candidate.opted_out",
    ]


def test_a_command_that_always_conflicts_is_given_up_and_has_recorded_nothing(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ATTEMPTS", 4)
    id = employer(store)
    command, decided = meanwhile(
        ShareFeedback(**BY, employer_id=id, text="One"),
        lambda: store.execute(ShareFeedback(**BY, employer_id=id, text="Two")),
        times=99,
    )
    with pytest.raises(Contended, match="4 times"):
        store.execute(command)
    assert len(decided) == 4
    assert head(store) == 5


def test_a_version_that_has_passed_is_a_mismatch_and_the_right_one_is_taken(
    store: EventStore,
) -> None:
    id = employer(store)
    with pytest.raises(VersionMismatch, match="at version 1, not 7") as mismatch:
        store.execute(ApproveEmployer(**BY, employer_id=id), if_version=7)
    assert mismatch.value.current == 1
    assert store.execute(ApproveEmployer(**BY, employer_id=id), if_version=1).version == 2


def test_of_two_with_the_same_version_one_is_recorded(store: EventStore) -> None:
    id = employer(store)
    command, _ = meanwhile(
        ShareFeedback(**BY, employer_id=id, text="One"),
        lambda: store.execute(ShareFeedback(**BY, employer_id=id, text="Two")),
    )
    with pytest.raises(VersionMismatch):
        store.execute(command, if_version=1)


def test_statements_commit_with_the_events_or_not_at_all(
    store: EventStore, connection: Connection[TupleRow]
) -> None:
    connection.execute("CREATE TABLE note (text text PRIMARY KEY)")
    id = employer(store)
    keep = ("INSERT INTO note VALUES (%s)", ["x"])
    feedback = ShareFeedback(**BY, employer_id=id, text="One")
    store.execute(feedback, also=lambda _: [keep])
    assert connection.execute("SELECT text FROM note").fetchall() == [("x",)]
    before = head(store)
    with pytest.raises(Exception, match="no_such_table"):
        store.execute(feedback, also=lambda _: [("INSERT INTO no_such_table VALUES (1)", [])])
    assert head(store) == before


def test_a_statement_that_breaks_a_constraint_is_reported_at_once(
    store: EventStore, connection: Connection[TupleRow]
) -> None:
    connection.execute("CREATE TABLE note (text text PRIMARY KEY)")
    keep = ("INSERT INTO note (text) VALUES (%s)", ["x"])
    feedback = ShareFeedback(**BY, employer_id=employer(store), text="One")
    store.execute(feedback, also=lambda _: [keep])
    command, decided = meanwhile(feedback, lambda: None)
    with pytest.raises(UniqueViolation):
        store.execute(command, also=lambda _: [keep])
    assert len(decided) == 1


# Loading.


def test_state_is_the_same_as_that_of_all_events(store: EventStore) -> None:
    for seed in range(20):
        id = a_life(store, random.Random(seed))
        stored = store.recorder.select_events(id)
        whole = Candidate.fold(id, map(store.mapper.to_domain_event, stored))
        for loaded in (UnitOfWork(store).find(Candidate, id), UnitOfWork(store).get(Candidate, id)):
            assert vars(loaded) == vars(whole)


def a_life(store: EventStore, chance: random.Random) -> UUID:
    """A candidate with some thirty random events, activity in any order of days."""
    candidate = Candidate(uuid4())
    candidate.sign_up(Cause(**BY), at=LONG_AGO, name="Ada", facts=Facts())
    for _ in range(30):
        at = LONG_AGO + timedelta(days=chance.randrange(400), hours=chance.randrange(24))
        cause, id = Cause(**{**BY, "at": at}), uuid4()
        happens: list[Callable[[], object]] = [
            partial(candidate.note_activity, Cause(**BY), activity(candidate.id, at).activity),
            partial(candidate.opt_out, cause),
            partial(candidate.opt_in, cause),
            partial(candidate.block_employer, cause, employer_id=id),
            partial(candidate.report_attributes, cause, Attributes(gender=Gender.WOMAN)),
            partial(candidate.be_contacted, cause, employer_id=id, position_id=id, outreach_id=id),
        ]
        with suppress(Refused):
            chance.choice(happens)()
    store.record(candidate.collect_events())
    return candidate.id


def test_a_command_on_a_very_active_candidate_reads_few_events(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = member(store)
    read: list[str] = []
    commands = [activity(id, NOW - timedelta(days=n)) for n in range(300)]
    store.execute_all(lambda: commands, load=lambda work: work.load_all(Candidate, [id]))
    restore = EventMapper.to_domain_event

    def counted(mapper: EventMapper, stored: StoredEvent) -> Event:
        read.append(stored.topic)
        return restore(mapper, stored)

    monkeypatch.setattr(EventMapper, "to_domain_event", counted)
    assert store.execute(OptOut(**BY, candidate_id=id)).version == 303
    assert len(read) <= 4  # sign-up, opt-in, the latest activity and the one recorded last


def test_a_process_reads_over_its_pool_alone(
    database_url: str, pool: Pool, connection: Connection[TupleRow]
) -> None:
    with (
        open_pool(database_url, name="the one pool", max_size=2) as few,
        EventStore(database_url, few, SECRET) as store,
    ):
        id = employer(store)
        at_once(*[partial(UnitOfWork(store).get, Employer, id)] * 8)
        counts: dict[str, int] = dict(
            connection.execute(
                "SELECT application_name, count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name <> '' GROUP BY 1"
            ).fetchall()
        )
    assert counts.pop("the one pool") <= 2
    assert counts == {"event log writer": 1, pool.name: 1}


# Kinds.


def test_an_id_of_another_kind_is_not_found(store: EventStore) -> None:
    id = employer(store)
    work = UnitOfWork(store)
    for kind in (Candidate, Position):
        with pytest.raises(NotFound):
            work.get(kind, id)
        with pytest.raises(NotFound):
            work.find(kind, id)
    with pytest.raises(NotFound):
        store.execute(OptOut(**BY, candidate_id=id))


def test_many_are_loaded_by_what_decides_and_foreign_kinds_are_not_found(
    store: EventStore,
) -> None:
    one, unknown, other = member(store), uuid4(), employer(store)
    store.execute(OptOut(**BY, candidate_id=one))
    for deciding in ((CandidateSignedUp, CandidateErased), ()):
        work = UnitOfWork(store)
        work.load_all(Candidate, [one, unknown, other], deciding)
        loaded = work.get(Candidate, one)
        assert loaded.version == 3
        assert loaded.signed_up_at == LONG_AGO
        for absent in (unknown, other):
            with pytest.raises(NotFound):
                work.get(Candidate, absent)


def activity(candidate: UUID, occurred_at: datetime = NOW) -> NoteActivity:
    said: dict[str, Any] = {"occurred_at": occurred_at, "source": "web", "source_id": str(uuid4())}
    noted = Activity(candidate_id=candidate, kind=ActivityKind.SIGNED_IN, **said)
    return NoteActivity(**BY, activity=noted)


def test_of_many_commands_the_refused_do_not_stop_the_others(store: EventStore) -> None:
    one, unknown = member(store), uuid4()
    commands = [
        activity(one),
        activity(unknown),
        activity(one, NOW + timedelta(days=1)),
        activity(one),
    ]
    ids = [one, unknown]
    decided, reached = store.execute_all(
        lambda: commands, load=lambda work: work.load_all(Candidate, ids)
    )
    assert [refusal and refusal.codes for _, refusal in decided] == [
        None,
        ["unknown"],
        ["activity_in_future"],
        None,
    ]
    assert reached == head(store) == 4


def test_a_command_that_states_a_fact_and_then_is_refused_is_a_fault_of_ours(
    store: EventStore,
) -> None:
    one = member(store)

    class Careless(NoteActivity):
        def execute(self, work: Work) -> Candidate:
            super().execute(work)
            raise Refused

    careless = Careless(**dict(activity(one)))
    with pytest.raises(RuntimeError, match="before it was refused"):
        store.execute_all(
            lambda: [activity(one), careless], load=lambda work: work.load_all(Candidate, [one])
        )
    assert head(store) == 2


# Erasure.


@pytest.fixture
def erased(store: EventStore) -> UUID:
    message = a_message(store)
    store.execute(message)
    store.execute(EraseCandidate(**BY, candidate_id=message.candidate_id))
    return message.candidate_id


def keys_of(connection: Connection[TupleRow], person: UUID) -> list[bool]:
    find = "SELECT wrapped IS NOT NULL FROM person_keys WHERE person_id = %s"
    return [there for (there,) in connection.execute(find, [person])]


def personal(store: EventStore) -> str:
    """All that the log says, as far as it can be read."""
    notifications, _ = store.read(0, 1000, [])
    return str(store.mapper.with_personal_fields(notifications))


def test_no_personal_word_lies_in_the_database(
    store: EventStore, connection: Connection[TupleRow]
) -> None:
    store.execute(a_message(store))
    raw = b"\n".join(row[0] for row in connection.execute("SELECT state FROM events"))
    assert b"candidate_id" in raw
    for private in (*PRIVATE, MESSAGE.text, MESSAGE.sender_name, "Casey", "casey@example.com"):
        assert private.encode() not in raw
        assert private in personal(store)


def test_an_erasure_and_the_end_of_the_key_are_recorded_together(
    store: EventStore, erased: UUID, connection: Connection[TupleRow]
) -> None:
    assert keys_of(connection, erased) == [False]
    for private in (*PRIVATE, MESSAGE.text):
        assert private not in personal(store)


@pytest.mark.parametrize("at", ["the statement", "the commit"])
def test_an_erasure_that_fails_destroys_nothing(
    store: EventStore,
    connection: Connection[TupleRow],
    at: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "ATTEMPTS", 2)
    one = member(store)
    before = head(store)
    connection.execute(
        "CREATE TABLE deferred (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);"
        " INSERT INTO deferred VALUES (1)"
    )
    failing = {
        "the statement": "SELECT 1 / 0",
        "the commit": "INSERT INTO deferred VALUES (1), (1)",
    }[at]
    also: Callable[[Any], Iterable[Any]] = lambda _: [(failing, [])]  # noqa: E731
    with pytest.raises(Exception, match=r"division by zero|Others changed|duplicate key"):
        store.execute(EraseCandidate(**BY, candidate_id=one), also=also)
    assert head(store) == before
    assert keys_of(connection, one) == [True]
    assert PRIVATE[0] in personal(store)
    store.execute(EraseCandidate(**BY, candidate_id=one))
    assert keys_of(connection, one) == [False]


def test_events_that_are_recorded_in_bulk_erase_as_well(
    store: EventStore, connection: Connection[TupleRow]
) -> None:
    one = member(store)
    candidate = UnitOfWork(store).get(Candidate, one)
    candidate.erase(EraseCandidate(**BY, candidate_id=one))
    store.record(candidate.collect_events())
    assert keys_of(connection, one) == [False]


def test_another_process_that_has_the_key_at_hand_reads_nothing_either(
    store: EventStore, database_url: str, pool: Pool
) -> None:
    message = a_message(store)
    with EventStore(database_url, pool, SECRET) as another:
        another.execute(message)  # for which it needed the key
        assert MESSAGE.text in personal(another)
        store.execute(EraseCandidate(**BY, candidate_id=message.candidate_id))
        assert MESSAGE.text not in personal(another)
        with pytest.raises(Refused):
            another.execute(OptOut(**BY, candidate_id=message.candidate_id))


def test_an_erased_past_is_replayed_into_read_models_from_the_first_event(
    store: EventStore, erased: UUID, pool: Pool
) -> None:
    every = read_models()
    create_tables(every, pool)
    for projection in every:
        while Projector([projection], store, pool).catch_up():
            pass
    with pool.connection() as db:
        assert db.execute("SELECT count(*) FROM candidate_pool").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM interview_list").fetchone() == (1,)
        ((said,),) = db.execute("SELECT personal FROM outreach_timeline").fetchall()
        assert set(said.values()) == {"[erased]"}
        ((email,),) = db.execute("SELECT manager_email FROM employers").fetchall()
        assert email == "casey@example.com"


def test_a_read_model_keeps_no_word_of_the_erased(
    store: EventStore, pool: Pool, database_url: str
) -> None:
    every = read_models()
    create_tables(every, pool)
    message = a_message(store)
    store.execute(message)
    catch_up(every, store, pool)
    store.execute(EraseCandidate(**BY, candidate_id=message.candidate_id))
    catch_up(every, store, pool)
    with psycopg.connect(database_url) as db:
        tables = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        kept = "\n".join(
            str(row)
            for (table,) in tables.fetchall()
            for row in db.execute(f'SELECT * FROM "{table}"').fetchall()
        )
    assert str(message.candidate_id) in kept
    for private in (*PRIVATE, MESSAGE.text, MESSAGE.sender_name):
        assert private not in kept


def catch_up(every: list[Any], store: EventStore, pool: Pool) -> None:
    for projection in every:
        while Projector([projection], store, pool).catch_up():
            pass


def test_many_writers_at_once_each_get_their_own_answer(store: EventStore) -> None:
    ids = [employer(store) for _ in range(4)]
    answers: list[Any] = []

    def work(id: UUID) -> None:
        feedback = ShareFeedback(**BY, employer_id=id, text="x")
        answers.extend(store.execute(feedback) for _ in range(10))

    threads = [threading.Thread(target=work, args=[id]) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.log_position for answer in answers) == list(range(5, 45))
    for id in ids:
        assert UnitOfWork(store).get(Employer, id).version == 11
        mine = [answer for answer in answers if answer.id == id]
        assert [answer.version for answer in mine] == list(range(2, 12))
