"""Where a person of the demo stands when a letter reaches them, as the events tell.

What no event tells, their habit of answering and how happy they are at work, is drawn from their
id, spread as in the simulated world.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from api.demo.answers import HABIT_SPREAD, Situation
from api.demo.chance import stream
from api.demo.companies import NORDLICHT
from api.demo.members import LETTERS_HALVE, PLATFORM, VISITS_HALVE
from api.marketplace import Marketplace
from domain.candidate_events import CandidateSignedUp, Contacted, WasActive
from domain.event import Event
from domain.money import SalaryRange
from infrastructure.event_log import queries
from infrastructure.event_log.log_head import head
from infrastructure.event_log.store import EventStore
from infrastructure.event_log.unreadable import UnreadableEvent
from infrastructure.projecting.reading import ReadModels
from projections import candidate_profiles, positions
from projections.candidate_pool import CandidatePool
from projections.candidate_profiles import CandidateProfile
from projections.interview_list import Interview
from projections.positions import Position, Positions

TELLING = (CandidateSignedUp, WasActive, Contacted)
REQUESTS = "demo-"
"""How the ids of requests begin by which the demo was filled."""


def is_of_the_demo(events: Iterable[Event]) -> bool:
    """Whether these events are of a person whom the demo made up."""
    return any(
        isinstance(event, CandidateSignedUp)
        and event.actor == PLATFORM
        and event.request_id.startswith(REQUESTS)
        for event in events
    )


def is_filled(marketplace: Marketplace) -> bool:
    """Whether the demo has filled this marketplace."""
    with marketplace.pool.connection() as db:
        return bool(queries.of_aggregate(db, NORDLICHT))


def life(store: EventStore, read_models: ReadModels, candidate_id: UUID) -> list[Event]:
    """What tells of a person how they may answer, without their personal data."""
    topics = [event.TOPIC for event in TELLING]
    with read_models.reading() as db:
        logged = queries.of_aggregates(db, [candidate_id], head(db), topics)
    read = store.mapper.read([entry.stored for entry in logged], personal=False)
    return [event for event in read if not isinstance(event, UnreadableEvent)]


def known(read_models: ReadModels, outreach: Interview) -> tuple[CandidateProfile, Position] | None:
    """The person and the position of an outreach. None if the person is gone."""
    with read_models.reading(CandidatePool, Positions) as db:
        profile = candidate_profiles.profile(db, outreach.candidate_id)
        position = positions.one(db, outreach.position_id)
    return (profile, position) if profile and position else None


def situation(
    profile: CandidateProfile,
    position: Position,
    salary: SalaryRange,
    before: Iterable[Event],
    at: datetime,
) -> Situation:
    """Where somebody stands who has lived through these events before the letter of this moment."""
    facts, rng = profile.facts, stream("hidden", profile.candidate_id)
    events = [event for event in before if event.timestamp < at]
    visits = [event.timestamp for event in events if isinstance(event, WasActive)]
    letters = [event.timestamp for event in events if isinstance(event, Contacted)]
    since, wanted, top = facts.in_present_job_since, facts.expected_salary, salary.maximum_in_usd
    last_seen = max(visits, default=profile.signed_up_at)
    return Situation(
        years_in_job=max((at.date() - since.first).days, 0) / 365.25 if since else None,
        days_silent=max((at - last_seen) / timedelta(days=1), 0),
        recent_visits=_recent(visits, at, VISITS_HALVE),
        recent_letters=_recent(letters, at, LETTERS_HALVE),
        offer=max(top or 1, 1) / max(wanted.in_usd or 1, 1) if wanted else 1.0,
        match=position.filters.match(facts),
        place_suits=facts.country in position.filters.locations
        or (position.remote and bool(facts.open_to_remote)),
        habit=rng.gauss(0, HABIT_SPREAD),
        satisfaction=rng.uniform(0.2, 1.0),
    )


def _recent(moments: Iterable[datetime], at: datetime, half: float) -> float:
    """How many there were, each counting half after so many seconds."""
    return sum(2 ** (-(at - moment).total_seconds() / half) for moment in moments)
