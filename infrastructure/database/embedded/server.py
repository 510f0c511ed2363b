"""Starts a data folder's server for its first user, again if it dies, and stops it after the last.

A server dies when somebody kills it, or when its disk is full and it cannot even recover.
"""

import fcntl
import logging
import os
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infrastructure.database.embedded import postmaster
from infrastructure.database.embedded.account import (
    Account,
    EmbeddedServerError,
    owner_of,
    prepared_folder,
    programs_for,
)
from infrastructure.database.embedded.guard import ensure_guard, exclusive, is_sole_holder
from infrastructure.database.embedded.postmaster import Postmaster

MAJOR_VERSION = "18"
MAX_SOCKET_DIR_BYTES = 85  # the kernel allows some 107 bytes with the socket's own name
START_TIMEOUT_SECONDS = 120.0  # long enough for recovery after a crash

WATCH_SECONDS = 0.5
"""From one look at whether the server runs to the next."""

LONGEST_PAUSE_SECONDS = 30.0
"""Between attempts to start a server that does not start."""

logger = logging.getLogger(__name__)

OPTIONS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


@contextmanager
def embedded_server(home: Path, options: Mapping[str, str] = OPTIONS) -> Iterator[str]:
    """Use the server of this folder, which runs from its first user to its last.

    Each user watches it, and one that finds it dead starts it again, at the same address.
    The server gets no signal from the terminal: after Ctrl-C too, what happens inside the `with`
    ends before the server does.

    Raises:
        EmbeddedServerError: it cannot run here; the text says why.
    """
    home = prepared_folder(home)
    with (home / "users.lock").open("r+") as users:
        with exclusive(home / "starting.lock"):
            fcntl.flock(users, fcntl.LOCK_SH)
            ensure_guard(home)
            server = _started(home, options)
        stop = threading.Event()
        watch = threading.Thread(
            target=_keep_running, args=(home, options, server, stop), name="postgres", daemon=True
        )
        watch.start()
        try:
            yield server.url
        finally:
            stop.set()
            watch.join()
            with exclusive(home / "starting.lock"):
                if is_sole_holder(users):
                    postmaster.stop(home)


def _keep_running(
    home: Path, options: Mapping[str, str], server: Postmaster, stop: threading.Event
) -> None:
    """Start the server again whenever it has died, until told to stop."""
    pause = WATCH_SECONDS
    while not stop.wait(pause):
        if postmaster.running(home) is not None:
            pause = WATCH_SECONDS
            continue
        logger.error("the embedded PostgreSQL has died; it is started again")
        try:
            with exclusive(home / "starting.lock"):
                _started(home, options, server.socket_dir)
        except (EmbeddedServerError, OSError) as error:
            pause = min(max(1.0, 2 * pause), LONGEST_PAUSE_SECONDS)
            logger.error("%s It is tried again in %.0f seconds.", error, pause)
        else:
            pause = WATCH_SECONDS
            logger.warning("the embedded PostgreSQL runs again")


def _started(home: Path, options: Mapping[str, str], socket_dir: str | None = None) -> Postmaster:
    account = owner_of(home)
    programs = programs_for(account)
    _ensure_data(home, account, programs)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        server = postmaster.running(home)
        if server is None:
            where = socket_dir or _socket_dir(home, account)
            _start(home, account, programs, {**options, "unix_socket_directories": where}, deadline)
        elif server.status == "ready":
            return server
        elif time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"The embedded PostgreSQL is not ready after {START_TIMEOUT_SECONDS:.0f} seconds: "
                f"see {home / 'log'}."
            )
        else:  # it starts, or stops because its users were killed
            time.sleep(0.02)


def _ensure_data(home: Path, account: Account, programs: Path) -> None:
    data, draft = home / "data", home / "data.new"
    if data.exists():
        version = (data / "PG_VERSION").read_text().strip()
        if version != MAJOR_VERSION:
            raise EmbeddedServerError(
                f"{data} was made by PostgreSQL {version} and the installed one is "
                f"{MAJOR_VERSION}: move it with pg_upgrade, or set SOURCING_DATA_DIR to another "
                "folder."
            )
        return
    if draft.exists():  # initdb was interrupted
        shutil.rmtree(draft)
    made = account.run(
        [
            str(programs / "initdb"),
            f"--pgdata={draft}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            # The same sort order and case rules on every machine.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ],
        output=subprocess.PIPE,
    )
    if made.returncode != 0:
        raise EmbeddedServerError(
            f"The embedded PostgreSQL could not be set up in {home}: {made.stderr.strip()}"
        )
    draft.rename(data)


def _start(
    home: Path, account: Account, programs: Path, options: Mapping[str, str], deadline: float
) -> None:
    log = home / "log"
    if log.exists():
        log.replace(home / "log.old")
    arguments = shlex.join(f"--{name}={value}" for name, value in options.items())
    command = [
        str(programs / "pg_ctl"), "start", "--wait", f"--timeout={START_TIMEOUT_SECONDS:.0f}",
        "--silent", f"--pgdata={home / 'data'}", f"--log={log}", f"--options={arguments}",
    ]  # fmt: skip
    postmaster.remove_stale_pid(home)
    # To a file, not a pipe: the server inherits it and would keep a pipe open.
    with tempfile.TemporaryFile("w+") as output:
        started = account.run(command, output)
        output.seek(0)
        said = output.read()
    if started.returncode == 0:
        return
    reason = log.read_text(errors="replace") if log.exists() else said
    if "is still in use" in reason and time.monotonic() < deadline:
        postmaster.end_orphans(home)
        return
    raise EmbeddedServerError(f"The embedded PostgreSQL did not start: {reason.strip()}")


def _socket_dir(home: Path, account: Account) -> str:
    """The folder itself, or a private one with a short path if its own is too long for a socket."""
    if len(os.fsencode(home)) <= MAX_SOCKET_DIR_BYTES:
        return str(home)
    folder = tempfile.mkdtemp(prefix="sourcing-")
    os.chown(folder, account.uid, account.gid)
    return folder
