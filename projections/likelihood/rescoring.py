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
    samples: list[dict[str, Any]] = []
    scores: list[bytes] = []
    for ids, chunk in _candidates(db, at):
        logits = model.logits(chunk, len(ids), OF_CANDIDATE)
        samples.append(_sample(ids, chunk, logits))
        scores.append(_scores(ids, logits, at, model_log_position))
    db.execute(DELETE)
    with db.cursor().copy(WRITE) as copy:
        copy.write(_HEADER)
        for written in scores:
            copy.write(written)
        copy.write(_TRAILER)
    return Sweep(at, *_lowest(samples))


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


def _sample(ids: NDArray[Any], chunk: Columns, logits: NDArray[np.float64]) -> dict[str, Any]:
    """The candidates of a chunk with the lowest ids, which are random, by column."""
    keys = np.ascontiguousarray(ids).view(">u8").reshape(-1, 2)[:, 0].astype(np.uint64)
    lowest = np.argsort(keys)[:SAMPLE]
    rows = {"key": keys, "logit": logits, **chunk.numbers, **chunk.categories}
    return {name: np.asarray(column)[lowest] for name, column in rows.items()}


def _lowest(samples: list[dict[str, Any]]) -> tuple[Columns, NDArray[np.float64]]:
    """The features and logits of those with the lowest ids of all."""
    if not samples:
        return columns([], _POSTGRES_EPOCH), np.empty(0)
    rows = {name: np.concatenate([sample[name] for sample in samples]) for name in samples[0]}
    kept = np.argsort(rows.pop("key"))[:SAMPLE]
    logits = rows.pop("logit")[kept]
    numbers = {n: column[kept] for n, column in rows.items() if column.dtype == np.float64}
    words = {n: column[kept].tolist() for n, column in rows.items() if n not in numbers}
    return Columns(numbers, words), logits
