"""Salaries, and how those in different currencies and for different periods compare."""

import re
from enum import StrEnum
from typing import Annotated
from unicodedata import normalize

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from domain.values import NUMBER, Value

# Rounded mid-market rates of June 2026, only for comparing expected salaries with budgets. They are
# constants so that every replay gives the same answer.
USD_PER_UNIT = {
    "AUD": 0.66, "BRL": 0.18, "CAD": 0.73, "CHF": 1.24, "CNY": 0.14, "CZK": 0.047, "DKK": 0.156,
    "EUR": 1.16, "GBP": 1.35, "HKD": 0.128, "HUF": 0.0029, "IDR": 0.000061, "ILS": 0.28,
    "INR": 0.0117, "JPY": 0.0068, "KRW": 0.00072, "MXN": 0.053, "NGN": 0.00065, "NOK": 0.099,
    "NZD": 0.60, "PHP": 0.0176, "PKR": 0.0035, "PLN": 0.273, "RON": 0.229, "RUB": 0.0125,
    "SEK": 0.105, "SGD": 0.78, "THB": 0.031, "TRY": 0.025, "UAH": 0.024, "USD": 1.0,
    "VND": 0.000038, "ZAR": 0.056,
}  # fmt: skip


def _in_capitals(code: object) -> object:
    return code.strip().upper() if isinstance(code, str) else code


Currency = Annotated[
    str,
    Field(pattern="^[A-Z]{3}$", description="an ISO 4217 code", examples=["EUR"]),
    BeforeValidator(_in_capitals),  # stands last: what is above keeps its limits in the document
]
"""Read in small letters as well."""

MOST_PAY = 1_000_000_000_000
"""The most that anybody may expect or pay, in any currency and for any period."""


class PayPeriod(StrEnum):
    """What an amount is paid for."""

    YEAR = "year"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    HOUR = "hour"


PERIODS_A_YEAR = {
    PayPeriod.YEAR: 1,
    PayPeriod.MONTH: 12,
    PayPeriod.WEEK: 52,
    PayPeriod.DAY: 260,
    PayPeriod.HOUR: 2080,
}
"""Full-time work, 40 hours a week, as for the pay of US federal employees (5 U.S.C. 5504)."""

SPACES = re.compile(r"[\s'\u2019]")
"""What separates thousands everywhere."""


class AmbiguousAmount(ValueError):
    """An amount that may mean two."""


def read_amount(said: str, decimal_mark: str | None = None) -> int | float:
    """An amount as people write it, with a point or a comma before thousands or before decimals.

    Args:
        said: the text; a `k` at its end is thousands.
        decimal_mark: that of the reader's language. It tells that the other mark stands before
            thousands; a decimal mark before exactly three digits is still refused.

    Raises:
        AmbiguousAmount: it may mean two amounts.
        ValueError: it is no amount.

    >>> read_amount("75 000"), read_amount("75k"), read_amount("1.234.567"), read_amount("23,50")
    (75000, 75000, 1234567, 23.5)
    >>> read_amount("60.000", ",")
    60000
    >>> read_amount("60.000")
    Traceback (most recent call last):
    domain.money.AmbiguousAmount: 60.000 can mean 60 or 60000; write it without a point or comma
    """
    text = SPACES.sub("", normalize("NFKC", said)).lower()
    times = 1_000 if text.endswith("k") else 1
    text = text.removesuffix("k")
    grouped, plain = _grouped(text), _plain(text)
    if grouped is not None and plain is not None:
        if times == 1 and decimal_mark is not None and decimal_mark not in text:
            return grouped
        raise AmbiguousAmount(
            f"{said.strip()} can mean {plain * times:g} or {grouped * times}; write it without a "
            "point or comma"
        )
    amount = plain if grouped is None else grouped
    if amount is None:
        raise ValueError(f"{said.strip()[:30]!r} is not an amount; write such as 75000")
    whole = amount * times
    return int(whole) if whole == int(whole) else whole


def _grouped(text: str) -> int | None:
    """The amount, if a mark stands before thousands, and perhaps the other before decimals."""
    found = re.fullmatch(r"(\d{1,3}(?:([.,])\d{3})(?:\2\d{3})*)(?:(?!\2)[.,]0+)?", text)
    found = found or re.fullmatch(r"(\d{1,2}(?:,\d{2})+,\d{3})(?:\.0+)?", text)  # as in India
    return int(re.sub("[.,]", "", found[1])) if found else None


def _plain(text: str) -> float | None:
    """The amount, if the only mark stands before decimals."""
    found = re.fullmatch(r"\d{1,15}(?:[.,]\d{1,6})?", text)
    return float(text.replace(",", ".")) if found else None


def _amount(said: object, info: ValidationInfo) -> object:
    if not isinstance(said, str):
        return said
    return read_amount(said, (info.context or {}).get("decimal_mark"))


Amount = Annotated[
    int | float, BeforeValidator(_amount), NUMBER, Field(ge=0, le=MOST_PAY, allow_inf_nan=False)
]


def _in_usd(amount: float, currency: str, per: PayPeriod) -> int | None:
    rate = USD_PER_UNIT.get(currency)
    return None if rate is None else round(amount * PERIODS_A_YEAR[per] * rate)


class Salary(Value):
    """A salary, in any currency, for a year unless it says otherwise.

    >>> Salary(amount=50_000, currency="EUR").in_usd
    58000
    >>> Salary(amount=40, currency="USD", per="hour").in_usd
    83200
    >>> Salary(amount=50_000, currency="XAU").in_usd
    """

    amount: Amount
    currency: Currency
    per: PayPeriod = PayPeriod.YEAR

    @property
    def in_usd(self) -> int | None:
        """What it is a year in whole US dollars. None if the currency has no rate here."""
        return _in_usd(self.amount, self.currency, self.per)


def converted(pay: Salary, currency: str) -> int | None:
    """What a salary is a year in another currency, to three digits. None without a rate for both.

    >>> converted(Salary(amount=1_640_000, currency="TRY"), "EUR")
    35300
    >>> converted(Salary(amount=1, currency="XAU"), "EUR")
    """
    rate = USD_PER_UNIT.get(currency)
    if rate is None or pay.in_usd is None:
        return None
    return int(float(f"{pay.in_usd / rate:.3g}"))


class SalaryRange(Value):
    """A salary from a minimum to a maximum; without a maximum there is no upper limit."""

    minimum: Amount
    maximum: Amount | None = None
    currency: Currency
    per: PayPeriod = PayPeriod.YEAR

    @field_validator("maximum")
    @classmethod
    def _in_order(cls, maximum: float | None, info: ValidationInfo) -> float | None:
        if maximum is not None and info.data.get("minimum", 0) > maximum:
            raise ValueError("the minimum is above the maximum; swap them")
        return maximum

    @property
    def maximum_in_usd(self) -> int | None:
        """The maximum a year in whole US dollars. None without a limit or a rate."""
        return None if self.maximum is None else _in_usd(self.maximum, self.currency, self.per)
