"""How letters leave this process: by a mail server, or by the embedded one that only shows them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from api.delivery.deliver import Delivery
from api.delivery.letter import Letterhead
from api.delivery.shown_letters import ShownLetters
from api.links import link_key
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.mail.signing import dkim_key
from infrastructure.mail.sink import LOOPBACK, Sink
from infrastructure.mail.smtp import SmtpServer, smtp_server
from infrastructure.projecting.reading import ReadModels
from infrastructure.settings import Settings


def shows_letters(settings: Settings) -> bool:
    """Whether the embedded mail server keeps letters, to be shown instead of delivered."""
    return settings.smtp_host is None and settings.database_url is None


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
        with Sink(lambda raw, _: shown.keep(raw, now())) as sink:
            yield Delivery(*shared, SmtpServer(LOOPBACK, sink.port, security="none"), None, now)
    else:
        yield None


def letterhead(settings: Settings) -> Letterhead:
    """What all letters have in common."""
    return Letterhead(
        marketplace=settings.marketplace,
        postal_address=settings.postal_address or "",
        sender=settings.mail_from,
        reply_address=settings.reply_address,
        public_url=(settings.public_url or f"http://localhost:{settings.port}").rstrip("/"),
        link_key=link_key(settings),
    )
