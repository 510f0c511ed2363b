"""A ticket is a sealed thread: submitted once, answered, replied to, and closed."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.event import ERASED
from domain.ticket import (
    AnswerTicket,
    AssignTicket,
    CloseTicket,
    MarkTicketRead,
    ReplyToTicket,
    SubmitTicket,
    TicketAnswered,
    TicketAssigned,
    TicketClosed,
    TicketRead,
    TicketReplied,
    TicketSubmitted,
)
from infrastructure.event_log.codec import EventMapper
from tests.support.given import (
    acmes_recruiter,
    by,
    fact,
    given,
    globexs_recruiter,
    named,
    the_admin,
    the_support,
    then,
    then_refused,
    told,
    when,
)

TICKET = named("a ticket")
ASKED: dict[str, Any] = {
    "subject": "No candidates",
    "text": "My feed is empty.",
    "page": "/positions",
}
submitted = fact(TicketSubmitted, TICKET, by=acmes_recruiter, **ASKED)
closed = fact(TicketClosed, TICKET, answer=None)
assigned = fact(TicketAssigned, TICKET, owner="Ola Berg")
ANSWER: dict[str, Any] = {"text": "Relax a filter.", "signed_by": "Ola Berg"}
answered = fact(TicketAnswered, TICKET, **ANSWER)
replied = fact(TicketReplied, TICKET, text="Which one?")


def answer() -> AnswerTicket:
    return AnswerTicket(ticket_id=TICKET, **ANSWER, **by(the_support))


def reply() -> ReplyToTicket:
    return ReplyToTicket(ticket_id=TICKET, text="Which one?", **by(acmes_recruiter))


def test_a_ticket_is_submitted_with_the_page_it_came_from() -> None:
    given()
    when(SubmitTicket(ticket_id=TICKET, **ASKED, **by(acmes_recruiter)))
    then(fact(TicketSubmitted, TICKET, **ASKED))


def test_a_ticket_is_submitted_once() -> None:
    given(submitted)
    when(SubmitTicket(ticket_id=TICKET, **ASKED, **by(acmes_recruiter)))
    then_refused("ticket_already_submitted")


@pytest.mark.parametrize("field", ["subject", "text"])
@pytest.mark.parametrize("blank", ["", " \n"])
def test_a_ticket_says_something(field: str, blank: str) -> None:
    with pytest.raises(ValidationError, match=field):
        SubmitTicket(ticket_id=TICKET, **{**ASKED, field: blank}, **by(acmes_recruiter))


def test_a_ticket_is_closed_with_an_answer() -> None:
    given(submitted)
    when(CloseTicket(ticket_id=TICKET, answer="Relax a filter.", **by(the_admin)))
    then(fact(TicketClosed, TICKET, answer="Relax a filter."))


def test_a_ticket_is_closed_without_an_answer() -> None:
    given(submitted)
    when(CloseTicket(ticket_id=TICKET, **by(the_admin)))
    then(closed)


def test_a_ticket_is_closed_once() -> None:
    given(submitted, closed)
    when(CloseTicket(ticket_id=TICKET, **by(the_admin)))
    then_refused("ticket_already_closed")


def test_a_ticket_that_nobody_submitted_is_not_closed() -> None:
    given()
    when(CloseTicket(ticket_id=TICKET, **by(the_admin)))
    then_refused("unknown")


def test_a_ticket_is_assigned_to_a_person_of_support() -> None:
    given(submitted)
    when(AssignTicket(ticket_id=TICKET, owner="Ola Berg", **by(the_support)))
    then(assigned)


def test_who_answers_first_owns_the_ticket() -> None:
    given(submitted)
    when(answer())
    then(assigned, answered)


def test_an_answer_does_not_change_the_owner() -> None:
    given(submitted, fact(TicketAssigned, TICKET, owner="Kari Lund"))
    when(answer())
    then(answered)


def test_a_closed_ticket_is_not_answered() -> None:
    given(submitted, closed)
    when(answer())
    then_refused("ticket_already_closed")


def test_the_asker_replies() -> None:
    given(submitted, assigned, answered)
    when(reply())
    then(replied)


def test_a_reply_opens_a_closed_ticket_again() -> None:
    given(submitted, closed, replied)
    when(CloseTicket(ticket_id=TICKET, **by(the_admin)))
    then(closed)


def test_nobody_else_replies() -> None:
    given(submitted)
    when(ReplyToTicket(ticket_id=TICKET, text="Me too.", **by(globexs_recruiter)))
    then_refused("unknown")


def read(up_to: int) -> MarkTicketRead:
    return MarkTicketRead(ticket_id=TICKET, up_to=up_to, **by(acmes_recruiter))


def test_nothing_is_read_before_it_is_written() -> None:
    given(submitted, assigned, answered)
    when(read(100))
    then(fact(TicketRead, TICKET, up_to=3))


def test_how_far_the_asker_has_read_is_noted_once() -> None:
    given(submitted, assigned, answered)
    when(read(3))
    then(fact(TicketRead, TICKET, up_to=3))
    when(read(3))
    then()


def test_what_a_ticket_says_is_sealed() -> None:
    given(submitted, fact(TicketClosed, TICKET, answer="Relax a filter."))
    mapper = EventMapper(told().keys)
    for event in told().happened:
        state = mapper.to_stored_event(event).state
        assert b"empty" not in state
        assert b"Relax" not in state
    told().keys.destroyed.add(TICKET)
    question, answer = told().read()
    assert isinstance(question, TicketSubmitted)
    assert (question.subject, question.text, question.page) == (ERASED, ERASED, "/positions")
    assert isinstance(answer, TicketClosed)
    assert answer.answer is None
