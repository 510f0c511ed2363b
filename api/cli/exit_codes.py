"""How a command may end: its exit code, and the sentence that goes with it."""

from enum import IntEnum

import psycopg
from eventsourcing.persistence import PersistenceError
from psycopg_pool import PoolTimeout

from infrastructure.database.clock import ClockIsOff
from infrastructure.database.embedded import EmbeddedServerError
from infrastructure.database.migrations import MigrationError
from infrastructure.event_log.keys import WrongSecret
from infrastructure.projecting.checkpoints import NotCaughtUp
from infrastructure.settings import SettingsError


class Exit(IntEnum):
    """What an exit code means."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    BAD_RECORDS = 3
    UNREACHABLE = 4
    INTERRUPTED = 130


MEANINGS = {
    Exit.DONE: "done, or stopped as asked (serve, api, worker)",
    Exit.FAILED: "something failed, or was not as it should be (walkthrough, model)",
    Exit.WRONG_USAGE: "wrong usage or settings",
    Exit.BAD_RECORDS: "some records were bad, the good ones taken; or none can be explained;"
    " or events stay parked",
    Exit.UNREACHABLE: "a server, a port or the database cannot be reached or used",
    Exit.INTERRUPTED: "interrupted half-way (import, demo, walkthrough, projections rebuild)",
}

EXIT_CODES = "\b\nExit codes:\n" + "\n".join(
    f"{code.value:>5}  {meaning}" for code, meaning in MEANINGS.items()
)
"""As every command's help lists them."""


class CannotGoOn(Exception):
    """Why a command ends early, in a sentence, with its exit code."""

    def __init__(self, sentence: str, exit: Exit = Exit.FAILED) -> None:
        super().__init__(sentence)
        self.exit = exit


def ending(error: Exception) -> CannotGoOn | None:
    """How an error of any layer ends a command; None for one that nobody expected."""
    match error:
        case CannotGoOn():
            return error
        case SettingsError() | WrongSecret():
            return CannotGoOn(str(error), Exit.WRONG_USAGE)
        case EmbeddedServerError():
            return CannotGoOn(str(error), Exit.UNREACHABLE)
        case MigrationError() | NotCaughtUp() | ClockIsOff():
            return CannotGoOn(str(error), Exit.FAILED)
        case psycopg.OperationalError() | PoolTimeout() | PersistenceError():
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            sentence = f"The database does not answer ({reason}): check DATABASE_URL."
            return CannotGoOn(sentence, Exit.UNREACHABLE)
        case _:
            return None
