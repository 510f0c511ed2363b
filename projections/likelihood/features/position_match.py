"""A position's state, its features, and those of its match with a candidate.

Outreach may offer another salary or place than its position: what the candidate saw counts.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.filters import Filters
from domain.kinds_of_work import kind_of_work
from domain.money import SalaryRange
from domain.outreach_events import InterviewRequested, MessageSent
from domain.position import PositionOpened, SalarySet, TitleSet, WorkplaceSet
from domain.traits import term_hash
from projections.likelihood.estimator.schema import Columns, Features
from projections.likelihood.features.candidate import STATE, CandidateState, seniority
from projections.likelihood.features.catalogue import CATEGORIES, LARGEST_OFFER, NUMBERS
from projections.likelihood.features.seniority import seniority_named
from projections.likelihood.features.spelling import key


class PositionState(NamedTuple):
    """What the features of a position are computed from."""

    title_role: str = "unknown"
    title_seniority: str = "unknown"
    filters_role: str | None = None
    role: str = "unknown"
    seniority: str = "unknown"
    years_asked: float | None = None
    pay_usd: int | None = None
    remote: bool = False
    places: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    nice: tuple[str, ...] = ()


def from_event(event: PositionOpened) -> PositionState:
    """The state of a new position."""
    position = PositionState(
        title_role=kind_of_work(event.title),
        title_seniority=seniority_named(event.title),
        pay_usd=_top(event.salary),
        remote=event.remote or event.filters.remote,
        places=_places(event.location) or tuple(map(key, event.filters.locations)),
    )
    return with_filters(position, event.filters)


def with_offer(
    position: PositionState, outreach: MessageSent | InterviewRequested
) -> PositionState:
    """The state with what an outreach offers."""
    return position._replace(
        pay_usd=_top(outreach.salary),
        remote=outreach.remote,
        places=_places(outreach.location) or position.places,
    )


def with_filters(position: PositionState, filters: Filters) -> PositionState:
    """The state after other filters were set."""
    return _asking(
        position._replace(
            filters_role=kind_of_work(filters.roles[0]) if filters.roles else None,
            years_asked=filters.years_from,
            required=tuple(sorted(map(key, filters.required_skills))),
            nice=tuple(sorted(map(key, filters.nice_to_have_skills))),
        )
    )


def with_details(
    position: PositionState, event: TitleSet | WorkplaceSet | SalarySet
) -> PositionState:
    """The state after the position said otherwise what it is."""
    if isinstance(event, TitleSet):
        title_role, title_seniority = kind_of_work(event.title), seniority_named(event.title)
        return _asking(position._replace(title_role=title_role, title_seniority=title_seniority))
    if isinstance(event, SalarySet):
        return position._replace(pay_usd=_top(event.salary))
    return position._replace(remote=event.remote, places=_places(event.location) or position.places)


def _asking(position: PositionState) -> PositionState:
    """The state with the role and seniority that its filters ask for, or else its title names."""
    named = position.title_seniority
    if named == "unknown" and position.years_asked is not None:
        named = seniority(position.years_asked)
    return position._replace(role=position.filters_role or position.title_role, seniority=named)


def _top(salary: SalaryRange | None) -> int | None:
    return None if salary is None else salary.maximum_in_usd


def _places(location: str | None) -> tuple[str, ...]:
    """The parts of a place, as profiles name them: city and country.

    >>> _places("Hamburg, Germany")
    ('hamburg', 'germany')
    """
    return tuple(filter(None, map(key, (location or "").split(","))))


# Features ---------------------------------------------------------------------------------------


def of_position(position: PositionState) -> Features:
    """A position's own features."""
    pay = NUMBERS["pay"].typical
    if position.pay_usd is not None:
        pay = round(math.log1p(position.pay_usd / 1_000) * 1e6) / 1e6
    asked = position.years_asked
    return Features(
        {
            "pay": pay,
            "years_asked": NUMBERS["years_asked"].typical if asked is None else float(asked),
        },
        {
            "position_role": position.role,
            "position_seniority": position.seniority,
            "position_pay": "unknown" if position.pay_usd is None else "known",
            "position_remote": "yes" if position.remote else "no",
        },
    )


_OF_MATCH = ("expected_usd", "role", "remote_wish", "city", "country", "skills")
MATCHED_COLUMNS = (
    "coalesce(f.expected_usd, 'NaN'), f.role, f.remote_wish, f.city, f.country, f.skills"
)
"""The columns of `likelihood_features AS f` that a match depends on."""

matched: Callable[[tuple[Any, ...]], tuple[Any, ...]] = itemgetter(*map(STATE.index, _OF_MATCH))
"""The values of a candidate's row that a match depends on."""


def of_match(state: CandidateState, position: PositionState) -> Features:
    """The features of the match of a candidate and a position."""
    return _Matching(position).of(*(getattr(state, name) for name in _OF_MATCH))


def matches(rows: Sequence[Sequence[Any]], position: PositionState) -> Columns:
    """The features of a position and its match with many candidates, given `MATCHED_COLUMNS`."""
    matching, own = _Matching(position), of_position(position)
    each = [matching.of(*row) for row in rows]
    names, kinds = EMPTY_MATCH
    numbers = {name: np.array([x.numbers[name] for x in each], dtype=np.float64) for name in names}
    categories = {name: [x.categories[name] for x in each] for name in kinds}
    for name, value in own.numbers.items():
        numbers[name] = np.full(len(each), value)
    for name, category in own.categories.items():
        categories[name] = [category] * len(each)
    return Columns(numbers, categories)


class MatchColumns(NamedTuple):
    """What the match of many candidates with a position depends on, by column."""

    named: NDArray[np.uint8]
    """How many of the skills that the filters name they have."""
    nice: NDArray[np.uint8]
    """How many of the nice-to-have ones."""
    in_city: NDArray[np.bool_]
    in_country: NDArray[np.bool_]
    home_known: NDArray[np.bool_]
    expected_usd: NDArray[np.float64]
    roles: NDArray[np.intp]
    remote_wishes: NDArray[np.intp]
    """As places among the values of the features `role` and `remote_wish`."""


def matches_by_column(position: PositionState, of: MatchColumns) -> Columns:
    """`matches`, bit for bit, without a loop over the candidates."""
    own, count = of_position(position), len(of.roles)
    nice = {*position.nice}
    pays = position.pay_usd is not None
    log_pay = math.log(max(position.pay_usd or 0, 1))
    unknown = np.isnan(of.expected_usd)
    offer = np.clip(log_pay - np.log(np.fmax(of.expected_usd, 1.0)), -LARGEST_OFFER, LARGEST_OFFER)
    wants_remote = of.remote_wishes == _code("remote_wish", "yes")
    homes = [
        (of.in_city, "city"),
        (of.in_country, "country"),
        (wants_remote & position.remote, "remote"),
        (of.home_known & bool(position.places), "elsewhere"),
    ]
    same = of.roles == _code("role", position.role)
    role_unknown = (of.roles == _code("role", "unknown")) | (position.role == "unknown")
    numbers = {
        "skills_covered": _shares(of.named, len(nice | {*position.required})),
        "nice_covered": _shares(of.nice, len(nice)),
        "offer": np.where(unknown | (not pays), 0.0, np.rint(offer * 1e6) / 1e6),
    }
    categories = {
        "offer_known": np.select(
            [np.full(count, not pays), unknown],
            [_code("offer_known", "none_offered"), _code("offer_known", "none_expected")],
            _code("offer_known", "known"),
        ),
        "place": np.select(
            [holds for holds, _ in homes],
            [_code("place", name) for _, name in homes],
            _code("place", "unknown"),
        ),
        "role_match": np.select(
            [role_unknown, same],
            [_code("role_match", "unknown"), _code("role_match", "same")],
            _code("role_match", "other"),
        ),
        "skills_named": np.full(
            count, _code("skills_named", "yes" if nice or position.required else "no")
        ),
    }
    numbers |= {name: np.full(count, value) for name, value in own.numbers.items()}
    categories |= {n: np.full(count, _code(n, value)) for n, value in own.categories.items()}
    return Columns(numbers, categories)


def _code(name: str, value: str) -> int:
    return CATEGORIES[name].values.index(value)


def _shares(parts: NDArray[np.uint8], whole: int) -> NDArray[np.float64]:
    return np.rint(parts / whole * 1e6) / 1e6 if whole else np.zeros(len(parts))


def feature_bounds(position: PositionState) -> dict[str, tuple[float, ...] | tuple[str, ...]]:
    """The bounds of a position's numeric features and matches, and the possible categories."""
    own = of_position(position)
    named, nice = bool(position.required or position.nice), bool(position.nice)
    pays = position.pay_usd is not None
    places = ("city", "country", "elsewhere", "unknown") if position.places else ("unknown",)
    return {
        **{name: (value, value) for name, value in own.numbers.items()},
        **{name: (value,) for name, value in own.categories.items()},
        "skills_covered": (0.0, float(named)),
        "nice_covered": (0.0, float(nice)),
        "offer": (-LARGEST_OFFER * pays, LARGEST_OFFER * pays),
        "offer_known": ("known", "none_expected") if pays else ("none_offered",),
        "place": (*places, "remote") if position.remote else places,
        "role_match": ("unknown",)
        if position.role == "unknown"
        else CATEGORIES["role_match"].values,
        "skills_named": ("yes" if named else "no",),
    }


class _Matching:
    """A position, with what is computed once for all its candidates."""

    def __init__(self, position: PositionState) -> None:
        self._position = position
        self._nice = frozenset(map(term_hash, position.nice))
        self._named = self._nice | frozenset(map(term_hash, position.required))
        self._places = frozenset(map(term_hash, position.places))
        self._log_pay = math.log(max(position.pay_usd, 1)) if position.pay_usd is not None else None

    def of(
        self,
        expected_usd: float,
        role: str,
        remote_wish: str,
        city: str | None,
        country: str | None,
        skills: Iterable[str],
    ) -> Features:
        had = self._named.intersection(skills) if self._named else frozenset()
        offer, offer_known = self._offer(expected_usd)
        return Features(
            {
                "skills_covered": _share(len(had), len(self._named)),
                "nice_covered": _share(len(had & self._nice), len(self._nice)),
                "offer": offer,
            },
            {
                "offer_known": offer_known,
                "place": self._place(remote_wish, city, country),
                "role_match": self._role(role),
                "skills_named": "yes" if self._named else "no",
            },
        )

    def _offer(self, expected_usd: float) -> tuple[float, str]:
        if self._log_pay is None:
            return 0.0, "none_offered"
        if math.isnan(expected_usd):
            return 0.0, "none_expected"
        offer = self._log_pay - math.log(max(expected_usd, 1.0))
        return round(min(max(offer, -LARGEST_OFFER), LARGEST_OFFER) * 1e6) / 1e6, "known"

    def _place(self, remote_wish: str, city: str | None, country: str | None) -> str:
        if city in self._places:
            return "city"
        if country in self._places:
            return "country"
        if self._position.remote and remote_wish == "yes":
            return "remote"
        known = self._places and (city or country)
        return "elsewhere" if known else "unknown"

    def _role(self, role: str) -> str:
        if "unknown" in (role, self._position.role):
            return "unknown"
        return "same" if role == self._position.role else "other"


def _share(part: int, whole: int) -> float:
    return round(part / whole * 1e6) / 1e6 if whole else 0.0


EMPTY_MATCH = _Matching(PositionState()).of(math.nan, "unknown", "unknown", None, None, ())
