"""What became of a letter handed to a mail server, and when to try again."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Stage = Literal["connect", "sender", "recipient", "data"]

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
# RFC 3463: no such mailbox or domain, an address in no form, moved, disabled, without mail.
_BAD_ADDRESS = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
_OF_POLICY = re.compile(
    r"spam|block|black|polic|reputation|relay|auth|spf|dkim|dmarc|\brbl\b|listed|content|virus",
    re.IGNORECASE,
)
LONGEST_TEXT = 300

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=4)
GIVE_UP_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class Outcome:
    """What became of one letter: what a mail server said of it, or that it was stopped before.

    `bad_address`: the address itself is wrong, so no letter will ever reach it (a hard bounce).
    `accepted_maybe`: the connection broke after the letter was handed over, so it may arrive; a
    retry takes the same Message-ID. `text` is the server's and may name the recipient.
    """

    kind: Literal["delivered", "retry", "rejected", "stopped"]
    stage: Stage
    code: int | None = None
    status: str | None = None
    text: str = ""
    bad_address: bool = False
    accepted_maybe: bool = False


def of_reply(stage: Stage, code: int, message: str) -> Outcome:
    """What a reply means.

    >>> of_reply("recipient", 550, "5.1.1 No such user").bad_address
    True
    >>> of_reply("recipient", 450, "4.2.0 Greylisted, try again later").kind
    'retry'
    """
    enhanced = _ENHANCED.match(message)
    status = enhanced[1] if enhanced else None
    if stage == "data" and 200 <= code < 300:
        return Outcome("delivered", stage, code, status, shortened(message))
    if code < 500:
        return Outcome("retry", stage, code, status, shortened(message))
    return Outcome(
        "rejected",
        stage,
        code,
        status,
        shortened(message),
        bad_address=_is_bad_address(stage, code, status, message),
    )


def of_failure(stage: Stage, error: Exception) -> Outcome:
    """What a broken or refused connection means: try again."""
    text = shortened(str(error)) or type(error).__name__
    return Outcome("retry", stage, text=text, accepted_maybe=stage == "data")


def _is_bad_address(stage: Stage, code: int, status: str | None, message: str) -> bool:
    if stage in {"connect", "sender"}:
        return False
    if status in _BAD_ADDRESS:
        return True
    if stage != "recipient" or code not in {550, 551, 553}:
        return False
    if status == "5.4.1":
        # What a large provider answers for an address that its directory does not have.
        return message[5:].lstrip().lower().startswith("recipient address rejected")
    return status in {None, "5.0.0", "5.5.0"} and not _OF_POLICY.search(message)


def shortened(text: str) -> str:
    r"""A server's text in one line.

    >>> shortened("5.1.1 The account\n5.1.1 does not exist")
    '5.1.1 The account 5.1.1 does not exist'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT - 1]}…"


def next_attempt(attempt: int, at: datetime, random: float) -> datetime | None:
    """When to try again after the given attempt (1 is the first), None after two days.

    The delay doubles from half a minute to four hours; `random` (0 to 1) spreads it by a fifth.

    >>> from datetime import UTC
    >>> next_attempt(1, datetime(2026, 1, 5, 9, 0, tzinfo=UTC), 0.5)
    datetime.datetime(2026, 1, 5, 9, 0, 30, tzinfo=datetime.timezone.utc)
    """
    delays = [min(FIRST_DELAY * (1 << min(n, 16)), LONGEST_DELAY) for n in range(attempt)]
    if sum(delays, timedelta()) > GIVE_UP_AFTER:
        return None
    return at + delays[-1] * (0.8 + 0.4 * random)
