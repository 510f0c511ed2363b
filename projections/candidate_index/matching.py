"""Who is in a position's lists, as masks over the index. `candidate_search` says it in SQL."""

import math
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from domain.contact_gate import CONTACT_WINDOW
from domain.filters import CriterionKind, Filters
from domain.passivity import active_since
from domain.viewing import Feed
from infrastructure.database.binary_copy import microseconds
from infrastructure.database.postgres import Database
from infrastructure.vocabulary.additions import NONE, Additions
from projections.candidate_index.index import CandidateIndex
from projections.candidate_index.postings import Mask
from projections.candidate_index.reading import Term
from projections.candidate_search import SET_ASIDE, CandidateSearch, with_additions
from projections.canonical import compared_filters
from projections.compared_columns import keys, place_keys


class _Asked(NamedTuple):
    """Filters as they are compared, and the index that they are asked of."""

    filters: Filters
    pool: CandidateIndex
    db: Database

    def has_any(self, term: Term, terms: Iterable[str]) -> Mask:
        """Who has one of these terms."""
        nobody = np.zeros(self.pool.columns.count, np.bool_)
        masks = self.pool.masks(term_keys(self.db, term, terms))
        return np.asarray(np.logical_or.reduce([nobody, *masks]))

    def has_all(self, term: Term, terms: Iterable[str]) -> Mask:
        """Who has all of these terms."""
        return np.asarray(np.logical_and.reduce(self.pool.masks(term_keys(self.db, term, terms))))

    def number(self, name: str) -> NDArray[np.float64]:
        return self.pool.columns[name]

    def place(self) -> Mask:
        here = self.has_any(Term.PLACE, place_keys(self.filters.locations))
        return here | (self.pool.columns["open_to_remote"] > 0) if self.filters.remote else here

    def salary(self) -> Mask:
        asked, expected = self.filters.salary_budget, self.number("expected_usd")
        budget = math.inf if asked is None else asked.maximum_in_usd
        return np.isnan(expected) | (expected <= (math.inf if budget is None else budget))


CONDITIONS: dict[CriterionKind, Callable[[_Asked], Mask]] = {
    CriterionKind.ROLE: lambda a: a.has_any(Term.ROLE, keys(a.filters.roles) or ()),
    CriterionKind.SKILL: lambda a: a.has_all(Term.SKILL, keys(a.filters.required_skills) or ()),
    CriterionKind.YEARS_FROM: lambda a: a.number("years") >= (a.filters.years_from or 0),
    CriterionKind.YEARS_TO: lambda a: a.number("years") <= (a.filters.years_to or 0),
    CriterionKind.PLACE: _Asked.place,
    CriterionKind.SALARY: _Asked.salary,
    CriterionKind.WORK_AUTHORISATION: lambda a: a.has_any(
        Term.AUTHORISATION, keys(a.filters.work_authorisation) or ()
    ),
    CriterionKind.LANGUAGE: lambda a: a.has_all(Term.LANGUAGE, keys(a.filters.languages) or ()),
    CriterionKind.EXCLUDED_ROLE: lambda a: (
        ~a.has_any(Term.ROLE, keys(a.filters.excluded_roles) or ())
    ),
    CriterionKind.EXCLUDED_SKILL: lambda a: (
        ~a.has_any(Term.SKILL, keys(a.filters.excluded_skills) or ())
    ),
    CriterionKind.EXCLUDED_PLACE: lambda a: (
        ~a.has_any(Term.PLACE, place_keys(a.filters.excluded_locations))
    ),
    CriterionKind.EXCLUDED_LANGUAGE: lambda a: (
        ~a.has_any(Term.LANGUAGE, keys(a.filters.excluded_languages) or ())
    ),
}
"""The candidates that each kind of criterion lets through, if the filters have it."""


def admitted(db: Database, index: CandidateIndex, filters: Filters, own: Additions = NONE) -> Mask:
    """The candidates that match the filters."""
    asked = _Asked(compared_filters(filters, own), index, db)
    mask = np.ones(index.columns.count, np.bool_)
    for kind in asked.filters.kinds():
        mask &= CONDITIONS[kind](asked)
    return mask


# Candidates that the contact gate keeps from the employer, beside what their own rows say.
EXCLUDED = f"""
    SELECT uuid_hash_extended(%(employer)s::uuid, {Term.BLOCKED_EMPLOYER:d})
    UNION ALL SELECT uuid_hash_extended(%(position)s::uuid, {Term.POSITION:d})
    UNION ALL SELECT uuid_hash_extended(identifier, {Term.IDENTIFIER:d}) FROM do_not_contact
        WHERE employer_id = %(employer)s AND (until IS NULL OR until >= %(today)s)
    UNION ALL SELECT uuid_hash_extended(at, {Term.WORKS_AT:d})
        FROM employers, unnest(company_keys || declared_keys) AS at WHERE employer_id = %(employer)s
    UNION ALL SELECT uuid_hash_extended(candidate_id, {Term.ID:d}) FROM ({SET_ASIDE}) AS aside
    """  # noqa: S608 - our own text


class Question(NamedTuple):
    """A search, with all that the database says about it, so that the index alone answers it."""

    db: Database
    search: CandidateSearch
    excluded: list[int]
    """The keys of those that the contact gate would not let the employer contact."""


def question(db: Database, search: CandidateSearch) -> Question:
    """Ask the database what the index does not know of a search."""
    search = with_additions(db, search)
    filters = compared_filters(search.filters, search.own)
    for term, texts in (
        (Term.ROLE, keys((*filters.roles, *filters.excluded_roles))),
        (Term.SKILL, keys((*filters.required_skills, *filters.nice_to_have_skills))),
        (Term.SKILL, keys(filters.excluded_skills)),
        (Term.PLACE, place_keys((*filters.locations, *filters.excluded_locations))),
        (Term.AUTHORISATION, keys(filters.work_authorisation)),
        (Term.LANGUAGE, keys((*filters.languages, *filters.excluded_languages))),
    ):
        term_keys(db, term, texts or ())  # so that they are known
    about = {"employer": search.employer_id, "position": search.position_id}
    excluded = db.execute(EXCLUDED, {**about, "today": search.at.date()}).fetchall()
    return Question(db, search, [key for (key,) in excluded])


def approachable(index: CandidateIndex, asked: Question) -> Mask:
    """The candidates that match the filters and may be contacted."""
    columns, at = index.columns, microseconds(asked.search.at)
    mask = admitted(asked.db, index, asked.search.filters, asked.search.own)
    mask &= columns["agrees_until"] > at
    mask &= columns["last_allowed_contact"] <= at - int(CONTACT_WINDOW.total_seconds() * 1e6)
    mask[index.postings.any_of(asked.excluded)] = False
    return mask


def passive(index: CandidateIndex, at: datetime) -> Mask:
    """Who has been silent for long enough to be a passive candidate."""
    return np.asarray(index.columns["last_active"] < microseconds(active_since(at)))


def listed(index: CandidateIndex, kind: Feed, asked: Question) -> Mask:
    """Who is in one of a position's lists."""
    is_passive = passive(index, asked.search.at)
    return approachable(index, asked) & (is_passive if kind is Feed.PASSIVE else ~is_passive)


# Keys ---------------------------------------------------------------------------------------------

MOST_KNOWN = 100_000

_KEYS: dict[tuple[Term, str], int] = {}
"""Hashes that were asked for before: they are the same in every database."""


def term_keys(db: Database, term: Term, texts: Iterable[str]) -> list[int]:
    """The keys of texts."""
    texts = [*texts]
    known = {text: key for text in texts if (key := _KEYS.get((term, text))) is not None}
    unknown = [text for text in texts if text not in known]
    if unknown:
        rows = db.execute(
            "SELECT t, hashtextextended(t, %s) FROM unnest(%s::text[]) AS t", [int(term), unknown]
        )
        known |= dict(rows.fetchall())
        if len(_KEYS) > MOST_KNOWN:
            _KEYS.clear()
        _KEYS.update({(term, text): known[text] for text in unknown})
    return [known[text] for text in texts]


def id_keys_of(db: Database, ids: Collection[UUID]) -> list[tuple[UUID, int]]:
    """These ids with their keys."""
    if not ids:
        return []
    statement = "SELECT t, uuid_hash_extended(t, %s) FROM unnest(%s::uuid[]) AS t"
    return db.execute(statement, [int(Term.ID), [*ids]]).fetchall()
