"""What every fact of the marketplace carries: its name, its version, who did it, when and why."""

from typing import Annotated, Any, ClassVar, Self, TypeVar, cast
from uuid import UUID

from eventsourcing.utils import register_topic
from pydantic import BaseModel, ConfigDict

from domain.actor import Actor
from domain.values import Moment

T = TypeVar("T")

ERASED = "[erased]"
"""What a personal text reads as once the person's key is destroyed."""


class PersonalData:
    """Marks a field as personal data; see `Personal`."""


Personal = Annotated[T, PersonalData]
"""A field about or by a person: encrypted under that person's own key before it is stored.

It is either text, which reads `[erased]` once the key is gone, or has a default, which it then is.
"""


class Event(BaseModel):
    """A fact that happened to one aggregate, under a name it keeps for ever.

    Declare one at module level with its stored name, its version and, where it carries personal
    data, the field that says whose (the aggregate itself unless told otherwise). One that `erases`
    destroys that person's key in the transaction that records it. The personal fields of one that
    is `apart` are for the read model that they are told for: who reads the log does not see them.

    >>> class CupFilled(Event, name="cup.filled", version=1):
    ...     litres: float
    >>> CupFilled.TOPIC
    'cup.filled'

    An event of a later version has a static method `upcast_v1_v2(state)` for each older one, which
    changes the stored state in place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    TOPIC: ClassVar[str]
    class_version: ClassVar[int]
    person: ClassVar[str]
    erases: ClassVar[bool]
    apart: ClassVar[bool]
    personal: ClassVar[frozenset[str]]

    originator_id: UUID
    originator_version: int
    timestamp: Moment
    actor: Actor
    request_id: str

    def __init_subclass__(
        cls,
        *,
        name: str,
        version: int,
        person: str = "originator_id",
        erases: bool = False,
        apart: bool = False,
    ) -> None:
        super().__init_subclass__()
        cls.TOPIC = name
        cls.class_version = version
        cls.person = person
        cls.erases = erases
        cls.apart = apart
        register_topic(name, cls)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        cls.personal = frozenset(
            field for field, info in cls.model_fields.items() if PersonalData in info.metadata
        )
        for field in cls.personal:
            info = cls.model_fields[field]
            if info.annotation is not str and info.is_required():
                raise TypeError(f"{cls.__name__}.{field} is personal: make it text or default it")

    @property
    def person_id(self) -> UUID:
        """Whose personal data this event carries."""
        return cast(UUID, getattr(self, self.person))

    def as_logged(self) -> Self:
        """The event as whoever reads the log may see it."""
        return self.model_copy(update=self.erased()) if self.apart else self

    @classmethod
    def erased(cls) -> dict[str, Any]:
        """The personal fields as they read once the person's key is destroyed."""
        return {
            field: ERASED if info.annotation is str else info.get_default(call_default_factory=True)
            for field, info in cls.model_fields.items()
            if field in cls.personal
        }


ENVELOPE = set(Event.model_fields)
"""The fields that every event has, beside what it says itself."""
