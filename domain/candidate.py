"""A member of the marketplace: consent, activity, profile, contacts and erasure.

The module is long because all that is decided about one candidate is here, with its facts.
"""

from collections import Counter
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, Refused, refuse
from domain.attributes import Attributes
from domain.candidate_events import (
    AddressBounced,
    AttributesCleared,
    AttributesReported,
    CandidateErased,
    CandidateMerged,
    CandidateSeparated,
    CandidateSignedUp,
    ConsentExpired,
    ContactBudgetSet,
    Contacted,
    ContactKeysNoted,
    ContactRetracted,
    DuplicateMerged,
    DuplicateSeparated,
    EmployerBlocked,
    OptedIn,
    OptedOut,
    ProfileEnhanced,
    WasActive,
)
from domain.handlers import on
from domain.passivity import is_passive
from domain.profile import Facts
from domain.sources import (
    NO_KEYS,
    PERSONAL_FIELDS,
    SEALED_FIELDS,
    Activity,
    ActivityKind,
    ContactKeys,
    NothingNewer,
    Observation,
    reasons_against_activity,
    reasons_against_sign_up,
)
from domain.standing import Standing, earliest

_SORTED = ("blocked", "contacted_at", "positions", "identifiers", "works_at")
"""The facts of a standing that an aggregate keeps without an order."""

CONTACT_WINDOW_RETENTION = timedelta(days=30)
"""How long a candidate's contacts are kept: as long as the contact gate counts them."""


class CandidateAlreadySignedUp(Refusal):
    """A candidate with this id has signed up already; enhance their profile instead."""


class CandidateIsErased(Refusal):
    """The candidate's data were erased at their request; nothing can be added."""


class CandidateAlreadyOptedIn(Refusal):
    """The candidate has opted in to communications already."""


class ConsentEndsInPast(Refusal):
    """The agreement would have ended on {until:%-d %B %Y, %H:%M} UTC; choose a later end."""


class ConsentHasNotEnded(Refusal):
    """The candidate's agreement to communications has no end that has come."""


class CandidateOptedOut(Refusal):
    """The candidate has not opted in to communications; do not contact them."""


class CandidateWasMerged(Refusal):
    """This profile was merged into another of the same person ({kept_id}); use that one."""


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
        self.consent_until: datetime | None = None
        self.consent_expired = False
        self.erased = False
        self.blocked: set[UUID] = set()
        self.contacted_at: list[datetime] = []
        self.observed_on: dict[str, date] = {}
        self.has_reported_attributes = False
        self.has_address = False
        self.address_bounced = False
        self.has_opted_out = False
        self.positions: set[UUID] = set()
        self.contact_budget: int | None = None
        self.retracted: Counter[UUID] = Counter()
        """How many contacts about a position did not reach them."""
        self.documents: set[UUID] = set()
        self.merged_into: UUID | None = None
        self.duplicates: dict[UUID, Standing] = {}
        self.addresses: set[UUID] = set()
        """Keyed hashes of all addresses that were ever theirs."""
        self.domain: UUID | None = None
        self.employers: set[UUID] = set()

    @property
    def identifiers(self) -> set[UUID]:
        """By which lists know them: their id, all their addresses, the domain of the last one."""
        return {self.id, *self.addresses, *self._domains}

    @property
    def works_at(self) -> set[UUID]:
        """Keyed hashes of the names and domains of their present employers."""
        return {*self.employers, *self._domains}

    @property
    def _domains(self) -> set[UUID]:
        return {self.domain} if self.domain else set()

    # Decisions: check the rule, then state the fact. Never run on replay.

    def sign_up(
        self,
        cause: Cause,
        *,
        at: datetime | None = None,
        opted_in: bool = False,
        consent_until: datetime | None = None,
        last_active_at: datetime | None = None,
        document: UUID | None = None,
        keys: ContactKeys = NO_KEYS,
        **profile: Any,
    ) -> None:
        """Become a member, now or at an earlier moment that another system recorded.

        If that system knows only the last activity, that moment also counts as the sign-up.
        """
        self._refuse_if_erased()
        signed_up_at = at or last_active_at or cause.at
        already = [CandidateAlreadySignedUp()] if self.exists else []
        refuse([*already, *reasons_against_sign_up(cause, signed_up_at, last_active_at)])
        personal = [field for field in SEALED_FIELDS if profile.get(field)]
        self.record(
            CandidateSignedUp,
            cause,
            at=signed_up_at,
            fields=(*personal, *profile["facts"].known()),
            has_address=profile.get("email") is not None,
            document=document,
            **dict(keys),
            **profile,
        )
        if opted_in:
            self.record(OptedIn, cause, at=signed_up_at, until=consent_until)
        if last_active_at:
            kind = ActivityKind.SIGNED_IN
            seen = {"kind": kind, "source": "sign-up", "source_id": "last activity"}
            self.record(WasActive, cause, at=last_active_at, **seen)

    def opt_in(self, cause: Cause, *, until: datetime | None = None) -> None:
        """Agree to receive communications, or to do so until another moment."""
        self._refuse_if_erased()
        if until and until <= cause.at:
            raise Refused(ConsentEndsInPast(until=until))
        if all(one.opted_in and one.consent_until == until for one in self._profiles):
            raise Refused(CandidateAlreadyOptedIn())
        self.record(OptedIn, cause, until=until)

    def expire_consent(self, cause: Cause) -> None:
        """Record that the agreement has ended as the member had said."""
        refuse(self.reasons_against_contact())
        until = earliest(*(one.consent_until for one in self._profiles))
        if not self.opted_in or until is None or cause.at < until:
            raise Refused(ConsentHasNotEnded())
        self.record(ConsentExpired, cause, until=until)

    def opt_out(self, cause: Cause) -> None:
        """Withdraw consent to communications. It is recorded even if no consent was given.

        Repeating it records nothing.
        """
        self._refuse_if_erased()
        if self.opted_in or not self.has_opted_out or self.reasons_if_unreadable():
            self.record(OptedOut, cause)

    def note_activity(self, cause: Cause, activity: Activity) -> None:
        """Record that the member did something."""
        self._refuse_if_erased()
        refuse(reasons_against_activity(cause, activity.occurred_at, self.standing().signed_up_at))
        seen = {"kind": activity.kind, "source": activity.source, "source_id": activity.source_id}
        self.record(WasActive, cause, at=activity.occurred_at, **seen)

    def enhance_profile(
        self, cause: Cause, observation: Observation, keys: ContactKeys = NO_KEYS
    ) -> None:
        """Record what a source observed, except fields with a later observation."""
        self._refuse_if_erased()
        refuse(observation.reasons_against(cause))
        if not self._observe(cause, observation, keys):
            raise Refused(NothingNewer())

    def follow_document(
        self,
        cause: Cause,
        observation: Observation,
        *,
        document: UUID | None,
        opted_in: bool | None,
        consent_until: datetime | None,
        last_active_at: datetime | None,
        keys: ContactKeys = NO_KEYS,
    ) -> None:
        """Record what a later document says; a document that was followed before says nothing new.

        Consent that the member withdrew, or that ended, comes back only by themselves, not by a
        document; nor does a document put its end off.
        """
        self._refuse_if_erased()
        if document in self.documents:
            return
        standing = self.standing()
        refuse(reasons_against_activity(cause, last_active_at, standing.signed_up_at))
        self._observe(cause, observation, keys, document)
        is_over = self.has_opted_out or self.consent_expired
        ends_earlier = standing.agrees_before(consent_until)
        if opted_in and (ends_earlier or not (standing.opted_in or is_over)):
            self.record(OptedIn, cause, until=consent_until)
        elif opted_in is False and standing.opted_in:
            self.record(OptedOut, cause)
        if last_active_at and last_active_at > standing.last_active_at:
            kind, source_id = ActivityKind.SIGNED_IN, last_active_at.isoformat()
            seen = {"kind": kind, "source": observation.source, "source_id": source_id}
            self.record(WasActive, cause, at=last_active_at, **seen)

    def _observe(
        self,
        cause: Cause,
        observation: Observation,
        keys: ContactKeys,
        document: UUID | None = None,
    ) -> bool:
        """Record the fields without a later observation. False if there are none."""
        signed_up = self.signed_up_at.date() if self.signed_up_at else date.min
        newer = observation.fields({"name": signed_up, "email": signed_up} | self.observed_on)
        facts = {field: value for field, value in newer.items() if field in Facts.model_fields}
        if newer:
            self.record(
                ProfileEnhanced,
                cause,
                source=observation.source,
                observed_on=observation.observed_on,
                fields=tuple(newer),
                document=document,
                **keys.of_fields(newer),
                **{field: newer.get(field) for field in PERSONAL_FIELDS},
                facts=Facts.model_construct(**facts),
            )
        return bool(newer)

    def block_employer(self, cause: Cause, *, employer_id: UUID) -> None:
        """Stop this employer from contacting them."""
        self._refuse_if_erased()
        if employer_id in self.blocked:
            raise Refused(EmployerAlreadyBlocked())
        self.record(EmployerBlocked, cause, employer_id=employer_id)

    def be_contacted(self, cause: Cause, **contact: Any) -> None:
        """Record that an employer contacted them, which the contact gate has allowed."""
        self.record(Contacted, cause, **contact)

    def retract_contact(self, cause: Cause, *, contacted_at: datetime, **contact: Any) -> None:
        """Record that a contact has not reached them, so that it does not count."""
        self.record(ContactRetracted, cause, contacted_at=contacted_at, **contact)

    def note_bounce(self, cause: Cause) -> None:
        """Record that their address does not exist, so that nothing is sent to it."""
        self.record(AddressBounced, cause)

    def note_contact_keys(self, cause: Cause, **keys: Any) -> None:
        """Record the hashes of what was stored without them; what is known since then stays."""
        if not self.erased and any(keys.values()) and not self._has_keys:
            self.record(ContactKeysNoted, cause, **keys)

    @property
    def _profiles(self) -> list["Candidate | Standing"]:
        """Theirs, and those of their duplicates."""
        return [self, *self.duplicates.values()]

    @property
    def _has_keys(self) -> bool:
        return bool(self.addresses or self.domain or self.employers)

    def set_contact_budget(self, cause: Cause, *, contacts: int) -> None:
        """Say how many contacts they want within the window, from all employers together."""
        self._refuse_if_erased()
        if contacts != self.contact_budget:
            self.record(ContactBudgetSet, cause, contacts=contacts)

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

    def standing(self, *, without: UUID | None = None) -> Standing:
        """What decides whether the person may be contacted, merged duplicates included."""
        own = {name: getattr(self, name) for name in Standing.model_fields}
        own |= {name: tuple(sorted(own[name])) for name in _SORTED}
        duplicates = [standing for id, standing in self.duplicates.items() if id != without]
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
        self.addresses |= {event.address} if event.address else set()
        self.domain, self.employers = event.domain, {*event.employers}

    @on(OptedIn)
    def on_opted_in(self, event: OptedIn) -> None:
        self.opted_in, self.consent_until = True, event.until
        self.has_opted_out = self.consent_expired = False
        # The person agrees, whatever their duplicates had said before.
        self.duplicates = {
            id: duplicate.model_copy(update={"opted_in": True, "consent_until": event.until})
            for id, duplicate in self.duplicates.items()
        }

    @on(OptedOut)
    def on_opted_out(self, _: OptedOut) -> None:
        self.opted_in, self.consent_until = False, None
        self.has_opted_out = True

    @on(ConsentExpired)
    def on_consent_expired(self, _: ConsentExpired) -> None:
        self.opted_in, self.consent_until = False, None
        self.consent_expired = True

    @on(WasActive)
    def on_was_active(self, event: WasActive) -> None:
        self.last_active_at = max(self.last_active_at or event.timestamp, event.timestamp)

    @on(ProfileEnhanced)
    def on_profile_enhanced(self, event: ProfileEnhanced) -> None:
        self.observed_on |= dict.fromkeys(event.fields, event.observed_on)
        if "email" in event.fields:
            self.has_address, self.address_bounced = True, False
            self.addresses |= {event.address} if event.address else set()
            self.domain = event.domain
        self.documents |= {event.document} if event.document else set()
        self.employers = self.employers if event.employers is None else {*event.employers}

    @on(ContactKeysNoted)
    def on_contact_keys_noted(self, event: ContactKeysNoted) -> None:
        self.addresses |= {*event.addresses}
        self.domain, self.employers = event.domain, {*event.employers}

    @on(EmployerBlocked)
    def on_employer_blocked(self, event: EmployerBlocked) -> None:
        self.blocked.add(event.employer_id)

    @on(Contacted)
    def on_contacted(self, event: Contacted) -> None:
        recent = event.timestamp - CONTACT_WINDOW_RETENTION
        self.contacted_at = [*(c for c in self.contacted_at if c > recent), event.timestamp]
        self.positions.add(event.position_id)

    @on(ContactRetracted)
    def on_contact_retracted(self, event: ContactRetracted) -> None:
        with suppress(ValueError):  # it is forgotten after the window
            self.contacted_at.remove(event.contacted_at)
        self.positions.discard(event.position_id)
        self.retracted[event.position_id] += 1

    @on(AddressBounced)
    def on_address_bounced(self, _: AddressBounced) -> None:
        self.address_bounced = True

    @on(ContactBudgetSet)
    def on_contact_budget_set(self, event: ContactBudgetSet) -> None:
        self.contact_budget = event.contacts

    @on(CandidateMerged)
    def on_candidate_merged(self, event: CandidateMerged) -> None:
        self.merged_into = event.kept_id

    @on(CandidateSeparated)
    def on_candidate_separated(self, event: CandidateSeparated) -> None:
        self.merged_into = None
        self.opted_in, self.consent_until = event.opted_in, event.consent_until
        self.has_opted_out |= not event.opted_in

    @on(DuplicateMerged)
    def on_duplicate_merged(self, event: DuplicateMerged) -> None:
        self.duplicates[event.duplicate_id] = event.duplicate

    @on(DuplicateSeparated)
    def on_duplicate_separated(self, event: DuplicateSeparated) -> None:
        self.duplicates.pop(event.duplicate_id, None)

    @on(AttributesReported, AttributesCleared)
    def on_attributes(self, event: AttributesReported | AttributesCleared) -> None:
        self.has_reported_attributes = isinstance(event, AttributesReported)

    @on(CandidateErased)
    def on_candidate_erased(self, _: CandidateErased) -> None:
        self.erased = True
        self.opted_in = False
