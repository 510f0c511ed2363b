"""What people see while a command works: lines, and progress on standard error."""

import logging
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from infrastructure.settings import Settings
from infrastructure.telemetry.logs import formatter

errors = Console(stderr=True, highlight=False, soft_wrap=True)
"""Where progress and complaints go, so that results can be redirected without them."""

SECONDS_BETWEEN_LINES = 5.0
"""Between two lines of progress where there is no terminal to draw a bar on."""


class Report(Protocol):
    """Tells what goes on, how much of it is done, out of how much if that is known, and more."""

    def __call__(
        self, what: str, done: int, total: int | None = None, note: str = "", /
    ) -> None: ...


def program() -> str:
    """How to call this program again from where it was called."""
    called = Path(sys.argv[0])
    found = shutil.which("sourcing")
    if called.name != "sourcing" or (found and Path(found).resolve() == called.resolve()):
        return "sourcing"
    return str(called)


def complain(sentence: str) -> None:
    """Say what is wrong, on standard error."""
    errors.print(sentence, markup=False)


def log_to_stderr(settings: Settings) -> None:
    """Log in the manner of servers: a line each, with time and level, or as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(settings.log_format))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler])


@contextmanager
def progress() -> Iterator[Report]:
    """Show how far things have come: a bar each on a terminal, else a line now and then."""
    if not errors.is_terminal:
        lines = _Lines()
        try:
            yield lines.report
        finally:
            lines.end()
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=errors,
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int | None = None, note: str = "", /) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total, note=note)
            bars.update(tasks[what], completed=done, total=total, note=note)

        yield report


class _Lines:
    """Progress as plain lines: when something starts, every few seconds, and at the end."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._latest: dict[str, str] = {}
        self._next = 0.0

    def report(self, what: str, done: int, total: int | None = None, note: str = "", /) -> None:
        begins = what not in self._latest
        of = "" if total is None else f" of {total:,}"
        self._latest[what] = f"{what}: {done:,}{of}" + (f", {note}" if note else "")
        if begins or done == total or time.monotonic() >= self._next:
            self._tell(what)

    def end(self) -> None:
        for what in self._latest:
            self._tell(what)

    def _tell(self, what: str) -> None:
        if self._told.get(what) != self._latest[what]:
            self._told[what] = self._latest[what]
            self._next = time.monotonic() + SECONDS_BETWEEN_LINES
            complain(self._latest[what])
