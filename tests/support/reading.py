"""Reading all the time while something else happens."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def read_all_the_time(read: Callable[[], object]) -> Iterator[list[BaseException]]:
    """Read in a thread meanwhile, and collect what goes wrong, of which there must be nothing."""
    stop, failures = threading.Event(), list[BaseException]()

    def read_again_and_again() -> None:
        while not stop.is_set():
            try:
                read()
            except BaseException as error:  # noqa: BLE001 - shown by the assertion
                failures.append(error)

    thread = threading.Thread(target=read_again_and_again)
    thread.start()
    try:
        yield failures
    finally:
        stop.set()
        thread.join()
