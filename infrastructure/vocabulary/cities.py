"""Reads cities by the vocabulary: one name for each, in whatever language."""

import re
from functools import cache, lru_cache

from infrastructure.cldr.countries import canonical_place, country_of_place
from infrastructure.vocabulary.vocabulary import loaded, spelled

_BETWEEN = re.compile(r"\s*[;|\n]\s*")
_COMMA = re.compile(r"\s*[,/]\s*")
WITH_STATES = ("US", "CA", "AU")
"""Where a code behind a city is that of a state or province."""


@cache
def cities() -> dict[str, tuple[str, str]]:
    """Cities and the code of their country, by what they are called.

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


def canonical_city(said: str) -> str:
    """A city by its English name; as it was said if the vocabulary does not know it.

    >>> canonical_city("München"), canonical_city("NYC"), canonical_city("Köln, Deutschland")
    ('Munich', 'New York', 'Cologne')
    """
    places = canonical_places(said)
    return places[0] if len(places) == 1 else said


@lru_cache(maxsize=16_384)
def canonical_places(said: str) -> tuple[str, ...]:
    """The places that a text names: cities and countries, each by its everyday English name.

    A country behind a city only says where the city is.

    >>> canonical_places("Wien; Berlin, DE"), canonical_places("Munich, UK")
    (('Vienna', 'Berlin'), ('Munich', 'United Kingdom'))
    """
    return tuple(
        dict.fromkeys(
            place for part in _BETWEEN.split(said) if part.strip() for place in _places(part)
        )
    ) or (said,)


def _places(said: str) -> tuple[str, ...]:
    if city := cities().get(spelled(said)):
        return (city[0],)
    if country_of_place(said):
        return (canonical_place(said),)
    parts = [part for part in _COMMA.split(said) if part]
    if len(parts) == 2 and not _is_known(parts[0]) and country_of_place(parts[1]):
        return (parts[0],)
    if len(parts) < 2 or not all(_is_known(part) for part in parts):
        return (said,)
    found: list[str] = []
    there: str | None = None
    for part in parts:
        city, country = cities().get(spelled(part)), country_of_place(part)
        if city and not (there in WITH_STATES and len(part) == 2):
            found.append(city[0])
            there = city[1]
        elif not (there and (there == country or (there in WITH_STATES and len(part) == 2))):
            found.append(canonical_place(part))
            there = None
    return tuple(found)


def _is_known(place: str) -> bool:
    return spelled(place) in cities() or country_of_place(place) is not None
