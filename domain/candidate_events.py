"""What happens to a candidate, and which of it a decision needs."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import Field

from domain.attributes import AgeBand, Disability, Ethnicity, Gender
from domain.event import Event, Personal
from domain.profile import Facts, FullBackground, Job
from domain.sources import ActivityKind
from domain.standing import Standing
from domain.traits import Traits
from domain.values import Moment


def _traits(event: dict[str, Any]) -> Traits:
    return Traits.of(event["facts"])


class CandidateSignedUp(Event, name="candidate.signed_up", version=4):
    """A person became a member. `fields` names the profile fields that they filled in.

    `traits` is what stays of the facts after an erasure.

    `document` is a keyed hash of the document that said so, so that it is taken once. `address`,
    its `domain` and the `employers` of present jobs are keyed hashes too, by which the contact gate
    knows the person without their key.
    """

    name: Personal[str]
    email: Personal[str | None] = None
    summary: Personal[str | None] = None
    jobs: Personal[tuple[Job, ...]] = ()
    background: Personal[FullBackground | None] = None
    fields: tuple[str, ...]
    facts: Personal[Facts] = Facts()
    traits: Traits = Field(default_factory=_traits)
    has_address: bool = False
    document: UUID | None = None
    address: UUID | None = None
    domain: UUID | None = None
    employers: tuple[UUID, ...] = ()

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Version 1 does not say, without the person's key, whether there is an address."""
        state["has_address"] = True

    @staticmethod
    def upcast_v2_v3(_: dict[str, Any]) -> None:
        """Version 2 has no hashes of what is known; `ContactKeysNoted` follows it."""

    @staticmethod
    def upcast_v3_v4(state: dict[str, Any]) -> None:
        """Version 3 has the facts in the clear, where they stay, and no traits."""
        state["traits"] = Traits.of(Facts.model_validate(state["facts"])).model_dump(mode="json")


class OptedIn(Event, name="candidate.opted_in", version=2):
    """The member agreed to receive communications, before this moment or without an end."""

    until: Moment | None = None

    @staticmethod
    def upcast_v1_v2(_: dict[str, Any]) -> None:
        """Version 1 has no end; the default says so."""


class OptedOut(Event, name="candidate.opted_out", version=1, withdrawal=True):
    """The member no longer agrees to receive communications."""


class ConsentExpired(Event, name="candidate.consent_expired", version=1, withdrawal=True):
    """The member's agreement to receive communications ended, as they had said."""

    until: Moment


class WasActive(Event, name="candidate.was_active", version=1):
    """The member did something on the marketplace, as reported by `source`."""

    kind: ActivityKind
    source: str
    source_id: str


class ProfileEnhanced(Event, name="candidate.profile_enhanced", version=4):
    """A source observed newer facts about the member. `fields` names those it changed.

    The others are as in `CandidateSignedUp`.
    """

    source: str
    observed_on: date
    fields: tuple[str, ...]
    facts: Personal[Facts] = Facts()
    traits: Traits = Field(default_factory=_traits)
    name: Personal[str | None] = None
    email: Personal[str | None] = None
    summary: Personal[str | None] = None
    jobs: Personal[tuple[Job, ...] | None] = None
    background: Personal[FullBackground | None] = None
    document: UUID | None = None
    address: UUID | None = None
    domain: UUID | None = None
    employers: tuple[UUID, ...] | None = None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Version 1 has neither name, address nor background; the defaults say so."""

    @staticmethod
    def upcast_v2_v3(_: dict[str, Any]) -> None:
        """Version 2 has no hashes of what is known; `ContactKeysNoted` follows it."""

    @staticmethod
    def upcast_v3_v4(state: dict[str, Any]) -> None:
        """As of a sign-up."""
        CandidateSignedUp.upcast_v3_v4(state)


class ContactKeysNoted(Event, name="candidate.contact_keys_noted", version=1):
    """The keyed hashes of what an earlier version of the program stored without them."""

    addresses: tuple[UUID, ...]
    domain: UUID | None
    employers: tuple[UUID, ...]


class EmployerBlocked(Event, name="candidate.employer_blocked", version=1, withdrawal=True):
    """The member blocked this employer from contacting them."""

    employer_id: UUID


class Contacted(Event, name="candidate.contacted", version=1):
    """An employer sent the member a message or an interview request."""

    employer_id: UUID
    position_id: UUID
    outreach_id: UUID


class ContactRetracted(Event, name="candidate.contact_retracted", version=1):
    """A contact did not reach the member: it was undone, stopped or could not be delivered."""

    employer_id: UUID
    position_id: UUID
    outreach_id: UUID
    contacted_at: Moment


class AddressBounced(Event, name="candidate.address_bounced", version=1):
    """A mail server said that the member's address does not exist."""


class ContactBudgetSet(Event, name="candidate.contact_budget_set", version=1):
    """The member said how many contacts they want within 30 days, from all employers together."""

    contacts: int


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


class CandidateSeparated(Event, name="candidate.separated", version=2):
    """Support found that the merge was wrong. The consent is the stricter one of the two."""

    kept_id: UUID
    opted_in: bool
    consent_until: Moment | None = None

    @staticmethod
    def upcast_v1_v2(_: dict[str, Any]) -> None:
        """Version 1 knows of no consent with an end; the default says so."""


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


MERGES = (CandidateMerged, CandidateSeparated, DuplicateMerged, DuplicateSeparated)

DECIDES_CONTACT = (
    CandidateSignedUp,
    OptedIn,
    OptedOut,
    ConsentExpired,
    WasActive,
    EmployerBlocked,
    Contacted,
    ContactRetracted,
    ContactBudgetSet,
    AddressBounced,
    ProfileEnhanced,
    ContactKeysNoted,
    CandidateErased,
    *MERGES,
)
"""The events by which the contact gate decides: without the others it forbids at least as much."""

DECIDES_PROFILE = (
    CandidateSignedUp,
    ProfileEnhanced,
    OptedIn,
    OptedOut,
    ConsentExpired,
    WasActive,
    CandidateErased,
    *MERGES,
)
"""The events by which it is decided what of a document or an observation is new."""
