"""A candidate answers, asks back or asks for later; the employer follows up once, and replies."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.answering import (
    AcceptOutreach,
    Contact,
    EndPostponement,
    ExpireOutreach,
    PostponeOutreach,
    ReceiveReply,
)
from domain.candidate_commands import SetContactBudget
from domain.candidate_events import ContactBudgetSet, Contacted
from domain.contacting import (
    CorrectAnswer,
    FollowUp,
    MarkThreadRead,
    ReplyToCandidate,
    SendMessage,
)
from domain.outreach_events import (
    AnswerCorrected,
    Channel,
    ContactDisclosed,
    FollowUpSent,
    OutreachAccepted,
    OutreachDeclined,
    OutreachExpired,
    OutreachPostponed,
    PostponementEnded,
    ReplyReceived,
    ReplySent,
    Status,
    ThreadRead,
    Understood,
)
from tests.support.given import (
    A_LETTER,
    BACKEND_ENGINEER,
    CASEY,
    NOW,
    TO_CASEY,
    History,
    able_to_write,
    about_casey,
    accepted,
    acmes_recruiter,
    blocked_acme,
    by,
    contacted,
    days,
    declined,
    erased,
    fact,
    given,
    globexs_recruiter,
    message_sent,
    named,
    opted_out,
    passive_candidate,
    the_platform,
    the_system,
    then,
    then_refused,
    when,
)

SIX_DAYS_AGO = NOW - days(6)
TOMORROW = (NOW + days(1)).date()

sent: History = (able_to_write, passive_candidate, message_sent(at=SIX_DAYS_AGO))
postponed = fact(OutreachPostponed, TO_CASEY, until=TOMORROW, **about_casey)


def wrote(understood: Understood = Understood.UNCLEAR) -> History:
    reply: dict[str, Any] = {"text": "Why me?", "channel": "mail", "understood": understood}
    return fact(ReplyReceived, TO_CASEY, at=NOW, mail=named("a mail"), **reply, **about_casey)


def received(text: str = "Why me?", at: datetime = NOW, **more: Any) -> ReceiveReply:
    about: dict[str, Any] = {"outreach_id": TO_CASEY, "text": text, "channel": Channel.MAIL}
    return ReceiveReply(**about, **more, **by(the_platform, at=at))


follow_up = FollowUp(
    outreach_id=TO_CASEY, text="Still there?", sender_name="Sam", **by(acmes_recruiter)
)
reply = ReplyToCandidate(
    outreach_id=TO_CASEY, text="Because.", sender_name="Sam", **by(acmes_recruiter)
)


# --- Answers


def test_with_a_yes_the_employer_learns_what_the_candidate_wants_it_to_know() -> None:
    given(sent)
    contact = Contact(email="casey@example.com")
    when(AcceptOutreach(outreach_id=TO_CASEY, contact=contact, **by(the_platform)))
    then(
        fact(OutreachAccepted, TO_CASEY),
        fact(ContactDisclosed, TO_CASEY, email="casey@example.com", name=None, phone=None),
    )


def test_a_candidate_can_ask_for_later() -> None:
    given(sent)
    when(PostponeOutreach(outreach_id=TO_CASEY, until=TOMORROW, **by(the_platform)))
    then(fact(OutreachPostponed, TO_CASEY, until=TOMORROW, note=None))


def test_later_is_a_day_to_come() -> None:
    given(sent)
    when(PostponeOutreach(outreach_id=TO_CASEY, until=NOW.date(), **by(the_platform)))
    then_refused("day_in_past")


def test_a_postponed_outreach_does_not_expire() -> None:
    given(sent, postponed)
    when(ExpireOutreach(outreach_id=TO_CASEY, **by(the_system, at=NOW + days(20))))
    then_refused("already_answered")


def test_a_postponed_outreach_can_still_be_accepted() -> None:
    given(sent, postponed)
    when(AcceptOutreach(outreach_id=TO_CASEY, **by(the_platform)))
    then(fact(OutreachAccepted, TO_CASEY))


def test_on_the_day_that_the_candidate_named_they_wait_to_be_asked_again() -> None:
    given(sent, postponed)
    end = EndPostponement(outreach_id=TO_CASEY, **by(the_system))
    when(end)
    then_refused("day_in_past")
    given(sent, postponed)
    when(end.model_copy(update={"at": NOW + days(1)}))
    then(fact(PostponementEnded, TO_CASEY))


def test_only_a_postponed_outreach_has_a_day() -> None:
    given(sent)
    when(EndPostponement(outreach_id=TO_CASEY, **by(the_system)))
    then_refused("not_postponed")


def test_the_answer_window_begins_anew_when_a_postponement_ends() -> None:
    later = NOW + days(10)
    given(sent, postponed, fact(PostponementEnded, TO_CASEY, at=NOW + days(1), **about_casey))
    when(ExpireOutreach(outreach_id=TO_CASEY, **by(the_system, at=later)))
    then_refused("not_due_yet")


# --- Written replies


def test_a_question_keeps_the_outreach_open() -> None:
    given(sent, wrote())
    when(ExpireOutreach(outreach_id=TO_CASEY, **by(the_system, at=NOW + days(20))))
    then_refused("already_answered")
    given(sent, wrote())
    when(AcceptOutreach(outreach_id=TO_CASEY, **by(the_platform, at=NOW + days(20))))
    then(fact(OutreachAccepted, TO_CASEY))


@pytest.mark.parametrize(
    ("understood", "answer"),
    [(Understood.ACCEPTED, OutreachAccepted), (Understood.DECLINED, OutreachDeclined)],
)
def test_a_clear_reply_is_an_answer(understood: Understood, answer: Any) -> None:
    given(sent)
    when(received(understood=understood))
    then(fact(ReplyReceived, TO_CASEY, text="Why me?"), fact(answer, TO_CASEY))


def test_a_mail_is_taken_once() -> None:
    given(sent, wrote())
    when(received(mail=named("a mail")))
    then()


def test_a_reply_that_comes_too_late_is_kept_and_answers_nothing() -> None:
    given(sent, fact(OutreachExpired, TO_CASEY, **about_casey))
    when(received(understood=Understood.ACCEPTED))
    then(fact(ReplyReceived, TO_CASEY))


def test_after_an_erasure_no_reply_is_taken() -> None:
    given(sent, erased)
    when(received())
    then_refused("candidate_is_erased")


def test_an_employer_corrects_what_a_reply_was_taken_for() -> None:
    given(sent, wrote(Understood.DECLINED), declined)
    when(CorrectAnswer(outreach_id=TO_CASEY, status=Status.WROTE_BACK, **by(acmes_recruiter)))
    then(fact(AnswerCorrected, TO_CASEY, status=Status.WROTE_BACK))


def test_without_a_written_reply_there_is_nothing_to_correct() -> None:
    given(sent, declined)
    when(CorrectAnswer(outreach_id=TO_CASEY, status=Status.ACCEPTED, **by(acmes_recruiter)))
    then_refused("nothing_to_correct")


# --- The employer writes


def test_after_five_days_without_an_answer_an_employer_follows_up() -> None:
    given(sent)
    when(follow_up)
    then(
        fact(FollowUpSent, TO_CASEY, text="Still there?", deliver_at=NOW),
        fact(Contacted, CASEY, outreach_id=TO_CASEY),
    )


def test_a_follow_up_waits_for_five_days() -> None:
    given(able_to_write, passive_candidate, message_sent(at=NOW - days(4)))
    when(follow_up)
    then_refused("too_early_to_follow_up")


def test_there_is_one_follow_up() -> None:
    given(sent)
    when(follow_up)
    then(fact(FollowUpSent, TO_CASEY), fact(Contacted, CASEY))
    again = fact(FollowUpSent, TO_CASEY, text="?", sender_name="S", deliver_at=NOW, **about_casey)
    given(sent, again)
    when(follow_up)
    then_refused("followed_up_already")


@pytest.mark.parametrize("answer", [accepted, declined, postponed, wrote()])
def test_after_any_answer_there_is_no_follow_up(answer: History) -> None:
    given(sent, answer)
    when(follow_up)
    then_refused("already_answered")


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (opted_out, "candidate_opted_out"),
        (blocked_acme, "candidate_blocked_employer"),
        (contacted(*[NOW - days(1)] * 3), "candidate_contacted_too_often"),
    ],
)
def test_a_follow_up_passes_the_same_gate(reason: History, code: str) -> None:
    given(sent, reason)
    when(follow_up)
    then_refused(code)


@pytest.mark.parametrize("answer", [accepted, wrote()])
def test_who_has_answered_can_be_written_to(answer: History) -> None:
    given(sent, answer)
    when(reply)
    then(fact(ReplySent, TO_CASEY, text="Because.", deliver_at=NOW))


def test_a_recruiters_mail_is_taken_once_whatever_happened_since() -> None:
    by_mail = reply.model_copy(update={"mail": named("a mail")})
    content: dict[str, Any] = {
        "text": "Because.",
        "sender_name": "Sam",
        "deliver_at": NOW,
        "mail": by_mail.mail,
    }
    given(sent, accepted, fact(ReplySent, TO_CASEY, **content, **about_casey), opted_out)
    when(by_mail)
    then()


def test_who_has_not_answered_cannot_be_written_to_again() -> None:
    given(sent)
    when(reply)
    then_refused("no_reply_yet")


def test_who_declined_is_not_written_to() -> None:
    given(sent, wrote(), declined)
    when(reply)
    then_refused("already_answered")


def test_who_stopped_all_messages_is_not_written_to_after_a_yes() -> None:
    given(sent, accepted, opted_out)
    when(reply)
    then_refused("candidate_opted_out")


def test_another_employer_has_no_part_in_the_thread() -> None:
    given(sent, accepted)
    when(reply.model_copy(update=by(globexs_recruiter)))
    then_refused("unknown")


def test_a_recruiter_reads_the_thread_no_further_than_it_goes() -> None:
    given(sent, wrote())
    when(MarkThreadRead(outreach_id=TO_CASEY, up_to=99, **by(acmes_recruiter)))
    then(fact(ThreadRead, TO_CASEY, up_to=2))


# --- The candidate's own budget


def test_a_candidate_says_how_often_employers_may_write() -> None:
    given(passive_candidate)
    when(SetContactBudget(candidate_id=CASEY, contacts=1, **by(the_platform)))
    then(fact(ContactBudgetSet, CASEY, contacts=1))


@pytest.mark.parametrize(("budget", "refused"), [(0, True), (1, True), (2, False), (5, False)])
def test_the_candidates_own_budget_counts_instead_of_the_usual_one(
    budget: int, refused: bool
) -> None:
    history = (able_to_write, passive_candidate, contacted(NOW - days(1)))
    given(history, fact(ContactBudgetSet, CASEY, contacts=budget))
    about: dict[str, Any] = {"position_id": BACKEND_ENGINEER, "candidate_id": CASEY}
    window = timedelta(minutes=5)
    when(SendMessage(**about, message=A_LETTER, undo_window=window, **by(acmes_recruiter)))
    if refused:
        then_refused("candidate_contacted_too_often")
