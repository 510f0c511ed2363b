"""One person with several profiles: one candidate stands for the others."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.actor import Cause
from domain.aggregate import Refusal, Refused, refuse
from domain.candidate import Candidate
from domain.candidate_events import (
    CandidateMerged,
    CandidateSeparated,
    DuplicateMerged,
    DuplicateSeparated,
)
from domain.command import Command, Work
from domain.event import Event


class SamePerson(Refusal):
    """These are one candidate already; choose two different ones."""


class NotMerged(Refusal):
    """These candidates are not merged; check the ids."""


def person(
    work: Work, candidate_id: UUID, needed: Sequence[type[Event]] | None = None
) -> Candidate:
    """The candidate, or the one that stands for them since they were merged.

    `needed` are the events that the decision needs, as in `Work.get`.
    """
    candidate = work.get(Candidate, candidate_id, needed)
    while candidate.merged_into:
        candidate = work.get(Candidate, candidate.merged_into, needed)
    return candidate


def merge(cause: Cause, kept: Candidate, duplicate: Candidate) -> None:
    """Let one candidate stand for another from now on, who is the same person."""
    is_same = duplicate.id == kept.id
    against = [SamePerson()] if is_same else duplicate.reasons_against_contact()
    refuse([*kept.reasons_against_contact(), *against])
    added = duplicate.standing()
    standing = kept.standing().with_duplicate(added)
    duplicate.record(CandidateMerged, cause, kept_id=kept.id)
    about: dict[str, Any] = {"duplicate_id": duplicate.id, "duplicate": added, "standing": standing}
    kept.record(DuplicateMerged, cause, **about)


def separate(cause: Cause, kept: Candidate, duplicate: Candidate) -> None:
    """Let a candidate who was merged by mistake stand for themselves again."""
    if duplicate.merged_into != kept.id:
        raise Refused(NotMerged())
    refuse(kept.reasons_against_anything())
    stricter = kept.standing().with_duplicate(duplicate.standing())
    consent: dict[str, Any] = {n: getattr(stricter, n) for n in ("opted_in", "consent_until")}
    duplicate.record(CandidateSeparated, cause, kept_id=kept.id, **consent)
    standing = kept.standing(without=duplicate.id)
    kept.record(DuplicateSeparated, cause, duplicate_id=duplicate.id, standing=standing)


class MergeCandidates(Command):
    """Let one candidate stand for another, who is the same person."""

    candidate_id: UUID
    duplicate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = work.get(Candidate, self.candidate_id)
        merge(self, candidate, work.get(Candidate, self.duplicate_id))
        return candidate


class SeparateCandidates(Command):
    """Undo a merge: each candidate stands for themselves again."""

    candidate_id: UUID
    duplicate_id: UUID

    def execute(self, work: Work) -> Candidate:
        candidate = work.get(Candidate, self.candidate_id)
        separate(self, candidate, work.get(Candidate, self.duplicate_id))
        return candidate
