"""The composition root: everything that a process of the marketplace runs on, put together."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from prometheus_client import Counter

from api.cloud_events import webhook_bodies
from api.delivery import shown_letters
from api.delivery.channels import delivery, letterhead, push
from api.delivery.deliver import Delivery
from api.delivery.inbound import Inbox, receiving
from api.delivery.member_mail import MemberMail
from api.delivery.notices import Notices
from api.delivery.to_recruiters import tell
from api.identifiers import claim_known_addresses
from api.periodic_tasks import (
    close_due,
    disable_gone,
    end_consents,
    end_postponements,
    expire_overdue,
    review_answer_rates,
)
from api.upgrade import note_contact_keys
from infrastructure.database.clock import Clock
from infrastructure.database.installation import (
    address_key,
    addresses_claimed,
    candidate_namespace,
    contact_keys_noted,
    note_addresses_claimed,
    note_contact_keys_noted,
)
from infrastructure.database.migrations import migrate
from infrastructure.database.postgres import Pool, database, open_pool
from infrastructure.event_log.store import EventStore
from infrastructure.evidence import sealing
from infrastructure.evidence.checkpoints import Signer
from infrastructure.mail import attempts, member_mails
from infrastructure.projecting import unknown_events
from infrastructure.projecting.projection import Projection
from infrastructure.projecting.reading import ReadModels
from infrastructure.projecting.versions import create_tables
from infrastructure.projecting.worker import PeriodicTask, Worker
from infrastructure.requests import idempotency, revocations, sign_in_links
from infrastructure.settings import Settings
from infrastructure.webhooks import queue as webhook_queue
from infrastructure.webhooks.sender import Duties, Sender
from projections.likelihood.challengers import challengers
from projections.read_models import read_models

PROBE_SECONDS = 2.0
"""How long a readiness probe may wait for the database."""

STATEMENT_SECONDS = 30.0
"""How long a statement may take for a request or a periodic task of a server."""

SEALED_SECONDS = 2.0
"""Seconds from one checkpoint of the log to the next."""

DELIVERY_SECONDS = 0.25
"""Seconds from one look for letters that are due to the next."""

NOTICES_SECONDS = 10.0
"""Seconds from one look for recruiters to tell to the next."""

MEMBERS_SECONDS = 1.0
"""Seconds from one look for mails to members to the next."""

SHOWN_LETTERS_KEPT = timedelta(days=30)
"""How long the embedded mail server keeps letters."""

CONNECTIONS_OF_A_WORKER = 4
"""Beside the one that each projection holds while it works."""

UNKNOWN_KINDS_SECONDS = 5.0
"""Seconds from one search for events of unknown kinds to the next."""


@dataclass
class Marketplace:
    """The event store, the database and the read models of one process."""

    settings: Settings
    database_url: str
    pool: Pool
    store: EventStore
    projections: Sequence[Projection]
    read_models: ReadModels
    started_at_log_position: int
    candidate_namespace: UUID
    """Which ids of imported people derive from."""
    address_key: bytes
    """Which e-mail addresses are hashed with."""
    clock: Clock
    worker: Worker | None = field(default=None)
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set once the server is asked to stop: what would go on for ever then ends."""
    tasks: list[PeriodicTask] = field(default_factory=list)
    """What else to run again and again, beside what every marketplace does."""
    streams: int = 0
    """Streams of events that are open."""
    uploads: int = 0
    """Uploads of activity that are being taken in."""
    refusals: Counter = field(
        default_factory=lambda: Counter(
            "sourcing_refusals",
            "Commands refused, by each of their reasons.",
            ["code"],
            registry=None,
        )
    )

    @contextmanager
    def working(self) -> Iterator[Worker]:
        """Keep the read models up to date and send to webhooks meanwhile."""
        tasks = [
            PeriodicTask("expire outreaches", 60, lambda: self._command(expire_overdue)),
            PeriodicTask("close due positions", 60, lambda: self._command(close_due)),
            PeriodicTask("end postponements", 60, lambda: self._command(end_postponements)),
            PeriodicTask("review answer rates", 600, lambda: self._command(review_answer_rates)),
            PeriodicTask("end consents", 60, lambda: self._command(end_consents)),
            PeriodicTask("delete expired records", 3600, self.forget),
            PeriodicTask("sign the log", SEALED_SECONDS, self.seal),
            *self.tasks,
            PeriodicTask(
                "find events of unknown kinds",
                UNKNOWN_KINDS_SECONDS,
                lambda: unknown_events.search(self.pool, now()),
            ),
        ]
        with ExitStack() as stack:
            if letters := stack.enter_context(self._delivery()):
                tasks.append(PeriodicTask("deliver letters", DELIVERY_SECONDS, letters.deliver_due))
                notices = Notices(letters)
                tasks.append(PeriodicTask("tell recruiters", NOTICES_SECONDS, notices.send_due))
                members = MemberMail(letters)
                tasks.append(PeriodicTask("mail members", MEMBERS_SECONDS, members.send_due))
            if platform := push(self.settings, self.store, self.pool, self.read_models, self.now):
                tasks.append(PeriodicTask("send letters", DELIVERY_SECONDS, platform.send_due))
            # Of its own, so that requests and projections wait for no connection of each other's.
            most = len(self.projections) + CONNECTIONS_OF_A_WORKER
            pool = stack.enter_context(open_pool(self.database_url, name="worker", max_size=most))
            self.worker = stack.enter_context(
                Worker(
                    self.database_url,
                    self.store,
                    pool,
                    self.projections,
                    tasks,
                    self.settings.projector_batch_size,
                )
            )
            stack.enter_context(self._webhooks())
            shared = (self.store, self.read_models, letterhead(self.settings), self.now)
            inbox = Inbox(*shared, partial(tell, letters))
            stack.enter_context(receiving(self.settings, inbox.take))
            try:
                yield self.worker
            finally:
                self.worker = None

    def _delivery(self) -> AbstractContextManager[Delivery | None]:
        return delivery(self.settings, self.store, self.pool, self.read_models, self.now)

    def _command(self, task: Callable[[EventStore, ReadModels, datetime], int]) -> None:
        task(self.store, self.read_models, self.now())

    def _webhooks(self) -> Sender:
        duties = Duties(
            bodies=webhook_bodies,
            disable=lambda webhook_id: disable_gone(self.store, webhook_id, self.now()),
            now=self.now,
            allowed_hosts=self.settings.allowed_webhook_hosts,
        )
        return Sender(self.pool, self.store, duties)

    @property
    def signer(self) -> Signer:
        """Signs checkpoints of the log."""
        return Signer(self.settings.log_name, self.settings.secret.get_secret_value())

    def seal(self) -> None:
        """Bring the log's tree up to date, and sign it."""
        sealing.seal(self.pool, self.signer, now())

    def forget(self) -> None:
        """Delete old answers to requests, revoked tokens, leases, deliveries, checkpoints."""
        at = self.now()
        with self.pool.connection() as db:
            idempotency.forget_old(db, at)
            revocations.forget_expired(db, at)
            webhook_queue.forget_old(db, at)
            attempts.forget_old(db, at - timedelta(days=1))
            sealing.forget_old(db, at)
            member_mails.forget_old(db, at)
            sign_in_links.forget_old(db, at)
            shown_letters.forget(db, at - SHOWN_LETTERS_KEPT)

    def now(self) -> datetime:
        """The moment. Raises `ClockIsOff` if the database's clock says another."""
        self.clock.check()
        return now()


@contextmanager
def open_marketplace(settings: Settings, *, rebuild: bool = False) -> Iterator[Marketplace]:
    """Reach the database, bring its schema up to date, and open the event store.

    Servers `rebuild` read models of an older version. Commands do not: a server of
    the older program may be running.

    Raises:
        OlderProjection: a read model is of an older version, and is not to be rebuilt.
        ClockIsOff: this process and the database disagree about the time.
        SettingsError: there is no challenger of a name in the settings.
        WrongSecret: the database was made with another secret.
    """
    every = read_models(challengers(settings.challengers))
    with database(settings) as url:
        migrate(url, at=now())
        size = settings.database_pool_size
        limit = STATEMENT_SECONDS if rebuild else None
        # A request that holds a connection may read events too: with one pool for both, as many
        # such requests as it has connections would wait for each other.
        with (
            open_pool(url, name="marketplace", max_size=size, statement_seconds=limit) as pool,
            open_pool(url, name="event store", max_size=size, statement_seconds=limit) as events,
        ):
            clock = Clock(pool)
            clock.check()
            create_tables(every, pool, rebuild=rebuild)
            secret, group = settings.secret.get_secret_value(), settings.writer_batch_size
            with EventStore(url, events, secret, batch_size=group) as store:
                log_position = store.head()
                reading = ReadModels(pool, settings.wait_timeout_seconds)
                with pool.connection() as db:
                    namespace = candidate_namespace(db, uuid4())
                    key = address_key(db, store.keyring)
                    claimed, noted = addresses_claimed(db), contact_keys_noted(db)
                if not claimed:
                    claim_known_addresses(store, key, now())
                    with pool.connection() as db:
                        note_addresses_claimed(db)
                if not noted:
                    note_contact_keys(store, key, now())
                    with pool.connection() as db:
                        note_contact_keys_noted(db)
                yield Marketplace(
                    settings, url, pool, store, every, reading, log_position, namespace, key, clock
                )


def now() -> datetime:
    """The moment."""
    return datetime.now(UTC)
