"""Whether the likelihood favours or disfavours people for who they say they are.

The arithmetic is that of New York City's Local Law 144 for tools that score (DCWP, 6 RCNY 5-301,
2023): a group's scoring rate is the share of its members who score above the median of everybody,
its impact ratio that rate relative to the highest group's. Below four fifths is what US agencies
take for evidence of adverse impact (29 CFR 1607.4(D)). A group of under 2 % of the answers may
be left out by the same rules; here it is marked, and the others are not measured by it. How far
chance alone may explain a difference is stated in standard deviations: courts take more than two or
three for no chance (Hazelwood School District v. United States, 433 U.S. 299, 1977).

What members report of themselves stands in a table of this projection alone. No score, filter or
page of a recruiter knows it, and it goes when they take it back or are forgotten.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, Field

from domain.attributes import Attributes
from domain.candidate_events import AttributesCleared, AttributesReported, CandidateErased
from domain.handlers import on
from infrastructure.database.binary_copy import microseconds
from infrastructure.database.postgres import Database, snapshot
from infrastructure.projecting.projection import Change, Projection
from projections.candidate_index.index import CandidateIndex, Scoring
from projections.candidate_index.keeping import scored
from projections.candidate_index.matching import passive as is_passive
from projections.candidate_index.reading import Term
from projections.candidate_pool import CandidatePool
from projections.likelihood.projection import Likelihoods
from projections.likelihood.scoring import current

FOUR_FIFTHS = Fraction(4, 5)

SMALL_SHARE = 0.02
SMALL_COUNT = 30
"""A group under either is marked as small: chance alone moves its rate too far."""

FEWEST_TOLD = 5
"""The rate of fewer people than this is withheld: it would say something about each of them."""

PREFER_NOT_TO_SAY, NOT_TOLD = "prefer_not_to_say", "not_told"


class AdverseImpact(
    Projection, name="adverse_impact", version=1, key="candidate_id", personal=True
):
    """What members report of themselves, for the report alone."""

    READS = (CandidatePool, Likelihoods)

    TABLES = """
        CREATE TABLE self_reported_attributes (
            candidate_id uuid PRIMARY KEY,
            gender       text,
            ethnicity    text,
            age_band     text,
            disability   text
        )"""

    REPORT = """
        INSERT INTO self_reported_attributes (candidate_id, gender, ethnicity, age_band, disability)
        VALUES (
            %(candidate_id)s, %(gender)s, %(ethnicity)s, %(age_band)s, %(disability)s)
        ON CONFLICT (candidate_id) DO UPDATE SET
            gender = EXCLUDED.gender, ethnicity = EXCLUDED.ethnicity,
            age_band = EXCLUDED.age_band, disability = EXCLUDED.disability"""

    FORGET = "DELETE FROM self_reported_attributes WHERE candidate_id = %(candidate_id)s"

    @on(AttributesReported)
    def on_attributes_reported(self, event: AttributesReported) -> Change:
        return self.REPORT, {"candidate_id": event.originator_id}

    @on(AttributesCleared, CandidateErased)
    def on_forgotten(self, event: AttributesCleared | CandidateErased) -> Change:
        return self.FORGET, {"candidate_id": event.originator_id}


# The report ---------------------------------------------------------------------------------------


class Group(BaseModel):
    """People who say the same of themselves."""

    name: str = Field(description="the category; of an intersection both, `woman, asian`")
    count: int
    scoring_rate: float | None = Field(
        description="share of them who score above the overall median; null for very few people"
    )
    impact_ratio: float | None = Field(
        description="scoring rate relative to the highest one of the groups that are not small"
    )
    standard_deviations: float | None = Field(
        description="by how many the highest group's rate lies above theirs, were there no"
        " difference; of the highest itself 0"
    )
    small: bool = Field(description="too few to be the reference, or to be flagged")
    below_four_fifths: bool = Field(description="an impact ratio under .8, of a group not small")


class Comparison(BaseModel):
    """All groups by one attribute, or by the intersection of two."""

    by: list[str]
    groups: list[Group]
    prefer_not_to_say: int = Field(description="chose not to say; in no group")
    not_told: int = Field(description="said nothing; in no group")


class Report(BaseModel):
    """How the likelihood's scores fall out by what people say of themselves."""

    at: datetime
    scored: int = Field(
        description="opted-in candidates with a score, whether they answered or not"
    )
    median_logit: float | None = Field(description="above which a score counts as high")
    small_below_share: float = SMALL_SHARE
    small_below_count: int = SMALL_COUNT
    comparisons: list[Comparison]


class Cell(NamedTuple):
    """What a person says of themselves, and whether they score above the median."""

    said: Mapping[str, str | None]
    above: bool


INTERSECTION = ("gender", "ethnicity")
COMPARED: tuple[tuple[str, ...], ...] = (
    *((name,) for name in Attributes.model_fields),
    INTERSECTION,
)

_TOLD = f"""
    SELECT candidate_id, uuid_hash_extended(candidate_id, {Term.ID:d}),
        {", ".join(Attributes.model_fields)}
    FROM self_reported_attributes"""  # noqa: S608 - our own names


def report(db: Database, at: datetime, *, passive: bool | None = None) -> Report:
    """The report on everybody in the pool who may be written to, by their own part of the logit.

    Perhaps only on those who are passive at this moment, or only on those who are active.
    """
    with snapshot(db):
        told = db.execute(_TOLD).fetchall()
        by = Scoring(current(db)[0], at)
        with scored(db, by) as index:
            median, cells = _cells(index, told, at, passive)
    kinds = [
        (Cell(dict(zip(Attributes.model_fields, said, strict=True)), side), count)
        for (side, said), count in cells.items()
    ]
    return Report(
        at=at,
        scored=cells.total(),
        median_logit=median,
        comparisons=[comparison(by, kinds) for by in COMPARED],
    )


Cells = Counter[tuple[bool, tuple[str | None, ...]]]
"""How many there are above the median or not, by what they say of themselves."""


def _cells(
    index: CandidateIndex, told: Sequence[Sequence[Any]], at: datetime, passive: bool | None
) -> tuple[float | None, Cells]:
    """The median, and how many there are of each kind of people."""
    own = index.columns["own"]
    counted = (index.columns["agrees_until"] > microseconds(at)) & ~np.isnan(own)
    if passive is not None:
        counted &= is_passive(index, at) if passive else ~is_passive(index, at)
    median = float(np.median(own[counted])) if counted.any() else None
    above = own > (median or 0.0)
    cells: Cells = Counter()
    for id, key, *said in told:
        row = index.row_of(id, key)
        if row is not None and counted[row]:
            cells[bool(above[row]), tuple(said)] += 1
            counted[row] = False
    nothing = (None,) * len(Attributes.model_fields)
    for side in (True, False):
        cells[side, nothing] += int(np.count_nonzero(counted & (above == side)))
    return median, cells


def comparison(by: Sequence[str], cells: Sequence[tuple[Cell, int]]) -> Comparison:
    """All groups by these attributes, from how many there are of each kind of people.

    >>> def people(gender, above, count):
    ...     return Cell({"gender": gender}, above), count
    >>> told = comparison(["gender"], [
    ...     people("man", True, 60), people("man", False, 40),
    ...     people("woman", True, 36), people("woman", False, 64), people(None, True, 9)])
    >>> [(group.name, group.scoring_rate, group.impact_ratio) for group in told.groups]
    [('man', 0.6, 1.0), ('woman', 0.36, 0.6)]
    >>> told.groups[1].below_four_fifths, told.not_told
    (True, 9)
    """
    count: Counter[str] = Counter()
    above: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for cell, number in cells:
        values = [cell.said[name] for name in by]
        if None in values:
            unknown[NOT_TOLD] += number
        elif PREFER_NOT_TO_SAY in values:
            unknown[PREFER_NOT_TO_SAY] += number
        else:
            name = ", ".join(str(value) for value in values)
            count[name] += number
            above[name] += number * cell.above
    fewest = max(SMALL_COUNT, SMALL_SHARE * count.total())
    rated = [_Rated(name, n, Fraction(above[name], n), n < fewest) for name, n in count.items()]
    large = [group for group in rated if not group.small]
    highest = max(large, key=lambda group: (group.rate, group.count), default=None)
    return Comparison(
        by=[*by],
        groups=[_group(group, highest) for group in sorted(rated, key=lambda group: group.name)],
        prefer_not_to_say=unknown[PREFER_NOT_TO_SAY],
        not_told=unknown[NOT_TOLD],
    )


@dataclass(frozen=True)
class _Rated:
    name: str
    count: int
    rate: Fraction
    small: bool


def _group(group: _Rated, highest: _Rated | None) -> Group:
    may_be_told = group.count >= FEWEST_TOLD
    measure = highest if may_be_told and highest and highest.rate else None
    ratio = group.rate / measure.rate if measure else None
    return Group(
        name=group.name,
        count=group.count,
        scoring_rate=float(group.rate) if may_be_told else None,
        impact_ratio=None if ratio is None else float(ratio),
        standard_deviations=_distance(group, measure) if measure else None,
        small=group.small,
        below_four_fifths=not group.small and ratio is not None and ratio < FOUR_FIFTHS,
    )


def _distance(group: _Rated, highest: _Rated) -> float:
    """Between two rates, in standard deviations of the difference if both were their mean."""
    both = group.count + highest.count
    mean = (group.rate * group.count + highest.rate * highest.count) / both
    variance = mean * (1 - mean) * (Fraction(1, group.count) + Fraction(1, highest.count))
    return float(highest.rate - group.rate) / math.sqrt(variance) if variance else 0.0
