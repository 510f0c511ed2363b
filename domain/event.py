"""What every event carries: its stored name, its version, and who caused it, when and how."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.actor import Actor
from domain.values import Moment

T = TypeVar("T")

ERASED = "[erased]"
"""What replaces a personal text once the person's key is destroyed."""


class PersonalData:
    """Marks a field as personal data; see `Personal`."""


TYPES: dict[str, type["Event"]] = {}
"""The types of events by their stored names."""

Personal = Annotated[T, PersonalData]
"""A field about or by a person, encrypted under that person's own key before it is stored.

Once the key is destroyed, a text reads `[erased]`; a field of another type reads as its default,
which it must have.
"""


class Event(BaseModel):
    """Something that happened to one aggregate, stored under a name that never changes.

    Declare one at module level with its stored name and version. `person` names the field with the
    id of the person its personal data belong to (by default the aggregate's own). `erases` destroys
    that person's key in the transaction that records the event. A `withdrawal`, as every erasure
    is, does not wait in a projection for parked events of its stream. `redacted_in_log` hides the
    personal fields from readers of the event log: only projections receive them.

    >>> class CupFilled(Event, name="cup.filled", version=1):
    ...     litres: float
    >>> CupFilled.TOPIC
    'cup.filled'

    An event of version 2 has a static method `upcast_v1_v2(state)`, which changes a stored state of
    version 1 in place; and so on for every later version. Without the person's key, personal fields
    are missing from that state.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    TOPIC: ClassVar[str]
    class_version: ClassVar[int]
    person: ClassVar[str]
    erases: ClassVar[bool]
    withdrawal: ClassVar[bool]
    redacted_in_log: ClassVar[bool]
    personal: ClassVar[frozenset[str]]
    erased: ClassVar[Mapping[str, Any]]
    """The values of the personal fields once the person's key is destroyed."""

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
        withdrawal: bool = False,
        redacted_in_log: bool = False,
    ) -> None:
        super().__init_subclass__()
        cls.TOPIC = name
        cls.class_version = version
        cls.person = person
        cls.erases = erases
        cls.withdrawal = withdrawal or erases
        cls.redacted_in_log = redacted_in_log
        if name in TYPES:
            raise TypeError(f"{cls.__name__} is stored as {name}, as {TYPES[name].__name__} is")
        TYPES[name] = cls

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        cls.personal = frozenset(
            field for field, info in cls.model_fields.items() if PersonalData in info.metadata
        )
        for field in cls.personal:
            info = cls.model_fields[field]
            if info.annotation is not str and info.is_required():
                raise TypeError(f"{cls.__name__}.{field} is personal: make it text or default it")
        cls.erased = MappingProxyType(
            {
                field: ERASED
                if info.annotation is str
                else info.get_default(call_default_factory=True)
                for field, info in cls.model_fields.items()
                if field in cls.personal
            }
        )

    @staticmethod
    def all_of(aggregate: str) -> list[type["Event"]]:
        """The types of events of this kind of aggregate, such as `candidate`."""
        return [kind for name, kind in TYPES.items() if name.startswith(f"{aggregate}.")]

    @property
    def person_id(self) -> UUID:
        """The person whose personal data this event carries."""
        return cast(UUID, getattr(self, self.person))

    def redacted(self) -> Self:
        """The event as readers of the event log may see it."""
        return self.model_copy(update=self.erased) if self.redacted_in_log else self


ENVELOPE = set(Event.model_fields)
"""The fields that every event has."""
