"""Takes what comes back by mail: replies, bounces and complaints; automatic answers are neither.

A mail names its outreach by the token in the address it was sent to, which only its candidate
knows, or a recruiter who was told of an answer. By the ids of the letters that it answers it names
it only if it comes from the candidate's address: those ids are no secret.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from api.delivery.letter import Letterhead
from api.delivery.recruiter_mail import RecruiterMail
from api.links import Purpose, outreach_of
from domain.actor import Actor, Cause, Role
from domain.aggregate import Refused
from domain.answering import ReceiveReply
from domain.candidate_commands import OptOut
from domain.command import Command
from domain.delivering import NoteFailure
from domain.outreach_events import Channel
from domain.reply_rules import understood
from domain.values import FREE_TEXT_MOST
from infrastructure.event_log.store import EventStore
from infrastructure.mail.addresses import token_in
from infrastructure.mail.inbound import Inbound, read
from infrastructure.mail.outgoing import OutgoingMail
from infrastructure.mail.receiving import Receiving
from infrastructure.projecting.reading import ReadModels
from infrastructure.settings import Settings
from projections import candidate_profiles, interviews
from projections.candidate_pool import CandidatePool
from projections.interview_list import Interview, InterviewList

logger = logging.getLogger(__name__)

MAILS = UUID("3d0a3b0e-9f4a-5f7d-8f43-6c1f7a0f6b55")
INBOUND = Actor(id="inbound mail", role=Role.SYSTEM)


@contextmanager
def receiving(settings: Settings, take: Callable[[bytes, list[str]], None]) -> Iterator[None]:
    """Listen for mail that comes back, if there is a port for it."""
    port, address = settings.inbound_port, settings.reply_address
    if port is None or address is None:
        server: Any = nullcontext()
    else:
        server = Receiving(
            take, [address], protocol=settings.inbound_protocol, host=settings.host, port=port
        )
    with server:
        yield


@dataclass(frozen=True)
class Inbox:
    """What takes the mail that comes back."""

    store: EventStore
    read_models: ReadModels
    head: Letterhead
    now: Callable[[], datetime]
    send: Callable[[OutgoingMail], None]
    """What sends a mail to a recruiter."""
    prefix: str = ""
    """What the ids of those who reply begin with, where they are simulated."""

    def take(self, raw: bytes, recipients: list[str]) -> None:
        """Take one mail. What nobody can match is left: it has no place to go."""
        mail = read(raw, recipients)
        recruiters = RecruiterMail(self.store, self.read_models, self.head, self.now, self.send)
        if told := recruiters.addressed(recipients):
            recruiters.take(mail, raw, *told)
            return
        outreach = self._by_token(recipients) or self._by_ids(mail)
        if outreach is None:
            logger.warning("a mail that came back (%s) names no outreach of ours", mail.kind)
        elif mail.kind == "reply" and mail.text.strip():
            self._reply(mail, raw, outreach)
        elif mail.bounce and mail.bounce.permanent:
            self._bounce(mail, outreach)
        elif mail.kind == "complaint":
            self._give(OptOut(**self._cause(INBOUND), candidate_id=outreach.candidate_id))

    def _reply(self, mail: Inbound, raw: bytes, outreach: Interview) -> None:
        text = mail.text.replace("\0", "").strip()[:FREE_TEXT_MOST]
        person = Actor(id=f"{self.prefix}{outreach.candidate_id}", role=Role.CANDIDATE)
        about = f"{outreach.outreach_id}\n{mail.message_id or raw!r}"
        self._give(
            ReceiveReply(
                **self._cause(person),
                outreach_id=outreach.outreach_id,
                text=text,
                channel=Channel.MAIL,
                understood=understood(text),
                mail=uuid5(MAILS, about),
            )
        )

    def _bounce(self, mail: Inbound, outreach: Interview) -> None:
        assert mail.bounce
        named = [*_letters([mail.bounce.original_message_id or ""])]
        letter = next((n for id, n in named if id == outreach.outreach_id), 1)
        self._give(
            NoteFailure(
                **self._cause(INBOUND),
                outreach_id=outreach.outreach_id,
                letter=letter,
                code=mail.bounce.status[:100],
                bad_address=mail.bounce.bad_address,
            )
        )

    def _by_token(self, recipients: Iterable[str]) -> Interview | None:
        ours = str(self.head.reply_address)
        tokens = [token for recipient in recipients if (token := token_in(recipient, ours))]
        ids = [outreach_of(self.head.link_key, token, Purpose.REPLY) for token in tokens]
        return next(self._known(id for id in ids if id), None)

    def _by_ids(self, mail: Inbound) -> Interview | None:
        """The outreach of a letter that a reply answers, if its candidate sent it."""
        if mail.kind != "reply":
            return None
        answered = [mail.in_reply_to or "", *reversed(mail.references)]
        for outreach in self._known(id for id, _ in _letters(answered)):
            with self.read_models.reading(CandidatePool) as db:
                person = candidate_profiles.addressee(db, outreach.candidate_id)
            if person and person.email.casefold() == mail.sender.casefold():
                return outreach
        return None

    def _known(self, ids: Iterable[UUID]) -> Iterator[Interview]:
        for id in ids:
            with self.read_models.reading(InterviewList) as db:
                if outreach := interviews.one(db, id):
                    yield outreach

    def _give(self, command: Command) -> None:
        try:
            self.store.execute(command)
        except Refused as refused:
            logger.warning("a mail that came back was not taken: %s", ", ".join(refused.codes))

    def _cause(self, by: Actor) -> dict[str, Any]:
        return dict(Cause(by=by, at=self.now(), request_id=str(uuid4())))


def _letters(message_ids: Iterable[str]) -> Iterator[tuple[UUID, int]]:
    """The outreach and the letter that each of our Message-IDs names."""
    for message_id in message_ids:
        outreach_id, _, letter = message_id.strip("<>").partition("@")[0].partition(".")
        try:
            yield UUID(outreach_id), int(letter)
        except ValueError:
            continue
