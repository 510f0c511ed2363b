"""The pool's lists obey filters, consent, the six-month rule and what candidates asked for."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.candidate_commands import (
    EraseCandidate,
    NoteActivity,
    OptOut,
)
from domain.filters import Filters
from domain.identifier import EnhanceProfile
from domain.money import PayPeriod, Salary, SalaryRange
from domain.passivity import is_passive
from domain.profile import Education, Facts, FullBackground, Job
from domain.sources import Activity, ActivityKind, Observation
from domain.viewing import Feed, Sort
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.versions import create_tables
from projections import candidate_counts
from projections.canonical import compared_facts, compared_filters
from tests.support.pooled import FOLLOWING, NOW, Pooled, somebody

ROLES = (
    "Backend developer", "Data scientist", "Designer", "Developer, back-end", "UX designer",
    "Software engineer", "Java-Entwickler (m/w/d)", "Data or business analyst", "Data analyst",
    "Cook, junior",
)  # fmt: skip
SKILLS = (
    "Python", "Go", "SQL", "React", "Straße", "Go/SQL", "Résumé", "Re\u0301sume\u0301", "Python 3",
    "React.js", "golang", "T-SQL", "PL/SQL", "Golang Python", "AWS (EC2, S3)", "aws",
)  # fmt: skip
PLACES = (
    ("Berlin", "Germany"), ("Lyon", "France"), ("Köln", "Deutschland"), (None, "de"), (None, None),
    ("Cologne", None), ("Bielefeld", "Germany"),
)  # fmt: skip
WANTED_PLACES = (
    "berlin", "FRANCE", "Lyón", "Germany", "DE", "Frankreich", "Koeln", "Berlin, Lyon",
    "Bielefeld, Germany",
)  # fmt: skip
LANGUAGES = ("English", "German", "French")
SPOKEN = ("Englisch", "en", "de-AT", "German", "français")


@pytest.fixture
def pooled(store: EventStore, pool: Pool) -> Iterator[Pooled]:
    create_tables(FOLLOWING, pool)
    with pool.connection() as db:
        yield Pooled(store, pool, db)


LONG = timedelta(days=400)
MOMENT = timedelta(microseconds=1)
ENDS = (None, None, None, NOW - MOMENT, NOW, NOW + MOMENT)
"""When people stop to agree; most do not."""
LATELY = timedelta(days=3)


def test_who_fell_silent_is_in_the_passive_feed_alone(pooled: Pooled) -> None:
    pooled.sign_up("Silent", silent_for=LONG)
    assert pooled.feed(Feed.PASSIVE) == ["Silent"]
    assert pooled.feed(Feed.RECOMMENDATIONS) == []


def test_who_was_active_lately_is_recommended_alone(pooled: Pooled) -> None:
    pooled.sign_up("Lively", silent_for=LATELY)
    assert pooled.feed(Feed.RECOMMENDATIONS) == ["Lively"]
    assert pooled.feed(Feed.PASSIVE) == []


def test_the_feeds_part_at_the_anniversary_to_the_day(pooled: Pooled) -> None:
    for days in range(180, 190):
        pooled.sign_up(f"{days}", silent_for=timedelta(days=days))
    passive = {d for d in range(180, 190) if is_passive(NOW - timedelta(days=d), NOW)}
    assert {int(name) for name in pooled.feed(Feed.PASSIVE)} == passive
    assert {int(name) for name in pooled.feed(Feed.RECOMMENDATIONS)} == {*range(180, 190)} - passive
    assert passive
    assert passive != {*range(180, 190)}


def test_who_becomes_active_moves_to_the_recommendations(pooled: Pooled) -> None:
    id = pooled.sign_up("Back", silent_for=LONG)
    activity = Activity(
        candidate_id=id,
        kind=ActivityKind.SIGNED_IN,
        occurred_at=NOW,
        source="web",
        source_id="1",
    )
    pooled.after(NoteActivity, activity=activity)
    assert pooled.feed(Feed.PASSIVE) == []
    assert pooled.feed(Feed.RECOMMENDATIONS) == ["Back"]


def test_activity_recorded_late_does_not_make_anyone_less_active(pooled: Pooled) -> None:
    id = pooled.sign_up("Lively", silent_for=LONG)
    for n, when in enumerate([NOW - LATELY, NOW - timedelta(days=300)]):
        activity = Activity(
            candidate_id=id,
            kind=ActivityKind.APPLIED,
            occurred_at=when,
            source="web",
            source_id=str(n),
        )
        pooled.after(NoteActivity, activity=activity)
    assert pooled.feed(Feed.RECOMMENDATIONS) == ["Lively"]


def test_who_opts_out_is_in_no_list(pooled: Pooled) -> None:
    pooled.after(OptOut, candidate_id=pooled.sign_up("Shy", silent_for=LONG))
    assert pooled.feed(Feed.PASSIVE) == []


def test_who_is_erased_is_gone_from_the_table(pooled: Pooled) -> None:
    id = pooled.sign_up("Gone", silent_for=LONG)
    pooled.after(EraseCandidate, candidate_id=id)
    assert pooled.profile(id) is None


def test_an_enhanced_field_tells_its_source_and_age_and_the_others_keep_theirs(
    pooled: Pooled,
) -> None:
    id = pooled.sign_up("Known", silent_for=LONG, skills=["Go"], city="Berlin")
    observation = Observation(
        source="registry",
        observed_on=NOW.date(),
        facts=Facts(skills=("Python", "Go")),
        jobs=(Job(employer="Acme", title="Engineer"),),
    )
    pooled.after(EnhanceProfile, candidate_id=id, observation=observation)
    profile = pooled.profile(id)
    assert profile
    assert profile.facts == Facts(skills=("Python", "Go"), city="Berlin")
    assert profile.jobs[0].employer == "Acme"
    assert {field: origin.source for field, origin in profile.provenance.items()} == {
        "skills": "registry",
        "jobs": "registry",
        "city": "sign-up",
    }


def test_filters_find_a_field_as_it_was_enhanced(pooled: Pooled) -> None:
    id = pooled.sign_up("Learner", silent_for=LONG, skills=["Go"])
    observation = Observation(
        source="registry", observed_on=NOW.date(), facts=Facts(skills=("python",))
    )
    pooled.after(EnhanceProfile, candidate_id=id, observation=observation)
    assert pooled.feed(Feed.PASSIVE, Filters(required_skills=("PYTHON",))) == ["Learner"]
    assert pooled.feed(Feed.PASSIVE, Filters(required_skills=("Go",))) == []


@pytest.mark.slow
@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_show_everyone_once_whatever_their_size(
    pooled: Pooled, sort: Sort, size: int
) -> None:
    draw = random.Random(7)
    for n in range(30):
        facts = random_facts(draw).known()
        pooled.sign_up(
            f"{n}", silent_for=LONG + timedelta(days=draw.randrange(5)), until=None, **facts
        )
    names = pooled.pages(sort, size)
    assert len(names) == 30
    assert set(names) == {f"{n}" for n in range(30)}


def test_sorted_by_match_who_has_more_of_the_nice_to_have_skills_comes_first(
    pooled: Pooled,
) -> None:
    for name, skills in {"none": ["React"], "both": ["Go", "SQL"], "one": ["SQL"]}.items():
        pooled.sign_up(name, silent_for=LONG, skills=skills)
    filters = Filters(nice_to_have_skills=("go", "sql"))
    assert pooled.feed(Feed.PASSIVE, filters, sort=Sort.MATCH) == ["both", "one", "none"]


def random_facts(draw: random.Random) -> Facts:
    """A profile of which any part may be unknown."""
    city, country = draw.choice(PLACES)

    def perhaps(value: object) -> object:
        return value if draw.random() < 0.8 else None

    return Facts.model_validate(
        {
            "roles": perhaps(draw.sample(ROLES, draw.randint(0, 3))),
            "skills": perhaps([spelled(draw, s) for s in draw.sample(SKILLS, draw.randint(0, 6))]),
            "years_experience": perhaps(draw.choice([0, 2.5, 3, 5, 10])),
            "city": city,
            "country": country,
            "open_to_remote": perhaps(draw.random() < 0.5),
            "expected_salary": perhaps(
                Salary(
                    amount=draw.choice([40_000, 60_000, 80_000]),
                    currency=draw.choice(["EUR", "USD", "GBP", "XAU"]),
                    per=draw.choice([PayPeriod.YEAR, PayPeriod.YEAR, PayPeriod.MONTH]),
                )
            ),
            "work_authorisation": perhaps(draw.sample(["Germany", "FR", "DE"], draw.randint(0, 2))),
            "languages": perhaps(draw.sample(SPOKEN, draw.randint(0, 3))),
        }
    )


def random_filters(draw: random.Random) -> Filters:
    """Filters of which each is as often empty as not."""

    def perhaps(value: object, otherwise: object = ()) -> object:
        return value if draw.random() < 0.4 else otherwise

    years = sorted(draw.sample([0, 2.5, 3, 4, 10], 2))
    return Filters.model_validate(
        {
            "roles": perhaps([spelled(draw, r) for r in draw.sample(ROLES, draw.randint(1, 2))]),
            "required_skills": perhaps(
                [spelled(draw, s) for s in draw.sample(SKILLS, draw.randint(1, 2))]
            ),
            "years_from": perhaps(years[0], None),
            "years_to": perhaps(years[1], None),
            "locations": perhaps(draw.sample(WANTED_PLACES, 2)),
            "remote": draw.random() < 0.3,
            "salary_budget": perhaps(
                SalaryRange(
                    minimum=0,
                    maximum=draw.choice([50_000, 70_000, None]),
                    currency=draw.choice(["USD", "USD", "XAU"]),
                    per=draw.choice([PayPeriod.YEAR, PayPeriod.YEAR, PayPeriod.MONTH]),
                ),
                None,
            ),
            "work_authorisation": perhaps([draw.choice(["germany", "DEU", "Allemagne"])]),
            "languages": perhaps(draw.sample(LANGUAGES, draw.randint(1, 2))),
            **random_exclusions(draw),
        }
    )


def random_exclusions(draw: random.Random) -> dict[str, object]:
    """Terms that are excluded: mostly none, or hardly anybody would be left."""

    def rarely(terms: tuple[str, ...]) -> list[str]:
        return [spelled(draw, draw.choice(terms))] if draw.random() < 0.15 else []

    return {
        "excluded_roles": rarely(ROLES),
        "excluded_skills": rarely(SKILLS),
        "excluded_locations": rarely(WANTED_PLACES),
        "excluded_languages": rarely(LANGUAGES),
    }


def spelled(draw: random.Random, term: str) -> str:
    return draw.choice([term, term.upper(), f"  {term.lower()} "])


@pytest.mark.slow
def test_the_query_and_the_domain_agree_on_whom_any_filters_admit(pooled: Pooled) -> None:
    draw = random.Random(2026)
    people = {f"{n}": random_facts(draw) for n in range(150)}
    ends = {name: draw.choice(ENDS) for name in people}
    for name, facts in people.items():
        silent = LONG if draw.random() < 0.5 else LATELY
        pooled.sign_up(name, silent_for=silent, until=ends[name], **facts.known())
    agreeing = {n: facts for n, facts in people.items() if (ends[n] or NOW + MOMENT) > NOW}
    seen = 0
    for number in range(300):
        filters = random_filters(draw)
        asked = compared_filters(filters)
        admitted = {n for n, facts in agreeing.items() if asked.admit(compared_facts(facts))}
        assert pooled.listed(filters, people) == admitted, filters
        if number % 10 == 0:  # to read a page takes far longer than to ask who is listed
            passive = pooled.feed(Feed.PASSIVE, filters, sort=Sort.LAST_ACTIVE)
            recommended = pooled.feed(Feed.RECOMMENDATIONS, filters, sort=Sort.LIKELIHOOD)
            assert {*passive, *recommended} == admitted, filters
        seen += len(admitted)
    assert seen > 1000, "the filters let hardly anyone through, which proves nothing"


def test_a_relaxation_tells_how_many_more_match_without_its_criterion(pooled: Pooled) -> None:
    draw = random.Random(7)
    for n in range(150):
        silent = LONG if draw.random() < 0.5 else LATELY
        pooled.sign_up(f"{n}", silent_for=silent, until=None, **random_facts(draw).known())
    weighed = 0
    for _ in range(40):
        filters = random_filters(draw)
        relaxations = pooled.relaxations(filters)
        assert {each.criterion for each in relaxations} == {*filters.criteria()}
        active, passive = pooled.counts(filters)
        for each in relaxations:
            more = (active + each.recommendations, passive + each.passive_candidates)
            assert pooled.counts(filters.without(each.criterion)) == more
        gains = [each.recommendations + each.passive_candidates for each in relaxations]
        assert gains == sorted(gains, reverse=True)
        weighed += sum(gains)
    assert weighed > 100, "no criterion keeps anybody out, which proves nothing"


def test_filters_that_ask_nothing_have_nothing_to_relax(pooled: Pooled) -> None:
    assert pooled.relaxations(Filters()) == []


def test_of_very_many_criteria_only_the_first_are_weighed(pooled: Pooled) -> None:
    skills = tuple(f"skill {n}" for n in range(200))
    relaxations = pooled.relaxations(Filters(required_skills=skills))
    assert len(relaxations) == candidate_counts.MOST_RELAXED


@pytest.mark.parametrize(
    ("excluded", "left_out"),
    [
        ({"excluded_skills": ["golang"]}, "Gopher"),
        ({"excluded_roles": ["Software engineer"]}, "Gopher"),
        ({"excluded_locations": ["Frankreich"]}, "Lyonnaise"),
        ({"excluded_languages": ["Deutsch"]}, "Berliner"),
    ],
)
def test_excluded_terms_are_understood_as_the_others_are(
    pooled: Pooled, excluded: dict[str, list[str]], left_out: str
) -> None:
    people: dict[str, dict[str, Any]] = {
        "Gopher": {"skills": ["Go"], "roles": ["Developer, back-end"]},
        "Lyonnaise": {"city": "Lyon", "country": "FR"},
        "Berliner": {"languages": ["de-AT", "English"]},
        "Unknown": {},
    }
    for name, facts in people.items():
        pooled.sign_up(name, silent_for=LONG, until=None, **facts)
    found = pooled.listed(Filters.model_validate(excluded), people)
    assert found == people.keys() - {left_out}


# --- Kind 4: countries, and kind 8: terms, as people write them


@pytest.mark.parametrize("wanted", ["GB", "UK", "United Kingdom", "Großbritannien", "英国"])
@pytest.mark.parametrize("lives_in", ["United Kingdom", "gb", "Great Britain"])
def test_a_country_is_found_however_either_side_writes_it(
    pooled: Pooled, wanted: str, lives_in: str
) -> None:
    pooled.sign_up("Casey", silent_for=LONG, country=lives_in, work_authorisation=[lives_in])
    assert pooled.feed(Feed.PASSIVE, Filters(locations=(wanted,))) == ["Casey"]
    assert pooled.feed(Feed.PASSIVE, Filters(work_authorisation=(wanted,))) == ["Casey"]
    profile = pooled.profile(somebody("Casey"))
    assert profile
    assert profile.facts.country == "United Kingdom"


@pytest.mark.parametrize(
    ("had", "wanted"),
    [
        ("Re\u0301sume\u0301", "RÉSUMÉ"),
        ("\uff23\uff0b\uff0b", "c++"),
        ("HTML5, HTML", "HTML"),
        ("C/C++", "C"),
        ("HTML/CSS", "html/css"),
        ("Straße", "STRASSE"),
    ],
)
def test_a_skill_is_found_however_either_side_writes_it(
    pooled: Pooled, had: str, wanted: str
) -> None:
    pooled.sign_up("Casey", silent_for=LONG, skills=[had])
    assert pooled.feed(Feed.PASSIVE, Filters(required_skills=(wanted,))) == ["Casey"]


def test_languages_meet_across_languages_and_cities_without_accents(pooled: Pooled) -> None:
    pooled.sign_up("Casey", silent_for=LONG, languages=["Deutsch", "en-GB"], city="Zürich")
    german = Filters(languages=("German", "Englisch"), locations=("Zurich",))
    assert pooled.feed(Feed.PASSIVE, german) == ["Casey"]


def test_an_expectation_without_a_rate_replaces_one_that_was_compared(pooled: Pooled) -> None:
    casey = pooled.sign_up(
        "Casey", silent_for=LONG, expected_salary=Salary(amount=90_000, currency="USD")
    )
    budget = SalaryRange(minimum=0, maximum=50_000, currency="USD")
    assert pooled.feed(Feed.PASSIVE, Filters(salary_budget=budget)) == []
    gold = Salary(amount=30, currency="XAU")
    observed = Observation(
        source="letter", observed_on=NOW.date(), facts=Facts(expected_salary=gold)
    )
    pooled.after(EnhanceProfile, candidate_id=casey, observation=observed)
    assert pooled.feed(Feed.PASSIVE, Filters(salary_budget=budget)) == ["Casey"]
    profile = pooled.profile(casey)
    assert profile
    assert profile.facts.expected_salary == gold


def test_a_background_grows_by_what_later_observations_say_of_it(pooled: Pooled) -> None:
    casey = pooled.sign_up("Casey", silent_for=LONG)
    for background in (
        FullBackground(phone="1", education=(Education(institution="ETH"),)),
        FullBackground(phone="2"),
    ):
        observed = Observation(source="letter", observed_on=NOW.date(), background=background)
        pooled.after(EnhanceProfile, candidate_id=casey, observation=observed)
    profile = pooled.profile(casey)
    assert profile
    assert profile.background == FullBackground(
        phone="2", education=(Education(institution="ETH"),)
    )
