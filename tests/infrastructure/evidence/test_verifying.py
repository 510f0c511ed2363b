"""Whatever is changed in events, tiles or checkpoints is found and named."""

from uuid import UUID

import pytest

from infrastructure.database.postgres import Database, Pool
from infrastructure.evidence import sealing, tiles
from infrastructure.evidence.verifying import Finding, verify
from tests.support.signed_logs import EVENTS, NOW, SIGNER

AT = [1, 255, 256, 257, 512, 513, EVENTS - 1]


def found(db: Database, note: str | None = None) -> Finding:
    finding = verify(db, SIGNER.verifier, note).finding
    assert finding
    return finding


def test_a_log_that_nobody_changed_is_what_was_recorded(db: Database) -> None:
    verdict = verify(db, SIGNER.verifier)
    assert verdict.finding is None
    assert verdict.events == EVENTS
    assert verdict.checkpoint is not None
    assert verdict.checkpoint.size == EVENTS


def test_events_that_are_not_signed_yet_are_no_finding(db: Database) -> None:
    _insert(db, EVENTS + 1)
    assert verify(db, SIGNER.verifier).finding is None
    tiles.grow(db)
    assert verify(db, SIGNER.verifier).events == EVENTS + 1


@pytest.mark.parametrize("at", AT)
@pytest.mark.parametrize(
    "change",
    ["state = '\\x00'", "topic = 'it.did'", "recorded_at = recorded_at + interval '1 microsecond'"],
)
def test_an_altered_event_is_named(db: Database, at: int, change: str) -> None:
    db.execute(f"UPDATE events SET {change} WHERE log_position = {at}".encode())
    assert found(db)[:2] == ("altered", at)


@pytest.mark.parametrize("at", AT)
def test_a_removed_event_is_named(db: Database, at: int) -> None:
    db.execute("DELETE FROM events WHERE log_position = %s", [at])
    assert found(db)[:2] == ("removed", at)


@pytest.mark.parametrize("at", AT)
def test_a_removed_event_is_named_although_the_others_moved_up(db: Database, at: int) -> None:
    db.execute("DELETE FROM events WHERE log_position = %s", [at])
    _move(db, at, -1)
    assert found(db)[:2] == ("removed", at)


@pytest.mark.parametrize("at", AT)
def test_an_inserted_event_is_named(db: Database, at: int) -> None:
    _move(db, at - 1, 1)
    _insert(db, at)
    assert found(db)[:2] == ("inserted", at)


@pytest.mark.parametrize(("a", "b"), [(1, 2), (3, 200), (256, 257)])
def test_events_that_changed_places_are_named(db: Database, a: int, b: int) -> None:
    db.execute(
        "UPDATE events SET log_position = -log_position WHERE log_position IN (%s, %s)", [a, b]
    )
    db.execute("UPDATE events SET log_position = %s WHERE log_position = %s", [b, -a])
    db.execute("UPDATE events SET log_position = %s WHERE log_position = %s", [a, -b])
    what, at, _ = found(db)
    assert at == a
    assert what == ("reordered" if b - a > 1 else what)


def test_a_log_that_was_cut_off_is_found(db: Database) -> None:
    db.execute("DELETE FROM events WHERE log_position > 600")
    db.execute("UPDATE log_head SET log_position = 600")
    assert found(db)[:2] == ("removed", 601)


@pytest.mark.parametrize(("level", "number"), [(0, 0), (0, 1), (0, 2), (1, 0)])
def test_an_altered_tile_is_found(db: Database, level: int, number: int) -> None:
    db.execute(
        "UPDATE log_tree_tiles SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1)"
        " WHERE level = %s AND number = %s",
        [level, number],
    )
    assert found(db).what in ("tile", "altered")


def test_a_missing_tile_is_found(db: Database) -> None:
    db.execute("DELETE FROM log_tree_tiles WHERE level = 0 AND number = 1")
    assert found(db)[:2] == ("tile", 257)


def test_an_altered_checkpoint_is_found(db: Database) -> None:
    db.execute("UPDATE log_checkpoints SET note = replace(note, '700', '701')")
    assert found(db).what == "checkpoint"


def test_a_tree_that_was_made_anew_over_altered_events_is_not_the_one_that_was_signed(
    own_pool: Pool,
) -> None:
    with own_pool.connection() as db:
        kept = sealing.latest(db)
        db.execute("UPDATE events SET state = '' WHERE log_position = 300")
        db.execute("DELETE FROM log_tree_tiles")
        db.execute("DELETE FROM log_checkpoints")
        db.execute("UPDATE log_tree SET size = 0")
    sealing.seal(own_pool, SIGNER, NOW)
    with own_pool.connection() as db:
        assert verify(db, SIGNER.verifier).finding is None, "the key can sign anything"
        assert found(db, kept)[:2] == ("altered", 1)


def test_a_range_of_events_is_verified_alone(db: Database) -> None:
    db.execute("UPDATE events SET state = '' WHERE log_position = 300")
    assert verify(db, SIGNER.verifier, first=301, last=400).finding is None
    assert verify(db, SIGNER.verifier, first=301, last=400).events == 100
    finding = verify(db, SIGNER.verifier, first=200, last=300).finding
    assert finding is not None
    assert finding[:2] == ("altered", 300)


def test_two_processes_never_add_to_the_tree_at_once(own_pool: Pool) -> None:
    with own_pool.connection() as one, own_pool.connection() as other:
        _insert(one, EVENTS + 1)
        with one.transaction():
            assert tiles.grow(one) == 1
            assert tiles.grow(other) == 0
        assert tiles.tree(other).size == EVENTS + 1
        assert verify(other, SIGNER.verifier).finding is None


def test_of_old_checkpoints_the_last_of_each_hour_is_kept(own_pool: Pool) -> None:
    with own_pool.connection() as db:
        for more in range(1, 4):
            _insert(db, EVENTS + more)
            sealing.seal(own_pool, SIGNER, NOW.replace(minute=more))
        sealing.forget_old(db, NOW.replace(day=8))
        sizes = [size for (size,) in db.execute("SELECT size FROM log_checkpoints").fetchall()]
    assert sizes == [EVENTS + 3]


def _insert(db: Database, at: int) -> None:
    db.execute(
        "INSERT INTO events (log_id, log_position, originator_id, originator_version, topic, state,"
        " recorded_at) VALUES (0, %s, %s, 1, 'it.happened', '', %s)",
        [at, UUID(int=8_000 + at), NOW],
    )
    db.execute("UPDATE log_head SET log_position = greatest(log_position, %s)", [at])


def _move(db: Database, after: int, by: int) -> None:
    db.execute("UPDATE events SET log_position = -log_position WHERE log_position > %s", [after])
    db.execute("UPDATE events SET log_position = -log_position + %s WHERE log_position < 0", [by])
    db.execute("UPDATE log_head SET log_position = log_position + %s", [by])
