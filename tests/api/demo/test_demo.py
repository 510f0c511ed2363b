"""The demo's marketplace: always the same for a seed, by the rules, and with something to learn."""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import Any
from uuid import UUID

import pytest

from api.demo import NORDLICHT, Summary, World, fill
from api.demo.answers import USUAL
from api.demo.companies import companies
from api.demo.teams import colleagues, settle_teams
from api.demo.world import Shift
from api.http.tokens import LOCAL_RECRUITER
from domain.actor import CompanyRole, Role
from domain.aggregate import Aggregate
from domain.candidate import Candidate
from domain.candidate_events import (
    AttributesReported,
    CandidateSignedUp,
    Contacted,
    OptedIn,
    WasActive,
)
from domain.employer import Employer
from domain.employer_events import EmployerRegistered
from domain.event import Event
from domain.outreach import ANSWER_WINDOW, Outreach
from domain.outreach_events import (
    InterviewRequested,
    MessageSent,
    OutreachAccepted,
    OutreachDeclined,
)
from domain.position import Position, PositionOpened
from domain.team import Team, team_id
from domain.viewing import CandidatesShown, Feed, ProfileOpened, Viewing
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore, UnitOfWork
from tests.support.survey import members, survey_profiles

UNTIL = datetime(2026, 6, 15, tzinfo=UTC)
BEGIN = UNTIL - timedelta(days=548)
SENT = (MessageSent, InterviewRequested)


class Written(list[Event]):
    """An event log in memory."""

    def record(self, events: Sequence[Event]) -> int:
        self.extend(events)
        return len(self)


def filled(candidates: int = 120, seed: int = 7, **more: Any) -> tuple[Written, Summary]:
    log = Written()
    return log, fill(log, candidates=candidates, seed=seed, until=UNTIL, **more)


def serialised(log: Iterable[Event]) -> list[tuple[str, str]]:
    return [(event.TOPIC, event.model_dump_json()) for event in log]


def by_stream(log: Iterable[Event]) -> dict[UUID, list[Event]]:
    streams: dict[UUID, list[Event]] = defaultdict(list)
    for event in log:
        streams[event.originator_id].append(event)
    return streams


KINDS: dict[str, type[Aggregate]] = {
    "candidate": Candidate,
    "employer": Employer,
    "position": Position,
    "outreach": Outreach,
    "viewing": Viewing,
}


@pytest.fixture(scope="module")
def world() -> World:
    return World(candidates=1_000, seed=3, until=UNTIL)


@pytest.fixture(scope="module")
def log(world: World) -> list[Event]:
    return [*world.history()]


def test_the_same_seed_gives_the_same_marketplace() -> None:
    assert serialised(filled()[0]) == serialised(filled()[0])


def test_another_seed_gives_another() -> None:
    first, other = filled(seed=1)[0], filled(seed=2)[0]
    shared = set(by_stream(first)) & set(by_stream(other))
    assert NORDLICHT in shared
    assert len(shared) == 3  # Nordlicht and its two positions


@pytest.mark.slow
def test_the_log_is_in_order_of_time_and_ends_before_the_end(log: list[Event]) -> None:
    assert all(earlier.timestamp <= later.timestamp for earlier, later in pairwise(log))
    assert log[-1].timestamp < UNTIL
    kinds = {type(event) for event in log if event.timestamp < BEGIN}
    assert kinds <= {CandidateSignedUp, OptedIn, WasActive}


@pytest.mark.slow
def test_every_stream_folds_without_a_gap(log: list[Event]) -> None:
    for id, events in by_stream(log).items():
        kind = KINDS[events[0].TOPIC.split(".")[0]]
        assert kind.fold(id, events).version == len(events)


@pytest.mark.slow
def test_everybody_signs_up_once(log: list[Event], world: World) -> None:
    signed_up = [event.originator_id for event in log if isinstance(event, CandidateSignedUp)]
    assert len(signed_up) == len(set(signed_up)) == world.count == 1_000


@pytest.mark.slow
def test_every_event_says_who_and_by_which_request(log: list[Event]) -> None:
    assert all(event.actor.id and event.request_id for event in log)
    for event in log:
        if isinstance(event, SENT):
            assert event.actor.role is Role.RECRUITER
            assert event.actor.employer_id == event.employer_id


@pytest.mark.slow
def test_no_activity_is_counted_twice(log: list[Event]) -> None:
    ids = [(event.source, event.source_id) for event in log if isinstance(event, WasActive)]
    assert len(ids) == len(set(ids))


@pytest.mark.slow
def test_most_members_are_passive_and_most_opted_in(world: World, log: list[Event]) -> None:
    members = [person.candidate for person in world.people]
    assert 0.55 <= sum(member.is_passive(UNTIL) for member in members) / len(members) <= 0.65
    assert 0.70 <= sum(member.opted_in for member in members) / len(members) <= 0.80


@pytest.mark.slow
def test_activity_is_as_much_as_a_marketplace_sees(log: list[Event]) -> None:
    active = [event for event in log if isinstance(event, WasActive) and event.timestamp >= BEGIN]
    assert 10 <= len(active) / 1_000 <= 25


@pytest.mark.slow
def test_nobody_is_written_to_against_the_rules(log: list[Event]) -> None:
    candidates: dict[UUID, Candidate] = {}
    employers: dict[UUID, Employer] = {}
    positions: dict[UUID, Position] = {}
    written: set[tuple[UUID, UUID]] = set()
    for event in log:
        if isinstance(event, SENT):
            candidate = candidates[event.candidate_id]
            employer = employers[event.employer_id]
            is_message = isinstance(event, MessageSent)
            assert candidate.opted_in
            assert not candidate.erased
            assert candidate.is_passive(event.timestamp) is is_message
            assert candidate.contacts_since(event.timestamp - timedelta(days=30)) < 3
            assert event.employer_id not in candidate.blocked
            assert employer.approved
            assert employer.in_beta or not is_message
            assert positions[event.position_id].is_open
            assert (event.position_id, event.candidate_id) not in written
            written.add((event.position_id, event.candidate_id))
        if event.TOPIC.startswith("candidate."):
            candidates.setdefault(event.originator_id, Candidate(event.originator_id))._apply(event)
        elif event.TOPIC.startswith("employer."):
            employers.setdefault(event.originator_id, Employer(event.originator_id))._apply(event)
        elif event.TOPIC.startswith("position."):
            positions.setdefault(event.originator_id, Position(event.originator_id))._apply(event)
    assert len(written) > 1_000


@pytest.mark.slow
def test_each_letter_is_noted_by_its_candidate_in_the_same_request(log: list[Event]) -> None:
    sent = {(e.request_id, e.originator_id) for e in log if isinstance(e, SENT)}
    noted = {(e.request_id, e.outreach_id) for e in log if isinstance(e, Contacted)}
    assert sent == noted


@pytest.mark.slow
def test_lately_every_messaged_candidate_was_shown_and_opened_shortly_before(
    log: list[Event],
) -> None:
    shown: dict[tuple[UUID, UUID], Feed] = {}
    opened: dict[tuple[UUID, UUID], datetime] = {}
    looked_at = 0
    for event in log:
        if isinstance(event, CandidatesShown):
            assert len({slot.candidate_id for slot in event.slots}) == len(event.slots)
            shown |= {(event.position_id, slot.candidate_id): event.feed for slot in event.slots}
        elif isinstance(event, ProfileOpened):
            assert (event.position_id, event.candidate_id) in shown
            opened[event.position_id, event.candidate_id] = event.timestamp
        elif isinstance(event, SENT) and event.timestamp > UNTIL - timedelta(days=181):
            looked_at += 1
            pair = event.position_id, event.candidate_id
            assert (shown[pair] is Feed.PASSIVE) is isinstance(event, MessageSent)
            assert event.timestamp - opened[pair] < timedelta(minutes=5)
    assert looked_at > 300
    assert len(opened) > looked_at


def test_a_shift_changes_what_comes_after_it_alone() -> None:
    middle = UNTIL - timedelta(days=200)
    usual, shifted = (
        World(candidates=120, seed=7, until=UNTIL, shift=shift)
        for shift in (None, Shift(at=middle, process=replace(USUAL, base=0.0)))
    )
    before = [
        [*takewhile(lambda event: event.timestamp < middle, w.history())] for w in (usual, shifted)
    ]
    assert serialised(before[0]) == serialised(before[1])
    for _ in map(list, (usual.history(), shifted.history())):
        pass
    assert statistics.mean(usual.truth.values()) + 0.1 < statistics.mean(shifted.truth.values())


@pytest.mark.slow
def test_some_members_say_who_they_are_whatever_they_do(world: World, log: list[Event]) -> None:
    said = {event.originator_id for event in log if isinstance(event, AttributesReported)}
    assert 0.3 < len(said) / world.count < 0.5
    letters = [event for event in log if isinstance(event, SENT)]
    told, silent = (
        [world.truth[e.originator_id] for e in letters if (e.candidate_id in said) is has_said]
        for has_said in (True, False)
    )
    assert statistics.mean(told) == pytest.approx(statistics.mean(silent), abs=0.02)


def answers(log: Iterable[Event]) -> dict[UUID, timedelta]:
    """How long each answered letter waited."""
    sent = {}
    waited = {}
    for event in log:
        if isinstance(event, SENT):
            sent[event.originator_id] = event.timestamp
        elif isinstance(event, OutreachAccepted | OutreachDeclined):
            waited[event.originator_id] = event.timestamp - sent[event.originator_id]
    return waited


def closed(world: World, log: Iterable[Event]) -> list[UUID]:
    """The letters whose answer window has passed."""
    return [
        event.originator_id
        for event in log
        if isinstance(event, SENT) and event.timestamp + ANSWER_WINDOW < UNTIL
    ]


@pytest.mark.slow
def test_about_one_in_six_answers_mostly_within_three_days(world: World, log: list[Event]) -> None:
    waited = answers(log)
    letters = closed(world, log)
    assert 0.13 <= sum(letter in waited for letter in letters) / len(letters) <= 0.21
    assert sum(wait < timedelta(days=3) for wait in waited.values()) > 0.7 * len(waited)
    assert timedelta(days=7) < max(waited.values()) < ANSWER_WINDOW


@pytest.mark.slow
def test_answers_come_as_often_as_their_true_probability_says(
    world: World, log: list[Event]
) -> None:
    waited = answers(log)
    letters = sorted(closed(world, log), key=lambda letter: world.truth[letter])
    third = len(letters) // 3
    rates = []
    for group in (letters[:third], letters[third : 2 * third], letters[2 * third :]):
        expected = sum(world.truth[letter] for letter in group)
        spread = math.sqrt(sum(p * (1 - p) for p in map(world.truth.__getitem__, group)))
        found = sum(letter in waited for letter in group)
        assert abs(found - expected) < 4 * spread + 0.03 * len(group)
        rates.append(found / len(group))
    assert rates[2] > 3 * rates[0]


@pytest.mark.slow
def test_the_truth_is_in_no_event(world: World, log: list[Event]) -> None:
    letters = [event for event in log if isinstance(event, SENT)]
    assert {letter.originator_id for letter in letters} == set(world.truth)
    assert all(letter.likelihood is None for letter in letters)


@pytest.mark.slow
def test_a_newcomers_employer_waits_approved_outside_the_beta(log: list[Event]) -> None:
    streams = by_stream(log)
    employer = Employer.fold(NORDLICHT, streams[NORDLICHT])
    registered = streams[NORDLICHT][0]
    assert isinstance(registered, EmployerRegistered)
    assert registered.company == "Nordlicht Robotics"
    assert employer.approved
    assert not employer.in_beta
    assert LOCAL_RECRUITER.employer_id == NORDLICHT
    opened = [e for e in log if isinstance(e, PositionOpened) and e.employer_id == NORDLICHT]
    assert len(opened) == 2
    assert all(Position.fold(e.originator_id, streams[e.originator_id]).is_open for e in opened)


@pytest.mark.slow
def test_a_newcomers_positions_have_passive_candidates(world: World, log: list[Event]) -> None:
    for event in log:
        if isinstance(event, PositionOpened) and event.employer_id == NORDLICHT:
            suiting = [
                person
                for person in world.people
                if person.candidate.is_passive(UNTIL)
                and person.candidate.opted_in
                and event.filters.admit(person.facts)
            ]
            assert len(suiting) >= 10


def test_the_smallest_marketplace_is_whole() -> None:
    log, summary = filled(candidates=20)
    assert summary.candidates == 20
    assert summary.employers == 8
    assert summary.events == summary.log_position == len(log)


def test_each_company_has_an_owner_a_recruiter_and_a_read_only_member(
    store: EventStore,
) -> None:
    fill(store, candidates=20, seed=1, until=UNTIL)
    settle_teams(store, b"key", seed=1, candidates=20, at=UNTIL)
    work = UnitOfWork(store)
    for company in companies(1, 20):
        roles = work.find(Team, team_id(company.id)).members.values()
        assert set(roles) == set(CompanyRole)


def test_who_writes_to_candidates_is_a_member_of_the_companys_team() -> None:
    for company in companies(1, 1_000):
        ids = {str(one.id) for one in colleagues(company, 1)}
        assert {recruiter.actor.id for recruiter in company.recruiters} <= ids


@pytest.mark.parametrize("candidates", [0, 19, 1_000_001])
def test_too_few_or_too_many_candidates_are_refused(candidates: int) -> None:
    with pytest.raises(ValueError, match="take 20 to 1,000,000"):
        World(candidates=candidates, seed=1, until=UNTIL)


def test_real_profiles_take_the_place_of_generated_people() -> None:
    documents, is_survey = survey_profiles()
    log, summary = filled(candidates=200, profiles=documents)
    names = {event.name for event in log if isinstance(event, CandidateSignedUp)}
    assert summary.candidates == min(len(documents), 200)
    assert ("Respondent 1" in names) is is_survey
    assert serialised(log) == serialised(filled(candidates=200, profiles=documents)[0])


def test_nobody_makes_up_who_a_real_person_is() -> None:
    log, _ = filled(candidates=60, profiles=survey_profiles()[0][:60])
    assert not any(isinstance(event, AttributesReported) for event in log)


def test_what_a_real_profile_says_of_itself_is_kept() -> None:
    documents = members(survey_profiles()[0][:60], seed=5, until=UNTIL)
    log, _ = filled(candidates=60, profiles=documents)
    streams = by_stream(log)
    folded = [Candidate.fold(id, s) for id, s in streams.items() if "signed_up" in s[0].TOPIC]
    told = {f"{c.signed_up_at:%FT%T}": c for c in folded}
    for document in documents:
        said = document["meta"]["sourcing"]
        candidate = told[f"{datetime.fromisoformat(said['signed_up_at']):%FT%T}"]
        assert candidate.opted_in is said["opted_in"]
        assert candidate.last_active_at is not None
        assert f"{candidate.last_active_at:%FT%T}" == said["last_active_at"][:19]


def test_progress_is_reported_from_the_first_member_to_the_last_day() -> None:
    told: list[tuple[str, int, int]] = []
    filled(progress=lambda *step: told.append(step))
    assert {what for what, _, _ in told} <= {"Members sign up", "Eighteen months pass"}
    assert all(0 <= done <= total for _, done, total in told)
    assert told[-1][1] >= 540


@pytest.mark.slow
def test_a_database_holds_the_whole_of_it(store: EventStore) -> None:
    summary = fill(store, candidates=60, seed=7, until=UNTIL)
    assert summary.log_position == summary.events == store.recorder.max_notification_id()
    in_memory = filled(candidates=60)[0]
    first, _ = store.read(0, 1_000, [])
    assert [n.topic for n in first] == [event.TOPIC for event in in_memory[: len(first)]]


@pytest.mark.slow
def test_the_keys_of_those_who_asked_to_be_forgotten_are_destroyed(
    store: EventStore, pool: Pool
) -> None:
    summary = fill(store, candidates=800, seed=1, until=UNTIL)
    with pool.connection() as db:
        row = db.execute("SELECT count(*) FROM person_keys WHERE wrapped IS NULL").fetchone()
    assert summary.erased > 0
    assert row == (summary.erased,)
