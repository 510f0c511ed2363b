"""The index of a database: read whole once, then kept up to date by what the read models changed.

The read models note the candidates that each batch of events changed. A query reads what was noted
since the one before, and the rows of those candidates.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from infrastructure.database.postgres import Database
from projections.candidate_index import reading
from projections.candidate_index.columns import CandidateColumns
from projections.candidate_index.postings import NO_KEYS, NO_ROWS, Keys, Mask, Postings, Rows
from projections.likelihood.features.catalogue import OF_CANDIDATE
from projections.likelihood.scoring import ModelSnapshot, current

Logits = NDArray[np.float64]

SAMPLE = 256
"""Candidates used to measure how far the model has moved."""

MOVED_ENOUGH = 0.03
"""Root mean square by which the logits must have moved for all to be scored again."""

OLD_ENOUGH = timedelta(hours=6)
"""After this long all are scored again anyway: time alone changes scores."""

CHUNK = 50_000
"""Candidates scored at once."""


class Seen(NamedTuple):
    """Which tables were read, and up to which of the changes that were noted of them."""

    pool: int = 0
    features: int = 0
    pool_changes: int = 0
    feature_changes: int = 0


SEEN = """
    SELECT 'candidate_pool'::regclass::oid::bigint, 'likelihood_features'::regclass::oid::bigint,
        (SELECT coalesce(max(number), 0) FROM candidate_pool_changes),
        (SELECT coalesce(max(number), 0) FROM likelihood_changes)"""

CHANGED = f"""
    SELECT number, of_pool, id, uuid_hash_extended(id, {reading.Term.ID:d}), terms FROM (
        SELECT number, true AS of_pool, candidate_ids, terms FROM candidate_pool_changes
        WHERE number > %(pool_changes)s
        UNION ALL SELECT number, false, candidate_ids, terms FROM likelihood_changes
        WHERE number > %(feature_changes)s
    ) AS noted LEFT JOIN LATERAL unnest(candidate_ids) AS id ON true"""  # noqa: S608 - our number


def seen_now(db: Database) -> Seen:
    """How far a transaction sees."""
    ((*numbers,),) = db.execute(SEEN).fetchall()
    return Seen(*numbers)


class Scoring(NamedTuple):
    """By which model candidates are scored, and as of when."""

    snapshot: ModelSnapshot
    at: datetime


class CandidateIndex:
    """The candidates of a database, by column and by term."""

    def __init__(self) -> None:
        self.columns = CandidateColumns()
        self.postings = Postings()
        self.order: Rows = NO_ROWS
        """Rows by their own part of the logit, the highest first, as they were once sorted."""
        self._by_random_key = (NO_ROWS, NO_KEYS)
        self.refreshing = Lock()
        """Held by the one who reads what has changed; the others wait for the same."""
        self.lock = Lock()
        """Held while the index is used or changed, never while the database is asked."""
        self._unordered: dict[int, None] = {}
        self._changed_meanwhile: dict[int, None] = {}
        self._terms_changed: dict[int, Keys] = {}
        self._seen = Seen()
        self._scoring: Scoring | None = None

    @property
    def unordered(self) -> Rows:
        """Rows that changed since the others were sorted."""
        return np.fromiter(self._unordered, np.int32, len(self._unordered))

    @property
    def is_new(self) -> bool:
        """Whether it was never read."""
        return self._scoring is None

    def refresh(self, db: Database, at: datetime) -> None:
        """Read what has changed since the last time, within the caller's transaction."""
        if not self.has_all(seen := seen_now(db)):
            if self.is_new or not self._follow(db, seen):
                self._read_all(db, Scoring(current(db)[0], at))
            self._seen = seen

    def has_all(self, seen: Seen) -> bool:
        """Whether it has all changes up to these; perhaps it has later ones too."""
        mine = self._seen
        return (
            not self.is_new
            and mine[:2] == seen[:2]
            and mine.pool_changes >= seen.pool_changes
            and mine.feature_changes >= seen.feature_changes
        )

    def _follow(self, db: Database, seen: Seen) -> bool:
        """Read the candidates that notes name. False if tables were replaced, or notes are gone."""
        before = self._seen
        if seen[:2] != before[:2]:
            return False
        rows = db.execute(CHANGED, before._asdict(), binary=True).fetchall()
        for of_pool, last, latest in ((True, before[2], seen[2]), (False, before[3], seen[3])):
            if len({row[0] for row in rows if row[1] is of_pool}) != max(latest - last, 0):
                return False
        rows = [row for row in rows if row[2] is not None]
        self._read({id: key for _, _, id, key, _ in rows}, {row[2] for row in rows if row[4]}, db)
        return True

    def _read_all(self, db: Database, scoring: Scoring) -> None:
        columns = CandidateColumns()
        for numbers in reading.read_all(db):
            rows = np.arange(columns.count, columns.count + len(numbers), dtype=np.int32)
            columns.store(rows, numbers)
        keys = [*reading.read_all_keys(db)]
        rows = np.repeat(np.arange(len(keys), dtype=np.int32), [len(each) for each in keys])
        postings = Postings(np.concatenate([NO_KEYS, *keys]), rows)
        with self.lock:
            self.columns, self.postings = columns, postings
            self.score_all(scoring)

    def _read(self, keys: dict[UUID, int], of_terms: set[UUID], db: Database) -> None:
        """Read these candidates, each with the key of its id; the terms of some."""
        rows = {id: row for id, key in keys.items() if (row := self.row_of(id, key)) is not None}
        known, chunks = {*rows}, reading.read_numbers(db, [*keys])
        ids = [[UUID(bytes=bytes(id)) for id in chunk["id"].tolist()] for chunk in chunks]
        found = {id for chunk in ids for id in chunk}
        new = [id for chunk in ids for id in chunk if id not in known]
        terms = reading.read_keys(db, [*of_terms.intersection(found).union(new)])
        with self.lock:
            self._store(rows, new, chunks, ids, known - found, terms)

    def _store(
        self,
        rows: dict[UUID, int],
        new: Sequence[UUID],
        chunks: Sequence[reading.Numbers],
        ids: Sequence[Sequence[UUID]],
        erased: Collection[UUID],
        terms: Mapping[UUID, Keys],
    ) -> None:
        """Change these candidates' rows and add new ones. Nothing here can fail half done."""
        rows |= {id: self.columns.count + n for n, id in enumerate(new)}
        for chunk, its_ids in zip(chunks, ids, strict=True):
            changed = np.array([rows[id] for id in its_ids], np.int32)
            self.columns.store(changed, chunk)
            self._score(changed)
        keys_now = {rows[id]: NO_KEYS for id in erased}
        for row in keys_now:
            self.columns.forget(row)
        keys_now |= {rows[id]: of for id, of in terms.items()}
        self.postings.replace([*keys_now], [*keys_now.values()])
        self._terms_changed |= keys_now

    def row_of(self, id: UUID, key: int) -> int | None:
        """The row of a candidate, given the key of its id. None if there is none."""
        at = self.columns["id"]
        return next(
            (row for row in self.postings.of(key).tolist() if bytes(at[row]) == id.bytes), None
        )

    def masks(self, keys: Iterable[int]) -> list[Mask]:
        """Who has each of these terms."""
        return [self.postings.mask_of(key, self.columns.count) for key in keys]

    def around(self, mask: Mask, start: int, few: int) -> Rows:
        """A few rows with the random keys nearest to a key on either side, the lowest and highest.

        In the order of their keys.
        """
        rows, keys = self._by_random_key
        new = np.arange(len(rows), self.columns.count, dtype=np.int32)
        new = new[mask[new]]
        begin = int(np.searchsorted(keys, start))
        below, above = rows[:begin], rows[begin:]
        sides = (below, below[::-1], above, above[::-1])
        found = np.unique(np.concatenate([new, *(_first(mask, side, few) for side in sides)]))
        return found[np.argsort(self.columns["random_key"][found])]

    # Scores -------------------------------------------------------------------------------------

    def logits(self, rows: Rows | slice, scoring: Scoring) -> Logits:
        """These candidates' own part of the logit."""
        x = self.columns.features(rows, scoring.at)
        count = len(self.columns["own"][rows])
        return scoring.snapshot.model.logits(x, count, OF_CANDIDATE)

    def _score(self, rows: Rows) -> None:
        assert self._scoring
        self.columns["own"][rows] = self.logits(rows, self._scoring)
        changed = dict.fromkeys(rows.tolist())
        self._unordered.update(changed)
        self._changed_meanwhile.update(changed)

    def is_off(self, scoring: Scoring) -> bool:
        """Whether the model has moved, or time has passed, so far that all are to be scored."""
        if self._scoring is None or abs(scoring.at - self._scoring.at) > OLD_ENOUGH:
            return self._scoring is not None
        if scoring.snapshot.hash == self._scoring.snapshot.hash or not self.columns.count:
            return False
        sample = np.linspace(0, self.columns.count - 1, SAMPLE).astype(np.int32)
        moved = self.logits(sample, scoring) - self.columns["own"][sample]
        moved = moved[~np.isnan(moved)]
        return len(moved) > 0 and bool(np.sqrt(np.mean(moved * moved)) > MOVED_ENOUGH)

    def score_all(self, scoring: Scoring) -> None:
        """Score and sort all candidates."""
        self._scoring = scoring
        self.columns["own"][:] = self._all_logits(scoring)
        self.order = by_score(self.columns["own"])
        self._by_random_key = by_key(self.columns["random_key"])
        self._unordered = {}

    def _all_logits(self, scoring: Scoring) -> Logits:
        parts = range(0, self.columns.count, CHUNK)
        return np.concatenate(
            [np.empty(0), *(self.logits(slice(n, n + CHUNK), scoring) for n in parts)]
        )

    def score_all_beside(self, scoring: Scoring) -> None:
        """The same, while others use the index: they wait only while the result is put in place."""
        with self.lock:
            self._changed_meanwhile = {}
            columns, keys = self.columns, self.columns["random_key"].copy()
        own = self._all_logits(scoring)
        order, by_random_key = by_score(own), by_key(keys)
        with self.lock:
            if self.columns is not columns:  # all was read anew meanwhile
                return
            self._scoring = scoring
            self.columns["own"][: len(own)] = own
            self.order, self._by_random_key = order, by_random_key
            changed = {**self._changed_meanwhile}
            changed.update(dict.fromkeys(range(len(own), self.columns.count)))
            self._unordered = {}
            self._score(np.fromiter(changed, np.int32, len(changed)))

    def sort_terms_beside(self) -> None:
        """Sort the terms of those who changed among the others, in the same way."""
        with self.lock:
            self._terms_changed = {}
            columns, before = self.columns, self.postings.copy()
        postings = before.sorted()
        with self.lock:
            if self.columns is not columns:
                return
            postings.replace([*self._terms_changed], [*self._terms_changed.values()])
            self.postings = postings


def by_key(keys: Keys) -> tuple[Rows, Keys]:
    """Rows by their random key, the lowest first, and the keys in that order."""
    rows = np.argsort(keys).astype(np.int32)
    return rows, keys[rows]


def _first(mask: Mask, rows: Rows, few: int) -> Rows:
    """The first few of these rows that a mask has."""
    found, begun, size = NO_ROWS, 0, 1_000
    while begun < len(rows) and len(found) < few:
        part = rows[begun : begun + size]
        found = np.concatenate([found, part[mask[part]]])
        begun, size = begun + size, size * 4
    return found[:few]


def by_score(own: Logits) -> Rows:
    """Rows by their part of the logit, the highest first; those without one come last."""
    return np.argsort(-own, kind="stable").astype(np.int32)
