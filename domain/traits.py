"""What a profile says without the person's own words: it outlives an erasure, so replays agree."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Self

from domain.kinds_of_work import UNKNOWN, kind_of_work
from domain.money import Salary
from domain.partial_date import PartialDate
from domain.profile import Facts
from domain.values import Value


@lru_cache(maxsize=16_384)
def term_hash(term: str) -> str:
    """A hash by which a name can be compared but not read; case and extra spaces are ignored.

    It has no key: who guesses a name can tell whether it is the one.

    >>> term_hash("  Node.JS ") == term_hash("node.js") != term_hash("Node")
    True
    """
    plain = " ".join(term.split()).casefold()
    return blake2b(plain.encode(), digest_size=8).hexdigest()


class Traits(Value):
    """The facts that the likelihood uses, with hashes for names. An absent trait is unknown."""

    work: str | None = None
    """The kind of work of the first role."""
    skills: tuple[str, ...] | None = None
    city: str | None = None
    country: str | None = None
    open_to_remote: bool | None = None
    years_experience: float | None = None
    expected_salary: Salary | None = None
    in_present_job_since: PartialDate | None = None

    @classmethod
    def of(cls, facts: Facts) -> Self:
        """What these facts say.

        >>> Traits.of(Facts(roles=["Web developer"], years_experience=4)).known()
        {'work': 'software', 'years_experience': 4.0}
        """
        return cls(
            work=_work(facts.roles),
            skills=None if facts.skills is None else tuple(map(term_hash, facts.skills)),
            city=None if facts.city is None else term_hash(facts.city),
            country=None if facts.country is None else term_hash(facts.country),
            open_to_remote=facts.open_to_remote,
            years_experience=facts.years_experience,
            expected_salary=facts.expected_salary,
            in_present_job_since=facts.in_present_job_since,
        )

    def known(self) -> dict[str, object]:
        """The traits with a value."""
        return {name: value for name, value in self if value is not None}


def _work(roles: Sequence[str] | None) -> str | None:
    if roles is None:
        return None
    return kind_of_work(roles[0]) if roles else UNKNOWN
