"""The letter of an outreach, and all that both sides said since, as its candidate reads it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple

from domain.actor import Role
from domain.event import Event
from domain.outreach import Letter, Outreach
from domain.outreach_events import (
    AnswerCorrected,
    ContactDisclosed,
    DeclineReason,
    FollowUpSent,
    InterviewCancelled,
    InterviewRequested,
    InterviewScheduled,
    MessageEdited,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachPostponed,
    ReplyReceived,
    ReplySent,
    TimesOffered,
)

Kind = Literal[
    "follow_up", "reply", "wrote", "accepted", "declined", "postponed", "disclosed", "times",
    "interview", "cancelled", "corrected",
]  # fmt: skip


class Said(NamedTuple):
    """One thing that the employer or the candidate said."""

    kind: Kind
    at: datetime
    name: str | None = None
    """Of the sender; None for the candidate."""
    text: str | None = None
    reason: DeclineReason | None = None
    until: date | None = None
    starts_at: datetime | None = None
    status: str | None = None
    disclosed: Sequence[str] = ()
    by_candidate: bool = False
    """Of what either side may do."""


def letter_of(events: Iterable[Event]) -> MessageSent | InterviewRequested | MessageEdited:
    """The first letter, as it was last changed before it left."""
    kinds = MessageSent | InterviewRequested | MessageEdited
    *_, letter = (event for event in events if isinstance(event, kinds))
    return letter


def said_since(outreach: Outreach, events: Iterable[Event]) -> list[Said]:
    """What was said after the letter, in order; letters that have not left are left out."""
    return [said for event in events if _has_left(outreach, event) for said in _said(event)]


def _has_left(outreach: Outreach, event: Event) -> bool:
    state = outreach.letters.get(event.originator_version)
    return state not in (Letter.WAITING, Letter.STOPPED)


def _said(event: Event) -> Iterator[Said]:
    at = event.timestamp
    match event:
        case FollowUpSent():
            yield Said("follow_up", at, event.sender_name, event.text)
        case ReplySent():
            yield Said("reply", at, event.sender_name, event.text)
        case ReplyReceived():
            yield Said("wrote", at, text=event.text)
        case OutreachAccepted():
            yield Said("accepted", at, text=event.note)
        case OutreachDeclined():
            yield Said("declined", at, text=event.note, reason=event.reason)
        case OutreachPostponed():
            yield Said("postponed", at, text=event.note, until=event.until)
        case ContactDisclosed():
            told = [one for one in (event.name, event.email, event.phone) if one]
            yield Said("disclosed", at, disclosed=told)
        case AnswerCorrected():
            yield Said("corrected", at, status=event.status)
        case _:
            yield from _said_of_interview(event)


def _said_of_interview(event: Event) -> Iterator[Said]:
    at = event.timestamp
    match event:
        case InterviewScheduled():
            by_candidate = _is_candidate(event)
            yield Said("interview", at, starts_at=event.starts_at, by_candidate=by_candidate)
        case TimesOffered():
            yield Said("times", at, event.organizer_name)
        case InterviewCancelled():
            yield Said("cancelled", at, text=event.note, by_candidate=_is_candidate(event))


def _is_candidate(event: Event) -> bool:
    return event.actor.role in (Role.CANDIDATE, Role.PLATFORM)
