"""Every reason why an employer may not contact a candidate about a position now."""

from collections.abc import Iterator
from datetime import datetime

from domain.aggregate import Refusal
from domain.candidate import CONTACT_WINDOW_RETENTION, Candidate, CandidateOptedOut
from domain.employer import Employer, NotInBeta
from domain.position import Position

CONTACT_WINDOW = CONTACT_WINDOW_RETENTION
CONTACTS_ALLOWED = 3
"""How many contacts a candidate may receive within the window, from all employers together."""


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


def against_message(
    employer: Employer, position: Position, candidate: Candidate, *, contacted: bool, at: datetime
) -> Iterator[Refusal]:
    """Why a message to a passive candidate is refused."""
    if employer.approved and not employer.in_beta:
        yield NotInBeta()
    yield from _against_anything(employer, position, candidate, contacted=contacted, at=at)
    if not candidate.reasons_against_contact() and not candidate.is_passive(at):
        yield CandidateNotPassive()


def against_interview_request(
    employer: Employer, position: Position, candidate: Candidate, *, contacted: bool, at: datetime
) -> Iterator[Refusal]:
    """Why an interview request to an active candidate is refused."""
    yield from _against_anything(employer, position, candidate, contacted=contacted, at=at)
    if not candidate.reasons_against_contact() and candidate.is_passive(at):
        yield CandidateNotActive()


def _against_anything(
    employer: Employer, position: Position, candidate: Candidate, *, contacted: bool, at: datetime
) -> Iterator[Refusal]:
    yield from employer.reasons_against_approaching()
    yield from position.reasons_against_filling(at)
    if contacted or position.id in candidate.standing().positions:
        yield AlreadyContacted()
    if against := candidate.reasons_against_contact():
        yield from against
        return
    standing = candidate.standing()
    if not standing.opted_in:
        yield CandidateOptedOut()
    if not standing.has_address:
        yield CandidateHasNoAddress()
    if employer.id in standing.blocked:
        yield CandidateBlockedEmployer()
    if (times := candidate.contacts_since(at - CONTACT_WINDOW)) >= CONTACTS_ALLOWED:
        yield CandidateContactedTooOften(times=times, days=CONTACT_WINDOW.days)
