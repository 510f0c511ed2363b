"""Whatever fails in whatever history, the rows are right, and complete once it is mended."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.candidate_events import CandidateErased, CandidateSignedUp
from domain.event import Event
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.versions import create_tables
from tests.support.ledger import drain
from tests.support.trail import (
    FAILURES,
    EventId,
    RecordedHistory,
    Trail,
    parked_streams,
    plain_trail,
    poisoned,
    restart_at,
    stream_of,
    trail,
)


class Step(NamedTuple):
    """An event, its candidate, how a projection fails at it, and the round that mends it."""

    kind: str
    who: int
    way: str | None
    mended: int


steps = st.builds(
    Step,
    st.sampled_from(["be active"] * 3 + ["send", "accept", "erase"]),
    st.integers(0, 3),
    st.sampled_from([None] * 4 + [*FAILURES]),
    st.integers(0, 3),
)


class Model:
    """What must be there at any moment, in plain Python."""

    def __init__(self) -> None:
        self.rows: dict[UUID, list[int]] = {}
        self.parked: dict[UUID, list[tuple[int, Event]]] = {}

    def take(self, log: list[tuple[int, Event]], poison: Mapping[EventId, str]) -> None:
        for position, event in log:
            if type(event) not in Trail.handlers:
                continue
            stream = stream_of(event)
            fails = (event.originator_id, event.originator_version) in poison
            if fails or stream in self.parked:
                self.parked.setdefault(stream, []).append((position, event))
            if not fails and (stream not in self.parked or isinstance(event, CandidateErased)):
                self._apply(position, event)

    def replay(self, poison: Mapping[EventId, str]) -> None:
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
        elif stream_of(event) in self.rows:
            self.rows[stream_of(event)].append(position)


@pytest.mark.slow
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(parts=st.lists(st.lists(steps, max_size=15), max_size=3), batch_size=st.integers(1, 20))
def test_whatever_fails_the_rows_are_those_of_single_events_and_once_mended_of_a_plain_fold(
    store: EventStore, pool: Pool, parts: list[list[Step]], batch_size: int
) -> None:
    create_tables([Trail()], pool)
    restart_at(store.recorder.max_notification_id() or 0, Trail(), pool)
    history, model = RecordedHistory(store, prefix=uuid4()), Model()
    log: list[tuple[int, Event]] = []
    poison: dict[EventId, str] = {}
    mended: dict[EventId, int] = {}
    for number, part in enumerate(parts):
        causes: list[Step | None] = []
        for step in part:
            before = len(history.events)
            history.step(step.kind, step.who)
            causes += [step, None][: len(history.events) - before]
        recorded = history.record() if history.events else []
        for cause, (_, event) in zip(causes, recorded, strict=True):
            if cause and cause.way:
                poison[event.originator_id, event.originator_version] = cause.way
                mended[event.originator_id, event.originator_version] = cause.mended
        log += recorded
        projector = Projector([poisoned(Trail(), poison)], store, pool, batch_size)
        drain(projector)
        model.take(recorded, poison)
        assert (trail(pool), parked_streams(pool)) == (model.rows, model.shown())
        erasures = {e.originator_id: e for _, e in log if isinstance(e, CandidateErased)}
        for erased in trail(pool).keys() & erasures.keys():
            assert (erased, erasures[erased].originator_version) in poison
        for each in [each for each in poison if mended[each] <= number]:
            del poison[each]
        projector.replay_parked()
        model.replay(poison)
        assert (trail(pool), parked_streams(pool)) == (model.rows, model.shown())
    Projector([Trail()], store, pool, batch_size).replay_parked()
    assert (trail(pool), parked_streams(pool)) == (plain_trail(log), {})
