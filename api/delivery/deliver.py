"""Delivers the letters that are due: asks the contact gate, sends, and records what became of it.

Nothing is lost if this is killed at any step: the letter is tried again when its lease ends, with
the same Message-ID, by which its receiver knows it again (RFC 5322, 3.6.4).
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, get_current_span

from api.delivery.content import Content, Settled, Undeliverable, content_of
from api.delivery.letter import Letterhead, mail_of, organizers_mail
from domain.actor import Actor, Cause, Role
from domain.aggregate import Aggregate, Refused
from domain.delivering import NoteDelivery, NoteFailure, ReleaseLetter
from domain.outreach import Letter, Outreach
from domain.outreach_events import Channel
from infrastructure.database.postgres import Pool
from infrastructure.error_redaction import error_kind
from infrastructure.event_log.statements import Statement
from infrastructure.event_log.store import EventStore
from infrastructure.mail import attempts
from infrastructure.mail.attempts import Attempt
from infrastructure.mail.outcomes import Outcome, Stage, next_attempt
from infrastructure.mail.outgoing import OutgoingMail, as_bytes
from infrastructure.mail.signing import DkimKey
from infrastructure.mail.smtp import SmtpConnections, SmtpServer
from infrastructure.projecting.reading import ReadModels
from infrastructure.telemetry import figures, tracing
from projections import outbox
from projections.outbox import Outbox

logger = logging.getLogger(__name__)

DELIVERY = Actor(id="delivery", role=Role.SYSTEM)
CONNECTIONS = 16
"""How many letters are tried at once, each over a connection."""

LEASED_AT_ONCE = 2 * CONNECTIONS
"""How many letters are leased by one look for those that are due."""

LOOK_SECONDS = 0.1
"""Seconds from one look to the next, while letters are tried."""

RELEASE_HOLDS_SECONDS = 0.5
"""How long a release holds; a letter that leaves later needs another."""

OF_OURS: Sequence[Stage] = ("connect", "sender")
"""Where a refusal is about us, as of a wrong password, and says nothing of the letter."""

LEASE = timedelta(minutes=2)
"""How long a letter is left to the one who tries to deliver it."""


class Leased(NamedTuple):
    """An attempt, and when it was leased, by a clock that never jumps."""

    attempt: Attempt
    leased_at: float


@dataclass(frozen=True)
class Delivery:
    """What it takes to deliver letters by mail."""

    store: EventStore
    pool: Pool
    read_models: ReadModels
    head: Letterhead
    server: SmtpServer
    dkim: DkimKey | None
    now: Callable[[], datetime]
    lease: timedelta = LEASE

    def deliver_due(self) -> int:
        """Try to deliver all letters that are due. Returns how many were tried."""
        with self.read_models.reading(Outbox) as db:
            if not outbox.due(db, self.now(), 1):
                return 0  # without an event loop and a TLS context for nothing
        return asyncio.run(self._deliver_due())

    async def _deliver_due(self) -> int:
        tried, waiting, looked = 0, deque[Leased](), 0.0
        under_way: set[asyncio.Task[None]] = set()
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            asyncio.get_running_loop().set_default_executor(threads)
            async with SmtpConnections(self.server, CONNECTIONS) as connections:
                while True:
                    if not waiting and time.monotonic() - looked >= LOOK_SECONDS:
                        looked = time.monotonic()
                        leased = await asyncio.to_thread(self._lease, LEASED_AT_ONCE)
                        waiting += (Leased(attempt, looked) for attempt in leased)
                        tried += len(leased)
                    # No more than there are connections: nothing is released to wait for one.
                    while waiting and len(under_way) < CONNECTIONS:
                        letter = waiting.popleft()
                        under_way.add(
                            asyncio.create_task(
                                traced(letter.attempt, self.store, self._try(letter, connections))
                            )
                        )
                    if not under_way:
                        return tried
                    _, under_way = await asyncio.wait(
                        under_way, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                    )

    def _lease(self, limit: int = LEASED_AT_ONCE) -> list[Attempt]:
        at = self.now()
        with self.read_models.reading(Outbox) as db:
            due = outbox.due(db, at, limit)
        with self.pool.connection() as db:
            return attempts.lease(db, due, at, at + self.lease)

    async def _try(self, letter: Leased, connections: SmtpConnections) -> None:
        attempt, asked = letter.attempt, time.monotonic()
        # Ends before the lease does, so that no other worker tries it at the same time.
        left = self.lease.total_seconds() * 0.75 - (asked - letter.leased_at)

        async def may_leave() -> bool:
            if time.monotonic() - asked < RELEASE_HOLDS_SECONDS:
                return True
            return await asyncio.to_thread(self._is_released, attempt)

        try:
            async with asyncio.timeout(left):
                mails = await asyncio.to_thread(self._mails, attempt)
                for mail, raw in mails:
                    # Where the receiving servers report that it did not arrive.
                    bounces_to = mail.reply_to or self.head.sender
                    outcome = await connections.send(raw, bounces_to, mail.to, may_leave)
                    if outcome.kind in {"retry", "stopped"}:
                        break
                if mails:  # the last is the candidate's, which counts
                    await asyncio.to_thread(self._settle, attempt, outcome, mails[-1][0].message_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            logger.error(
                "letter %d of %s was not delivered, will try again: %s",
                attempt.letter,
                attempt.outreach_id,
                error_kind(error),
            )

    def _is_released(self, attempt: Attempt) -> bool:
        """Ask the contact gate, which may stop the letter instead."""
        released: list[bool] = []

        def note(outreach: Aggregate) -> Iterable[Statement]:
            assert isinstance(outreach, Outreach)
            released.append(outreach.letters[attempt.letter] is Letter.RELEASED)
            return ()

        with suppress(Refused):  # which the read model does not show yet
            self.store.execute(ReleaseLetter(**self._cause(), **_about(attempt)), also=note)
            return released[-1]
        return False

    def _mails(self, attempt: Attempt) -> list[tuple[OutgoingMail, bytes]]:
        """The mails of the letter, the candidate's last; none if it must not leave."""
        about = _about(attempt)
        if not self._is_released(attempt):
            return []
        try:
            content = content_of(self.store, self.read_models, **about)
            mail = mail_of(content, self.head)
            return [*self._to_organizer(content), (mail, as_bytes(mail, self.dkim))]
        except Settled:
            return []
        except (Undeliverable, ValueError) as error:
            logger.warning("letter %s cannot be made: %s", about, error_kind(error))
            self._fail(attempt, "no letter", bad_address=False)
            return []

    def _to_organizer(self, content: Content) -> list[tuple[OutgoingMail, bytes]]:
        """What the employer's side gets beside the candidate, if anything."""
        mail = organizers_mail(content, self.head)
        try:
            return [(mail, as_bytes(mail, self.dkim))] if mail else []
        except ValueError as error:
            logger.warning("an organizer gets no invitation: %s", error_kind(error))
            return []

    def _settle(self, attempt: Attempt, outcome: Outcome, message_id: str) -> None:
        count_attempt(outcome.kind)
        code = " ".join(str(part) for part in (outcome.code, outcome.status) if part) or "no reply"
        if outcome.kind == "stopped":
            return
        if outcome.kind == "delivered":
            self._note_delivery(attempt, message_id)
        elif outcome.kind == "rejected" and outcome.stage not in OF_OURS:
            self._fail(attempt, code, bad_address=outcome.bad_address)
        elif again := next_attempt(attempt.number, self.now(), random.random()):  # noqa: S311 - it spreads retries
            with self.pool.connection() as db:
                attempts.reschedule(db, attempt, again, code)
        else:
            self._fail(attempt, code, bad_address=False)

    def _note_delivery(self, attempt: Attempt, message_id: str) -> None:
        self.store.execute(
            NoteDelivery(
                **self._cause(),
                outreach_id=attempt.outreach_id,
                letter=attempt.letter,
                message_id=message_id,
                channel=Channel.MAIL,
            )
        )

    def _fail(self, attempt: Attempt, code: str, *, bad_address: bool) -> None:
        self.store.execute(
            NoteFailure(
                **self._cause(),
                outreach_id=attempt.outreach_id,
                letter=attempt.letter,
                code=code,
                bad_address=bad_address,
            )
        )

    def _cause(self) -> dict[str, Any]:
        return dict(Cause(by=DELIVERY, at=self.now(), request_id=str(uuid4())))


async def traced(letter: Attempt, store: EventStore, attempt: Awaitable[None]) -> None:
    """Make an attempt to deliver a letter, in the trace of the event that the letter tells of."""
    if not tracing.is_recording():
        await attempt
        return
    parent = await asyncio.to_thread(_cause_of, letter, store)
    about = {"sourcing.attempt": letter.number}
    with tracing.span("deliver letter", about, kind=SpanKind.PRODUCER, parent=parent):
        await attempt


def count_attempt(outcome: str) -> None:
    """Count what became of the attempt that is being made."""
    figures.LETTERS.labels(outcome).inc()
    get_current_span().set_attribute("sourcing.outcome", outcome)


def _cause_of(letter: Attempt, store: EventStore) -> Context | None:
    id, version = letter.outreach_id, letter.letter
    with suppress(Exception):  # a letter leaves without a trace too
        return tracing.of_event(store.recorder.select_events(id, gt=version - 1, lte=version))
    return None


def _about(attempt: Attempt) -> dict[str, Any]:
    return {"outreach_id": attempt.outreach_id, "letter": attempt.letter}
