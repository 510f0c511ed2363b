"""An employer's do-not-contact list: people, addresses and domains, each with a last day."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.answering import AcceptOutreach
from domain.candidate_commands import EraseCandidate, NoteContactKeys
from domain.candidate_events import (
    CandidateErased,
    Contacted,
    ContactKeysNoted,
    ContactRetracted,
    ProfileEnhanced,
)
from domain.contacting import FollowUp, ReplyToCandidate, RequestInterview, SendMessage
from domain.delivering import ReleaseLetter
from domain.do_not_contact import (
    AddToDoNotContact,
    DoNotContactAdded,
    DoNotContactRemoved,
    Named,
    RemoveFromDoNotContact,
    entry_id,
)
from domain.identifier import EnhanceProfile, IdentifierErased
from domain.merging import MergeCandidates
from domain.outreach_events import FollowUpSent, LetterStopped, MessageSent
from domain.sources import Observation
from tests.support.given import (
    A_LETTER,
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    GLOBEX,
    NOW,
    ROBIN,
    TO_CASEY,
    Fact,
    a_message,
    able_to_write,
    accepted,
    acmes_recruiter,
    another_approved_employer,
    approved_employer,
    by,
    days,
    erased,
    fact,
    given,
    globexs_recruiter,
    message_sent,
    named,
    opted_in,
    passive_candidate,
    signed_up,
    the_admin,
    the_platform,
    the_support,
    the_system,
    then,
    then_refused,
    told,
    was_active,
    when,
)

HER_ADDRESS, HER_DOMAIN = named("casey@example.com"), named("example.com")
TODAY = NOW.date()
NAMED = {Named.PERSON: CASEY, Named.ADDRESS: HER_ADDRESS, Named.DOMAIN: HER_DOMAIN}

known_casey = (signed_up(address=HER_ADDRESS, domain=HER_DOMAIN), opted_in)

ASKED: dict[str, Any] = {
    "position_id": BACKEND_ENGINEER,
    "candidate_id": CASEY,
    "message": A_LETTER,
}
send = SendMessage(**ASKED, **by(acmes_recruiter))

each_kind = pytest.mark.parametrize("identifier", NAMED.values(), ids=NAMED)


def add(identifier: UUID, *, employer: UUID = ACME, **says: Any) -> AddToDoNotContact:
    usual: dict[str, Any] = {
        "kind": "address",
        "text": "casey@example.com",
        "reason": "A client.",
        **says,
    }
    who = by(acmes_recruiter if employer == ACME else globexs_recruiter)
    return AddToDoNotContact(employer_id=employer, identifier=identifier, **{**usual, **who})


def remove(identifier: UUID) -> RemoveFromDoNotContact:
    entry = entry_id(ACME, identifier)
    return RemoveFromDoNotContact(employer_id=ACME, entry_id=entry, **by(acmes_recruiter))


def listed(identifier: UUID, *, employer: UUID = ACME, until: Any = None) -> Fact:
    about: dict[str, Any] = {
        "employer_id": employer,
        "identifier": identifier,
        "until": until,
        "domain": None,
    }
    entry = entry_id(employer, identifier)
    return fact(DoNotContactAdded, entry, kind="person", reason="A client.", **about)


def removed(identifier: UUID) -> Fact:
    about: dict[str, Any] = {"employer_id": ACME, "identifier": identifier}
    return fact(DoNotContactRemoved, entry_id(ACME, identifier), **about)


# --- The list


def test_an_entry_says_what_it_names_why_and_until_when() -> None:
    given(approved_employer)
    when(add(HER_ADDRESS, until=TODAY))
    says: dict[str, Any] = {
        "text": "casey@example.com",
        "reason": "A client.",
        "kind": Named.ADDRESS,
    }
    then(
        fact(
            DoNotContactAdded,
            entry_id(ACME, HER_ADDRESS),
            employer_id=ACME,
            identifier=HER_ADDRESS,
            until=TODAY,
            **says,
        )
    )


def test_adding_an_entry_again_records_nothing() -> None:
    given(approved_employer, listed(HER_ADDRESS, until=TODAY))
    when(add(HER_ADDRESS, until=TODAY))
    then()


def test_adding_an_entry_again_with_another_last_day_changes_the_day() -> None:
    given(approved_employer, listed(HER_ADDRESS, until=TODAY))
    when(add(HER_ADDRESS))
    then(fact(DoNotContactAdded, entry_id(ACME, HER_ADDRESS), until=None))


def test_an_entry_that_has_expired_already_is_refused() -> None:
    given(approved_employer)
    when(add(HER_ADDRESS, until=TODAY - timedelta(days=1)))
    then_refused("expiry_in_past")


def test_an_entry_is_removed_once() -> None:
    given(approved_employer, listed(CASEY))
    when(remove(CASEY))
    then(removed(CASEY))
    when(remove(CASEY))
    then()


def test_what_was_never_listed_is_not_found() -> None:
    given(approved_employer)
    when(remove(CASEY))
    then_refused("unknown")


def test_an_entry_of_another_employer_is_not_found() -> None:
    given(approved_employer, another_approved_employer, listed(CASEY, employer=GLOBEX))
    entry = entry_id(GLOBEX, CASEY)
    when(RemoveFromDoNotContact(employer_id=ACME, entry_id=entry, **by(acmes_recruiter)))
    then_refused("unknown")


def test_an_entry_that_was_removed_can_be_added_again() -> None:
    given(approved_employer, listed(CASEY), removed(CASEY))
    when(add(CASEY, kind="person", text=None))
    then(fact(DoNotContactAdded, entry_id(ACME, CASEY)))


def test_nobody_keeps_another_employers_list() -> None:
    given(approved_employer, another_approved_employer, listed(CASEY))
    for command in (add, remove):
        when(command(CASEY).model_copy(update={"by": globexs_recruiter}))
        then_refused("unknown")


def test_the_marketplaces_own_people_may_keep_a_list() -> None:
    given(approved_employer)
    when(add(CASEY, by=the_admin))
    assert isinstance(told().outcome, list)


# --- What it forbids


@each_kind
def test_nobody_is_written_to_who_is_listed_by_id_by_address_or_by_domain(identifier: UUID) -> None:
    given(able_to_write, known_casey, listed(identifier))
    when(send)
    then_refused("on_do_not_contact_list")


def test_nor_asked_for_an_interview() -> None:
    given(able_to_write, known_casey, was_active(at=NOW - days(3)), listed(HER_DOMAIN))
    when(RequestInterview(**ASKED, **by(acmes_recruiter)))
    then_refused("on_do_not_contact_list")


@each_kind
def test_what_another_employer_lists_is_its_own_affair(identifier: UUID) -> None:
    given(able_to_write, known_casey, listed(identifier, employer=GLOBEX))
    when(send)
    then(fact(MessageSent, TO_CASEY), fact(Contacted, CASEY))


def test_an_entry_that_was_removed_forbids_nothing() -> None:
    given(able_to_write, known_casey, listed(HER_ADDRESS), removed(HER_ADDRESS))
    when(send)
    then(fact(MessageSent, TO_CASEY), fact(Contacted, CASEY))


def test_an_entry_counts_through_its_last_day() -> None:
    given(able_to_write, known_casey, listed(HER_ADDRESS, until=TODAY))
    when(send)
    then_refused("on_do_not_contact_list")


def test_an_entry_does_not_count_after_its_last_day() -> None:
    given(able_to_write, known_casey, listed(HER_ADDRESS, until=TODAY - timedelta(days=1)))
    when(send)
    then(fact(MessageSent, TO_CASEY), fact(Contacted, CASEY))


def test_an_earlier_address_is_known_as_well_but_an_earlier_domain_is_not() -> None:
    moved = fact(
        ProfileEnhanced,
        CASEY,
        source="web",
        observed_on=TODAY,
        fields=("email",),
        facts={},
        address=named("casey@new.example"),
        domain=named("new.example"),
    )
    given(able_to_write, known_casey, moved, listed(HER_ADDRESS))
    when(send)
    then_refused("on_do_not_contact_list")
    given(able_to_write, known_casey, moved, listed(HER_DOMAIN))
    when(send)
    then(fact(MessageSent, TO_CASEY), fact(Contacted, CASEY))
    given(able_to_write, known_casey, moved, listed(named("new.example")))
    when(send)
    then_refused("on_do_not_contact_list")


def test_an_observed_address_comes_with_its_hashes() -> None:
    given(known_casey)
    keys: dict[str, Any] = {"address": named("casey@new.example"), "domain": named("new.example")}
    seen = Observation(source="web", observed_on=TODAY, email="casey@new.example")
    when(EnhanceProfile(candidate_id=CASEY, observation=seen, **keys, **by(the_platform)))
    assert isinstance(told().outcome, list)
    (enhanced,) = [e for e in told().happened if isinstance(e, ProfileEnhanced)]
    assert (enhanced.address, enhanced.domain, enhanced.employers) == (*keys.values(), None)


@pytest.mark.parametrize("identifier", [ROBIN, named("robin@example.com")])
def test_an_entry_about_a_merged_duplicate_counts(identifier: UUID) -> None:
    robin = signed_up(ROBIN, address=named("robin@example.com"))
    given(able_to_write, known_casey, robin, listed(identifier))
    when(MergeCandidates(candidate_id=CASEY, duplicate_id=ROBIN, **by(the_support)))
    when(send.model_copy(update={"at": NOW + days(1)}))
    # A duplicate that never opted in forbids contact as well.
    then_refused("candidate_opted_out", "on_do_not_contact_list")


def test_somebody_stored_before_there_were_hashes_is_known_once_they_are_noted() -> None:
    noted: dict[str, Any] = {"addresses": (HER_ADDRESS,), "domain": HER_DOMAIN, "employers": ()}
    given(able_to_write, passive_candidate, listed(HER_DOMAIN))
    when(NoteContactKeys(candidate_id=CASEY, **noted, **by(the_system)))
    then(fact(ContactKeysNoted, CASEY, **noted))
    when(send)
    then_refused("on_do_not_contact_list")


def test_hashes_are_noted_once_and_not_of_somebody_who_was_erased() -> None:
    keys: dict[str, Any] = {"addresses": (HER_ADDRESS,), "domain": HER_DOMAIN, "employers": ()}
    note = NoteContactKeys(candidate_id=CASEY, **keys, **by(the_system))
    given(known_casey)
    when(note)
    then()
    given(passive_candidate, erased)
    when(note)
    then()


# --- Letters that were allowed before


def test_a_letter_is_stopped_if_its_addressee_is_listed_before_it_leaves() -> None:
    given(
        able_to_write,
        known_casey,
        message_sent(at=NOW - days(1), deliver_at=NOW),
        listed(HER_ADDRESS),
    )
    when(ReleaseLetter(outreach_id=TO_CASEY, letter=1, **by(the_system)))
    then(
        fact(LetterStopped, TO_CASEY, reasons=("on_do_not_contact_list",)),
        fact(ContactRetracted, CASEY),
    )


def test_nobody_is_followed_up_who_is_listed() -> None:
    follow_up = FollowUp(
        outreach_id=TO_CASEY, text="Hello again.", sender_name="Sam", **by(acmes_recruiter)
    )
    week_ago = message_sent(at=NOW - days(7))
    given(able_to_write, known_casey, week_ago)
    when(follow_up)
    then(fact(FollowUpSent, TO_CASEY), fact(Contacted, CASEY))
    given(able_to_write, known_casey, week_ago, listed(CASEY))
    when(follow_up)
    then_refused("on_do_not_contact_list")


def test_nobody_is_replied_to_who_is_listed() -> None:
    given(able_to_write, known_casey, a_message, accepted, listed(CASEY))
    when(
        ReplyToCandidate(
            outreach_id=TO_CASEY, text="Welcome.", sender_name="Sam", **by(acmes_recruiter)
        )
    )
    then_refused("on_do_not_contact_list")


def test_an_answer_is_taken_from_somebody_who_is_listed() -> None:
    given(able_to_write, known_casey, a_message, listed(CASEY))
    when(AcceptOutreach(outreach_id=TO_CASEY, **by(the_platform)))
    assert isinstance(told().outcome, list)


# --- Erasure


@each_kind
def test_what_lists_say_of_a_person_is_erased_with_them(identifier: UUID) -> None:
    given(approved_employer, known_casey)
    when(add(identifier))
    when(EraseCandidate(candidate_id=CASEY, **by(the_platform)))
    then(fact(CandidateErased, CASEY), fact(IdentifierErased, HER_ADDRESS))
    (entry,) = [event for event in told().read() if isinstance(event, DoNotContactAdded)]
    # A domain is nobody's own: what is said of it stays.
    is_of_domain = identifier == HER_DOMAIN
    assert entry.reason == ("A client." if is_of_domain else "[erased]")
    assert entry.text == ("casey@example.com" if is_of_domain else None)


def test_an_address_that_is_listed_after_its_erasure_still_counts_and_is_not_readable() -> None:
    given(approved_employer, known_casey)
    when(EraseCandidate(candidate_id=CASEY, **by(the_platform)))
    when(add(HER_ADDRESS))
    (entry,) = [event for event in told().read() if isinstance(event, DoNotContactAdded)]
    assert (entry.text, entry.reason) == (None, "[erased]")
