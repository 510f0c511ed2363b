"""Brings all stored scores up to date at once, when the model has moved far enough from them.

Candidates are read and scores are written as binary copies, which NumPy takes and makes as they
are: nothing is done for each row in Python.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from projections.likelihood_candidates import STATE_NUMBERS, columns, columns_of
from projections.likelihood_features import CATEGORIES, OF_CANDIDATE, Columns
from projections.likelihood_model import LikelihoodModel

MOVED_ENOUGH = 0.1
"""By how much, root mean square over the pool, the logits must have moved for a sweep."""

OLD_ENOUGH = timedelta(days=30)
"""After how long a sweep comes anyway, since those who do nothing grow more silent."""

EVENTS_PER_CANDIDATE = 2
LOOK_EVERY = 100
"""Between two sweeps lie twice as many events as there are candidates, and some hundreds."""

SAMPLE = 256
"""Candidates by whom it is known how far the model has moved."""

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
    """When everyone was last scored, and how a sample of them looked then."""

    at: datetime
    sample: Columns
    logits: NDArray[np.float64]

    def movement(self, model: LikelihoodModel) -> float:
        """By how much the model has moved the sample's logits since, root mean square."""
        moved = model.logits(self.sample, len(self.logits), OF_CANDIDATE) - self.logits
        return math.sqrt(float(np.mean(moved * moved)))

    def as_json(self) -> dict[str, Any]:
        numbers = {name: column.tolist() for name, column in self.sample.numbers.items()}
        return {
            "at": self.at.astimezone(UTC).isoformat(),
            "numbers": numbers,
            "categories": self.sample.categories,
            "logits": self.logits.tolist(),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> "Sweep":
        numbers = {name: np.array(column) for name, column in state["numbers"].items()}
        at, sample = datetime.fromisoformat(state["at"]), Columns(numbers, state["categories"])
        return cls(at, sample, np.array(state["logits"]))


def may_be_due(candidates: int, events: int) -> bool:
    """Whether so many events since the last sweep make it worth looking if one is due."""
    return events % LOOK_EVERY == 0 and events >= candidates * EVENTS_PER_CANDIDATE


def is_due(last: Sweep | None, model: LikelihoodModel, at: datetime) -> bool:
    """Whether the model has moved, or time has passed, enough."""
    return last is None or at >= last.at + OLD_ENOUGH or last.movement(model) > MOVED_ENOUGH


def sweep(db: Connection, model: LikelihoodModel, position: int, at: datetime) -> Sweep:
    """Score everyone as of a moment, by the model that has learned up to a position."""
    scores: list[bytes] = []
    sample: Sweep | None = None
    for ids, chunk in _candidates(db, at):
        logits = model.logits(chunk, len(ids), OF_CANDIDATE)
        sample = sample or _sample(at, chunk, logits)
        scores.append(_scores(ids, logits))
    db.execute(DRAFT)
    with db.cursor().copy(FILL) as copy:
        copy.write(_HEADER)
        for written in scores:
            copy.write(written)
        copy.write(_TRAILER)
    db.execute(WRITE, (at, position, HARDLY_MOVED))
    db.execute(END)
    return sample or Sweep(at, columns([], at), np.empty(0))


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


def _sample(at: datetime, chunk: Columns, logits: NDArray[np.float64]) -> Sweep:
    """The first of a chunk, which their ids have shuffled."""
    numbers = {name: column[:SAMPLE] for name, column in chunk.numbers.items()}
    categories = {name: values[:SAMPLE] for name, values in chunk.categories.items()}
    return Sweep(at, Columns(numbers, categories), logits[:SAMPLE])
