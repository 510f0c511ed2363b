"""Chooses filters as somebody might who has seen who is there: narrow, yet with enough left."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from domain.filters import Filters
from domain.profile import Facts

ENOUGH = 6
"""Candidates that the filters leave, if there are as many."""

Proposal = Callable[[Sequence[Facts]], dict[str, Any]]
"""A filter that many of these people pass, or none if they have nothing in common."""


def filters_for(pool: Sequence[Facts]) -> Filters:
    """Filters that take one thing after another that is common in the pool.

    >>> few = [Facts(roles=["Designer"], country="Spain"), Facts(roles=["Designer"])]
    >>> filters_for(few) == Filters(roles=["Designer"])
    True
    """
    chosen, left = Filters(), pool
    for propose in (_role, _skills, _years, _places):
        narrower = chosen.model_copy(update=propose(left))
        passing = [facts for facts in pool if narrower.admit(facts)]
        if len(passing) >= min(ENOUGH, len(pool)):
            chosen, left = narrower, passing
    return chosen


def _role(people: Sequence[Facts]) -> dict[str, Any]:
    return {"roles": _most_common(1, (role for one in people for role in one.roles or ()))}


def _skills(people: Sequence[Facts]) -> dict[str, Any]:
    skills = _most_common(5, (skill for one in people for skill in one.skills or ()))
    return {"required_skills": skills[:1], "nice_to_have_skills": skills[1:]}


def _years(_: Sequence[Facts]) -> dict[str, Any]:
    return {"years_from": 2.0}


def _places(people: Sequence[Facts]) -> dict[str, Any]:
    countries = _most_common(3, (one.country for one in people if one.country))
    return {"locations": countries, "remote": True} if countries else {}


def _most_common(count: int, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name, _ in Counter(names).most_common(count))
