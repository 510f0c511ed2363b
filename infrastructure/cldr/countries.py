"""Reads countries: ISO 3166 codes, and names in many languages, as people write them."""

import re
from functools import lru_cache

from babel.core import get_global

from infrastructure.cldr.names import english, names, spelled

IN_ENGLISH = {"HK": "Hong Kong", "MO": "Macao", "MM": "Myanmar", "PS": "Palestine"}
"""Names that CLDR writes at length."""

EVERYDAY = {
    "AE": "uae|emirates",
    "BA": "bosnia|bosnia-herzegovina",
    "BN": "brunei darussalam",
    "CD": "congo-kinshasa|congo (kinshasa)|drc|dr congo|democratic republic of congo"
    "|democratic republic of the congo|congo, democratic republic of the"
    "|congo, the democratic republic of the|congo (democratic republic)|zaire",
    "CG": "congo|congo-brazzaville|congo (brazzaville)|republic of congo|republic of the congo",
    "CI": "ivory coast",
    "CN": "prc|peoples republic of china|people's republic of china|mainland china"
    "|中华人民共和国|中華人民共和國",
    "CV": "cabo verde",
    "CZ": "czech republic",
    "FK": "falkland islands (malvinas)",
    "GB": "britain|great britain|england|scotland|wales|northern ireland"
    "|great britain and northern ireland|angleterre|inghilterra|inglaterra|schottland"
    "|grossbritannien|grande-bretagne|gran bretagna|gran bretana|wielka brytania"
    "|великобритания|англия|英国|英國|영국",
    "GR": "hellas",
    "HK": "hong kong sar|hong kong (sar)|hongkong|香港",
    "IE": "eire|southern ireland",
    "KN": "saint kitts",
    "KP": "democratic people's republic of korea|korea, democratic people's republic of|dprk"
    "|korea (north)|korea, north",
    "KR": "korea|korea (south)|korea, south|republic of korea|rok|s korea|韓国|南韓",
    "LY": "libyan arab jamahiriya",
    "LA": "lao people's democratic republic|lao pdr",
    "MK": "macedonia|fyrom",
    "MM": "burma|myanmar",
    "MO": "macau|macao|澳門|澳门",
    "NL": "holland|hollande|holanda|olanda",
    "PS": "palestine|state of palestine|palestine, state of",
    "RU": "russian federation",
    "SA": "ksa",
    "SY": "syrian arab republic",
    "SZ": "swaziland",
    "TL": "east timor",
    "TR": "turkey",
    "TT": "trinidad",
    "TW": "republic of china|taiwan, province of china|中華民國",
    "US": "america|united states of america|estados unidos de america|etats-unis d'amerique"
    "|vereinigte staaten von amerika|stati uniti d'america|eeuu|ee uu|eua|abd|сша"
    "|アメリカ|米国|미국",
    "VA": "holy see|vatican",
    "VG": "virgin islands, british|virgin islands (british)",
    "VI": "virgin islands, us|virgin islands (us)|us virgin islands",
    "VN": "viet nam",
}
"""What CLDR does not have: parts of countries, earlier names, and those of ISO 3166 itself."""

_EVERYDAY = {
    **{spelled(name): code for code, name in IN_ENGLISH.items()},
    **{spelled(name): code for code, said in EVERYDAY.items() for name in said.split("|")},
}

_OFFICIAL_WORDS = (
    r"(?:(?:federal|democratic|socialist|islamic|arab|people's|co-operative|plurinational|united"
    r"|bolivarian|federative|oriental|independent|federated|hashemite) )*"
    r"(?:republic|kingdom|states?|commonwealth|principality|sultanate|grand duchy|union)"
    r"(?: of(?: the)?)?"
)
_OFFICIAL = re.compile(rf"{_OFFICIAL_WORDS} (?P<name>.+)")
_OFFICIAL_LAST = re.compile(rf"(?P<name>[^,(]+)[,(] ?{_OFFICIAL_WORDS}\)?")

_WITH_REMARK = re.compile(r"([^()]+) \(([^()]+)\)")

_FLAG = range(0x1F1E6, 0x1F200)
"""The letters that flags are written with."""

MOST_LENGTH = 80
"""No country has a longer name."""


@lru_cache(maxsize=16_384)
def country_code(said: str) -> str | None:
    """The ISO 3166-1 code (alpha-2) of a country, given its code or a name. None if unknown.

    Read are alpha-2, alpha-3 and numeric codes, names in `names.READ_IN`, and everyday names.

    >>> [country_code(said) for said in ("uk", "USA", "Deutschland", "日本", "Korea", "276", "Ulm")]
    ['GB', 'US', 'DE', 'JP', 'KR', 'DE', None]
    """
    if not said or len(said) > MOST_LENGTH:
        return None
    name = spelled(said)
    return _by_code(name) or _by_flag(said) or _by_name(name)


def canonical_country(said: str) -> str:
    """A country by its everyday English name; as it was said if it is none.

    >>> canonical_country("GBR"), canonical_country("HK"), canonical_country("Atlantis")
    ('United Kingdom', 'Hong Kong', 'Atlantis')
    """
    code = country_code(said)
    return IN_ENGLISH.get(code) or english().countries.get(code, code) if code else said


def canonical_place(said: str) -> str:
    """A city as it was said, or a country by its everyday English name.

    >>> canonical_place("UK"), canonical_place("Au"), canonical_place("Deutschland")
    ('United Kingdom', 'Au', 'Germany')
    """
    return canonical_country(said) if country_of_place(said) else said


def country_of_place(said: str) -> str | None:
    """The code of a country that is named among places. None if it is none.

    Codes are read only in capitals, as there are cities of two or three letters.
    """
    looks_like_code = len(spelled(said)) <= 3 and said.isascii()
    return None if looks_like_code and said.upper() != said else country_code(said)


def _by_code(name: str) -> str | None:
    code = name.upper()
    if not code.isascii() or not 2 <= len(code) <= 3:
        return None
    if code in english().countries:
        return code
    if code == "EL":  # what the European Union calls Greece
        return "GR"
    now: list[str] = get_global("territory_aliases").get(code, [])
    return now[0] if len(now) == 1 and now[0] in english().countries else None


def _by_flag(said: str) -> str | None:
    letters = [ord(c) - _FLAG.start for c in said.strip()]
    if len(letters) != 2 or not all(0 <= n < 26 for n in letters):
        return None
    return _by_code("".join(chr(ord("a") + n) for n in letters))


def _by_name(name: str) -> str | None:
    known = _EVERYDAY.get(name) or names().countries.get(name)
    if known:
        return known
    official = _OFFICIAL.fullmatch(name) or _OFFICIAL_LAST.fullmatch(name)
    if official:
        return _by_name(official["name"].strip())
    return _by_name_and_remark(name)


def _by_name_and_remark(name: str) -> str | None:
    """A country with its code, or with its name in another language, in parentheses."""
    written = _WITH_REMARK.fullmatch(name)
    if written is None:
        return None
    meant = {_by_code(part) or _by_name(part) for part in written.groups()}
    return meant.pop() if len(meant) == 1 else None
