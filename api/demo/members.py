"""The members of the simulated marketplace: what moves them, and what of that can be seen.

Each member is in one of three moods. They sign up while searching. A search ends with a new job or
is given up, and then they are content and all but silent. After two or three years in a job
satisfaction drops and they grow restless: they look in now and then, or not at all. That passes, or
turns into a search, or ends in a new job that they found elsewhere. How often a member
signs in depends on the mood and on the person; only the simulation knows either.

One module, since the moods, their transitions and the events they leave are one state machine.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from random import Random
from typing import Any

from api.demo import people
from api.demo.agenda import DAY, YEAR, Agenda
from api.demo.answers import HABIT_SPREAD
from api.demo.chance import Weighted, stream
from api.demo.companies import company_name
from api.formats.json_resume import Profile
from domain.actor import Actor, Role
from domain.attributes import AgeBand, Attributes, Disability, Ethnicity, Gender
from domain.candidate import Candidate
from domain.partial_date import PartialDate
from domain.profile import Facts, Job
from domain.sources import Activity, ActivityKind, Observation

PLATFORM = Actor(id="marketplace", role=Role.PLATFORM)
"""Passes on what members do."""

SOURCE = "marketplace"
PROFILE_SOURCES = ("public-profile", "career-page")

HISTORY = 548 * DAY
"""Eighteen months: how far back everything is told. Of what was before only the sign-ups and some
visits are."""

SIGNED_UP_BEFORE = 0.76
"""The share of members who signed up before the history begins."""
MEAN_YEARS_BEFORE, MOST_YEARS_BEFORE = 1.8, 6.0

OPT_IN = 0.78
OPT_OUT_SOME_TIME = 0.03
ASK_TO_BE_FORGOTTEN = 0.004

SAY_WHO_THEY_ARE = 0.45
ASKED_DAYS = 200
"""Before the end all members were asked to say who they are, and so was everybody new since."""

VISITS_HALVE = 45 * DAY
LETTERS_HALVE = 30 * DAY


class Mood(Enum):
    """How somebody feels about their job."""

    SEARCHING = "searching"
    RESTLESS = "restless"
    CONTENT = "content"


DAYS_BETWEEN_VISITS = {Mood.SEARCHING: 5.0, Mood.RESTLESS: 100.0, Mood.CONTENT: 1_100.0}
DAYS_IN_MOOD = {Mood.SEARCHING: 40.0, Mood.RESTLESS: 110.0}
STAY = {Mood.SEARCHING: 0.62, Mood.RESTLESS: 0.55, Mood.CONTENT: 0.40}
"""How likely one thing done on a visit is followed by another."""

THINNED = 6.0
"""Visits before the history begins are told this much more rarely."""

FINDS_A_JOB = 0.65
FINDS_A_JOB_ELSEWHERE = 0.20
PROFILE_IS_ENHANCED = 0.75

SATISFIED_YEARS, SATISFIED_SHAPE = 2.9, 2.2
"""Weibull distribution of the years in a job before satisfaction drops."""

_DONE = {
    Mood.SEARCHING: Weighted(
        {
            ActivityKind.VIEWED_JOB: 38,
            ActivityKind.SEARCHED_JOBS: 30,
            ActivityKind.APPLIED: 14,
            ActivityKind.SAVED_JOB: 11,
            ActivityKind.EDITED_PROFILE: 5,
            ActivityKind.UPLOADED_RESUME: 2,
        }
    ),
    Mood.RESTLESS: Weighted(
        {
            ActivityKind.VIEWED_JOB: 48,
            ActivityKind.SEARCHED_JOBS: 37,
            ActivityKind.SAVED_JOB: 10,
            ActivityKind.EDITED_PROFILE: 5,
        }
    ),
    Mood.CONTENT: Weighted(
        {
            ActivityKind.VIEWED_JOB: 60,
            ActivityKind.SEARCHED_JOBS: 20,
            ActivityKind.EDITED_PROFILE: 20,
        }
    ),
}


# Made up, and of no consequence: nothing that anybody does depends on it. No source.
_SAID: dict[str, Weighted[Any]] = {
    "gender": Weighted(
        {
            Gender.MAN: 58,
            Gender.WOMAN: 36,
            Gender.NON_BINARY: 2,
            Gender.PREFER_NOT_TO_SAY: 4,
        }
    ),
    "ethnicity": Weighted(
        {
            Ethnicity.WHITE: 44,
            Ethnicity.ASIAN: 25,
            Ethnicity.HISPANIC_OR_LATINO: 11,
            Ethnicity.BLACK_OR_AFRICAN_AMERICAN: 8,
            Ethnicity.TWO_OR_MORE_RACES: 5,
            Ethnicity.NATIVE_AMERICAN_OR_ALASKA_NATIVE: 1,
            Ethnicity.PREFER_NOT_TO_SAY: 6,
        }
    ),
    "age_band": Weighted(
        {
            AgeBand.UNDER_30: 30,
            AgeBand.FROM_30_TO_39: 38,
            AgeBand.FROM_40_TO_49: 19,
            AgeBand.FROM_50_TO_59: 8,
            AgeBand.FROM_60: 2,
            AgeBand.PREFER_NOT_TO_SAY: 3,
        }
    ),
    "disability": Weighted({Disability.NO: 83, Disability.YES: 8, Disability.PREFER_NOT_TO_SAY: 9}),
}
SAY_EACH = 0.85


@dataclass(slots=True, eq=False)
class Person:
    """A member, with what only the simulation knows of them."""

    number: int
    candidate: Candidate
    facts: Facts
    """As the events so far tell."""
    joined_on: date
    job_since: float
    """When the present job really began."""
    settled_since: float
    """Since when they are settled in it: a raise or a new task can make a job new again."""
    diligence: float
    """How often they come by, compared with others in the same mood."""
    openness: float
    """How likely it is that restlessness turns into a search."""
    habit: float
    """Their habit of answering, in log-odds."""
    satisfaction: float
    mood: Mood = Mood.SEARCHING
    turns: int = 0
    """Changes of mood; what was planned in an earlier one is void."""
    visits: float = 0.0
    visited: float = 0.0
    letters: float = 0.0
    written_to: float = 0.0
    is_real: bool = False
    keeps_consent: bool = False
    silent_after: float | None = None

    def recent_visits(self, now: float) -> float:
        """Things done of late, each counting half after 45 days."""
        return self.visits * math.exp2((self.visited - now) / VISITS_HALVE)

    def recent_letters(self, now: float) -> float:
        """Letters had of late, each counting half after 30 days."""
        return self.letters * math.exp2((self.written_to - now) / LETTERS_HALVE)

    def has_visited(self, now: float) -> None:
        """Count a thing done."""
        self.visits, self.visited = self.recent_visits(now) + 1, now

    def has_been_written_to(self, now: float) -> None:
        """Count a letter."""
        self.letters, self.written_to = self.recent_letters(now) + 1, now


class Members:
    """Everybody who signs up, and what they do until the end.

    Of real profiles everything they say is kept. When they do not say them, sign-up, consent and
    activity are drawn from the seed like everybody's; a profile that names its last activity has
    none after it, and one that says whether the person opted in keeps to that.
    """

    def __init__(
        self, agenda: Agenda, seed: int, count: int, profiles: Sequence[Profile] | None
    ) -> None:
        self.everyone: list[Person] = []
        self.by_role: dict[str, list[Person]] = {}
        self._agenda = agenda
        self._seed = seed
        self._profiles = profiles
        self._rng = stream(seed, "members")
        self._things = 0
        self._saying = stream(seed, "attributes")
        self.begin = agenda.until - HISTORY
        for number in range(count):
            agenda.at(self._sign_up_at(number), self._sign_up, number)

    def draw(self, rng: Random, role: str, most: int) -> Iterator[Person]:
        """Members with a role in random order, at most so many; everyone for a role nobody has."""
        crowd = self.by_role.get(role) or self.everyone
        if len(crowd) <= most:
            yield from rng.sample(crowd, len(crowd))
        else:
            for place in rng.sample(range(len(crowd)), most):
                yield crowd[place]

    def act(self, person: Person, kind: ActivityKind) -> None:
        """A member does something."""
        self._things += 1
        now = self._agenda.now
        cause = self._agenda.cause(PLATFORM)
        activity = Activity.model_construct(
            candidate_id=person.candidate.id,
            kind=kind,
            occurred_at=cause.at,
            source=SOURCE,
            source_id=f"{self._seed}-{self._things}",
        )
        person.candidate.note_activity(cause, activity)
        person.has_visited(now)
        self._agenda.record(person.candidate)

    def opt_out(self, person: Person) -> None:
        """A member has had enough."""
        if person.candidate.opted_in and not person.keeps_consent:
            person.candidate.opt_out(self._agenda.cause(PLATFORM))
            self._agenda.record(person.candidate)

    def erase(self, person: Person) -> None:
        """A member asks to be forgotten."""
        if not person.candidate.erased and not person.is_real:
            person.candidate.erase(self._agenda.cause(PLATFORM))
            person.turns += 1
            self._agenda.record(person.candidate)

    def unsettle(self, person: Person) -> None:
        """A talk with an employer makes somebody think."""
        person.satisfaction = max(0.0, person.satisfaction - 0.1)

    def _sign_up_at(self, number: int) -> float:
        rng = self._rng
        said = self._profiles[number] if self._profiles is not None else None
        if rng.random() < SIGNED_UP_BEFORE:
            years = min(rng.expovariate(1 / MEAN_YEARS_BEFORE), MOST_YEARS_BEFORE)
            drawn = self.begin - years * YEAR
        else:
            drawn = self.begin + rng.random() * HISTORY
        if said and said.signed_up_at:
            return said.signed_up_at.timestamp()
        if said and said.last_active_at:
            return min(drawn, said.last_active_at.timestamp() - DAY)
        return drawn

    def _sign_up(self, number: int) -> None:
        agenda, rng = self._agenda, self._rng
        today = agenda.today().date()
        said = self._profiles[number] if self._profiles is not None else None
        profile = said or people.person(self._seed, number, today)
        if profile.candidate_id is None:
            raise ValueError("a profile needs its candidate's id before it can sign up")
        candidate = Candidate(profile.candidate_id)
        candidate.sign_up(
            agenda.cause(PLATFORM),
            name=profile.name,
            email=profile.email,
            summary=profile.summary,
            jobs=profile.jobs,
            facts=profile.facts,
        )
        since = profile.facts.in_present_job_since
        months = (today - since.first).days * DAY if since else rng.expovariate(1 / (1.5 * YEAR))
        person = Person(
            number=number,
            candidate=candidate,
            facts=profile.facts,
            joined_on=today,
            job_since=agenda.now - months,
            settled_since=agenda.now - months,
            diligence=rng.lognormvariate(0, 0.5),
            openness=rng.betavariate(3, 3),
            habit=rng.gauss(0, HABIT_SPREAD),
            satisfaction=rng.uniform(0.1, 0.6),
            is_real=said is not None,
            keeps_consent=profile.opted_in is not None,
        )
        consents = rng.random() < OPT_IN
        if consents if profile.opted_in is None else profile.opted_in:
            candidate.opt_in(agenda.cause(PLATFORM))
        agenda.record(candidate)
        self._welcome(person)
        if profile.last_active_at and profile.last_active_at.timestamp() >= agenda.now:
            person.silent_after = profile.last_active_at.timestamp()
            agenda.at(person.silent_after, self.act, person, ActivityKind.SIGNED_IN)
        self._enter(person, Mood.SEARCHING if rng.random() < 0.8 else Mood.RESTLESS)

    def _welcome(self, person: Person) -> None:
        agenda, rng = self._agenda, self._rng
        self.everyone.append(person)
        for role in person.facts.roles or ():
            self.by_role.setdefault(role, []).append(person)
        rest_from = max(agenda.now, self.begin)
        rest = agenda.until - rest_from
        if rng.random() < 0.4:
            agenda.at(rest_from + rng.random() * rest, self._enhance, person)
        if rng.random() < OPT_OUT_SOME_TIME:
            agenda.at(rest_from + rng.random() * rest, self.opt_out, person)
        if rng.random() < ASK_TO_BE_FORGOTTEN:
            agenda.at(rest_from + rng.random() * rest, self.erase, person)
        asked_at = max(agenda.now, agenda.until - ASKED_DAYS * DAY)
        if self._saying.random() < SAY_WHO_THEY_ARE and not person.is_real:
            agenda.at(asked_at + self._saying.uniform(1, 20) * DAY, self._say_who, person)

    def _say_who(self, person: Person) -> None:
        rng = self._saying
        said = {name: of.draw(rng) for name, of in _SAID.items() if rng.random() < SAY_EACH}
        if said and not person.candidate.erased:
            attributes = Attributes.model_construct(**said)
            person.candidate.report_attributes(self._agenda.cause(PLATFORM), attributes)
            self._agenda.record(person.candidate)

    # Moods.

    def _enter(self, person: Person, mood: Mood) -> None:
        agenda = self._agenda
        person.mood = mood
        person.turns += 1
        agenda.at(agenda.now + self._length(person), self._turn, person, person.turns)
        self._plan_visit(person)

    def _length(self, person: Person) -> float:
        rng, now = self._rng, self._agenda.now
        if person.mood is not Mood.CONTENT:
            return rng.expovariate(1 / (DAYS_IN_MOOD[person.mood] * DAY))
        # Weibull, given that satisfaction has lasted until now.
        scale = SATISFIED_YEARS * YEAR
        lasted: float = ((now - person.settled_since) / scale) ** SATISFIED_SHAPE
        drops: float = scale * (lasted + rng.expovariate(1.0)) ** (1 / SATISFIED_SHAPE)
        return drops - (now - person.settled_since)

    def _turn(self, person: Person, turn: int) -> None:
        if turn != person.turns or person.candidate.erased:
            return
        rng = self._rng
        if person.mood is Mood.CONTENT:
            person.satisfaction = max(0.0, person.satisfaction - rng.uniform(0.25, 0.6))
            self._enter(person, Mood.RESTLESS)
        elif person.mood is Mood.SEARCHING:
            if rng.random() < FINDS_A_JOB:
                self._start_job(person)
            else:
                self._settle(person)
            self._enter(person, Mood.CONTENT)
        elif rng.random() < person.openness:
            self._enter(person, Mood.SEARCHING)
        else:
            if rng.random() < FINDS_A_JOB_ELSEWHERE:
                self._start_job(person)
            else:
                self._settle(person)
            self._enter(person, Mood.CONTENT)

    def _settle(self, person: Person) -> None:
        person.satisfaction = min(1.0, person.satisfaction + self._rng.uniform(0.1, 0.4))
        person.settled_since = (person.settled_since + self._agenda.now) / 2

    def _start_job(self, person: Person) -> None:
        now, rng = self._agenda.now, self._rng
        person.job_since = person.settled_since = now
        person.satisfaction = rng.uniform(0.55, 1.0)
        if rng.random() < PROFILE_IS_ENHANCED:
            self._agenda.at(
                max(now, self.begin) + rng.expovariate(1 / (45 * DAY)), self._enhance, person
            )

    # What can be seen of them.

    def _plan_visit(self, person: Person) -> None:
        agenda, rng = self._agenda, self._rng
        pause = DAYS_BETWEEN_VISITS[person.mood] * DAY / person.diligence
        now = float(agenda.now)
        if now < self.begin:
            now += rng.expovariate(1 / (pause * THINNED))
            if now >= self.begin:
                now = self.begin + rng.expovariate(1 / pause)
        else:
            now += rng.expovariate(1 / pause)
        agenda.at(now, self._visit, person, person.turns, True)

    def _visit(self, person: Person, turn: int, first: bool) -> None:
        candidate, agenda, rng = person.candidate, self._agenda, self._rng
        if turn != person.turns or candidate.erased:
            return
        if person.silent_after is not None and agenda.now > person.silent_after:
            return
        if not first:
            self.act(person, _DONE[person.mood].draw(rng))
        elif candidate.opted_in and rng.random() < 0.15:
            self.act(person, ActivityKind.FOLLOWED_MAIL_LINK)
        else:
            self.act(person, ActivityKind.SIGNED_IN)
        if agenda.now >= self.begin and rng.random() < STAY[person.mood]:
            agenda.at(agenda.now + rng.uniform(20, 600), self._visit, person, turn, False)
        else:
            self._plan_visit(person)

    def _enhance(self, person: Person) -> None:
        """A source sees what has become of somebody; of real people only what they left out."""
        if person.candidate.erased:
            return
        agenda, rng = self._agenda, self._rng
        today = agenda.today().date()
        since = PartialDate.of(datetime.fromtimestamp(person.job_since, UTC).date())
        jobs: tuple[Job, ...] | None = None
        if person.is_real:
            if person.facts.in_present_job_since is not None:
                return
            facts = Facts(in_present_job_since=since)
        else:
            joined = people.person(self._seed, person.number, person.joined_on)
            years = (joined.facts.years_experience or 0) + (today - person.joined_on).days / 365.25
            facts = Facts(years_experience=round(years, 1), in_present_job_since=since)
            jobs = _continued(rng, joined.jobs, since)
        person.candidate.enhance_profile(
            agenda.cause(PLATFORM),
            Observation(
                source=rng.choice(PROFILE_SOURCES), observed_on=today, facts=facts, jobs=jobs
            ),
        )
        person.facts = person.facts.model_copy(update=facts.known())
        agenda.record(person.candidate)


def _continued(rng: Random, jobs: tuple[Job, ...], since: PartialDate) -> tuple[Job, ...]:
    """A career with the job that began then, which may be in it already."""
    if jobs and jobs[-1].started_on == since:
        return jobs
    if jobs and jobs[-1].is_present:
        jobs = (*jobs[:-1], jobs[-1].model_copy(update={"ended_on": since}))
    title = jobs[-1].title if jobs else "Developer"
    return (*jobs, Job(employer=company_name(rng), title=title, started_on=since))
