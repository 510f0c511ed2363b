"""An outreach is sent once, then answered, withdrawn or expired; an accepted one is scheduled."""

from datetime import timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from domain.answering import AcceptOutreach, DeclineOutreach, ExpireOutreach
from domain.candidate_events import CandidateErased, Contacted
from domain.command import Command
from domain.contacting import Message, RequestInterview, SendMessage, WithdrawOutreach
from domain.interviewing import ScheduleInterview
from domain.likelihood import Likelihood
from domain.money import SalaryRange
from domain.outreach import ANSWER_WINDOW, outreach_id
from domain.outreach_events import (
    DeclineReason,
    InterviewRequested,
    InterviewScheduled,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachWithdrawn,
)
from tests.support.given import (
    A_LETTER,
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    DATA_ENGINEER,
    NOW,
    ROBIN,
    TO_CASEY,
    Fact,
    History,
    a_message,
    able_to_write,
    about_casey,
    accepted,
    acmes_recruiter,
    active_candidate,
    an_unanswered_message,
    another_approved_employer,
    by,
    days,
    declined,
    expired,
    fact,
    given,
    globexs_recruiter,
    interview_scheduled,
    message_sent,
    passive_candidate,
    the_platform,
    the_system,
    then,
    then_refused,
    when,
    withdrawn,
)

LETTER: dict[str, Any] = dict(A_LETTER)
CONTACT: dict[str, Any] = {
    "employer_id": ACME,
    "position_id": BACKEND_ENGINEER,
    "outreach_id": TO_CASEY,
}


# --- Sending


def test_a_message_to_a_passive_candidate_is_sent_with_all_its_fields() -> None:
    given(able_to_write, passive_candidate)
    when(
        SendMessage(
            position_id=BACKEND_ENGINEER,
            candidate_id=CASEY,
            message=A_LETTER,
            **by(acmes_recruiter),
        )
    )
    then(
        fact(MessageSent, TO_CASEY, **about_casey, **LETTER, likelihood=None),
        fact(Contacted, CASEY, **CONTACT),
    )


def test_an_active_candidate_is_asked_for_an_interview() -> None:
    given(able_to_write, active_candidate)
    when(
        RequestInterview(
            position_id=BACKEND_ENGINEER,
            candidate_id=CASEY,
            message=A_LETTER,
            **by(acmes_recruiter),
        )
    )
    then(
        fact(InterviewRequested, TO_CASEY, **about_casey, **LETTER, likelihood=None),
        fact(Contacted, CASEY, **CONTACT),
    )


def test_a_message_keeps_the_likelihood_its_sender_was_shown() -> None:
    likelihood = Likelihood(
        probability=0.3,
        logit=-0.85,
        model_position=17,
        feature_version=1,
        model_hash="0f" * 32,
        as_of_position=19,
        estimator_version=4,
    )
    given(able_to_write, passive_candidate)
    when(
        SendMessage(
            position_id=BACKEND_ENGINEER,
            candidate_id=CASEY,
            message=A_LETTER,
            likelihood=likelihood,
            **by(acmes_recruiter),
        )
    )
    then(fact(MessageSent, TO_CASEY, likelihood=likelihood), fact(Contacted, CASEY))


def test_there_is_one_outreach_to_a_candidate_about_a_position() -> None:
    ids = {outreach_id(p, c) for p in (BACKEND_ENGINEER, DATA_ENGINEER) for c in (CASEY, ROBIN)}
    assert len(ids) == 4
    assert outreach_id(BACKEND_ENGINEER, CASEY) in ids


# --- What a message must say

COMPLETE: dict[str, Any] = {
    "subject": "Backend engineer",
    "text": "Your work is what we need.",
    "salary": {"minimum": 1, "maximum": 2, "currency": "USD"},
    "location": "Berlin",
    "sender_name": "Sam",
    "sender_role": "CTO",
}


def refused_fields(said: dict[str, object]) -> set[object]:
    with pytest.raises(ValidationError) as refused:
        Message.model_validate(said)
    return {error["loc"][0] for error in refused.value.errors()}


@pytest.mark.parametrize("field", COMPLETE)
def test_a_missing_field_of_a_message_is_refused_by_name(field: str) -> None:
    without = {name: value for name, value in COMPLETE.items() if name != field}
    assert refused_fields(without) == {field}


@pytest.mark.parametrize("field", ["subject", "text", "location", "sender_name", "sender_role"])
@pytest.mark.parametrize("blank", ["", " ", "\n\t "])
def test_a_blank_field_of_a_message_is_refused_by_name(field: str, blank: str) -> None:
    assert refused_fields(COMPLETE | {field: blank}) == {field}


def test_every_missing_field_of_a_message_is_named_at_once() -> None:
    assert refused_fields({}) == set(COMPLETE)


def test_a_message_about_remote_work_needs_no_location() -> None:
    remote = {**COMPLETE, "location": None, "remote": True}
    assert Message.model_validate(remote).remote


def test_a_salary_from_more_to_less_is_refused() -> None:
    with pytest.raises(ValidationError, match="swap them"):
        SalaryRange(minimum=2, maximum=1, currency="USD")


# --- Answers

accept = AcceptOutreach(outreach_id=TO_CASEY, note="Gladly.", **by(the_platform))
decline = DeclineOutreach(
    outreach_id=TO_CASEY, reason=DeclineReason.SALARY, note="Too low.", **by(the_platform)
)
withdraw = WithdrawOutreach(outreach_id=TO_CASEY, **by(acmes_recruiter))
expire = ExpireOutreach(outreach_id=TO_CASEY, **by(the_system))
schedule = ScheduleInterview(outreach_id=TO_CASEY, starts_at=NOW + days(3), **by(acmes_recruiter))


def test_a_candidate_accepts() -> None:
    given(able_to_write, passive_candidate, a_message)
    when(accept)
    then(fact(OutreachAccepted, TO_CASEY, **about_casey, note="Gladly."))


def test_a_candidate_declines_with_a_reason() -> None:
    given(able_to_write, passive_candidate, a_message)
    when(decline)
    then(
        fact(
            OutreachDeclined,
            TO_CASEY,
            **about_casey,
            reason=DeclineReason.SALARY,
            note="Too low.",
        )
    )


@pytest.mark.parametrize("command", [accept, decline])
def test_who_was_erased_answers_nothing_more(command: Command) -> None:
    given(able_to_write, passive_candidate, a_message, fact(CandidateErased, CASEY))
    when(command)
    then_refused("candidate_is_erased")


def test_no_interview_with_who_was_erased() -> None:
    given(able_to_write, passive_candidate, a_message, accepted, fact(CandidateErased, CASEY))
    when(schedule)
    then_refused("candidate_is_erased")


def test_an_employer_withdraws_what_it_wrote() -> None:
    given(able_to_write, passive_candidate, a_message)
    when(withdraw)
    then(fact(OutreachWithdrawn, TO_CASEY, **about_casey))


def test_an_outreach_expires_when_nobody_has_answered_for_fourteen_days() -> None:
    given(able_to_write, passive_candidate, an_unanswered_message)
    when(expire)
    then(fact(OutreachExpired, TO_CASEY, **about_casey))


def test_an_outreach_does_not_expire_while_it_may_be_answered() -> None:
    sent_at = NOW - ANSWER_WINDOW + timedelta(seconds=1)
    given(able_to_write, passive_candidate, message_sent(at=sent_at))
    when(expire)
    assert then_refused("not_due_yet") == [
        "The candidate may still answer until 15 April 2026, 12:00 UTC."
    ]


def test_the_end_of_the_answer_window_is_told_in_utc_wherever_it_was_sent() -> None:
    sent_at = (NOW - days(2)).astimezone(timezone(timedelta(hours=2)))
    given(able_to_write, passive_candidate, message_sent(at=sent_at))
    when(expire)
    (sentence,) = then_refused("not_due_yet")
    assert "27 April 2026, 12:00 UTC" in sentence


def test_the_last_second_of_the_answer_window_is_in_time() -> None:
    sent_at = NOW - ANSWER_WINDOW + timedelta(seconds=1)
    given(able_to_write, passive_candidate, message_sent(at=sent_at))
    when(accept)
    then(fact(OutreachAccepted, TO_CASEY))


@pytest.mark.parametrize(
    "command", [accept, decline, withdraw], ids=lambda command: type(command).__name__
)
def test_an_answer_after_the_answer_window_comes_too_late(command: Command) -> None:
    given(able_to_write, passive_candidate, an_unanswered_message)
    when(command)
    assert then_refused("outreach_has_expired") == [
        "This outreach expired on 15 April 2026, 14 days after it was sent."
    ]


EVERY_ANSWER = [accept, decline, withdraw, expire]


@pytest.mark.parametrize("command", EVERY_ANSWER, ids=lambda command: type(command).__name__)
@pytest.mark.parametrize(
    ("history", "code"),
    [
        ((accepted,), "already_answered"),
        ((declined,), "already_answered"),
        ((accepted, interview_scheduled), "already_answered"),
        ((withdrawn,), "already_withdrawn"),
        ((expired,), "outreach_has_expired"),
    ],
    ids=["accepted", "declined", "scheduled", "withdrawn", "expired"],
)
def test_what_is_over_is_over(command: Command, history: tuple[Fact, ...], code: str) -> None:
    given(able_to_write, passive_candidate, a_message, history)
    when(command)
    then_refused(code)


def test_a_refusal_says_how_it_was_answered() -> None:
    given(able_to_write, passive_candidate, a_message, declined)
    when(accept)
    (sentence,) = then_refused("already_answered")
    assert "(declined)" in sentence


# --- The interview


def test_an_interview_is_scheduled_once_the_candidate_has_accepted() -> None:
    given(able_to_write, passive_candidate, a_message, accepted)
    when(schedule)
    then(fact(InterviewScheduled, TO_CASEY, **about_casey, starts_at=NOW + days(3)))


def test_scheduling_again_moves_the_interview() -> None:
    given(able_to_write, passive_candidate, a_message, accepted, interview_scheduled)
    when(schedule.model_copy(update={"starts_at": NOW + days(5)}))
    then(fact(InterviewScheduled, TO_CASEY, starts_at=NOW + days(5)))


def test_scheduling_for_the_same_time_again_changes_nothing() -> None:
    given(able_to_write, passive_candidate, a_message, accepted, interview_scheduled)
    when(schedule)
    then_refused("interview_unchanged")


def test_what_is_one_line_stays_one_line() -> None:
    letter = {
        **dict(A_LETTER),
        "subject": "A role\r\nBcc: all@example.com",
        "sender_name": "Ro\nbin",
    }
    message = Message(**letter)
    assert (message.subject, message.sender_name) == ("A role Bcc: all@example.com", "Ro bin")
    assert Message(**letter | {"text": "One\r\n\r\nTwo"}).text == "One\r\n\r\nTwo"
    with pytest.raises(ValidationError, match="at least 1 character"):
        Message(**letter | {"subject": "\r\n \u2028"})


@pytest.mark.parametrize("history", [(), declined, withdrawn, expired])
def test_no_interview_without_a_yes(history: History) -> None:
    given(able_to_write, passive_candidate, a_message, history)
    when(schedule)
    then_refused("not_accepted")


@pytest.mark.parametrize("starts_at", [NOW, NOW - days(1)])
def test_no_interview_in_the_past(starts_at: object) -> None:
    given(able_to_write, passive_candidate, a_message, accepted)
    when(schedule.model_copy(update={"starts_at": starts_at}))
    then_refused("interview_in_past")


def test_scheduling_is_refused_for_every_reason_at_once() -> None:
    given(able_to_write, passive_candidate, a_message)
    when(schedule.model_copy(update={"starts_at": NOW - days(1)}))
    then_refused("not_accepted", "interview_in_past")


# --- Whose it is


@pytest.mark.parametrize(
    "command",
    [
        WithdrawOutreach(outreach_id=TO_CASEY, **by(globexs_recruiter)),
        ScheduleInterview(outreach_id=TO_CASEY, starts_at=NOW + days(3), **by(globexs_recruiter)),
    ],
    ids=lambda command: type(command).__name__,
)
def test_to_a_recruiter_another_employers_outreach_does_not_exist(command: Command) -> None:
    given(able_to_write, another_approved_employer, passive_candidate, a_message)
    when(command)
    assert then_refused("unknown") == [f"There is no outreach {TO_CASEY}; check the id."]


@pytest.mark.parametrize(
    "command", [*EVERY_ANSWER, schedule], ids=lambda command: type(command).__name__
)
def test_nobody_answers_what_was_never_sent(command: Command) -> None:
    given(able_to_write, passive_candidate)
    when(command)
    then_refused("unknown")
