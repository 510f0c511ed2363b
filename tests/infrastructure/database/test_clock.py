"""A process whose clock is not the database's does not work, and says so."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from api.cli.exit_codes import ending
from infrastructure.database import clock
from infrastructure.database.clock import Clock, ClockIsOff
from infrastructure.database.postgres import Pool
from tests.support.client import done
from tests.support.databases import Databases
from tests.support.stage import a_stage


class Jumping:
    """A clock of a process that is ahead of time."""

    def __init__(self, offset: timedelta) -> None:
        self.offset = offset

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


@pytest.fixture(autouse=True)
def measured_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "SECONDS_BETWEEN", 0)


def going_by(monkeypatch: pytest.MonkeyPatch, jumping: Jumping) -> None:
    """Marketplaces that are opened from now on have this clock."""
    monkeypatch.setattr("api.marketplace.Clock", partial(Clock, own_time=jumping))


@pytest.mark.parametrize("days", [40, -8])
def test_a_clock_that_is_days_off_is_told(pool: Pool, days: int) -> None:
    way = "ahead of" if days > 0 else "behind"
    with pytest.raises(ClockIsOff, match=f"{abs(days) * 86_400:,} seconds {way} the database's"):
        Clock(pool, Jumping(timedelta(days=days))).check()


def test_a_clock_that_is_seconds_off_is_let_be(pool: Pool) -> None:
    Clock(pool, Jumping(timedelta(seconds=20))).check()


def test_a_process_does_not_start_with_such_a_clock(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_by(monkeypatch, Jumping(timedelta(days=40)))
    with databases.prepared() as url, pytest.raises(ClockIsOff) as error, a_stage(url):
        pass
    assert str(ending(error.value)).endswith("set it right.")


def test_a_process_whose_clock_jumps_refuses_what_depends_on_the_day(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    jumping = Jumping(timedelta(0))
    going_by(monkeypatch, jumping)
    with databases.prepared() as url, a_stage(url, with_worker=False) as stage:
        scene = stage.scene().in_beta()
        jumping.offset = timedelta(days=40)
        response = scene.admin.post(f"/employers/{scene.employer_id}/suspension", {"reason": "x"})
        assert response.status_code == 503
        assert response.json()["type"] == "urn:sourcing:problem:clock-is-off"
        ready = stage.http.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "clock is off")
        assert ready.json()["clock_offset"] == pytest.approx(40 * 86_400, abs=5)
        with pytest.raises(ClockIsOff):
            stage.marketplace.forget()
        jumping.offset = timedelta(0)
        done(scene.admin.post(f"/employers/{scene.employer_id}/suspension", {"reason": "x"}))
