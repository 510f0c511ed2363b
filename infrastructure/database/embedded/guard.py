"""The file locks that count a server's users, and the guard: it stops a server without any.

The guard is one small process for each data folder, for servers whose users were all killed.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import infrastructure
from infrastructure.database.embedded import postmaster

LOCKS = ("starting.lock", "users.lock", "guard.lock")

PROGRAM = f"""
import sys
sys.path.insert(0, sys.argv[1])
from {__name__} import stand_guard
stand_guard(sys.argv[2])
"""
"""Run apart from the caller's folder and settings, and from where this program was imported."""


def ensure_guard(home: Path) -> None:
    """Start a guard for this folder unless it has one."""
    with (home / "guard.lock").open("r+") as guard:
        if not is_sole_holder(guard):
            return
    source = Path(infrastructure.__path__[0]).parent
    subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(source), str(home)],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
    )


def stand_guard(folder: str) -> None:
    """Wait in a child process until the last user is gone, then stop the server."""
    home = Path(folder)
    with (
        (home / "users.lock").open("r+") as users,
        (home / "starting.lock").open("r+") as starting,
        (home / "guard.lock").open("r+") as guard,
    ):
        if not is_sole_holder(guard):
            return
        if os.fork():
            os._exit(0)
        while True:
            fcntl.flock(users, fcntl.LOCK_EX)  # waits until the last user is gone
            fcntl.flock(users, fcntl.LOCK_UN)
            fcntl.flock(starting, fcntl.LOCK_EX)
            if is_sole_holder(users):
                postmaster.stop(home)
                return
            fcntl.flock(starting, fcntl.LOCK_UN)  # a new user came meanwhile


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock, waiting for it."""
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_sole_holder(lock: IO[str]) -> bool:
    """Whether no other process holds this lock; it is held exclusively from then on if so.

    Of the users' lock, ask while holding the lock that keeps new users out.
    """
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
