"""A position's filters: one predicate for Recommendations and for passive candidates alike."""

from enum import StrEnum
from typing import Any, Self

from pydantic import Field, ValidationInfo, field_validator

from domain.money import SalaryRange
from domain.profile import Facts, Terms, Text, Years, key
from domain.values import Value


class Asked(StrEnum):
    """What a filter asks about a candidate."""

    ROLE = "role"
    SKILL = "skill"
    YEARS_FROM = "years_from"
    YEARS_TO = "years_to"
    PLACE = "place"
    SALARY = "salary"
    WORK_AUTHORISATION = "work_authorisation"
    LANGUAGE = "language"


class Demand(Value):
    """One thing that filters ask of everybody: a skill or a language by name, else a whole filter.

    Somebody passes the filters who meets every demand of theirs.
    """

    asked: Asked
    term: Text | None = Field(None, description="which skill or language; null for other demands")


class Filters(Value):
    """Whom a position is for. A filter that is empty lets everyone pass.

    What a profile does not say fails a filter that asks for it, save for the salary: somebody who
    named no expectation is within every budget.
    """

    roles: Terms = Field((), description="any of these")
    required_skills: Terms = Field((), description="all of these")
    nice_to_have_skills: Terms = Field((), description="none is needed, each raises the match")
    years_from: Years | None = None
    years_to: Years | None = None
    locations: Terms = Field((), description="cities or countries, any of these")
    remote: bool = Field(
        False,
        description="take whoever is open to remote work, beside those in the locations if any",
    )
    salary_budget: SalaryRange | None = Field(
        None, description="the expected salary is at most its maximum"
    )
    work_authorisation: Terms = Field((), description="countries, any of these")
    languages: Terms = Field((), description="all of these")

    @field_validator("years_to")
    @classmethod
    def _years_in_order(cls, years_to: float | None, info: ValidationInfo) -> float | None:
        if years_to is not None and (info.data.get("years_from") or 0) > years_to:
            raise ValueError("years_from is above years_to; swap them")
        return years_to

    def admit(self, facts: Facts) -> bool:
        """Whether a candidate passes every filter.

        >>> backend = Filters(required_skills=["Python"], years_from=3)
        >>> backend.admit(Facts(skills=["python", "Go"], years_experience=5))
        True
        >>> backend.admit(Facts(skills=["python", "Go"]))
        False
        """
        return (
            _any(self.roles, facts.roles)
            and _all(self.required_skills, facts.skills)
            and self._admits_years(facts.years_experience)
            and self._admits_place(facts)
            and self._admits_salary(facts)
            and _any(self.work_authorisation, facts.work_authorisation)
            and _all(self.languages, facts.languages)
        )

    def match(self, facts: Facts) -> float:
        """The share of the nice-to-have skills a candidate has, from 0 to 1; 0 if none is named."""
        wanted = _keys(self.nice_to_have_skills)
        return len(wanted & _keys(facts.skills)) / len(wanted) if wanted else 0.0

    def demands(self) -> tuple[Demand, ...]:
        """What is asked of everybody, one by one.

        >>> backend = Filters(required_skills=["Go", "SQL"], years_from=3)
        >>> [demand.term or demand.asked.value for demand in backend.demands()]
        ['Go', 'SQL', 'years_from']
        """
        each = [
            *([Demand(asked=Asked.ROLE)] if self.roles else []),
            *(Demand(asked=Asked.SKILL, term=skill) for skill in self.required_skills),
            *([Demand(asked=Asked.YEARS_FROM)] if self.years_from is not None else []),
            *([Demand(asked=Asked.YEARS_TO)] if self.years_to is not None else []),
            *([Demand(asked=Asked.PLACE)] if self.locations or self.remote else []),
            *([Demand(asked=Asked.SALARY)] if self.salary_budget else []),
            *([Demand(asked=Asked.WORK_AUTHORISATION)] if self.work_authorisation else []),
            *(Demand(asked=Asked.LANGUAGE, term=language) for language in self.languages),
        ]
        return tuple(each)

    def without(self, demand: Demand) -> Self:
        """The same filters, save for one demand; the same if they do not make it.

        >>> Filters(locations=["Berlin"], remote=True).without(Demand(asked=Asked.PLACE))
        ... # doctest: +ELLIPSIS
        Filters(roles=(), ... locations=(), remote=False, ...)
        """
        changes: dict[str, Any] = {}
        for name in _FILTERS[demand.asked]:
            dropped = type(self).model_fields[name].default
            kept = _but(getattr(self, name), demand.term) if demand.term else dropped
            changes[name] = kept
        return self.model_copy(update=changes)

    def _admits_years(self, years: float | None) -> bool:
        if self.years_from is None and self.years_to is None:
            return True
        if years is None:
            return False
        return (self.years_from or 0) <= years and (self.years_to is None or years <= self.years_to)

    def _admits_place(self, facts: Facts) -> bool:
        if not self.locations and not self.remote:
            return True
        here = tuple(place for place in (facts.city, facts.country) if place)
        there = bool(self.locations) and _any(self.locations, here)
        return there or (self.remote and bool(facts.open_to_remote))

    def _admits_salary(self, facts: Facts) -> bool:
        if self.salary_budget is None or facts.expected_salary is None:
            return True
        return facts.expected_salary.in_usd <= self.salary_budget.maximum_in_usd


_FILTERS = {
    Asked.ROLE: ("roles",),
    Asked.SKILL: ("required_skills",),
    Asked.YEARS_FROM: ("years_from",),
    Asked.YEARS_TO: ("years_to",),
    Asked.PLACE: ("locations", "remote"),
    Asked.SALARY: ("salary_budget",),
    Asked.WORK_AUTHORISATION: ("work_authorisation",),
    Asked.LANGUAGE: ("languages",),
}
"""In which filters each demand stands."""


def _keys(terms: tuple[str, ...] | None) -> set[str]:
    return {key(term) for term in terms or ()}


def _but(terms: tuple[str, ...], dropped: str) -> tuple[str, ...]:
    return tuple(term for term in terms if key(term) != key(dropped))


def _any(wanted: tuple[str, ...], had: tuple[str, ...] | None) -> bool:
    return not wanted or not _keys(wanted).isdisjoint(_keys(had))


def _all(wanted: tuple[str, ...], had: tuple[str, ...] | None) -> bool:
    return _keys(wanted) <= _keys(had)
