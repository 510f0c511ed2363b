"""Every read model can be rebuilt under load: no read fails, and its rows are a plain replay's."""

import random
import re
import threading
import time
from collections.abc import Iterator
from copy import deepcopy
from itertools import count

import pytest

from api.demo import fill
from infrastructure.database.postgres import Database, Pool, open_pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import progress, versions
from infrastructure.projecting.checkpoints import log_positions, wait_for
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.reading import ReadModels, Rebuilding
from infrastructure.projecting.versions import create_tables
from infrastructure.projecting.worker import Worker
from projections.likelihood import batch
from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.features.catalogue import CANDIDATE_SCHEMA
from projections.likelihood.projection import Likelihoods
from projections.read_models import read_models
from tests.domain.golden import everything_that_happens
from tests.support.concurrency import SECONDS, wait_until
from tests.support.databases import SECRET, Databases
from tests.support.history import START
from tests.support.killed import forks
from tests.support.ledger import approve, drain, register_one
from tests.support.reading import read_all_the_time
from tests.support.trail import restart_at, rows


@pytest.fixture
def filled(databases: Databases) -> Iterator[tuple[str, EventStore, Pool]]:
    """A marketplace in which everything has happened that can."""
    with (
        databases.prepared() as url,
        open_pool(url, name="filled", max_size=30) as pool,
        EventStore(url, pool, SECRET) as store,
    ):
        fill(store, candidates=60, seed=5, until=START, progress=lambda *_: None)
        store.record(everything_that_happens())
        yield url, store, pool


def is_rebuilding(pool: Pool) -> bool:
    with pool.connection() as db:
        return any(not one.live for one in progress.progress(db))


def read_everything(reading: ReadModels) -> None:
    for projection in read_models():
        with reading.reading(type(projection)) as db:
            for table in re.findall(r"CREATE TABLE (\w+)", projection.TABLES):
                db.execute(f"SELECT count(*) FROM {table}")


@pytest.mark.slow
def test_all_are_rebuilt_under_load_without_a_failed_read_and_have_the_rows_of_a_plain_replay(
    filled: tuple[str, EventStore, Pool],
) -> None:
    url, store, pool = filled
    every, reading, stop = read_models(), ReadModels(pool, SECONDS), threading.Event()
    written = count()

    def write() -> None:
        while not stop.is_set():
            approve(store, register_one(store, f"company {next(written)}"))

    with Worker(url, store, pool, read_models(), batch_size=50):
        wait_for(store.head(), every, pool, SECONDS)
        writer = threading.Thread(target=write)
        writer.start()
        try:
            with read_all_the_time(lambda: read_everything(reading)) as failures:
                for projection in every:
                    assert versions.rebuild(projection, pool)
                wait_until(lambda: not is_rebuilding(pool), 2 * SECONDS)
        finally:
            stop.set()
            writer.join()
        wait_for(store.head(), every, pool, SECONDS)
    assert failures == []
    assert next(written) > 0
    have_the_rows_of_a_plain_replay(store, pool)


def have_the_rows_of_a_plain_replay(store: EventStore, pool: Pool) -> None:
    for projection in read_models():
        rebuilt = rows(projection, pool)
        restart_at(0, projection, pool)
        drain(Projector([projection], store, pool, batch_size=1))
        assert rows(projection, pool) == rebuilt, projection.name


def work_until_killed(url: str) -> None:
    """What a worker's process does, in small batches so that it is killed in the midst of one."""
    with (
        open_pool(url, name="worker", max_size=30) as pool,
        EventStore(url, pool, SECRET) as store,
        Worker(url, store, pool, read_models(), batch_size=100),
    ):
        threading.Event().wait()


@pytest.mark.slow
def test_workers_that_are_killed_again_and_again_rebuild_all_with_the_rows_of_a_plain_replay(
    filled: tuple[str, EventStore, Pool],
) -> None:
    url, store, pool = filled
    for projection in read_models():
        drain(Projector([projection], store, pool))
    for projection in read_models():
        versions.rebuild(projection, pool)
    killed = 0
    while is_rebuilding(pool) or killed < 3:
        worker = forks.Process(target=work_until_killed, args=(url,), daemon=True)
        worker.start()
        before = reached(pool)
        wait_until(lambda before=before: reached(pool) != before or not is_rebuilding(pool))  # type: ignore[misc] # a default binds it now
        time.sleep(random.uniform(0, 0.3))  # so that it is killed at any moment
        worker.kill()
        worker.join()
        killed += 1
    wait_until(lambda: all(drained(projection, store, pool) for projection in read_models()))
    have_the_rows_of_a_plain_replay(store, pool)


def reached(pool: Pool) -> list[int]:
    with pool.connection() as db:
        return [one.log_position for one in progress.progress(db) if not one.live]


def drained(projection: Projection, store: EventStore, pool: Pool) -> bool:
    """Apply what is left; the server may take a moment to see that a killed worker is dead."""
    drain(Projector([projection], store, pool))
    return log_positions([projection], pool)[projection.name] == store.head()


# A changed estimator ------------------------------------------------------------------------------


class NewEstimator(Likelihoods, name="likelihood", version=Likelihoods.version + 1, apart=True):
    """The likelihood of a program with another estimator, whose number counts in the version."""


def model_of(db: Database) -> tuple[str, int]:
    (found,) = db.execute("SELECT hash, log_position FROM likelihood_model").fetchall()
    hash, log_position = found
    return hash, log_position


@pytest.mark.slow
def test_a_changed_estimator_learns_everything_beside_the_one_that_is_read(
    filled: tuple[str, EventStore, Pool], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, store, pool = filled
    drain(Projector([Likelihoods()], store, pool))
    old, new = ReadModels(pool, SECONDS), ReadModels(pool, SECONDS)
    with old.reading(Likelihoods) as db:
        before = model_of(db)
    changed = LikelihoodModel(CANDIDATE_SCHEMA, base_rate=0.2)
    monkeypatch.setattr(batch, "untrained_model", lambda: deepcopy(changed))
    create_tables([NewEstimator()], pool)
    building = Projector([NewEstimator()], store, pool, batch_size=500)
    building.catch_up()
    with old.reading(Likelihoods) as db:
        assert model_of(db) == before
    with pytest.raises(Rebuilding), new.reading(NewEstimator):
        pass
    drain(building)
    with new.reading(NewEstimator) as db:
        hash, log_position = model_of(db)
    assert log_position == before[1]
    assert hash != before[0]
    rebuilt = rows(NewEstimator(), pool)
    restart_at(0, NewEstimator(), pool)
    drain(Projector([NewEstimator()], store, pool, batch_size=1))
    assert rows(NewEstimator(), pool) == rebuilt
