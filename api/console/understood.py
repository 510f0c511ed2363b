"""What filters were understood as, for forms that show it before they are saved."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import Response
from pydantic import ValidationError

from api.console.session import Visit
from api.formats.search_text import SearchText, read_search
from api.http.problems import Problem, Reason, faults_of_the_request
from api.routes.filters import previewed
from api.web.forms import REFUSED, Faults, Sent
from domain.filters import Filters
from domain.terms import each_once
from infrastructure.vocabulary.additions import Additions
from projections.candidate_pool import CandidatePool
from projections.canonical import compared_filters
from projections.vocabulary_additions import additions

CHECK = "_check"
"""The name of the button that asks what is understood, and saves nothing."""


def counted(
    visit: Visit, employer_id: UUID, position_id: UUID | None = None, within: str = ""
) -> Response:
    """A part that says how many filters would find; theirs are the fields `within` a form."""
    try:
        with faults_of_the_request():
            body = visit.sent.body()
            filters = Filters.model_validate(
                body.get(within, {}) if within else body,
                context={"decimal_mark": visit.sent.decimal_mark},
            )
        preview = previewed(visit.caller, employer_id, position_id, filters)
    except REFUSED as error:
        return visit.page("filter_counts.html", Faults(error))
    return visit.page("filter_counts.html", preview=preview)


class Understood(NamedTuple):
    """Filters by the names and numbers that are compared, and the form with plain numbers."""

    filters: Filters
    sent: Sent


def to_check(visit: Visit, filters: Filters, at: str = "") -> Understood | None:
    """What to show before filters are saved; None if nothing asks for it.

    Asked is by the button, or by a number that is not written in digits alone: who wrote 75k is to
    see 75000 first. The fields' names begin with `at`.
    """
    sent = visit.sent
    plain = sent.replaced({f"{at}{name}": value for name, value in _numbers(filters).items()})
    typed = [(name, value.strip()) for name, value in sent.fields]
    if typed == [(name, value.strip()) for name, value in plain.fields] and not sent.value(CHECK):
        return None
    return understood(visit, filters, plain)


def understood(visit: Visit, filters: Filters, sent: Sent) -> Understood:
    """Filters as they are compared, with the form that says them."""
    return Understood(compared_filters(filters, _own(visit)), sent)


def _own(visit: Visit) -> Additions:
    with visit.caller.reading(CandidatePool) as db:
        return additions(db)


def read_words(visit: Visit) -> SearchText:
    """What the field `words` was understood as. Raises a 422 where it may mean two things."""
    sent, own = visit.sent, _own(visit)
    try:
        return read_search(sent.value("words"), sent.decimal_mark, own)
    except ValueError as error:
        detail = "This cannot be read." if isinstance(error, ValidationError) else str(error)
        raise Problem(
            422, "invalid", detail, [Reason(code="bad_words", detail=detail, field="words")]
        ) from None


def joined(one: Filters, other: Filters) -> Filters:
    """Filters with the terms of both, and the other's numbers where it has any."""
    changes = {
        name: each_once((*getattr(one, name), *value)) if isinstance(value, tuple) else value
        for name, value in other
        if value != type(other).model_fields[name].default
    }
    return one.model_copy(update=changes)


def as_typed(values: Mapping[str, Any]) -> Sent:
    """A body of a request as the fields of its form."""
    fields: list[tuple[str, str]] = []

    def add(name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for inner, of in value.items():
                add(f"{name}.{inner}".removeprefix("."), of)
        elif isinstance(value, list):
            fields.append((f"{name}[]", "\n".join(value)))
        elif value is not None and value is not False:
            fields.append((name, "true" if value is True else _plain(value)))

    add("", values)
    return Sent(fields)


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


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
