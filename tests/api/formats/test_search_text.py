"""A search in one line is taken apart into filters, and what is not understood is told."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.formats.search_text import read_search
from domain.money import AmbiguousAmount

LINES: dict[str, dict[str, Any]] = {
    "data scientist Berlin": {"roles": ("Data scientist",), "locations": ("Berlin",)},
    "Golang Kubernetes": {"required_skills": ("Go", "Kubernetes")},
    "Developer, back-end, Berlin": {"roles": ("Back-end developer",), "locations": ("Berlin",)},
    "devops, SRE": {"roles": ("DevOps engineer", "Site reliability engineer")},
    "Java developer": {"roles": ("Software developer",), "required_skills": ("Java",)},
    "iOS developer": {"roles": ("iOS developer",)},
    "html5/css3": {"required_skills": ("HTML", "CSS")},
    "remote, Deutsch": {"remote": True, "languages": ("Deutsch",)},
    "Python 3 years": {"required_skills": ("Python",), "years_from": 3},
    "3-5 Jahre": {"years_from": 3, "years_to": 5},
    "5+": {"years_from": 5},
    "2,5 years Java 8": {"required_skills": ("Java",), "years_from": 2.5},
    "75k": {"salary_budget": {"minimum": 0, "maximum": 75_000, "currency": "EUR"}},
    "up to $120k": {"salary_budget": {"minimum": 0, "maximum": 120_000, "currency": "USD"}},
    "Python not PHP, ohne Berlin": {
        "required_skills": ("Python",),
        "excluded_skills": ("PHP",),
        "excluded_locations": ("Berlin",),
    },
    "devops -Java, no QA engineer": {
        "roles": ("DevOps engineer",),
        "excluded_skills": ("Java",),
        "excluded_roles": ("QA engineer",),
    },
    "not Java developer": {"excluded_roles": ("Java developer",)},
    "80 000 chf": {"salary_budget": {"minimum": 0, "maximum": 80_000, "currency": "CHF"}},
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_taken_apart(line: str) -> None:
    found = read_search(line)
    assert found.filters.model_dump(exclude_defaults=True) == LINES[line]
    assert found.unknown == ()


def test_what_is_no_name_of_anything_is_told() -> None:
    found = read_search("Cobol wizard, Springfield")
    assert found.filters.required_skills == ("COBOL",)
    assert found.unknown == ("wizard", "Springfield")


def test_what_cannot_be_excluded_is_told() -> None:
    found = read_search("not remote, no wizard, not")
    assert found.filters.model_dump(exclude_defaults=True) == {}
    assert found.unknown == ("remote", "wizard")


def test_an_amount_is_read_by_the_locale_and_refused_if_it_means_two() -> None:
    budget = read_search("bis 75.000 €", ",").filters.salary_budget
    assert budget
    assert budget.maximum == 75_000
    with pytest.raises(AmbiguousAmount, match=r"75\.000 can mean 75 or 75000"):
        read_search("bis 75.000 €")


@given(some.text(max_size=80))
def test_any_line_is_read_or_refused_as_a_value(line: str) -> None:
    with suppress(ValueError):
        assert all(read_search(line).unknown)


def test_a_line_of_more_than_a_description_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 500 characters"):
        read_search("Go " * 200)
