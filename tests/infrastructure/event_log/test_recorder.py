"""The event log behind the library's interface: its contracts, reading, following, configuring."""

import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from unittest.mock import Mock, patch
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import (
    InfrastructureFactoryError,
    ProgrammingError,
    StoredEvent,
)
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from infrastructure.event_log import recorder as module
from infrastructure.event_log.recorder import Factory, GroupCommitRecorder, event_log_environment
from tests.support.concurrency import wait_until
from tests.support.event_logs import event_log, happened, save_together, taking

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
        self.optional_test_insert_subscribe()


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


def test_many_streams_are_read_at_once_in_order(
    log: GroupCommitRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STREAMS_AT_ONCE", 2)
    ids = [uuid4() for _ in range(5)]
    for version in (1, 2, 3):
        for stream in ids[:4]:
            topic = "rare" if version == 2 else "it.happened"
            log.insert_events(happened(stream, version, topic=topic))

    def keys_of(events: Iterator[StoredEvent]) -> list[tuple[UUID | str, int]]:
        return [(event.originator_id, event.originator_version) for event in events]

    wanted = ids[4:] + ids[:3] + ids[:1]
    assert keys_of(log.select_many(wanted)) == [(i, v) for i in sorted(ids[:3]) for v in (1, 2, 3)]
    assert keys_of(log.select_many(wanted, ["rare"])) == [(i, 2) for i in sorted(ids[:3])]
    assert keys_of(log.select_many(ids[:2], gt={ids[0]: 2, ids[1]: 3})) == [(ids[0], 3)]
    assert keys_of(log.select_many([])) == []


def test_a_subscriber_that_hears_nothing_still_moves_on(
    log: GroupCommitRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHANNEL", "nobody_speaks_here")
    monkeypatch.setattr(module, "POLL_SECONDS", 0.1)
    with log.subscribe(gt=0) as subscription:
        time.sleep(0.3)
        log.insert_events(happened(uuid4(), 1))
        assert next(subscription).id == 1


def test_a_subscriber_survives_the_end_of_its_listening_backend(
    log: GroupCommitRecorder, another_session: Connection[TupleRow]
) -> None:
    with log.subscribe(gt=0) as subscription:
        for version in range(1, 4):
            log.insert_events(happened(UUID(int=1), version))
            assert next(subscription).id == version
            another_session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            )


def test_a_log_that_outgrows_its_statistics_is_still_read_by_index(
    event_log_url: str, another_session: Connection[TupleRow]
) -> None:
    """Statements are planned once, and statistics of a log that is being filled come late."""
    with event_log(event_log_url) as log:
        log.insert_events(happened(uuid4(), 1))
    another_session.execute("VACUUM ANALYZE events")
    with event_log(event_log_url) as log:
        for _ in range(20):
            stream = uuid4()
            log.insert_events(happened(stream, 1), unchanged={uuid4(): 0})
            log.select_events(stream)
            log.versions([stream])
            assert len([*log.select_many([stream])]) == 1
            log.read(5, 10, ["rare"])
    wait_until(lambda: _statistic(another_session, "idx_scan") > 80)
    assert _statistic(another_session, "seq_scan") <= 2  # VACUUM's and ANALYZE's own


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


def test_an_application_keeps_its_events_here(event_log_url: str) -> None:
    environment = event_log_environment(event_log_url, pool_size=2)
    with Application[UUID](environment) as app:
        dog = Dog("Fido")
        dog.add_trick("roll over")
        recordings = app.save(dog)
        assert [recording.notification.id for recording in recordings] == [1, 2]
        dog.add_trick("fetch")
        app.save(dog, unchanged={uuid4(): 0}, also=[taking("a")])
        copy: Dog = app.repository.get(dog.id)
        assert copy.tricks == ["roll over", "fetch"]


def test_there_is_no_store_beside_the_log(event_log_url: str) -> None:
    environment = event_log_environment(event_log_url)
    with pytest.raises(InfrastructureFactoryError, match="only the event log"):
        Application[UUID](environment | {"IS_SNAPSHOTTING_ENABLED": "y"})
    with Factory(environment) as factory, pytest.raises(InfrastructureFactoryError):
        factory.process_recorder()


def test_an_applications_groups_are_as_large_as_the_environment_says(
    event_log_url: str, another_session: Connection[TupleRow]
) -> None:
    with Application[UUID](event_log_environment(event_log_url, largest_group=2)) as app:
        assert isinstance(app.recorder, GroupCommitRecorder)
        save = partial(app.save, Dog("Fido")), partial(app.save, Dog("Rex"))
        save_together(app.recorder, *save, partial(app.save, Dog("Bella")))
    groups = "SELECT count(*) FROM events GROUP BY recorded_at ORDER BY min(log_position)"
    assert another_session.execute(groups).fetchall() == [(1,), (2,), (1,)]


def test_it_refuses_to_start_in_the_mode_that_loses_events(event_log_url: str) -> None:
    environment = event_log_environment(event_log_url) | {"POSTGRES_ENABLE_DB_FUNCTIONS": "y"}
    with pytest.raises(InfrastructureFactoryError, match="lose committed events"):
        Application[UUID](environment)


def test_every_parameter_of_the_address_is_used(event_log_url: str) -> None:
    url = make_conninfo(event_log_url, application_name="the_name", options="-c work_mem=5MB")
    with event_log(url) as log:
        log.insert_events(happened(uuid4(), 1))
        with log.datastore.get_connection() as connection:
            rows: Sequence[Any] = connection.execute(
                "SELECT count(*) AS count FROM pg_stat_activity WHERE application_name = 'the_name'"
            ).fetchall()
            assert rows[0]["count"] >= 2  # readers and the writer
            setting = connection.execute("SHOW work_mem").fetchone()
            assert setting == {"work_mem": "5MB"}


def test_tables_are_not_made_by_the_recorder(database_url: str) -> None:
    with event_log(database_url) as log, pytest.raises(ProgrammingError, match="log_head"):
        log.insert_events(happened(uuid4(), 1))
