"""Delivers the letters of a marketplace to a real mail server, at a clock that a test moves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

from pydantic import SecretStr

from api.delivery.channels import letterhead, push
from api.delivery.deliver import Delivery
from api.delivery.push import Push
from api.marketplace import Marketplace, now
from infrastructure.webhooks import signing
from tests.support.client import done
from tests.support.mail_servers import Mailbox, at
from tests.support.stage import Scene, Stage

WHSEC, NEXT = signing.new_secret(), signing.new_secret()
"""What letters to a platform are signed with."""


@dataclass
class PostOffice:
    """What delivers the letters of a stage, at a clock that the test moves on."""

    stage: Stage
    mailbox: Mailbox
    port: int
    later: timedelta = field(default=timedelta())

    def now(self) -> datetime:
        return now() + self.later

    def delivery(self, port: int | None = None) -> Delivery:
        market = self.stage.marketplace
        shared = (market.store, market.pool, market.read_models, letterhead(market.settings))
        return Delivery(*shared, at(port or self.port, timeout=2.0), None, self.now)

    def deliver(self, minutes: float = 6) -> list[EmailMessage]:
        """Let minutes pass, deliver what is due, and say what came."""
        self.later += timedelta(minutes=minutes)
        self.stage.catch_up()
        before = len(self.mailbox.mails)
        self.delivery().deliver_due()
        self.stage.catch_up()
        return [read(raw) for raw in self.mailbox.mails[before:]]


def pushing(market: Marketplace, url: str, clock: Callable[[], datetime]) -> Push:
    """What sends the letters of a marketplace to a platform at this address."""
    to = {"letters_url": url, "letters_secret": SecretStr(f"{WHSEC} {NEXT}")}
    hosts = {"webhook_hosts": "127.0.0.1,localhost"}
    settings = market.settings.model_copy(update={**to, **hosts})
    made = push(settings, market.store, market.pool, market.read_models, clock)
    assert made
    return made


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def body(letter: EmailMessage, kind: str = "plain") -> str:
    """What a letter says, as plain text or as HTML."""
    part = letter.get_body((kind,))
    assert part
    return str(part.get_content())


@dataclass
class Sent:
    """An outreach to a passive candidate that has just been sent."""

    scene: Scene
    candidate: str
    outreach: str

    def status(self) -> str:
        path = f"/outreach/{self.outreach}"
        return str(done(self.scene.recruiter.get(path, after=self.scene.latest()))["status"])

    def happened(self) -> list[str]:
        return [topic for _, topic in self.scene.stage.topics(self.outreach)]
