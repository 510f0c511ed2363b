"""How somebody of the demo answers: by reply mail, or by the buttons of their page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from random import Random
from typing import Any
from uuid import uuid4

from api.delivery.channels import letterhead, shown_inbox
from api.delivery.replying import reply_mail
from api.delivery.shown_letters import ShownLetters
from api.demo import wording
from api.demo.answers import Answer
from api.marketplace import Marketplace
from domain.actor import Actor, Cause, Role
from domain.answering import AcceptOutreach, Contact, DeclineOutreach, PostponeOutreach
from domain.interviewing import PickTime
from domain.outreach_events import DeclineReason, Status
from projections.candidate_profiles import CandidateProfile
from projections.interview_list import Interview

SIMULATED = "simulated "
"""How the ids begin of actors that nobody is."""

ASK_BACK = 0.35
"""How often somebody interested has a question first."""

LATER = 0.35
"""How often people who are not looking say until when."""

BY_MAIL = 0.4
"""How often a no that needs no reason comes by mail."""

WITH_NOTE = 0.6
CONVINCED = 0.8
"""How often a reply to their question ends in a yes."""

THANKFUL = 0.7
"""How often they write again when they are written to after their yes."""

TALKING = (Status.ACCEPTED, Status.INTERVIEW_SCHEDULED)


@dataclass(frozen=True)
class Acting:
    """Somebody with a letter in front of them."""

    market: Marketplace
    outreach: Interview
    profile: CandidateProfile
    message_id: str
    writer: str
    """Who signed the letter."""
    rng: Random
    language: str

    def answer(self, said: Answer) -> bool:
        """Give a first answer. Returns whether they did: somebody may have been quicker."""
        if self.outreach.status is not Status.AWAITING_ANSWER:
            return False
        if said is Answer.YES:
            if self.rng.random() < ASK_BACK:
                return self._mail(wording.QUESTION)
            self._accept(wording.YES)
        elif said is Answer.NOT_LOOKING and self.rng.random() < LATER:
            self._postpone()
        elif said in (Answer.NOT_LOOKING, Answer.OTHER) and self.rng.random() < BY_MAIL:
            return self._mail(wording.NO)
        else:
            self._decline(DeclineReason(said.value))
        return True

    def go_on(self) -> bool:
        """Answer a letter in a conversation. Returns whether they did."""
        if self.outreach.status is Status.WROTE_BACK:
            if self.rng.random() < CONVINCED:
                self._accept(wording.YES_NOW)
            else:
                self._decline(self.rng.choice([DeclineReason.ROLE, DeclineReason.LOCATION]))
            return True
        if self.outreach.status in TALKING and self.rng.random() < THANKFUL:
            return self._mail(wording.THANKS)
        return False

    def pick(self, times: tuple[datetime, ...]) -> bool:
        """Take one of the times offered. Returns whether one is left."""
        left = [time for time in times if time > self.market.now()]
        if left:
            starts_at = self.rng.choice(left)
            self.market.store.execute(
                PickTime(**self._cause(), **self._about(), starts_at=starts_at)
            )
        return bool(left)

    def _accept(self, words: str) -> None:
        profile = self.profile
        contact = Contact(
            name=profile.name, email=profile.email, phone=profile.background.phone or None
        )
        note = wording.note(self.rng, self.language, words)
        self.market.store.execute(
            AcceptOutreach(**self._cause(), **self._about(), note=note, contact=contact)
        )

    def _decline(self, reason: DeclineReason) -> None:
        note = wording.why_not(self.rng, reason) if self.rng.random() < WITH_NOTE else None
        self.market.store.execute(
            DeclineOutreach(**self._cause(), **self._about(), reason=reason, note=note)
        )

    def _postpone(self) -> None:
        until = self.market.now().date() + timedelta(days=30 * self.rng.randint(1, 6))
        note = wording.note(self.rng, self.language, wording.LATER)
        self.market.store.execute(
            PostponeOutreach(**self._cause(), **self._about(), until=until, note=note)
        )

    def _mail(self, what: str) -> bool:
        """Reply to the letter. Returns whether it was still there."""
        market, settings = self.market, self.market.settings
        letters = ShownLetters(market.store, market.pool)
        shown = letters.latest(1, self.message_id)
        for letter in shown:
            received = message_from_bytes(letter.raw, policy=policy.default)
            text = wording.letter(
                self.rng, self.language, what, name=self.writer, me=self.profile.name
            )
            id = f"<reply.{self.message_id.strip('<>')}>"
            mail = reply_mail(received, text, id, market.now())
            head = letterhead(settings)
            inbox = shown_inbox(letters, market.read_models, head, market.now, SIMULATED)
            inbox.take(mail.as_bytes(), [str(received["Reply-To"])])
        return bool(shown)

    def _about(self) -> dict[str, Any]:
        return {"outreach_id": self.outreach.outreach_id}

    def _cause(self) -> dict[str, Any]:
        person = Actor(id=f"{SIMULATED}{self.outreach.candidate_id}", role=Role.CANDIDATE)
        return dict(Cause(by=person, at=self.market.now(), request_id=str(uuid4())))
