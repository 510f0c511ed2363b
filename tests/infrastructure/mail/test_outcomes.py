from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.mail.outcomes import LONGEST_TEXT, next_attempt, of_reply

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@given(st.floats(0, 1))
def test_the_first_retry_comes_after_about_half_a_minute(random: float) -> None:
    after = next_attempt(1, NOON, random)
    assert after is not None
    assert timedelta(seconds=24) <= after - NOON <= timedelta(seconds=36)


def test_retries_become_rarer_until_they_end_after_two_days() -> None:
    at, times = NOON, []
    for attempt in range(1, 100):
        after = next_attempt(attempt, at, 0.5)
        if after is None:
            break
        times.append(after - at)
        at = after
    assert times == sorted(times)
    assert times[-1] == timedelta(hours=4)
    assert timedelta(hours=40) < at - NOON <= timedelta(days=2)


def test_an_attempt_long_after_the_last_is_not_made() -> None:
    assert next_attempt(10_000, NOON, 0.0) is None


@pytest.mark.parametrize(
    "reply",
    [
        (550, "5.1.1 <jo@example.org>: Recipient address rejected: User unknown"),
        (550, "No such user here"),
        (553, "5.1.3 Invalid address"),
        (551, "User not local"),
        (550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)"),
        (550, "5.2.1 The email account that you tried to reach is disabled."),
        (554, "5.1.10 RecipientNotFound"),
    ],
)
def test_these_refusals_say_that_an_address_is_bad(reply: tuple[int, str]) -> None:
    assert of_reply("recipient", *reply).bad_address


@pytest.mark.parametrize(
    "reply",
    [
        (530, "5.7.0 Authentication required"),
        (550, "5.7.26 Unauthenticated mail is prohibited"),
        (550, "Relay not permitted"),
        (550, "5.4.1 Relay access denied"),
        (554, "Too many mails"),
        (552, "Mailbox full"),
    ],
)
def test_these_refusals_do_not(reply: tuple[int, str]) -> None:
    assert not of_reply("recipient", *reply).bad_address


@given(st.text(), st.integers(200, 599))
def test_whatever_a_server_says_becomes_one_short_line(text: str, code: int) -> None:
    outcome = of_reply("data", code, text)
    assert len(outcome.text) <= LONGEST_TEXT
    assert len(outcome.text.splitlines()) <= 1
