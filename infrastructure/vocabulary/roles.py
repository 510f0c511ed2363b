"""Reads roles by the vocabulary: one name for each, whatever people call it."""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from domain.terms import each_once, key
from infrastructure.vocabulary.additions import NONE, Additions, Names
from infrastructure.vocabulary.skills import skills
from infrastructure.vocabulary.vocabulary import Vocabulary, loaded, vocabulary

SOFTWARE_DEVELOPER, _DEVELOPER = "Software developer", " developer"

_LEVEL = re.compile(
    r"\b(?:senior|sr|junior|jr|lead|principal|staff|mid[- ]?level|intermediate|entry[- ]level"
    r"|graduate|experienced|erfahrener?|leitender?|angehender?)\b\.?"
)
"""How far somebody is; filters ask for it by years."""

_GENDER = re.compile(
    r"\(?\b[mwfdx](?:\s?[/|]\s?[mwfdx*]){1,3}(?!\w)\)?|\((?:all genders|gn|m|w|f|d)\)"
    r"|[:*_/]-?in(?:nen)?\b|\(in\)"
)
_REMARK = re.compile(r"\([^()]*\)")
_BETWEEN = re.compile(r"\s*[,;|/&\n]\s*|\s+(?:and|und|or|oder)\s+")


@lru_cache(maxsize=8)
def _roles(own: Names) -> Vocabulary:
    return vocabulary("roles.toml", own)


def roles(own: Additions = NONE) -> Vocabulary:
    """The roles that have other names as well."""
    return _roles(own.roles)


def canonical_roles(said: Iterable[str], own: Additions = NONE) -> tuple[str, ...]:
    """Roles by the vocabulary's names, each once; as they were said if it does not know them.

    A text of several roles is taken apart if all of them are known.

    >>> canonical_roles(["Developer, back-end", "Senior Golang Engineer (m/w/d)", "Cook, junior"])
    ('Back-end developer', 'Go developer', 'Cook, junior')
    """
    return each_once(
        name for said_one in said for name in roles_meant(said_one, own) or (said_one,)
    )


def with_broader_roles(names: Iterable[str], own: Additions = NONE) -> tuple[str, ...]:
    """Roles, and what they are a kind of: a back-end developer is a software developer."""
    each = (name for said in names for name in (said, *_software_developer(said, own)))
    return roles().with_broader(each)


@lru_cache(maxsize=16_384)
def roles_meant(said: str, own: Additions = NONE) -> tuple[str, ...]:
    """The vocabulary's roles that a text names; none if any part of it is unknown."""
    if known := _one(said, own):
        return known
    parts = [_one(part, own) for part in _BETWEEN.split(said) if part]
    return tuple(name for known in parts for name in known) if all(parts) else ()


def skill_developed_with(said: str, own: Additions = NONE) -> str | None:
    """The skill that a role is named for, such as that of a Java developer. None if it is none."""
    role = next(iter(_one(said, own)), "")
    is_named_for_it = _software_developer(role, own) and not roles(own).meant(role)
    return role.removesuffix(_DEVELOPER) if is_named_for_it else None


def _one(said: str, own: Additions) -> tuple[str, ...]:
    ways = [*_ways(key(said))]
    known = next((known for way in ways if (known := roles(own).meant(way))), ())
    return known or next((found for way in ways if (found := _developer_of(way, own))), ())


def _developer_of(role: str, own: Additions) -> tuple[str, ...]:
    """Who develops with a skill that the vocabulary knows, such as a Java developer."""
    found = _developers().fullmatch(role)
    known = skills(own).meant(found["skill"]) if found else ()
    return tuple(f"{name}{_DEVELOPER}" for name in known)


def _software_developer(role: str, own: Additions) -> tuple[str, ...]:
    named = role.removesuffix(_DEVELOPER)
    return (SOFTWARE_DEVELOPER,) if named != role and skills(own).meant(named) == (named,) else ()


@cache
def _developers() -> re.Pattern[str]:
    words = "|".join(loaded("roles.toml")["words"]["developer"])
    return re.compile(rf"(?P<skill>.+?)[ -]?(?:{words})")


def _ways(name: str) -> Iterator[str]:
    """A role as it is written, then without what is said beside it, each either way round."""
    without_gender = _GENDER.sub("", name)
    without_remark = _REMARK.sub("", without_gender)
    for way in (name, without_gender, without_remark, _LEVEL.sub("", without_remark)):
        way = way.strip(" ,-")  # noqa: PLW2901
        yield way
        what, comma, kind = way.partition(",")
        if comma:
            yield f"{kind.strip()} {what.strip()}"
