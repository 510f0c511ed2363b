"""Sends the letters that are due as signed webhooks, to a platform that delivers them itself.

A letter is made when it is sent and kept nowhere: what waits is the number of an event. A 2xx of
the platform says that it has the letter, which ends it here. One that is sent again, as after a
crash, has the same `webhook-id`.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpcore2

from api.delivery.content import Content, Settled, Undeliverable, content_of
from api.delivery.deliver import (
    DELIVERY,
    LEASE,
    RELEASE_HOLDS_SECONDS,
    count_attempt,
    traced,
)
from api.delivery.letter import Letterhead
from api.delivery.released import message_of
from domain.actor import Cause
from domain.aggregate import Refused
from domain.delivering import NoteDelivery, NoteFailure, ReleaseLetter
from domain.outreach_events import Channel
from infrastructure.database.postgres import Pool
from infrastructure.error_redaction import error_kind
from infrastructure.event_log.store import EventStore
from infrastructure.mail import attempts
from infrastructure.mail.attempts import Attempt
from infrastructure.projecting.reading import ReadModels
from infrastructure.webhooks import schedule
from infrastructure.webhooks.attempt import Answer, NotSent, attempt, client
from infrastructure.webhooks.target import Target
from projections import outbox
from projections.outbox import Outbox

logger = logging.getLogger(__name__)

AT_ONCE = 8
"""How many letters are on their way at once."""


@dataclass(frozen=True)
class Push:
    """What it takes to send letters to a platform."""

    store: EventStore
    pool: Pool
    read_models: ReadModels
    head: Letterhead
    target: Target
    allowed_hosts: Collection[str]
    now: Callable[[], datetime]
    lease: timedelta = LEASE

    def send_due(self) -> int:
        """Try to send all letters that are due. Returns how many were tried."""
        with self.read_models.reading(Outbox) as db:
            if not outbox.due(db, self.now(), 1):
                return 0
        return asyncio.run(self._send_due())

    async def _send_due(self) -> int:
        async with client(self.allowed_hosts) as http:
            return sum(await asyncio.gather(*(self._one_by_one(http) for _ in range(AT_ONCE))))

    async def _one_by_one(self, http: httpcore2.AsyncConnectionPool) -> int:
        tried = 0
        while leased := await asyncio.to_thread(self._lease):
            await traced(leased[0], self.store, self._try(http, leased[0]))
            tried += 1
        return tried

    def _lease(self) -> list[Attempt]:
        at = self.now()
        with self.read_models.reading(Outbox) as db:
            due = outbox.due(db, at, AT_ONCE)
        with self.pool.connection() as db:
            for letter in due:
                if leased := attempts.lease(db, [letter], at, at + self.lease):
                    return leased
        return []

    async def _try(self, http: httpcore2.AsyncConnectionPool, letter: Attempt) -> None:
        asked = time.monotonic()

        async def may_leave() -> bool:
            if time.monotonic() - asked < RELEASE_HOLDS_SECONDS:
                return True
            return await asyncio.to_thread(self._released, letter) is not None

        try:
            content = await asyncio.to_thread(self._released, letter)
            if content is not None:
                body, at = message_of(content, self.head), self.now()
                about = (self.target, webhook_id(letter), body, at, self.allowed_hosts)
                answer = await attempt(http, *about, may_leave)
                await asyncio.to_thread(self._settle, letter, content, answer)
        except NotSent:
            logger.info("letter %d of %s was held back", letter.letter, letter.outreach_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            logger.error(
                "letter %d of %s was not sent, will try again: %s",
                letter.letter,
                letter.outreach_id,
                error_kind(error),
            )

    def _released(self, letter: Attempt) -> Content | None:
        """The letter, if the contact gate lets it leave now."""
        about: dict[str, Any] = {"outreach_id": letter.outreach_id, "letter": letter.letter}
        try:
            self.store.execute(ReleaseLetter(**self._cause(), **about))
            return content_of(self.store, self.read_models, **about)
        except (Refused, Settled):  # which the read model does not show yet
            return None
        except (Undeliverable, ValueError) as error:
            logger.warning("letter %s cannot be made: %s", about, error_kind(error))
            self._fail(letter, "no letter")
            return None

    def _settle(self, letter: Attempt, content: Content, answer: Answer) -> None:
        at = self.now()
        if answer.failure is None:
            count_attempt("delivered")
            self.store.execute(
                NoteDelivery(
                    **self._cause(),
                    outreach_id=letter.outreach_id,
                    letter=letter.letter,
                    message_id=f"{letter.outreach_id}.{letter.letter}",
                    channel=Channel.API,
                )
            )
            return
        since = content.released_at or at
        code = str(answer.status or "no answer")
        again = schedule.next_attempt(letter.number, since, at, answer.wait_until)
        count_attempt("retry" if again else "rejected")
        if again:
            with self.pool.connection() as db:
                attempts.reschedule(db, letter, again, code)
        else:
            self._fail(letter, code)

    def _fail(self, letter: Attempt, code: str) -> None:
        about: dict[str, Any] = {"outreach_id": letter.outreach_id, "letter": letter.letter}
        self.store.execute(NoteFailure(**self._cause(), **about, code=code, bad_address=False))

    def _cause(self) -> dict[str, Any]:
        return dict(Cause(by=DELIVERY, at=self.now(), request_id=str(uuid4())))


def webhook_id(letter: Attempt) -> str:
    """The id of the webhook, the same for every attempt."""
    return f"msg_{letter.outreach_id.hex}_{letter.letter}"
