"""A letter leaves after the undo window, if the contact gate still allows it, and only then."""

from datetime import timedelta
from typing import Any

import pytest

from domain.candidate_events import AddressBounced, Contacted, ContactRetracted, OptedOut
from domain.contacting import EditMessage, SendMessage, WithdrawOutreach
from domain.delivering import NoteDelivery, NoteFailure, ReleaseLetter
from domain.outreach import ANSWER_WINDOW, outreach_id
from domain.outreach_events import (
    Channel,
    FollowUpSent,
    Grounds,
    LetterDelivered,
    LetterFailed,
    LetterReleased,
    LetterStopped,
    MessageEdited,
    MessageSent,
    OutreachUndone,
    OutreachWithdrawn,
)
from domain.sender_standing import SenderStanding
from tests.support.given import (
    A_LETTER,
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    LONG_AGO,
    NOW,
    TO_CASEY,
    History,
    able_to_write,
    about_casey,
    acmes_recruiter,
    blocked_acme,
    by,
    closed_position,
    contacted,
    days,
    erased,
    fact,
    given,
    message_sent,
    opted_out,
    passive_candidate,
    suspended_employer,
    the_system,
    then,
    then_refused,
    when,
)

WINDOW = timedelta(minutes=5)
SENT_AT = NOW - WINDOW
ABOUT: dict[str, Any] = {**about_casey, "letter": 1}
RETRACTED: dict[str, Any] = {
    "employer_id": ACME,
    "position_id": BACKEND_ENGINEER,
    "outreach_id": TO_CASEY,
    "contacted_at": SENT_AT,
}

GROUNDS_OF_TWO = Grounds(
    last_active_at=LONG_AGO, contacts=2, contacts_allowed=3, sender=SenderStanding.GOOD
)

waiting: History = (able_to_write, passive_candidate, message_sent(at=SENT_AT, deliver_at=NOW))
released = fact(LetterReleased, TO_CASEY, **ABOUT)
delivered = fact(LetterDelivered, TO_CASEY, message_id="<1>", channel="mail", **ABOUT)
release = ReleaseLetter(outreach_id=TO_CASEY, letter=1, **by(the_system))
deliver = NoteDelivery(
    outreach_id=TO_CASEY, letter=1, message_id="<1>", channel=Channel.MAIL, **by(the_system)
)
bounce = NoteFailure(
    outreach_id=TO_CASEY, letter=1, code="550 5.1.1", bad_address=True, **by(the_system)
)
withdraw = WithdrawOutreach(outreach_id=TO_CASEY, **by(acmes_recruiter))
send_again = SendMessage(
    position_id=BACKEND_ENGINEER,
    candidate_id=CASEY,
    message=A_LETTER,
    undo_window=WINDOW,
    **by(acmes_recruiter),
)


# --- The undo window


def test_a_message_says_when_its_letter_leaves_and_on_what_grounds() -> None:
    given(able_to_write, passive_candidate)
    when(send_again)
    grounds = Grounds(
        last_active_at=LONG_AGO, contacts=0, contacts_allowed=3, sender=SenderStanding.GOOD
    )
    sent: dict[str, Any] = {"deliver_at": NOW + WINDOW, "grounds": grounds}
    then(fact(MessageSent, TO_CASEY, **sent), fact(Contacted, CASEY))


def test_a_letter_does_not_leave_within_the_undo_window() -> None:
    given(waiting)
    early = by(the_system, at=NOW - timedelta(seconds=1))
    when(ReleaseLetter(outreach_id=TO_CASEY, letter=1, **early))
    then_refused("letter_not_due")


def test_a_message_taken_back_in_time_is_undone_and_does_not_count_as_a_contact() -> None:
    given(waiting)
    when(withdraw)
    then(fact(OutreachUndone, TO_CASEY), fact(ContactRetracted, CASEY, **RETRACTED))


def test_a_message_that_has_left_is_withdrawn() -> None:
    given(waiting, released)
    when(withdraw)
    then(fact(OutreachWithdrawn, TO_CASEY))


def test_a_message_that_was_undone_never_leaves() -> None:
    given(waiting, fact(OutreachUndone, TO_CASEY, **about_casey))
    when(release)
    then_refused("no_such_letter")


def test_after_an_undone_message_another_can_be_sent_as_an_outreach_of_its_own() -> None:
    undone = fact(OutreachUndone, TO_CASEY, **about_casey)
    given(waiting, undone, fact(ContactRetracted, CASEY, **RETRACTED))
    when(send_again)
    again = outreach_id(BACKEND_ENGINEER, CASEY, 1)
    then(fact(MessageSent, again), fact(Contacted, CASEY, outreach_id=again))


def test_a_message_can_be_edited_before_it_leaves() -> None:
    given(waiting)
    edited = A_LETTER.model_copy(update={"subject": "Better words"})
    when(EditMessage(outreach_id=TO_CASEY, message=edited, **by(acmes_recruiter)))
    then(fact(MessageEdited, TO_CASEY, subject="Better words", text=A_LETTER.text))


def test_a_message_that_has_left_cannot_be_edited() -> None:
    given(waiting, released)
    when(EditMessage(outreach_id=TO_CASEY, message=A_LETTER, **by(acmes_recruiter)))
    then_refused("too_late_to_edit")


def test_a_message_that_others_deliver_is_nothing_to_release() -> None:
    given(able_to_write, passive_candidate, message_sent(at=SENT_AT))
    when(release)
    then_refused("no_such_letter")


def test_of_contacts_at_the_same_moment_only_the_one_that_was_undone_is_taken_back() -> None:
    others = contacted(*[NOW - days(1)] * 3)
    undone = {**RETRACTED, "contacted_at": NOW - days(1)}
    given(able_to_write, passive_candidate, others, fact(ContactRetracted, CASEY, **undone))
    when(send_again)
    again = outreach_id(BACKEND_ENGINEER, CASEY, 1)
    then(fact(MessageSent, again, grounds=GROUNDS_OF_TWO), fact(Contacted, CASEY))


# --- When it leaves


def test_a_letter_leaves_at_the_end_of_the_window() -> None:
    given(waiting)
    when(release)
    then(fact(LetterReleased, TO_CASEY, letter=1))


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        (opted_out, "candidate_opted_out"),
        (blocked_acme, "candidate_blocked_employer"),
        (suspended_employer[1], "employer_is_suspended"),
        (closed_position[1], "position_is_closed"),
        (fact(AddressBounced, CASEY), "address_has_bounced"),
    ],
)
def test_what_happened_meanwhile_stops_the_letter(meanwhile: History, code: str) -> None:
    given(waiting, meanwhile)
    when(release)
    stopped = fact(LetterStopped, TO_CASEY, letter=1, reasons=(code,))
    then(stopped, fact(ContactRetracted, CASEY, **RETRACTED))


def test_after_an_erasure_the_letter_is_stopped() -> None:
    given(waiting, erased)
    when(release)
    then(fact(LetterStopped, TO_CASEY, reasons=("candidate_is_erased",)))


def test_another_attempt_is_allowed_without_another_event() -> None:
    given(waiting, released)
    when(release)
    then()


def test_an_opt_out_between_two_attempts_stops_the_letter() -> None:
    given(waiting, released, fact(OptedOut, CASEY))
    when(release)
    then(fact(LetterStopped, TO_CASEY), fact(ContactRetracted, CASEY))


# --- What became of it


def test_a_delivery_is_recorded_once() -> None:
    given(waiting, released)
    when(deliver)
    then(fact(LetterDelivered, TO_CASEY, letter=1, message_id="<1>", channel=Channel.MAIL))
    given(waiting, released, delivered)
    when(deliver)
    then()


def test_a_letter_that_has_not_left_cannot_be_delivered() -> None:
    given(waiting)
    when(deliver)
    then_refused("no_such_letter")


def test_a_bounce_ends_the_outreach_and_marks_the_address() -> None:
    given(waiting, released, delivered)
    when(bounce)
    then(
        fact(LetterFailed, TO_CASEY, code="550 5.1.1", bad_address=True),
        fact(ContactRetracted, CASEY),
        fact(AddressBounced, CASEY),
    )


def test_a_bounce_is_recorded_once() -> None:
    given(waiting, released, fact(LetterFailed, TO_CASEY, code="550", bad_address=True, **ABOUT))
    when(bounce)
    then()


def test_nobody_writes_to_an_address_that_bounced() -> None:
    given(able_to_write, passive_candidate, fact(AddressBounced, CASEY))
    when(send_again)
    then_refused("address_has_bounced")


def test_a_message_that_was_not_delivered_is_not_answered() -> None:
    failed = fact(LetterFailed, TO_CASEY, code="550", bad_address=False, **ABOUT)
    given(waiting, released, failed)
    when(withdraw)
    then_refused("not_delivered")


def test_a_follow_up_that_fails_leaves_the_outreach_as_it_is() -> None:
    follow_up = fact(
        FollowUpSent, TO_CASEY, at=NOW, text="?", sender_name="S", deliver_at=NOW, **about_casey
    )
    on_its_way = fact(LetterReleased, TO_CASEY, **{**ABOUT, "letter": 4})
    given(waiting, released, delivered, follow_up, on_its_way)
    failing: dict[str, Any] = {"letter": 4, "code": "554", "bad_address": False}
    when(NoteFailure(outreach_id=TO_CASEY, **failing, **by(the_system)))
    then(fact(LetterFailed, TO_CASEY, letter=4))


def test_a_letter_that_nobody_could_answer_any_more_does_not_leave() -> None:
    given(waiting)
    when(
        ReleaseLetter(outreach_id=TO_CASEY, letter=1, **by(the_system, at=SENT_AT + ANSWER_WINDOW))
    )
    late: dict[str, Any] = {"at": SENT_AT + ANSWER_WINDOW}
    then(
        fact(LetterStopped, TO_CASEY, reasons=("outreach_has_expired",), **late, **ABOUT),
        fact(ContactRetracted, CASEY, **late, **RETRACTED),
    )


def test_a_letter_that_is_tried_again_does_not_leave_once_it_was_withdrawn() -> None:
    given(waiting, released, fact(OutreachWithdrawn, TO_CASEY, **about_casey))
    when(release)
    then(fact(LetterStopped, TO_CASEY, reasons=("already_withdrawn",), **ABOUT))
