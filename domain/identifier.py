"""Who somebody is: an e-mail address or an id elsewhere names one candidate, for ever.

An identifier is a stream of its own, under an id that is a keyed hash of it. So two sign-ups of one
person at once conflict over that stream, and one of them runs again and finds the other; and an
address that opted out or was erased stays known, although nobody can read it.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, Refused, refuse
from domain.candidate import Candidate, CandidateIsErased
from domain.candidate_events import DECIDES_PROFILE
from domain.command import Command, Work
from domain.event import Event
from domain.handlers import on
from domain.merging import person
from domain.profile import MOST_JOBS, Facts, FullBackground, Job
from domain.sources import PERSONAL_FIELDS, ContactKeys, Observation, Source
from domain.values import Email, Moment, Name, StorableText


class IdentifierClaimed(Event, name="identifier.claimed", version=1):
    """The identifier names this candidate."""

    candidate_id: UUID


class IdentifierErased(Event, name="identifier.erased", version=1, erases=True):
    """The person was erased: what is sealed under their address is erased everywhere."""


class SeveralPeople(Refusal):
    """The id and the address belong to different candidates: {ids}. Correct it or merge them."""


class AnotherAddress(Refusal):
    """Candidate {id} is known with another address. Correct the id, or observe the new address."""


class Identifier(Aggregate, kind="identifier"):
    """An e-mail address or an id in another system, and the candidate that it names."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.candidate_id: UUID | None = None
        self.erased = False

    def claim(self, cause: Cause, candidate_id: UUID) -> None:
        """Name this candidate, if it names nobody yet."""
        if self.candidate_id is None:
            self.record(IdentifierClaimed, cause, candidate_id=candidate_id)

    def erase(self, cause: Cause) -> None:
        """Erase what employers wrote down about this address."""
        if not self.erased:
            self.record(IdentifierErased, cause)

    @on(IdentifierErased)
    def on_identifier_erased(self, _: IdentifierErased) -> None:
        self.erased = True

    @on(IdentifierClaimed)
    def on_identifier_claimed(self, event: IdentifierClaimed) -> None:
        self.candidate_id = event.candidate_id


Identifiers = Annotated[tuple[UUID, ...], Field(max_length=10)]


class SignUpCandidate(Command):
    """Become a member, or bring a member's profile up to date if they are known already.

    They are known by `candidate_id`, by their `address` or by another of the `identifiers` (ids of
    `Identifier`). Then what the document says was observed on `observed_on`, by default today. The
    `domain` of the address and the present `employers` are keyed hashes as well.
    """

    candidate_id: UUID
    address: UUID | None = None
    domain: UUID | None = None
    employers: tuple[UUID, ...] = ()
    identifiers: Identifiers = ()
    document: UUID | None = None
    source: Source = "document"
    observed_on: date | None = None
    name: Name
    email: Email | None = None
    summary: Annotated[StorableText, Field(max_length=10_000)] | None = None
    jobs: Annotated[tuple[Job, ...], Field(max_length=MOST_JOBS)] = ()
    background: FullBackground | None = None
    facts: Facts = Facts()
    signed_up_at: Moment | None = None
    last_active_at: Moment | None = None
    opted_in: bool | None = None
    opted_in_until: Moment | None = None

    def execute(self, work: Work) -> Candidate:
        identifiers = (*([self.address] if self.address else ()), *self.identifiers)
        # Before the candidates: whom an identifier names is there by then.
        claimed = _claimed(work, identifiers)
        proposed = work.find(Candidate, self.candidate_id, needed=())
        candidate = _one_of(work, [*([proposed.id] if proposed.exists else ()), *claimed])
        if candidate is None:
            candidate = proposed
            candidate.sign_up(
                self,
                at=self.signed_up_at,
                opted_in=bool(self.opted_in),
                consent_until=self.opted_in_until,
                last_active_at=self.last_active_at,
                document=self.document,
                keys=self._keys(),
                **self._profile(),
            )
        else:
            self._refuse_another_address(work, candidate)
            observation = Observation.model_construct(
                source=self.source,
                observed_on=min(self.observed_on or self.at.date(), self.at.date()),
                **self._profile() | {"jobs": self.jobs or None},
            )
            candidate.follow_document(
                self,
                observation,
                document=self.document,
                opted_in=self.opted_in,
                consent_until=self.opted_in_until,
                last_active_at=self.last_active_at,
                keys=self._keys(),
            )
        _claim(work, self, candidate, identifiers)
        return candidate

    def _refuse_another_address(self, work: Work, candidate: Candidate) -> None:
        """A document may be another person's under a wrong id: it never changes an address."""
        is_new = self.address and not work.find(Identifier, self.address).exists
        if is_new and candidate.standing().has_address:
            raise Refused(AnotherAddress(id=candidate.id))

    def _keys(self) -> ContactKeys:
        return ContactKeys(address=self.address, domain=self.domain, employers=self.employers)

    def _profile(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*PERSONAL_FIELDS, "facts")}


class EnhanceProfile(Command):
    """Update a profile with what a source observed, and the keyed hashes of what it says."""

    candidate_id: UUID
    observation: Observation
    address: UUID | None = None
    domain: UUID | None = None
    employers: tuple[UUID, ...] = ()

    def execute(self, work: Work) -> Candidate:
        identifiers = (self.address,) if self.address else ()
        claimed = _claimed(work, identifiers)
        candidate = person(work, self.candidate_id, DECIDES_PROFILE)
        _one_of(work, [candidate.id, *claimed])
        keys = ContactKeys(address=self.address, domain=self.domain, employers=self.employers)
        candidate.enhance_profile(self, self.observation, keys)
        _claim(work, self, candidate, identifiers)
        return candidate


class ClaimIdentifier(Command):
    """Let an identifier name a candidate who signed up before there were identifiers."""

    identifier_id: UUID
    candidate_id: UUID

    def execute(self, work: Work) -> Identifier:
        identifier = work.find(Identifier, self.identifier_id)
        identifier.claim(self, self.candidate_id)
        return identifier


def _claimed(work: Work, identifiers: Iterable[UUID]) -> list[UUID]:
    """The candidates whom these identifiers name already."""
    found = (work.find(Identifier, id).candidate_id for id in identifiers)
    return [candidate_id for candidate_id in found if candidate_id]


def _one_of(work: Work, ids: Iterable[UUID]) -> Candidate | None:
    """The one person whom all these candidates are; None for no candidate.

    Raises `Refused` if they are several people, or an erased one.
    """
    found = [person(work, id, DECIDES_PROFILE) for id in ids]
    people = {candidate.id: candidate for candidate in found}
    refuse([CandidateIsErased()] if any(one.erased for one in people.values()) else [])
    if len(people) > 1:
        raise Refused(SeveralPeople(ids=" and ".join(map(str, sorted(people)))))
    return next(iter(people.values()), None)


def _claim(work: Work, cause: Cause, candidate: Candidate, identifiers: Iterable[UUID]) -> None:
    for id in identifiers:
        work.find(Identifier, id).claim(cause, candidate.id)
