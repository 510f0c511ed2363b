"""Amounts and years as people write them: never a reading that another locale contradicts."""

from contextlib import suppress

import pytest
from babel import Locale
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as some
from pydantic import TypeAdapter, ValidationError

from domain.money import MOST_PAY, AmbiguousAmount, read_amount
from domain.profile import Years

LOCALES = (
    "en_US", "en_IN", "de_DE", "de_CH", "de_AT", "fr_FR", "es_ES", "it_IT", "pl_PL", "nl_NL",
    "sv_SE", "pt_BR", "tr_TR", "ja_JP",
)  # fmt: skip
MARKS = {name: str(Locale.parse(name).number_symbols["latn"]["decimal"]) for name in LOCALES}

whole = some.integers(0, MOST_PAY)
with_cents = some.integers(0, 10**8).map(lambda cents: cents / 100)
locales = some.sampled_from(LOCALES)
marks = some.sampled_from([None, ".", ","])


@given(whole | with_cents, locales, marks)
def test_what_is_written_in_one_locale_is_never_read_as_another_number(
    number: float, written_in: str, read_by: str | None
) -> None:
    with suppress(ValueError):
        assert read_amount(format_decimal(number, locale=written_in), read_by) == number


@given(whole, locales)
def test_a_whole_number_written_in_a_locale_is_read_in_it(number: int, locale: str) -> None:
    assert read_amount(format_decimal(number, locale=locale), MARKS[locale]) == number


@given(some.from_regex(r"\A[0-9]{1,4}([., ][0-9]{1,4}){0,3}k?\Z", fullmatch=True))
def test_what_is_read_without_a_locale_is_read_alike_in_every_one(said: str) -> None:
    with suppress(ValueError):
        number = read_amount(said)
        assert read_amount(said, ".") == read_amount(said, ",") == number


@given(some.from_regex(r"\A[0-9]{1,4}([., ][0-9]{1,4}){0,3}k?\Z", fullmatch=True))
def test_two_locales_that_read_a_text_differently_do_not_both_read_it(said: str) -> None:
    readings = set()
    for mark in (".", ","):
        with suppress(ValueError):
            readings.add(read_amount(said, mark))
    assert len(readings) <= 1


@pytest.mark.parametrize(
    "said",
    ["75.000", "75,000", "75k", "75K", "75 000", "75\u00a0000", "75000", "75'000", "75.000,00"],
)
def test_seventy_five_thousand_is_read_however_it_is_written(said: str) -> None:
    readings = set()
    for mark in (".", ","):
        with suppress(AmbiguousAmount):
            readings.add(read_amount(said, mark))
    assert readings == {75_000}


@pytest.mark.parametrize("said", ["75.000", "75,000", "1.500k"])
def test_what_may_mean_two_amounts_is_refused_without_a_locale(said: str) -> None:
    with pytest.raises(AmbiguousAmount, match="can mean"):
        read_amount(said)


YEARS: TypeAdapter[float] = TypeAdapter(Years)
TYPED = {"decimal_mark": None}


@pytest.mark.parametrize(
    ("said", "years"),
    [("3", 3), ("1.5", 1.5), ("1,5", 1.5), ("5+", 5), ("5 years", 5), ("5+ years", 5),
     ("2,5 Jahre", 2.5), ("1 yr", 1), (" 8 ", 8)],
)  # fmt: skip
def test_years_are_read_as_people_write_them(said: str, years: float) -> None:
    assert YEARS.validate_python(said, context=TYPED) == years


@pytest.mark.parametrize("said", ["many", "-1", "nan", "3k", "1.500", "81", "years", "+"])
def test_what_is_no_number_of_years_is_refused(said: str) -> None:
    with pytest.raises(ValidationError):
        YEARS.validate_python(said, context=TYPED)


def test_a_document_writes_years_as_a_number() -> None:
    with pytest.raises(ValidationError, match="send a number"):
        YEARS.validate_python("3")
