"""How letters leave this process: by a mail server, by the embedded one, or to a platform.

The embedded mail server only shows them; a platform delivers them itself.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from api.delivery.deliver import Delivery
from api.delivery.inbound import Inbox
from api.delivery.letter import Letterhead
from api.delivery.push import Push
from api.delivery.shown_letters import ShownLetters
from api.links import link_key
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.mail.addresses import token_in
from infrastructure.mail.outgoing import OutgoingMail, as_bytes
from infrastructure.mail.server import Take
from infrastructure.mail.signing import dkim_key
from infrastructure.mail.sink import LOOPBACK, Sink
from infrastructure.mail.smtp import SmtpServer, smtp_server
from infrastructure.projecting.reading import ReadModels
from infrastructure.settings import Settings
from infrastructure.webhooks import signing
from infrastructure.webhooks.target import Target

SHOWN_REPLY_ADDRESS = "reply@localhost"
"""Where answers go that the embedded mail server takes, unless the settings name another."""


def delivers_by_mail(settings: Settings) -> bool:
    """Whether letters leave by mail from here; else a platform gets them and delivers itself."""
    return settings.smtp_host is not None or shows_letters(settings)


def shows_letters(settings: Settings) -> bool:
    """Whether the embedded mail server keeps letters, to be shown instead of delivered."""
    return not (settings.smtp_host or settings.letters_url or settings.database_url)


@contextmanager
def delivery(
    settings: Settings,
    store: EventStore,
    pool: Pool,
    read_models: ReadModels,
    now: Callable[[], datetime],
) -> Iterator[Delivery | None]:
    """What delivers letters from this process; None if others fetch them."""
    head = letterhead(settings)
    shared = (store, pool, read_models, head)
    if server := smtp_server(settings):
        yield Delivery(*shared, server, dkim_key(settings), now)
    elif shows_letters(settings):
        shown = ShownLetters(store, pool)
        take = _embedded(shown, shown_inbox(shown, read_models, head, now))
        with Sink(take) as sink:
            yield Delivery(*shared, SmtpServer(LOOPBACK, sink.port, security="none"), None, now)
    else:
        yield None


def push(
    settings: Settings,
    store: EventStore,
    pool: Pool,
    read_models: ReadModels,
    now: Callable[[], datetime],
) -> Push | None:
    """What sends letters to a platform from this process; None if it fetches them."""
    url, secrets = settings.letters_url, settings.letters_secret
    if not (url and secrets):
        return None
    target = Target(url, signing.checked(secrets.get_secret_value()), None)
    hosts = settings.allowed_webhook_hosts
    return Push(store, pool, read_models, letterhead(settings), target, hosts, now)


def shown_inbox(
    shown: ShownLetters,
    read_models: ReadModels,
    head: Letterhead,
    now: Callable[[], datetime],
    prefix: str = "",
) -> Inbox:
    """What takes mail where letters are only shown, as the answers to it are."""

    def send(mail: OutgoingMail) -> None:
        shown.keep(as_bytes(mail, None), now())

    return Inbox(shown.store, read_models, head, now, send, prefix)


def _embedded(shown: ShownLetters, inbox: Inbox) -> Take:
    """What the embedded mail server does with a mail: answers are taken, letters are shown."""

    def take(raw: bytes, recipients: list[str]) -> None:
        ours = inbox.head.reply_address
        if ours and any(token_in(recipient, ours) is not None for recipient in recipients):
            inbox.take(raw, recipients)
        else:
            shown.keep(raw, inbox.now())

    return take


def letterhead(settings: Settings) -> Letterhead:
    """What all letters have in common."""
    return Letterhead(
        marketplace=settings.marketplace,
        postal_address=settings.postal_address or "",
        sender=settings.mail_from,
        reply_address=settings.reply_address
        or (SHOWN_REPLY_ADDRESS if shows_letters(settings) else None),
        public_url=(settings.public_url or f"http://localhost:{settings.port}").rstrip("/"),
        link_key=link_key(settings),
    )
