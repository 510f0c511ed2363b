"""Reads skills by the vocabulary: one name for each, whatever people call it."""

import re
from collections.abc import Iterable
from functools import lru_cache

from domain.skills import skill_names
from domain.terms import each_once
from infrastructure.vocabulary.additions import NONE, Additions, Names
from infrastructure.vocabulary.vocabulary import Vocabulary, vocabulary

_VERSION = re.compile(r"(?P<name>.*\w{2}|.*[+#]|.*\s)\s*v?\d+(?:\.(?:\d+|x))*\+?", re.IGNORECASE)
"""A name with a version at its end; a name of one letter only if a blank is between."""

_WITH_DETAILS = re.compile(r"([^()]+)\(([^()]+)\)")

MOST_WORDS = 8
"""In longer texts no terms are looked for: they are sentences."""


@lru_cache(maxsize=8)
def _skills(own: Names) -> Vocabulary:
    return vocabulary("skills.toml", own)


def skills(own: Additions = NONE) -> Vocabulary:
    """The skills that have other names as well."""
    return _skills(own.skills)


def canonical_skills(said: Iterable[str], own: Additions = NONE) -> tuple[str, ...]:
    """Skills by the vocabulary's names, each once; as they were said if it does not know them.

    Versions are ignored, and several known skills are taken apart.

    >>> canonical_skills(["ReactJS, postgres", "Golang Kubernetes", "Python 3.12", "Origami"])
    ('React', 'PostgreSQL', 'Go', 'Kubernetes', 'Python', 'Origami')
    """
    return each_once(
        name
        for said_one in skill_names(said)
        for name in skills_meant(said_one, own) or (said_one,)
    )


def with_broader_skills(names: Iterable[str]) -> tuple[str, ...]:
    """Skills, and what they are a kind of: who knows T-SQL knows SQL."""
    return skills().with_broader(names)


@lru_cache(maxsize=16_384)
def skills_meant(said: str, own: Additions = NONE) -> tuple[str, ...]:
    """The vocabulary's skills that one name stands for; none if it is unknown."""
    meant = skills(own).meant
    known = meant(said)
    if known:
        return known
    versioned = _VERSION.fullmatch(said)
    if versioned and (known := meant(versioned["name"])):
        return known
    detailed = _WITH_DETAILS.fullmatch(said)
    if detailed and (known := skills_meant(detailed[1].strip(), own)):
        return (
            *known,
            *(name for part in skill_names([detailed[2]]) for name in skills_meant(part, own)),
        )
    return _taken_apart(tuple(said.split()), own)


def _taken_apart(words: tuple[str, ...], own: Additions) -> tuple[str, ...]:
    """The terms that all of these words together name, the longest first; none if one is left."""
    if not 1 < len(words) <= MOST_WORDS:
        return ()
    for end in range(len(words) - 1, 0, -1):
        if known := skills(own).meant(" ".join(words[:end])):
            rest = skills(own).meant(" ".join(words[end:])) or _taken_apart(words[end:], own)
            if rest:
                return (*known, *rest)
    return ()
