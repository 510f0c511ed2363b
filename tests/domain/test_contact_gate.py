"""Whether an employer may write to a candidate about a position, and every reason why not."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.candidate_commands import BlockEmployer
from domain.contact_gate import CONTACT_WINDOW
from domain.contacting import RequestInterview, SendMessage
from domain.employer_events import BetaLeft, EmployerSuspended
from domain.outreach_events import InterviewRequested, MessageSent
from tests.support.given import (
    A_LETTER,
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    DATA_ENGINEER,
    GLOBEX,
    GLOBEX_ENGINEER,
    NOW,
    SIX_MONTHS_AGO,
    History,
    a_message,
    able_to_write,
    acmes_recruiter,
    active_candidate,
    another_approved_employer,
    another_employers_position,
    another_open_position,
    approved_employer,
    blocked_acme,
    by,
    closed_position,
    contacted,
    days,
    erased,
    fact,
    given,
    globexs_recruiter,
    in_the_beta,
    member,
    message_sent,
    open_position,
    opted_in,
    opted_out,
    passive_candidate,
    registered_employer,
    signed_up,
    suspended_employer,
    the_admin,
    then_refused,
    told,
    was_active,
    when,
    withdrawn,
)

Approach = SendMessage | RequestInterview

ASKED: dict[str, Any] = {
    "position_id": BACKEND_ENGINEER,
    "candidate_id": CASEY,
    "message": A_LETTER,
}
send = SendMessage(**ASKED, **by(acmes_recruiter))
request = RequestInterview(**ASKED, **by(acmes_recruiter))
was_active_lately = was_active(at=NOW - days(1))

either_way = pytest.mark.parametrize(
    ("approach", "candidate"),
    [(send, passive_candidate), (request, active_candidate)],
    ids=["message", "interview request"],
)


def then_it_is_sent() -> None:
    outcome = told().outcome
    assert isinstance(outcome, list), f"refused: {outcome}"
    assert any(isinstance(event, MessageSent | InterviewRequested) for event in outcome)


# --- The employer


@either_way
def test_an_employer_that_is_not_approved_writes_to_nobody(
    approach: Approach, candidate: History
) -> None:
    given(registered_employer, open_position, candidate)
    when(approach)
    then_refused("employer_not_approved")


@either_way
def test_a_suspended_employer_writes_to_nobody(approach: Approach, candidate: History) -> None:
    given(able_to_write, fact(EmployerSuspended, ACME, reason="spam"), candidate)
    when(approach)
    then_refused("employer_is_suspended")


def test_only_from_the_beta_are_passive_candidates_reached() -> None:
    given(approved_employer, open_position, passive_candidate)
    when(send)
    then_refused("not_in_beta")


def test_who_left_the_beta_reaches_passive_candidates_no_longer() -> None:
    given(able_to_write, fact(BetaLeft, ACME), passive_candidate)
    when(send)
    then_refused("not_in_beta")


def test_active_candidates_are_reached_without_the_beta() -> None:
    given(approved_employer, open_position, active_candidate)
    when(request)
    then_it_is_sent()


# --- The position


@either_way
def test_nobody_is_approached_about_a_closed_position(
    approach: Approach, candidate: History
) -> None:
    given(approved_employer, in_the_beta, closed_position, candidate)
    when(approach)
    then_refused("position_is_closed")


@either_way
def test_to_a_recruiter_another_employers_position_does_not_exist(
    approach: Approach, candidate: History
) -> None:
    given(able_to_write, another_approved_employer, another_employers_position, candidate)
    when(approach.model_copy(update={"position_id": GLOBEX_ENGINEER}))
    assert then_refused("unknown") == [f"There is no position {GLOBEX_ENGINEER}; check the id."]


def test_whose_position_it_is_comes_before_every_other_reason() -> None:
    given(able_to_write, another_approved_employer, passive_candidate, opted_out)
    when(send.model_copy(update={"by": globexs_recruiter}))
    then_refused("unknown")


def test_who_is_no_recruiter_may_write_for_any_employer() -> None:
    given(able_to_write, passive_candidate)
    when(send.model_copy(update={"by": the_admin}))
    then_it_is_sent()


@either_way
def test_nobody_is_approached_about_a_position_that_does_not_exist(
    approach: Approach, candidate: History
) -> None:
    given(approved_employer, in_the_beta, candidate)
    when(approach)
    then_refused("unknown")


# --- The candidate


@pytest.mark.parametrize("approach", [send, request], ids=["message", "interview request"])
def test_nobody_is_approached_who_never_signed_up(approach: Approach) -> None:
    given(able_to_write)
    when(approach)
    assert then_refused("unknown") == [f"There is no candidate {CASEY}; check the id."]


def test_who_never_opted_in_is_not_written_to() -> None:
    given(able_to_write, member)
    when(send)
    then_refused("candidate_opted_out")


@either_way
def test_a_candidate_who_opted_out_meanwhile_is_not_written_to(
    approach: Approach, candidate: History
) -> None:
    given(able_to_write, candidate, opted_out)
    when(approach)
    then_refused("candidate_opted_out")


def test_who_opted_in_again_is_written_to() -> None:
    given(able_to_write, passive_candidate, opted_out, opted_in)
    when(send)
    then_it_is_sent()


@either_way
def test_who_blocked_the_employer_is_not_written_to(approach: Approach, candidate: History) -> None:
    given(able_to_write, candidate, blocked_acme)
    when(approach)
    then_refused("candidate_blocked_employer")


def test_a_blocked_employer_stays_blocked_when_another_is_blocked() -> None:
    given(able_to_write, passive_candidate, blocked_acme)
    when(BlockEmployer(candidate_id=CASEY, employer_id=GLOBEX, **by(the_admin)))
    when(send)
    then_refused("candidate_blocked_employer")


@pytest.mark.parametrize("candidate", [passive_candidate, active_candidate])
@pytest.mark.parametrize("approach", [send, request], ids=["message", "interview request"])
def test_who_asked_to_be_forgotten_is_left_alone_and_no_more_is_said(
    approach: Approach, candidate: History
) -> None:
    given(able_to_write, candidate, blocked_acme, contacted(NOW, NOW, NOW), erased)
    when(approach)
    then_refused("candidate_is_erased")


# --- Active or passive


def test_an_active_candidate_is_not_sent_a_message() -> None:
    given(able_to_write, active_candidate)
    when(send)
    then_refused("candidate_not_passive")


def test_a_passive_candidate_is_not_asked_for_an_interview() -> None:
    given(able_to_write, passive_candidate)
    when(request)
    then_refused("candidate_not_active")


def test_the_six_month_anniversary_itself_counts() -> None:
    given(able_to_write, signed_up(at=SIX_MONTHS_AGO), opted_in)
    when(send)
    then_it_is_sent()


def test_the_day_before_the_anniversary_is_too_early() -> None:
    given(able_to_write, signed_up(at=SIX_MONTHS_AGO + days(1)), opted_in)
    when(send.model_copy(update={"at": NOW - days(1)}))
    then_refused("candidate_not_passive")


def test_passivity_is_judged_when_the_message_is_sent() -> None:
    given(able_to_write, passive_candidate, was_active_lately)
    when(send)
    then_refused("candidate_not_passive")


# --- Not too often


@either_way
def test_a_candidate_hears_of_a_position_once(approach: Approach, candidate: History) -> None:
    given(able_to_write, candidate, a_message)
    when(approach)
    then_refused("already_contacted")


def test_not_even_after_the_message_was_withdrawn() -> None:
    given(able_to_write, passive_candidate, a_message, withdrawn)
    when(send)
    then_refused("already_contacted")


def test_a_candidate_may_hear_of_another_position() -> None:
    given(able_to_write, another_open_position, passive_candidate, a_message)
    when(send.model_copy(update={"position_id": DATA_ENGINEER}))
    then_it_is_sent()


@either_way
def test_a_candidate_is_written_to_three_times_within_thirty_days(
    approach: Approach, candidate: History
) -> None:
    given(able_to_write, candidate, contacted(NOW - days(29), NOW - days(2)))
    when(approach)
    then_it_is_sent()


@either_way
def test_a_fourth_time_within_thirty_days_is_once_too_often(
    approach: Approach, candidate: History
) -> None:
    given(able_to_write, candidate, contacted(NOW - days(29), NOW - days(2), NOW - days(1)))
    when(approach)
    (sentence,) = then_refused("candidate_contacted_too_often")
    assert "3 times within 30 days" in sentence


def test_after_thirty_days_to_the_second_a_contact_no_longer_counts() -> None:
    oldest = NOW - CONTACT_WINDOW
    given(able_to_write, passive_candidate, contacted(oldest, NOW - days(2), NOW - days(1)))
    when(send)
    then_it_is_sent()


def test_a_second_earlier_it_does() -> None:
    oldest = NOW - CONTACT_WINDOW + timedelta(seconds=1)
    given(able_to_write, passive_candidate, contacted(oldest, NOW - days(2), NOW - days(1)))
    when(send)
    then_refused("candidate_contacted_too_often")


# --- Every reason at once


def test_a_message_is_refused_for_every_reason_at_once() -> None:
    given(
        approved_employer,
        message_sent(at=NOW - days(3)),
        closed_position,
        (member, opted_in, opted_out, was_active_lately, blocked_acme),
        contacted(NOW - days(2), NOW - days(1)),
    )
    when(send)
    then_refused(
        "not_in_beta",
        "position_is_closed",
        "already_contacted",
        "candidate_opted_out",
        "candidate_blocked_employer",
        "candidate_contacted_too_often",
        "candidate_not_passive",
    )


def test_an_interview_request_is_refused_for_every_reason_at_once() -> None:
    given(
        suspended_employer,
        message_sent(at=NOW - days(3)),
        closed_position,
        (member, opted_in, opted_out, blocked_acme),
        contacted(NOW - days(2), NOW - days(1)),
    )
    when(request)
    then_refused(
        "employer_is_suspended",
        "position_is_closed",
        "already_contacted",
        "candidate_opted_out",
        "candidate_blocked_employer",
        "candidate_contacted_too_often",
        "candidate_not_active",
    )


def test_whichever_offset_a_moment_was_told_in_it_is_the_same_moment() -> None:
    told_in_tokyo = datetime.fromisoformat("2026-04-15T08:59:00+09:00")
    given(able_to_write, signed_up(at=SIX_MONTHS_AGO), opted_in)
    when(SendMessage(**ASKED, **by(acmes_recruiter, at=told_in_tokyo)))
    then_refused("candidate_not_passive")
