"""The file locks that count a server's users and serialise its starts and stops."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LOCKS = ("starting.lock", "users.lock", "guard.lock")


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
