"""What a letter to a candidate is about: the outreach, the employer, the position, the person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from api.delivery.as_sent import position_as_sent
from api.delivery.interview import Interview, interview_of
from domain.event import Event
from domain.outreach_events import (
    FollowUpSent,
    InterviewRequested,
    LetterDelivered,
    LetterFailed,
    LetterReleased,
    LetterStopped,
    MessageEdited,
    MessageSent,
    ReplySent,
)
from domain.position import Position
from infrastructure.event_log import queries
from infrastructure.event_log.queries import Logged
from infrastructure.event_log.store import EventStore
from infrastructure.event_log.unreadable import UnreadableEvent
from infrastructure.projecting.reading import ReadModels
from projections import candidate_profiles, employers
from projections.candidate_pool import CandidatePool
from projections.candidate_profiles import Addressee
from projections.employers import Employers

Message = MessageSent | InterviewRequested | MessageEdited
SETTLED = (LetterDelivered, LetterFailed, LetterStopped)

READS = (CandidatePool, Employers)


@dataclass(frozen=True)
class Content:
    """A letter before it has a form. `text` is what the employer wrote in it."""

    outreach_id: UUID
    letter: int
    to: Addressee
    company: str
    position: Position
    """As it was when the message was sent."""
    message: Message
    text: str
    sender_name: str
    written_at: datetime
    released_at: datetime | None
    """When it was first tried to deliver it."""
    interview: Interview | None
    answers: tuple[str, ...]
    """The Message-IDs of the letters that it follows."""


class Undeliverable(Exception):
    """There is nobody to deliver the letter to, or nothing to say in it."""


class Settled(Exception):
    """The letter has been delivered, has failed or was stopped."""


def content_of(
    store: EventStore, read_models: ReadModels, outreach_id: UUID, letter: int
) -> Content:
    """A letter of an outreach, with the person's address as it is now.

    Raises:
        Settled: it must not be delivered any more.
        Undeliverable: it cannot be made.
    """
    with read_models.reading(*READS) as db:
        logged = queries.of_aggregate(db, outreach_id)
        events = _readable(store, logged)
        if any(isinstance(event, SETTLED) and event.letter == letter for event in events):
            raise Settled
        message = _message(events, letter)
        sent_at = logged[message.originator_version - 1].log_position
        to = candidate_profiles.addressee(db, message.candidate_id)
        employer = employers.one(db, message.employer_id)
        position = position_as_sent(store, db, message.position_id, sent_at)
    if not (to and employer and position):
        raise Undeliverable(f"outreach {outreach_id} has no address, employer or position")
    written = next(event for event in events if event.originator_version == letter)
    again = written if isinstance(written, FollowUpSent | ReplySent) else None
    interview = interview_of(events, letter, position.title, employer.company, to.name)
    return Content(
        outreach_id=outreach_id,
        letter=letter,
        to=to,
        company=employer.company,
        position=position,
        message=message,
        text=interview.text if interview else again.text if again else message.text,
        sender_name=again.sender_name if again else message.sender_name,
        written_at=written.timestamp,
        released_at=next(
            (e.timestamp for e in events if isinstance(e, LetterReleased) and e.letter == letter),
            None,
        ),
        interview=interview,
        answers=tuple(
            event.message_id
            for event in events
            if isinstance(event, LetterDelivered) and event.letter < letter
        ),
    )


def _readable(store: EventStore, logged: Sequence[Logged]) -> Sequence[Event]:
    read = store.mapper.read([entry.stored for entry in logged], personal=True)
    return [event for event in read if not isinstance(event, UnreadableEvent)]


def _message(events: Sequence[Event], letter: int) -> Message:
    """The message as it was last edited."""
    said = [event for event in events if isinstance(event, Message)]
    if not said:
        raise Undeliverable("the message cannot be read")
    if all(event.originator_version != letter for event in events):
        raise Undeliverable(f"there is no letter {letter}")
    return said[-1]
