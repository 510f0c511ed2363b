"""Who somebody is: an address or an id names one person, and duplicates are merged."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from hypothesis import given as whatever
from hypothesis import strategies as some

from domain.answering import AcceptOutreach
from domain.candidate import Candidate
from domain.candidate_commands import BlockEmployer, EraseCandidate, OptIn, OptOut
from domain.candidate_events import (
    CandidateErased,
    CandidateMerged,
    CandidateSeparated,
    CandidateSignedUp,
    Contacted,
    DuplicateMerged,
    DuplicateSeparated,
    EmployerBlocked,
    OptedIn,
    OptedOut,
    ProfileEnhanced,
    WasActive,
)
from domain.contacting import SendMessage
from domain.identifier import ClaimIdentifier, EnhanceProfile, IdentifierClaimed, SignUpCandidate
from domain.merging import MergeCandidates, SeparateCandidates
from domain.outreach import outreach_id
from domain.outreach_events import OutreachAccepted
from domain.profile import Facts
from domain.sources import Observation
from domain.standing import Standing
from tests.support.given import (
    A_LETTER,
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    DATA_ENGINEER,
    GLOBEX,
    NOW,
    ROBIN,
    TO_CASEY,
    a_message,
    able_to_write,
    acmes_recruiter,
    another_open_position,
    blocked_acme,
    by,
    contacted,
    days,
    erased,
    fact,
    given,
    member,
    named,
    opted_in,
    opted_out,
    passive_candidate,
    signed_up,
    the_platform,
    the_support,
    then,
    then_refused,
    told,
    was_active,
    when,
)

NEW = named("a new candidate")
HER_ADDRESS, HER_BADGE = named("casey@example.com"), named("badge 7")
ANOTHER_ADDRESS = named("robin@example.com")
A_DOCUMENT = named("a document")


def claimed(identifier: UUID, candidate: UUID = CASEY) -> Any:
    return fact(IdentifierClaimed, identifier, candidate_id=candidate)


def document(
    address: UUID | None, *identifiers: UUID, candidate_id: UUID = NEW, **says: Any
) -> SignUpCandidate:
    return SignUpCandidate.model_validate(
        {
            "candidate_id": candidate_id,
            "address": address,
            "identifiers": identifiers,
            "name": "Casey",
            "email": "casey@example.com",
            **says,
            **by(the_platform),
        }
    )


# --- Known, or new


def test_an_unknown_address_signs_up_a_new_candidate_and_names_them_from_then_on() -> None:
    given()
    when(document(HER_ADDRESS))
    then(
        fact(CandidateSignedUp, NEW, has_address=True),
        fact(IdentifierClaimed, HER_ADDRESS, candidate_id=NEW),
    )


def test_a_document_of_a_known_address_updates_the_candidate_whom_it_names() -> None:
    given(member, claimed(HER_ADDRESS))
    when(document(HER_ADDRESS, facts=Facts(city="Bern"), observed_on=date(2026, 3, 1)))
    then(
        fact(
            ProfileEnhanced,
            CASEY,
            observed_on=date(2026, 3, 1),
            fields=("city", "name", "email"),
        )
    )


def test_an_id_that_comes_first_with_a_known_address_names_the_same_candidate() -> None:
    given(member, claimed(HER_ADDRESS))
    when(document(HER_ADDRESS, HER_BADGE))
    then(fact(ProfileEnhanced, CASEY), claimed(HER_BADGE))


def test_the_first_address_of_a_known_candidate_names_them_too() -> None:
    given(signed_up(has_address=False))
    when(document(HER_ADDRESS, candidate_id=CASEY))
    then(fact(ProfileEnhanced, CASEY), claimed(HER_ADDRESS))


def test_a_known_id_with_another_address_than_before_is_refused_with_the_candidates_id() -> None:
    given(member, claimed(HER_BADGE))
    when(document(ANOTHER_ADDRESS, HER_BADGE))
    (sentence,) = then_refused("another_address")
    assert str(CASEY) in sentence


def test_a_document_without_an_address_is_known_by_its_id() -> None:
    given(member, claimed(HER_BADGE))
    when(document(None, HER_BADGE, email=None))
    then(fact(ProfileEnhanced, CASEY))


def test_a_message_to_somebody_without_an_address_is_refused() -> None:
    given(able_to_write, signed_up(has_address=False), opted_in)
    when(message())
    then_refused("candidate_has_no_address")


def test_an_id_and_an_address_of_different_people_are_refused_with_both_ids() -> None:
    given(member, signed_up(ROBIN), claimed(HER_BADGE), claimed(ANOTHER_ADDRESS, ROBIN))
    when(document(ANOTHER_ADDRESS, HER_BADGE))
    (sentence,) = then_refused("several_people")
    assert str(CASEY) in sentence
    assert str(ROBIN) in sentence


def test_an_observation_with_another_persons_address_is_refused() -> None:
    given(member, signed_up(ROBIN), claimed(ANOTHER_ADDRESS, ROBIN))
    when(observation(ANOTHER_ADDRESS, email="robin@example.com"))
    then_refused("several_people")


def test_an_observed_address_names_the_candidate_from_then_on() -> None:
    given(member)
    when(observation(HER_ADDRESS, email="casey@example.com"))
    then(fact(ProfileEnhanced, CASEY, email="casey@example.com"), claimed(HER_ADDRESS))


def observation(address: UUID | None = None, **says: Any) -> EnhanceProfile:
    observed = Observation(source="web", observed_on=NOW.date(), **says)
    return EnhanceProfile(
        candidate_id=CASEY, observation=observed, address=address, **by(the_platform)
    )


def test_an_address_from_before_there_were_identifiers_is_claimed_once() -> None:
    given(member, claimed(HER_ADDRESS))
    when(ClaimIdentifier(identifier_id=HER_ADDRESS, candidate_id=ROBIN, **by(the_platform)))
    then()


# --- What holds for an address


def test_an_erased_person_does_not_come_back_by_their_address() -> None:
    given(member, claimed(HER_ADDRESS), erased)
    when(document(HER_ADDRESS, opted_in=True))
    then_refused("candidate_is_erased")


def test_consent_that_was_withdrawn_does_not_come_back_by_a_document() -> None:
    given(member, claimed(HER_ADDRESS), opted_in, opted_out)
    when(document(HER_ADDRESS, opted_in=True))
    then(fact(ProfileEnhanced, CASEY))


def test_consent_that_was_never_withdrawn_may_come_by_a_document() -> None:
    given(member, claimed(HER_ADDRESS))
    when(document(HER_ADDRESS, opted_in=True))
    then(fact(ProfileEnhanced, CASEY), fact(OptedIn, CASEY))


def test_a_document_without_consent_withdraws_it() -> None:
    given(passive_candidate, claimed(HER_ADDRESS))
    when(document(HER_ADDRESS, opted_in=False))
    then(fact(ProfileEnhanced, CASEY), fact(OptedOut, CASEY))


def test_a_document_that_says_nothing_of_consent_leaves_it() -> None:
    given(passive_candidate, claimed(HER_ADDRESS))
    when(document(HER_ADDRESS))
    then(fact(ProfileEnhanced, CASEY))


# --- Documents


def test_a_later_activity_in_a_document_is_recorded() -> None:
    given(member, claimed(HER_ADDRESS), was_active(at=NOW - days(90)))
    when(document(HER_ADDRESS, last_active_at=NOW - days(3)))
    then(fact(ProfileEnhanced, CASEY), fact(WasActive, CASEY, at=NOW - days(3)))


def test_an_earlier_activity_in_a_document_is_left_out() -> None:
    given(member, claimed(HER_ADDRESS), was_active(at=NOW - days(3)))
    when(document(HER_ADDRESS, last_active_at=NOW - days(90)))
    then(fact(ProfileEnhanced, CASEY))


def test_the_same_document_again_changes_nothing() -> None:
    given()
    when(document(HER_ADDRESS, document=A_DOCUMENT))
    when(document(HER_ADDRESS, document=A_DOCUMENT, candidate_id=named("yet another")))
    then()


def test_an_update_is_followed_once() -> None:
    given(member, claimed(HER_ADDRESS))
    when(document(HER_ADDRESS, document=A_DOCUMENT))
    when(document(HER_ADDRESS, document=A_DOCUMENT))
    then()


def test_a_document_older_than_what_is_known_changes_nothing() -> None:
    given()
    when(document(HER_ADDRESS, facts=Facts(city="Bern")))
    when(document(HER_ADDRESS, facts=Facts(city="Basel"), observed_on=date(2020, 1, 1)))
    then()


def test_a_document_from_the_future_is_one_of_today() -> None:
    given(member, claimed(HER_ADDRESS))
    when(document(HER_ADDRESS, observed_on=date(2030, 1, 1)))
    then(fact(ProfileEnhanced, CASEY, observed_on=NOW.date()))


# --- Merging


def merge(candidate: UUID = CASEY, duplicate: UUID = ROBIN) -> MergeCandidates:
    return MergeCandidates(candidate_id=candidate, duplicate_id=duplicate, **by(the_support))


def separate(candidate: UUID = CASEY, duplicate: UUID = ROBIN) -> SeparateCandidates:
    return SeparateCandidates(candidate_id=candidate, duplicate_id=duplicate, **by(the_support))


def message(position: UUID = BACKEND_ENGINEER, candidate: UUID = CASEY) -> SendMessage:
    return SendMessage(
        position_id=position, candidate_id=candidate, message=A_LETTER, **by(acmes_recruiter)
    )


robin = (signed_up(ROBIN), fact(OptedIn, ROBIN))


def standing() -> Standing:
    return told().loaded(Candidate, CASEY).standing()


def test_a_merge_is_recorded_with_both_histories() -> None:
    given(passive_candidate, robin)
    when(merge())
    then(
        fact(CandidateMerged, ROBIN, kept_id=CASEY),
        fact(DuplicateMerged, CASEY, duplicate_id=ROBIN),
    )


def test_the_stricter_consent_holds_for_a_merged_person() -> None:
    given(able_to_write, passive_candidate, signed_up(ROBIN))
    when(merge())
    when(message())
    then_refused("candidate_opted_out")


def test_a_merged_person_may_agree_again() -> None:
    given(able_to_write, passive_candidate, signed_up(ROBIN))
    when(merge())
    when(OptIn(candidate_id=CASEY, **by(the_platform)))
    when(message())
    assert standing().opted_in


def test_the_contacts_of_both_count_against_the_budget() -> None:
    to_robin = [
        fact(
            Contacted,
            ROBIN,
            at=NOW - days(n),
            employer_id=GLOBEX,
            position_id=named(f"robins {n}"),
            outreach_id=named(f"to robin {n}"),
        )
        for n in (1, 2)
    ]
    given(able_to_write, passive_candidate, contacted(NOW - days(3)), robin, *to_robin)
    when(merge())
    when(message())
    then_refused("candidate_contacted_too_often")


def test_who_was_contacted_as_a_duplicate_is_not_contacted_about_the_position_again() -> None:
    given(able_to_write, robin, passive_candidate, a_message)
    when(merge(ROBIN, CASEY))
    when(message(candidate=ROBIN))
    then_refused("already_contacted")


def test_what_a_duplicate_blocked_is_blocked() -> None:
    given(able_to_write, robin, passive_candidate, blocked_acme)
    when(merge(ROBIN, CASEY))
    when(message(candidate=ROBIN))
    then_refused("candidate_blocked_employer")


def test_a_duplicate_itself_is_not_contacted_any_more() -> None:
    given(able_to_write, passive_candidate, robin)
    when(merge())
    when(message(candidate=ROBIN))
    (sentence,) = then_refused("candidate_was_merged")
    assert str(CASEY) in sentence


def test_the_activity_of_a_duplicate_counts() -> None:
    given(passive_candidate, robin, was_active(ROBIN, at=NOW - days(3)))
    when(merge())
    assert not told().loaded(Candidate, CASEY).is_passive(NOW)


def test_an_answer_to_a_message_to_a_duplicate_is_taken() -> None:
    given(able_to_write, robin, passive_candidate, a_message)
    when(merge(ROBIN, CASEY))
    when(AcceptOutreach(outreach_id=TO_CASEY, **by(the_platform)))
    then(fact(OutreachAccepted, TO_CASEY))


def test_what_is_asked_of_a_duplicate_is_done_for_the_candidate() -> None:
    given(passive_candidate, robin)
    when(merge())
    when(OptOut(candidate_id=ROBIN, **by(the_platform)))
    then(fact(OptedOut, CASEY))


def test_an_address_of_a_duplicate_names_the_candidate() -> None:
    given(passive_candidate, robin, claimed(ANOTHER_ADDRESS, ROBIN))
    when(merge())
    when(document(ANOTHER_ADDRESS))
    then(fact(ProfileEnhanced, CASEY))


def test_erasing_a_merged_person_erases_every_profile_of_theirs() -> None:
    given(passive_candidate, robin)
    when(merge())
    when(EraseCandidate(candidate_id=ROBIN, **by(the_platform)))
    then(fact(CandidateErased, CASEY), fact(CandidateErased, ROBIN))


def test_merges_follow_one_another() -> None:
    third = named("third")
    given(passive_candidate, robin, signed_up(third))
    when(merge())
    when(merge(third, CASEY))
    when(BlockEmployer(candidate_id=ROBIN, employer_id=ACME, **by(the_platform)))
    then(fact(EmployerBlocked, third, employer_id=ACME))


def test_nobody_is_merged_with_themselves() -> None:
    given(member)
    when(merge(CASEY, CASEY))
    then_refused("same_person")


def test_a_duplicate_is_merged_once() -> None:
    given(passive_candidate, robin, signed_up(NEW))
    when(merge())
    when(merge(NEW, ROBIN))
    then_refused("candidate_was_merged")


def test_an_erased_candidate_is_not_merged() -> None:
    given(robin, member, erased)
    when(merge())
    then_refused("candidate_is_erased")


# --- Undoing a merge


def test_after_a_wrong_merge_each_stands_for_themselves_again() -> None:
    given(able_to_write, passive_candidate, signed_up(ROBIN))
    when(merge())
    when(separate())
    then(
        fact(CandidateSeparated, ROBIN, kept_id=CASEY, opted_in=False),
        fact(DuplicateSeparated, CASEY, duplicate_id=ROBIN),
    )
    assert standing().opted_in


def test_who_opted_out_while_merged_has_opted_out_as_both() -> None:
    given(passive_candidate, robin)
    when(merge())
    when(OptOut(candidate_id=CASEY, **by(the_platform)))
    when(separate())
    assert not told().loaded(Candidate, ROBIN).standing().opted_in


def test_a_message_sent_while_merged_is_the_kept_candidates() -> None:
    given(able_to_write, another_open_position, passive_candidate, robin)
    when(merge())
    when(message(DATA_ENGINEER))
    when(separate())
    assert standing().positions == (DATA_ENGINEER,)
    assert told().loaded(Candidate, ROBIN).standing().positions == ()


def test_candidates_who_are_not_merged_are_not_separated() -> None:
    given(passive_candidate, robin)
    when(separate())
    then_refused("not_merged")


LATER = NOW + days(9_000)

histories = some.fixed_dictionaries(
    {
        "agrees": some.booleans(),
        "weeks": some.none() | some.integers(-9, 9),
        "silent_days": some.integers(0, 700),
        "blocks": some.sets(some.sampled_from([ACME, GLOBEX])),
        "contacted": some.lists(some.integers(1, 60), max_size=4, unique=True),
    }
)


def ends(history: dict[str, Any]) -> datetime | None:
    """When what they agreed to ends."""
    is_endless = history["weeks"] is None or not history["agrees"]
    return None if is_endless else NOW + days(7 * history["weeks"])


def lived(candidate: UUID, history: dict[str, Any]) -> Any:
    return (
        signed_up(candidate),
        fact(OptedIn, candidate, until=ends(history))
        if history["agrees"]
        else fact(OptedOut, candidate),
        was_active(candidate, at=NOW - days(history["silent_days"])),
        *(fact(EmployerBlocked, candidate, employer_id=id) for id in sorted(history["blocks"])),
        *(
            fact(
                Contacted,
                candidate,
                at=NOW - days(ago),
                employer_id=GLOBEX,
                position_id=named(f"{candidate} {ago}"),
                outreach_id=outreach_id(named(f"{candidate} {ago}"), candidate),
            )
            for ago in sorted(history["contacted"], reverse=True)
        ),
    )


@whatever(histories, histories)
def test_whatever_both_lived_the_stricter_holds_while_merged_and_each_has_their_own_after(
    caseys: dict[str, Any], robins: dict[str, Any]
) -> None:
    given(lived(CASEY, caseys), lived(ROBIN, robins))
    before = [told().loaded(Candidate, id).standing() for id in (CASEY, ROBIN)]
    when(merge())
    merged = told().loaded(Candidate, CASEY)
    assert merged.standing().opted_in == (caseys["agrees"] and robins["agrees"])
    agreeing = [h for h in (caseys, robins) if h["agrees"] and (ends(h) or LATER) > NOW]
    assert merged.standing().agrees_at(NOW) == (len(agreeing) == 2)
    assert set(merged.standing().blocked) == caseys["blocks"] | robins["blocks"]
    recent = [ago for ago in (*caseys["contacted"], *robins["contacted"]) if ago < 30]
    assert merged.contacts_since(NOW - days(30)) == len(recent)
    when(separate())
    own, others = before
    stricter = own.opted_in and others.opted_in
    earlier = min((end for end in (ends(caseys), ends(robins)) if end), default=None)
    assert [told().loaded(Candidate, id).standing() for id in (CASEY, ROBIN)] == [
        own,
        others.model_copy(update={"opted_in": stricter, "consent_until": earlier}),
    ]
