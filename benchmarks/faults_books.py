"""The books of a run with faults: what was asked and answered, and what the log must say of it."""

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from aiosmtpd.smtp import SMTP, Envelope, Session

from domain.candidate_events import WasActive
from domain.event import Event
from domain.outreach_events import MessageSent
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.projector import Projector
from projections.read_models import read_models
from tests.support.trail import restart_at, rows

MESSAGE_ID = re.compile(rb"^Message-ID: (<[^>]+>)", re.MULTILINE | re.IGNORECASE)
DELIVERED = "outreach.letter_delivered"
ENDS = (DELIVERED, "outreach.letter_failed", "outreach.letter_stopped")
OUTREACH = re.compile(rb"<([0-9a-f-]{36})")


@dataclass
class Entry:
    """A command, and what its client heard of it."""

    kind: str
    gives_up: bool = False
    """Whether its client asks once, and never learns what came of it if that fails."""
    request_id: str = field(default_factory=lambda: str(uuid4()))
    status: int | None = None
    answer: Any = None
    lines: list[str] = field(default_factory=list)
    """The activities of an upload, by their ids at the source."""

    @property
    def is_acknowledged(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass
class Books:
    """Everything that clients asked for, and whatever was wrong at once."""

    entries: list[Entry] = field(default_factory=list)
    poisoned: set[UUID] = field(default_factory=set)
    """Aggregates that were given events which cannot be read."""
    wrong: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, entry: Entry) -> Entry:
        with self._lock:
            self.entries.append(entry)
        return entry

    def heard(self, status: int, what: str) -> None:
        """Note an answer. One that a client is never to get is wrong."""
        with self._lock:
            self.statuses[status] += 1
            if status >= 500 and status != 503:
                self.wrong.append(f"{what} was answered {status}")


@dataclass
class Letters:
    """A mail server that keeps how often each letter came, by its outreach and Message-ID."""

    copies: dict[UUID, Counter[bytes]] = field(default_factory=lambda: defaultdict(Counter))

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        found = MESSAGE_ID.search(envelope.original_content or b"")
        if found and (outreach := OUTREACH.match(found[1])):
            self.copies[UUID(outreach[1].decode())][found[1]] += 1
        return "250 OK"


Logged = tuple[int, UUID, int, str, Event | None]
"""Log position, stream, version, topic, and the event if it can be read."""


def whole_log(store: EventStore) -> Iterator[Logged]:
    after = 0
    while True:
        stored, reached = store.read(after, 5_000, ())
        for one, event in zip(stored, store.mapper.read(stored), strict=True):
            stream = UUID(str(one.originator_id))
            read = event if isinstance(event, Event) else None
            yield one.id, stream, one.originator_version, one.topic, read
        if reached == after:
            return
        after = reached


def faults_of_the_log(books: Books, log: list[Logged]) -> Iterator[str]:
    """Gaps, streams out of order, and commands with another effect than their clients heard of."""
    if [position for position, *_ in log] != [*range(1, len(log) + 1)]:
        yield "the log has gaps"
    versions: dict[UUID, int] = defaultdict(int)
    by_request: dict[str, list[Logged]] = defaultdict(list)
    activities: Counter[str] = Counter()
    for position, stream, version, topic, event in log:
        if version != versions[stream] + 1:
            yield f"{stream} goes from version {versions[stream]} to {version}"
        versions[stream] = version
        if event is None:
            if stream not in books.poisoned:
                yield f"event {position} cannot be read"
            continue
        by_request[event.request_id].append((position, stream, version, topic, event))
        if isinstance(event, WasActive):
            activities[event.source_id] += 1
    yield from _faults_of_uploads(books, activities)
    yield from _faults_of_commands(books, by_request)


def _faults_of_uploads(books: Books, activities: Counter[str]) -> Iterator[str]:
    for entry in books.entries:
        for line in entry.lines:
            if activities[line] > 1 or (entry.is_acknowledged and not activities[line]):
                yield f"{entry.kind}: activity {line} is there {activities[line]} times"


def _faults_of_commands(books: Books, by_request: dict[str, list[Logged]]) -> Iterator[str]:
    commands = [entry for entry in books.entries if not entry.lines]
    effects: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for entry in commands:
        if entry.is_acknowledged:
            effects[entry.kind][_topics(by_request[entry.request_id])] += 1
    for entry in commands:
        events = by_request.get(entry.request_id, [])
        usual = effects[entry.kind].most_common(1)
        whole = usual[0][0] if usual else ()
        if entry.status is not None and not entry.is_acknowledged and events:
            yield f"{entry.kind}: refused with {entry.status}, and recorded"
        if events and _topics(events) != whole:
            yield f"{entry.kind}: {_topics(events)} instead of {whole}"
        if events and events[-1][0] - events[0][0] != len(events) - 1:
            yield f"{entry.kind}: its events are not together"
        if entry.is_acknowledged:
            told = (entry.answer["log_position"], UUID(entry.answer["id"]), entry.answer["version"])
            if told not in [(position, id, version) for position, id, version, *_ in events]:
                yield f"{entry.kind}: acknowledged as {told}, but not recorded so"


def _topics(events: list[Logged]) -> tuple[str, ...]:
    return tuple(sorted(topic for _, _, _, topic, _ in events))


def faults_of_letters(books: Books, letters: Letters, log: list[Logged]) -> Iterator[str]:
    """Messages without an end, and letters with two identities or none."""
    delivered = {stream for _, stream, _, topic, _ in log if topic == DELIVERED}
    ended = {stream for _, stream, _, topic, _ in log if topic in ENDS}
    for _, outreach, _, _, event in log:
        is_awaited = isinstance(event, MessageSent) and event.candidate_id not in books.poisoned
        if is_awaited and outreach not in ended:
            yield f"letter {outreach} has neither left nor been stopped"
    for outreach, copies in letters.copies.items():
        if len(copies) > 1:
            yield f"letter {outreach} came under {len(copies)} Message-IDs"
    for outreach in delivered - letters.copies.keys():
        yield f"letter {outreach} is said to be delivered, but never came"


def faults_of_read_models(store: EventStore, pool: Pool) -> Iterator[str]:
    """Read models whose rows are not those of a plain replay, in one thread."""
    for projection in read_models():
        followed = rows(projection, pool)
        restart_at(0, projection, pool)
        projector = Projector([projection], store, pool, batch_size=100)
        while projector.catch_up():
            pass
        replayed = rows(projection, pool)
        for table, as_followed in followed.items():
            if as_followed != replayed[table]:
                differing = set(as_followed) ^ set(replayed[table])
                yield f"{projection.name}: {len(differing)} rows of {table} differ from a replay"
