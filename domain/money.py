"""Salaries, and how those in different currencies compare."""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from domain.values import Value

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


def _known(currency: str) -> str:
    if currency not in USD_PER_UNIT:
        raise ValueError(
            f"{currency} is not a known currency; use one of {', '.join(USD_PER_UNIT)}"
        )
    return currency


Currency = Annotated[
    str, Field(pattern="^[A-Z]{3}$", description="an ISO 4217 code", examples=["EUR"])
]
ComparedCurrency = Annotated[Currency, AfterValidator(_known)]

MOST_PAY = 1_000_000_000_000
"""The most that anybody may expect or pay a year, in any currency."""

Amount = Annotated[int, Field(ge=0, le=MOST_PAY, description="a whole amount a year")]


class Salary(Value):
    """A yearly salary, in any currency.

    >>> Salary(amount=50_000, currency="EUR").in_usd
    58000
    >>> Salary(amount=50_000, currency="XAU").in_usd
    """

    amount: Amount
    currency: Currency

    @property
    def in_usd(self) -> int | None:
        """The amount in whole US dollars, for comparison. None if the currency has no rate here."""
        rate = USD_PER_UNIT.get(self.currency)
        return None if rate is None else round(self.amount * rate)


class SalaryRange(Value):
    """A yearly salary from a minimum to a maximum in one currency."""

    minimum: Amount
    maximum: Amount
    currency: ComparedCurrency

    @field_validator("maximum")
    @classmethod
    def _in_order(cls, maximum: int, info: ValidationInfo) -> int:
        if info.data.get("minimum", 0) > maximum:
            raise ValueError("the minimum is above the maximum; swap them")
        return maximum

    @property
    def maximum_in_usd(self) -> int:
        """The maximum in whole US dollars, for comparison."""
        return round(self.maximum * USD_PER_UNIT[self.currency])
