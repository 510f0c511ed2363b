"""A form that is sent by two clicks at once: the second shows what came of the first."""

import time
from collections.abc import Callable

from api.http.caller import CommandResult
from infrastructure.requests.idempotency import InFlight

SECONDS_TO_BE_SENT = 5.0
"""How long a second click waits for what the first has begun."""


def once(send: Callable[[], CommandResult]) -> CommandResult:
    """What comes of sending; of a second click, what comes of the first."""
    deadline = time.monotonic() + SECONDS_TO_BE_SENT
    while True:
        try:
            return send()
        except InFlight:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)  # the first click is being worked on
