"""Tells recruiters by mail that answers wait for them: for each answer, or once a day.

Answers of candidates, and of support.
A mail about one answer can be replied to. None names the candidate, and only after their yes does
one carry what they wrote; else recruiters sign in to see it.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from api.delivery.deliver import Delivery
from api.delivery.letter import Letterhead
from api.delivery.support_notices import about_support
from api.delivery.to_recruiters import mail_to, recruiters_mail, send, write_back_address
from domain.event import ERASED
from domain.notification import Frequency
from domain.outreach_events import Status
from infrastructure.mail.outgoing import OutgoingMail
from infrastructure.projecting.reading import ReadModels
from projections import needs_you, notifications, outreach_timeline
from projections.interview_list import InterviewList
from projections.needs_you import Heard
from projections.notifications import Choice, Notifications
from projections.outreach_timeline import OutreachTimeline
from projections.positions import Positions

EVERY = {Frequency.EACH: timedelta(minutes=1), Frequency.DAILY: timedelta(days=1)}

ONE_BY_ONE = {Frequency.EACH: 20, Frequency.DAILY: 1}
"""Up to how many answers each are told in a mail of their own; more are counted in one mail."""

TALKING = (Status.ACCEPTED, Status.INTERVIEW_SCHEDULED)
REPLIABLE = (Status.WROTE_BACK, *TALKING)

SAID = {"reply_received": "text", "accepted": "note"}
"""Where a step of the thread has what the candidate wrote."""

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
        since = row[0]
        with self.delivery.read_models.reading(InterviewList, Positions) as db:
            heard = needs_you.heard_since(db, choice.employer_id, since)
        head = self.delivery.head
        mails = about_support(self.delivery.read_models, choice, since, at, head)
        if not heard and not mails:
            return False
        if len(heard) > ONE_BY_ONE[choice.frequency]:
            mails.append(summary(choice, heard, since, at, head))
        else:
            words = words_since(self.delivery.read_models, heard, since)
            mails += [about(choice, one, words[one.outreach_id], at, head) for one in heard]
        outcomes = asyncio.run(send(self.delivery, mails))
        if all(outcome.kind == "delivered" for outcome in outcomes):
            with self.delivery.pool.connection() as db:
                db.execute(TOLD, [at, choice.notification_id])
        return True


def words_since(
    read_models: ReadModels, heard: Iterable[Heard], since: datetime
) -> dict[UUID, list[str]]:
    """What candidates who said yes have written since a moment, unless they are erased."""
    with read_models.reading(OutreachTimeline) as db:
        return {
            one.outreach_id: [
                text
                for step in outreach_timeline.of_outreach(db, one.outreach_id)
                if one.status in TALKING and step.at > since and step.step > one.read_step
                if (text := step.personal.get(SAID.get(step.what, ""))) and text != ERASED
            ]
            for one in heard
        }


def about(
    choice: Choice, heard: Heard, words: list[str], at: datetime, head: Letterhead
) -> OutgoingMail:
    """The mail about one answer: the same answer has the same Message-ID, however often told."""
    can_reply = head.reply_address is not None and heard.status in REPLIABLE
    what = "Not delivered" if heard.status is Status.UNDELIVERED else "New answer"
    facts = {"what": what, "heard": heard, "words": words, "can_reply": can_reply}
    named = (heard.outreach_id, f"{heard.heard_step}", f"{what}: {heard.title}")
    mail = recruiters_mail(head, choice, at, *named, "answer", facts)
    reply_to = write_back_address(head, heard.outreach_id, choice) if can_reply else None
    return replace(mail, reply_to=reply_to)


def summary(
    choice: Choice, heard: list[Heard], since: datetime, at: datetime, head: Letterhead
) -> OutgoingMail:
    """The mail that counts answers: the same news have the same Message-ID."""
    id = f"{choice.notification_id}.{since.timestamp():.0f}"
    subject = f"{len(heard)} new answer{'' if len(heard) == 1 else 's'}"
    counts = Counter(one.title for one in heard)
    return mail_to(
        head, str(choice.email), at, id, "/needs-you", subject, "notice", {"counts": counts}
    )
