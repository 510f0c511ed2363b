"""Doing things at the same moment, and waiting for what others do."""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

SECONDS = 60
"""How long a condition may take: far longer than it ever does, on a machine with other work too."""


def wait_until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    """Return once the condition holds, and fail if it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so within {seconds} seconds"
        time.sleep(0.01)


def at_once(*calls: Callable[[], T]) -> list[T]:
    """The results of calls made at the same moment, in their order."""
    outcomes: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(number: int, call: Callable[[], T]) -> None:
        start.wait()
        try:
            outcomes[number] = call()
        except BaseException as error:  # noqa: BLE001 - raised below, where it is seen
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return outcomes
