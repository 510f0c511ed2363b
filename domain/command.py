"""What a command is, and what it can load while it decides."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

from domain.actor import Cause, CompanyRole
from domain.aggregate import Aggregate, Refusal, Refused
from domain.event import Event

A = TypeVar("A", bound=Aggregate)


class NotFound(Refused):
    """The aggregate does not exist, or the caller may not see it."""

    def __init__(self, kind: type[Aggregate], id: UUID) -> None:
        super().__init__(Unknown(kind=kind.kind, id=id))


class Unknown(Refusal):
    """There is no {kind} {id}; check the id."""


class NotAllowed(Refused):
    """The caller's role in the company does not allow this."""


class OwnersOnly(Refusal):
    """Only an owner of the company may do this; ask one."""


class ReadOnly(Refusal):
    """You can look at everything here but change nothing; ask an owner for another role."""


class Work(Protocol):
    """The aggregates of one command.

    All its changes are recorded in one transaction. If an aggregate that it loaded has changed by
    then, the command runs again.
    """

    def get(self, kind: type[A], id: UUID, needed: Sequence[type[Event]] | None = None) -> A:
        """Load an aggregate. Raises `NotFound` if it has no events.

        `needed` are the events that the decision needs, by default all. It is made although others
        cannot be read, as if they had not happened. Raises `Refused` if one of these cannot be.
        """
        ...

    def find(self, kind: type[A], id: UUID, needed: Sequence[type[Event]] | None = None) -> A:
        """Load an aggregate in the same way, or a new one if it has no events."""
        ...

    def find_all(self, kind: type[A], ids: Sequence[UUID]) -> list[A]:
        """Load aggregates at once, as `find` does one by one."""
        ...


class Command(Cause):
    """A frozen request for a change, with who asks, when, and in which request."""

    takes: ClassVar[CompanyRole] = CompanyRole.RECRUITER
    """The least role in a company that somebody of its team needs."""

    def decide(self, work: Work) -> Aggregate:
        """Execute if the caller's role in the company allows it. Raises `NotAllowed` otherwise."""
        check_role(self, self.takes)
        return self.execute(work)

    def asked(self, *, without: str = "") -> dict[str, Any]:
        """The fields of this kind of command, perhaps but for one: neither who asks nor when."""
        shared = {*Cause.model_fields, without}
        return {field: value for field, value in self if field not in shared}

    @abstractmethod
    def execute(self, work: Work) -> Aggregate:
        """Decide, and return the aggregate that the command is about.

        Raises `Refused` with all reasons at once; then nothing is recorded.
        """


def check_role(cause: Cause, least: CompanyRole) -> None:
    """Raise `NotAllowed` if the caller's role in their company is less than this."""
    if not cause.by.may(least):
        raise NotAllowed(OwnersOnly() if least is CompanyRole.OWNER else ReadOnly())
