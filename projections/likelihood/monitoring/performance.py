"""How good the likelihood's predictions are, and whether their inputs have drifted.

Every outreach is predicted when it is sent, so the evaluation is prequential. Predictions are
judged in the order of sending, once their answer window has closed: of recent outreach only the
answers are known, which would favour high predictions. Withdrawn outreach has no outcome.

The model is compared with the running prior, which is the share of answers known at each sending,
and with every challenger.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection
from pydantic import BaseModel, Field
from pydantic_core import from_json

from domain.outreach import ANSWER_WINDOW
from infrastructure.event_log.log_head import LOG_ID
from projections import funnel
from projections.funnel import Interval, Split
from projections.likelihood.monitoring import drift as stability
from projections.likelihood.monitoring.drift import Bin, Drift, Mark
from projections.likelihood.monitoring.metrics import metrics, reliability

MODEL, PRIOR = "model", "running prior"

MOST = 100_000
"""Predictions that one query reads, at most: the latest."""

WINDOW, WINDOWS = 1_000, 20

LEARNED = "SELECT log_position FROM likelihood_model WHERE log_id = %s"


class Slice(StrEnum):
    """What predictions can be sliced by."""

    ROLE = "role"
    SENIORITY = "seniority"
    KIND = "kind"
    EXPLORED = "explored"


class Performance(BaseModel):
    """How good the predictions of a window, or of a slice of it, were."""

    judged: str = Field(description="`model`, `running prior`, or a challenger's name")
    slice: str | None = Field(description="the role, seniority, kind or exploration; null for all")
    sent_from: datetime = Field(description="when the first of them was sent")
    sent_to: datetime = Field(description="when the last of them was sent")
    count: int
    base_rate: float | None = Field(description="share of answers")
    log_loss: float | None = Field(description="in nats; lower is better")
    brier: float | None = Field(description="mean squared error; lower is better")
    roc_auc: float | None = Field(description="null without both an answer and a silence")
    calibration_error: float | None = Field(description="expected, over ten bins of equal mass")


class Reliable(BaseModel):
    """A point of a reliability diagram: predictions of similar probability."""

    judged: str
    slice: str | None
    count: int
    predicted: float = Field(description="mean probability")
    observed: float = Field(description="share of answers")


class Drifted(BaseModel):
    """How far something has drifted from the reference window to the latest."""

    name: str
    of: Literal["number", "category", "prediction", "outcome"]
    stability_index: float | None = Field(description="population stability index")
    mark: Mark = Field(
        description="`some` from .1, `much` from .25, `too_few` with few observations"
    )
    reference_count: int
    latest_count: int
    bins: list[Bin]


class Exploration(BaseModel):
    """How many of the candidates shown were exploration, and the outcomes of those."""

    period: date | None = Field(description="its first day; null for all time")
    shown: int
    explored: int
    share: float | None
    messaged: int = Field(description="of those explored")
    answered: int = Field(description="of those explored")


@dataclass(frozen=True)
class _Settled:
    """Predictions with their outcomes, by column, in the order of sending."""

    sent_at: list[datetime]
    answered: NDArray[np.bool_]
    said: dict[str, NDArray[np.float64]]
    """The probabilities by predictor; not a number where a challenger gave none."""
    slices: dict[Slice, list[str]]

    def __len__(self) -> int:
        return len(self.sent_at)


_SETTLED = """
    SELECT sent_at, sent_log_position, settled_log_position, outcome, l.probability,
           challengers::text, role, seniority, kind, coalesce(explored, false)
    FROM likelihood_predictions AS l LEFT JOIN funnel_outreach USING (employer_id, outreach_id)
    WHERE outcome IS NOT NULL AND sent_at <= %s
    ORDER BY sent_log_position DESC LIMIT %s"""

_OUTCOMES = """
    SELECT outcome FROM likelihood_predictions WHERE outcome IS NOT NULL AND sent_at <= %s
    ORDER BY sent_log_position DESC LIMIT %s"""

_KNOWN_BEFORE = """
    SELECT count(*), count(*) FILTER (WHERE outcome) FROM likelihood_predictions
    WHERE outcome IS NOT NULL AND settled_log_position < %s"""

_OPEN_AT = """
    SELECT settled_log_position, outcome FROM likelihood_predictions
    WHERE outcome IS NOT NULL AND settled_log_position > %(at)s AND sent_log_position < %(at)s"""


def learned_log_position(db: Connection) -> int:
    """The log position of the last event that the model has learned from."""
    row = db.execute(LEARNED, [LOG_ID]).fetchone()
    return row[0] if row else 0


def performance(
    db: Connection,
    at: datetime,
    *,
    window: int = WINDOW,
    windows: int = WINDOWS,
    interval: Interval | None = None,
    by: Slice | None = None,
) -> list[Performance]:
    """How good predictions whose answer window has closed were, window by window.

    The earliest window comes first, and may not be full. With an `interval`, windows are made by
    time of sending instead of by count.
    """
    settled = _settled(db, at, MOST if interval else min(window * windows, MOST))
    if interval:
        parts = _by_time(settled, interval)
    else:
        ends = range(len(settled), 0, -window)
        parts = [np.arange(max(end - window, 0), end) for end in ends][::-1]
    return [
        Performance(
            judged=judged,
            slice=value,
            sent_from=settled.sent_at[int(chosen[0])],
            sent_to=settled.sent_at[int(chosen[-1])],
            **asdict(metrics(settled.said[judged][chosen], settled.answered[chosen])),
        )
        for part in parts[-windows:]
        for value, judged, chosen in _judged(settled, part, by)
    ]


def diagram(
    db: Connection, at: datetime, *, last: int = 5_000, bins: int = 10, by: Slice | None = None
) -> list[Reliable]:
    """The points of the reliability diagrams of the latest predictions."""
    settled = _settled(db, at, min(last, MOST))
    return [
        Reliable(judged=judged, slice=value, **asdict(point))
        for value, judged, chosen in _judged(settled, np.arange(len(settled)), by)
        for point in reliability(settled.said[judged][chosen], settled.answered[chosen], bins)
    ]


def drift(
    db: Connection, at: datetime, *, latest: int = WINDOW, reference: int = 3 * WINDOW
) -> list[Drifted]:
    """How far features, predictions and outcomes of the latest outreach have drifted.

    Features and predictions are those of the sending. Outcomes are those whose answer window has
    closed. The latest window has at most half of all.
    """
    rows = db.execute(
        "SELECT probability, features::text FROM likelihood_predictions"
        " ORDER BY sent_log_position DESC LIMIT %s",
        [latest + reference],
    ).fetchall()
    latest = min(latest, len(rows) // 2)
    now, before = rows[:latest], rows[latest:]
    settled = db.execute(_OUTCOMES, [at - ANSWER_WINDOW, latest + reference]).fetchall()
    outcomes = ["answered" if answered else "silent" for (answered,) in settled]
    found = [*_drift_of_features([f for _, f in before], [f for _, f in now])]
    said = [np.array([p for p, _ in part], dtype=np.float64) for part in (before, now)]
    found.append(_drifted("probability", "prediction", stability.of_numbers, *said))
    half = min(latest, len(outcomes) // 2)
    ends = (outcomes[half:], outcomes[:half])
    found.append(_drifted("answer", "outcome", stability.of_categories, *ends))
    return sorted(found, key=lambda row: (row.of, -(row.stability_index or 0.0), row.name))


def exploration(
    db: Connection,
    *,
    since: date | None = None,
    until: date | None = None,
    interval: Interval | None = None,
) -> list[Exploration]:
    """How much exploration was shown in each period, and its outcomes."""
    rows = funnel.steps(db, since=since, until=until, interval=interval, by=[Split.EXPLORED])
    found = []
    for period in sorted({row.period for row in rows}, key=str):
        those = [row for row in rows if row.period == period]
        random_picks = [row for row in those if row.explored]
        shown, explored = (sum(row.shown for row in some) for some in (those, random_picks))
        found.append(
            Exploration(
                period=period,
                shown=shown,
                explored=explored,
                share=explored / shown if shown else None,
                messaged=sum(row.messaged for row in random_picks),
                answered=sum(row.answered for row in random_picks),
            )
        )
    return found


def _settled(db: Connection, at: datetime, most: int) -> _Settled:
    """The latest predictions whose answer window has closed."""
    rows = db.execute(_SETTLED, [at - ANSWER_WINDOW, most]).fetchall()[::-1]
    columns: list[Sequence[Any]] = [*zip(*rows, strict=True)] if rows else [()] * 10
    sent_at, sent, settled, outcome, probability, challengers, *slices = columns
    answered = np.array(outcome, dtype=np.bool_)
    said = {MODEL: np.array(probability, dtype=np.float64)}
    said[PRIOR] = _running_prior(db, sent, settled, answered)
    by_name = [from_json(text) for text in challengers]
    for name in sorted({name for each in by_name for name in each}):
        said[name] = np.array([each.get(name, np.nan) for each in by_name], dtype=np.float64)
    role, seniority, kind, explored = slices
    words = ["explored" if random_picks else "ranked" for random_picks in explored]
    named = dict(zip(Slice, ([*role], [*seniority], [*kind], words), strict=True))
    return _Settled([*sent_at], answered, said, named)


def _running_prior(
    db: Connection, sent: Sequence[int], settled: Sequence[int], answered: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The share of answers known at each sending, with one yes and one no added."""
    if not sent:
        return np.empty(0)
    earlier, answers = db.execute(_KNOWN_BEFORE, [sent[0]]).fetchone() or (0, 0)
    still_open = db.execute(_OPEN_AT, {"at": sent[0]}).fetchall()
    settled_at = np.array([*settled, *(log_position for log_position, _ in still_open)])
    outcomes = np.array([*answered, *(outcome for _, outcome in still_open)], dtype=np.bool_)
    order = np.argsort(settled_at, kind="stable")
    known = np.searchsorted(settled_at[order], np.array(sent))
    yes = np.concatenate(([0], np.cumsum(outcomes[order])))
    shares: NDArray[np.float64] = (answers + yes[known] + 1.0) / (earlier + known + 2.0)
    return shares


def _by_time(settled: _Settled, interval: Interval) -> list[NDArray[np.int64]]:
    starts = [_first_day(sent_at.date(), interval).toordinal() for sent_at in settled.sent_at]
    return [np.flatnonzero(np.array(starts) == start) for start in sorted({*starts})]


def _first_day(day: date, interval: Interval) -> date:
    if interval is Interval.MONTH:
        return day.replace(day=1)
    weekday = day.weekday() if interval is Interval.WEEK else 0
    return date.fromordinal(day.toordinal() - weekday)


def _judged(
    settled: _Settled, part: NDArray[np.int64], by: Slice | None
) -> Iterator[tuple[str | None, str, NDArray[np.int64]]]:
    """The predictions of a part to judge together, by slice and predictor."""
    values: list[str | None] = [*sorted({settled.slices[by][n] for n in part})] if by else [None]
    for value in values:
        here = part if by is None else part[[settled.slices[by][n] == value for n in part]]
        for judged, said in settled.said.items():
            chosen = here[~np.isnan(said[here])]
            if len(chosen):
                yield value, judged, chosen


def _drift_of_features(before: Sequence[str], now: Sequence[str]) -> Iterator[Drifted]:
    windows = [[from_json(text) for text in part] for part in (before, now)]
    names = _names("numbers", windows)
    tables = [
        np.array([[x["numbers"].get(name, np.nan) for name in names] for x in part], np.float64)
        for part in windows
    ]
    for column, name in enumerate(names):
        columns = [table.reshape(-1, len(names))[:, column] for table in tables]
        known = [values[~np.isnan(values)] for values in columns]
        yield _drifted(name, "number", stability.of_numbers, *known)
    for name in _names("categories", windows):
        words = [[x["categories"].get(name, "unknown") for x in part] for part in windows]
        yield _drifted(name, "category", stability.of_categories, *words)


def _names(kind: str, windows: Sequence[Sequence[Any]]) -> list[str]:
    return sorted({name for part in windows for x in part for name in x[kind]})


def _drifted(
    name: str,
    of: Literal["number", "category", "prediction", "outcome"],
    measure: Callable[[Any, Any], Drift],
    reference: Any,
    latest: Any,
) -> Drifted:
    drift = measure(reference, latest)
    return Drifted(
        name=name,
        of=of,
        stability_index=drift.index,
        mark=drift.mark,
        reference_count=len(reference),
        latest_count=len(latest),
        bins=[*drift.bins],
    )
