"""The rules about contact a second time, each told plainly over the whole history."""

import calendar
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from domain.candidate_events import (
    AddressBounced,
    CandidateErased,
    CandidateSignedUp,
    ConsentExpired,
    ContactBudgetSet,
    EmployerBlocked,
    OptedIn,
    OptedOut,
    ProfileEnhanced,
    WasActive,
)
from domain.do_not_contact import (
    DoNotContactAdded,
    DoNotContactRemoved,
)
from domain.employer_events import (
    AnswerRateRecovered,
    AnswerRateWarned,
    BetaJoined,
    BetaLeft,
    BulkRestricted,
    EmployerApproved,
    EmployerSuspended,
    NamesDeclared,
)
from domain.event import Event
from domain.outreach_events import (
    FollowUpSent,
    InterviewRequested,
    LetterFailed,
    LetterStopped,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachUndone,
    OutreachWithdrawn,
)
from domain.position import PositionClosed
from domain.review import SetAside, TakenBack
from tests.support.given import (
    ACME,
    CASEY,
    GLOBEX,
    named,
)

SENT = (MessageSent, InterviewRequested)
ADDRESSES = [named(f"address {n}") for n in range(3)]
DOMAINS = [named(f"domain {n}") for n in range(2)]
COMPANIES = [named(f"company {n}") for n in range(2)]
ANSWERED = (OutreachAccepted, OutreachDeclined, OutreachWithdrawn, OutreachExpired)

EMPLOYERS = [ACME, GLOBEX]
POSITIONS = {named(f"position {n}"): EMPLOYERS[n % 2] for n in range(8)}


def latest(history: Sequence[Event], *kinds: type[Event], about: UUID) -> type[Event] | None:
    found = [type(e) for e in history if isinstance(e, kinds) and e.originator_id == about]
    return found[-1] if found else None


def silent_for_six_months(history: Sequence[Event], now: datetime) -> bool:
    signs_of_life = (CandidateSignedUp, WasActive)
    last = max(event.timestamp for event in history if isinstance(event, signs_of_life))
    months = (now.year - last.year) * 12 + now.month - last.month
    last_day = calendar.monthrange(now.year, now.month)[1]
    return months > 6 or (months == 6 and (now.day >= last.day or now.day == last_day))


def came_to_nothing(history: Sequence[Event]) -> set[UUID]:
    """The outreaches that did not reach the candidate: undone, stopped, or failed at first.

    Of a candidate who was erased nothing is taken back any more.
    """
    lost = (LetterStopped, LetterFailed)
    answered = set()
    nothing = set()
    for event in history:
        if isinstance(event, CandidateErased):
            break
        if isinstance(event, ANSWERED):
            answered.add(event.originator_id)
        is_lost = isinstance(event, lost) and event.letter == 1
        if isinstance(event, OutreachUndone) or (is_lost and event.originator_id not in answered):
            nothing.add(event.originator_id)
    return nothing


def times_written_to(history: Sequence[Event], now: datetime) -> int:
    """Follow-ups count beside first letters; what came to nothing does not."""
    nothing = came_to_nothing(history)
    sent = [
        event.timestamp
        for event in history
        if isinstance(event, FollowUpSent)
        or (isinstance(event, SENT) and event.originator_id not in nothing)
    ]
    return sum(timestamp > now - timedelta(days=30) for timestamp in sent)


def contacts_wanted(history: Sequence[Event]) -> int:
    said = [event.contacts for event in history if isinstance(event, ContactBudgetSet)]
    return said[-1] if said else 3


def agrees(history: Sequence[Event], now: datetime) -> bool:
    """Whether the candidate has agreed to be written to, and that has not ended."""
    consents = [e for e in history if isinstance(e, OptedIn | OptedOut | ConsentExpired)]
    last = consents[-1] if consents else None
    return isinstance(last, OptedIn) and (last.until is None or now < last.until)


def address_is_gone(history: Sequence[Event]) -> bool:
    """Whether the last address that is known does not exist any more."""
    gone = False
    for event in history:
        if isinstance(event, AddressBounced):
            gone = True
        elif isinstance(event, ProfileEnhanced) and "email" in event.fields:
            gone = False
    return gone


def is_listed(history: Sequence[Event], employer: UUID, now: datetime) -> bool:
    """Whether the employer's list names the candidate, an address of theirs, or the last domain."""
    known, domain = {CASEY}, None
    last_days: dict[UUID, date | None] = {}
    for event in history:
        if isinstance(event, CandidateSignedUp | ProfileEnhanced) and event.address:
            known.add(event.address)
            domain = event.domain
        if isinstance(event, DoNotContactAdded) and event.employer_id == employer:
            last_days[event.identifier] = event.until
        if isinstance(event, DoNotContactRemoved) and event.employer_id == employer:
            del last_days[event.identifier]
    found = [last for one, last in last_days.items() if one in {*known, domain}]
    return any(last is None or now.date() <= last for last in found)


def works_there(history: Sequence[Event], employer: UUID) -> bool:
    """Whether the employer declared the name, or the mail domain, of where the candidate works."""
    declared: set[UUID] = set()
    jobs: set[UUID] = set()
    domain: set[UUID | None] = set()
    for event in history:
        if isinstance(event, NamesDeclared) and event.originator_id == employer:
            declared = {*event.keys}
        if isinstance(event, CandidateSignedUp | ProfileEnhanced):
            domain = {event.domain} if event.address else domain
            jobs = jobs if event.employers is None else {*event.employers}
    return bool(declared & (jobs | domain))


def is_set_aside(history: Sequence[Event], position: UUID) -> bool:
    """Whether the employer is not interested in the candidate for this position."""
    decided = [event for event in history if isinstance(event, SetAside | TakenBack)]
    about = [event for event in decided if event.position_id == position]
    return bool(about) and isinstance(about[-1], SetAside)


def is_low(messages: int, answered: int) -> bool:
    return messages >= 100 and answered / messages < 0.13


def is_restricted(history: Sequence[Event], employer: UUID, now: datetime) -> bool:
    """Whether bulk messages were restricted within two weeks."""
    return any(
        isinstance(event, BulkRestricted)
        and event.originator_id == employer
        and event.timestamp <= now < event.timestamp + timedelta(days=14)
        for event in history
    )


def after_review(
    history: Sequence[Event], employer: UUID, *, low: bool, now: datetime
) -> type[Event] | None:
    """What follows when the answers are counted: a warning first, a restriction a week later."""
    decided = [
        event
        for event in history
        if isinstance(event, AnswerRateWarned | BulkRestricted | AnswerRateRecovered)
        and event.originator_id == employer
    ]
    if decided and isinstance(decided[-1], AnswerRateWarned):
        if now < decided[-1].timestamp + timedelta(days=7):
            return None
        return BulkRestricted if low else AnswerRateRecovered
    return AnswerRateWarned if low and not is_restricted(history, employer, now) else None


def reasons_against_letter(
    history: Sequence[Event], position: UUID, *, message: bool, bulk: bool, now: datetime
) -> set[str]:
    """The codes for which a letter that was allowed before is stopped."""
    other = {"already_contacted", "candidate_contacted_too_often"}
    other |= {"candidate_not_passive", "candidate_not_active", "set_aside_by_employer"}
    return reasons_against(history, position, message=message, bulk=bulk, now=now) - other


def reasons_against(
    history: Sequence[Event], position: UUID, *, message: bool, now: datetime, bulk: bool = False
) -> set[str]:
    """The codes for which an approach is to be refused."""
    employer = POSITIONS[position]
    standing = latest(history, EmployerApproved, EmployerSuspended, about=employer)
    is_approved = standing is EmployerApproved
    in_beta = latest(history, BetaJoined, BetaLeft, about=employer) is BetaJoined
    erased = latest(history, CandidateErased, about=CASEY) is not None
    opted_in = agrees(history, now)
    blocked = {event.employer_id for event in history if isinstance(event, EmployerBlocked)}
    passive = silent_for_six_months(history, now)
    reachable = any(
        getattr(event, "has_address", False) or event.email is not None
        for event in history
        if isinstance(event, CandidateSignedUp | ProfileEnhanced)
    )
    nothing = came_to_nothing(history)
    sent = [event for event in history if isinstance(event, SENT)]
    told = {event.position_id for event in sent if event.originator_id not in nothing}
    reasons = {
        "employer_is_suspended": not is_approved,
        "not_in_beta": message and is_approved and not in_beta,
        "bulk_messages_restricted": bulk and is_restricted(history, employer, now),
        "position_is_closed": latest(history, PositionClosed, about=position) is not None,
        "already_contacted": position in told,
        "set_aside_by_employer": is_set_aside(history, position),
        "candidate_is_erased": erased,
        "candidate_opted_out": not erased and not opted_in,
        "candidate_has_no_address": not erased and not reachable,
        "address_has_bounced": not erased and reachable and address_is_gone(history),
        "candidate_blocked_employer": not erased and employer in blocked,
        "on_do_not_contact_list": not erased and is_listed(history, employer, now),
        "candidate_works_there": not erased and works_there(history, employer),
        "candidate_contacted_too_often": not erased
        and times_written_to(history, now) >= contacts_wanted(history),
        "candidate_not_passive": not erased and message and not passive,
        "candidate_not_active": not erased and not message and passive,
    }
    return {code for code, holds in reasons.items() if holds}
