"""The people of the demo answer letters as the simulated world says, at a speed that can be set.

Whether somebody answers an employer, what, and after how long, is drawn by `answers`: the process
that the likelihood model learned from. One exception: the first letter of an employer is always
answered, within some hours of theirs and by an interested person, so that the demo's user
sees how it goes on. Nobody else is answered for, and in every event who answers is called
simulated.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from api.demo import situations, wording
from api.demo.acting import Acting
from api.demo.agenda import DAY
from api.demo.answers import Answer, answer, delay, probability
from api.demo.chance import stream
from api.marketplace import Marketplace
from domain.aggregate import Refused
from domain.event import Event
from domain.outreach import ANSWER_WINDOW
from domain.outreach_events import (
    FollowUpSent,
    InterviewRequested,
    MessageSent,
    ReplySent,
    TimesOffered,
)
from infrastructure.error_redaction import error_kind
from infrastructure.event_log import queries
from infrastructure.projecting.checkpoints import NotCaughtUp
from projections import interviews
from projections.interview_list import Interview, InterviewList

logger = logging.getLogger(__name__)

FIRST_DAYS, REPLY_DAYS = (0.4, 1.2), (0.2, 0.8)
"""Days until an employer's first letter is answered, and until a conversation goes on."""

ARRIVED = """
    SELECT message_id, received_at FROM sink_letters WHERE received_at > %s ORDER BY received_at"""

FIRST = """
    SELECT outreach_id FROM interview_list
    WHERE employer_id = %s AND deliver_at IS NOT NULL AND left_at IS NOT NULL
    ORDER BY left_at, outreach_id LIMIT 1"""

Written = MessageSent | InterviewRequested | FollowUpSent | ReplySent | TimesOffered


@dataclass(frozen=True)
class Plan:
    """That somebody will react to a letter, and when. Without an answer they go on talking."""

    at: datetime
    message_id: str
    outreach_id: UUID
    writer: str
    answer: Answer | None
    times: tuple[datetime, ...] = ()
    """Those that were offered for an interview."""


@dataclass
class SimulatedPeople:
    """Everybody whom the demo made up, when letters reach them.

    Letters by actors whose id begins with `leave_alone` are not theirs to answer.
    """

    market: Marketplace
    speed: float
    leave_alone: str
    _known: set[str] = field(default_factory=set)
    plans: list[Plan] = field(default_factory=list)
    """What they will do, in no order."""

    def answer_due(self) -> int:
        """Read what has arrived, and answer what it is time to answer. Returns how many did."""
        now, done = self.market.now(), 0
        try:
            self._read_letters(now)
            for plan in [plan for plan in self.plans if plan.at <= now]:
                done += self._carry_out(plan)
                self.plans.remove(plan)
        except NotCaughtUp:
            logger.debug("the simulated people wait for read models")
        return done

    def _read_letters(self, now: datetime) -> None:
        with self.market.pool.connection() as db:
            letters = db.execute(ARRIVED, [now - ANSWER_WINDOW]).fetchall()
        for message_id, received_at in letters:
            if message_id not in self._known and self._is_read(message_id, received_at):
                self._known.add(message_id)

    def _is_read(self, message_id: str, received_at: datetime) -> bool:
        """Whether a letter was read, or is nobody's of the demo; read models may be behind it."""
        outreach_id, _, letter = message_id.strip("<>").partition("@")[0].partition(".")
        if not letter.isdecimal():  # the employer's invitation
            return True
        outreach = self._outreach(UUID(outreach_id))
        if outreach is None or outreach.left_at is None:
            return False
        life = situations.life(self.market.store, self.market.read_models, outreach.candidate_id)
        written = self._written(outreach.outreach_id, int(letter))
        if (
            written
            and not written.actor.id.startswith(self.leave_alone)
            and situations.is_of_the_demo(life)
        ):
            self.plans += self._plan(message_id, received_at, outreach, written, life)
        return True

    def _plan(
        self,
        message_id: str,
        received_at: datetime,
        outreach: Interview,
        written: Written,
        life: list[Event],
    ) -> Iterator[Plan]:
        rng = stream("answer", message_id)
        soon = received_at + self._after(rng.uniform(*REPLY_DAYS) * DAY)
        about = message_id, outreach.outreach_id
        if isinstance(written, TimesOffered):
            yield Plan(soon, *about, written.organizer_name or "", None, written.times)
            return
        if isinstance(written, ReplySent):
            yield Plan(soon, *about, written.sender_name, None)
            return
        known = situations.known(self.market.read_models, outreach)
        if known is None:
            return
        at = situations.situation(*known, outreach.salary, life, outreach.sent_at)
        answers, said, seconds = rng.random() < probability(at), answer(rng, at), delay(rng)
        if self._is_first(outreach):
            answers, said, seconds = True, Answer.YES, rng.uniform(*FIRST_DAYS) * DAY
        if answers:
            yield Plan(received_at + self._after(seconds), *about, written.sender_name, said)

    def _after(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds / self.speed)

    def _carry_out(self, plan: Plan) -> bool:
        outreach = self._outreach(plan.outreach_id)
        known = outreach and situations.known(self.market.read_models, outreach)
        if not (outreach and known):
            return False
        profile, rng = known[0], stream("words", plan.message_id)
        language = wording.language_of(stream("language", profile.candidate_id), profile.facts)
        acting = Acting(self.market, outreach, profile, plan.message_id, plan.writer, rng, language)
        try:
            if plan.times:
                return acting.pick(plan.times)
            return acting.go_on() if plan.answer is None else acting.answer(plan.answer)
        except Refused as refused:  # the employer, or another of the same person, was quicker
            logger.info("a simulated person could not answer: %s", ", ".join(refused.codes))
        except NotCaughtUp:
            raise
        except Exception as error:  # noqa: BLE001 - the others answer all the same
            logger.error("a simulated person could not answer: %s", error_kind(error))
        return False

    def _is_first(self, outreach: Interview) -> bool:
        """Whether this is the first that its employer wrote to anybody."""
        with self.market.read_models.reading(InterviewList) as db:
            row = db.execute(FIRST, [outreach.employer_id]).fetchone()
        return row is not None and row[0] == outreach.outreach_id

    def _outreach(self, outreach_id: UUID) -> Interview | None:
        with self.market.read_models.reading(InterviewList) as db:
            return interviews.one(db, outreach_id)

    def _written(self, outreach_id: UUID, letter: int) -> Written | None:
        with self.market.pool.connection() as db:
            logged = queries.of_aggregate(db, outreach_id)
        stored = [entry.stored for entry in logged]
        for event in self.market.store.mapper.read(stored, personal=True):
            if isinstance(event, Written) and event.originator_version == letter:
                return event
        return None
