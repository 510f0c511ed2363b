"""What other systems report about a candidate: activities and observations."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from domain.actor import Cause
from domain.aggregate import Refusal
from domain.profile import MOST_JOBS, Facts, FullBackground, Job
from domain.values import Day, Email, Moment, Name, StorableText, Value

CLOCK_SKEW = timedelta(minutes=5)
"""How far another system's clock may run ahead of ours."""

SEALED_FIELDS = ("summary", "jobs", "background")
"""The fields of a profile, beside its facts, that are personal."""

PERSONAL_FIELDS = ("name", "email", *SEALED_FIELDS)
"""The personal fields of a candidate."""

Source = Annotated[StorableText, Field(min_length=1, max_length=100)]


class SignUpInFuture(Refusal):
    """The sign-up lies in the future ({signed_up_at}); check the source's clock."""


class ActivityInFuture(Refusal):
    """The activity lies in the future ({occurred_at}); check the source's clock."""


class ActivityBeforeSignUp(Refusal):
    """The activity ({occurred_at}) lies before the candidate signed up; check the id."""


class ObservationInFuture(Refusal):
    """The observation lies in the future ({observed_on}); check the source's clock."""


class NothingNewer(Refusal):
    """Later observations of all these fields are recorded already; send only newer ones."""


class NothingObserved(Refusal):
    """The observation has no fields; send at least one."""


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


class Activity(Value):
    """One thing a member did. `source_id` is its id at the source, so that it counts once."""

    candidate_id: UUID
    kind: ActivityKind
    occurred_at: Moment
    source: Source
    source_id: Annotated[StorableText, Field(min_length=1, max_length=200)]


def reasons_against_sign_up(
    cause: Cause, signed_up_at: datetime, last_active_at: datetime | None
) -> Iterator[Refusal]:
    """Why a sign-up and the last activity that came with it are not recorded."""
    if signed_up_at > cause.at + CLOCK_SKEW:
        yield SignUpInFuture(signed_up_at=signed_up_at)
    yield from reasons_against_activity(cause, last_active_at, signed_up_at)


def reasons_against_activity(
    cause: Cause, when: datetime | None, signed_up_at: datetime | None
) -> Iterator[Refusal]:
    """Why an activity at that moment is not recorded."""
    if when and when > cause.at + CLOCK_SKEW:
        yield ActivityInFuture(occurred_at=when)
    if when and signed_up_at and when < signed_up_at:
        yield ActivityBeforeSignUp(occurred_at=when)


class ContactKeys(Value):
    """Keyed hashes by which the contact gate knows a person: `domain` is that of the `address`."""

    address: UUID | None = None
    domain: UUID | None = None
    employers: tuple[UUID, ...] = ()

    def of_fields(self, fields: Collection[str]) -> dict[str, Any]:
        """Those of these fields of a profile; `employers` is None if there are no jobs."""
        of_address = {"address": self.address, "domain": self.domain} if "email" in fields else {}
        return of_address | ({"employers": self.employers} if "jobs" in fields else {})


NO_KEYS = ContactKeys()


class Observation(Value):
    """What a source observed about a member's career on one day."""

    source: Source
    observed_on: Day
    facts: Facts = Facts()
    name: Name | None = None
    email: Email | None = None
    summary: Annotated[StorableText, Field(max_length=10_000)] | None = None
    jobs: Annotated[tuple[Job, ...], Field(max_length=MOST_JOBS)] | None = None
    background: FullBackground | None = None

    def reasons_against(self, cause: Cause) -> Iterator[Refusal]:
        """Why the observation is not recorded, whatever is known of the member."""
        tomorrow = (cause.at + timedelta(days=1)).date()  # it may be tomorrow already at the source
        if self.observed_on > tomorrow:
            yield ObservationInFuture(observed_on=self.observed_on)
        if not self.fields():
            yield NothingObserved()

    def fields(self, observed_on: Mapping[str, date] = MappingProxyType({})) -> dict[str, Any]:
        """The fields with a value, except those that were observed on a later day."""
        personal = {field: getattr(self, field) for field in PERSONAL_FIELDS}
        return {
            field: value
            for field, value in (self.facts.known() | personal).items()
            if value is not None and self.observed_on >= observed_on.get(field, date.min)
        }
