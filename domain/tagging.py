"""The tags that a company's recruiters give a candidate.

All of a candidate's tags by one employer are one stream. A tag is the candidate's personal data,
sealed under their key; so the rules know each by a random id, and not what it says.
"""

from collections.abc import Collection
from typing import Annotated, Any
from unicodedata import normalize
from uuid import UUID, uuid5

from pydantic import BeforeValidator, Field

from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, Refused
from domain.candidate import Candidate
from domain.candidate_events import DECIDES_CONTACT
from domain.command import Command, NotFound, Work
from domain.event import Event, Personal
from domain.handlers import on
from domain.note import check_may_be_noted
from domain.position import own_position
from domain.terms import key
from domain.values import StorableText

TAGGINGS = UUID("f2b0c1de-3a55-5e0f-9a71-0d8a6a1f7b43")
TAG_MOST = 40
MOST_TAGS = 20


def _plain(said: object) -> object:
    """A tag in Unicode's compatible form and on one line; nothing if it only looks like a text."""
    if not isinstance(said, str):
        return said
    return " ".join(normalize("NFKC", said).split()) if key(said) else ""


Tag = Annotated[StorableText, Field(min_length=1, max_length=TAG_MOST), BeforeValidator(_plain)]
"""A tag as it is shown. Two with the same `terms.key` are one."""


class TagAdded(Event, name="tagging.tag_added", version=1, person="candidate_id"):
    """A recruiter gave a candidate a tag."""

    employer_id: UUID
    candidate_id: UUID
    tag_id: UUID
    tag: Personal[str]


class TagRemoved(Event, name="tagging.tag_removed", version=1):
    """A recruiter took a tag off a candidate."""

    employer_id: UUID
    candidate_id: UUID
    tag_id: UUID


class TooManyTags(Refusal):
    """A candidate has at most {most} tags; remove one first."""


class Tagging(Aggregate, kind="tagging"):
    """The tags of one employer on one candidate, by their ids."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.tags: set[UUID] = set()
        self.about: dict[str, Any] = {}

    # Decisions: check the rule, then state the fact. Never run on replay.

    def add(
        self, cause: Cause, *, employer_id: UUID, candidate_id: UUID, tag_id: UUID, tag: str
    ) -> None:
        """Give the candidate a tag. Repeating it records nothing."""
        if tag_id in self.tags:
            return
        if len(self.tags) >= MOST_TAGS:
            raise Refused(TooManyTags(most=MOST_TAGS))
        self.record(
            TagAdded,
            cause,
            employer_id=employer_id,
            candidate_id=candidate_id,
            tag_id=tag_id,
            tag=tag,
        )

    def remove(self, cause: Cause, *, tag_ids: Collection[UUID]) -> None:
        """Take tags off the candidate. Repeating it records nothing."""
        for tag_id in sorted(self.tags.intersection(tag_ids)):
            self.record(TagRemoved, cause, **self.about, tag_id=tag_id)

    # Facts: fold into state. Never raise, never decide.

    @on(TagAdded)
    def on_tag_added(self, event: TagAdded) -> None:
        self.tags.add(event.tag_id)
        self.about = {"employer_id": event.employer_id, "candidate_id": event.candidate_id}

    @on(TagRemoved)
    def on_tag_removed(self, event: TagRemoved) -> None:
        self.tags.discard(event.tag_id)


class AddTag(Command):
    """Give a candidate of a position's lists a tag, for everybody of the employer."""

    position_id: UUID
    candidate_id: UUID
    tag_id: UUID
    tag: Tag

    def execute(self, work: Work) -> Tagging:
        position = own_position(work, self, self.position_id)
        check_may_be_noted(work, self.candidate_id)
        employer_id, candidate_id = position.employer_id, self.candidate_id
        tagging = work.find(Tagging, tagging_id(employer_id, candidate_id))
        tagging.add(
            self,
            employer_id=employer_id,
            candidate_id=candidate_id,
            tag_id=self.tag_id,
            tag=self.tag,
        )
        return tagging


class RemoveTag(Command):
    """Take a tag off a candidate, by all its ids: two recruiters may have given the same.

    Those of profiles that were merged into theirs go too.
    """

    position_id: UUID
    candidate_id: UUID
    tag_ids: tuple[UUID, ...]

    def execute(self, work: Work) -> Tagging:
        position = own_position(work, self, self.position_id)
        candidate = work.get(Candidate, self.candidate_id, needed=DECIDES_CONTACT)
        ids = dict.fromkeys((candidate.id, *candidate.standing().identifiers))
        taggings = work.find_all(Tagging, [tagging_id(position.employer_id, id) for id in ids])
        found = [one for one in taggings if one.exists]
        if not found:
            raise NotFound(Tagging, tagging_id(position.employer_id, self.candidate_id))
        for one in found:
            one.remove(self, tag_ids=self.tag_ids)
        return found[0]


def tagging_id(employer_id: UUID, candidate_id: UUID) -> UUID:
    """The id of an employer's tags on a candidate."""
    return uuid5(TAGGINGS, f"{employer_id}/{candidate_id}")
