"""How pages say what a position's filters ask."""

from collections.abc import Callable, Sequence
from typing import Any

from api.charts.axes import NOTHING
from api.web.words import money
from domain.filters import Criterion, CriterionKind, Filters
from domain.money import Salary, SalaryRange

MOST_TERMS = 3


def said(criterion: Criterion, filters: Filters) -> str:
    """What a criterion asks.

    >>> backend = Filters(required_skills=["Go"], locations=["Berlin"], remote=True, years_from=3)
    >>> [said(criterion, backend) for criterion in backend.criteria()]
    ['Go', '3 years or more', 'Berlin or remote']
    >>> anywhere = Filters(locations=["Rome", "Oslo", "Bern", "Graz", "Ulm"], remote=True)
    >>> said(Criterion(kind="place"), anywhere)
    'Rome or Oslo or Bern or 2 more or remote'
    >>> without = Filters(excluded_skills=["PHP"], excluded_locations=["Paris"])
    >>> [said(criterion, without) for criterion in without.criteria()]
    ['not PHP', 'not in Paris']
    """
    match criterion.kind:
        case CriterionKind.ROLE:
            return _any_of(filters.roles)
        case CriterionKind.YEARS_FROM:
            return f"{_years(filters.years_from)} or more"
        case CriterionKind.YEARS_TO:
            return f"{_years(filters.years_to)} at most"
        case CriterionKind.PLACE:
            remote = "remote" if filters.remote else ""
            return " or ".join(filter(None, [_any_of(filters.locations), remote]))
        case CriterionKind.SALARY:
            return _budget(filters.salary_budget)
        case CriterionKind.WORK_AUTHORISATION:
            return f"may work in {_any_of(filters.work_authorisation)}"
        case _:
            return _OF_TERM[criterion.kind].format(criterion.term)


_OF_TERM = {
    CriterionKind.SKILL: "{}",
    CriterionKind.LANGUAGE: "{}",
    CriterionKind.EXCLUDED_ROLE: "not {}",
    CriterionKind.EXCLUDED_SKILL: "not {}",
    CriterionKind.EXCLUDED_PLACE: "not in {}",
    CriterionKind.EXCLUDED_LANGUAGE: "not {}",
}


def chips(filters: Filters) -> list[str]:
    """What filters ask, in a few words each.

    >>> chips(Filters(roles=["Cook", "Chef"], years_from=2, years_to=6, languages=["French"]))
    ['Cook or Chef', '2 to 6 years', 'French']
    """
    criteria = [c for c in filters.criteria() if c.kind is not CriterionKind.YEARS_TO]
    if filters.years_from is None or filters.years_to is None:
        return [said(criterion, filters) for criterion in filters.criteria()]
    years = f"{filters.years_from:g} to {_years(filters.years_to)}"
    return [years if c.kind is CriterionKind.YEARS_FROM else said(c, filters) for c in criteria]


def differences(before: Filters, after: Filters) -> list[tuple[str, str, str]]:
    """The filters that are not the same, each with how it was and how it is.

    >>> differences(Filters(remote=True), Filters(remote=True, languages=["French"]))
    [('languages', '-', 'French')]
    """
    values = [(name, getattr(before, name), getattr(after, name)) for name in dict(after)]
    return [(name, _value(was), _value(is_)) for name, was, is_ in values if was != is_]


def _value(value: object) -> str:
    if isinstance(value, SalaryRange):
        return money(value)
    if isinstance(value, tuple):
        return ", ".join(value) or NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return NOTHING if value is None else f"{value:g}"


def _any_of(terms: Sequence[str]) -> str:
    more = len(terms) - MOST_TERMS
    shown = [*terms[:MOST_TERMS], *([f"{more} more"] if more > 0 else [])]
    return " or ".join(shown)


def _years(years: float | None) -> str:
    return f"{years:g} year{'' if years == 1 else 's'}"


def _budget(budget: SalaryRange | None) -> str:
    if budget is None or budget.maximum is None:
        return money(budget)
    top = Salary(amount=budget.maximum, currency=budget.currency, per=budget.per)
    return f"up to {money(top)}"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


FILTERS: dict[str, Callable[..., Any]] = {"said": said, "filter_chips": chips, "plain": _plain}
"""The filters' names in templates."""
