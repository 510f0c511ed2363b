"""Mails to recruiters about an outreach, and how they are sent."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from api.delivery.deliver import Delivery
from api.delivery.letter import TEMPLATES, Letterhead
from api.links import Purpose, token_of
from infrastructure.mail.addresses import domain_of, with_token
from infrastructure.mail.outcomes import Outcome
from infrastructure.mail.outgoing import OutgoingMail, as_bytes
from infrastructure.mail.smtp import SmtpConnections
from projections.notifications import Choice

logger = logging.getLogger(__name__)


async def send(delivery: Delivery, mails: Iterable[OutgoingMail]) -> list[Outcome]:
    """Send mails one after the other, and say what became of each."""
    async with SmtpConnections(delivery.server, 1) as connections:
        return [await _send(delivery, connections, mail) for mail in mails]


async def _send(delivery: Delivery, connections: SmtpConnections, mail: OutgoingMail) -> Outcome:
    try:
        raw = as_bytes(mail, delivery.dkim)
    except ValueError:  # not every address that a form takes can be written in a mail
        return Outcome("rejected", "recipient", text="no mail can be made", bad_address=True)
    return await connections.send(raw, mail.sender, mail.to)


def tell(delivery: Delivery | None, mail: OutgoingMail) -> None:
    """Send one mail.

    Raises:
        ConnectionError: the server may take it later.
    """
    if delivery is None:
        logger.warning("a recruiter was not told by mail, since no letters leave by mail from here")
        return
    (outcome,) = asyncio.run(send(delivery, [mail]))
    if outcome.kind == "retry":
        raise ConnectionError("the mail server did not take a mail to a recruiter")


def write_back_address(head: Letterhead, outreach_id: UUID, choice: Choice) -> str:
    """The address that a recruiter writes to the candidate of an outreach at."""
    token = token_of(head.link_key, outreach_id, Purpose.WRITE_BACK, choice.notification_id)
    return with_token(str(head.reply_address), token)


def recruiters_mail(
    head: Letterhead,
    choice: Choice,
    at: datetime,
    outreach_id: UUID,
    name: str,
    subject: str,
    template: str,
    facts: dict[str, Any],
) -> OutgoingMail:
    """A mail to a recruiter about an outreach; mail programs show all of them as one thread."""
    thread = f"<{outreach_id}.thread.{choice.notification_id}@{domain_of(head.sender)}>"
    id, path = f"{outreach_id}.{name}.{choice.notification_id}", f"/outreach/{outreach_id}"
    mail = mail_to(head, str(choice.email), at, id, path, subject, template, facts)
    return replace(mail, in_reply_to=thread, references=(thread,))


def mail_to(
    head: Letterhead,
    email: str,
    at: datetime,
    id: str,
    path: str,
    subject: str,
    template: str,
    facts: dict[str, Any],
) -> OutgoingMail:
    """A mail to a recruiter that leads to a page of the console; `id` is its own."""
    shown = {**facts, "url": f"{head.public_url}{path}", "head": head}
    return OutgoingMail(
        message_id=f"<{id}@{domain_of(head.sender)}>",
        to=email,
        to_name=None,
        sender_name=head.marketplace,
        sender=head.sender,
        reply_to=None,
        subject=subject,
        text=TEMPLATES.get_template(f"{template}.txt").render(shown),
        html=TEMPLATES.get_template(f"{template}.html").render(shown),
        date=at,
        unsubscribe_url=None,
        headers={"Auto-Submitted": "auto-generated"},
    )
