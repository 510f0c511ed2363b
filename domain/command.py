"""What can be asked of the marketplace, and what a command may look at while it decides."""

from abc import abstractmethod
from typing import Protocol, TypeVar
from uuid import UUID

from domain.actor import Cause
from domain.aggregate import Aggregate, Refusal, Refused

A = TypeVar("A", bound=Aggregate)


class NotFound(Refused):
    """What the command is about does not exist, or is not the caller's to see."""

    def __init__(self, kind: type[Aggregate], id: UUID) -> None:
        super().__init__(Unknown(kind=kind.kind, id=id))


class Unknown(Refusal):
    """There is no {kind} {id}; check the id."""


class Work(Protocol):
    """The aggregates of one command.

    All that it changes is recorded in one transaction, and what it only read must still stand at
    that moment, or the command is decided anew.
    """

    def get(self, kind: type[A], id: UUID) -> A:
        """The aggregate. Raises `NotFound` if nothing ever happened to it."""
        ...

    def find(self, kind: type[A], id: UUID) -> A:
        """The aggregate, new if nothing ever happened to it."""
        ...


class Command(Cause):
    """A frozen request for a change, with who asks, when, and by which request."""

    @abstractmethod
    def execute(self, work: Work) -> Aggregate:
        """Decide, and return the aggregate that the command was about.

        Raises:
            Refused: with every reason at once; then nothing is recorded.
        """
