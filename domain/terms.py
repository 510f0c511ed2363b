"""How texts are compared: Unicode's compatible forms, case and spaces; accents where that helps.

`key` is for names that must stay apart by their accents, such as skills. `search_key` is for
searches by name and for places, which people type with accents or without. `spelled` is for names
that a vocabulary knows, which people write in one word or in several.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar, cast
from unicodedata import combining, normalize

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u2060\ufeff"))
"""Marks that no reader sees and that word processors leave behind."""

_WITHOUT_STROKE = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
    }
)
"""Letters that Unicode does not take apart into a letter and an accent."""

_ACCENTS = range(0x300, 0x370)
"""The accents of Latin, Greek and Cyrillic letters; other scripts' marks are letters' parts."""

_BETWEEN = re.compile(r"[\s.'\u2019_\u00b7\u2010-\u2015-]")
"""What people put between the parts of a name, or leave out."""


_OVERRIDES = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
"""What turns the direction of text until it is ended, and so the words around it."""

T = TypeVar("T")


def without_overrides(text: T) -> T:
    r"""A text that cannot change the direction of what is shown around it; others as they are.

    >>> without_overrides("Ada\u202e \u05d0"), without_overrides(7)
    ('Ada \u05d0', 7)
    """
    if not isinstance(text, str) or text.isascii():
        return text
    return cast(T, text.translate(_OVERRIDES))


@lru_cache(maxsize=16_384)
def key(term: str) -> str:
    r"""A term, normalised for comparison: NFKC, case and extra spaces ignored.

    >>> key("  Node.JS "), key("\uff23\uff0b\uff0b"), key("Re\u0301sume\u0301") == key("résumé")
    ('node.js', 'c++', True)
    """
    return _plain(term)


def _plain(text: str) -> str:
    visible = normalize("NFKC", text).translate(_INVISIBLE)
    return " ".join(normalize("NFKC", visible.casefold()).split())


def search_key(text: str) -> str:
    """A text, normalised for searches by name: as `key`, and accents ignored.

    >>> search_key("Ólafur Ærø"), search_key("Łódź"), search_key("が") == search_key("か")
    ('olafur aero', 'lodz', False)
    """
    apart = normalize("NFD", _plain(text))
    letters = (c for c in apart if not (combining(c) and ord(c) in _ACCENTS))
    return normalize("NFC", "".join(letters)).translate(_WITHOUT_STROKE)


def spelled(name: str) -> str:
    """A name as vocabularies look it up: `search_key`, without what may stand between its parts.

    >>> spelled("Node.JS"), spelled("node js"), spelled("Back-End"), spelled("C++")
    ('nodejs', 'nodejs', 'backend', 'c++')
    """
    return _BETWEEN.sub("", search_key(name))


def each_once(terms: Iterable[str]) -> tuple[str, ...]:
    """Terms without those whose `key` came before."""
    first_of_each: dict[str, str] = {}
    for term in terms:
        first_of_each.setdefault(key(term), term)
    return tuple(first_of_each.values())
