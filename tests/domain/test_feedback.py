"""Feedback that was shared is answered, read by its sender, and done."""

from typing import Any

import pytest

from domain.actor import Actor, Role
from domain.employer_events import FeedbackShared
from domain.event import ERASED
from domain.feedback import (
    AnswerFeedback,
    FeedbackAnswered,
    FeedbackAnswerRead,
    FeedbackMarkedDone,
    FeedbackReopened,
    MarkFeedbackAnswerRead,
    SetFeedbackDone,
    feedback_id,
)
from infrastructure.event_log.codec import EventMapper
from tests.support.given import (
    ACME,
    acmes_recruiter,
    by,
    fact,
    given,
    registered_employer,
    then,
    then_refused,
    told,
    when,
)

a_csm = Actor(id="csm-1", role=Role.CSM)
a_colleague = Actor(id="recruiter-9", role=Role.RECRUITER, employer_id=ACME)
SHARED: dict[str, Any] = {"employer_id": ACME, "number": 2}
shared = fact(FeedbackShared, ACME, text="Fine cards.", page="/help", by=acmes_recruiter)
IT = feedback_id(ACME, 2)
ANSWER: dict[str, Any] = {"text": "Thank you.", "signed_by": "Morgan Manager"}
answered = fact(FeedbackAnswered, IT, **SHARED, **ANSWER)


def answer() -> AnswerFeedback:
    return AnswerFeedback(**SHARED, **ANSWER, **by(a_csm))


def set_done(done: bool) -> SetFeedbackDone:
    return SetFeedbackDone(**SHARED, done=done, **by(a_csm))


def read(up_to: int, reader: Actor = acmes_recruiter) -> MarkFeedbackAnswerRead:
    return MarkFeedbackAnswerRead(**SHARED, up_to=up_to, **by(reader))


def test_feedback_is_answered() -> None:
    given(registered_employer, shared)
    when(answer())
    then(answered)


@pytest.mark.parametrize("number", [1, 3])
def test_only_what_is_feedback_is_answered(number: int) -> None:
    given(registered_employer, shared)
    when(AnswerFeedback(employer_id=ACME, number=number, **ANSWER, **by(a_csm)))
    then_refused("unknown")


def test_feedback_is_done_and_reopened_each_once() -> None:
    given(registered_employer, shared)
    when(set_done(True))
    then(fact(FeedbackMarkedDone, IT, **SHARED))
    when(set_done(True))
    then()
    when(set_done(False))
    then(fact(FeedbackReopened, IT, **SHARED))


def test_its_sender_has_read_the_answer() -> None:
    given(registered_employer, shared, answered)
    when(read(7))
    then(fact(FeedbackAnswerRead, IT, **SHARED, up_to=1))
    when(read(1))
    then()


def test_nobody_else_reads_in_the_senders_place() -> None:
    given(registered_employer, shared, answered)
    when(read(1, a_colleague))
    then_refused("unknown")


def test_an_answer_is_sealed_under_the_employers_key() -> None:
    given(registered_employer, shared, answered)
    event = told().happened[2]
    assert b"Thank" not in EventMapper(told().keys).to_stored_event(event).state
    told().keys.destroyed.add(ACME)
    (*_, unreadable) = told().read()
    assert isinstance(unreadable, FeedbackAnswered)
    assert (unreadable.text, unreadable.signed_by) == (ERASED, ERASED)
