"""What countries, languages and months are called, by name as `search_key` writes it.

A name that means two things, such as *listopad* (October in Croatian, November in Czech), is left
out, unless English has it: then it means what it means there.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from babel import Locale, localedata

from domain.terms import search_key

ENGLISH = "en"

READ_IN = (
    f"{ENGLISH} de fr es pt it nl pl cs sk hu ro bg hr sr sl sq mk el tr ru uk be lt lv et fi sv "
    "da nb nn is ga cy ca eu gl he ar fa ur hi bn ta te mr gu pa id ms vi th ja ko zh zh_Hant fil "
    "sw af hy ka az kk uz"
).split()
"""The languages in which names are read."""


class Names(NamedTuple):
    """Codes by name."""

    countries: Mapping[str, str]
    languages: Mapping[str, str]
    months: Mapping[str, int]


class English(NamedTuple):
    """Names in English, by code."""

    countries: Mapping[str, str]
    languages: Mapping[str, str]


def spelled(name: str) -> str:
    """A name as these tables have it: `search_key`, without dots, articles and other spellings.

    >>> spelled("The U.S."), spelled("St. Kitts & Nevis"), spelled("Côte d'Ivoire")
    ('us', 'saint kitts and nevis', "cote d'ivoire")
    """
    plain = search_key(name).replace("\u2019", "'").replace(".", "").replace("&", " and ")
    words = plain.split()
    if len(words) > 1:
        words = ["saint" if word == "st" else word for word in words]
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


@cache
def english() -> English:
    """What countries and languages are called in English."""
    locale = Locale.parse(ENGLISH)
    countries = {code: name for code, name in locale.territories.items() if _is_country(code)}
    return English(countries, dict(locale.languages.items()))


@cache
def names() -> Names:
    """The names in all languages. It takes a second or so, once in a process."""
    countries, languages, months = (defaultdict[str, dict[Any, None]](dict) for _ in range(3))
    for language in READ_IN:
        locale = Locale.parse(language)
        for code, name in locale.territories.items():
            if _is_country(code):
                countries[spelled(name)].setdefault(code)
        for code, name in locale.languages.items():
            languages[spelled(name)].setdefault(code)
        for number, name in _month_names(locale):
            months[spelled(name)].setdefault(number)
    # Babel keeps every language that it has read, which is a hundred times as much as these names.
    getattr(localedata, "_cache", {}).clear()
    return Names(
        _unambiguous(countries, english().countries),
        _unambiguous(languages, english().languages),
        _unambiguous(months, dict(_month_names(Locale.parse(ENGLISH)))),
    )


def _is_country(code: str) -> bool:
    """Whether this is a code of a country or of the European Union, not of a region or a test."""
    return len(code) == 2 and code.isalpha() and code not in ("XA", "XB", "ZZ", "UN", "QO", "EZ")


def _month_names(locale: Locale) -> Iterator[tuple[int, str]]:
    for names in (locale.months[context] for context in ("format", "stand-alone")):
        for width in ("wide", "abbreviated"):
            yield from names[width].items()


def _unambiguous(meanings: Mapping[str, Mapping[Any, None]], english: Mapping[Any, str]) -> Any:
    # The first meaning is that in English, if it has the name.
    in_english = {spelled(name) for name in english.values()}
    return {
        name: next(iter(codes))
        for name, codes in meanings.items()
        if len(codes) == 1 or name in in_english
    }
