"""A member of the marketplace: consent, activity, profile, contacts and erasure.

The module is long because the whole aggregate is here, to be read from top to bottom: its events,
its refusals, its decisions, its facts, and the commands that lead to them.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
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
from domain.values import Email, Moment, Name, StorableText, Value

CLOCK_SKEW = timedelta(minutes=5)
"""How far another system's clock may run ahead of ours."""

CONTACT_WINDOW_RETENTION = timedelta(days=30)
"""How long a candidate's contacts are kept: as long as the contact gate counts them."""

PERSONAL_FIELDS = ("summary", "jobs", "background")
"""The fields of a profile that are sealed."""

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
    """A person became a member. `fields` names the profile fields that they filled in."""

    name: Personal[str]
    email: Personal[str | None] = None
    summary: Personal[str | None] = None
    jobs: Personal[tuple[Job, ...]] = ()
    background: Personal[FullBackground | None] = None
    fields: tuple[str, ...]
    facts: Facts

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Version 2 adds the background, which was not kept before."""


class OptedIn(Event, name="candidate.opted_in", version=1):
    """The member agreed to receive communications."""


class OptedOut(Event, name="candidate.opted_out", version=1):
    """The member no longer agrees to receive communications."""


class WasActive(Event, name="candidate.was_active", version=1):
    """The member did something on the marketplace, as reported by `source`."""

    kind: ActivityKind
    source: str
    source_id: str


class ProfileEnhanced(Event, name="candidate.profile_enhanced", version=2):
    """A source observed newer facts about the member's career. `fields` names those it changed."""

    source: str
    observed_on: date
    fields: tuple[str, ...]
    facts: Facts
    summary: Personal[str | None] = None
    jobs: Personal[tuple[Job, ...] | None] = None
    background: Personal[FullBackground | None] = None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Version 2 adds the background, which was not kept before."""


class EmployerBlocked(Event, name="candidate.employer_blocked", version=1):
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


class EmployerAlreadyBlocked(Refusal):
    """The candidate has blocked this employer already."""


class NoAttributesReported(Refusal):
    """The candidate has reported no attributes; there is nothing to clear."""


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

    # Decisions: check the rule, then state the fact. Never run on replay.

    def sign_up(
        self,
        cause: Cause,
        *,
        at: datetime | None = None,
        opted_in: bool = False,
        last_active_at: datetime | None = None,
        **profile: Any,
    ) -> None:
        """Become a member, now or at an earlier moment that another system recorded.

        If that system knows only the last activity, that moment also counts as the sign-up.
        """
        self._refuse_if_erased()
        signed_up_at = at or last_active_at or cause.at
        already = [CandidateAlreadySignedUp()] if self.exists else []
        in_future = signed_up_at > cause.at + CLOCK_SKEW
        refuse(
            [
                *already,
                *([SignUpInFuture(signed_up_at=signed_up_at)] if in_future else []),
                *_reasons_against_activity(cause, last_active_at, signed_up_at),
            ]
        )
        personal = [field for field in PERSONAL_FIELDS if profile.get(field)]
        fields = (*personal, *profile["facts"].known())
        self.record(CandidateSignedUp, cause, at=signed_up_at, fields=fields, **profile)
        if opted_in:
            self.record(OptedIn, cause, at=signed_up_at)
        if last_active_at:
            kind = ActivityKind.SIGNED_IN
            seen = {"kind": kind, "source": "sign-up", "source_id": "last activity"}
            self.record(WasActive, cause, at=last_active_at, **seen)

    def opt_in(self, cause: Cause, *, at: datetime | None = None) -> None:
        """Agree to receive communications."""
        self._refuse_if_erased()
        if self.opted_in:
            raise Refused(CandidateAlreadyOptedIn())
        self.record(OptedIn, cause, at=at)

    def opt_out(self, cause: Cause) -> None:
        """Withdraw consent to communications. It is recorded even if no consent was given."""
        self._refuse_if_erased()
        self.record(OptedOut, cause)

    def note_activity(self, cause: Cause, activity: "Activity") -> None:
        """Record that the member did something."""
        self._refuse_if_erased()
        when = activity.occurred_at
        refuse(_reasons_against_activity(cause, when, self.signed_up_at))
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
        observed = observation.fields()
        day = observation.observed_on
        tomorrow = (cause.at + timedelta(days=1)).date()  # it may be tomorrow already at the source
        in_future = [ObservationInFuture(observed_on=day)] if day > tomorrow else []
        refuse([*in_future, *([] if observed else [NothingObserved()])])
        newer = {
            field: value
            for field, value in observed.items()
            if day >= self.observed_on.get(field, date.min)
        }
        if not newer:
            raise Refused(NothingNewer())
        self.record(
            ProfileEnhanced,
            cause,
            source=observation.source,
            observed_on=day,
            fields=tuple(newer),
            **{field: newer.get(field) for field in PERSONAL_FIELDS},
            facts=Facts.model_construct(
                **{field: value for field, value in newer.items() if field in Facts.model_fields}
            ),
        )

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

    def is_passive(self, now: datetime) -> bool:
        """Whether the member has not been active for six months or more."""
        return self.last_active_at is not None and is_passive(self.last_active_at, now)

    def contacts_since(self, moment: datetime) -> int:
        """How often employers have contacted them since that moment, at most 30 days ago."""
        return sum(contact > moment for contact in self.contacted_at)

    def reasons_against_anything(self) -> list[Refusal]:
        """Why no command about them is accepted; empty if they are accepted."""
        return [CandidateIsErased()] if self.erased else []

    def _refuse_if_erased(self) -> None:
        refuse(self.reasons_against_anything())

    # Facts: fold into state. Never raise, never decide.

    @on(CandidateSignedUp)
    def on_candidate_signed_up(self, event: CandidateSignedUp) -> None:
        self.signed_up_at = self.last_active_at = event.timestamp
        self.observed_on = dict.fromkeys(event.fields, event.timestamp.date())

    @on(OptedIn)
    def on_opted_in(self, _: OptedIn) -> None:
        self.opted_in = True

    @on(OptedOut)
    def on_opted_out(self, _: OptedOut) -> None:
        self.opted_in = False

    @on(WasActive)
    def on_was_active(self, event: WasActive) -> None:
        self.last_active_at = max(self.last_active_at or event.timestamp, event.timestamp)

    @on(ProfileEnhanced)
    def on_profile_enhanced(self, event: ProfileEnhanced) -> None:
        self.observed_on |= dict.fromkeys(event.fields, event.observed_on)

    @on(EmployerBlocked)
    def on_employer_blocked(self, event: EmployerBlocked) -> None:
        self.blocked.add(event.employer_id)

    @on(Contacted)
    def on_contacted(self, event: Contacted) -> None:
        recent = event.timestamp - CONTACT_WINDOW_RETENTION
        self.contacted_at = [*(c for c in self.contacted_at if c > recent), event.timestamp]

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
    summary: Annotated[StorableText, Field(max_length=10_000)] | None = None
    jobs: Annotated[tuple[Job, ...], Field(max_length=MOST_JOBS)] | None = None
    background: FullBackground | None = None

    def fields(self) -> dict[str, Any]:
        """The fields with a value."""
        personal = {field: getattr(self, field) for field in PERSONAL_FIELDS}
        return self.facts.known() | {k: v for k, v in personal.items() if v is not None}


class SignUpCandidate(Command):
    """Become a member, now or at an earlier moment."""

    candidate_id: UUID
    name: Name
    email: Email | None = None
    summary: Annotated[StorableText, Field(max_length=10_000)] | None = None
    jobs: Annotated[tuple[Job, ...], Field(max_length=MOST_JOBS)] = ()
    background: FullBackground | None = None
    facts: Facts = Facts()
    signed_up_at: Moment | None = None
    last_active_at: Moment | None = None
    opted_in: bool = False

    def execute(self, work: Work) -> Candidate:
        candidate = work.find(Candidate, self.candidate_id)
        candidate.sign_up(
            self,
            at=self.signed_up_at,
            opted_in=self.opted_in,
            last_active_at=self.last_active_at,
            name=self.name,
            email=self.email,
            summary=self.summary,
            jobs=self.jobs,
            background=self.background,
            facts=self.facts,
        )
        return candidate


class OptIn(Command):
    """Agree to receive communications."""

    candidate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = work.get(Candidate, self.candidate_id)
        candidate.opt_in(self)
        return candidate


class OptOut(Command):
    """Withdraw consent to communications."""

    candidate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = work.get(Candidate, self.candidate_id)
        candidate.opt_out(self)
        return candidate


class NoteActivity(Command):
    """Record that a member did something."""

    activity: Activity

    def execute(self, work: Work) -> Candidate:
        candidate = work.get(Candidate, self.activity.candidate_id)
        candidate.note_activity(self, self.activity)
        return candidate


class EnhanceProfile(Command):
    """Update a profile with what a source observed."""

    candidate_id: UUID
    observation: Observation

    def execute(self, work: Work) -> Candidate:
        candidate = work.get(Candidate, self.candidate_id)
        candidate.enhance_profile(self, self.observation)
        return candidate


class BlockEmployer(Command):
    """Stop an employer from contacting a candidate."""

    candidate_id: UUID
    employer_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = work.get(Candidate, self.candidate_id)
        candidate.block_employer(self, employer_id=self.employer_id)
        return candidate


class ReportAttributes(Command):
    """Report a candidate's protected attributes, which replace those reported before."""

    candidate_id: UUID
    attributes: Attributes

    def execute(self, work: Work) -> Candidate:
        candidate = work.get(Candidate, self.candidate_id)
        candidate.report_attributes(self, self.attributes)
        return candidate


class ClearAttributes(Command):
    """Withdraw a candidate's protected attributes."""

    candidate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = work.get(Candidate, self.candidate_id)
        candidate.clear_attributes(self)
        return candidate


class EraseCandidate(Command):
    """Erase a candidate's personal data, for ever."""

    candidate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = work.get(Candidate, self.candidate_id)
        candidate.erase(self)
        return candidate
