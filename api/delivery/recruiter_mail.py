"""Recruiters write to candidates by mail: they reply to the mail that told them of an answer.

The address names the outreach and the recruiter. It is of no use to others, and to nobody once the
recruiter gets no mails any more or the outreach is over.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from api.delivery.letter import Letterhead
from api.delivery.to_recruiters import recruiters_mail
from api.links import Purpose, claimed_outreach, is_ours
from domain.actor import Actor, Cause, Role
from domain.aggregate import Refused
from domain.contacting import ReplyToCandidate
from domain.event import ERASED
from domain.team import Team, team_id
from domain.values import FREE_TEXT_MOST
from infrastructure.event_log.store import EventStore, UnitOfWork
from infrastructure.mail.addresses import token_in
from infrastructure.mail.inbound import Inbound
from infrastructure.mail.outgoing import OutgoingMail
from infrastructure.projecting.reading import ReadModels
from projections import interviews, notifications, outreach_timeline
from projections.interview_list import Interview, InterviewList
from projections.notifications import Choice, Notifications
from projections.outreach_timeline import OutreachTimeline

logger = logging.getLogger(__name__)

MAILS = UUID("a4a6d7b7-3c0e-5d0a-9a6e-0b5f7d1c9e42")

OTHER_ADDRESS = "It came from another address than the one that you get these mails at."
NO_TEXT = "It had no text of your own; attachments are not passed on."
TOO_LONG = f"It has more than {FREE_TEXT_MOST:,} characters."


@dataclass(frozen=True)
class RecruiterMail:
    """What takes the mail of recruiters. `send` sends them a mail, and raises to be asked again."""

    store: EventStore
    read_models: ReadModels
    head: Letterhead
    now: Callable[[], datetime]
    send: Callable[[OutgoingMail], None]

    def addressed(self, recipients: Iterable[str]) -> tuple[Interview, Choice] | None:
        """The outreach and the recruiter that a mail was addressed to."""
        ours = str(self.head.reply_address)
        for token in (token for recipient in recipients if (token := token_in(recipient, ours))):
            if (id := claimed_outreach(token)) is None:
                continue
            with self.read_models.reading(InterviewList, Notifications) as db:
                outreach = interviews.one(db, id)
                choices = notifications.wanted(db, outreach.employer_id) if outreach else []
            for choice in choices:
                whose = choice.notification_id
                if is_ours(self.head.link_key, token, id, Purpose.WRITE_BACK, whose):
                    return (outreach, choice) if outreach else None
        return None

    def take(self, mail: Inbound, raw: bytes, outreach: Interview, choice: Choice) -> None:
        """Take a mail as the recruiter's message, or tell them why it is none."""
        if mail.kind != "reply":
            logger.warning("a mail to a recruiter's address was not taken: %s", mail.kind)
            return
        text = mail.text.replace("\0", "").strip()
        named = uuid5(MAILS, f"{outreach.outreach_id}\n{mail.message_id or raw!r}")
        if mail.sender.casefold() != str(choice.email).casefold():
            reasons = [OTHER_ADDRESS]
        elif not text:
            reasons = [NO_TEXT]
        elif len(text) > FREE_TEXT_MOST:
            reasons = [TOO_LONG]
        else:
            reasons = self._reasons_against(text, named, outreach, choice)
        if reasons:
            self.send(refusal(self.head, outreach.outreach_id, choice, named, reasons, self.now()))

    def _reasons_against(
        self, text: str, named: UUID, outreach: Interview, choice: Choice
    ) -> list[str]:
        recruiter = Actor(id=choice.actor_id, role=Role.RECRUITER, employer_id=choice.employer_id)
        team = UnitOfWork(self.store).find(Team, team_id(choice.employer_id))
        try:
            by = team.as_member(recruiter)
            cause = Cause(by=by, at=self.now(), request_id=str(uuid4()))
            self.store.execute(
                ReplyToCandidate(
                    **dict(cause),
                    outreach_id=outreach.outreach_id,
                    text=text,
                    sender_name=self._signed(outreach.outreach_id, choice.actor_id),
                    mail=named,
                )
            )
        except Refused as refused:
            logger.warning("a recruiter's mail was not taken: %s", ", ".join(refused.codes))
            return [str(reason) for reason in refused.reasons]
        return []

    def _signed(self, outreach_id: UUID, actor_id: str) -> str:
        """The name that the recruiter signed with before, or else a colleague."""
        with self.read_models.reading(OutreachTimeline) as db:
            steps = outreach_timeline.of_outreach(db, outreach_id)
        signed = sorted(
            (step for step in steps if step.personal.get("sender_name", ERASED) != ERASED),
            key=lambda step: (step.actor_id == actor_id, step.step),
        )
        return signed[-1].personal["sender_name"] if signed else self.head.marketplace


def refusal(
    head: Letterhead,
    outreach_id: UUID,
    choice: Choice,
    mail: UUID,
    reasons: list[str],
    at: datetime,
) -> OutgoingMail:
    """The mail that says why a recruiter's mail was not passed on; one for each of theirs."""
    named = (outreach_id, f"refused.{mail}", "Your reply was not sent")
    told = recruiters_mail(head, choice, at, *named, "refused", {"reasons": reasons})
    return replace(told, headers={"Auto-Submitted": "auto-replied"})
