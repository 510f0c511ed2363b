"""Twenty searches as people write them: whom they find, and whom a reader of the profiles would.

The reader knows nothing of the vocabulary: each search has a plain rule on the words of the
profiles, which was checked by hand against all words that the two pools have. Read are the raw
documents of the open survey and the demo's people as they describe themselves.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from api.demo.people import person
from api.demo.survey_2019 import to_profile
from api.formats.json_resume import Profile
from api.formats.search_text import read_search
from domain.profile import Facts
from projections.canonical import compared_facts, compared_filters

SURVEY = Path(__file__).parents[2] / "shared" / "data" / "candidates_so2019.ndjson"
SEED, DAY = 37, date(2026, 8, 31)
MOST_WRONG = 1 / 20
EURO_IN_DOLLARS = 1.16


class Words(NamedTuple):
    """The words of a profile as somebody wrote them."""

    roles: tuple[str, ...]
    skills: tuple[str, ...]
    places: tuple[str, ...]
    dollars: float | None
    """The expected pay a year."""


Rule = Callable[[Words], bool]


def role(pattern: str) -> Rule:
    """Who names a role like this."""
    return lambda words: any(re.search(pattern, each, re.IGNORECASE) for each in words.roles)


def skill(pattern: str) -> Rule:
    """Who names a skill that is this, alone or with another behind a slash."""
    return lambda words: any(
        re.fullmatch(pattern, part.strip(), re.IGNORECASE)
        for each in words.skills
        for part in (each, *each.split("/"))
    )


def place(*names: str) -> Rule:
    """Who lives there."""
    return lambda words: not {*names}.isdisjoint(words.places)


def both(*rules: Rule) -> Rule:
    return lambda words: all(rule(words) for rule in rules)


def without(wanted: Rule, excluded: Rule) -> Rule:
    return lambda words: wanted(words) and not excluded(words)


def at_most_75_000_euro(words: Words) -> bool:
    return words.dollars is None or words.dollars <= 75_000 * EURO_IN_DOLLARS


SOFTWARE = r"^developer, (?!qa)"
DATA_SCIENTIST = r"data scientist"

SEARCHES: dict[str, Rule] = {
    "Backend developer": role(r"back-?end"),
    "software engineer": role(SOFTWARE),
    "ReactJS, TypeScript": both(skill(r"react\.js"), skill(r"typescript")),
    "devops": role(r"devops"),
    "data scientist Berlin": both(role(DATA_SCIENTIST), place("Berlin")),
    "C#": skill(r"c#"),
    "Node": skill(r"node\.js"),
    "Golang Kubernetes": both(skill(r"go"), skill(r"kubernetes")),
    "München": place("Munich"),
    "75k": at_most_75_000_euro,
    "Full-stack Entwickler (m/w/d)": role(r"full-stack"),
    "postgres, k8s": both(skill(r"postgresql"), skill(r"kubernetes")),
    "QA engineer": role(r"qa or test"),
    "sysadmin, Deutschland": both(role(r"system administrator"), place("Germany")),
    "Front end dev, Vue": both(role(r"front-end"), skill(r"vue\.js")),
    "SRE or DevOps engineer": role(r"site reliability|devops"),
    "Machine Learning Engineer, Python 3": both(role(r"machine learning"), skill(r"python")),
    "Rails": skill(r"ruby on rails"),
    "MS SQL, .net": both(skill(r"microsoft sql server"), skill(r"\.net|\.net core|asp\.net")),
    "Python, not PHP, no QA engineer": without(
        skill(r"python"), lambda words: skill(r"php")(words) or role(r"qa or test")(words)
    ),
}
"""What is typed, and whom a reader would take."""


class Result(NamedTuple):
    """What a search found in a pool."""

    search: str
    pool: str
    people: int
    read: int
    found: int
    missed: int
    wrong: int

    @property
    def is_good(self) -> bool:
        """Whether no more than one in twenty is missed or wrong."""
        return self.missed + self.wrong <= MOST_WRONG * max(self.read, 1)


def results(demo: int) -> Iterator[Result]:
    """Every search in every pool."""
    pools = {"demo": [(_of_demo(one), one.facts) for one in _demo(demo)]}
    if SURVEY.is_file():
        documents = map(json.loads, SURVEY.read_text(encoding="utf-8").splitlines())
        pools["survey"] = [(_of_survey(one), to_profile(one).facts) for one in documents]
    for pool, people in pools.items():
        compared = [(words, compared_facts(facts)) for words, facts in people]
        for search, rule in SEARCHES.items():
            yield _searched(search, rule, pool, compared)


def _searched(search: str, rule: Rule, pool: str, people: list[tuple[Words, Facts]]) -> Result:
    understood = read_search(search)
    assert not understood.unknown, understood
    filters = compared_filters(understood.filters)
    read = {n for n, (words, _) in enumerate(people) if rule(words)}
    found = {n for n, (_, facts) in enumerate(people) if filters.admit(facts)}
    return Result(
        search, pool, len(people), len(read), len(found), len(read - found), len(found - read)
    )


def _demo(count: int) -> Iterator[Profile]:
    return (person(SEED, number, DAY) for number in range(count))


def _of_demo(profile: Profile) -> Words:
    facts, pay = profile.facts, profile.facts.expected_salary
    places = tuple(place for place in (facts.city, facts.country) if place)
    return Words(facts.roles or (), facts.skills or (), places, pay.in_usd if pay else None)


def _of_survey(document: dict[str, Any]) -> Words:
    meta = document["meta"]
    country = (document["basics"].get("location") or {}).get("country")
    return Words(
        tuple(meta.get("roles") or ()),
        tuple(each["name"] for each in document.get("skills") or () if each.get("name")),
        (country,) if country else (),
        meta.get("salary_usd") or None,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=3_000, help="of the demo")
    rows = [*results(parser.parse_args().candidates)]
    width = max(len(row.search) for row in rows)
    print(f"{'search':{width}}  pool    people   read  found  missed  wrong")
    for row in rows:
        mark = "" if row.is_good else "  more than one in twenty"
        print(
            f"{row.search:{width}}  {row.pool:6}  {row.people:6}  {row.read:5}  {row.found:5}"
            f"  {row.missed:6}  {row.wrong:5}{mark}"
        )
    sys.exit(any(not row.is_good for row in rows))
