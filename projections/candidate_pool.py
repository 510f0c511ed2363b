"""The candidates as recruiters see them: every profile, in the form that filters compare.

Who is passive depends on the day, so it is not stored: `candidate_search` compares the last
activity with the day's boundary. The module is long because the pool has the most columns and
follows the most events.
"""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from domain.candidate_events import (
    AddressBounced,
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
from domain.contact_gate import CONTACTS_ALLOWED, MOST_CONTACTS, contacts_allowed
from domain.handlers import on
from domain.profile import FullBackground
from domain.terms import search_key, spelled
from domain.vocabulary import AdditionRemoved, SynonymAdded, TermAdded
from infrastructure.projecting.projection import (
    BulkStatement,
    Change,
    LoggedEvent,
    Projection,
)
from infrastructure.vocabulary.additions import NONE, Additions
from projections import candidate_changes, candidate_terms, vocabulary_additions
from projections.candidate_changes import note
from projections.canonical import canonical_facts, compared_facts
from projections.compared_columns import COMPARED
from projections.do_not_contact import DoNotContactList
from projections.employers import Employers
from projections.reviews import Reviews

SIGN_UP = "sign-up"
"""The source of what a candidate said of themselves when they joined."""


CONTACTS_KEPT = 2 * MOST_CONTACTS
"""How many of the last contacts are kept: more than any budget, since some are retracted."""


class CandidatePool(Projection, name="candidate_pool", version=11, key="id", personal=True):
    """Every candidate with what filters ask for, in the form that filters compare."""

    READS = (DoNotContactList, Employers, Reviews)

    TABLES = f"""
        CREATE TABLE candidate_pool (
            candidate_id    uuid PRIMARY KEY,
            name            text NOT NULL,
            name_key        text COLLATE "C" NOT NULL,  -- how names are searched
            email           text,
            summary         text,
            jobs            jsonb NOT NULL,
            background      jsonb NOT NULL,
            facts           jsonb NOT NULL,
            provenance      jsonb NOT NULL,
            signed_up_at    timestamptz NOT NULL,
            last_active_at  timestamptz NOT NULL,
            opted_in        boolean NOT NULL,  -- never of one who was merged into another
            consent_until   timestamptz,  -- when that ends
            merged_into     uuid,
            {", ".join(f"{name} {column.type}" for name, column in COMPARED.items())},
            blocked         uuid[] NOT NULL,
            positions       uuid[] NOT NULL,
            last_contacts   timestamptz[] NOT NULL,
            contact_budget  int NOT NULL,
            bounced         boolean NOT NULL,
            identifiers     uuid[] NOT NULL,  -- by which lists know them
            domain          uuid,
            employers       uuid[] NOT NULL  -- keyed hashes of where they work now
        ) WITH (fillfactor = 85);
        CREATE INDEX candidate_pool_by_address ON candidate_pool (lower(email));
        CREATE INDEX candidate_pool_consent_ends ON candidate_pool (consent_until)
            WHERE opted_in AND consent_until IS NOT NULL;
        CREATE INDEX candidate_pool_merged ON candidate_pool (candidate_id)
            WHERE merged_into IS NOT NULL;
        {candidate_terms.TABLE}
        {vocabulary_additions.TABLE}
        {candidate_changes.TABLE.format("candidate_pool_changes")}"""

    ADD = f"""
        INSERT INTO candidate_pool (
            candidate_id, name, name_key, email, summary, jobs, background, facts, provenance,
            signed_up_at, last_active_at, opted_in, blocked, positions, last_contacts,
            contact_budget, bounced, identifiers, domain, employers,
            {", ".join(COMPARED)})
        VALUES (
            %(id)s, %(name)s, %(name_key)s, %(email)s, %(summary)s, %(jobs)s, %(background)s,
            %(facts)s, %(provenance)s, %(at)s, %(at)s, false, '{{}}', '{{}}', '{{}}',
            %(contact_budget)s, false, %(found)s::uuid[] || %(id)s::uuid,
            %(domain)s, %(employers)s::uuid[],
            {", ".join(f"coalesce(%({n})s::{c.type}, {c.unknown})" for n, c in COMPARED.items())})
        """  # noqa: S608 - our own names

    ENHANCE = f"""
        UPDATE candidate_pool SET
            name = coalesce(%(name)s, name), name_key = coalesce(%(name_key)s, name_key),
            email = coalesce(%(email)s, email),
            bounced = bounced AND %(email)s::text IS NULL,
            identifiers = CASE WHEN %(email)s::text IS NULL THEN identifiers ELSE
                array_remove(array_remove(identifiers, domain), %(address)s::uuid)
                || %(found)s::uuid[] END,
            domain = CASE WHEN %(email)s::text IS NULL THEN domain ELSE %(domain)s::uuid END,
            employers = coalesce(%(employers)s::uuid[], employers),
            summary = coalesce(%(summary)s, summary), jobs = coalesce(%(jobs)s::jsonb, jobs),
            background = background || %(background)s,
            facts = facts || %(facts)s, provenance = provenance || %(provenance)s,
            {", ".join(f"{n} = {c.enhanced(n)}" for n, c in COMPARED.items())}
        WHERE candidate_id = %(id)s"""  # noqa: S608 - our own names

    BE_ACTIVE = BulkStatement("""
        UPDATE candidate_pool SET last_active_at = greatest(last_active_at, latest)
        FROM (SELECT id, max(at) AS latest
              FROM unnest(%(id)b::uuid[], %(at)b::timestamptz[]) AS noted (id, at)
              GROUP BY id) AS seen
        WHERE candidate_id = id""")

    SET_CONSENT = """
        UPDATE candidate_pool SET opted_in = %(opted_in)s, consent_until = %(until)s
        WHERE candidate_id = %(id)s"""

    BLOCK = """
        UPDATE candidate_pool
        SET blocked = array_remove(blocked, %(employer_id)s::uuid) || %(employer_id)s::uuid
        WHERE candidate_id = %(id)s"""

    CONTACT = """
        UPDATE candidate_pool SET
            positions = positions || %(position_id)s::uuid,
            last_contacts = (last_contacts || %(at)s::timestamptz)[
                greatest(1, cardinality(last_contacts) + 2 - %(kept)s):]
        WHERE candidate_id = %(id)s"""

    # One of those at this moment, if it is still kept: a position past the end takes none away.
    RETRACT = """
        UPDATE candidate_pool SET
            positions = array_remove(positions, %(position_id)s::uuid),
            last_contacts = last_contacts[:found.place - 1] || last_contacts[found.place + 1:]
        FROM (
            SELECT coalesce(
                array_position(last_contacts, %(contacted_at)s::timestamptz),
                cardinality(last_contacts) + 1) AS place
            FROM candidate_pool WHERE candidate_id = %(id)s
        ) AS found
        WHERE candidate_id = %(id)s"""

    SET_BUDGET = (
        "UPDATE candidate_pool SET contact_budget = %(contacts)s WHERE candidate_id = %(id)s"
    )

    BOUNCE = "UPDATE candidate_pool SET bounced = true WHERE candidate_id = %(id)s"

    NOTE_KEYS = """
        UPDATE candidate_pool SET
            identifiers = identifiers || %(found)s::uuid[], domain = %(domain)s,
            employers = %(employers)s::uuid[]
        WHERE candidate_id = %(id)s"""

    MERGE = """
        UPDATE candidate_pool SET
            merged_into = %(kept_id)s, opted_in = %(opted_in)s, consent_until = %(consent_until)s
        WHERE candidate_id = %(id)s"""

    STAND = """
        UPDATE candidate_pool SET
            opted_in = %(opted_in)s, consent_until = %(consent_until)s,
            last_active_at = %(last_active_at)s,
            blocked = %(blocked)s::uuid[], positions = %(positions)s::uuid[],
            last_contacts = %(last_contacts)s::timestamptz[],
            contact_budget = %(contact_budget)s, identifiers = %(identifiers)s::uuid[],
            employers = %(works_at)s::uuid[]
        WHERE candidate_id = %(id)s"""

    ERASE = "DELETE FROM candidate_pool WHERE candidate_id = %(id)s"

    NUMBERS_ONLY = (
        WasActive,
        OptedIn,
        OptedOut,
        ConsentExpired,
        ContactBudgetSet,
        AddressBounced,
    )
    """What changes none of a candidate's terms."""

    WORDS = (CandidateSignedUp, ProfileEnhanced, CandidateErased)
    """What changes the words of a profile."""

    NAMES = (TermAdded, SynonymAdded, AdditionRemoved)
    """What changes the names that profiles are read by."""

    _own: Additions = NONE
    """The additions to the vocabulary that the events at hand are read by."""

    def apply(self, db: Connection, events: Sequence[LoggedEvent]) -> None:
        """Change the tables by a batch of events, and note the candidates they changed."""
        for are_names, run in groupby(events, lambda one: isinstance(one.event, self.NAMES)):
            if are_names:
                self._apply_names(db, [*run])
            else:
                self._apply_to_candidates(db, [*run])

    def _apply_names(self, db: Connection, events: Sequence[LoggedEvent]) -> None:
        before = vocabulary_additions.additions(db)
        super().apply(db, events)
        changed = vocabulary_additions.read_anew(db, before, vocabulary_additions.additions(db))
        note(db, "candidate_pool_changes", changed, terms=True)

    def _apply_to_candidates(self, db: Connection, events: Sequence[LoggedEvent]) -> None:
        changed = {one.event.originator_id for one in events}
        terms = {
            one.event.originator_id
            for one in events
            if not isinstance(one.event, self.NUMBERS_ONLY)
        }
        of_words = {one.event.originator_id for one in events if isinstance(one.event, self.WORDS)}
        self._own = vocabulary_additions.additions(db) if of_words else NONE
        with candidate_terms.counted(db, of_words):
            super().apply(db, events)
        note(db, "candidate_pool_changes", changed - terms, terms=False)
        note(db, "candidate_pool_changes", terms, terms=True)

    @on(CandidateSignedUp)
    def on_candidate_signed_up(self, event: CandidateSignedUp) -> Change:
        return self.ADD, {
            "name_key": search_key(event.name),
            "contact_budget": CONTACTS_ALLOWED,
            **_profile(event, self._own),
            **_provenance(event.fields, SIGN_UP, event.timestamp.date()),
        }

    @on(ProfileEnhanced)
    def on_profile_enhanced(self, event: ProfileEnhanced) -> Change:
        return self.ENHANCE, {
            "name_key": event.name and search_key(event.name),
            **_profile(event, self._own),
            **_provenance(event.fields, event.source, event.observed_on),
        }

    @on(WasActive)
    def on_was_active(self, _event: WasActive) -> Change:
        return self.BE_ACTIVE, {}

    @on(OptedIn)
    def on_opted_in(self, _event: OptedIn) -> Change:
        return self.SET_CONSENT, {"opted_in": True}

    @on(OptedOut, ConsentExpired)
    def on_consent_ended(self, _event: OptedOut | ConsentExpired) -> Change:
        return self.SET_CONSENT, {"opted_in": False, "until": None}

    @on(EmployerBlocked)
    def on_employer_blocked(self, _event: EmployerBlocked) -> Change:
        return self.BLOCK, {}

    @on(Contacted)
    def on_contacted(self, _event: Contacted) -> Change:
        return self.CONTACT, {"kept": CONTACTS_KEPT}

    @on(ContactRetracted)
    def on_contact_retracted(self, _event: ContactRetracted) -> Change:
        return self.RETRACT, {}

    @on(ContactBudgetSet)
    def on_contact_budget_set(self, _event: ContactBudgetSet) -> Change:
        return self.SET_BUDGET, {}

    @on(AddressBounced)
    def on_address_bounced(self, _event: AddressBounced) -> Change:
        return self.BOUNCE, {}

    @on(ContactKeysNoted)
    def on_contact_keys_noted(self, event: ContactKeysNoted) -> Change:
        found = [*event.addresses, *([event.domain] if event.domain else [])]
        return self.NOTE_KEYS, {"found": found, "employers": [*event.employers]}

    @on(CandidateMerged)
    def on_candidate_merged(self, _event: CandidateMerged) -> Change:
        return self.MERGE, {"opted_in": False, "consent_until": None}

    @on(CandidateSeparated)
    def on_candidate_separated(self, _event: CandidateSeparated) -> Change:
        return self.MERGE, {"kept_id": None}

    @on(DuplicateMerged, DuplicateSeparated)
    def on_duplicates_changed(self, event: DuplicateMerged | DuplicateSeparated) -> Change:
        standing = event.standing
        return self.STAND, {
            "opted_in": standing.opted_in,
            "consent_until": standing.consent_until,
            "last_active_at": standing.last_active_at,
            "blocked": [*standing.blocked],
            "positions": [*standing.positions],
            "last_contacts": [*standing.contacted_at[-CONTACTS_KEPT:]],
            "contact_budget": contacts_allowed(standing),
            "identifiers": [*standing.identifiers],
            "works_at": [*standing.works_at],
        }

    @on(TermAdded)
    def on_term_added(self, event: TermAdded) -> Change:
        return vocabulary_additions.ADD, {"spelled": spelled(event.term), "name": event.term}

    @on(SynonymAdded)
    def on_synonym_added(self, event: SynonymAdded) -> Change:
        named = {"spelled": spelled(event.synonym), "name": event.synonym}
        return vocabulary_additions.ADD, named

    @on(AdditionRemoved)
    def on_addition_removed(self, event: AdditionRemoved) -> Change:
        return vocabulary_additions.REMOVE, {"spelled": spelled(event.addition)}

    @on(CandidateErased)
    def on_candidate_erased(self, _event: CandidateErased) -> Change:
        return self.ERASE, {}


def _profile(event: CandidateSignedUp | ProfileEnhanced, own: Additions) -> dict[str, Any]:
    facts, jobs = canonical_facts(event.facts), event.jobs
    compared = compared_facts(facts, own)
    background = event.background or FullBackground()
    return {
        "summary": event.summary,
        "found": [each for each in (event.address, event.domain) if each],
        "employers": None if event.employers is None else [*event.employers],
        "background": Jsonb(background.model_dump(mode="json", exclude_defaults=True)),
        "jobs": None if jobs is None else Jsonb([job.model_dump(mode="json") for job in jobs]),
        "facts": Jsonb(facts.model_dump(mode="json", exclude_none=True)),
        **{name: column.value(compared) for name, column in COMPARED.items()},
    }


def _provenance(fields: Sequence[str], source: str, observed_on: date) -> dict[str, Any]:
    origin = {"source": source, "observed_on": observed_on.isoformat()}
    return {"provenance": Jsonb(dict.fromkeys(fields, origin))}


AGREES = "p.opted_in AND (p.consent_until IS NULL OR p.consent_until > %(at)s)"
"""Who agrees to be written to at a moment."""
