"""Employers are registered, approved, suspended, in the beta, and tell us what they think."""

import pytest
from pydantic import ValidationError

from domain.actor import Actor
from domain.employer import (
    ApproveEmployer,
    AssignManager,
    JoinBeta,
    LeaveBeta,
    Manager,
    RegisterEmployer,
    ShareFeedback,
    SuspendEmployer,
)
from domain.employer_events import (
    BetaJoined,
    BetaLeft,
    EmployerApproved,
    EmployerRegistered,
    EmployerSuspended,
    FeedbackShared,
    ManagerAssigned,
)
from tests.support.given import (
    ACME,
    acmes_owner,
    acmes_reader,
    acmes_recruiter,
    approved_employer,
    by,
    fact,
    given,
    globexs_owner,
    globexs_recruiter,
    in_the_beta,
    registered_employer,
    suspended_employer,
    the_admin,
    then,
    then_refused,
    when,
)

MORGAN = Manager(name="Morgan Manager", email="morgan@example.com")


def test_an_employer_registers_with_its_customer_success_manager() -> None:
    given()
    when(RegisterEmployer(employer_id=ACME, company="Acme", manager=MORGAN, **by(the_admin)))
    then(
        fact(
            EmployerRegistered,
            ACME,
            company="Acme",
            manager_name="Morgan Manager",
            manager_email="morgan@example.com",
        )
    )


def test_an_employer_registers_once() -> None:
    given(registered_employer)
    when(RegisterEmployer(employer_id=ACME, company="Acme", manager=MORGAN, **by(the_admin)))
    then_refused("employer_already_registered")


@pytest.mark.parametrize("email", ["", "morgan", "morgan@example", "a b@example.com"])
def test_a_manager_needs_an_email_address(email: str) -> None:
    with pytest.raises(ValidationError, match="email"):
        Manager(name="Morgan", email=email)


def test_a_registered_employer_is_approved() -> None:
    given(registered_employer)
    when(ApproveEmployer(employer_id=ACME, **by(the_admin)))
    then(fact(EmployerApproved, ACME))


def test_an_employer_is_approved_once() -> None:
    given(approved_employer)
    when(ApproveEmployer(employer_id=ACME, **by(the_admin)))
    then_refused("employer_already_approved")


def test_approval_ends_a_suspension() -> None:
    given(suspended_employer)
    when(ApproveEmployer(employer_id=ACME, **by(the_admin)))
    then(fact(EmployerApproved, ACME))
    when(JoinBeta(employer_id=ACME, **by(acmes_recruiter)))
    then(fact(BetaJoined, ACME))


def test_nobody_approves_an_employer_that_does_not_exist() -> None:
    given()
    when(ApproveEmployer(employer_id=ACME, **by(the_admin)))
    assert then_refused("unknown") == [f"There is no employer {ACME}; check the id."]


def test_an_approved_employer_is_suspended_for_a_reason() -> None:
    given(approved_employer)
    when(SuspendEmployer(employer_id=ACME, reason="spam", **by(the_admin)))
    then(fact(EmployerSuspended, ACME, reason="spam"))


def test_an_employer_that_was_never_approved_is_not_suspended() -> None:
    given(registered_employer)
    when(SuspendEmployer(employer_id=ACME, reason="spam", **by(the_admin)))
    then_refused("employer_not_approved")


def test_a_suspended_employer_is_not_suspended_again() -> None:
    given(suspended_employer)
    when(SuspendEmployer(employer_id=ACME, reason="more spam", **by(the_admin)))
    (sentence,) = then_refused("employer_is_suspended")
    assert "(spam)" in sentence


def test_nobody_suspends_an_employer_that_does_not_exist() -> None:
    given()
    when(SuspendEmployer(employer_id=ACME, reason="spam", **by(the_admin)))
    then_refused("unknown")


def test_a_suspension_needs_a_reason() -> None:
    with pytest.raises(ValidationError, match="reason"):
        SuspendEmployer(employer_id=ACME, reason="  ", **by(the_admin))


def test_an_approved_employer_joins_the_beta() -> None:
    given(approved_employer)
    when(JoinBeta(employer_id=ACME, **by(acmes_recruiter)))
    then(fact(BetaJoined, ACME, by=acmes_recruiter))


def test_an_employer_that_is_not_approved_does_not_join_the_beta() -> None:
    given(registered_employer)
    when(JoinBeta(employer_id=ACME, **by(acmes_recruiter)))
    then_refused("employer_not_approved")


def test_a_suspended_employer_does_not_join_the_beta() -> None:
    given(suspended_employer)
    when(JoinBeta(employer_id=ACME, **by(acmes_recruiter)))
    then_refused("employer_is_suspended")


def test_an_employer_in_the_beta_does_not_join_again() -> None:
    given(approved_employer, in_the_beta)
    when(JoinBeta(employer_id=ACME, **by(acmes_recruiter)))
    then_refused("already_in_beta")


def test_joining_is_refused_for_every_reason_at_once() -> None:
    given(approved_employer, in_the_beta, fact(EmployerSuspended, ACME, reason="spam"))
    when(JoinBeta(employer_id=ACME, **by(acmes_recruiter)))
    then_refused("employer_is_suspended", "already_in_beta")


def test_an_administrator_assigns_another_customer_success_manager() -> None:
    given(registered_employer)
    manager = Manager(name="Maxi Manager", email="maxi@example.com")
    when(AssignManager(employer_id=ACME, manager=manager, **by(the_admin)))
    said = {"manager_name": "Maxi Manager", "manager_email": "maxi@example.com"}
    then(fact(ManagerAssigned, ACME, by=the_admin, **said))  # type: ignore[arg-type]  # as fields


def test_an_employer_leaves_the_beta_and_may_join_again() -> None:
    given(approved_employer, in_the_beta)
    when(LeaveBeta(employer_id=ACME, **by(acmes_owner)))
    then(fact(BetaLeft, ACME))
    when(JoinBeta(employer_id=ACME, **by(acmes_recruiter)))
    then(fact(BetaJoined, ACME))


@pytest.mark.parametrize("member", [acmes_recruiter, acmes_reader])
def test_only_an_owner_takes_the_company_out_of_the_beta(member: Actor) -> None:
    given(approved_employer, in_the_beta)
    when(LeaveBeta(employer_id=ACME, **by(member)))
    then_refused("owners_only")


def test_an_administrator_takes_a_company_out_of_the_beta() -> None:
    given(approved_employer, in_the_beta)
    when(LeaveBeta(employer_id=ACME, **by(the_admin)))
    then(fact(BetaLeft, ACME))


def test_who_may_only_look_does_not_join_the_beta() -> None:
    given(approved_employer)
    when(JoinBeta(employer_id=ACME, **by(acmes_reader)))
    then_refused("read_only")


def test_an_employer_outside_the_beta_does_not_leave_it() -> None:
    given(approved_employer)
    when(LeaveBeta(employer_id=ACME, **by(acmes_owner)))
    then_refused("not_in_beta")


def test_a_recruiter_shares_feedback_with_the_customer_success_manager() -> None:
    given(approved_employer)
    when(
        ShareFeedback(
            employer_id=ACME, text="I like the feed.", page="/feed", **by(acmes_recruiter)
        )
    )
    then(fact(FeedbackShared, ACME, text="I like the feed.", page="/feed"))


def test_blank_feedback_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="text"):
        ShareFeedback(employer_id=ACME, text=" \n ", **by(acmes_recruiter))


@pytest.mark.parametrize(
    "command",
    [
        JoinBeta(employer_id=ACME, **by(globexs_recruiter)),
        LeaveBeta(employer_id=ACME, **by(globexs_owner)),
        ShareFeedback(employer_id=ACME, text="Hello", **by(globexs_recruiter)),
    ],
    ids=lambda command: type(command).__name__,
)
def test_to_another_employers_recruiter_an_employer_does_not_exist(
    command: JoinBeta | LeaveBeta | ShareFeedback,
) -> None:
    given(approved_employer)
    when(command)
    then_refused("unknown")


def test_a_recruiter_of_no_employer_acts_for_none() -> None:
    nobodys_recruiter = acmes_recruiter.model_copy(update={"employer_id": None})
    given(approved_employer)
    when(JoinBeta(employer_id=ACME, **by(nobodys_recruiter)))
    then_refused("unknown")


def test_everybody_else_acts_for_every_employer() -> None:
    given(approved_employer)
    when(JoinBeta(employer_id=ACME, **by(the_admin)))
    then(fact(BetaJoined, ACME, by=the_admin))
