"""Webhooks on an event store, with a sender whose clock a test moves."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from api.cloud_events import webhook_bodies
from api.periodic_tasks import disable_gone
from domain.actor import Actor, Role
from domain.webhook import SubscribeWebhook
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.webhooks import queue, signing
from infrastructure.webhooks.queue import Delivery, DeliveryStatus
from infrastructure.webhooks.sender import Duties, Sender
from tests.support.concurrency import wait_until
from tests.support.receiver import Receiver

ADMIN = Actor(id="ada", role=Role.ADMIN)
OURS = frozenset({"127.0.0.1", "localhost"})


class MovedClock:
    """The real time, and as much later as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Hooks:
    """The webhooks of one database."""

    def __init__(self, store: EventStore, pool: Pool) -> None:
        self.store = store
        self.pool = pool
        self.clock = MovedClock()

    def cause(self, by: Actor = ADMIN) -> dict[str, Any]:
        return {"by": by, "at": self.clock(), "request_id": str(uuid4())}

    def subscribed(
        self, url: str, *kinds: str, employer_id: UUID | None = None, secret: str = ""
    ) -> UUID:
        """A webhook that leads to this address."""
        command = SubscribeWebhook(
            **self.cause(),
            webhook_id=uuid4(),
            url=url,
            secret=secret or signing.new_secret(),
            kinds=kinds,
            employer_id=employer_id,
        )
        return self.store.execute(command).id

    def sender(self, allowed: frozenset[str] = OURS, lease: timedelta = queue.LEASE) -> Sender:
        duties = Duties(
            bodies=webhook_bodies,
            disable=lambda hook: disable_gone(self.store, hook, self.clock()),
            now=self.clock,
            allowed_hosts=allowed,
        )
        return Sender(self.pool, self.store, duties, lease)

    @contextmanager
    def sending(self, allowed: frozenset[str] = OURS, **more: Any) -> Iterator[None]:
        with self.sender(allowed, **more):
            yield

    def deliveries(self, webhook_id: UUID, status: DeliveryStatus | None = None) -> list[Delivery]:
        with self.pool.connection() as db:
            return queue.listed(db, webhook_id, 10_000, status=status)

    def wait_for(self, webhook_id: UUID, status: DeliveryStatus, count: int) -> list[Delivery]:
        """The deliveries in this state, once there are so many."""
        wait_until(lambda: len(self.deliveries(webhook_id, status)) == count)
        return self.deliveries(webhook_id, status)

    def wait_for_attempts(self, webhook_id: UUID, attempts: int) -> Delivery:
        """The only delivery, once its attempt of this number has ended."""

        def ended() -> bool:
            return any(d.attempts == attempts and d.failure for d in self.deliveries(webhook_id))

        wait_until(ended)
        (delivery,) = self.deliveries(webhook_id)
        return delivery

    def progress(self) -> int:
        with self.pool.connection() as db:
            ((position,),) = db.execute("SELECT log_position FROM webhook_progress").fetchall()
        return int(position)

    def wait_until_followed(self) -> None:
        """Until everything that has happened is queued."""
        wait_until(lambda: self.progress() >= self.store.head())


def arrived(receiver: Receiver, count: int) -> list[str]:
    """The ids of what came in, once it is so many."""
    wait_until(lambda: len(receiver.received) >= count)
    return receiver.ids
