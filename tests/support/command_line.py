"""The command line in a process of its own, and how it ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

# A background job of a shell ignores SIGINT, and its children inherit that: tests interrupt them.
HEEDS_SIGINT = "from signal import *; signal(SIGINT, default_int_handler)"
PROGRAM = (sys.executable, "-c", f"{HEEDS_SIGINT}; from api.cli import main; main()")
SECONDS_TO_STOP = 60

Environment = dict[str, str]


class Ended(NamedTuple):
    """How a run of the command line ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


def environment(**settings: str) -> Environment:
    """Ours without any setting, and with these."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("SOURCING_", "DATABASE_"))}
    return ours | settings


@contextmanager
def running(env: Mapping[str, str], *arguments: str, says: str) -> Iterator[tuple[Any, str]]:
    """A process of ours that stays, and its first line, once it has said that it is ready."""
    process = subprocess.Popen(
        [*PROGRAM, *arguments], env=dict(env), text=True, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith(says), line
        yield process, line
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(SECONDS_TO_STOP)
        process.stdout.close()


def address(line: str) -> str:
    """Where a server said that it listens."""
    return line.removeprefix("Console: ").partition("/sign-in")[0].strip()
