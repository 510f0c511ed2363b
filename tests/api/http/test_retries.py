"""One command that many retry at once while the API's processes are killed has one effect."""

import pytest

from benchmarks.retries import retry


@pytest.mark.slow
def test_a_command_retried_while_processes_are_killed_has_one_effect_and_one_answer(
    database_url: str,
) -> None:
    found = retry(database_url, 60, kills=4, age_claim=True)
    assert found.is_sound, found
    assert found.kills >= 4
    assert sum(found.answers.values()) == 66
