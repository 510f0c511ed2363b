"""Pay as documents name it: amounts, currencies and periods, in every shape of schema.org."""

import re
from collections.abc import Mapping

from pydantic import ValidationError

from api.formats.documents import Part, is_blank
from domain.money import MOST_PAY, PayPeriod, SalaryRange, read_amount

PERIODS = {
    "year": PayPeriod.YEAR, "ann": PayPeriod.YEAR,
    "month": PayPeriod.MONTH, "mon": PayPeriod.MONTH,
    "week": PayPeriod.WEEK, "wee": PayPeriod.WEEK,
    "day": PayPeriod.DAY, "dai": PayPeriod.DAY,
    "hour": PayPeriod.HOUR, "hur": PayPeriod.HOUR, "hr": PayPeriod.HOUR,
}  # fmt: skip
"""How units of time begin: words, and the codes of UN/CEFACT Recommendation 20."""

SIGNS = {"€": "EUR", "£": "GBP", "US$": "USD", "¥": "JPY", "₹": "INR", "CHF": "CHF"}


def posted_pay(posting: Part) -> SalaryRange | None:
    """What the job pays; what is estimated only if nothing is said."""
    for name in ("baseSalary", "estimatedSalary"):
        for item in posting.items(name):
            pay = _range(item, posting)
            if pay:
                return pay
    return None


def _range(item: Part, posting: Part) -> SalaryRange | None:
    value = _amounts_of(item)
    low = amount_of(value, "minValue", "minPrice")
    high = amount_of(value, "maxValue", "maxPrice")
    exact = amount_of(value, "value", "price")
    if low is None and high is None and exact is None:
        return None
    currency = _currency(item, posting)
    period = period_of(value, item)
    if currency is None or period is None:
        return None
    minimum = low if low is not None else (exact if exact is not None else 0)
    maximum = high if high is not None else exact
    if not minimum and maximum is None:
        return None
    try:
        return SalaryRange(minimum=minimum, maximum=maximum, currency=currency, per=period)
    except ValidationError:
        item.warn(f"from {minimum:,} to {maximum:,} {currency} cannot be; left out")
        return None


def _amounts_of(item: Part) -> Part:
    """Where the amounts stand: in the value of a `MonetaryAmount`, or in the amount itself."""
    if not isinstance(item.content, Mapping):
        return Part({"value": item.content}, item.path, item.warnings)
    inner = next(item.items("value"), item.at("value"))
    return inner if isinstance(inner.content, Mapping) else item


def amount_of(value: Part, *names: str) -> int | float | None:
    """An amount, as a number or as people write it; 0 is none unless it is a minimum."""
    part = value.at(*names)
    said = part.content
    if is_blank(said) or isinstance(said, Mapping | list):
        return None
    try:
        amount = read_amount(said) if isinstance(said, str) else said
    except ValueError as error:
        part.warn(f"{error}; left out")
        return None
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        part.leave_out("an amount")
        return None
    if not 0 <= amount <= MOST_PAY:
        part.leave_out(f"between 0 and {MOST_PAY:,}")
        return None
    return amount if amount or names[0].startswith("min") else None


def _currency(item: Part, posting: Part) -> str | None:
    own = currency_of(item) if isinstance(item.content, Mapping) else None
    return own or currency_of(posting, item)


def currency_of(part: Part, named: Part | None = None) -> str | None:
    """The code of a currency. Without one, the pay of the part that is `named` is left out."""
    said = part.text("currency", "priceCurrency", "salaryCurrency")
    if said is None:
        if named:
            named.warn("has no currency; left out")
        return None
    code = SIGNS.get(said, said.upper())
    if not re.fullmatch("[A-Z]{3}", code):
        part.warn(f"{said[:20]!r} is not the code of a currency, such as EUR; left out")
        return None
    return code


def period_of(*parts: Part) -> PayPeriod | None:
    """What an amount is paid for: a year where nothing is said."""
    for part in parts:
        unit = part.at("unitText", "unitCode", "per")
        said = unit.as_text()
        if said is None:
            continue
        for word in re.findall(r"[a-z]+", said.casefold()):
            for beginning, period in PERIODS.items():
                if word.startswith(beginning):
                    return period
        unit.warn(f"{said[:20]!r} is no period that is understood, such as MONTH; left out")
        return None
    return PayPeriod.YEAR
