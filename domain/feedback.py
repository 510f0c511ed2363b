"""What becomes of feedback that a recruiter shared: it is answered, and done at some time."""

from typing import Annotated, Any
from uuid import UUID, uuid5

from pydantic import Field

from domain.actor import Actor, Cause, CompanyRole
from domain.aggregate import Aggregate
from domain.command import Command, NotFound, Work
from domain.employer import Employer
from domain.employer_events import FeedbackShared
from domain.event import Event, Personal
from domain.handlers import on
from domain.values import FreeText, Name

FEEDBACK = UUID("5b7c9f0e-2a41-5d6b-8f13-9e0a7c4d2b68")

FeedbackNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""Which of an employer's feedback: the version of the employer that it made."""


def feedback_id(employer_id: UUID, number: int) -> UUID:
    """The id of what became of an employer's feedback."""
    return uuid5(FEEDBACK, f"{employer_id}/{number}")


class FeedbackAnswered(Event, name="feedback.answered", version=1, person="employer_id"):
    """A Customer Success Manager answered feedback, under this name."""

    employer_id: UUID
    number: int
    text: Personal[str]
    signed_by: Personal[str]


class FeedbackAnswerRead(Event, name="feedback.answer_read", version=1):
    """Who shared the feedback has read the answers up to this one."""

    employer_id: UUID
    number: int
    up_to: int


class FeedbackMarkedDone(Event, name="feedback.marked_done", version=1):
    """Nothing is left to do about the feedback."""

    employer_id: UUID
    number: int


class FeedbackReopened(Event, name="feedback.reopened", version=1):
    """Something is left to do about the feedback after all."""

    employer_id: UUID
    number: int


class Feedback(Aggregate, kind="feedback"):
    """What became of one piece of feedback; nothing at first."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.is_done = False
        self.answered_step = 0
        self.read_step = 0

    # Decisions: check the rule, then state the fact. Never run on replay.

    def answer(self, cause: Cause, *, text: str, signed_by: str, **about: Any) -> None:
        """Write to who shared it."""
        self.record(FeedbackAnswered, cause, text=text, signed_by=signed_by, **about)

    def mark_read(self, cause: Cause, *, up_to: int, **about: Any) -> None:
        """Note how far its sender has read, if that is further than before."""
        up_to = min(up_to, self.answered_step)
        if self.read_step < up_to:
            self.record(FeedbackAnswerRead, cause, up_to=up_to, **about)

    def set_done(self, cause: Cause, *, done: bool, **about: Any) -> None:
        """Say whether anything is left to do. Repeating it records nothing."""
        if done is not self.is_done:
            self.record(FeedbackMarkedDone if done else FeedbackReopened, cause, **about)

    # Facts: fold into state. Never raise, never decide.

    @on(FeedbackAnswered)
    def on_feedback_answered(self, event: FeedbackAnswered) -> None:
        self.answered_step = event.originator_version

    @on(FeedbackAnswerRead)
    def on_feedback_answer_read(self, event: FeedbackAnswerRead) -> None:
        self.read_step = event.up_to

    @on(FeedbackMarkedDone, FeedbackReopened)
    def on_feedback_done_or_reopened(self, event: FeedbackMarkedDone | FeedbackReopened) -> None:
        self.is_done = isinstance(event, FeedbackMarkedDone)


class AnswerFeedback(Command):
    """Answer feedback, under the name of a Customer Success Manager."""

    employer_id: UUID
    number: FeedbackNumber
    text: FreeText
    signed_by: Name

    def execute(self, work: Work) -> Feedback:
        feedback, _ = shared_feedback(work, self.employer_id, self.number)
        feedback.answer(self, **self.asked())
        return feedback


class SetFeedbackDone(Command):
    """Say whether anything is left to do about feedback."""

    employer_id: UUID
    number: FeedbackNumber
    done: bool

    def execute(self, work: Work) -> Feedback:
        feedback, _ = shared_feedback(work, self.employer_id, self.number)
        feedback.set_done(self, **self.asked())
        return feedback


class MarkFeedbackAnswerRead(Command):
    """Note how far one has read the answers to one's own feedback."""

    takes = CompanyRole.READ_ONLY

    employer_id: UUID
    number: FeedbackNumber
    up_to: int

    def execute(self, work: Work) -> Feedback:
        feedback, sender = shared_feedback(work, self.employer_id, self.number)
        if not sender.is_same_person(self.by):
            raise NotFound(Feedback, feedback.id)
        feedback.mark_read(self, **self.asked())
        return feedback


def shared_feedback(work: Work, employer_id: UUID, number: int) -> tuple[Feedback, Actor]:
    """The feedback and who shared it. Raises `NotFound` if nobody shared it."""
    employer = work.get(Employer, employer_id, needed=(FeedbackShared,))
    id = feedback_id(employer_id, number)
    sender = employer.feedback.get(number)
    if sender is None:
        raise NotFound(Feedback, id)
    return work.find(Feedback, id), sender
