"""Candidates who do not exist, drawn from the published tables: the same seed, the same people."""

import unicodedata
from datetime import date, timedelta
from random import Random
from uuid import uuid5

from api.demo import published
from api.demo.chance import Weighted, stream
from api.demo.companies import DEMO, TITLES, company_name, in_currency
from api.demo.names import NAMES
from api.demo.published import COUNTRIES, EUROPEAN_UNION, Country
from api.formats.json_resume import Profile
from domain.partial_date import PartialDate
from domain.profile import Facts, Job

DAYS_A_YEAR = 365.25

# Source: SO 2019, "when were you last hired": years in the present job from, to, percent.
TENURE = ((0.0, 1.0, 32), (1.0, 3.0, 30), (3.0, 4.0, 16), (4.0, 9.0, 22))

WITHOUT_A_JOB = 0.07
SAY_NO_SALARY = 0.15
SAY_NO_CITY = 0.15
SPEAK_ENGLISH = 0.85
EXPECT_MORE = 1.06
"""Expected salary relative to the present one, in the middle."""


_ROLE = Weighted(published.ROLES)
_COUNTRY = Weighted({name: country.share for name, country in COUNTRIES.items()})
_STACK = {role: Weighted(stacks) for role, stacks in published.STACKS_OF_ROLE.items()}


def person(seed: int, number: int, on: date) -> Profile:
    """Candidate number so-and-so of a seed, as they describe themselves on a day."""
    rng = stream(seed, "person", number)
    main = _ROLE.draw(rng)
    roles = [main, *(role for role, p in published.ALSO[main].items() if rng.random() * 100 < p)]
    place = _COUNTRY.draw(rng)
    country = COUNTRIES[place]
    years = _in_bands(rng, published.YEARS)
    if main in (published.MANAGER, published.DBA):
        years += 4
    given, family = _name(rng, country)
    jobs = _jobs(rng, main, years, on)
    skills = _skills(rng, main)
    return Profile(
        candidate_id=uuid5(DEMO, f"{seed}/candidate/{number}"),
        name=f"{given} {family}",
        email=f"{_ascii(given)}.{_ascii(family)}.{number}@example.org",
        summary=_summary(main, years, skills),
        jobs=jobs,
        facts=Facts(
            roles=tuple(roles),
            skills=skills,
            years_experience=round(years, 1),
            city=rng.choice(country.cities) if rng.random() > SAY_NO_CITY else None,
            country=place,
            open_to_remote=rng.random() < published.OPEN_TO_REMOTE,
            expected_salary=in_currency(_pay(rng, country, main, years), country.currency)
            if rng.random() > SAY_NO_SALARY
            else None,
            work_authorisation=(place, "European Union") if place in EUROPEAN_UNION else (place,),
            languages=_languages(rng, country),
            in_present_job_since=jobs[-1].started_on if jobs and jobs[-1].is_present else None,
        ),
    )


def _in_bands(rng: Random, bands: tuple[tuple[float, float, float], ...]) -> float:
    least, most, _ = rng.choices(bands, [percent for _, _, percent in bands])[0]
    return rng.uniform(least, most)


def _name(rng: Random, country: Country) -> tuple[str, str]:
    given, family = NAMES[rng.choice(country.names)]
    return rng.choice(given), rng.choice(family)


def _skills(rng: Random, role: str) -> tuple[str, ...]:
    """Skills that go together; some people name many and others few."""
    stack = published.STACKS[_STACK[role].draw(rng)]
    breadth = rng.uniform(0.6, 1.25)
    skills = [skill for skill, p in stack.items() if rng.random() * 100 < p * breadth]
    if rng.random() < 0.25:  # a second way of working, less deep
        other = published.STACKS[_STACK[role].draw(rng)]
        skills += [
            skill
            for skill, p in other.items()
            if rng.random() * 200 < p * breadth and skill not in skills
        ]
    return tuple(skills) or (next(iter(stack)),)


def _jobs(rng: Random, role: str, years: float, on: date) -> tuple[Job, ...]:
    """A career of that many years up to the day, oldest job first."""
    present = min(_in_bands(rng, TENURE), years)
    gap = rng.uniform(0.05, 0.4) if rng.random() < WITHOUT_A_JOB else 0.0
    starts, ends = [present + gap], [gap]
    while starts[-1] < years - 0.7 and len(starts) < 4:
        ends.append(starts[-1] + rng.uniform(0.0, 0.15))
        starts.append(min(ends[-1] + 0.5 + rng.expovariate(1 / 2.2), max(years, ends[-1] + 0.3)))
    jobs = [
        Job(
            employer=company_name(rng),
            title=TITLES[role],
            started_on=PartialDate.of(_before(on, start)),
            ended_on=PartialDate.of(_before(on, end)) if end else None,
        )
        for start, end in zip(starts, ends, strict=True)
    ]
    return tuple(jobs[::-1])


def _before(day: date, years: float) -> date:
    return day - timedelta(days=int(years * DAYS_A_YEAR))


def _pay(rng: Random, country: Country, role: str, years: float) -> float:
    by_years = next(factor for up_to, factor in published.PAY_BY_YEARS if years < up_to)
    by_role = published.PAY_BY_ROLE.get(role, 1.0)
    spread = rng.lognormvariate(0, published.PAY_SPREAD)
    return country.pay * by_years * by_role * EXPECT_MORE * spread


def _languages(rng: Random, country: Country) -> tuple[str, ...]:
    if country.language != "English" and rng.random() < SPEAK_ENGLISH:
        return country.language, "English"
    return (country.language,)


def _summary(role: str, years: float, skills: tuple[str, ...]) -> str:
    named = ", ".join(skills[:3])
    if years < 1:
        return f"{TITLES[role]} at the start, so far with {named}."
    return f"{TITLES[role]} with {years:.0f} years behind me, mostly with {named}."


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return plain or "x"
