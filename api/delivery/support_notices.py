"""Mails that tell recruiters of answers to their tickets and to their feedback.

They do not carry the answer. The same answer has the same Message-ID, however often told.
"""

from datetime import datetime
from typing import Any

from api.delivery.letter import Letterhead
from api.delivery.to_recruiters import mail_to
from domain.actor import Actor, Role
from infrastructure.mail.outgoing import OutgoingMail
from infrastructure.projecting.reading import ReadModels
from projections import feedback, tickets
from projections.employers import Employers
from projections.feedback import FeedbackList
from projections.notifications import Choice
from projections.tickets import Tickets


def about_support(
    read_models: ReadModels, choice: Choice, since: datetime, at: datetime, head: Letterhead
) -> list[OutgoingMail]:
    """A mail for each ticket and each piece of feedback with a new answer that is unread."""
    recruiter = Actor(id=choice.actor_id, role=Role.RECRUITER, employer_id=choice.employer_id)

    def mail(id: str, path: str, subject: str, **facts: Any) -> OutgoingMail:
        id = f"{id}.{choice.notification_id}"
        facts = {"ticket": None, "manager": None, "title": subject} | facts
        return mail_to(head, str(choice.email), at, id, path, subject, "support_answer", facts)

    with read_models.reading(Tickets, FeedbackList, Employers) as db:
        answered = tickets.answered_since(db, recruiter, since)
        heard = feedback.unread(db, recruiter, since)
    of_tickets = [
        mail(
            f"{one.ticket_id}.{one.answered_step}",
            f"/help/tickets/{one.ticket_id}",
            "Support answered your ticket",
            ticket=one.subject,
        )
        for one in answered
    ]
    of_feedback = [
        mail(
            f"{one.employer_id}.{one.number}.{one.answered_step}",
            "/feedback/yours",
            "Your feedback was answered",
            manager=one.manager_name,
        )
        for one in heard
    ]
    return of_tickets + of_feedback
