"""A read model that parks, a recorded history to project, and ways to make a projection fail."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID, uuid4

from domain.candidate_events import CandidateErased, CandidateSignedUp, OptedIn, OptedOut, WasActive
from domain.event import Event
from domain.handlers import on
from domain.outreach_events import MessageSent, OutreachAccepted
from infrastructure.database.postgres import Pool
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.event_log.store import EventStore
from infrastructure.projecting import parking
from infrastructure.projecting.parking import Checkpoint
from infrastructure.projecting.projection import Change, Projection
from projections import candidate_changes
from tests.support.history import History, somebody


class Trail(Projection, name="trail", version=1, key="candidate_id", personal=True):
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


EventId = tuple[UUID, int]
"""An event, by its aggregate and version."""

FAILURES = ("raises", "breaks the data")


def poisoned(projection: Projection, poison: Mapping[EventId, str]) -> Projection:
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


class RecordedHistory(History):
    """A history that is recorded part by part, each event with its version."""

    def __init__(self, store: EventStore, prefix: object = "") -> None:
        super().__init__()
        self._store = store
        self._prefix = prefix
        self._versions: Counter[UUID] = Counter()
        self.erased: set[UUID] = set()

    def record(self) -> list[tuple[int, Event]]:
        """Record what was history since, and say at which positions."""
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
        name = f"{self._prefix} {who}"
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


def rows(projection: Projection, pool: Pool) -> dict[str, list[str]]:
    """What is in a projection's tables, but for how its events were batched."""
    tables = [*re.findall(r"CREATE TABLE (\w+)", projection.TABLES)]
    tables = [table for table in tables if table not in candidate_changes.TABLES]
    with pool.connection() as db:
        return {table: sorted(map(repr, db.execute(f"SELECT * FROM {table}"))) for table in tables}


def trail(pool: Pool) -> dict[UUID, list[int]]:
    with pool.connection() as db:
        return dict(db.execute("SELECT candidate_id, steps FROM trail").fetchall())


def parked_streams(pool: Pool) -> dict[UUID, tuple[int, int]]:
    """The streams that are parked, each with the position of the first event and how many wait."""
    with pool.connection() as db:
        return {one.stream: (one.log_position, one.waiting) for one in parking.listed(db)}


def restart_at(position: int, projection: Projection, pool: Pool) -> None:
    """Have a projection begin anew after a position of the log."""
    tables = re.findall(r"CREATE TABLE (\w+)", projection.TABLES)
    with pool.connection() as db, db.transaction():
        for table in tables:
            db.execute(f"DELETE FROM {table}")
        parking.forget(db, Checkpoint(projection.name, projection.version, LOG_ID, live=True))
        db.execute(
            "UPDATE projection_checkpoints SET log_position = %s WHERE projection = %s",
            [position, projection.name],
        )


def stream_of(event: Event) -> UUID:
    return getattr(event, "candidate_id", event.originator_id)


def plain_trail(log: list[tuple[int, Event]]) -> dict[UUID, list[int]]:
    """The trail that a plain fold of the log gives."""
    found: dict[UUID, list[int]] = {}
    for position, event in log:
        if isinstance(event, CandidateErased):
            found.pop(event.originator_id, None)
        elif isinstance(event, CandidateSignedUp):
            found[event.originator_id] = [position]
        elif type(event) in Trail.handlers and stream_of(event) in found:
            found[stream_of(event)].append(position)
    return found


def event_id(recorded: list[tuple[int, Event]], kind: type[Event], name: object) -> EventId:
    """The first such event of a candidate."""
    event = next(e for _, e in recorded if type(e) is kind and stream_of(e) == somebody(name))
    return event.originator_id, event.originator_version


class FaultyTrail(Trail, name="trail", version=1, key="candidate_id", personal=True):
    """A trail of a program with a fault: it fails at every seventh step of a candidate."""

    def changes(self, event: Event) -> Iterable[Change]:
        if event.originator_version % 7 == 0:
            raise ValueError("bad luck")
        return super().changes(event)
