"""Twenty searches as recruiters write them find whom a person who reads the profiles would find.

The people are the 997 of the open survey, where `../shared` has them, and 600 of the demo's. Whom a
reader would find is decided on what the profiles say, word by word: nothing of the code that is
tested reads them here.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest

from api.demo.people import person
from api.demo.survey_2019 import to_profile
from api.formats.search_text import read_search
from domain.filters import Filters
from domain.profile import Facts
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore
from infrastructure.projecting.versions import create_tables
from projections.canonical import compared_facts, compared_filters
from tests.support.pooled import FOLLOWING, Pooled
from tests.support.survey import survey_profiles

pytestmark = pytest.mark.slow

DEMO = 600
MOST_WRONG = 1 / 20

Reader = Callable[[Facts], bool]

DEVELOPERS = {
    "Developer, back-end",
    "Developer, desktop or enterprise applications",
    "Developer, embedded applications or devices",
    "Developer, front-end",
    "Developer, full-stack",
    "Developer, game or graphics",
    "Developer, mobile",
}
"""Who writes software. A tester is no software engineer by that name alone."""


def role(*names: str) -> Reader:
    return lambda facts: bool({*names} & {*(facts.roles or ())})


def skill(*names: str) -> Reader:
    """Any of these words, as the profiles have them."""
    return lambda facts: any(
        name == part
        for said in facts.skills or ()
        for part in (said, *said.split("/"))
        for name in names
    )


def lives_in(*names: str) -> Reader:
    return lambda facts: facts.city in names or facts.country in names


def all_of(*readers: Reader) -> Reader:
    return lambda facts: all(reads(facts) for reads in readers)


def expects_at_most_75_000_euro(facts: Facts) -> bool:
    pay = facts.expected_salary
    return pay is None or (pay.in_usd or 0) <= 87_000  # at the product's rate of 1.16


class Search(NamedTuple):
    """What is typed into the filters, and whom a reader would take."""

    typed: dict[str, Any]
    reader: Reader

    @property
    def filters(self) -> Filters:
        """The filters as the console's form reads them."""
        return Filters.model_validate(self.typed, context={"decimal_mark": None})


SEARCHES = {
    "Backend developer": Search({"roles": ["Backend developer"]}, role("Developer, back-end")),
    "software engineer": Search({"roles": ["software engineer"]}, role(*DEVELOPERS)),
    "ReactJS, TypeScript": Search(
        {"required_skills": ["ReactJS, TypeScript"]}, all_of(skill("React.js"), skill("TypeScript"))
    ),
    "devops": Search({"roles": ["devops"]}, role("DevOps specialist")),
    "data scientist Berlin": Search(
        {"roles": ["data scientist"], "locations": ["Berlin"]},
        all_of(role("Data scientist or machine learning specialist"), lives_in("Berlin")),
    ),
    "C#": Search({"required_skills": ["C#"]}, skill("C#")),
    "Node": Search({"required_skills": ["Node"]}, skill("Node.js")),
    "Golang Kubernetes": Search(
        {"required_skills": ["Golang Kubernetes"]}, all_of(skill("Go"), skill("Kubernetes"))
    ),
    "München": Search({"locations": ["München"]}, lives_in("Munich")),
    "75k": Search(
        {"salary_budget": {"minimum": "0", "maximum": "75k", "currency": "EUR"}},
        expects_at_most_75_000_euro,
    ),
    "Full-stack Entwickler (m/w/d)": Search(
        {"roles": ["Full-stack Entwickler (m/w/d)"]}, role("Developer, full-stack")
    ),
    "postgres, k8s": Search(
        {"required_skills": ["postgres, k8s"]}, all_of(skill("PostgreSQL"), skill("Kubernetes"))
    ),
    "QA engineer": Search({"roles": ["QA engineer"]}, role("Developer, QA or test")),
    "sysadmin, Deutschland": Search(
        {"roles": ["sysadmin"], "locations": ["Deutschland"]},
        all_of(role("System administrator"), lives_in("Germany")),
    ),
    "Front end dev, Vue": Search(
        {"roles": ["Front end dev"], "required_skills": ["Vue"]},
        all_of(role("Developer, front-end"), skill("Vue.js")),
    ),
    "SRE or DevOps engineer": Search(
        {"roles": ["SRE or DevOps engineer"]},
        role("Engineer, site reliability", "DevOps specialist"),
    ),
    "Machine Learning Engineer, Python 3": Search(
        {"roles": ["Machine Learning Engineer"], "required_skills": ["Python 3"]},
        all_of(role("Data scientist or machine learning specialist"), skill("Python")),
    ),
    "Rails": Search({"required_skills": ["Rails"]}, skill("Ruby on Rails")),
    "MS SQL, .net": Search(
        {"required_skills": ["MS SQL, .net"]},
        all_of(skill("Microsoft SQL Server"), skill(".NET", ".NET Core", "ASP.NET")),
    ),
    "web developer, NYC or London": Search(
        {"roles": ["web developer"], "locations": ["NYC", "London"]},
        all_of(
            role("Developer, front-end", "Developer, full-stack"), lives_in("New York", "London")
        ),
    ),
}  # fmt: skip
"""Twenty, by what a recruiter would say of them."""


@pytest.fixture(scope="module")
def people() -> dict[str, Facts]:
    documents, _ = survey_profiles()
    read = [*map(to_profile, documents), *(person(37, n, date(2026, 8, 31)) for n in range(DEMO))]
    return {f"{number}": profile.facts for number, profile in enumerate(read)}


def test_there_are_twenty() -> None:
    assert len(SEARCHES) == 20


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_a_search_finds_whom_a_reader_would_find(people: dict[str, Facts], search: Search) -> None:
    assert_finds(people, search.filters, search)


@pytest.mark.parametrize("line", SEARCHES)
def test_a_search_in_one_line_finds_whom_a_reader_would_find(
    people: dict[str, Facts], line: str
) -> None:
    found = read_search(line)
    assert found.unknown == ()
    assert_finds(people, found.filters, SEARCHES[line])


def assert_finds(people: dict[str, Facts], asked: Filters, search: Search) -> None:
    filters = compared_filters(asked)
    expected = {name for name, facts in people.items() if search.reader(facts)}
    found = {name for name, facts in people.items() if filters.admit(compared_facts(facts))}
    missed, wrong = expected - found, found - expected
    assert expected, "nobody is looked for, which proves nothing"
    assert len(missed) + len(wrong) <= MOST_WRONG * len(expected), [
        people[name].roles for name in (missed | wrong)
    ]


@pytest.fixture
def pooled(store: EventStore, pool: Pool) -> Iterator[Pooled]:
    create_tables(FOLLOWING, pool)
    with pool.connection() as db:
        yield Pooled(store, pool, db)


def test_the_lists_find_the_same_people_as_the_domain(
    pooled: Pooled, people: dict[str, Facts]
) -> None:
    for number, (name, facts) in enumerate(people.items()):
        silent = timedelta(days=400 if number % 2 else 3)
        pooled.sign_up(name, silent_for=silent, until=None, **facts.known())
    for search in SEARCHES.values():
        asked = compared_filters(search.filters)
        admitted = {name for name, facts in people.items() if asked.admit(compared_facts(facts))}
        assert pooled.listed(search.filters, people) == admitted
