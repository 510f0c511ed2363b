"""What an employer may see of the event log: the events of its own work, without the model's."""

import json
from uuid import UUID

from domain.employer_events import (
    AnswerRateRecovered,
    AnswerRateWarned,
    BetaJoined,
    BetaLeft,
    BulkRestricted,
    EmployerApproved,
    EmployerRegistered,
    EmployerSuspended,
    ManagerAssigned,
)
from domain.event import Event
from domain.note import NoteEdited, NoteRemoved, NoteWritten
from domain.outreach_events import (
    AnswerCorrected,
    ContactDisclosed,
    FollowUpSent,
    InterviewCancelled,
    InterviewRequested,
    InterviewScheduled,
    LetterDelivered,
    LetterFailed,
    LetterStopped,
    MessageEdited,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachPostponed,
    OutreachUndone,
    OutreachWithdrawn,
    PostponementEnded,
    ReplyReceived,
    ReplySent,
    TimesOffered,
)
from domain.position import (
    ClosingDateSet,
    DescriptionSet,
    FiltersSet,
    PositionClosed,
    PositionOpened,
    SalarySet,
    TitleSet,
    WorkplaceSet,
)
from domain.review import (
    SetAside,
    Shortlisted,
    TakenBack,
    Unshortlisted,
)
from domain.tagging import TagAdded, TagRemoved

FOR_EMPLOYERS: tuple[type[Event], ...] = (
    EmployerRegistered, EmployerApproved, EmployerSuspended, ManagerAssigned, BetaJoined, BetaLeft,
    AnswerRateWarned, BulkRestricted, AnswerRateRecovered,
    PositionOpened, TitleSet, DescriptionSet, WorkplaceSet, SalarySet, FiltersSet, ClosingDateSet,
    PositionClosed,
    Shortlisted, Unshortlisted, SetAside, TakenBack,
    NoteWritten, NoteEdited, NoteRemoved, TagAdded, TagRemoved,
    MessageSent, InterviewRequested, MessageEdited, OutreachUndone, OutreachWithdrawn,
    LetterDelivered, LetterFailed, LetterStopped, FollowUpSent, ReplySent, ReplyReceived,
    OutreachAccepted, OutreachDeclined, OutreachPostponed, PostponementEnded, OutreachExpired,
    AnswerCorrected, ContactDisclosed, TimesOffered, InterviewScheduled, InterviewCancelled,
)  # fmt: skip
"""Chosen one by one: an event that is not here is for the marketplace's own people."""

KINDS_FOR_EMPLOYERS = frozenset(event.TOPIC for event in FOR_EMPLOYERS)

SHOWN_TO_EMPLOYERS = frozenset(
    {
        "employer_id", "position_id", "candidate_id",
        "company", "manager_name", "manager_email", "messages", "answered", "grace_ends_at",
        "title", "description", "location", "remote", "salary", "filters", "closes_at",
        "subject", "text", "sender_name", "sender_role", "deliver_at", "letter", "bad_address",
        "bulk", "reason", "note", "tag_id", "tag", "until", "understood", "channel", "status",
        "starts_at", "times", "minutes", "zone", "place", "organizer_name", "organizer_email",
        "name", "email", "phone",
    }
)  # fmt: skip
"""The fields of these events that employers see, chosen one by one as well.

Not among them: the likelihood, which recruiters read in steps; what the contact gate looked at and
why it stopped a letter, which tell of other employers and of what the candidate wants.
"""


def employer_of(kind: str, id: UUID, state: bytes) -> UUID | None:
    """Whose event this is, by its stored name, its aggregate's id and its stored state.

    None for one that no employer may see.

    >>> acme, outreach = UUID(int=1), UUID(int=2)
    >>> employer_of("outreach.accepted", outreach, b'{"employer_id": "%s"}' % str(acme).encode())
    UUID('00000000-0000-0000-0000-000000000001')
    >>> employer_of("employer.approved", acme, b"{}") == acme
    True
    >>> employer_of("candidate.contacted", outreach, b'{"employer_id": null}')
    """
    if kind not in KINDS_FOR_EMPLOYERS:
        return None
    if kind.startswith("employer."):
        return id
    try:
        return UUID(json.loads(state)["employer_id"])
    except (LookupError, TypeError, ValueError, AttributeError):  # by hand anything can be written
        return None
