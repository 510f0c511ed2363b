"""Few answers bring an employer a warning, then two weeks of single messages."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.candidate_events import Contacted, ContactRetracted
from domain.contacting import FollowUp, RequestInterview, SendMessage
from domain.delivering import ReleaseLetter
from domain.employer import ReviewAnswerRate
from domain.employer_events import AnswerRateRecovered, AnswerRateWarned, BulkRestricted
from domain.outreach_events import FollowUpSent, LetterReleased, LetterStopped, MessageSent
from domain.sender_standing import AnswerRate, SenderStanding
from tests.support.given import (
    A_LETTER,
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    GLOBEX,
    NOW,
    TO_CASEY,
    Fact,
    able_to_write,
    about_casey,
    acmes_recruiter,
    active_candidate,
    approved,
    approved_employer,
    by,
    days,
    fact,
    given,
    message_sent,
    passive_candidate,
    the_system,
    then,
    then_refused,
    told,
    when,
)

A_SECOND = timedelta(seconds=1)
FEW, ENOUGH = 12, 13
COUNTED: dict[str, Any] = {"messages": 100, "answered": FEW}
ASKED: dict[str, Any] = {
    "position_id": BACKEND_ENGINEER,
    "candidate_id": CASEY,
    "message": A_LETTER,
}


def review(answered: int, messages: int = 100) -> ReviewAnswerRate:
    rate = AnswerRate(messages=messages, answered=answered)
    return ReviewAnswerRate(employer_id=ACME, rate=rate, **by(the_system))


def warned(at: datetime) -> Fact:
    return fact(AnswerRateWarned, ACME, at=at, **COUNTED, grace_ends_at=at + days(7))


def restricted(until: datetime, employer: UUID = ACME) -> Fact:
    return fact(BulkRestricted, employer, at=until - days(14), **COUNTED, until=until)


def send(*, bulk: bool) -> SendMessage:
    return SendMessage(**ASKED, bulk=bulk, **by(acmes_recruiter))


def then_nothing_is_recorded() -> None:
    assert told().outcome == []


# --- The warning


def test_an_employer_is_warned_if_fewer_than_13_of_100_messages_are_answered() -> None:
    given(approved_employer)
    when(review(FEW))
    then(fact(AnswerRateWarned, ACME, **COUNTED, grace_ends_at=NOW + days(7)))


@pytest.mark.parametrize(
    ("messages", "answered", "is_low"),
    [
        (99, 0, False),
        (100, 0, True),
        (100, 12, True),
        (100, 13, False),
        (1000, 129, True),
        (1000, 130, False),
        (101, 13, True),  # 12.87 %
        (107, 14, False),  # 13.08 %
        (0, 0, False),
    ],
)
def test_the_limits_are_100_messages_and_13_percent(
    messages: int, answered: int, is_low: bool
) -> None:
    given(approved_employer)
    when(review(answered, messages))
    outcome = told().outcome
    assert isinstance(outcome, list)
    assert [type(event) for event in outcome] == [AnswerRateWarned] * is_low


def test_within_the_grace_nothing_more_follows() -> None:
    given(approved_employer, warned(NOW - days(7) + A_SECOND))
    when(review(FEW))
    then_nothing_is_recorded()


def test_nor_is_a_warning_lifted_within_the_grace() -> None:
    given(approved_employer, warned(NOW - days(7) + A_SECOND))
    when(review(ENOUGH))
    then_nothing_is_recorded()


def test_a_warned_employer_goes_on_sending_bulk_messages() -> None:
    given(able_to_write, passive_candidate, warned(NOW - days(6)))
    when(send(bulk=True))
    then(fact(MessageSent, TO_CASEY, bulk=True), fact(Contacted, CASEY))


def test_nothing_is_reviewed_of_an_employer_that_does_not_exist() -> None:
    given()
    when(review(FEW))
    then_refused("unknown")


# --- After the grace


def test_if_as_few_answer_after_the_grace_bulk_messages_are_restricted_for_two_weeks() -> None:
    given(approved_employer, warned(NOW - days(7)))
    when(review(5, messages=120))
    then(fact(BulkRestricted, ACME, messages=120, answered=5, until=NOW + days(14)))


def test_if_enough_answer_after_the_grace_the_warning_is_over() -> None:
    given(approved_employer, warned(NOW - days(7)))
    when(review(ENOUGH))
    then(fact(AnswerRateRecovered, ACME, messages=100, answered=ENOUGH))


def test_so_it_is_for_an_employer_that_hardly_writes_any_more() -> None:
    given(approved_employer, warned(NOW - days(7)))
    when(review(0, messages=99))
    then(fact(AnswerRateRecovered, ACME))


def test_after_a_recovery_an_employer_is_warned_anew_before_it_is_restricted() -> None:
    recovered = fact(AnswerRateRecovered, ACME, messages=100, answered=20)
    given(approved_employer, warned(NOW - days(30)), recovered)
    when(review(FEW))
    then(fact(AnswerRateWarned, ACME, grace_ends_at=NOW + days(7)))


def test_a_review_that_comes_days_late_restricts_for_two_whole_weeks() -> None:
    given(approved_employer, warned(NOW - days(40)))
    when(review(FEW))
    then(fact(BulkRestricted, ACME, until=NOW + days(14)))


@pytest.mark.parametrize("answered", [FEW, ENOUGH])
def test_while_restricted_nothing_more_follows(answered: int) -> None:
    given(approved_employer, restricted(until=NOW + A_SECOND))
    when(review(answered))
    then_nothing_is_recorded()


def test_after_the_restriction_an_employer_may_be_warned_again() -> None:
    given(approved_employer, restricted(until=NOW))
    when(review(FEW))
    then(fact(AnswerRateWarned, ACME, grace_ends_at=NOW + days(7)))


# --- What is restricted


def test_while_restricted_no_bulk_message_is_sent() -> None:
    given(able_to_write, passive_candidate, restricted(until=NOW + A_SECOND))
    when(send(bulk=True))
    assert then_refused("bulk_messages_restricted") == [
        "Few people answer your messages; until 15 April 2026, 12:00 UTC send them one by one."
    ]


def test_single_messages_are_sent_and_record_the_standing() -> None:
    given(able_to_write, passive_candidate, restricted(until=NOW + A_SECOND))
    when(send(bulk=False))
    then(fact(MessageSent, TO_CASEY, bulk=False), fact(Contacted, CASEY))
    assert standing_recorded() is SenderStanding.RESTRICTED


def test_once_the_restriction_ends_bulk_messages_are_sent_again() -> None:
    given(able_to_write, passive_candidate, restricted(until=NOW))
    when(send(bulk=True))
    then(fact(MessageSent, TO_CASEY, bulk=True), fact(Contacted, CASEY))
    assert standing_recorded() is SenderStanding.GOOD


def test_a_message_records_that_its_sender_was_warned() -> None:
    given(able_to_write, passive_candidate, warned(NOW - days(1)))
    when(send(bulk=False))
    assert standing_recorded() is SenderStanding.WARNED


def standing_recorded() -> SenderStanding | None:
    (sent,) = (event for event in told().happened if isinstance(event, MessageSent))
    assert sent.grounds
    return sent.grounds.sender


def test_another_employer_is_not_restricted_with_it() -> None:
    of_globex = (approved(GLOBEX), restricted(until=NOW + days(1), employer=GLOBEX))
    given(able_to_write, passive_candidate, of_globex)
    when(send(bulk=True))
    then(fact(MessageSent, TO_CASEY), fact(Contacted, CASEY))


def test_interview_requests_go_on() -> None:
    given(able_to_write, active_candidate, restricted(until=NOW + days(1)))
    when(RequestInterview(**ASKED, **by(acmes_recruiter)))
    assert isinstance(told().outcome, list)


def test_a_follow_up_is_a_single_message() -> None:
    sent = message_sent(at=NOW - days(5), bulk=True)
    given(able_to_write, passive_candidate, sent, restricted(until=NOW + days(1)))
    said = {**by(acmes_recruiter), "text": "Still?", "sender_name": "Sam"}
    when(FollowUp(outreach_id=TO_CASEY, **said))
    then(fact(FollowUpSent, TO_CASEY), fact(Contacted, CASEY))
    when(ReleaseLetter(outreach_id=TO_CASEY, letter=2, **by(the_system)))
    then(fact(LetterReleased, TO_CASEY))


# --- Letters that have not left yet


def test_a_bulk_message_that_has_not_left_is_stopped_by_a_restriction() -> None:
    waiting = message_sent(at=NOW - days(1), deliver_at=NOW, bulk=True)
    given(able_to_write, passive_candidate, waiting, restricted(until=NOW + days(1)))
    when(ReleaseLetter(outreach_id=TO_CASEY, letter=1, **by(the_system)))
    reasons = ("bulk_messages_restricted",)
    stopped = fact(LetterStopped, TO_CASEY, letter=1, reasons=reasons, **about_casey)
    then(stopped, fact(ContactRetracted, CASEY))


def test_a_single_one_leaves() -> None:
    waiting = message_sent(at=NOW - days(1), deliver_at=NOW)
    given(able_to_write, passive_candidate, waiting, restricted(until=NOW + days(1)))
    when(ReleaseLetter(outreach_id=TO_CASEY, letter=1, **by(the_system)))
    then(fact(LetterReleased, TO_CASEY))
