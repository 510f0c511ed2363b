"""Every read model with a key is as if nothing had failed, once its parked events are replayed."""

import json
from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.demo import fill
from domain.candidate_events import CandidateErased
from infrastructure.database.postgres import Pool, open_pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.projector import Projector
from projections.read_models import read_models
from tests.domain.golden import FOLDER, as_stored, everything_that_happens
from tests.support.databases import SECRET, Databases
from tests.support.history import START
from tests.support.ledger import drain
from tests.support.trail import (
    FAILURES,
    EventId,
    parked_streams,
    poisoned,
    restart_at,
    rows,
)


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
        restart_at(0, projection, pool)
        drain(Projector([projection], store, pool, batch_size=1))
        plain_rows[projection.name] = rows(projection, pool)
    return plain_rows[projection.name]


@pytest.mark.slow
@pytest.mark.parametrize("projection", KEYED, ids=lambda projection: projection.name)
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    poison=st.lists(st.tuples(st.integers(0), st.sampled_from(FAILURES)), min_size=1, max_size=12),
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
    failing: dict[EventId, str] = {}
    for number, way in poison:
        event = followed[number % len(followed)]
        failing[UUID(str(event.originator_id)), event.originator_version] = way
    restart_at(0, sound, pool)
    projector = Projector([poisoned(type(projection)(), failing)], store, pool, batch_size)
    drain(projector)
    assert parked_streams(pool)
    while failing:
        failing.popitem()
        projector.replay_parked()
    assert rows(sound, pool) == expected
    assert parked_streams(pool) == {}


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
    failing: dict[EventId, str] = {
        (UUID(str(event.originator_id)), event.originator_version): "raises"
        for event in followed
        if sound.stream(event) in erased and event.topic != CandidateErased.TOPIC
    }
    assert failing
    restart_at(0, sound, pool)
    projector = Projector([poisoned(type(projection)(), failing)], store, pool)
    drain(projector)
    assert parked_streams(pool).keys() == erased
    while failing:
        del failing[next(iter(failing))]  # the earliest, so that some is applied each time
        projector.replay_parked()
    assert (rows(sound, pool), parked_streams(pool)) == (expected, {})


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
