"""A member of the marketplace: consent, activity, profile, contacts and erasure.

The module is long because the whole aggregate is here, to be read from top to bottom: its events,
its refusals, its decisions, its facts, and the commands that lead to them.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, Refused, refuse
from domain.attributes import AgeBand, Attributes, Disability, Ethnicity, Gender
from domain.command import Command, Work
from domain.event import Event, Personal
from domain.handlers import on
from domain.passivity import is_passive
from domain.profile import MOST_JOBS, Facts, FullBackground, Job
from domain.standing import Standing
from domain.values import Email, Moment, Name, StorableText, Value

CLOCK_SKEW = timedelta(minutes=5)
"""How far another system's clock may run ahead of ours."""

CONTACT_WINDOW_RETENTION = timedelta(days=30)
"""How long a candidate's contacts are kept: as long as the contact gate counts them."""

SEALED_FIELDS = ("summary", "jobs", "background")
"""The fields of a profile, beside its facts, that are personal."""

PERSONAL_FIELDS = ("name", "email", *SEALED_FIELDS)
"""The personal fields of a candidate."""

Source = Annotated[StorableText, Field(min_length=1, max_length=100)]


class ActivityKind(StrEnum):
    """What a member did on the marketplace. Each kind counts as activity, so it ends passivity."""

    SIGNED_IN = "signed_in"
    SEARCHED_JOBS = "searched_jobs"
    VIEWED_JOB = "viewed_job"
    SAVED_JOB = "saved_job"
    APPLIED = "applied"
    EDITED_PROFILE = "edited_profile"
    UPLOADED_RESUME = "uploaded_resume"
    FOLLOWED_MAIL_LINK = "followed_mail_link"


class CandidateSignedUp(Event, name="candidate.signed_up", version=2):
    """A person became a member. `fields` names the profile fields that they filled in.

    `document` is a keyed hash of the document that said so, so that it is taken once.
    """

    name: Personal[str]
    email: Personal[str | None] = None
    summary: Personal[str | None] = None
    jobs: Personal[tuple[Job, ...]] = ()
    background: Personal[FullBackground | None] = None
    fields: tuple[str, ...]
    facts: Facts
    has_address: bool = False
    document: UUID | None = None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Version 1 does not say, without the person's key, whether there is an address."""
        state["has_address"] = True


class OptedIn(Event, name="candidate.opted_in", version=1):
    """The member agreed to receive communications."""


class OptedOut(Event, name="candidate.opted_out", version=1, withdrawal=True):
    """The member no longer agrees to receive communications."""


class WasActive(Event, name="candidate.was_active", version=1):
    """The member did something on the marketplace, as reported by `source`."""

    kind: ActivityKind
    source: str
    source_id: str


class ProfileEnhanced(Event, name="candidate.profile_enhanced", version=2):
    """A source observed newer facts about the member. `fields` names those it changed.

    `document` is a keyed hash of the document that said so, so that it is taken once.
    """

    source: str
    observed_on: date
    fields: tuple[str, ...]
    facts: Facts
    name: Personal[str | None] = None
    email: Personal[str | None] = None
    summary: Personal[str | None] = None
    jobs: Personal[tuple[Job, ...] | None] = None
    background: Personal[FullBackground | None] = None
    document: UUID | None = None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Version 1 has neither name, address nor background; the defaults say so."""


class EmployerBlocked(Event, name="candidate.employer_blocked", version=1, withdrawal=True):
    """The member blocked this employer from contacting them."""

    employer_id: UUID


class Contacted(Event, name="candidate.contacted", version=1):
    """An employer sent the member a message or an interview request."""

    employer_id: UUID
    position_id: UUID
    outreach_id: UUID


class AttributesReported(
    Event, name="candidate.attributes_reported", version=1, redacted_in_log=True
):
    """The member reported protected attributes, which replace those reported before."""

    gender: Personal[Gender | None] = None
    ethnicity: Personal[Ethnicity | None] = None
    age_band: Personal[AgeBand | None] = None
    disability: Personal[Disability | None] = None


class AttributesCleared(Event, name="candidate.attributes_cleared", version=1):
    """The member withdrew the protected attributes that they had reported."""


class CandidateMerged(Event, name="candidate.merged", version=1):
    """Support found that this is a duplicate of another candidate, who now stands for both."""

    kept_id: UUID


class CandidateSeparated(Event, name="candidate.separated", version=1):
    """Support found that the merge was wrong. `opted_in` is the stricter consent of the two."""

    kept_id: UUID
    opted_in: bool


class DuplicateMerged(Event, name="candidate.duplicate_merged", version=1):
    """The member stands for a duplicate too. `duplicate` was its standing, `standing` is theirs."""

    duplicate_id: UUID
    duplicate: Standing
    standing: Standing


class DuplicateSeparated(Event, name="candidate.duplicate_separated", version=1):
    """The member no longer stands for this candidate, who was no duplicate."""

    duplicate_id: UUID
    standing: Standing


class CandidateErased(Event, name="candidate.erased", version=1, erases=True):
    """The member asked for erasure: their key is destroyed in the same transaction."""


class CandidateAlreadySignedUp(Refusal):
    """A candidate with this id has signed up already; enhance their profile instead."""


class CandidateIsErased(Refusal):
    """The candidate's data were erased at their request; nothing can be added."""


class CandidateAlreadyOptedIn(Refusal):
    """The candidate has opted in to communications already."""


class CandidateOptedOut(Refusal):
    """The candidate has not opted in to communications; do not contact them."""


class ActivityInFuture(Refusal):
    """The activity lies in the future ({occurred_at}); check the source's clock."""


class ActivityBeforeSignUp(Refusal):
    """The activity ({occurred_at}) lies before the candidate signed up; check the id."""


class SignUpInFuture(Refusal):
    """The sign-up lies in the future ({signed_up_at}); check the source's clock."""


class ObservationInFuture(Refusal):
    """The observation lies in the future ({observed_on}); check the source's clock."""


class NothingNewer(Refusal):
    """Later observations of all these fields are recorded already; send only newer ones."""


class NothingObserved(Refusal):
    """The observation has no fields; send at least one."""


class CandidateWasMerged(Refusal):
    """This profile was merged into another of the same person ({kept_id}); use that one."""


class SamePerson(Refusal):
    """These are one candidate already; choose two different ones."""


class NotMerged(Refusal):
    """These candidates are not merged; check the ids."""


class EmployerAlreadyBlocked(Refusal):
    """The candidate has blocked this employer already."""


class NoAttributesReported(Refusal):
    """The candidate has reported no attributes; there is nothing to clear."""


MERGES = (CandidateMerged, CandidateSeparated, DuplicateMerged, DuplicateSeparated)

DECIDES_CONTACT = (
    CandidateSignedUp,
    OptedIn,
    OptedOut,
    WasActive,
    EmployerBlocked,
    Contacted,
    CandidateErased,
    *MERGES,
)
"""The events by which the contact gate decides: without the others it forbids at least as much."""

DECIDES_PROFILE = (
    CandidateSignedUp,
    ProfileEnhanced,
    OptedIn,
    OptedOut,
    WasActive,
    CandidateErased,
    *MERGES,
)
"""The events by which it is decided what of a document or an observation is new."""


class Candidate(Aggregate, kind="candidate", latest_only=[WasActive]):
    """A member from sign-up to erasure: consent, last activity, age of the profile, contacts."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.signed_up_at: datetime | None = None
        self.last_active_at: datetime | None = None
        self.opted_in = False
        self.erased = False
        self.blocked: set[UUID] = set()
        self.contacted_at: list[datetime] = []
        self.observed_on: dict[str, date] = {}
        self.has_reported_attributes = False
        self.has_address = False
        self.has_opted_out = False
        self.positions: set[UUID] = set()
        self.documents: set[UUID] = set()
        self.merged_into: UUID | None = None
        self.duplicates: dict[UUID, Standing] = {}

    # Decisions: check the rule, then state the fact. Never run on replay.

    def sign_up(
        self,
        cause: Cause,
        *,
        at: datetime | None = None,
        opted_in: bool = False,
        last_active_at: datetime | None = None,
        document: UUID | None = None,
        **profile: Any,
    ) -> None:
        """Become a member, now or at an earlier moment that another system recorded.

        If that system knows only the last activity, that moment also counts as the sign-up.
        """
        self._refuse_if_erased()
        signed_up_at = at or last_active_at or cause.at
        in_future = signed_up_at > cause.at + CLOCK_SKEW
        already = [CandidateAlreadySignedUp()] if self.exists else []
        refuse(
            [
                *already,
                *([SignUpInFuture(signed_up_at=signed_up_at)] if in_future else []),
                *_reasons_against_activity(cause, last_active_at, signed_up_at),
            ]
        )
        personal = [field for field in SEALED_FIELDS if profile.get(field)]
        fields = (*personal, *profile["facts"].known())
        self.record(
            CandidateSignedUp,
            cause,
            at=signed_up_at,
            fields=fields,
            has_address=profile.get("email") is not None,
            document=document,
            **profile,
        )
        if opted_in:
            self.record(OptedIn, cause, at=signed_up_at)
        if last_active_at:
            kind = ActivityKind.SIGNED_IN
            seen = {"kind": kind, "source": "sign-up", "source_id": "last activity"}
            self.record(WasActive, cause, at=last_active_at, **seen)

    def opt_in(self, cause: Cause, *, at: datetime | None = None) -> None:
        """Agree to receive communications."""
        self._refuse_if_erased()
        if self.opted_in and all(one.opted_in for one in self.duplicates.values()):
            raise Refused(CandidateAlreadyOptedIn())
        self.record(OptedIn, cause, at=at)

    def opt_out(self, cause: Cause) -> None:
        """Withdraw consent to communications. It is recorded even if no consent was given.

        Repeating it records nothing.
        """
        self._refuse_if_erased()
        if self.opted_in or not self.has_opted_out or self.reasons_if_unreadable():
            self.record(OptedOut, cause)

    def note_activity(self, cause: Cause, activity: "Activity") -> None:
        """Record that the member did something."""
        self._refuse_if_erased()
        when = activity.occurred_at
        refuse(_reasons_against_activity(cause, when, self.standing().signed_up_at))
        self.record(
            WasActive,
            cause,
            at=when,
            kind=activity.kind,
            source=activity.source,
            source_id=activity.source_id,
        )

    def enhance_profile(self, cause: Cause, observation: "Observation") -> None:
        """Record what a source observed, except fields with a later observation."""
        self._refuse_if_erased()
        day = observation.observed_on
        tomorrow = (cause.at + timedelta(days=1)).date()  # it may be tomorrow already at the source
        in_future = [ObservationInFuture(observed_on=day)] if day > tomorrow else []
        refuse([*in_future, *([] if observation.fields() else [NothingObserved()])])
        if not self._observe(cause, observation):
            raise Refused(NothingNewer())

    def follow_document(
        self,
        cause: Cause,
        observation: "Observation",
        *,
        document: UUID | None,
        opted_in: bool | None,
        last_active_at: datetime | None,
    ) -> None:
        """Record what a later document says; a document that was followed before says nothing new.

        Consent that the member withdrew comes back only by themselves, not by a document.
        """
        self._refuse_if_erased()
        if document in self.documents:
            return
        standing = self.standing()
        refuse(_reasons_against_activity(cause, last_active_at, standing.signed_up_at))
        self._observe(cause, observation, document)
        if opted_in and not (standing.opted_in or self.has_opted_out):
            self.record(OptedIn, cause)
        elif opted_in is False and standing.opted_in:
            self.record(OptedOut, cause)
        if last_active_at and last_active_at > standing.last_active_at:
            kind, source_id = ActivityKind.SIGNED_IN, last_active_at.isoformat()
            seen = {"kind": kind, "source": observation.source, "source_id": source_id}
            self.record(WasActive, cause, at=last_active_at, **seen)

    def _observe(
        self, cause: Cause, observation: "Observation", document: UUID | None = None
    ) -> bool:
        """Record the fields without a later observation. False if there are none."""
        day = observation.observed_on
        signed_up = self.signed_up_at.date() if self.signed_up_at else date.min
        unobserved = {"name": signed_up, "email": signed_up}
        newer = {
            field: value
            for field, value in observation.fields().items()
            if day >= self.observed_on.get(field, unobserved.get(field, date.min))
        }
        if newer:
            self.record(
                ProfileEnhanced,
                cause,
                source=observation.source,
                observed_on=day,
                fields=tuple(newer),
                document=document,
                **{field: newer.get(field) for field in PERSONAL_FIELDS},
                facts=Facts.model_construct(
                    **{name: value for name, value in newer.items() if name in Facts.model_fields}
                ),
            )
        return bool(newer)

    def block_employer(self, cause: Cause, *, employer_id: UUID) -> None:
        """Stop this employer from contacting them."""
        self._refuse_if_erased()
        if employer_id in self.blocked:
            raise Refused(EmployerAlreadyBlocked())
        self.record(EmployerBlocked, cause, employer_id=employer_id)

    def be_contacted(
        self, cause: Cause, *, employer_id: UUID, position_id: UUID, outreach_id: UUID
    ) -> None:
        """Record that an employer contacted them, which the contact gate has allowed."""
        self.record(
            Contacted,
            cause,
            employer_id=employer_id,
            position_id=position_id,
            outreach_id=outreach_id,
        )

    def report_attributes(self, cause: Cause, attributes: Attributes) -> None:
        """Report protected attributes, which replace those reported before."""
        self._refuse_if_erased()
        self.record(AttributesReported, cause, **dict(attributes))

    def clear_attributes(self, cause: Cause) -> None:
        """Withdraw the protected attributes reported before."""
        unknown = [] if self.has_reported_attributes or self.erased else [NoAttributesReported()]
        refuse([*self.reasons_against_anything(), *unknown])
        self.record(AttributesCleared, cause)

    def erase(self, cause: Cause) -> None:
        """Erase all personal data, for ever."""
        self._refuse_if_erased()
        self.record(CandidateErased, cause)

    def merge(self, cause: Cause, duplicate: "Candidate") -> None:
        """Stand for a duplicate of the same person from now on."""
        refuse(
            [
                *([SamePerson()] if duplicate.id == self.id else []),
                *self.reasons_against_contact(),
                *(duplicate.reasons_against_contact() if duplicate.id != self.id else ()),
            ]
        )
        other = duplicate.standing()
        standing = self.standing().with_duplicate(other)
        duplicate.record(CandidateMerged, cause, kept_id=self.id)
        about: dict[str, Any] = {
            "duplicate_id": duplicate.id,
            "duplicate": other,
            "standing": standing,
        }
        self.record(DuplicateMerged, cause, **about)

    def separate(self, cause: Cause, duplicate: "Candidate") -> None:
        """Stand no longer for a candidate who was merged by mistake."""
        if duplicate.merged_into != self.id:
            raise Refused(NotMerged())
        self._refuse_if_erased()
        opted_in = self.standing().opted_in and duplicate.standing().opted_in
        duplicate.record(CandidateSeparated, cause, kept_id=self.id, opted_in=opted_in)
        standing = self._standing(v for k, v in self.duplicates.items() if k != duplicate.id)
        self.record(DuplicateSeparated, cause, duplicate_id=duplicate.id, standing=standing)

    def standing(self) -> Standing:
        """What decides whether the person may be contacted, merged duplicates included."""
        return self._standing(self.duplicates.values())

    def _standing(self, duplicates: Iterable[Standing]) -> Standing:
        own = {name: getattr(self, name) for name in Standing.model_fields}
        own |= {name: tuple(sorted(own[name])) for name in ("blocked", "contacted_at", "positions")}
        return reduce(Standing.with_duplicate, duplicates, Standing.model_construct(**own))

    def is_passive(self, now: datetime) -> bool:
        """Whether the member has not been active for six months or more."""
        return self.exists and is_passive(self.standing().last_active_at, now)

    def contacts_since(self, moment: datetime) -> int:
        """How often employers have contacted them since that moment, at most 30 days ago."""
        return sum(contact > moment for contact in self.standing().contacted_at)

    def reasons_against_anything(self) -> list[Refusal]:
        """Why no command about them is accepted; empty if they are accepted."""
        return [CandidateIsErased()] if self.erased else []

    def reasons_against_contact(self) -> list[Refusal]:
        """Why nobody may contact or merge this profile; empty if its standing decides."""
        merged = [CandidateWasMerged(kept_id=self.merged_into)] if self.merged_into else []
        return [*self.reasons_against_anything(), *merged]

    def _refuse_if_erased(self) -> None:
        refuse(self.reasons_against_anything())

    # Facts: fold into state. Never raise, never decide.

    @on(CandidateSignedUp)
    def on_candidate_signed_up(self, event: CandidateSignedUp) -> None:
        self.signed_up_at = self.last_active_at = event.timestamp
        self.observed_on = dict.fromkeys(event.fields, event.timestamp.date())
        self.has_address = event.has_address
        self.documents |= {event.document} if event.document else set()

    @on(OptedIn)
    def on_opted_in(self, _: OptedIn) -> None:
        self.opted_in = True
        self.has_opted_out = False
        # The person agrees, whatever their duplicates had said before.
        self.duplicates = {
            id: duplicate.model_copy(update={"opted_in": True})
            for id, duplicate in self.duplicates.items()
        }

    @on(OptedOut)
    def on_opted_out(self, _: OptedOut) -> None:
        self.opted_in = False
        self.has_opted_out = True

    @on(WasActive)
    def on_was_active(self, event: WasActive) -> None:
        self.last_active_at = max(self.last_active_at or event.timestamp, event.timestamp)

    @on(ProfileEnhanced)
    def on_profile_enhanced(self, event: ProfileEnhanced) -> None:
        self.observed_on |= dict.fromkeys(event.fields, event.observed_on)
        self.has_address |= "email" in event.fields
        self.documents |= {event.document} if event.document else set()

    @on(EmployerBlocked)
    def on_employer_blocked(self, event: EmployerBlocked) -> None:
        self.blocked.add(event.employer_id)

    @on(Contacted)
    def on_contacted(self, event: Contacted) -> None:
        recent = event.timestamp - CONTACT_WINDOW_RETENTION
        self.contacted_at = [*(c for c in self.contacted_at if c > recent), event.timestamp]
        self.positions.add(event.position_id)

    @on(CandidateMerged)
    def on_candidate_merged(self, event: CandidateMerged) -> None:
        self.merged_into = event.kept_id

    @on(CandidateSeparated)
    def on_candidate_separated(self, event: CandidateSeparated) -> None:
        self.merged_into = None
        self.opted_in = event.opted_in
        self.has_opted_out |= not event.opted_in

    @on(DuplicateMerged)
    def on_duplicate_merged(self, event: DuplicateMerged) -> None:
        self.duplicates[event.duplicate_id] = event.duplicate

    @on(DuplicateSeparated)
    def on_duplicate_separated(self, event: DuplicateSeparated) -> None:
        self.duplicates.pop(event.duplicate_id, None)

    @on(AttributesReported)
    def on_attributes_reported(self, _: AttributesReported) -> None:
        self.has_reported_attributes = True

    @on(AttributesCleared)
    def on_attributes_cleared(self, _: AttributesCleared) -> None:
        self.has_reported_attributes = False

    @on(CandidateErased)
    def on_candidate_erased(self, _: CandidateErased) -> None:
        self.erased = True
        self.opted_in = False


def _reasons_against_activity(
    cause: Cause, when: datetime | None, signed_up_at: datetime | None
) -> Iterator[Refusal]:
    if when and when > cause.at + CLOCK_SKEW:
        yield ActivityInFuture(occurred_at=when)
    if when and signed_up_at and when < signed_up_at:
        yield ActivityBeforeSignUp(occurred_at=when)


class Activity(Value):
    """One thing a member did. `source_id` is its id at the source, so that it counts once."""

    candidate_id: UUID
    kind: ActivityKind
    occurred_at: Moment
    source: Source
    source_id: Annotated[StorableText, Field(min_length=1, max_length=200)]


class Observation(Value):
    """What a source observed about a member's career on one day."""

    source: Source
    observed_on: date
    facts: Facts = Facts()
    name: Name | None = None
    email: Email | None = None
    summary: Annotated[StorableText, Field(max_length=10_000)] | None = None
    jobs: Annotated[tuple[Job, ...], Field(max_length=MOST_JOBS)] | None = None
    background: FullBackground | None = None

    def fields(self) -> dict[str, Any]:
        """The fields with a value."""
        personal = {field: getattr(self, field) for field in PERSONAL_FIELDS}
        return self.facts.known() | {k: v for k, v in personal.items() if v is not None}


def person(
    work: Work, candidate_id: UUID, needed: Sequence[type[Event]] | None = None
) -> Candidate:
    """The candidate, or the one that stands for them since they were merged.

    `needed` are the events that the decision needs, as in `Work.get`.
    """
    candidate = work.get(Candidate, candidate_id, needed)
    while candidate.merged_into:
        candidate = work.get(Candidate, candidate.merged_into, needed)
    return candidate


class OptIn(Command):
    """Agree to receive communications."""

    candidate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = person(
            work, self.candidate_id, needed=(OptedIn, OptedOut, CandidateErased, *MERGES)
        )
        candidate.opt_in(self)
        return candidate


class OptOut(Command):
    """Withdraw consent to communications."""

    candidate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = person(work, self.candidate_id, needed=())
        candidate.opt_out(self)
        return candidate


class NoteActivity(Command):
    """Record that a member did something."""

    activity: Activity

    def execute(self, work: Work) -> Candidate:
        candidate = person(
            work, self.activity.candidate_id, needed=(CandidateSignedUp, CandidateErased, *MERGES)
        )
        candidate.note_activity(self, self.activity)
        return candidate


class BlockEmployer(Command):
    """Stop an employer from contacting a candidate."""

    candidate_id: UUID
    employer_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = person(work, self.candidate_id, needed=())
        candidate.block_employer(self, employer_id=self.employer_id)
        return candidate


class ReportAttributes(Command):
    """Report a candidate's protected attributes, which replace those reported before."""

    candidate_id: UUID
    attributes: Attributes

    def execute(self, work: Work) -> Candidate:
        candidate = person(work, self.candidate_id, needed=(CandidateErased, *MERGES))
        candidate.report_attributes(self, self.attributes)
        return candidate


class ClearAttributes(Command):
    """Withdraw a candidate's protected attributes."""

    candidate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = person(
            work,
            self.candidate_id,
            needed=(AttributesReported, AttributesCleared, CandidateErased, *MERGES),
        )
        candidate.clear_attributes(self)
        return candidate


class EraseCandidate(Command):
    """Erase a candidate's personal data, for ever."""

    candidate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = person(work, self.candidate_id, needed=())
        _erase(work, self, candidate)
        return candidate


def _erase(work: Work, cause: Cause, candidate: Candidate) -> None:
    candidate.erase(cause)
    for duplicate_id in candidate.duplicates:
        _erase(work, cause, work.get(Candidate, duplicate_id, needed=()))
