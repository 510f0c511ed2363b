"""Tells recruiters by mail that answers wait for them: for each answer, or once a day.

The mail names neither the candidate nor what they said: recruiters sign in to see it.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.delivery.deliver import Delivery
from api.delivery.letter import TEMPLATES, Letterhead
from domain.notification import Frequency
from infrastructure.mail.addresses import domain_of
from infrastructure.mail.outgoing import OutgoingMail, as_bytes
from infrastructure.mail.smtp import SmtpConnections
from projections import needs_you, notifications
from projections.interview_list import InterviewList
from projections.notifications import Choice, Notifications
from projections.positions import Positions

EVERY = {Frequency.EACH: timedelta(minutes=1), Frequency.DAILY: timedelta(days=1)}

LEASE = """
    INSERT INTO notices (notification_id, told_until, next_at)
    VALUES (%(id)s, %(set_at)s, %(next_at)s)
    ON CONFLICT (notification_id) DO UPDATE
    SET next_at = excluded.next_at, told_until = greatest(notices.told_until, excluded.told_until)
    WHERE notices.next_at <= %(at)s
    RETURNING told_until"""

TOLD = "UPDATE notices SET told_until = %s WHERE notification_id = %s"


@dataclass(frozen=True)
class Notices:
    """Sends what is due, by the way that letters leave."""

    delivery: Delivery

    def send_due(self) -> int:
        """Tell everybody whose time has come and for whom something new waits; how many."""
        with self.delivery.read_models.reading(Notifications) as db:
            choices = notifications.wanted(db)
        return sum(self._tell(choice) for choice in choices)

    def _tell(self, choice: Choice) -> bool:
        at = self.delivery.now()
        due = {"id": choice.notification_id, "set_at": choice.set_at, "at": at}
        with self.delivery.pool.connection() as db:
            row = db.execute(LEASE, {**due, "next_at": at + EVERY[choice.frequency]}).fetchone()
        if row is None:
            return False
        with self.delivery.read_models.reading(InterviewList, Positions) as db:
            counts = needs_you.new_since(db, choice.employer_id, row[0])
        if not counts:
            return False
        mail = mail_of(choice, counts, row[0], at, self.delivery.head)
        if asyncio.run(self._send(mail)):
            with self.delivery.pool.connection() as db:
                db.execute(TOLD, [at, choice.notification_id])
        return True

    async def _send(self, mail: OutgoingMail) -> bool:
        async with SmtpConnections(self.delivery.server, 1) as connections:
            raw = as_bytes(mail, self.delivery.dkim)
            outcome = await connections.send(raw, mail.sender, mail.to)
        return outcome.kind == "delivered"


def mail_of(
    choice: Choice, counts: dict[str, int], since: datetime, at: datetime, head: Letterhead
) -> OutgoingMail:
    """The mail: the same news have the same Message-ID, however often they are told."""
    number = sum(counts.values())
    facts = {"counts": counts, "url": f"{head.public_url}/needs-you", "head": head}
    return OutgoingMail(
        message_id=f"<{choice.notification_id}.{since.timestamp():.0f}@{domain_of(head.sender)}>",
        to=str(choice.email),
        to_name=None,
        sender_name=head.marketplace,
        sender=head.sender,
        reply_to=None,
        subject=f"{number} new answer{'' if number == 1 else 's'}",
        text=TEMPLATES.get_template("notice.txt").render(facts),
        html=TEMPLATES.get_template("notice.html").render(facts),
        date=at,
        unsubscribe_url=None,
        headers={"Auto-Submitted": "auto-generated"},
    )
