"""An employer's lists leave out everyone that the contact gate would not let it write to."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from domain.candidate_commands import (
    BlockEmployer,
    ExpireConsent,
    NoteContactKeys,
    OptIn,
    SetContactBudget,
)
from domain.candidate_events import AddressBounced, Contacted, ContactRetracted
from domain.do_not_contact import (
    AddToDoNotContact,
    Named,
    RemoveFromDoNotContact,
    entry_id,
)
from domain.employer import DeclareNames, Manager, NoteCompanyKey, RegisterEmployer
from domain.identifier import EnhanceProfile, SignUpCandidate
from domain.merging import MergeCandidates, SeparateCandidates
from domain.sources import Observation
from domain.viewing import Feed
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.versions import create_tables
from tests.support.events import event_of
from tests.support.pooled import EMPLOYER, FOLLOWING, IDS, NOW, PLATFORM, Pooled, somebody


@pytest.fixture
def pooled(store: EventStore, pool: Pool) -> Iterator[Pooled]:
    create_tables(FOLLOWING, pool)
    with pool.connection() as db:
        yield Pooled(store, pool, db)


LONG = timedelta(days=400)
MOMENT = timedelta(microseconds=1)


def test_who_blocked_the_employer_is_in_no_list_of_theirs(pooled: Pooled) -> None:
    id = pooled.sign_up("Choosy", silent_for=LONG)
    pooled.after(BlockEmployer, candidate_id=id, employer_id=EMPLOYER)
    assert pooled.feed(Feed.PASSIVE) == []


def ends(pooled: Pooled, at: datetime, name: str = "Silent") -> None:
    """What they agreed to ends then."""
    before = NOW - timedelta(days=9)
    pooled.after(OptIn, at=before, candidate_id=somebody(name), until=at)


def test_who_agreed_until_a_moment_is_in_no_list_from_then_on(pooled: Pooled) -> None:
    pooled.sign_up("Silent", silent_for=LONG)
    ends(pooled, NOW + MOMENT)
    assert is_found(pooled)
    ends(pooled, NOW)
    assert not is_found(pooled)


def test_once_the_end_is_recorded_they_are_in_no_list_until_they_agree_again(
    pooled: Pooled,
) -> None:
    id = pooled.sign_up("Silent", silent_for=LONG)
    ends(pooled, NOW)
    pooled.after(ExpireConsent, candidate_id=id)
    assert not is_found(pooled)
    pooled.after(OptIn, candidate_id=id)
    assert is_found(pooled)


def test_a_merged_duplicates_earlier_end_counts(pooled: Pooled) -> None:
    for name, end in (("Silent", NOW + LONG), ("Twin", NOW)):
        pooled.sign_up(name, silent_for=LONG)
        ends(pooled, end, name)
    both: dict[str, Any] = {"candidate_id": somebody("Silent"), "duplicate_id": somebody("Twin")}
    pooled.after(MergeCandidates, **both)
    assert not is_found(pooled)
    pooled.after(SeparateCandidates, **both)
    assert is_found(pooled)


def test_who_is_separated_agrees_no_longer_than_the_other(pooled: Pooled) -> None:
    for name, end in (("Twin", NOW), ("Silent", NOW + LONG)):
        pooled.sign_up(name, silent_for=LONG)
        ends(pooled, end, name)
    both: dict[str, Any] = {"candidate_id": somebody("Twin"), "duplicate_id": somebody("Silent")}
    pooled.after(MergeCandidates, **both)
    pooled.after(SeparateCandidates, **both)
    assert not is_found(pooled)


def off(entry: dict[str, Any]) -> dict[str, Any]:
    return {"employer_id": EMPLOYER, "entry_id": entry_id(EMPLOYER, entry["identifier"])}


def is_found(pooled: Pooled) -> bool:
    return pooled.feed(Feed.PASSIVE) == ["Silent"]


@pytest.mark.parametrize("named", ["Silent", "address", "domain"])
def test_who_is_on_the_do_not_contact_list_is_in_no_list_of_the_employer(
    pooled: Pooled, named: str
) -> None:
    employed(pooled, EMPLOYER)
    known: dict[str, Any] = {
        "address": somebody("address"),
        "domain": somebody("domain"),
        "email": "a@b.example",
    }
    sign_up(pooled, **known)
    entry: dict[str, Any] = {"employer_id": EMPLOYER, "identifier": somebody(named)}
    assert is_found(pooled)
    pooled.after(AddToDoNotContact, **entry, kind=Named.DOMAIN, reason="A client.")
    assert not is_found(pooled)
    pooled.after(RemoveFromDoNotContact, **off(entry))
    assert is_found(pooled)


def test_an_entry_hides_nobody_after_its_last_day(pooled: Pooled) -> None:
    employed(pooled, EMPLOYER)
    sign_up(pooled)
    yesterday = NOW - timedelta(days=1)
    asked: dict[str, Any] = {
        "employer_id": EMPLOYER,
        "kind": Named.PERSON,
        "identifier": somebody("Silent"),
        "reason": "A client.",
    }
    pooled.after(AddToDoNotContact, at=yesterday, **asked, until=NOW.date())
    assert not is_found(pooled)
    pooled.after(AddToDoNotContact, at=yesterday, **asked, until=yesterday.date())
    assert is_found(pooled)


def test_another_employers_list_hides_nobody(pooled: Pooled) -> None:
    another = somebody("another employer")
    employed(pooled, another)
    sign_up(pooled)
    entry: dict[str, Any] = {"employer_id": another, "identifier": somebody("Silent")}
    pooled.after(AddToDoNotContact, **entry, kind=Named.PERSON, reason="A client.")
    assert is_found(pooled)


def test_a_new_address_is_known_with_the_old_one_but_of_domains_only_the_last(
    pooled: Pooled,
) -> None:
    employed(pooled, EMPLOYER)
    sign_up(pooled, address=somebody("old"), domain=somebody("old.example"), email="a@old.example")
    seen = Observation(source="web", observed_on=NOW.date(), email="a@new.example")
    keys: dict[str, Any] = {"address": somebody("new"), "domain": somebody("new.example")}
    pooled.after(EnhanceProfile, candidate_id=somebody("Silent"), observation=seen, **keys)
    for name, hides in (
        ("old", True),
        ("new", True),
        ("new.example", True),
        ("old.example", False),
    ):
        entry: dict[str, Any] = {"employer_id": EMPLOYER, "identifier": somebody(name)}
        pooled.after(AddToDoNotContact, **entry, kind=Named.DOMAIN, reason="A client.")
        assert is_found(pooled) is not hides
        pooled.after(RemoveFromDoNotContact, **off(entry))


def test_hashes_that_are_noted_later_count(pooled: Pooled) -> None:
    employed(pooled, EMPLOYER)
    sign_up(pooled)
    keys: dict[str, Any] = {
        "addresses": (somebody("address"),),
        "domain": None,
        "employers": (somebody("acme"),),
    }
    entry: dict[str, Any] = {"employer_id": EMPLOYER, "identifier": somebody("address")}
    pooled.after(AddToDoNotContact, **entry, kind=Named.ADDRESS, reason="A client.")
    assert is_found(pooled)
    pooled.after(NoteContactKeys, candidate_id=somebody("Silent"), **keys)
    assert not is_found(pooled)
    pooled.after(RemoveFromDoNotContact, **off(entry))
    pooled.after(NoteCompanyKey, employer_id=EMPLOYER, company_key=somebody("acme"))
    assert not is_found(pooled)


@pytest.mark.parametrize("works", [{"employers": [somebody("acme")]}, {"domain": somebody("acme")}])
def test_who_works_at_the_company_is_in_no_list_of_it(
    pooled: Pooled, works: dict[str, Any]
) -> None:
    employed(pooled, EMPLOYER)
    sign_up(pooled, **works)
    assert is_found(pooled)
    pooled.after(DeclareNames, employer_id=EMPLOYER, keys=[somebody("acme")])
    assert not is_found(pooled)
    pooled.after(DeclareNames, employer_id=EMPLOYER, keys=[])
    assert is_found(pooled)


def test_a_merged_duplicates_address_and_employer_count(pooled: Pooled) -> None:
    employed(pooled, EMPLOYER)
    sign_up(pooled)
    sign_up(pooled, "Twin", address=somebody("address"), employers=[somebody("acme")])
    both: dict[str, Any] = {"candidate_id": somebody("Silent"), "duplicate_id": somebody("Twin")}
    pooled.after(MergeCandidates, **both)
    assert is_found(pooled)
    entry: dict[str, Any] = {"employer_id": EMPLOYER, "identifier": somebody("address")}
    pooled.after(AddToDoNotContact, **entry, kind=Named.ADDRESS, reason="A client.")
    assert not is_found(pooled)
    pooled.after(RemoveFromDoNotContact, **off(entry))
    pooled.after(DeclareNames, employer_id=EMPLOYER, keys=[somebody("acme")])
    assert not is_found(pooled)


def sign_up(pooled: Pooled, name: str = "Silent", **says: Any) -> None:
    who: dict[str, Any] = {"candidate_id": somebody(name), "name": name, "opted_in": True}
    pooled.after(SignUpCandidate, **who, signed_up_at=NOW - LONG, **says)


def employed(pooled: Pooled, employer_id: UUID) -> None:
    manager = Manager(name="Morgan", email="morgan@example.com")
    pooled.after(RegisterEmployer, employer_id=employer_id, company="Acme", manager=manager)


# --- What reached them


def contacted(pooled: Pooled, id: UUID, *moments: datetime) -> list[Contacted]:
    """Other employers wrote to a candidate about a position each, at these moments."""
    events = [
        event_of(
            Contacted,
            id,
            at=moment,
            by=PLATFORM,
            version=number,
            employer_id=uuid5(IDS, "another employer"),
            position_id=uuid5(IDS, f"position {number}"),
            outreach_id=uuid5(IDS, f"outreach {number}"),
        )
        for number, moment in enumerate(moments, pooled.version(id) + 1)
    ]
    pooled.record(events)
    return events


def retracted(pooled: Pooled, contact: Contacted) -> None:
    """What was sent did not reach the candidate."""
    about = contact.model_dump(include={"employer_id", "position_id", "outreach_id"})
    id, at = contact.originator_id, contact.timestamp
    pooled.record(
        [
            event_of(
                ContactRetracted,
                id,
                at=NOW,
                by=PLATFORM,
                version=pooled.version(id) + 1,
                contacted_at=at,
                **about,
            )
        ]
    )


def test_who_was_contacted_three_times_within_thirty_days_is_left_alone(pooled: Pooled) -> None:
    id = pooled.sign_up("Silent", silent_for=LONG)
    contacted(pooled, id, *[NOW - timedelta(days=days) for days in (31, 20, 10)])
    assert is_found(pooled)
    contacted(pooled, id, NOW - timedelta(days=1))
    assert not is_found(pooled)


def test_of_contacts_at_one_moment_only_the_retracted_one_does_not_count(pooled: Pooled) -> None:
    id = pooled.sign_up("Silent", silent_for=LONG)
    yesterday = NOW - timedelta(days=1)
    first, *_ = contacted(pooled, id, *[yesterday] * 4)
    retracted(pooled, first)
    assert not is_found(pooled)


def test_after_a_retraction_there_is_room_for_another_contact(pooled: Pooled) -> None:
    id = pooled.sign_up("Silent", silent_for=LONG)
    first, *_ = contacted(pooled, id, *[NOW - timedelta(days=days) for days in (3, 2, 1)])
    assert not is_found(pooled)
    retracted(pooled, first)
    assert is_found(pooled)


@pytest.mark.parametrize(("budget", "found"), [(0, False), (1, False), (2, True), (5, True)])
def test_how_often_somebody_wants_to_be_contacted_counts(
    pooled: Pooled, budget: int, found: bool
) -> None:
    id = pooled.sign_up("Silent", silent_for=LONG)
    contacted(pooled, id, NOW - timedelta(days=1))
    pooled.after(SetContactBudget, candidate_id=id, contacts=budget)
    assert is_found(pooled) == found


def test_whose_address_bounced_is_left_alone_until_there_is_another(pooled: Pooled) -> None:
    id = pooled.sign_up("Silent", silent_for=LONG)
    bounced = {"at": NOW, "by": PLATFORM, "version": pooled.version(id) + 1}
    pooled.record([event_of(AddressBounced, id, **bounced)])  # type: ignore[arg-type]  # as named
    assert not is_found(pooled)
    observation = Observation(source="web", observed_on=NOW.date(), email="new@example.com")
    pooled.after(EnhanceProfile, candidate_id=id, observation=observation)
    assert is_found(pooled)
