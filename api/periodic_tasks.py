"""Commands that no person gives: outreach and consent expire, positions close, and more."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from domain.actor import Actor, Cause, Role
from domain.aggregate import Refused
from domain.answering import EndPostponement, ExpireOutreach
from domain.candidate_commands import ExpireConsent
from domain.command import Command
from domain.employer import ReviewAnswerRate
from domain.position import CloseDuePosition
from domain.webhook import DisableWebhook
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.reading import ReadModels
from projections import candidate_profiles, employers, interviews, positions
from projections.candidate_pool import CandidatePool
from projections.employers import Employers
from projections.interview_list import InterviewList
from projections.positions import Positions

EXPIRY = Actor(id="expiry", role=Role.SYSTEM)
ANSWER_RATES = Actor(id="answer-rates", role=Role.SYSTEM)
WEBHOOKS = Actor(id="webhooks", role=Role.SYSTEM)
AT_ONCE = 500


def expire_overdue(store: EventStore, read_models: ReadModels, at: datetime) -> int:
    """Expire outreaches whose answer window has closed. Returns how many did."""
    with read_models.reading(InterviewList) as db:
        overdue = interviews.overdue(db, at, AT_ONCE)
    return _given(store, (ExpireOutreach(**_cause(at), outreach_id=id) for id in overdue))


def close_due(store: EventStore, read_models: ReadModels, at: datetime) -> int:
    """Close positions whose closing date has come. Returns how many did."""
    with read_models.reading(Positions) as db:
        due = positions.due(db, at, AT_ONCE)
    return _given(store, (CloseDuePosition(**_cause(at), position_id=id) for id in due))


def review_answer_rates(store: EventStore, read_models: ReadModels, at: datetime) -> int:
    """Warn employers whose messages few people answer, and review those whose grace has ended.

    All answers so far must have been counted: after a downtime an employer would else be restricted
    whose candidates have answered meanwhile. Returns how many employers were reviewed.

    Raises:
        NotCaughtUp: the read models are behind.
    """
    with read_models.reading(InterviewList, Employers, after=store.head()) as db:
        ended = employers.grace_ended(db, at)
        rates = interviews.answer_rates(db, at, also=ended)
    due = [(id, rate) for id, rate in rates.items() if rate.is_low or id in ended]
    return _given(
        store,
        (
            ReviewAnswerRate(**_cause(at, ANSWER_RATES), employer_id=id, rate=rate)
            for id, rate in due
        ),
    )


def disable_gone(store: EventStore, webhook_id: UUID, at: datetime) -> int:
    """Disable a webhook whose address answered that it is gone. Returns whether that was new."""
    cause = Cause(by=WEBHOOKS, at=at, request_id=str(uuid4()))
    reason = "the address answered 410 Gone"
    return _given(store, [DisableWebhook(**dict(cause), webhook_id=webhook_id, reason=reason)])


def end_postponements(store: EventStore, read_models: ReadModels, at: datetime) -> int:
    """Go on with outreach that was postponed until a day that has come. Returns how many."""
    with read_models.reading(InterviewList) as db:
        due = interviews.postponed_until(db, at.date(), AT_ONCE)
    return _given(store, (EndPostponement(**_cause(at), outreach_id=id) for id in due))


def end_consents(store: EventStore, read_models: ReadModels, at: datetime) -> int:
    """Record the end of consents whose last moment has passed. Returns how many ended."""
    with read_models.reading(CandidatePool) as db:
        over = candidate_profiles.consent_over(db, at, AT_ONCE)
    return _given(store, (ExpireConsent(**_cause(at), candidate_id=id) for id in over))


def _given(store: EventStore, commands: Iterable[Command]) -> int:
    """Give the commands, and count those taken: the aggregate has the last word on each."""
    taken = 0
    for command in commands:
        try:
            store.execute(command)
            taken += 1
        except Refused:  # it happened meanwhile, which the read model does not show yet
            continue
    return taken


def _cause(at: datetime, by: Actor = EXPIRY) -> dict[str, Any]:
    return dict(Cause(by=by, at=at, request_id=str(uuid4())))
