"""A running server as its pid file describes it: find it, stop it, clean up after a killed one."""

import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psutil

STOP_TIMEOUT_SECONDS = 60.0


class Postmaster(NamedTuple):
    """A running server."""

    pid: int
    socket_dir: str
    status: str

    @property
    def url(self) -> str:
        """The address for its clients."""
        return f"postgresql:///postgres?host={quote(self.socket_dir, safe='')}&user=postgres"


def running(home: Path) -> Postmaster | None:
    """The server of this folder, None if it does not run although its pid file may be there."""
    try:
        lines = (home / "data" / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
        command = psutil.Process(pid).cmdline()
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return None
    if str(home / "data") not in command:  # the pid belongs to another program by now
        return None
    lines += [""] * 8
    return Postmaster(pid=pid, socket_dir=lines[4], status=lines[7].strip())


def stop(home: Path) -> None:
    """Stop the server, with a checkpoint; without one, which loses nothing, if that takes long."""
    server = running(home)
    if server is None:
        return
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(server.pid)
        for how in (signal.SIGINT, signal.SIGQUIT):
            process.send_signal(how)
            deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
            # It is not our child, so it cannot be waited for; a zombie has ended.
            while process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
                time.sleep(0.01)
    if server.socket_dir != str(home):
        shutil.rmtree(server.socket_dir, ignore_errors=True)


def remove_stale_pid(home: Path) -> None:
    """Remove the pid files of a dead server whose pid another program, or its own zombie, has.

    PostgreSQL would trust them.
    """
    path = home / "data" / "postmaster.pid"
    with suppress(FileNotFoundError, IndexError, ValueError):
        lines = path.read_text().splitlines()
        if psutil.pid_exists(int(lines[0])) and running(home) is None:
            # With the file goes PostgreSQL's own way to find backends that still write.
            end_orphans(home)
            path.unlink()
            for lock in Path(lines[4]).glob(".s.PGSQL.*.lock"):
                lock.unlink()


def end_orphans(home: Path) -> None:
    """End the backends of a killed server: a busy one does not notice until it is done."""
    orphans = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.name() == "postgres" and process.cwd() == str(home / "data"):
                process.send_signal(signal.SIGQUIT)
                orphans.append(process)
    psutil.wait_procs(orphans, timeout=STOP_TIMEOUT_SECONDS)
    time.sleep(0.1)  # for backends that were ending while they were listed
