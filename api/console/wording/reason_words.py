"""Why a candidate is likely to respond, as recruiters read it: in words, without log-odds."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.candidates.cards import LikelihoodReason
from api.candidates.profile import FullProfile

AT_FIRST = 3

EFFECTS = ((0.5, "strong"), (0.2, "some"), (0.0, "slight"))
"""From which share of the weightiest reason on a reason has this effect."""


@dataclass(frozen=True)
class Reason:
    """A sentence, whether it speaks for an answer, and how much."""

    text: str
    speaks_for: bool
    effect: str


@dataclass(frozen=True)
class Reasons:
    """The weightiest about the person, and all others."""

    first: list[Reason]
    others: list[Reason]


def in_plain_words(profile: FullProfile) -> Reasons:
    """The reasons of a profile's likelihood. Those about the position alone do not come first."""
    given = profile.likelihood.reasons if profile.likelihood else []
    first = [reason for reason in given if not reason.is_about_position][:AT_FIRST]
    others = [reason for reason in given if reason not in first]
    return Reasons(_worded(first, given), _worded(others, given))


def _worded(some: Sequence[LikelihoodReason], given: Sequence[LikelihoodReason]) -> list[Reason]:
    heaviest = max((abs(reason.contribution) for reason in given), default=0) or 1
    return [
        Reason(
            text=reason.text,
            speaks_for=reason.contribution >= 0,
            effect=next(
                word for least, word in EFFECTS if abs(reason.contribution) / heaviest >= least
            ),
        )
        for reason in some
    ]
