"""Sends what is queued for webhooks, in a thread of its own; several processes may do so at once.

A webhook that is slow or fails holds up no other one: each has its own deliveries on their way.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Self, TypeVar
from uuid import UUID

import httpcore2

from infrastructure.database.postgres import Pool
from infrastructure.error_redaction import error_kind
from infrastructure.event_log import queries
from infrastructure.event_log.queries import Logged
from infrastructure.event_log.store import EventStore
from infrastructure.webhooks import queue, schedule
from infrastructure.webhooks.attempt import Answer, attempt, client
from infrastructure.webhooks.fan_out import fan_out
from infrastructure.webhooks.queue import LEASE, Claimed, DeliveryStatus, Outcome
from infrastructure.webhooks.target import Target, target_of

T = TypeVar("T")

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.25
SECONDS_TO_FINISH = 3.0
"""How long attempts on their way are waited for when the process stops."""

GONE = 410
UNREADABLE = Answer(None, "The event cannot be read.")

Bodies = Callable[[EventStore, Sequence[Logged], UUID | None], Mapping[int, bytes]]
"""What is sent of these events to an employer, or to the marketplace, by their log positions."""


@dataclass(frozen=True)
class Duties:
    """What the sender is given by the application."""

    bodies: Bodies
    disable: Callable[[UUID], object]
    """Called when an address answers that it is gone for good."""
    now: Callable[[], datetime]
    allowed_hosts: Collection[str] = ()
    """Hosts that may be in a private network, and spoken to over http."""


class Sender:
    """Queues and sends in the background."""

    def __init__(
        self, pool: Pool, store: EventStore, duties: Duties, lease: timedelta = LEASE
    ) -> None:
        self._pool = pool
        self._store = store
        self._duties = duties
        self._lease = lease
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="webhooks")
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name="webhooks", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._threads.shutdown()

    async def _run(self) -> None:
        async with client(self._duties.allowed_hosts) as http:
            busy: dict[UUID, asyncio.Task[None]] = {}
            while not self._stop.is_set():
                more = False
                try:
                    more = await self._in_thread(self._fan_out)
                    for webhook_id, deliveries in await self._in_thread(self._claim, [*busy]):
                        sending = self._send_all(http, webhook_id, deliveries)
                        busy[webhook_id] = asyncio.create_task(sending)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                    logger.error("webhooks wait, will try again: %s", error_kind(error))
                    await asyncio.sleep(1)
                await _first_of(busy.values(), 0 if more else POLL_SECONDS)
                for webhook_id in [id for id, task in busy.items() if task.done()]:
                    _log_failure(busy.pop(webhook_id))
            if busy:
                await asyncio.wait(busy.values(), timeout=SECONDS_TO_FINISH)
                for task in busy.values():
                    task.cancel()

    async def _in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def _fan_out(self) -> bool:
        at = self._duties.now()
        with self._pool.connection() as db:
            return fan_out(db, self._store, at)

    def _claim(self, busy: Collection[UUID]) -> list[tuple[UUID, list[Claimed]]]:
        at = self._duties.now()
        with self._pool.connection() as db:
            claimed = sorted(queue.claim(db, at, busy, self._lease))
        return [(id, [*each]) for id, each in groupby(claimed, lambda one: one.webhook_id)]

    async def _send_all(
        self, http: httpcore2.AsyncConnectionPool, webhook_id: UUID, deliveries: Sequence[Claimed]
    ) -> None:
        prepared = await self._in_thread(self._prepare, webhook_id, deliveries)
        if prepared is None:
            return
        target, bodies = prepared
        outcomes = await asyncio.gather(
            *(
                self._send(http, target, delivery, bodies.get(delivery.log_position))
                for delivery in deliveries
            ),
            return_exceptions=True,
        )
        for error in outcomes:
            if error is not None:
                raise error

    def _prepare(
        self, webhook_id: UUID, deliveries: Sequence[Claimed]
    ) -> tuple[Target, Mapping[int, bytes]] | None:
        at = self._duties.now()
        with self._pool.connection() as db:
            history = queries.of_aggregate(db, webhook_id)
            logged = queries.at(db, [delivery.log_position for delivery in deliveries])
        target = target_of(self._store, history, at)
        if target is None:  # it was removed, and so are its deliveries
            return None
        return target, self._duties.bodies(self._store, logged, target.employer_id)

    async def _send(
        self,
        http: httpcore2.AsyncConnectionPool,
        target: Target,
        delivery: Claimed,
        body: bytes | None,
    ) -> None:
        answer = UNREADABLE
        if body is not None:
            at = await self._in_thread(self._duties.now)
            message = (message_id(delivery), body, at)
            answer = await attempt(http, target, *message, self._duties.allowed_hosts)
        await self._in_thread(self._finish, delivery, answer)

    def _finish(self, delivery: Claimed, answer: Answer) -> None:
        at = self._duties.now()
        outcome = _outcome(delivery, answer, at)
        with self._pool.connection() as db:
            queue.finish(db, delivery, outcome)
            if answer.wait_until and outcome.due_at:
                queue.pause(db, delivery.webhook_id, answer.wait_until)
        if answer.status == GONE:
            self._duties.disable(delivery.webhook_id)


def message_id(delivery: Claimed) -> str:
    """The id of a message, the same for every attempt and every replay."""
    return f"msg_{delivery.webhook_id.hex}_{delivery.log_position}"


def _outcome(delivery: Claimed, answer: Answer, at: datetime) -> Outcome:
    if answer.failure is None:
        return Outcome(DeliveryStatus.DELIVERED, answer.status)
    due_at = None
    if answer is not UNREADABLE and answer.status != GONE:
        due_at = schedule.next_attempt(delivery.attempts, delivery.queued_at, at, answer.wait_until)
    status = DeliveryStatus.QUEUED if due_at else DeliveryStatus.DEAD
    return Outcome(status, answer.status, answer.failure, due_at)


async def _first_of(tasks: Collection[asyncio.Task[None]], seconds: float) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    else:
        await asyncio.sleep(seconds)


def _log_failure(task: asyncio.Task[None]) -> None:
    with suppress(asyncio.CancelledError):
        if error := task.exception():
            logger.error("a webhook's deliveries wait for another try: %s", error_kind(error))
