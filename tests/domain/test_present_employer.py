"""Nobody is contacted about a position at a company where they work now."""

from typing import Any
from uuid import UUID

import pytest

from domain.candidate_events import Contacted, ProfileEnhanced
from domain.contacting import SendMessage
from domain.delivering import ReleaseLetter
from domain.employer import DeclareNames, NoteCompanyKey
from domain.employer_events import (
    BetaJoined,
    CompanyKeyNoted,
    EmployerApproved,
    EmployerRegistered,
    NamesDeclared,
)
from domain.identifier import EnhanceProfile
from domain.outreach_events import LetterStopped, MessageSent
from domain.profile import Job
from domain.sources import Observation
from tests.support.given import (
    A_LETTER,
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    NOW,
    TO_CASEY,
    Fact,
    History,
    able_to_write,
    acmes_recruiter,
    by,
    days,
    fact,
    given,
    globexs_recruiter,
    message_sent,
    named,
    open_position,
    opted_in,
    registered,
    signed_up,
    the_platform,
    the_system,
    then,
    then_refused,
    told,
    when,
)

ACMES_NAME, ACMES_DOMAIN, AN_AFFILIATE = map(named, ("acme's name", "acme.example", "initech"))

send = SendMessage(
    position_id=BACKEND_ENGINEER, candidate_id=CASEY, message=A_LETTER, **by(acmes_recruiter)
)


def working_at(*employers: UUID, **says: Any) -> History:
    return signed_up(employers=employers, **says), opted_in


def declared(*keys: UUID) -> Fact:
    return fact(NamesDeclared, ACME, names=("A",), domains=(), affiliates=(), keys=keys)


def test_nobody_is_contacted_by_the_company_of_their_present_job() -> None:
    acme = fact(
        EmployerRegistered,
        ACME,
        company="Acme",
        manager_name="M",
        manager_email="m@example.com",
        company_key=ACMES_NAME,
    )
    allowed = (fact(EmployerApproved, ACME), fact(BetaJoined, ACME), open_position)
    given(acme, allowed, working_at(ACMES_NAME))
    when(send)
    then_refused("candidate_works_there")


@pytest.mark.parametrize("key", [ACMES_DOMAIN, AN_AFFILIATE])
def test_nor_by_one_that_declared_the_name_or_the_domain(key: UUID) -> None:
    given(able_to_write, declared(ACMES_DOMAIN, AN_AFFILIATE), working_at(key))
    when(send)
    then_refused("candidate_works_there")


def test_the_domain_of_the_address_tells_where_somebody_works() -> None:
    given(able_to_write, declared(ACMES_DOMAIN), working_at(domain=ACMES_DOMAIN))
    when(send)
    then_refused("candidate_works_there")


def test_who_works_elsewhere_may_be_contacted() -> None:
    given(able_to_write, declared(ACMES_NAME), working_at(named("another company")))
    when(send)
    then(fact(MessageSent, TO_CASEY), fact(Contacted, CASEY))


def test_names_that_are_declared_replace_those_before() -> None:
    given(able_to_write, declared(AN_AFFILIATE), declared(ACMES_NAME), working_at(AN_AFFILIATE))
    when(send)
    then(fact(MessageSent, TO_CASEY), fact(Contacted, CASEY))


def test_the_companys_own_name_counts_whatever_it_declares() -> None:
    noted = fact(CompanyKeyNoted, ACME, company_key=ACMES_NAME)
    given(able_to_write, noted, declared(), working_at(ACMES_NAME))
    when(send)
    then_refused("candidate_works_there")


def test_who_left_the_company_may_be_contacted() -> None:
    given(able_to_write, declared(ACMES_NAME), working_at(ACMES_NAME))
    seen = Observation(source="web", observed_on=NOW.date(), jobs=(Job(employer="Initech"),))
    keys: dict[str, Any] = {"employers": (named("initech"),)}
    when(EnhanceProfile(candidate_id=CASEY, observation=seen, **keys, **by(the_platform)))
    then(fact(ProfileEnhanced, CASEY, employers=(named("initech"),)))
    when(send)
    then(fact(MessageSent, TO_CASEY), fact(Contacted, CASEY))


def test_an_observation_without_jobs_leaves_the_present_employer_known() -> None:
    given(able_to_write, declared(ACMES_NAME), working_at(ACMES_NAME))
    seen = Observation(source="web", observed_on=NOW.date(), summary="I like queues.")
    when(EnhanceProfile(candidate_id=CASEY, observation=seen, **by(the_platform)))
    when(send)
    then_refused("candidate_works_there")


def test_a_letter_is_stopped_if_its_addressee_began_to_work_there() -> None:
    sent = message_sent(at=NOW - days(1), deliver_at=NOW)
    given(able_to_write, declared(ACMES_NAME), working_at(ACMES_NAME), sent)
    when(ReleaseLetter(outreach_id=TO_CASEY, letter=1, **by(the_system)))
    assert isinstance(told().outcome, list)
    (stopped,) = [event for event in told().happened if isinstance(event, LetterStopped)]
    assert stopped.reasons == ("candidate_works_there",)


def test_a_company_declares_its_names_domains_and_affiliates() -> None:
    says: dict[str, Any] = {
        "names": ("Acme Robotics",),
        "domains": ("acme.example",),
        "affiliates": ("Initech",),
    }
    given(registered(ACME))
    when(DeclareNames(employer_id=ACME, **says, keys=(ACMES_DOMAIN,), **by(acmes_recruiter)))
    then(fact(NamesDeclared, ACME, **says, keys=(ACMES_DOMAIN,)))


def test_nobody_declares_names_for_another_company() -> None:
    given(registered(ACME))
    when(DeclareNames(employer_id=ACME, keys=(), **by(globexs_recruiter)))
    then_refused("unknown")


def test_the_hash_of_a_companys_name_is_noted_once() -> None:
    note = NoteCompanyKey(employer_id=ACME, company_key=ACMES_NAME, **by(the_system))
    given(registered(ACME))
    when(note)
    then(fact(CompanyKeyNoted, ACME, company_key=ACMES_NAME))
    when(note)
    then()
