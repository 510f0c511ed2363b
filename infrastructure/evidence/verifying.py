"""Compares the events with the log's tree, and the tree with what was signed of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from infrastructure.database.postgres import Database
from infrastructure.event_log.log_head import LOG_ID
from infrastructure.evidence.checkpoints import BadCheckpoint, Checkpoint, opened
from infrastructure.evidence.entries import entries
from infrastructure.evidence.merkle import HASH_BYTES, TILE_BYTES, TILE_WIDTH, root_over
from infrastructure.evidence.tiles import tile, tree

AT_ONCE = 40 * TILE_WIDTH
"""Events that are read at once."""

NOTES = f"SELECT note FROM log_checkpoints WHERE log_id = {LOG_ID} ORDER BY size"  # noqa: S608 - our own constant

TILES = f"""
    SELECT number, hashes FROM log_tree_tiles
    WHERE log_id = {LOG_ID} AND level = %s AND number BETWEEN %s AND %s"""  # noqa: S608 - our own constant

Progress = Callable[[int, int], None]
"""Told how many events were compared, and of how many."""


class Finding(NamedTuple):
    """The first thing that is not as it was recorded, and where."""

    what: str
    """An event was `altered`, `removed`, `inserted` or `reordered`, or a `tile` or `checkpoint`."""
    log_position: int | None
    detail: str


class Verdict(NamedTuple):
    """What a verification came to."""

    events: int
    """How many were compared with the tree."""
    checkpoint: Checkpoint | None
    """What vouches for the tree; without one it vouches for itself alone."""
    finding: Finding | None


def verify(
    db: Database,
    verifier: str,
    note: str | None = None,
    first: int = 1,
    last: int | None = None,
    progress: Progress = lambda _done, _of: None,
) -> Verdict:
    """Verify the whole tree, and the events from a log position to another, by default all.

    The note is a checkpoint, at best one that was kept elsewhere; by default the latest here.
    """
    notes = [row[0] for row in db.execute(NOTES.encode()).fetchall()]
    note = note or (notes[-1] if notes else None)
    try:
        checkpoint = opened(note, verifier) if note else None
    except BadCheckpoint as error:
        return Verdict(0, None, Finding("checkpoint", None, str(error)))
    size = tree(db).size
    last = size if last is None else min(last, size)
    if checkpoint and checkpoint.size > size:
        detail = f"The tree ends after {size} events; {checkpoint.size} were signed."
        return Verdict(0, checkpoint, Finding("removed", size + 1, detail))
    finding = _tiles(db, size)
    if finding is None and checkpoint and tree(db, checkpoint.size).root() != checkpoint.root:
        finding = _rewritten(db, verifier, [*notes, str(note)])
    if finding:
        return Verdict(0, checkpoint, finding)
    done, finding = _events(db, first, last, progress)
    return Verdict(done, checkpoint, finding)


def _tiles(db: Database, size: int) -> Finding | None:
    """Whether every tile is there, and is what the one above it says."""
    level, width = 0, size
    while width:
        for parent in range(-(-width // (TILE_WIDTH * TILE_WIDTH))):
            above = tile(db, level + 1, parent)
            begin = parent * TILE_WIDTH
            rows = db.execute(TILES.encode(), [level, begin, begin + TILE_WIDTH - 1]).fetchall()
            found = {number: bytes(hashes) for number, hashes in rows}
            for number in range(begin, min(begin + TILE_WIDTH, -(-width // TILE_WIDTH))):
                hashes = found.get(number, b"")
                length = min(TILE_BYTES, width * HASH_BYTES - number * TILE_BYTES)
                if len(hashes) < length:  # it may have grown meanwhile
                    return _tile(level, number, "is not as long as it was")
                at = (number - begin) * HASH_BYTES
                if length == TILE_BYTES and root_over(hashes) != above[at : at + HASH_BYTES]:
                    return _tile(level, number, "does not fit the one above it")
        level, width = level + 1, width // TILE_WIDTH
    return None


def _tile(level: int, number: int, problem: str) -> Finding:
    first = number * TILE_WIDTH ** (level + 1) + 1
    return Finding("tile", first, f"Tile {number} of level {level} {problem}.")


def _rewritten(db: Database, verifier: str, notes: Iterable[str]) -> Finding:
    """Events and tiles were changed together: between which checkpoints."""
    good: list[int] = [0]
    bad: list[int] = []
    for note in notes:
        try:
            checkpoint = opened(note, verifier)
        except BadCheckpoint as error:
            return Finding("checkpoint", None, str(error))
        is_good = tree(db, checkpoint.size).root() == checkpoint.root
        (good if is_good else bad).append(checkpoint.size)
    first = max(size for size in good if size < min(bad)) + 1
    detail = f"From here to event {min(bad)} the tree is not the one that was signed."
    return Finding("altered", first, detail)


def _events(db: Database, first: int, last: int, progress: Progress) -> tuple[int, Finding | None]:
    done = 0
    begin = first - 1 - (first - 1) % TILE_WIDTH
    for start in range(begin, last, AT_ONCE):
        end = min(start + AT_ONCE, -(-last // TILE_WIDTH) * TILE_WIDTH)
        numbers = range(start // TILE_WIDTH, -(-end // TILE_WIDTH))
        expected = [leaf for number in numbers for leaf in _split(tile(db, 0, number))]
        actual: list[bytes | None] = [None] * len(expected)
        for entry in entries(db, start + 1, start + len(expected)):
            actual[entry.log_position - start - 1] = entry.leaf()
        for index, (leaf, there) in enumerate(zip(expected, actual, strict=True)):
            if leaf != there and first <= start + index + 1 <= last:
                return done, _difference(start + index + 1, expected[index:], actual[index:])
        done += max(0, min(last, start + len(expected)) - max(first, start + 1) + 1)
        progress(done, last - first + 1)
    return done, None


def _split(hashes: bytes) -> Iterator[bytes]:
    return (hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES))


def _difference(
    log_position: int, expected: Sequence[bytes], actual: Sequence[bytes | None]
) -> Finding:
    """What happened to the first event that is not what the tree has there, by those after it."""
    there = actual[0]
    if there is None:
        return Finding("removed", log_position, "There is no event.")
    if len(expected) > 1 and there == expected[1]:
        return Finding("removed", log_position, "The next event stands here.")
    if len(actual) > 1 and actual[1] == expected[0]:
        return Finding("inserted", log_position, "The event of this position follows it.")
    if there in expected and expected[0] in actual:
        other = log_position + expected.index(there)
        return Finding("reordered", log_position, f"The event of position {other} stands here.")
    return Finding("altered", log_position, "The event is not the one that was recorded.")
