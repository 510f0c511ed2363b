"""A position's filters: one predicate for Recommendations and for passive candidates alike.

Filters are a conjunction of criteria. `RULES` says once what each kind of criterion is made of and
whom it admits; the same in SQL stands in `candidate_pool`, in words in the console.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple, Self

from pydantic import Field, ValidationInfo, field_validator

from domain.money import SalaryRange
from domain.profile import Facts, Terms, Text, Years
from domain.terms import key, search_key
from domain.values import Flag, Value


class CriterionKind(StrEnum):
    """What a criterion is about."""

    ROLE = "role"
    SKILL = "skill"
    YEARS_FROM = "years_from"
    YEARS_TO = "years_to"
    PLACE = "place"
    SALARY = "salary"
    WORK_AUTHORISATION = "work_authorisation"
    LANGUAGE = "language"
    EXCLUDED_ROLE = "excluded_role"
    EXCLUDED_SKILL = "excluded_skill"
    EXCLUDED_PLACE = "excluded_place"
    EXCLUDED_LANGUAGE = "excluded_language"


class Criterion(Value):
    """One condition of the filters: a skill, a language or an excluded term by name, else a filter.

    A candidate passes if every criterion is met.
    """

    kind: CriterionKind
    term: Text | None = Field(
        None, description="which term, for kinds that are about one; null for the others"
    )


class Filters(Value):
    """Whom a position is for. A filter that is empty lets everyone pass.

    A candidate whose profile leaves a fact open does not meet a criterion about it, except for the
    salary: people without a stated salary, or with one in a currency that has no rate here, are
    within every budget. Nor is anyone excluded by what is not known of them.
    """

    roles: Terms = Field((), description="any of these")
    required_skills: Terms = Field((), description="all of these")
    nice_to_have_skills: Terms = Field((), description="none is needed, each raises the match")
    years_from: Years | None = None
    years_to: Years | None = None
    locations: Terms = Field((), description="cities or countries, any of these")
    remote: Flag = Field(
        False,
        description="take people open to remote work, beside those in the locations if any",
    )
    salary_budget: SalaryRange | None = Field(
        None, description="the expected salary is at most its maximum"
    )
    work_authorisation: Terms = Field((), description="countries, any of these")
    languages: Terms = Field((), description="all of these")
    excluded_roles: Terms = Field((), description="none of these")
    excluded_skills: Terms = Field((), description="none of these")
    excluded_locations: Terms = Field((), description="cities or countries, none of these")
    excluded_languages: Terms = Field((), description="none of these")

    @field_validator("years_to")
    @classmethod
    def _years_in_order(cls, years_to: float | None, info: ValidationInfo) -> float | None:
        if years_to is not None and (info.data.get("years_from") or 0) > years_to:
            raise ValueError("years_from is above years_to; swap them")
        return years_to

    def admit(self, facts: Facts) -> bool:
        """Whether a candidate meets every criterion.

        >>> backend = Filters(required_skills=["Python"], years_from=3)
        >>> backend.admit(Facts(skills=["python", "Go"], years_experience=5))
        True
        >>> backend.admit(Facts(skills=["python", "Go"]))
        False
        """
        return all(RULES[kind].admits(self, facts) for kind in self.kinds())

    def match(self, facts: Facts) -> float:
        """The share of the nice-to-have skills a candidate has, from 0 to 1; 0 if none is named."""
        wanted = _keys(self.nice_to_have_skills)
        return len(wanted & _keys(facts.skills)) / len(wanted) if wanted else 0.0

    def kinds(self) -> list[CriterionKind]:
        """The kinds of criterion that these filters have."""
        return [
            kind
            for kind, rule in RULES.items()
            if any(getattr(self, name) != self._empty(name) for name in rule.filters)
        ]

    def criteria(self) -> tuple[Criterion, ...]:
        """The criteria, one by one.

        >>> backend = Filters(required_skills=["Go", "SQL"], years_from=3)
        >>> [criterion.term or criterion.kind.value for criterion in backend.criteria()]
        ['Go', 'SQL', 'years_from']
        """
        each: list[Criterion] = []
        for kind in self.kinds():
            rule = RULES[kind]
            terms = getattr(self, rule.filters[0]) if rule.by_term else (None,)
            each += [Criterion(kind=kind, term=term) for term in terms]
        return tuple(each)

    def without(self, criterion: Criterion) -> Self:
        """The same filters without one criterion; the same if they do not have it.

        >>> Filters(locations=["Berlin"], remote=True).without(Criterion(kind="place"))
        ... # doctest: +ELLIPSIS
        Filters(roles=(), ... locations=(), remote=False, ...)
        """
        rule, term = RULES[criterion.kind], criterion.term
        changes = {
            name: _but(getattr(self, name), term) if rule.by_term and term else self._empty(name)
            for name in rule.filters
        }
        return self.model_copy(update=changes)

    def only(self, criterion: Criterion) -> Self:
        """Filters with this criterion alone."""
        rule, term = RULES[criterion.kind], criterion.term
        kept = {name: (term,) if rule.by_term else getattr(self, name) for name in rule.filters}
        return type(self)().model_copy(update=kept)

    @classmethod
    def _empty(cls, name: str) -> Any:
        return cls.model_fields[name].default


class Rule(NamedTuple):
    """What a kind of criterion consists of, and whom it admits if the filters have it."""

    filters: tuple[str, ...]
    admits: Callable[[Filters, Facts], bool]
    by_term: bool = False
    """Whether each of the filter's terms is a criterion of its own."""


def _admits_place(filters: Filters, facts: Facts) -> bool:
    is_there = _is_in(filters.locations, facts)
    return is_there or (filters.remote and bool(facts.open_to_remote))


def _is_in(places: tuple[str, ...], facts: Facts) -> bool:
    here = {search_key(place) for place in (facts.city, facts.country) if place}
    return not here.isdisjoint(map(search_key, places))


def _admits_salary(filters: Filters, facts: Facts) -> bool:
    expected = facts.expected_salary.in_usd if facts.expected_salary else None
    most = filters.salary_budget.maximum_in_usd if filters.salary_budget else None
    return expected is None or most is None or expected <= most


def _between(lowest: float | None, years: float | None, highest: float | None) -> bool:
    return years is not None and (lowest or 0) <= years and (highest is None or years <= highest)


RULES: dict[CriterionKind, Rule] = {
    CriterionKind.ROLE: Rule(("roles",), lambda f, facts: _any(f.roles, facts.roles)),
    CriterionKind.SKILL: Rule(
        ("required_skills",), lambda f, facts: _all(f.required_skills, facts.skills), by_term=True
    ),
    CriterionKind.YEARS_FROM: Rule(
        ("years_from",), lambda f, facts: _between(f.years_from, facts.years_experience, None)
    ),
    CriterionKind.YEARS_TO: Rule(
        ("years_to",), lambda f, facts: _between(None, facts.years_experience, f.years_to)
    ),
    CriterionKind.PLACE: Rule(("locations", "remote"), _admits_place),
    CriterionKind.SALARY: Rule(("salary_budget",), _admits_salary),
    CriterionKind.WORK_AUTHORISATION: Rule(
        ("work_authorisation",),
        lambda f, facts: _any(f.work_authorisation, facts.work_authorisation),
    ),
    CriterionKind.LANGUAGE: Rule(
        ("languages",), lambda f, facts: _all(f.languages, facts.languages), by_term=True
    ),
    CriterionKind.EXCLUDED_ROLE: Rule(
        ("excluded_roles",), lambda f, facts: not _any(f.excluded_roles, facts.roles), by_term=True
    ),
    CriterionKind.EXCLUDED_SKILL: Rule(
        ("excluded_skills",),
        lambda f, facts: not _any(f.excluded_skills, facts.skills),
        by_term=True,
    ),
    CriterionKind.EXCLUDED_PLACE: Rule(
        ("excluded_locations",),
        lambda f, facts: not _is_in(f.excluded_locations, facts),
        by_term=True,
    ),
    CriterionKind.EXCLUDED_LANGUAGE: Rule(
        ("excluded_languages",),
        lambda f, facts: not _any(f.excluded_languages, facts.languages),
        by_term=True,
    ),
}


def _keys(terms: tuple[str, ...] | None) -> set[str]:
    return {key(term) for term in terms or ()}


def _but(terms: tuple[str, ...], dropped: str) -> tuple[str, ...]:
    return tuple(term for term in terms if key(term) != key(dropped))


def _any(wanted: tuple[str, ...], had: tuple[str, ...] | None) -> bool:
    return not _keys(wanted).isdisjoint(_keys(had))


def _all(wanted: tuple[str, ...], had: tuple[str, ...] | None) -> bool:
    return _keys(wanted) <= _keys(had)
