"""A support ticket: a question or complaint, submitted from a page, until support closes it."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.actor import Cause, CompanyRole
from domain.aggregate import Aggregate, Refusal, Refused
from domain.command import Command, Work
from domain.event import Event, Personal
from domain.handlers import on
from domain.values import IN_ONE_LINE, FreeText, StorableText

Subject = Annotated[StorableText, Field(min_length=1, max_length=200), IN_ONE_LINE]
Page = Annotated[StorableText, Field(max_length=500)]


class TicketSubmitted(Event, name="ticket.submitted", version=1):
    """A user asked support for help, from this page."""

    subject: Personal[str]
    text: Personal[str]
    page: str


class TicketClosed(Event, name="ticket.closed", version=1):
    """Support closed the ticket, perhaps with an answer."""

    answer: Personal[str | None] = None


class TicketAlreadySubmitted(Refusal):
    """A ticket with this id was submitted already; use another id."""


class TicketAlreadyClosed(Refusal):
    """The ticket is closed already; submit a new one."""


class Ticket(Aggregate, kind="ticket"):
    """Submitted once, closed once."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.closed = False

    # Decisions: check the rule, then state the fact. Never run on replay.

    def submit(self, cause: Cause, *, subject: str, text: str, page: str) -> None:
        """Ask for help."""
        if self.exists:
            raise Refused(TicketAlreadySubmitted())
        self.record(TicketSubmitted, cause, subject=subject, text=text, page=page)

    def close(self, cause: Cause, *, answer: str | None) -> None:
        """Close the ticket."""
        if self.closed:
            raise Refused(TicketAlreadyClosed())
        self.record(TicketClosed, cause, answer=answer)

    # Facts: fold into state. Never raise, never decide.

    @on(TicketClosed)
    def on_ticket_closed(self, _: TicketClosed) -> None:
        self.closed = True


class SubmitTicket(Command):
    """Ask support for help."""

    takes = CompanyRole.READ_ONLY

    ticket_id: UUID
    subject: Subject
    text: FreeText
    page: Page = ""

    def execute(self, work: Work) -> Ticket:
        ticket = work.find(Ticket, self.ticket_id)
        ticket.submit(self, subject=self.subject, text=self.text, page=self.page)
        return ticket


class CloseTicket(Command):
    """Close a ticket, perhaps with an answer to the user who submitted it."""

    ticket_id: UUID
    answer: FreeText | None = None

    def execute(self, work: Work) -> Ticket:
        ticket = work.get(Ticket, self.ticket_id)
        ticket.close(self, answer=self.answer)
        return ticket
