"""Reads a search as people write it in one line, such as *data scientist Berlin, 75k*."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from domain.filters import Filters
from domain.money import USD_PER_UNIT, SalaryRange, read_amount
from domain.profile import MOST_YEARS
from domain.skills import skill_names
from domain.terms import each_once, spelled
from infrastructure.cldr.countries import canonical_place, country_of_place
from infrastructure.cldr.languages import language_code
from infrastructure.vocabulary.additions import NONE, Additions
from infrastructure.vocabulary.cities import cities
from infrastructure.vocabulary.roles import roles_meant, skill_developed_with
from infrastructure.vocabulary.skills import skills_meant

SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR"}
CURRENCY = "EUR"
"""Of an amount without one, as in the console's forms."""

LEAST_PAY = 1_000
"""A smaller number without a currency or a k is no pay."""

MOST_LENGTH = 500

MOST_WORDS = 8
"""No name of anything has more."""

_MONEY = "|".join([*map(re.escape, SYMBOLS), *USD_PER_UNIT])
_PAY = re.compile(
    rf"(?<![\w.,])(?P<before>{_MONEY})?\s?(?P<amount>\d[\d.,'\u2019\u00a0 ]*\d|\d)\s?(?P<k>k\b)?"
    rf"\s?(?P<after>(?:{_MONEY})(?!\w))?(?![\w+#])",
    re.IGNORECASE,
)
_NUMBER, _UNIT = r"\d{1,2}(?:[.,]\d)?", r"(?:years?|yrs?|jahren?)\b(?:\s+(?:of\s+)?experience)?"
_YEARS = re.compile(
    rf"(?<![\w.,])(?P<least>{_NUMBER})\s*(?:(?:-|\u2013|to|bis)\s*(?P<most>{_NUMBER})\s*{_UNIT}"
    rf"|\+\s*(?:{_UNIT})?|\s{_UNIT})",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*[,;|\n]\s*")
_REMOTE = {"remote", "homeoffice", "fullyremote", "remotework", "fernarbeit"}
_FILLERS = """
a an and at least most from for in mit ab bis und oder or of on the to up with who max maximum min
minimum aus nach als wanted gesucht speaking sprechend salary budget gehalt
"""
_SAYS_NOTHING = frozenset(_FILLERS.split())
_NEGATIONS = "not no without except excluding ohne nicht kein keine keinen außer"
_NOT = frozenset(_NEGATIONS.split())
_EXCLUDED = {
    "roles": "excluded_roles",
    "required_skills": "excluded_skills",
    "locations": "excluded_locations",
    "languages": "excluded_languages",
}


class SearchText(NamedTuple):
    """The filters that a text asks for, and its words that are no name of anything known."""

    filters: Filters
    unknown: tuple[str, ...]


def read_search(text: str, decimal_mark: str | None = None, own: Additions = NONE) -> SearchText:
    """Read a search that names roles, skills, places, languages, years and pay in any order.

    `own` are the additions to the vocabulary.

    Raises:
        ValueError: an amount may mean two, the years are out of order, or the text is too long.

    >>> found = read_search("Java developer Berlin or remote, 5+ years, 75k")
    >>> found.filters.roles, found.filters.required_skills, found.filters.locations
    (('Software developer',), ('Java',), ('Berlin',))
    >>> found.filters.remote, found.filters.years_from, found.filters.salary_budget.maximum
    (True, 5.0, 75000)
    """
    if len(text) > MOST_LENGTH:
        raise ValueError(f"write at most {MOST_LENGTH} characters")
    found: dict[str, list[str]] = {}
    asked: dict[str, object] = {}
    text = _YEARS.sub(lambda years: _take_years(years, asked), text)
    text = _PAY.sub(lambda pay: _take_pay(pay, asked, decimal_mark), text)
    for piece in _pieces(_BETWEEN.split(text), own):
        for kind, name in _names(piece, own):
            found.setdefault(kind, []).append(name)
    unknown = tuple(found.pop("unknown", ()))
    if found.pop("remote", None):
        asked["remote"] = True
    terms = {kind: each_once(names) for kind, names in found.items()}
    return SearchText(Filters.model_validate(asked | terms), unknown)


def _take_years(years: re.Match[str], asked: dict[str, object]) -> str:
    for name, said in (("years_from", years["least"]), ("years_to", years["most"])):
        if said:
            asked[name] = min(float(said.replace(",", ".")), MOST_YEARS)
    return ","


def _take_pay(pay: re.Match[str], asked: dict[str, object], decimal_mark: str | None) -> str:
    said = pay["before"] or pay["after"]
    amount = pay["amount"].strip() + (pay["k"] or "")
    if not (said or pay["k"]) and len(re.sub(r"\D", "", amount)) < len(str(LEAST_PAY)):
        return pay[0]
    currency = SYMBOLS.get(said, said.upper()) if said else CURRENCY
    most = read_amount(amount, decimal_mark)
    asked["salary_budget"] = SalaryRange(minimum=0, maximum=most, currency=currency)
    return ","


def _pieces(pieces: list[str], own: Additions) -> Iterator[list[str]]:
    """The words of each piece; those of a role with a comma in it, such as *Developer, mobile*."""
    while pieces:
        first, second = pieces[0], next(iter(pieces[1:]), "")
        inverted = f"{first}, {second}"
        is_one = bool(second) and len(roles_meant(inverted, own)) == 1
        yield [inverted] if is_one else first.split()
        pieces = pieces[1 + is_one :]


def _names(words: list[str], own: Additions) -> Iterator[tuple[str, str]]:
    """What words name, the longest name first: the kind of filter, and the name.

    The name behind a *not* or a hyphen is excluded.
    """
    while words:
        said = words[0].casefold()
        is_excluded = said in _NOT or (said[0] == "-" and said[1:2].isalpha())
        if is_excluded:
            words = words[1:] if said in _NOT else [words[0][1:], *words[1:]]
        named_by = _excluded if is_excluded else _named
        for end in range(min(len(words), MOST_WORDS), 0, -1):
            named = [*named_by(" ".join(words[:end]), own)]
            if named:
                yield from named
                break
        else:
            end = 1
            word = next(iter(words), "").strip("()[]&/-:.!?\"'")
            if word and word.casefold() not in _SAYS_NOTHING:
                yield "unknown", word
        words = words[end:]


def _excluded(name: str, own: Additions) -> Iterator[tuple[str, str]]:
    """What words exclude. Who develops with something is excluded by that role alone."""
    role = roles_meant(name, own) if skill_developed_with(name, own) else ()
    named = (("roles", role[0]),) if role else _named(name, own)
    yield from ((_EXCLUDED.get(kind, "unknown"), each) for kind, each in named)


def _named(name: str, own: Additions) -> Iterator[tuple[str, str]]:
    name = name.strip("()[]&:!?\"'")
    if spelled(name) in _REMOTE:
        yield "remote", name
    elif skill := skill_developed_with(name, own):
        yield "roles", "Software developer"
        yield "required_skills", skill
    elif roles := roles_meant(name, own):
        yield from (("roles", role) for role in roles)
    elif skills := _skills(name, own):
        yield from (("required_skills", skill) for skill in skills)
    elif city := cities(own).get(spelled(name)):
        yield "locations", city[0]
    elif country_of_place(name):
        yield "locations", canonical_place(name)
    elif len(name) > 3 and language_code(name):
        yield "languages", name


def _skills(name: str, own: Additions) -> tuple[str, ...]:
    each = [skills_meant(part, own) for part in skill_names([name])]
    return tuple(skill for skills in each for skill in skills) if all(each) else ()
