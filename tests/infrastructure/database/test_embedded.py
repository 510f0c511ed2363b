"""The embedded server's life, whatever becomes of the processes that use it."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from infrastructure.database.embedded import EmbeddedServerError, account, embedded_server
from infrastructure.database.embedded.account import Account
from infrastructure.database.embedded.guard import PROGRAM
from infrastructure.database.postgres import database
from infrastructure.settings import Settings
from tests.support.concurrency import SECONDS, wait_until

pytestmark = pytest.mark.slow  # each starts a server, several set one up

ROOT = Path(__file__).parents[3]

# Uses the server until it is interrupted; then finishes what it does, and needs the server for it.
USER = """
import pathlib, signal, sys, time, psycopg
from infrastructure.database.embedded import embedded_server
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a background job ignores
with embedded_server(pathlib.Path(sys.argv[1])) as url:
    try:
        print(url, flush=True)
        while True:  # a signal that comes just before a long sleep would not end it
            time.sleep(0.05)
    except KeyboardInterrupt:
        time.sleep(0.2)
        with psycopg.connect(url) as connection:
            print(connection.execute("SELECT 'finished'").fetchone()[0], flush=True)
"""


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that everyone may enter, so that root's server keeps its data inside it."""
    with tempfile.TemporaryDirectory(prefix="sourcing-test-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path


@pytest.fixture
def new_folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """The folder of a server that the tests of this module start and stop by turns."""
    with open_folder() as path:
        yield path / "postgres"


Start = Callable[[Path], "subprocess.Popen[str]"]


@pytest.fixture
def start_user() -> Iterator[Start]:
    """Starts another process that uses the server, in a process group of its own."""
    users: list[subprocess.Popen[str]] = []

    def start(home: Path) -> "subprocess.Popen[str]":
        user = subprocess.Popen(
            [sys.executable, "-c", USER, str(home)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        users.append(user)
        assert user.stdout is not None
        assert user.stdout.readline().startswith("postgresql://")
        return user

    yield start
    for user in users:
        user.kill()
        user.communicate()


def pid_of(home: Path) -> int:
    return int((home.resolve() / "data" / "postmaster.pid").read_text().splitlines()[0])


def runs(home: Path) -> bool:
    return (home.resolve() / "data" / "postmaster.pid").exists()


def guards(home: Path) -> int:
    return sum(
        process.info["cmdline"][3:4] == [PROGRAM]
        and process.info["cmdline"][-1] == str(home.resolve())
        for process in psutil.process_iter(["cmdline"])
        if process.info["cmdline"]
    )


def answers(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def test_without_one_an_embedded_server_starts_in_the_data_folder(folder: Path) -> None:
    with database(Settings(data_dir=folder.parent, database_url=None)) as url:
        assert answers(url)


def test_one_guard_stands_by_however_many_come_and_go(folder: Path) -> None:
    with embedded_server(folder):
        for _ in range(3):
            with embedded_server(folder):
                assert guards(folder) == 1
        assert guards(folder) == 1


def test_the_server_stops_cleanly_with_its_last_user(folder: Path) -> None:
    with embedded_server(folder):
        pass
    assert not runs(folder)
    assert "database system is shut down" in (folder / "log").read_text()


def test_data_stays_from_one_start_to_the_next(folder: Path) -> None:
    with embedded_server(folder) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with embedded_server(folder) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_commit_waits_for_the_disk(folder: Path) -> None:
    with embedded_server(folder) as url, psycopg.connect(url) as connection:
        for option in ("fsync", "full_page_writes", "synchronous_commit"):
            assert connection.execute(f"SHOW {option}").fetchone() == ("on",)


def test_only_the_owner_reaches_the_server(folder: Path) -> None:
    with embedded_server(folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / ".s.PGSQL.5432").stat().st_mode) == 0o700


def test_one_user_leaving_does_not_stop_the_server_under_another(folder: Path) -> None:
    with embedded_server(folder) as url:
        with embedded_server(folder) as same:
            assert same == url
        assert answers(url)


def test_one_process_leaving_does_not_stop_the_server_under_another(
    folder: Path, start_user: Start
) -> None:
    other = start_user(folder)
    with embedded_server(folder) as url:
        other.send_signal(signal.SIGINT)
        other.wait(SECONDS)
        assert answers(url)
    assert not runs(folder)


def test_the_last_process_stops_a_server_that_another_started(
    folder: Path, start_user: Start
) -> None:
    first = start_user(folder)
    second = start_user(folder)
    first.send_signal(signal.SIGINT)
    first.wait(SECONDS)
    assert runs(folder)
    second.send_signal(signal.SIGINT)
    second.wait(SECONDS)
    assert not runs(folder)


def test_ctrl_c_lets_a_process_finish_before_the_server_stops(
    folder: Path, start_user: Start
) -> None:
    user = start_user(folder)
    os.killpg(user.pid, signal.SIGINT)
    said, _ = user.communicate(timeout=SECONDS)
    assert (said, user.returncode) == ("finished\n", 0)
    assert not runs(folder)


def test_a_server_whose_only_user_was_killed_is_stopped(folder: Path, start_user: Start) -> None:
    start_user(folder).kill()
    wait_until(lambda: not runs(folder))


def test_a_killed_user_does_not_take_the_server_from_a_living_one(
    folder: Path, start_user: Start
) -> None:
    starter = start_user(folder)
    with embedded_server(folder) as url:
        starter.kill()
        starter.wait()
        time.sleep(0.3)
        assert answers(url)
    assert not runs(folder)


def test_a_user_that_comes_while_the_server_of_a_killed_one_stops_gets_one(
    folder: Path, start_user: Start
) -> None:
    for delay in (0.0, 0.005, 0.01, 0.02, 0.05):
        start_user(folder).kill()
        time.sleep(delay)
        with embedded_server(folder) as url:
            time.sleep(0.1)
            assert answers(url)


def test_a_killed_server_starts_again_with_what_was_committed(folder: Path) -> None:
    with embedded_server(folder) as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE survived AS SELECT 42 AS answer")
        busy = threading.Thread(target=be_busy, args=(url,))
        busy.start()
        wait_until(lambda: BUSY in running_queries(url))
        os.kill(pid_of(folder), signal.SIGKILL)
        with embedded_server(folder) as again, psycopg.connect(again) as connection:
            assert connection.execute("SELECT answer FROM survived").fetchone() == (42,)
        busy.join()


BUSY = "SELECT count(*) FROM generate_series(1, 1000000000)"


def running_queries(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT query FROM pg_stat_activity WHERE state = 'active'")
        return [query for (query,) in rows]


def be_busy(url: str) -> None:
    """Keep a backend busy, which outlives its postmaster for as long as that takes."""
    with pytest.raises(psycopg.OperationalError), psycopg.connect(url) as connection:
        connection.execute(BUSY)


def test_a_server_that_dies_under_its_users_is_started_again_at_the_same_address(
    folder: Path,
) -> None:
    with embedded_server(folder) as url, embedded_server(folder):
        for _ in range(2):
            kill_and_wait_until_it_runs_again(folder, url)
    assert not runs(folder)


def test_a_server_with_a_long_path_is_started_again_at_the_same_address(new_folder: Path) -> None:
    home = new_folder / ("long " * 30) / "postgres"
    with embedded_server(home) as url:
        kill_and_wait_until_it_runs_again(home, url)


def test_a_server_that_cannot_start_is_tried_until_it_can(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As on a full disk, once there is room."""
    with embedded_server(folder) as url:
        control = folder / "data" / "global" / "pg_control"
        control.rename(folder / "pg_control")
        os.kill(pid_of(folder), signal.SIGKILL)
        wait_until(lambda: "It is tried again in" in caplog.text)
        (folder / "pg_control").rename(control)
        wait_until(lambda: answers_by_now(url))


def kill_and_wait_until_it_runs_again(home: Path, url: str) -> None:
    server = psutil.Process(pid_of(home))
    server.kill()
    wait_until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
    wait_until(lambda: answers_by_now(url))


def answers_by_now(url: str) -> bool:
    try:
        return answers(url)
    except psycopg.OperationalError:
        return False


def test_a_pid_file_left_behind_whose_pid_is_another_programs_does_not_stop_the_start(
    folder: Path,
) -> None:
    with embedded_server(folder):
        left_behind = (folder / "data" / "postmaster.pid").read_text().splitlines()
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        left_behind[0] = str(bystander.pid)
        (folder / "data" / "postmaster.pid").write_text("\n".join(left_behind))
        with embedded_server(folder) as url:
            assert answers(url)
        assert psutil.pid_exists(bystander.pid)
    finally:
        bystander.kill()
        bystander.wait()


def test_users_that_come_at_once_to_a_new_folder_share_one_server(new_folder: Path) -> None:
    everyone_is_here = threading.Barrier(8)

    def use(_: int) -> int:
        with embedded_server(new_folder / "postgres") as url:
            everyone_is_here.wait(SECONDS)
            assert answers(url)
            return pid_of(new_folder / "postgres")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(use, range(8)))) == 1
    assert not runs(new_folder / "postgres")


def test_a_set_up_that_was_cut_short_is_done_again(new_folder: Path) -> None:
    with embedded_server(new_folder / "postgres"):
        pass
    (new_folder / "postgres" / "data").rename(new_folder / "postgres" / "data.new")
    with embedded_server(new_folder / "postgres") as url:
        assert answers(url)


def test_a_folder_with_a_long_path_and_odd_characters_will_do(new_folder: Path) -> None:
    with embedded_server(new_folder / ("it's a % long päth " * 5) / "postgres") as url:
        socket_dir = psycopg.conninfo.conninfo_to_dict(url)["host"]
        assert answers(url)
    assert not Path(str(socket_dir)).exists()


def test_data_of_another_major_version_is_refused(new_folder: Path) -> None:
    with embedded_server(new_folder / "postgres"):
        pass
    (new_folder / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    with (
        pytest.raises(EmbeddedServerError, match="made by PostgreSQL 17"),
        embedded_server(new_folder / "postgres"),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a home that others cannot enter")
def test_a_private_home_stays_private(new_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = new_folder / "elsewhere"
    monkeypatch.setattr(account, "SYSTEM_DIR", elsewhere)
    home = new_folder / "home"
    home.mkdir(mode=0o700)
    with embedded_server(home / "postgres") as url:
        assert answers(url)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert (home / "postgres").resolve().parent == elsewhere


def test_programs_that_the_servers_account_cannot_reach_are_copied(
    new_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reaches = Account.reaches
    monkeypatch.setattr(account, "SYSTEM_DIR", new_folder / "elsewhere")
    monkeypatch.setattr(
        Account,
        "reaches",
        lambda owner, path: "site-packages" not in path.parts and reaches(owner, path),
    )
    with embedded_server(new_folder / "postgres") as url:
        assert answers(url)
        server = psutil.Process(pid_of(new_folder / "postgres"))
        assert str(new_folder / "elsewhere") in server.cmdline()[0]
