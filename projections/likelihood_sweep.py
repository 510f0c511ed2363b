"""Brings all stored scores up to date at once, when the model has moved far enough from them.

Candidates are read and scores are written as binary copies, which NumPy takes and makes as they
are: nothing is done for each row in Python.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from projections.likelihood_candidates import STATE_NUMBERS, columns_of
from projections.likelihood_features import CATEGORIES, OF_CANDIDATE, Columns
from projections.likelihood_model import LikelihoodModel, Weights

MOVED_ENOUGH = 0.1
"""By how much, root mean square over the pool, the logits must have moved for a sweep."""

OLD_ENOUGH = timedelta(days=30)
"""After how long a sweep comes anyway, since those who do nothing grow more silent."""

EVENTS_PER_CANDIDATE = 2
FEWEST_EVENTS = 100
"""Between two sweeps lie twice as many events as there are candidates, and at least these."""

HARDLY_MOVED = 0.01
"""A score that has moved less than this stays as it is: the order hardly depends on it."""

CHUNK = 50_000

_ROLES, _REMOTE = CATEGORIES["role"].values, CATEGORIES["remote_wish"].values

READ = f"""
    COPY (
        SELECT candidate_id, {", ".join(f"coalesce({name}, 'NaN')" for name in STATE_NUMBERS)},
            array_position('{{{",".join(_ROLES)}}}'::text[], role),
            array_position('{{{",".join(_REMOTE)}}}'::text[], remote_wish)
        FROM likelihood_features ORDER BY candidate_id
    ) TO STDOUT (FORMAT binary)"""  # noqa: S608 - our own names

DRAFT = """
    CREATE TEMPORARY TABLE likelihood_swept (candidate_id uuid, logit double precision)
    ON COMMIT DROP"""

FILL = "COPY likelihood_swept FROM STDIN (FORMAT binary)"

WRITE = """
    UPDATE likelihood_scores SET
        logit = swept.logit, scored_at = %s::timestamptz, model_position = %s::bigint
    FROM likelihood_swept AS swept
    WHERE likelihood_scores.candidate_id = swept.candidate_id
        AND abs(likelihood_scores.logit - swept.logit) >= %s"""

END = "DROP TABLE likelihood_swept"


class Sweep(NamedTuple):
    """When everyone was last scored, by which weights, and how their features were spread."""

    at: datetime
    weights: Weights
    means: Mapping[str, float]
    variances: Mapping[str, float]

    def shift_and_spread(self, weights: Weights) -> tuple[float, float]:
        """How far these weights move the pool's logits: in the mean, and around it.

        The spread is a standard deviation, the features taken as independent.
        """
        shift, variance = weights.bias - self.weights.bias, 0.0
        for name, mean in self.means.items():
            moved = weights.of[name] - self.weights.of[name]
            shift += moved * mean
            variance += moved * moved * self.variances[name]
        return shift, math.sqrt(variance)

    def as_json(self) -> dict[str, Any]:
        at, weights = self.at.astimezone(UTC).isoformat(), self.weights._asdict()
        return {**self._asdict(), "at": at, "weights": weights}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> "Sweep":
        at, weights = datetime.fromisoformat(state["at"]), Weights(**state["weights"])
        return cls(at, weights, state["means"], state["variances"])


def is_worthwhile(
    last: Sweep | None, model: LikelihoodModel, at: datetime, *, candidates: int, events: int
) -> bool:
    """Whether the model has moved, or time has passed, enough; never oftener than it is worth."""
    if events < max(candidates * EVENTS_PER_CANDIDATE, FEWEST_EVENTS):
        return False
    if last is None or at >= last.at + OLD_ENOUGH:
        return True
    return math.hypot(*last.shift_and_spread(model.weights())) > MOVED_ENOUGH


def sweep(db: Connection, model: LikelihoodModel, position: int, at: datetime) -> Sweep:
    """Score everyone as of a moment, by the model that has learned up to a position."""
    pool, scores = _Pool(), []
    for ids, chunk in _candidates(db, at):
        logits = model.logits(chunk, len(ids), OF_CANDIDATE)
        pool.add(chunk, len(ids))
        scores.append(_scores(ids, logits))
    db.execute(DRAFT)
    with db.cursor().copy(FILL) as copy:
        copy.write(_HEADER)
        for written in scores:
            copy.write(written)
        copy.write(_TRAILER)
    db.execute(WRITE, (at, position, HARDLY_MOVED))
    db.execute(END)
    return Sweep(at, model.weights(), *pool.spread())


# PostgreSQL's binary COPY: a header, rows of big-endian fields after their lengths, a trailer.
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"


def _row_of(*fields: tuple[str, str]) -> np.dtype[Any]:
    described: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in fields:
        described += [(f"{name} length", ">i4"), (name, kind)]
    return np.dtype(described)


_READ = _row_of(
    ("id", "V16"),
    *((name, ">f8") for name in STATE_NUMBERS),
    ("role", ">i4"),
    ("remote_wish", ">i4"),
)
_WRITTEN = _row_of(("id", "V16"), ("logit", ">f8"))


def _candidates(db: Connection, at: datetime) -> Iterator[tuple[NDArray[Any], Columns]]:
    """Everyone's ids and features, chunk by chunk."""
    waiting, begun = bytearray(), False
    with db.cursor().copy(READ) as copy:
        for block in copy:
            waiting += block
            if not begun and len(waiting) >= len(_HEADER):
                del waiting[: len(_HEADER)]
                begun = True
            if len(waiting) >= CHUNK * _READ.itemsize:
                yield _chunk(waiting, at)
    if len(waiting) > _READ.itemsize:
        yield _chunk(waiting, at)


def _chunk(waiting: bytearray, at: datetime) -> tuple[NDArray[Any], Columns]:
    whole = len(waiting) // _READ.itemsize
    rows = np.frombuffer(bytes(waiting[: whole * _READ.itemsize]), _READ)
    del waiting[: whole * _READ.itemsize]
    values = np.array([rows[name] for name in STATE_NUMBERS], dtype=np.float64)
    roles = np.array(_ROLES)[rows["role"] - 1].tolist()
    remote = np.array(_REMOTE)[rows["remote_wish"] - 1].tolist()
    return rows["id"], columns_of(values, roles, remote, at)


def _scores(ids: NDArray[Any], logits: NDArray[np.float64]) -> bytes:
    rows = np.empty(len(ids), _WRITTEN)
    rows["fields"], rows["id length"], rows["logit length"] = 2, 16, 8
    rows["id"], rows["logit"] = ids, logits
    return rows.tobytes()


class _Pool:
    """How the features of all candidates are spread, gathered chunk by chunk."""

    def __init__(self) -> None:
        self._count = 0
        self._sums: Counter[str] = Counter()
        self._squares: Counter[str] = Counter()

    def add(self, chunk: Columns, count: int) -> None:
        """Some more candidates."""
        self._count += count
        for name, column in chunk.numbers.items():
            self._sums[name] += column.sum().item()
            self._squares[name] += (column * column).sum().item()
        for name, values in chunk.categories.items():
            for value, times in Counter(values).items():
                self._sums[f"{name}={value}"] += times
                self._squares[f"{name}={value}"] += times

    def spread(self) -> tuple[dict[str, float], dict[str, float]]:
        """The mean and the variance of each feature."""
        means = {name: total / self._count for name, total in self._sums.items()}
        squares = {name: total / self._count for name, total in self._squares.items()}
        return means, {name: max(squares[name] - means[name] ** 2, 0.0) for name in means}
