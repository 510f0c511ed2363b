"""Reads cities by the vocabulary: one name for each, in whatever language."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from domain.terms import spelled
from infrastructure.cldr.countries import canonical_place, country_of_place
from infrastructure.vocabulary.additions import NONE, Additions, Names
from infrastructure.vocabulary.vocabulary import loaded

_BETWEEN = re.compile(r"\s*[;|\n]\s*")
_COMMA = re.compile(r"\s*[,/]\s*")
ANYWHERE = "?"
"""Stands for the country of a city that was added, which may be any."""

WITH_STATES = ("US", "CA", "AU")
"""Where a code behind a city is that of a state or province."""


@cache
def _cities() -> dict[str, tuple[str, str]]:
    """The vocabulary's cities and the code of their country, by what they are called.

    Raises:
        ValueError: a name stands for two cities.
    """
    found: dict[str, tuple[str, str]] = {}
    for code, names in loaded("cities.toml").items():
        if isinstance(names, dict):
            for city, also in names.items():
                for name in (city, *also):
                    if found.setdefault(spelled(name), (city, code)) != (city, code):
                        raise ValueError(f"{name} is {found[spelled(name)]} and {city}")
    return found


def city_names() -> Mapping[str, tuple[str, ...]]:
    """What else each of the vocabulary's cities is called."""
    countries = [names for names in loaded("cities.toml").values() if isinstance(names, dict)]
    return {city: tuple(also) for names in countries for city, also in names.items()}


@lru_cache(maxsize=8)
def _with_own(own: Names) -> Mapping[str, tuple[str, str]]:
    return {**{spelled(name): (city, ANYWHERE) for name, city in own}, **_cities()}


def cities(own: Additions = NONE) -> Mapping[str, tuple[str, str]]:
    """Cities and the code of their country, by what they are called."""
    return _with_own(own.places)


def canonical_city(said: str, own: Additions = NONE) -> str:
    """A city by its English name; as it was said if the vocabulary does not know it.

    >>> canonical_city("München"), canonical_city("NYC"), canonical_city("Köln, Deutschland")
    ('Munich', 'New York', 'Cologne')
    """
    places = canonical_places(said, own)
    return places[0] if len(places) == 1 else said


@lru_cache(maxsize=16_384)
def canonical_places(said: str, own: Additions = NONE) -> tuple[str, ...]:
    """The places that a text names: cities and countries, each by its everyday English name.

    A country behind a city only says where the city is.

    >>> canonical_places("Wien; Berlin, DE"), canonical_places("Munich, UK")
    (('Vienna', 'Berlin'), ('Munich', 'United Kingdom'))
    """
    return tuple(
        dict.fromkeys(
            place for part in _BETWEEN.split(said) if part.strip() for place in _places(part, own)
        )
    ) or (said,)


def _places(said: str, own: Additions) -> tuple[str, ...]:
    if city := cities(own).get(spelled(said)):
        return (city[0],)
    if country_of_place(said):
        return (canonical_place(said),)
    parts = [part for part in _COMMA.split(said) if part]
    if len(parts) == 2 and not _is_known(parts[0], own) and country_of_place(parts[1]):
        return (parts[0],)
    if len(parts) < 2 or not all(_is_known(part, own) for part in parts):
        return (said,)
    found: list[str] = []
    there: str | None = None
    for part in parts:
        city, country = cities(own).get(spelled(part)), country_of_place(part)
        if city and not (there in WITH_STATES and len(part) == 2):
            found.append(city[0])
            there = city[1]
        elif not (
            there and (there in (country, ANYWHERE) or (there in WITH_STATES and len(part) == 2))
        ):
            found.append(canonical_place(part))
            there = None
    return tuple(found)


def _is_known(place: str, own: Additions) -> bool:
    return spelled(place) in cities(own) or country_of_place(place) is not None
