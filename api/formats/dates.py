"""Reads dates as people write them in résumés, and never more of them than is written."""

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from api.formats.open_ends import OPEN_ENDS
from domain.partial_date import PartialDate
from domain.terms import search_key
from infrastructure.cldr.names import names, spelled

EARLIEST, LATEST = 1900, 2100
"""The years that a career may be of: others are of another calendar, or mistyped."""


class ReadDate(NamedTuple):
    """What was read of a date, and what was not."""

    date: PartialDate | None = None
    is_open: bool = False
    """Whether it says that something goes on, such as *present*."""
    problem: str | None = None


LEFT_OUT = "is not a date that can be read; left out"
AMBIGUOUS = "may be one of two days; only the year is read"
APPROXIMATE = "is read as its year alone"

MORE_MONTHS = {"sept": 9, "mrz": 3, "maerz": 3, "janner": 1, "jaenner": 1, "feber": 2}
"""What CLDR's languages do not have: usual abbreviations, and Austrian."""

_BEFORE_WORDS = """
since from seit ab von depuis desde dal da vanaf od to till until til bis jusqu'a hasta
ate fino tot do zum c ca circa about around approx approximately early mid late end
beginning anfang ende mitte debut fin spring summer autumn fall winter fruhling fruhjahr
sommer herbst printemps ete automne hiver primavera verano otono invierno q h quarter
quartal expected graduated voraussichtlich prevu
"""
_BEFORE = frozenset(_BEFORE_WORDS.split())
"""Words beside a year that do not change which year it is, but say less than a month."""
_EXACT_WORDS = """
de del d of the den der am im in en el le la les du di st nd rd th er o a e g г р год года
рік року r roku year jahr annee ano anno yil
"""
_EXACT = frozenset(_EXACT_WORDS.split())
"""Words beside a month and a year that say nothing."""
_MONTH_WORDS = {"月", "월", "thang", "thg", "month", "monat", "mois", "mes"}

_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "民國": 1911, "民国": 1911}
_ERA = re.compile(rf"({'|'.join(_ERAS)})\s*(元|\d{{1,3}})\s*年")
_BUDDHIST = re.compile(r"(?:พ\.?\s?ศ\.?|b\.?e\.?)\s*(\d{4})")
_AFTER_A_DATE = re.compile(r"\d[\s.-]*([^\s\d.-][^\d]*)$")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_TIME = r"(?:(?:t|\s+)\d{1,2}:\d{2}.*)?"
_YEAR_FIRST = re.compile(
    rf"(\d{{4}})(?:\s*[-/.\s年년]\s*(\d{{1,2}})(?:\s*[-/.\s月월]\s*(\d{{1,2}}))?)?[年년月월日일.]?{_TIME}"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_MONTH_FIRST = re.compile(r"(\d{1,2})\s*[-/.\s]\s*(\d{4})")
_DAY_AND_MONTH = re.compile(rf"(\d{{1,2}})\s*([-/.])\s*(\d{{1,2}})\s*\2\s*(\d{{4}}){_TIME}")
_TOKENS = re.compile(r"\d+|[^\s\d,./()\[\]–—_?~'-]+(?:'[^\s\d,./()?-]+)?")


def read_date(said: object) -> ReadDate:
    """Read a year, a month or a day, with what is wrong with it, or that it is an open end.

    >>> [str(read_date(said).date) for said in ("2023-9-28", "Dezember 2024", 2019, "2019年3月")]
    ['2023-09-28', '2024-12', '2019', '2019-03']
    >>> read_date("heute").is_open
    True
    """
    text = _as_text(said)
    if text is None:
        return ReadDate(problem=LEFT_OUT)
    plain = _western(text).strip(' ()[]{}-–—.,;:*!~…"')
    if not plain or re.fullmatch(r"[0\s/.-]+", plain):
        return ReadDate()
    after_a_date = _AFTER_A_DATE.search(plain)
    if (
        plain in OPEN_ENDS
        or plain.startswith("9999")
        or (after_a_date and after_a_date[1] in OPEN_ENDS)
    ):
        return ReadDate(is_open=True)
    return _numbers(plain) or _words(plain) or ReadDate(problem=LEFT_OUT)


def _as_text(said: object) -> str | None:
    if said is None:
        return ""
    if isinstance(said, Mapping):
        parts = [said.get(name) for name in ("year", "month", "day")]
        written = [str(part) for part in parts if part not in (None, "", 0)]
        return "-".join(written) if written and parts[0] else None
    if isinstance(said, float) and said.is_integer():
        said = int(said)
    if isinstance(said, int) and not isinstance(said, bool):
        return str(said)
    return said if isinstance(said, str) and len(said) <= 100 else None


def _western(text: str) -> str:
    """The text in the form of `search_key`, with digits and years as in the West."""
    digits = (str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    plain = search_key("".join(digits)).replace("\u2019", "'").translate(_DASHES)
    plain = _ERA.sub(
        lambda found: f"{_ERAS[found[1]] + (1 if found[2] == '元' else int(found[2]))}年", plain
    )
    return _BUDDHIST.sub(lambda found: str(int(found[1]) - 543), plain)


def _numbers(plain: str) -> ReadDate | None:
    if found := _YEAR_FIRST.fullmatch(plain) or _COMPACT.fullmatch(plain):
        return _dated(*found.groups())
    if found := _MONTH_FIRST.fullmatch(plain):
        return _dated(found[2], found[1])
    if found := _DAY_AND_MONTH.fullmatch(plain):
        first, between, second, year = found.groups()
        if between == "." or int(first) > 12 or first == second:
            return _dated(year, second, first)
        if int(second) > 12:
            return _dated(year, first, second)
        return _dated(year)._replace(problem=AMBIGUOUS)
    return None


def _words(plain: str) -> ReadDate | None:
    """A date with words in it: the name of a month, or something that says about when."""
    tokens = _TOKENS.findall(plain)
    numbers = [token for token in tokens if token.isdigit()]
    said = [spelled(token) for token in tokens if not token.isdigit()]
    years = [number for number in numbers if len(number) == 4]
    others = [number for number in numbers if len(number) != 4]
    if len(years) != 1 or len(others) > 1:
        return None
    months = [month for word in said if (month := _month(word))]
    rest = {word for word in said if word and not _month(word)}
    if len(months) == 1 and rest <= _EXACT:
        return _dated(years[0], str(months[0]), *others)
    if not months and rest and rest <= _MONTH_WORDS | _EXACT and rest & _MONTH_WORDS and others:
        return _dated(years[0], *others)
    if len(months) <= 1 and rest <= _BEFORE | _EXACT and (not months or not others):
        read = _dated(years[0], *map(str, months))
        return read if months or read.problem else read._replace(problem=APPROXIMATE)
    return None


def _month(word: str) -> int | None:
    return MORE_MONTHS.get(word) or names().months.get(word)


def _dated(year: str, month: str | None = None, day: str | None = None) -> ReadDate:
    """The date, as far as there is such a one."""
    numbers = [int(part) for part in (year, month, day) if part]
    if 0 in numbers:
        numbers = numbers[: numbers.index(0)]
    if not numbers or not EARLIEST <= numbers[0] <= LATEST:
        return ReadDate(problem=f"is not between {EARLIEST} and {LATEST}; left out")
    for precision in range(len(numbers), 0, -1):
        try:
            date = PartialDate(*numbers[:precision])
        except ValueError:
            continue
        whole = precision == len(numbers)
        return ReadDate(date, problem=None if whole else f"is no date; read as {date}")
    return ReadDate(problem=LEFT_OUT)
