"""The candidates' numbers as arrays that grow: one entry a candidate in each, their row."""

from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from projections.candidate_index import reading
from projections.candidate_index.postings import AnyRows, Mask, Rows
from projections.likelihood.estimator.schema import Columns
from projections.likelihood.features.candidate import STATE_NUMBERS, columns_of

_NEVER = np.iinfo(np.int64).min


class CandidateColumns:
    """Ids, moments, numbers and codes as `reading` names them, and two more.

    `states` has a row for each of `STATE_NUMBERS`; `own` is each candidate's own part of the logit,
    not a number if unknown.
    """

    def __init__(self) -> None:
        self.count = 0
        self._arrays: dict[str, NDArray[Any]] = {
            "id": np.empty(0, "V16"),
            **{name: np.empty(0, np.int64) for name in (*reading.MOMENTS, "random_key")},
            **{name: np.empty(0) for name in (*reading.FILTERED, "own")},
            **{name: np.empty(0, np.int8) for name in reading.CODES},
            "states": np.empty((len(STATE_NUMBERS), 0)),
        }

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[name][..., : self.count]

    def store(self, rows: Rows, read: NDArray[Any]) -> None:
        """Put what was read into these rows, of which the last may be new."""
        self._grow(int(rows.max()) + 1)
        for name, array in self._arrays.items():
            if name == "states":
                for n, number in enumerate(STATE_NUMBERS):
                    array[n, rows] = read[f"state {number}"]
            elif name != "own":
                array[rows] = read[name]

    def forget(self, row: int) -> None:
        """Have a row be nobody's: in no list, and without anything of the person."""
        for name, array in self._arrays.items():
            array[..., row] = bytes(16) if name == "id" else 0
        self._arrays["agrees_until"][row] = _NEVER
        self._arrays["states"][:, row] = self._arrays["own"][row] = np.nan

    def features(self, rows: Rows | slice, at: datetime) -> Columns:
        """The likelihood's features of the candidates in these rows."""
        states = self["states"][:, rows]
        return columns_of(states, self.codes("role", rows), self.codes("remote_wish", rows), at)

    def ids(self, rows: AnyRows) -> list[UUID]:
        """The ids of the candidates in these rows."""
        return [UUID(bytes=bytes(id)) for id in self["id"][rows].tolist()]

    def highest(
        self, rows: AnyRows, values: NDArray[np.int64], most: int, last: tuple[int, UUID] | None
    ) -> list[tuple[int, UUID]]:
        """The highest of these rows' values with the ids; of equal values, the lowest ids.

        With a `last` one, those that come after it.
        """
        if last is not None:
            high, low = self._id_halves(rows)
            last_high, last_low = divmod(last[1].int, 2**64)
            later = (high > last_high) | ((high == last_high) & (low > last_low))
            kept = (values < last[0]) | ((values == last[0]) & later)
            rows, values = rows[kept], values[kept]
        if len(rows) > most:
            lowest = np.partition(values, -most)[-most]
            tied = np.flatnonzero(values == lowest)
            high, _ = self._id_halves(rows[tied])
            missing = most - np.count_nonzero(values > lowest) - 1
            tied = tied[high <= np.partition(high, missing)[missing]]
            kept = np.concatenate([np.flatnonzero(values > lowest), tied])
            rows, values = rows[kept], values[kept]
        found = zip(values.tolist(), self.ids(rows), strict=True)
        return sorted(found, key=lambda one: (-one[0], one[1]))[:most]

    def _id_halves(self, rows: AnyRows) -> NDArray[np.uint64]:
        """The ids as two numbers, which order them as a whole."""
        halves = self["id"].view(">u8").reshape(-1, 2)[rows]
        return halves.astype(np.uint64).T

    @property
    def scored(self) -> Mask:
        """Who has features, and so an own part of the logit."""
        return np.asarray(self["role"] > 0)

    def state(self, name: str) -> NDArray[np.float64]:
        """One of the numbers that features are computed from."""
        return np.asarray(self["states"][STATE_NUMBERS.index(name)])

    def codes(self, name: str, rows: Rows | slice) -> NDArray[np.intp]:
        """The places of words in their lists, from 0; -1 for who has no features."""
        return self[name][rows].astype(np.intp) - 1

    def _grow(self, count: int) -> None:
        self.count = max(self.count, count)
        for name, array in self._arrays.items():
            if array.shape[-1] < count:
                larger = np.empty((*array.shape[:-1], count + count // 4), array.dtype)
                larger[..., : array.shape[-1]] = array
                self._arrays[name] = larger
