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

from projections.likelihood.estimator.model import LikelihoodModel
from projections.likelihood.estimator.schema import Columns
from projections.likelihood.features.candidate import STATE_NUMBERS, columns, columns_of
from projections.likelihood.features.catalogue import CATEGORIES, OF_CANDIDATE

MOVED_ENOUGH = 0.1
"""By how much, root mean square over the pool, the logits must have moved for a sweep."""

OLD_ENOUGH = timedelta(days=30)
"""After how long a sweep comes anyway, since those who do nothing grow more silent."""

WORTH = 0.01
"""Events a candidate, times the movement: a sweep waits for so many, since it costs a candidate
about a fifth of what an event costs. The farther the model has moved, the sooner it comes."""

LOOK_EVERY = 250
"""Events from one look at the movement to the next."""

SAMPLE = 256
"""Candidates by whom it is known how far the model has moved."""

CHUNK = 50_000

_ROLES, _REMOTE = CATEGORIES["role"].values, CATEGORIES["remote_wish"].values

READ = f"""
    COPY (
        SELECT candidate_id, {", ".join(f"coalesce({name}, 'NaN')" for name in STATE_NUMBERS)},
            array_position('{{{",".join(_ROLES)}}}'::text[], role),
            array_position('{{{",".join(_REMOTE)}}}'::text[], remote_wish)
        FROM likelihood_features
    ) TO STDOUT (FORMAT binary)"""  # noqa: S608 - our own names

DRAFT = "CREATE TABLE likelihood_swept (LIKE likelihood_scores)"

FILL = "COPY likelihood_swept FROM STDIN (FORMAT binary, FREEZE)"

# Who reads meanwhile reads the old table, and waits for no longer than this takes.
SWAP = """
    ALTER TABLE likelihood_swept
        ADD CONSTRAINT likelihood_swept_pkey PRIMARY KEY (candidate_id);
    CREATE INDEX likelihood_swept_by_logit ON likelihood_swept (logit DESC, candidate_id);
    ANALYZE likelihood_swept;
    DROP TABLE likelihood_scores;
    ALTER TABLE likelihood_swept RENAME TO likelihood_scores;
    ALTER INDEX likelihood_swept_pkey RENAME TO likelihood_scores_pkey;
    ALTER INDEX likelihood_swept_by_logit RENAME TO likelihood_scores_by_logit"""


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


def is_due(
    last: Sweep | None, model: LikelihoodModel, at: datetime, *, candidates: int, events: int
) -> bool:
    """Whether the model has moved, or time has passed, enough for the events since the last one."""
    if last is None or at >= last.at + OLD_ENOUGH:
        return events >= candidates * WORTH
    movement = last.movement(model)
    return movement > MOVED_ENOUGH and events * movement >= candidates * WORTH


def sweep(db: Connection, model: LikelihoodModel, position: int, at: datetime) -> Sweep:
    """Score everyone as of a moment, by the model that has learned up to a position.

    A table is filled and put in the place of the old one, within the caller's transaction: that
    takes a fifth of the time that changing every row takes.
    """
    sample = _Sample()
    db.execute(DRAFT)
    scores: list[bytes] = []
    for ids, chunk in _candidates(db, at):
        logits = model.logits(chunk, len(ids), OF_CANDIDATE)
        sample.add(ids, chunk, logits)
        scores.append(_scores(ids, logits, at, position))
    with db.cursor().copy(FILL) as copy:
        copy.write(_HEADER)
        for written in scores:
            copy.write(written)
        copy.write(_TRAILER)
    db.execute(SWAP)
    return Sweep(at, *sample.drawn())


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
_WRITTEN = _row_of(("id", "V16"), ("logit", ">f8"), ("at", ">i8"), ("position", ">i8"))
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


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


def _scores(ids: NDArray[Any], logits: NDArray[np.float64], at: datetime, position: int) -> bytes:
    rows = np.empty(len(ids), _WRITTEN)
    rows["fields"], rows["id length"] = 4, 16
    for name in ("logit", "at", "position"):
        rows[f"{name} length"] = 8
    rows["id"], rows["logit"], rows["position"] = ids, logits, position
    rows["at"] = (at - _POSTGRES_EPOCH) // timedelta(microseconds=1)
    return rows.tobytes()


class _Sample:
    """Those with the lowest ids, whatever the order in which they come; ids are random."""

    def __init__(self) -> None:
        self._keys = np.empty(0, dtype=np.uint64)
        self._rows: dict[str, NDArray[Any]] = {}

    def add(self, ids: NDArray[Any], chunk: Columns, logits: NDArray[np.float64]) -> None:
        """Some more candidates."""
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

    def drawn(self) -> tuple[Columns, NDArray[np.float64]]:
        """The sample's features, and its logits."""
        if not self._rows:
            return columns([], _POSTGRES_EPOCH), np.empty(0)
        logits = self._rows.pop("logit")
        numbers = {n: c for n, c in self._rows.items() if c.dtype == np.float64}
        return (
            Columns(numbers, {n: c.tolist() for n, c in self._rows.items() if n not in numbers}),
            logits,
        )
