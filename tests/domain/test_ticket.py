"""A ticket is submitted once, sealed, and closed once, perhaps with an answer."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.event import ERASED
from domain.ticket import CloseTicket, SubmitTicket, TicketClosed, TicketSubmitted
from infrastructure.event_log.codec import EventMapper
from tests.support.given import (
    acmes_recruiter,
    by,
    fact,
    given,
    named,
    the_admin,
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
