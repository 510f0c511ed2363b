"""Every reason why an employer may not contact a candidate about a position now."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum

from domain.aggregate import Refusal
from domain.candidate import CONTACT_WINDOW_RETENTION, Candidate, CandidateOptedOut
from domain.do_not_contact import DoNotContact
from domain.employer import Employer, NotInBeta
from domain.outreach_events import Grounds
from domain.position import Position
from domain.standing import Standing

CONTACT_WINDOW = CONTACT_WINDOW_RETENTION
CONTACTS_ALLOWED = 3
"""How many contacts a candidate receives within the window unless they want another number."""

MOST_CONTACTS = 10
"""The most contacts within the window that a candidate can ask for."""


class AlreadyContacted(Refusal):
    """The candidate has been contacted about this position already; see Interviews."""


class CandidateBlockedEmployer(Refusal):
    """The candidate has blocked this employer; do not contact them."""


class CandidateHasNoAddress(Refusal):
    """No e-mail address of the candidate is known; a message would not reach them."""


class CandidateContactedTooOften(Refusal):
    """The candidate has been contacted {times} times within {days} days; try again later."""


class CandidateNotPassive(Refusal):
    """The candidate has been active within six months; send an interview request instead."""


class CandidateNotActive(Refusal):
    """The candidate has not been active for six months or more; send a message instead."""


class AddressHasBounced(Refusal):
    """The candidate's e-mail address does not exist any more; a message would not reach them."""


class OnDoNotContactList(Refusal):
    """Your do-not-contact list names the candidate, or their address; see Do not contact."""


class CandidateWorksThere(Refusal):
    """The candidate works at your company or an affiliate; do not write to them about it."""


class Contact(StrEnum):
    """The ways in which an employer contacts a candidate."""

    MESSAGE = "message"
    INTERVIEW_REQUEST = "interview_request"
    FOLLOW_UP = "follow_up"


def against_contact(
    contact: Contact,
    employer: Employer,
    position: Position,
    candidate: Candidate,
    *,
    entries: Iterable[DoNotContact],
    contacted: bool,
    at: datetime,
    bulk: bool = False,
) -> Iterator[Refusal]:
    """Why the employer may not contact the candidate now.

    `entries` are those of the employer's do-not-contact list about the candidate. A `bulk` message
    is sent as one of many.
    """
    gate = (contact, employer, position, candidate)
    yield from against_letter(*gate, entries=entries, at=at, bulk=bulk)
    standing = candidate.standing()
    if contact is not Contact.FOLLOW_UP and (contacted or position.id in standing.positions):
        yield AlreadyContacted()
    if candidate.reasons_against_contact():
        return
    times, allowed = candidate.contacts_since(at - CONTACT_WINDOW), contacts_allowed(standing)
    if times >= allowed:
        yield CandidateContactedTooOften(times=times, days=CONTACT_WINDOW.days)
    if contact is Contact.MESSAGE and not candidate.is_passive(at):
        yield CandidateNotPassive()
    if contact is Contact.INTERVIEW_REQUEST and candidate.is_passive(at):
        yield CandidateNotActive()


def against_letter(
    contact: Contact,
    employer: Employer,
    position: Position,
    candidate: Candidate,
    *,
    entries: Iterable[DoNotContact],
    at: datetime,
    bulk: bool = False,
) -> Iterator[Refusal]:
    """Why a letter must not leave, although the contact was allowed when it was written."""
    if contact is not Contact.INTERVIEW_REQUEST and employer.approved and not employer.in_beta:
        yield NotInBeta()
    yield from employer.reasons_against_approaching()
    if bulk:
        yield from employer.sender.reasons_against_bulk(at)
    yield from position.reasons_against_filling(at)
    if not candidate.reasons_against_contact() and employer.keys & {*candidate.standing().works_at}:
        yield CandidateWorksThere()
    yield from against_reply(employer, candidate, entries=entries, at=at)


def against_reply(
    employer: Employer, candidate: Candidate, *, entries: Iterable[DoNotContact], at: datetime
) -> Iterator[Refusal]:
    """Why a candidate who has answered must not be written to any more."""
    if against := candidate.reasons_against_contact():
        yield from against
        return
    standing = candidate.standing()
    if not standing.agrees_at(at):
        yield CandidateOptedOut()
    if not standing.has_address:
        yield CandidateHasNoAddress()
    elif candidate.address_bounced:
        yield AddressHasBounced()
    if employer.id in standing.blocked:
        yield CandidateBlockedEmployer()
    if any(entry.counts(at) for entry in entries):
        yield OnDoNotContactList()


def contacts_allowed(standing: Standing) -> int:
    """How many contacts the person may receive within the window, from all employers together."""
    return CONTACTS_ALLOWED if standing.contact_budget is None else standing.contact_budget


def grounds(employer: Employer, candidate: Candidate, at: datetime) -> Grounds:
    """What the gate looked at when it allowed a contact."""
    standing = candidate.standing()
    return Grounds(
        last_active_at=standing.last_active_at,
        contacts=candidate.contacts_since(at - CONTACT_WINDOW),
        contacts_allowed=contacts_allowed(standing),
        sender=employer.sender.standing(at),
    )
