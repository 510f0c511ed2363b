"""What decides whether a person may be contacted, whichever of their profiles says so."""

from datetime import datetime
from typing import Self
from uuid import UUID

from domain.values import Moment, Value


class Standing(Value):
    """What decides whether a person may be contacted, with that of their merged duplicates."""

    opted_in: bool
    has_address: bool
    signed_up_at: Moment
    last_active_at: Moment
    blocked: tuple[UUID, ...]
    contacted_at: tuple[Moment, ...]
    positions: tuple[UUID, ...]
    contact_budget: int | None = None
    """How many contacts the person wants within the window; None if they have not said."""
    identifiers: tuple[UUID, ...] = ()
    """By which lists know the person: ids, and keyed hashes of addresses and their domains."""
    works_at: tuple[UUID, ...] = ()
    """Keyed hashes of the names and domains of the person's present employers."""
    consent_until: Moment | None = None
    """When the consent ends; None if it has no end."""

    def agrees_at(self, at: datetime) -> bool:
        """Whether the person agrees to be written to at this moment."""
        return self.opted_in and (self.consent_until is None or at < self.consent_until)

    def agrees_before(self, end: datetime | None) -> bool:
        """Whether the person agrees, and does so beyond this end."""
        ends_later = self.consent_until is None or (end is not None and end < self.consent_until)
        return self.opted_in and end is not None and ends_later

    def with_duplicate(self, other: Self) -> Self:
        """The stricter consent, the later activity, the contacts of both, the smaller budget."""
        return type(self)(
            opted_in=self.opted_in and other.opted_in,
            has_address=self.has_address or other.has_address,
            signed_up_at=min(self.signed_up_at, other.signed_up_at),
            last_active_at=max(self.last_active_at, other.last_active_at),
            blocked=tuple(dict.fromkeys((*self.blocked, *other.blocked))),
            contacted_at=tuple(sorted((*self.contacted_at, *other.contacted_at))),
            positions=tuple(dict.fromkeys((*self.positions, *other.positions))),
            contact_budget=min(
                (one for one in (self.contact_budget, other.contact_budget) if one is not None),
                default=None,
            ),
            identifiers=tuple(dict.fromkeys((*self.identifiers, *other.identifiers))),
            works_at=tuple(dict.fromkeys((*self.works_at, *other.works_at))),
            consent_until=earliest(self.consent_until, other.consent_until),
        )


def earliest(*moments: datetime | None) -> datetime | None:
    """The earliest of these moments; None if there is none."""
    return min((moment for moment in moments if moment is not None), default=None)
