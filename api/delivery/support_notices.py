"""Mails that tell recruiters that support has answered their tickets."""

from datetime import datetime

from api.delivery.letter import Letterhead
from api.delivery.to_recruiters import mail_to
from domain.actor import Actor, Role
from infrastructure.mail.outgoing import OutgoingMail
from infrastructure.projecting.reading import ReadModels
from projections import tickets
from projections.notifications import Choice
from projections.tickets import Tickets


def about_support(
    read_models: ReadModels, choice: Choice, since: datetime, at: datetime, head: Letterhead
) -> list[OutgoingMail]:
    """A mail for each ticket of a recruiter that was answered since a moment and is unread.

    It does not carry the answer. The same answer has the same Message-ID, however often told.
    """
    recruiter = Actor(id=choice.actor_id, role=Role.RECRUITER, employer_id=choice.employer_id)
    with read_models.reading(Tickets) as db:
        answered = tickets.answered_since(db, recruiter, since)
    return [
        mail_to(
            head,
            str(choice.email),
            at,
            f"{one.ticket_id}.{one.answered_step}.{choice.notification_id}",
            f"/help/tickets/{one.ticket_id}",
            "Support answered your ticket",
            "support_answer",
            {"subject": one.subject},
        )
        for one in answered
    ]
