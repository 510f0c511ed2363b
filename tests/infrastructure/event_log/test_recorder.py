"""The event log behind the library's interface: its contracts, reading, configuring."""

import sys
from collections.abc import Iterator
from unittest.mock import Mock, patch
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.errors import UndefinedTable
from psycopg.rows import TupleRow

from infrastructure.event_log import recorder as module
from infrastructure.event_log.recorder import GroupCommitRecorder
from tests.support.concurrency import wait_until
from tests.support.event_logs import event_log, happened, keys, taking

# The library's test cases want pycryptodome, for ciphers that we do not use.
with patch.dict(sys.modules, {"eventsourcing.cipher": Mock()}):
    from eventsourcing.tests import persistence as contract


# The library's own contracts. Their `test_performance` prints figures and asserts nothing:
# benchmarks/recorder.py measures instead.


class TestTheLogKeepsTheLibrarysContract(contract.ApplicationRecorderTestCase[GroupCommitRecorder]):
    test_performance = None  # type: ignore[assignment]

    @pytest.fixture(autouse=True)
    def _log(self, log: GroupCommitRecorder) -> None:
        self.log = log

    def create_recorder(self) -> GroupCommitRecorder:
        return self.log

    def test_insert_subscribe(self) -> None:
        with pytest.raises(NotImplementedError):  # the library's subscriptions are not offered
            self.log.subscribe()


class TestSavesDoNotInterleave(contract.NonInterleavingNotificationIDsBaseCase):
    @pytest.fixture(autouse=True)
    def _log(self, log: GroupCommitRecorder) -> None:
        self.log = log

    def create_recorder(self) -> GroupCommitRecorder:
        return self.log


# Reading.


def test_a_reader_moves_on_over_topics_that_are_not_its_own(
    log: GroupCommitRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW", 10)
    stream = uuid4()
    log.insert_events(happened(stream, *range(1, 26)))
    log.insert_events(happened(stream, 26, topic="rare"))
    seen, after, steps = [], 0, []
    while True:
        events, reached = log.read(after, 5, ["rare"])
        seen += [event.id for event in events]
        if reached == after:
            break
        steps.append(reached)
        after = reached
    assert seen == [26]
    assert steps == [10, 20, 26]


def test_a_reader_that_stops_at_its_limit_goes_on_there(log: GroupCommitRecorder) -> None:
    log.insert_events(happened(uuid4(), *range(1, 8)))
    first, reached = log.read(0, 3, ())
    assert ([event.id for event in first], reached) == ([1, 2, 3], 3)
    second, reached = log.read(reached, 10, ["it.happened", "other"])
    assert ([event.id for event in second], reached) == ([4, 5, 6, 7], 7)
    assert log.read(reached, 10, ()) == ([], 7)
    assert log.read(100, 10, ()) == ([], 100)


def keys_of(events: Iterator[StoredEvent]) -> list[tuple[UUID | str, int]]:
    return [(event.originator_id, event.originator_version) for event in events]


def test_many_streams_are_loaded_at_once_by_topic_each_with_its_last_event(
    log: GroupCommitRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STREAMS_AT_ONCE", 2)
    ids = [uuid4() for _ in range(5)]
    for version, topic in enumerate(("it.began", "it.happened", "it.happened"), 1):
        for stream in ids[:4]:
            log.insert_events(happened(stream, version, topic=topic))
    wanted = ids[4:] + ids[:3] + ids[:1]
    by_id = sorted(ids[:3])
    assert keys_of(log.load(wanted, ["it.began"])) == [(i, v) for i in by_id for v in (1, 3)]
    assert keys_of(log.load(wanted, ["it.happened"])) == [(i, v) for i in by_id for v in (2, 3)]
    assert keys_of(log.load([], ["it.happened"])) == []


def test_of_frequent_events_the_one_that_happened_last_is_loaded(log: GroupCommitRecorder) -> None:
    stream = uuid4()

    def moved(version: int, day: int) -> StoredEvent:
        state = b'{"timestamp":"2026-01-%02dT00:00:00Z"}' % day
        return StoredEvent(stream, version, "it.moved", state)

    began = happened(stream, 1, topic="it.began")
    log.insert_events([*began, moved(2, 3), moved(3, 9), moved(4, 5)])
    log.insert_events(happened(stream, 5, topic="it.ended"))
    loaded = keys_of(log.load([stream], ["it.began"], ["it.moved"]))
    assert loaded == [(stream, 1), (stream, 3), (stream, 5)]


def test_a_log_that_outgrows_its_statistics_is_read_by_index(
    event_log_url: str, another_session: Connection[TupleRow]
) -> None:
    """Statements are repeated from when the log is small, and its statistics are of then."""
    with event_log(event_log_url) as log:

        def use() -> None:
            stream = uuid4()
            log.insert_events(happened(stream, 1), unchanged={uuid4(): 0})
            log.select_events(stream)
            log.versions([stream])
            assert len([*log.load([stream], ["it.happened"])]) == 1
            log.read(5, 10, ["rare"])

        use()
        another_session.execute("VACUUM ANALYZE events")
        for _ in range(10):
            use()
        log.insert_events(happened(uuid4(), *range(1, 30_001)))
        for _ in range(10):
            use()
    wait_until(lambda: _statistic(another_session, "idx_scan") > 40)
    assert _statistic(another_session, "seq_tup_read") < 30_000


def _statistic(connection: Connection[TupleRow], name: str) -> int:
    row = connection.execute(
        f"SELECT {name} FROM pg_stat_user_tables WHERE relname = 'events'"
    ).fetchone()
    assert row is not None
    return int(row[0])


# Configuring.


class Dog(Aggregate):
    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name
        self.tricks: list[str] = []

    @event("TrickAdded")
    def add_trick(self, trick: str) -> None:
        self.tricks.append(trick)


class Kennel(Application[UUID]):
    def __init__(self, recorder: GroupCommitRecorder) -> None:
        self._given = recorder
        super().__init__()

    def construct_recorder(self) -> GroupCommitRecorder:
        return self._given


def test_an_application_keeps_its_events_here(log: GroupCommitRecorder) -> None:
    with Kennel(log) as app:
        dog = Dog("Fido")
        dog.add_trick("roll over")
        recordings = app.save(dog)
        assert [recording.notification.id for recording in recordings] == [1, 2]
        dog.add_trick("fetch")
        app.save(dog, unchanged={uuid4(): 0}, also=[taking("a")])
        copy: Dog = app.repository.get(dog.id)
        assert copy.tricks == ["roll over", "fetch"]


def test_the_writer_uses_every_parameter_of_the_address(
    event_log_url: str, another_session: Connection[TupleRow]
) -> None:
    url = make_conninfo(event_log_url, application_name="the_name", options="-c work_mem=5MB")
    setting = ("INSERT INTO keys (key) SELECT current_setting(%s)", ["work_mem"])
    with event_log(url) as log:
        log.insert_events([], also=[setting])
        assert keys(another_session) == ["5MB"]
        found = another_session.execute(
            "SELECT FROM pg_stat_activity WHERE application_name = 'the_name'"
        )
        assert found.rowcount == 1


def test_tables_are_not_made_by_the_recorder(database_url: str) -> None:
    with event_log(database_url) as log, pytest.raises(UndefinedTable, match="log_head"):
        log.insert_events(happened(uuid4(), 1))
