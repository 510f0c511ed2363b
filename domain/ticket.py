"""A support ticket: a thread between the user who submitted it and support."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.actor import Actor, Cause, CompanyRole
from domain.aggregate import Aggregate, Refusal, Refused
from domain.command import Command, NotFound, Work
from domain.event import Event, Personal
from domain.handlers import on
from domain.values import IN_ONE_LINE, FreeText, Name, StorableText

Subject = Annotated[StorableText, Field(min_length=1, max_length=200), IN_ONE_LINE]
Page = Annotated[StorableText, Field(max_length=500)]


class TicketSubmitted(Event, name="ticket.submitted", version=1):
    """A user asked support for help, from this page."""

    subject: Personal[str]
    text: Personal[str]
    page: str


class TicketAssigned(Event, name="ticket.assigned", version=1):
    """A person of support owns the ticket from now on."""

    owner: Personal[str]


class TicketAnswered(Event, name="ticket.answered", version=1):
    """Support wrote to the user, under this person's name; the ticket waits for the user."""

    text: Personal[str]
    signed_by: Personal[str]


class TicketReplied(Event, name="ticket.replied", version=1):
    """The user wrote to support; the ticket is open, even if it was closed."""

    text: Personal[str]


class TicketRead(Event, name="ticket.read", version=1):
    """The user has read what support wrote, up to this version of the ticket."""

    up_to: int


class TicketClosed(Event, name="ticket.closed", version=1):
    """Support closed the ticket, perhaps with an answer."""

    answer: Personal[str | None] = None


class TicketAlreadySubmitted(Refusal):
    """A ticket with this id was submitted already; use another id."""


class TicketAlreadyClosed(Refusal):
    """The ticket is closed already; a reply of the user opens it again."""


class Ticket(Aggregate, kind="ticket"):
    """Submitted once; closed by support, and opened again by the user's reply."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.submitted_by: Actor | None = None
        self.has_owner = False
        self.closed = False
        self.answered_step = 0
        self.read_step = 0

    # Decisions: check the rule, then state the fact. Never run on replay.

    def submit(self, cause: Cause, *, subject: str, text: str, page: str) -> None:
        """Ask for help."""
        if self.exists:
            raise Refused(TicketAlreadySubmitted())
        self.record(TicketSubmitted, cause, subject=subject, text=text, page=page)

    def assign(self, cause: Cause, *, owner: str) -> None:
        """Say who of support owns the ticket."""
        self.record(TicketAssigned, cause, owner=owner)

    def answer(self, cause: Cause, *, text: str, signed_by: str) -> None:
        """Write to the user. Who answers first owns the ticket."""
        self._refuse_if_closed()
        if not self.has_owner:
            self.assign(cause, owner=signed_by)
        self.record(TicketAnswered, cause, text=text, signed_by=signed_by)

    def reply(self, cause: Cause, *, text: str) -> None:
        """Write to support."""
        self.record(TicketReplied, cause, text=text)

    def mark_read(self, cause: Cause, *, up_to: int) -> None:
        """Note how far the user has read, if that is further than before."""
        up_to = min(up_to, self.answered_step)
        if self.read_step < up_to:
            self.record(TicketRead, cause, up_to=up_to)

    def close(self, cause: Cause, *, answer: str | None) -> None:
        """Close the ticket."""
        self._refuse_if_closed()
        self.record(TicketClosed, cause, answer=answer)

    def _refuse_if_closed(self) -> None:
        if self.closed:
            raise Refused(TicketAlreadyClosed())

    # Facts: fold into state. Never raise, never decide.

    @on(TicketSubmitted)
    def on_ticket_submitted(self, event: TicketSubmitted) -> None:
        self.submitted_by = event.actor

    @on(TicketAssigned)
    def on_ticket_assigned(self, _: TicketAssigned) -> None:
        self.has_owner = True

    @on(TicketAnswered)
    def on_ticket_answered(self, event: TicketAnswered) -> None:
        self.answered_step = event.originator_version

    @on(TicketReplied)
    def on_ticket_replied(self, event: TicketReplied) -> None:
        self.closed = False
        self.read_step = event.originator_version

    @on(TicketRead)
    def on_ticket_read(self, event: TicketRead) -> None:
        self.read_step = event.up_to

    @on(TicketClosed)
    def on_ticket_closed(self, event: TicketClosed) -> None:
        self.closed = True
        self.answered_step = event.originator_version


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


class AssignTicket(Command):
    """Say which person of support owns a ticket."""

    ticket_id: UUID
    owner: Name

    def execute(self, work: Work) -> Ticket:
        ticket = work.get(Ticket, self.ticket_id)
        ticket.assign(self, owner=self.owner)
        return ticket


class AnswerTicket(Command):
    """Write to the user who submitted a ticket, under the name of a person of support."""

    ticket_id: UUID
    text: FreeText
    signed_by: Name

    def execute(self, work: Work) -> Ticket:
        ticket = work.get(Ticket, self.ticket_id)
        ticket.answer(self, text=self.text, signed_by=self.signed_by)
        return ticket


class ReplyToTicket(Command):
    """Write to support about a ticket that one submitted."""

    takes = CompanyRole.READ_ONLY

    ticket_id: UUID
    text: FreeText

    def execute(self, work: Work) -> Ticket:
        ticket = own_ticket(work, self, self.ticket_id)
        ticket.reply(self, text=self.text)
        return ticket


class MarkTicketRead(Command):
    """Note how far one has read a ticket that one submitted."""

    takes = CompanyRole.READ_ONLY

    ticket_id: UUID
    up_to: int

    def execute(self, work: Work) -> Ticket:
        ticket = own_ticket(work, self, self.ticket_id)
        ticket.mark_read(self, up_to=self.up_to)
        return ticket


class CloseTicket(Command):
    """Close a ticket, perhaps with an answer to the user who submitted it."""

    ticket_id: UUID
    answer: FreeText | None = None

    def execute(self, work: Work) -> Ticket:
        ticket = work.get(Ticket, self.ticket_id)
        ticket.close(self, answer=self.answer)
        return ticket


def own_ticket(work: Work, cause: Cause, ticket_id: UUID) -> Ticket:
    """The ticket, if the caller submitted it. Raises `NotFound` otherwise."""
    ticket = work.get(Ticket, ticket_id)
    if ticket.submitted_by is None or not ticket.submitted_by.is_same_person(cause.by):
        raise NotFound(Ticket, ticket_id)
    return ticket
