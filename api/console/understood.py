"""What filters were understood as, for forms that show it before they are saved."""

from typing import NamedTuple

from api.web.forms import Sent
from domain.filters import Filters
from projections.canonical import compared_filters

CHECK = "_check"
"""The name of the button that asks what is understood, and saves nothing."""


class Understood(NamedTuple):
    """Filters by the names and numbers that are compared, and the form with plain numbers."""

    filters: Filters
    sent: Sent


def to_check(sent: Sent, filters: Filters, at: str = "") -> Understood | None:
    """What to show before filters are saved; None if nothing asks for it.

    Asked is by the button, or by a number that is not written in digits alone: who wrote 75k is to
    see 75000 first. The fields' names begin with `at`.
    """
    plain = sent.replaced({f"{at}{name}": value for name, value in _numbers(filters).items()})
    typed = [(name, value.strip()) for name, value in sent.fields]
    if typed == [(name, value.strip()) for name, value in plain.fields] and not sent.value(CHECK):
        return None
    return Understood(compared_filters(filters), plain)


def _numbers(filters: Filters) -> dict[str, str]:
    budget = filters.salary_budget
    numbers = {
        "years_from": filters.years_from,
        "years_to": filters.years_to,
        "salary_budget.minimum": budget.minimum if budget else None,
        "salary_budget.maximum": budget.maximum if budget else None,
    }
    return {name: _digits(number) for name, number in numbers.items() if number is not None}


def _digits(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)
