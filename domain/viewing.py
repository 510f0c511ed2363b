"""What a recruiter was shown: pages of a position's lists, profiles they opened, files they took.

Only what was seen can lead to a message, so judging the ranking needs it. A viewing is
stated once and never changes. Candidates stand in it by their ids, which stay when one is erased.
"""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from domain.actor import Cause, CompanyRole
from domain.aggregate import Aggregate, Refusal, Refused
from domain.command import Command, Work
from domain.event import Event
from domain.handlers import on
from domain.position import own_position
from domain.values import StorableText, Value


class Feed(StrEnum):
    """The two lists of a position."""

    RECOMMENDATIONS = "recommendations"
    PASSIVE = "passive"


class Sort(StrEnum):
    """What comes first: the likeliest to respond, the best match, or the latest active."""

    LIKELIHOOD = "likelihood"
    MATCH = "match"
    LAST_ACTIVE = "last_active"


Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
ModelPosition = Annotated[int, Field(ge=0)]


class Slot(Value):
    """One place of a shown page, and who stood there.

    The probability is that of a response as it was shown. An `explored` candidate was
    picked at random, to keep the likelihood honest; the propensity is the probability of that pick.
    """

    candidate_id: UUID
    rank: Annotated[int, Field(ge=1)]
    probability: Share | None = None
    explored: bool = False
    propensity: Share = 1.0


class CandidatesShown(Event, name="viewing.candidates_shown", version=1):
    """A recruiter saw a page of one of a position's lists.

    `model_position` is the event position up to which the model behind the page had learned.
    """

    employer_id: UUID
    position_id: UUID
    feed: Feed
    sort: Sort
    slots: tuple[Slot, ...]
    model_position: int | None


class ProfileOpened(Event, name="viewing.profile_opened", version=1):
    """A recruiter saw a candidate's whole profile, from a position."""

    employer_id: UUID
    position_id: UUID
    candidate_id: UUID
    passive: bool
    probability: float | None


class TakenList(StrEnum):
    """A list of a position that can be taken away as a file."""

    RECOMMENDATIONS = "recommendations"
    PASSIVE = "passive"
    SHORTLIST = "shortlist"
    SET_ASIDE = "set_aside"
    INTERVIEWS = "interviews"


class ListExported(Event, name="viewing.list_exported", version=1):
    """Somebody took a position's list of candidates away as a file."""

    employer_id: UUID
    position_id: UUID
    taken: TakenList
    file_type: str
    candidate_ids: tuple[UUID, ...]


class ProfileExported(Event, name="viewing.profile_exported", version=1):
    """Somebody took the profile of a candidate who said yes away as a file."""

    employer_id: UUID
    position_id: UUID
    candidate_id: UUID
    outreach_id: UUID


class AlreadyNoted(Refusal):
    """This viewing has been noted already; it counts once."""


class Viewing(Aggregate, kind="viewing"):
    """A page of a list, a profile or a file that one recruiter saw or took; noted once."""

    def note(self, event: type[Event], cause: Cause, **facts: Any) -> None:
        """State once which candidates were shown or taken away."""
        if self.exists:
            raise Refused(AlreadyNoted())
        self.record(event, cause, **facts)

    @on(CandidatesShown, ProfileOpened, ListExported, ProfileExported)
    def on_seen(self, _: Event) -> None:
        """That it was noted is all there is to remember."""


class NoteCandidatesShown(Command):
    """Remember which candidates a recruiter was shown."""

    takes = CompanyRole.READ_ONLY

    viewing_id: UUID
    position_id: UUID
    feed: Feed
    sort: Sort
    slots: Annotated[tuple[Slot, ...], Field(min_length=1, max_length=1_000)]
    model_position: ModelPosition | None = None

    def execute(self, work: Work) -> Viewing:
        return _note(work, self, CandidatesShown)


class NoteProfileOpened(Command):
    """Remember whose profile a recruiter opened."""

    takes = CompanyRole.READ_ONLY

    viewing_id: UUID
    position_id: UUID
    candidate_id: UUID
    passive: bool
    probability: Share | None = None

    def execute(self, work: Work) -> Viewing:
        return _note(work, self, ProfileOpened)


class NoteListExported(Command):
    """Remember which candidates of a position's list were taken away as a file."""

    takes = CompanyRole.READ_ONLY

    viewing_id: UUID
    position_id: UUID
    taken: TakenList
    file_type: Annotated[StorableText, Field(min_length=1, max_length=20)]
    candidate_ids: Annotated[tuple[UUID, ...], Field(max_length=10_000)]

    def execute(self, work: Work) -> Viewing:
        return _note(work, self, ListExported)


class NoteProfileExported(Command):
    """Remember whose profile was taken away as a file."""

    takes = CompanyRole.READ_ONLY

    viewing_id: UUID
    position_id: UUID
    candidate_id: UUID
    outreach_id: UUID

    def execute(self, work: Work) -> Viewing:
        return _note(work, self, ProfileExported)


def _note(
    work: Work,
    command: NoteCandidatesShown | NoteProfileOpened | NoteListExported | NoteProfileExported,
    event: type[Event],
) -> Viewing:
    position = own_position(work, command, command.position_id)
    viewing = work.find(Viewing, command.viewing_id)
    facts = command.asked(without="viewing_id")
    viewing.note(event, command, employer_id=position.employer_id, **facts)
    return viewing
