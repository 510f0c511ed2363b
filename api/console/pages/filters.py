"""Whom a position is for: its filters, who matches them, and what each of them costs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from api.candidates import cards, visibility
from api.console.meanwhile import changed_meanwhile
from api.console.pages.positions import CURRENCIES
from api.console.session import Recruiter, RecruiterOrSupport, Visit
from api.console.understood import (
    Understood,
    as_typed,
    counted,
    joined,
    read_words,
    to_check,
    understood,
)
from api.console.wording.filter_words import differences
from api.routes.filters import Typed, suggest
from api.web.forms import REFUSED, Faults
from domain.filters import Criterion, Filters
from domain.position import FiltersSet, SetFilters
from infrastructure.event_log.store import VersionMismatch
from projections import candidate_counts
from projections.candidate_pool import CandidatePool
from projections.candidate_terms import TermKind
from projections.canonical import with_canonical_names
from projections.interview_list import InterviewList
from projections.positions import Positions

router = APIRouter()

FEW = 10
"""Below this many matches in one of the lists, the page tells what each criterion costs."""


@router.get("/positions/{position_id}/filters")
def filters_page(position_id: UUID, visit: Recruiter) -> Response:
    """The form to change whom a position is for, beside who matches now."""
    return visit.page("filters.html", **_shown(visit, position_id))


@router.post("/positions/{position_id}/filters")
def set_filters(position_id: UUID, visit: Recruiter) -> Response:
    """Change whom a position is for, unless somebody else did so since the form was made."""
    try:
        body = visit.sent.read(Filters)
        checked = to_check(visit, body)
        if checked:
            return _understood(visit, position_id, checked)
        return _set(visit, position_id, body)
    except VersionMismatch as error:
        changed = _changed_meanwhile(visit, position_id)
        shown = _shown(visit, position_id) | {"version": error.current, "changed": changed}
        return visit.again("filters.html", error, **shown)
    except REFUSED as error:
        # The form stays that of the version it was made from: what changed since is still unseen.
        shown = _shown(visit, position_id) | {"version": visit.sent.value("_version")}
        return visit.again("filters.html", error, **shown)


@router.post("/positions/{position_id}/filters/words")
def read_words_page(position_id: UUID, visit: Recruiter) -> Response:
    """The form with what a description of the people was understood as beside what is saved."""
    try:
        read = read_words(visit)
    except REFUSED as error:
        return visit.page("filters.html", Faults(error), **_shown(visit, position_id))
    with visit.caller.reading(Positions) as db:
        position = visibility.position_of(db, visit.caller, position_id)
    filters = joined(position.filters, read.filters)
    sent = as_typed(filters.model_dump(mode="json"))
    return _understood(visit, position_id, understood(visit, filters, sent), read.unknown)


@router.post("/positions/{position_id}/filters/counts")
def count_page(position_id: UUID, visit: Recruiter) -> Response:
    """How many the filters of the form would find, for a script that asks while they change."""
    with visit.caller.reading(Positions) as db:
        position = visibility.position_of(db, visit.caller, position_id)
    return counted(visit, position.employer_id, position_id)


@router.get("/suggestions")
def suggestions_part(kind: TermKind, visit: RecruiterOrSupport, text: Typed = "") -> Response:
    """Terms that the text may be the beginning of, for a script that shows them below a field."""
    return visit.page("suggestions.html", suggestions=suggest(kind, visit.caller, text))


@router.post("/positions/{position_id}/relaxations")
def relax(position_id: UUID, visit: Recruiter) -> Response:
    """Drop one criterion of the filters."""
    try:
        criterion = visit.sent.read(Criterion)
        with visit.caller.reading(Positions) as db:
            position = visibility.position_of(db, visit.caller, position_id)
        return _set(visit, position_id, position.filters.without(criterion))
    except REFUSED as error:
        # What was sent are not the fields of the form that comes up again.
        return visit.page("filters.html", Faults(error), **_shown(visit, position_id))


def _understood(
    visit: Visit, position_id: UUID, read: Understood, unknown: Sequence[str] = ()
) -> Response:
    """The form with what its filters were understood as, and who would match; nothing is saved."""
    shown = _shown(visit, position_id)
    asked = shown["position"].model_copy(update={"filters": read.filters})
    with visit.caller.reading(CandidatePool, InterviewList) as db:
        would_match = visibility.counts(db, asked, visit.caller)
    shown |= {"version": visit.sent.value("_version"), "understood": read.filters}
    shown |= {"unknown": unknown}
    return visit.page("filters.html", sent=read.sent, would_match=would_match, **shown)


def _set(visit: Visit, position_id: UUID, filters: Filters) -> Response:
    asked: dict[str, Any] = {"position_id": position_id, "filters": with_canonical_names(filters)}
    try:
        result = visit.caller.run(SetFilters, if_version=visit.sent.version(), **asked)
    except VersionMismatch as error:
        if changed_meanwhile(visit, position_id, [FiltersSet]):
            raise
        # Something else of the position was changed.
        result = visit.caller.run(SetFilters, if_version=error.current, **asked)
    return visit.done(result, f"/positions/{position_id}/filters", "filters-set")


def _shown(visit: Visit, position_id: UUID) -> dict[str, Any]:
    caller = visit.caller
    with caller.reading(Positions, CandidatePool, InterviewList) as db:
        position = visibility.position_of(db, caller, position_id)
        counts = visibility.counts(db, position, caller)
        few = min(counts.passive_candidates, counts.recommendations) < FEW
        search = cards.search(position, caller.at)
        relaxations = candidate_counts.relaxations(db, search) if few else []
    return {
        "position": position,
        "counts": counts,
        "few": few,
        "relaxations": relaxations,
        "version": position.version,
        "currencies": CURRENCIES,
        "tab": None,
        "changed": None,
        "understood": None,
        "unknown": (),
        "words": visit.sent.value("words"),
    }


def _changed_meanwhile(visit: Visit, position_id: UUID) -> dict[str, Any] | None:
    """What others did to the filters since the form was made, and who did the last of it."""
    meanwhile = changed_meanwhile(visit, position_id, [FiltersSet])
    if meanwhile is None:
        return None
    changed = differences(meanwhile.seen.filters, meanwhile.current.filters)
    return {"by": meanwhile.by, "at": meanwhile.at, "differences": changed}
