"""Postings as they are really published: kinds 5 to 7 of what a reader of them stumbles over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.formats.documents import BadDocument
from api.formats.job_posting import ReadPosting, read_posting
from domain.money import PayPeriod

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read(**said: Any) -> ReadPosting:
    return read_posting({"@type": "JobPosting", "title": "Developer", **said}, AT)


def paid(value: Any, **amount: Any) -> Any:
    """What the pay is read as: minimum, maximum and period."""
    pay = read(baseSalary={"currency": "EUR", "value": value, **amount}).salary
    return pay and (pay.minimum, pay.maximum, pay.per.value)


def warnings(posting: ReadPosting) -> list[str]:
    return [str(warning) for warning in posting.warnings]


# --- Kind 5 and 6: pay


@pytest.mark.parametrize(
    ("value", "pay"),
    [
        ({"minValue": 60_000}, (60_000, None, "year")),
        ({"maxValue": 60_000}, (0, 60_000, "year")),
        ({"minValue": 0, "maxValue": 100_000}, (0, 100_000, "year")),
        ({"value": 40, "unitCode": "HUR"}, (40, 40, "hour")),
        ({"value": 40, "unitText": "HOUR"}, (40, 40, "hour")),
        ({"value": 4_000, "unitText": "per month"}, (4_000, 4_000, "month")),
        ({"value": 4_000, "unitCode": "MON"}, (4_000, 4_000, "month")),
        ({"value": 60_000, "unitCode": "ANN"}, (60_000, 60_000, "year")),
        ({"minValue": "60.000,00", "maxValue": "80 000"}, (60_000, 80_000, "year")),
        ({"minValue": "60k", "maxValue": "80k"}, (60_000, 80_000, "year")),
        (75_000, (75_000, 75_000, "year")),
        ("75 000", (75_000, 75_000, "year")),
        ([{"value": 75_000}], (75_000, 75_000, "year")),
        ({"value": 0}, None),
        ({"minValue": 0, "maxValue": 0}, None),
        ({"minValue": 0}, None),
        (None, None),
    ],
)
def test_pay_is_read_with_its_ends_and_its_period(value: Any, pay: Any) -> None:
    assert paid(value) == pay


@pytest.mark.parametrize(
    ("value", "warning"),
    [
        ({"minValue": "60.000"}, "baseSalary.value.minValue: 60.000 can mean 60 or 60000"),
        ({"minValue": 90, "maxValue": 60}, "baseSalary: from 90 to 60 EUR cannot be; left out"),
        ({"value": 60, "unitText": "SHIFT"}, "'SHIFT' is no period that is understood"),
        ({"value": 10**13}, "is not between 0 and 1,000,000,000,000"),
        ({"value": "competitive"}, "'competitive' is not an amount"),
        ({"value": True}, "True is not an amount"),
    ],
)
def test_pay_that_cannot_be_used_is_left_out_and_said(value: Any, warning: str) -> None:
    posting = read(baseSalary={"currency": "EUR", "value": value})
    assert posting.salary is None
    assert any(warning in said for said in warnings(posting)), warnings(posting)


def test_forty_an_hour_is_compared_as_83_200_a_year() -> None:
    budget = read(baseSalary={"currency": "USD", "value": {"value": 40, "unitCode": "HUR"}})
    assert budget.filters.salary_budget
    assert budget.filters.salary_budget.maximum_in_usd == 83_200


def test_pay_without_an_upper_end_is_no_budget() -> None:
    posting = read(baseSalary={"currency": "EUR", "value": {"minValue": 60_000}})
    assert posting.filters.salary_budget is None


@pytest.mark.parametrize(
    "salary",
    [
        {"@type": "MonetaryAmount", "currency": "EUR", "minValue": 1, "maxValue": 2},
        {"@type": "PriceSpecification", "priceCurrency": "EUR", "minPrice": 1, "maxPrice": 2},
        [{"currency": "EUR", "value": {"minValue": 1, "maxValue": 2}}],
    ],
)
def test_every_shape_of_a_salary_is_read(salary: Any) -> None:
    pay = read(baseSalary=salary).salary
    assert pay
    assert (pay.minimum, pay.maximum, pay.currency) == (1, 2, "EUR")


def test_a_number_has_the_currency_of_the_posting() -> None:
    pay = read(baseSalary=70_000, salaryCurrency="CHF").salary
    assert pay
    assert (pay.minimum, pay.currency, pay.per) == (70_000, "CHF", PayPeriod.YEAR)


def test_pay_in_a_currency_without_a_rate_is_kept() -> None:
    pay = read(baseSalary={"currency": "ISK", "value": 900_000}).salary
    assert pay
    assert pay.maximum_in_usd is None


def test_pay_without_a_currency_is_left_out_and_said() -> None:
    posting = read(baseSalary=70_000)
    assert (posting.salary, warnings(posting)) == (None, ["baseSalary: has no currency; left out"])


# --- Kind 6: terms, places and dates


def test_and_so_on_is_no_skill() -> None:
    assert read(skills="Java, SQL, etc.").filters.required_skills == ("Java", "SQL")


@pytest.mark.parametrize(
    ("said", "roles"),
    [
        ("15-1252.00", ()),
        ("15-1252.00 Software Developers", ("Software Developers",)),
        (["Developer", "2512"], ("Developer",)),
        ({"@type": "CategoryCode", "codeValue": "15-1252", "name": "Developers"}, ("Developers",)),
        ("Developer, back-end", ("Developer", "back-end")),
    ],
)
def test_the_code_of_an_occupation_is_no_role(said: Any, roles: tuple[str, ...]) -> None:
    assert read(occupationalCategory=said).filters.roles == roles


def test_remote_work_from_one_country_is_for_people_there() -> None:
    posting = read(
        jobLocationType="TELECOMMUTE",
        applicantLocationRequirements={"@type": "Country", "name": "DE"},
    )
    assert posting.remote
    assert (posting.filters.locations, posting.filters.remote) == (("Germany",), False)


def test_remote_work_from_anywhere_takes_people_open_to_it() -> None:
    posting = read(jobLocationType="TELECOMMUTE")
    assert (posting.remote, posting.filters.remote) == (True, True)


@pytest.mark.parametrize(
    ("said", "closes_at"),
    [
        ("2026-06-30", datetime(2026, 7, 1, tzinfo=UTC)),
        ("2026-06-30T18:00:00+02:00", datetime(2026, 6, 30, 16, tzinfo=UTC)),
        ("2026-06-30T18:00", datetime(2026, 6, 30, 18, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 3, 2, tzinfo=UTC)),
    ],
)
def test_a_posting_closes_when_it_is_no_longer_valid(said: str, closes_at: datetime) -> None:
    assert read(validThrough=said).closes_at == closes_at


@pytest.mark.parametrize("said", ["2019-01-01", "2026-02-28", "soon", 7, "9999-12-31"])
def test_what_is_no_day_to_come_is_left_out_and_said(said: Any) -> None:
    posting = read(validThrough=said)
    assert posting.closes_at is None
    assert len(posting.warnings) == 1


# --- Kind 7: every valid shape


@pytest.mark.parametrize(
    ("said", "years"),
    [
        ({"@type": "OccupationalExperienceRequirements", "monthsOfExperience": 30}, 2.5),
        ({"monthsOfExperience": "36"}, 3),
        ("5+ years of experience with Python", 5),
        ("3-5 years", 3),
        ("3 bis 5 Jahre Berufserfahrung", 3),
        ("au moins 2 ans", 2),
        ("18 months", 1.5),
        ("no requirements", None),
        ({"monthsOfExperience": 0}, None),
        ({"description": "At least 4 years"}, 4),
    ],
)
def test_experience_is_read_from_a_number_or_a_text(said: Any, years: float | None) -> None:
    assert read(experienceRequirements=said).filters.years_from == years


@pytest.mark.parametrize(
    "said",
    [
        [{"@type": "DefinedTerm", "name": "Python"}, {"@type": "DefinedTerm", "name": "SQL"}],
        ["Python", "SQL"],
        "Python, SQL",
        {"@type": "DefinedTerm", "name": "Python, SQL"},
    ],
)
def test_skills_are_texts_or_defined_terms(said: Any) -> None:
    assert read(skills=said).filters.required_skills == ("Python", "SQL")


def test_a_sentence_is_no_skill() -> None:
    sentence = "Strong communication skills and the ability to work well with people in a team"
    posting = read(skills=["Python", sentence])
    assert posting.filters.required_skills == ("Python",)
    assert "is no skill by its name; left out" in warnings(posting)[0]


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"@type": "Place", "address": "Berlin, Germany"}, "Berlin"),
        ({"@type": "Place", "address": {"addressLocality": "Berlin"}}, "Berlin"),
        ({"@type": "PostalAddress", "addressLocality": "Berlin"}, "Berlin"),
        ([{"address": {"addressLocality": "Berlin"}}, {"address": "Paris"}], "Berlin"),
        ({"address": {"addressCountry": {"@type": "Country", "name": "Germany"}}}, "Germany"),
        ({"address": {"addressCountry": "DE"}}, "DE"),
        ({"@type": "Place", "name": "Berlin"}, "Berlin"),
        ("Berlin", "Berlin"),
    ],
)
def test_a_place_is_read_in_every_shape(said: Any, place: str) -> None:
    assert read(jobLocation=said).location == place


POSTING = {"@type": "JobPosting", "title": "Cook"}


@pytest.mark.parametrize(
    "document",
    [
        POSTING,
        [POSTING],
        {"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, POSTING]},
        {"@type": "WebPage", "mainEntity": POSTING},
        {"@type": ["JobPosting", "Thing"], "title": "Cook"},
        {"@type": "https://schema.org/JobPosting", "https://schema.org/title": "Cook"},
        {"@type": "schema:JobPosting", "schema:title": {"@value": "Cook", "@language": "en"}},
        {"type": "JobPosting", "name": "Cook"},
    ],
)
def test_a_posting_is_found_wherever_it_stands(document: Any) -> None:
    assert read_posting(document, AT).title == "Cook"


def test_what_a_graph_holds_elsewhere_is_followed_by_its_id() -> None:
    place = {"@id": "#berlin", "@type": "Place", "address": {"addressLocality": "Berlin"}}
    document = {"@graph": [place, {**POSTING, "jobLocation": {"@id": "#berlin"}}]}
    assert read_posting(document, AT).location == "Berlin"


def test_a_graph_that_leads_in_a_circle_ends() -> None:
    circle = {"@id": "#a"}
    document = {"@graph": [{**circle, "x": circle}, {**POSTING, "jobLocation": circle}]}
    assert read_posting(document, AT).title == "Cook"


def test_a_graph_that_grows_without_end_is_read_as_far_as_is_sensible() -> None:
    ids = [{"@id": f"#{n}"} for n in range(20)]
    graph = [{**ids[n], "x": [ids[n + 1]] * 9} for n in range(19)]
    document = {"@graph": [*graph, {**POSTING, "jobLocation": ids[0], "skills": "SQL"}]}
    assert read_posting(document, AT).title == "Cook"


def test_of_several_postings_the_first_is_read_and_the_others_said() -> None:
    posting = read_posting([POSTING, {**POSTING, "title": "Chef"}], AT)
    assert posting.title == "Cook"
    assert warnings(posting) == ["the document: there are 2 postings; the first is read"]


@pytest.mark.parametrize("document", [{}, [], "Cook", None, {"@type": "JobPosting"}, 7])
def test_only_what_has_no_title_is_refused(document: Any) -> None:
    with pytest.raises(BadDocument):
        read_posting(document, AT)


def test_what_is_said_beside_the_description_is_kept_with_it() -> None:
    posting = read(description="<p>Robots.</p>", qualifications="A degree", jobBenefits=["Tea"])
    assert posting.description == "Robots.\n\nQualifications: A degree\n\nBenefits: Tea"


# --- Whatever is published


anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(
                ["@type", "@id", "@value", "name", "value", "minValue", "maxValue", "unitText",
                 "currency", "address", "addressCountry", "monthsOfExperience", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip
PROPERTIES = [
    "description", "jobLocation", "jobLocationType", "applicantLocationRequirements", "baseSalary",
    "estimatedSalary", "salaryCurrency", "skills", "occupationalCategory", "relevantOccupation",
    "experienceRequirements", "validThrough", "qualifications", "jobBenefits",
]  # fmt: skip


@given(some.dictionaries(some.sampled_from(PROPERTIES), anything, max_size=6))
def test_whatever_else_a_posting_says_its_title_makes_a_position(said: dict[str, Any]) -> None:
    posting = read(**said)
    assert posting.title == "Developer"
    assert posting.closes_at is None or posting.closes_at > AT
    assert posting.closes_at is None or posting.closes_at < AT + timedelta(days=3_000_000)
