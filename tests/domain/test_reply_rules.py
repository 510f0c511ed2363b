"""A written reply is a yes, a no or a later only if it says so and nothing else."""

import pytest

from domain.outreach_events import Understood
from domain.reply_rules import LONGEST, understood


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Yes, I'd love to talk. Tuesday works.", "accepted"),
        ("I am interested.", "accepted"),
        ("Ja gerne, rufen Sie mich an.", "accepted"),
        ("Ich bin sehr interessiert!", "accepted"),
        ("Je suis très intéressé", "accepted"),
        ("興味があります。", "accepted"),
        ("No thanks, but good luck!", "declined"),
        ("I'm not interested", "declined"),
        ("Not interested right now.", "declined"),
        ("Nein danke.", "declined"),
        ("Kein Interesse, danke", "declined"),
        ("Je ne suis pas intéressé", "declined"),
        ("興味はありません", "declined"),
        ("Not at the moment.", "postponed"),
        ("Maybe later this year", "postponed"),
        ("Zurzeit nicht", "postponed"),
        ("Sounds good! What does it pay?", "unclear"),
        ("Not interested? Of course I am interested!", "unclear"),
        ("I am interested, but not right now.", "unclear"),
        ("No thanks. Is there anything in Berlin?", "unclear"),
        ("Yesterday I read your letter.", "unclear"),
        ("Why me?", "unclear"),
        ("", "unclear"),
        ("yes " + "and " * LONGEST, "unclear"),
    ],
)
def test_a_reply_is_understood_as_far_as_it_is_clear(text: str, meaning: str) -> None:
    assert understood(text) is Understood(meaning)
