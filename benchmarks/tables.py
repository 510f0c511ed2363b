"""Tables of real outcomes in order of time, for the likelihood's benchmark."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from api.backtest.recipe import Row

DATA = Path(__file__).parents[2] / "shared" / "data"

SILENT_DAYS = 30
ANSWER_DAYS = 30
DAYS_BETWEEN_CUTS = 7
HALF_LIVES = (30, 90, 365)

Purchase = tuple[int, int, float]
"""A day, a quantity and an amount."""


@dataclass(frozen=True)
class Table:
    """Rows with outcomes, and how many outcomes were known when each was predicted."""

    name: str
    rows: list[Row]
    outcomes: NDArray[np.bool_]
    known: NDArray[np.int64]

    def head(self, count: int) -> "Table":
        """The first rows alone."""
        return Table(self.name, self.rows[:count], self.outcomes[:count], self.known[:count])


def hr_job_change(file: Path = DATA / "hr_job_change.csv") -> Table:
    """Who of the trained looks for a change of job, in file order; gender is left out."""
    numbers = {"city_development_index", "training_hours"}
    left_out = {"enrollee_id", "gender", "target"}
    rows: list[Row] = []
    outcomes = []
    with file.open(newline="") as lines:
        for record in csv.DictReader(lines):
            outcomes.append(record["target"] == "1.0")
            rows.append(
                {
                    name: float(cell) if name in numbers else cell or None
                    for name, cell in record.items()
                    if name not in left_out
                }
            )
    return Table("hr_job_change", rows, np.array(outcomes), np.arange(len(rows)))


def cdnow(file: Path = DATA / "cdnow_purchases.txt", *, one_in: int = 10) -> Table:
    """Who of the customers silent for 30 days or more buys within the next 30, at weekly cuts.

    Of every tenth customer, as in Fader and Hardie's sample. Features come from the purchases
    before the cut alone; an outcome is known 30 days after it.
    """
    histories = [*_histories(file, one_in)]
    first = min(history[0][0] for history in histories)
    last = max(history[-1][0] for history in histories)
    rows: list[Row] = []
    outcomes, cuts = [], []
    for cut in range(first + SILENT_DAYS + 5, last - ANSWER_DAYS + 1, DAYS_BETWEEN_CUTS):
        for history in histories:
            past = [purchase for purchase in history if purchase[0] < cut]
            if past and cut - past[-1][0] >= SILENT_DAYS:
                rows.append(_habits(past, cut))
                outcomes.append(any(cut <= day < cut + ANSWER_DAYS for day, _, _ in history))
                cuts.append(cut)
    known = np.searchsorted(np.array(cuts), np.array(cuts) - ANSWER_DAYS, side="right")
    return Table("cdnow", rows, np.array(outcomes), known)


def _habits(past: list[Purchase], cut: int) -> Row:
    dormancy, tenure = cut - past[-1][0], cut - past[0][0]
    return {
        "days since the last purchase": float(dormancy),
        "days since the first": float(tenure),
        "silent share of them": dormancy / tenure,
        "purchases": float(len(past)),
        "items": float(sum(quantity for _, quantity, _ in past)),
        "spent": sum(amount for _, _, amount in past),
        "days a purchase, until the last": (past[-1][0] - past[0][0]) / len(past),
        **{
            f"purchases, halved every {days} days": sum(
                2.0 ** (-(cut - day) / days) for day, _, _ in past
            )
            for days in HALF_LIVES
        },
    }


def _histories(file: Path, one_in: int) -> Iterator[list[Purchase]]:
    with file.open() as lines:
        purchases = (line.split() for line in lines)
        for customer, theirs in groupby(purchases, key=lambda words: words[0]):
            if int(customer) % one_in == 0:
                yield sorted(
                    (date.fromisoformat(day).toordinal(), int(quantity), float(amount))
                    for _, day, quantity, amount in theirs
                )
