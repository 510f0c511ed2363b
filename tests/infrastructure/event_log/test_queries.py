"""The log is searched by aggregates and by moments, without reading all of it."""

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

import pytest

from infrastructure.database.postgres import Database, Pool
from infrastructure.event_log import queries

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Row(NamedTuple):
    """An event of the log, as far as it is looked for."""

    log_position: int
    id: UUID
    topic: str
    at: datetime


@pytest.fixture
def log(pool: Pool) -> list[Row]:
    """Events of some streams, out of the order in which they happened."""
    rng, rows, versions = random.Random(1), list[Row](), Counter[UUID]()
    with pool.connection() as db:
        for position in range(1, 121):
            id = uuid5(UUID(int=1), str(rng.randrange(9)))
            at = NOON + timedelta(hours=position, microseconds=rng.choice([0, 1, 250_000]))
            at -= timedelta(hours=rng.choice([0, 0, 9, -30]))
            rows.append(Row(position, id, rng.choice(["cup.filled", "cup.emptied"]), at))
            write(db, rows[-1], versions)
    return rows


def write(db: Database, row: Row, versions: Counter[UUID]) -> None:
    versions[row.id] += 1
    said = {"timestamp": row.at.isoformat().replace("+00:00", "Z"), "by": "Zoë"}
    if row.log_position % 5 == 0:  # as by a hand that orders and spaces it otherwise
        state = json.dumps(dict(reversed(said.items())), indent=1)
    else:
        state = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    db.execute(
        "INSERT INTO events (log_id, log_position, originator_id, originator_version, topic, state,"
        " recorded_at) VALUES (0, %s, %s, %s, %s, %s, %s)",
        (row.log_position, row.id, versions[row.id], row.topic, state.encode(), row.at),
    )


@pytest.mark.parametrize(("after", "until"), [(0, 120), (40, 90), (119, 120), (60, 60)])
def test_the_first_event_that_reached_a_moment_is_found_among_those_of_some_names(
    pool: Pool, log: list[Row], after: int, until: int
) -> None:
    within = [row for row in log if after < row.log_position <= until and row.topic == "cup.filled"]
    moments = [NOON + timedelta(hours=hours) for hours in range(-20, 170, 7)]
    with pool.connection() as db:
        found = queries.passing(db, moments, [], after, until, ["cup.filled"])
    first = {min((r.log_position for r in within if r.at >= m), default=None) for m in moments}
    latest = max((row.at for row in within), default=None)
    expected = [(r.log_position, r.at) for r in within if r.log_position in first or r.at == latest]
    assert found == expected


def test_without_moments_only_the_latest_is_returned(pool: Pool, log: list[Row]) -> None:
    with pool.connection() as db:
        found = queries.passing(db, [], [], 0, 120, ["cup.filled", "cup.emptied"])
    latest = max(row.at for row in log)
    assert found == [(row.log_position, row.at) for row in log if row.at == latest]


def test_the_events_of_many_aggregates_come_by_log_position(pool: Pool, log: list[Row]) -> None:
    ids = sorted({row.id for row in log})[:3]
    with pool.connection() as db:
        found = queries.of_aggregates(db, ids, 100, ["cup.filled"])
        few = queries.of_aggregates(db, ids, 100, ["cup.filled"], 2)
    wanted = [row for row in log if row.id in ids and row.topic == "cup.filled"]
    assert [one.log_position for one in found] == [
        r.log_position for r in wanted if r.log_position <= 100
    ]
    assert len(few) == 2


def test_the_next_event_of_some_names_is_found_after_each_of_their_log_positions(
    pool: Pool, log: list[Row]
) -> None:
    filled = [row.log_position for row in log if row.topic == "cup.filled"]
    asked = [0, *filled[5:60:9], filled[-1]]
    with pool.connection() as db:
        found = [at for at, _ in queries.passing(db, [], asked, 0, 120, ["cup.filled"])]
    latest = max((row for row in log if row.topic == "cup.filled"), key=lambda row: row.at)
    nexts = {min((p for p in filled if p > after), default=None) for after in asked}
    assert found == sorted({p for p in nexts if p is not None} | {latest.log_position})


def test_a_search_forwards_looks_at_a_part_of_the_log_at_a_time(
    pool: Pool, log: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "STRIDE", 50)
    with pool.connection() as db:
        write(db, Row(121, log[0].id, "cup.broken", NOON), Counter({log[0].id: 500}))
        db.execute("UPDATE log_head SET log_position = 121")
        assert queries.after(db, 0, 10, ["cup.broken"]) == ([], 50)
        assert queries.after(db, 50, 10, ["cup.broken"]) == ([], 100)
        found, reached = queries.after(db, 100, 10, ["cup.broken"])
        assert ([one.log_position for one in found], reached) == ([121], 121)
        assert queries.after(db, 121, 10, ["cup.broken"]) == ([], 121)


def test_a_search_backwards_finds_events_however_they_are_written(
    pool: Pool, log: list[Row]
) -> None:
    since, until = NOON + timedelta(hours=20), NOON + timedelta(hours=60)
    with pool.connection() as db:
        db.execute("UPDATE log_head SET log_position = %s", [len(log)])
        found, further = queries.before(db, None, 200, queries.Wanted(since=since, until=until))
    wanted = [row.log_position for row in reversed(log) if since <= row.at < until]
    assert ([one.log_position for one in found], further) == (wanted, None)
    assert any(position % 5 == 0 for position in wanted)


def test_a_search_forwards_returns_nothing_beyond_where_it_says_it_has_got(
    pool: Pool, log: list[Row]
) -> None:
    with pool.connection() as db:
        db.execute("UPDATE log_head SET log_position = 100")  # the others are just being committed
        found, reached = queries.after(db, 90, 1000)
    assert [one.log_position for one in found] == [*range(91, 101)]
    assert reached == 100


@pytest.mark.parametrize("state", [b"", b"no JSON", b"[]", b"\x00\xff", b'{"timestamp":"soon"}'])
def test_what_cannot_be_read_is_found_by_when_it_was_recorded(
    pool: Pool, log: list[Row], state: bytes
) -> None:
    with pool.connection() as db:
        db.execute("UPDATE log_head SET log_position = %s", [len(log)])
        db.execute("UPDATE events SET state = %s WHERE log_position = 7", [state])
        at = log[6].at
        for wanted in (
            queries.Wanted(since=at, until=at + timedelta(microseconds=1)),
            queries.Wanted(actor_id="ada", since=at),
        ):
            found, _ = queries.before(db, None, 200, wanted)
            assert (7 in [one.log_position for one in found]) is (wanted.actor_id is None)
