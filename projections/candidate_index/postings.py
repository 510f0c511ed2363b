"""Which rows have a term: an inverted index of 64-bit keys."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]
Rows = NDArray[np.int32]
Mask = NDArray[np.bool_]
AnyRows = NDArray[np.integer[Any]]

NO_ROWS: Rows = np.empty(0, np.int32)
NO_KEYS: Keys = np.empty(0, np.int64)

MASKS_KEPT = 64


class Postings:
    """Rows by key. Most lie in sorted arrays; those of changed rows lie beside them."""

    def __init__(self, keys: Keys = NO_KEYS, rows: Rows = NO_ROWS) -> None:
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        first = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1)) if len(keys) else NO_ROWS
        self._keys: Keys = keys[first]
        self._bounds = np.append(first, len(keys))
        self._rows: Rows = rows[order]
        self._changed = np.zeros(0, np.bool_)
        self._added: dict[int, set[int]] = defaultdict(set)
        self._of_changed: dict[int, Keys] = {}
        self._masks: dict[int, Mask] = {}

    @property
    def changed(self) -> int:
        """How many rows have changed since the arrays were sorted."""
        return len(self._of_changed)

    def of(self, key: int) -> Rows:
        """The rows with this key."""
        place = int(np.searchsorted(self._keys, key))
        found = NO_ROWS
        if place < len(self._keys) and self._keys[place] == key:
            found = self._rows[self._bounds[place] : self._bounds[place + 1]]
        if not self._of_changed:
            return found
        known = found < len(self._changed)
        stale = np.zeros(len(found), np.bool_)
        stale[known] = self._changed[found[known]]
        more = self._added.get(key, ())
        added = np.fromiter(more, np.int32, len(more))
        return np.concatenate([found[~stale], added])

    def mask_of(self, key: int, count: int) -> Mask:
        """Which of so many rows have this key. Those asked for last are kept; only read them."""
        mask = self._masks.pop(key, None)
        if mask is None or len(mask) < count:
            mask = np.zeros(count + count // 8, np.bool_)
            mask[self.of(key)] = True
            for oldest in [*self._masks][: 1 - MASKS_KEPT]:
                del self._masks[oldest]
        self._masks[key] = mask
        return mask[:count]

    def any_of(self, keys: Iterable[int]) -> Rows:
        """The rows with one of these keys, perhaps more than once."""
        return np.concatenate([NO_ROWS, *map(self.of, keys)])

    def replace(self, rows: Sequence[int], keys: Sequence[Keys]) -> None:
        """Have these rows these keys and no others."""
        if rows and max(rows) >= len(self._changed):
            more = np.zeros(max(rows) + 1, np.bool_)
            more[: len(self._changed)] = self._changed
            self._changed = np.concatenate([more, np.zeros(len(more) // 2, np.bool_)])
        for row, its_keys in zip(rows, keys, strict=True):
            for key in self._of_changed.get(row, NO_KEYS).tolist():
                self._added[key].discard(row)
            for key in its_keys.tolist():
                self._added[key].add(row)
            self._of_changed[row] = its_keys
            self._changed[row] = True
        self._correct_masks(rows, keys)

    def _correct_masks(self, rows: Sequence[int], keys: Sequence[Keys]) -> None:
        if rows and any(len(mask) <= max(rows) for mask in self._masks.values()):
            self._masks.clear()
        for mask in self._masks.values():
            mask[[*rows]] = False
        for row, its_keys in zip(rows, keys, strict=True):
            for key in its_keys.tolist():
                if key in self._masks:
                    self._masks[key][row] = True

    def copy(self) -> "Postings":
        """The same as of now; the sorted arrays are shared, for they never change."""
        copy = Postings()
        copy._keys, copy._bounds, copy._rows = self._keys, self._bounds, self._rows
        copy._changed, copy._of_changed = self._changed.copy(), {**self._of_changed}
        return copy

    def sorted(self) -> "Postings":
        """The same, with all rows in sorted arrays."""
        counts = np.diff(self._bounds)
        keys = np.repeat(self._keys, counts)
        kept = np.ones(len(self._rows), np.bool_)
        known = self._rows < len(self._changed)
        kept[known] = ~self._changed[self._rows[known]]
        added = [np.full(len(of), row, np.int32) for row, of in self._of_changed.items()]
        return Postings(
            np.concatenate([keys[kept], *self._of_changed.values()]),
            np.concatenate([self._rows[kept], *added]),
        )
