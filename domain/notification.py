"""How a recruiter wants to be told of answers: by mail for each, once a day, or not at all."""

from enum import StrEnum
from uuid import UUID, uuid5

from domain.actor import Actor, Cause, CompanyRole
from domain.aggregate import Aggregate, Refusal, Refused
from domain.command import Command, Work
from domain.event import Event, Personal
from domain.handlers import on
from domain.values import Email

NOTIFICATIONS = UUID("8a0d6a53-9d3a-5a0f-8c83-57f0c2c6a1de")


class Frequency(StrEnum):
    """How often to be told."""

    EACH = "each"
    DAILY = "daily"
    NEVER = "never"


def notification_id(recruiter: Actor) -> UUID:
    """The id of a recruiter's only choice."""
    return uuid5(NOTIFICATIONS, f"{recruiter.employer_id}/{recruiter.id}")


class NotificationSet(Event, name="notification.set", version=1):
    """A recruiter chose how often to be told of answers, and at which address."""

    employer_id: UUID
    frequency: Frequency
    email: Personal[str | None] = None


class NotificationErased(Event, name="notification.erased", version=1, erases=True):
    """The address of a former member was erased; they are told of nothing."""

    employer_id: UUID


class NotARecruiter(Refusal):
    """Only recruiters are told of answers; sign in as one."""


class AddressMissing(Refusal):
    """Give the address that mails go to."""


class Notification(Aggregate, kind="notification"):
    """A recruiter's choice, which they can change."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.frequency = Frequency.NEVER

    # Decisions: check the rule, then state the fact. Never run on replay.

    def set(self, cause: Cause, *, frequency: Frequency, email: str | None) -> None:
        """Choose."""
        if cause.by.employer_id is None:
            raise Refused(NotARecruiter())
        if frequency is not Frequency.NEVER and email is None:
            raise Refused(AddressMissing())
        kept = None if frequency is Frequency.NEVER else email
        employer_id = cause.by.employer_id
        self.record(
            NotificationSet, cause, employer_id=employer_id, frequency=frequency, email=kept
        )

    def stop(self, cause: Cause, employer_id: UUID) -> None:
        """Tell a member who was removed of nothing any more."""
        if self.frequency is not Frequency.NEVER:
            never = Frequency.NEVER
            self.record(NotificationSet, cause, employer_id=employer_id, frequency=never)

    def erase(self, cause: Cause, employer_id: UUID) -> None:
        """Erase the address that a former member gave, if they gave one."""
        if self.exists:
            self.record(NotificationErased, cause, employer_id=employer_id)

    # Facts: fold into state. Never raise, never decide.

    @on(NotificationErased)
    def on_notification_erased(self, _: NotificationErased) -> None:
        self.frequency = Frequency.NEVER

    @on(NotificationSet)
    def on_notification_set(self, event: NotificationSet) -> None:
        self.frequency = event.frequency


class SetNotification(Command):
    """Choose how often to be told of answers by mail."""

    takes = CompanyRole.READ_ONLY

    frequency: Frequency
    email: Email | None = None

    def execute(self, work: Work) -> Notification:
        notification = work.find(Notification, notification_id(self.by))
        notification.set(self, frequency=self.frequency, email=self.email)
        return notification
