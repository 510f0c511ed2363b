"""A marketplace whose mails to members go to a real mail server."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from infrastructure.mail.server import MailServer
from tests.support.concurrency import wait_until
from tests.support.databases import Databases
from tests.support.mail_servers import Mailbox
from tests.support.stage import Stage, own_stage

LINK = re.compile(r"https?://console\.example(/[is]/[\w-]+)")


@dataclass
class Mailed:
    """The marketplace, and what its worker has mailed."""

    stage: Stage
    mailbox: Mailbox

    def to(self, address: str) -> list[EmailMessage]:
        """The mails to an address so far."""
        mails = (message_from_bytes(raw, policy=policy.default) for raw in self.mailbox.mails)
        return [mail for mail in mails if mail["To"] == address]

    def next_to(self, address: str, number: int = 1) -> EmailMessage:
        """The mail of this number to an address, once it has come."""
        wait_until(lambda: len(self.to(address)) >= number)
        return self.to(address)[number - 1]

    def link_to(self, address: str, number: int = 1) -> str:
        """The path of the first link in a mail to an address."""
        return links(self.next_to(address, number))[0]


def links(mail: EmailMessage) -> list[str]:
    """The paths of the links in the text of a mail."""
    part = mail.get_body(("plain",))
    assert part
    return LINK.findall(str(part.get_content()))


@contextmanager
def mailed_stage(databases: Databases, **settings: Any) -> Iterator[Mailed]:
    """A marketplace whose worker sends mail to a server of the test."""
    mailbox = Mailbox()
    with MailServer(mailbox) as server:
        mail = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none"}
        head = {"mail_from": "jobs@example.org", "public_url": "https://console.example"}
        with own_stage(databases, **mail, **head, **settings) as stage:
            yield Mailed(stage, mailbox)
