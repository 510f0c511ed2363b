"""Notes what somebody has read, once the page that shows it is sent."""

import logging
from typing import Any

from api.http.caller import Caller
from domain.command import Command
from infrastructure.error_redaction import error_kind

logger = logging.getLogger(__name__)


def note(caller: Caller, command: type[Command], **asked: Any) -> None:
    """Execute a command that says what the caller has read. A failure is only logged."""
    try:
        caller.marketplace.store.execute(
            command(by=caller.actor, at=caller.at, request_id=caller.request_id, **asked)
        )
    except Exception as error:  # noqa: BLE001 - the page has been sent, so only the log can say
        logger.error("what was read was not noted: %s", error_kind(error))
