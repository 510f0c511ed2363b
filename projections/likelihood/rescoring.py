"""Rescores all candidates at once when the model has moved far enough from the stored scores.

Candidates are read and scores written as binary copies that NumPy parses and builds by column, not
row by row in Python.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection

from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.estimator.schema import Columns
from projections.likelihood.features.candidate import STATE_NUMBERS, columns, columns_of
from projections.likelihood.features.catalogue import CATEGORIES, OF_CANDIDATE

MOVED_ENOUGH = 0.1
"""Root mean square by which the pool's logits must have moved for a sweep."""

OLD_ENOUGH = timedelta(days=30)
"""After this long a sweep is due anyway: inactive candidates grow less likely to answer."""

WORTH = 0.01
"""Events for each candidate, times the movement, that a sweep waits for: rescoring a candidate
costs about a fifth of an event. The farther the model has moved, the sooner a sweep is due."""

CHECK_EVERY = 250
"""Events from one check of the movement to the next."""

SAMPLE = 256
"""Candidates on whose logits the movement of the model is measured."""

CHUNK = 50_000

_ROLES, _REMOTE = CATEGORIES["role"].values, CATEGORIES["remote_wish"].values

READ = f"""
    COPY (
        SELECT candidate_id, {", ".join(f"coalesce({name}, 'NaN')" for name in STATE_NUMBERS)},
            array_position('{{{",".join(_ROLES)}}}'::text[], role),
            array_position('{{{",".join(_REMOTE)}}}'::text[], remote_wish)
        FROM likelihood_features
    ) TO STDOUT (FORMAT binary)"""  # noqa: S608 - our own names

# Readers see the old rows until the batch commits, and are not blocked. Filling a new table and
# renaming it takes 0.6 of the time, but locks readers out; an upsert takes 1.15 of it.
DELETE = "DELETE FROM likelihood_scores"

WRITE = """
    COPY likelihood_scores (candidate_id, logit, scored_at, model_log_position)
    FROM STDIN (FORMAT binary)"""


class Sweep(NamedTuple):
    """When all candidates were last scored, with the features and logits of a sample."""

    at: datetime
    sample: Columns
    logits: NDArray[np.float64]

    def movement(self, model: LikelihoodModel) -> float:
        """The root mean square by which the sample's logits have moved since."""
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


def is_due(
    last: Sweep | None, model: LikelihoodModel, at: datetime, *, candidates: int, events: int
) -> bool:
    """Whether the model has moved, or time has passed, enough for a sweep after so many events."""
    if last is None or at >= last.at + OLD_ENOUGH:
        return events >= candidates * WORTH
    movement = last.movement(model)
    return movement > MOVED_ENOUGH and events * movement >= candidates * WORTH


def sweep(db: Connection, model: LikelihoodModel, model_log_position: int, at: datetime) -> Sweep:
    """Score all candidates as of a moment, within the caller's transaction."""
    sample = _Sample()
    scores: list[bytes] = []
    for ids, chunk in _candidates(db, at):
        logits = model.logits(chunk, len(ids), OF_CANDIDATE)
        sample.add(ids, chunk, logits)
        scores.append(_scores(ids, logits, at, model_log_position))
    db.execute(DELETE)
    with db.cursor().copy(WRITE) as copy:
        copy.write(_HEADER)
        for written in scores:
            copy.write(written)
        copy.write(_TRAILER)
    return Sweep(at, *sample.columns_and_logits())


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
_WRITTEN = _row_of(("id", "V16"), ("logit", ">f8"), ("at", ">i8"), ("model_log_position", ">i8"))
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def _candidates(db: Connection, at: datetime) -> Iterator[tuple[NDArray[Any], Columns]]:
    """All candidates' ids and features, chunk by chunk."""
    buffer, begun = bytearray(), False
    with db.cursor().copy(READ) as copy:
        for block in copy:
            buffer += block
            if not begun and len(buffer) >= len(_HEADER):
                del buffer[: len(_HEADER)]
                begun = True
            if len(buffer) >= CHUNK * _READ.itemsize:
                yield _chunk(buffer, at)
    if len(buffer) > _READ.itemsize:
        yield _chunk(buffer, at)


def _chunk(buffer: bytearray, at: datetime) -> tuple[NDArray[Any], Columns]:
    whole = len(buffer) // _READ.itemsize
    rows = np.frombuffer(bytes(buffer[: whole * _READ.itemsize]), _READ)
    del buffer[: whole * _READ.itemsize]
    values = np.array([rows[name] for name in STATE_NUMBERS], dtype=np.float64)
    roles = np.array(_ROLES)[rows["role"] - 1].tolist()
    remote = np.array(_REMOTE)[rows["remote_wish"] - 1].tolist()
    return rows["id"], columns_of(values, roles, remote, at)


def _scores(
    ids: NDArray[Any], logits: NDArray[np.float64], at: datetime, model_log_position: int
) -> bytes:
    rows = np.empty(len(ids), _WRITTEN)
    rows["fields"], rows["id length"] = 4, 16
    for name in ("logit", "at", "model_log_position"):
        rows[f"{name} length"] = 8
    rows["id"], rows["logit"] = ids, logits
    rows["model_log_position"] = model_log_position
    rows["at"] = (at - _POSTGRES_EPOCH) // timedelta(microseconds=1)
    return rows.tobytes()


class _Sample:
    """The candidates with the lowest ids, in whatever order they are added; ids are random."""

    def __init__(self) -> None:
        self._keys = np.empty(0, dtype=np.uint64)
        self._rows: dict[str, NDArray[Any]] = {}

    def add(self, ids: NDArray[Any], chunk: Columns, logits: NDArray[np.float64]) -> None:
        """Add a chunk of candidates."""
        keys = np.ascontiguousarray(ids).view(">u8").reshape(-1, 2)[:, 0].astype(np.uint64)
        rows = {**chunk.numbers, **{n: np.array(v) for n, v in chunk.categories.items()}}
        rows["logit"] = logits
        lowest = np.argsort(keys)[:SAMPLE]
        keys = np.concatenate([self._keys, keys[lowest]])
        kept = np.argsort(keys)[:SAMPLE]
        self._keys = keys[kept]
        for name, column in rows.items():
            before = self._rows.get(name, column[:0])
            self._rows[name] = np.concatenate([before, column[lowest]])[kept]

    def columns_and_logits(self) -> tuple[Columns, NDArray[np.float64]]:
        """The sample's features and logits."""
        if not self._rows:
            return columns([], _POSTGRES_EPOCH), np.empty(0)
        logits = self._rows.pop("logit")
        numbers = {n: c for n, c in self._rows.items() if c.dtype == np.float64}
        return (
            Columns(numbers, {n: c.tolist() for n, c in self._rows.items() if n not in numbers}),
            logits,
        )
