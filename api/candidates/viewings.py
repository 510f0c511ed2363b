"""Notes what recruiters were shown, after they were shown it.

A query never writes, so the route that shows a page notes it here. The page does not wait for it,
and is shown all the same when the log does not answer: the failure is logged. The same candidates
in the same order, shown to the same person, count once an hour. Only what recruiters see counts.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from uuid import UUID, uuid5

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi import BackgroundTasks

from api.candidates.cards import Card
from api.candidates.profile import FullProfile
from api.http.caller import Caller
from domain.actor import Role
from domain.aggregate import Refused
from domain.command import Command
from domain.viewing import AlreadyNoted, Feed, NoteCandidatesShown, NoteProfileOpened, Slot, Sort
from infrastructure.error_redaction import error_kind
from projections.positions import Position

logger = logging.getLogger(__name__)

VIEWINGS = UUID("5f8a4f0e-52c0-5d5b-8a5e-0f3c1f6d7b92")

AT_ONCE = 4
"""How many are noted at once: a log that does not answer holds up no more threads than these."""

MOST_WAITING = 1_000


def note_shown(
    caller: Caller,
    tasks: BackgroundTasks,
    position: Position,
    feed: Feed,
    sort: Sort,
    cards: Sequence[Card],
) -> None:
    """Note, once the page is sent, that these cards were on it, in this order."""
    if cards and _looks(caller):
        tasks.add_task(_note, caller, partial(_shown, caller, position, feed, sort, cards))


def note_opened(
    caller: Caller, tasks: BackgroundTasks, position: Position, profile: FullProfile
) -> None:
    """Note, once the page is sent, that this profile was opened."""
    if _looks(caller):
        tasks.add_task(_note, caller, partial(_opened, caller, position, profile))


def _looks(caller: Caller) -> bool:
    return caller.actor.role is Role.RECRUITER and caller.sees_content


def _shown(
    caller: Caller, position: Position, feed: Feed, sort: Sort, cards: Sequence[Card]
) -> NoteCandidatesShown:
    scored = [card.likelihood for card in cards if card.likelihood]
    slots = tuple(
        Slot(
            candidate_id=card.candidate_id,
            rank=rank,
            probability=card.likelihood.probability if card.likelihood else None,
            explored=card.explored,
            propensity=card.propensity,
        )
        for rank, card in enumerate(cards, 1)
    )
    # What tells pages apart: who was shown, in which order, and who of them by exploration.
    told_apart = "\n".join(f"{slot.candidate_id} {slot.rank} {slot.explored}" for slot in slots)
    digest = sha256(told_apart.encode()).hexdigest()
    return NoteCandidatesShown(
        by=caller.actor,
        at=caller.at,
        request_id=caller.request_id,
        viewing_id=_viewing_id(caller, position.position_id, feed, sort, digest),
        position_id=position.position_id,
        feed=feed,
        sort=sort,
        slots=slots,
        model_position=scored[0].model_position if scored else None,
    )


def _opened(caller: Caller, position: Position, profile: FullProfile) -> NoteProfileOpened:
    return NoteProfileOpened(
        by=caller.actor,
        at=caller.at,
        request_id=caller.request_id,
        viewing_id=_viewing_id(caller, position.position_id, profile.candidate_id),
        position_id=position.position_id,
        candidate_id=profile.candidate_id,
        passive=profile.passive,
        probability=profile.likelihood.probability if profile.likelihood else None,
    )


def _viewing_id(caller: Caller, *what: object) -> UUID:
    who = (caller.actor.employer_id, caller.actor.id)
    return uuid5(VIEWINGS, "\n".join(map(str, (*who, f"{caller.at:%Y-%m-%dT%H}", *what))))


_limiter: RunVar[CapacityLimiter] = RunVar("viewings")


async def _note(caller: Caller, viewing: Callable[[], Command]) -> None:
    limiter = _limiter.get(None)
    if limiter is None:
        limiter = CapacityLimiter(AT_ONCE)
        _limiter.set(limiter)
    if limiter.statistics().tasks_waiting >= MOST_WAITING:
        logger.error("a viewing was not noted: %s wait already", MOST_WAITING)
        return
    try:
        execute = caller.marketplace.store.execute
        await to_thread.run_sync(lambda: execute(viewing()), limiter=limiter)
    except Refused as refused:
        if refused.codes != [AlreadyNoted.code]:
            logger.error("a viewing was not noted: %s", refused)
    except Exception as error:  # noqa: BLE001 - the page has been sent, so only the log can say
        logger.error("a viewing was not noted: %s", error_kind(error))
