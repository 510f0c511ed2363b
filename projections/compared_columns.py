"""The columns of the candidate pool that filters compare, and how names are compared."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from domain.profile import Facts
from domain.terms import key, search_key


class Compared(NamedTuple):
    """A column that filters compare: its type, and its value; None if the facts leave it open."""

    type: str
    value: Callable[[Facts], object]
    unknown: str = "NULL"
    clears: str | None = None
    """The fact that changes the column even if there is nothing in it to compare."""

    def enhanced(self, name: str) -> str:
        """The new value of this column, in SQL."""
        kept = f"coalesce(%({name})s::{self.type}, {name})"
        told = f"CASE WHEN %(facts)s ? '{self.clears}' THEN %({name})s::{self.type} ELSE {kept} END"
        return told if self.clears else kept


def keys(terms: Sequence[str] | None) -> list[str] | None:
    """Names in the form in which they are compared."""
    return None if terms is None else [key(term) for term in terms]


def place_keys(places: Sequence[str]) -> list[str]:
    """Places in the form in which they are compared."""
    return [search_key(place) for place in places]


COMPARED = {
    "roles": Compared("text[]", lambda facts: keys(facts.roles), "'{}'"),
    "skills": Compared("text[]", lambda facts: keys(facts.skills), "'{}'"),
    "city": Compared("text", lambda facts: facts.city and search_key(facts.city)),
    "country": Compared("text", lambda facts: facts.country and search_key(facts.country)),
    "authorised_in": Compared("text[]", lambda facts: keys(facts.work_authorisation), "'{}'"),
    "languages": Compared("text[]", lambda facts: keys(facts.languages), "'{}'"),
    "years": Compared("double precision", lambda facts: facts.years_experience),
    "open_to_remote": Compared("boolean", lambda facts: facts.open_to_remote, "false"),
    "expected_usd": Compared(
        "bigint",
        lambda facts: facts.expected_salary and facts.expected_salary.in_usd,
        clears="expected_salary",
    ),
}
