"""Invitations to interviews as iCalendar (RFC 5545), sent by iTIP (RFC 5546)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText

from infrastructure.mail.addresses import domain_of


@dataclass(frozen=True)
class Invitation:
    """An interview, or that it will not be. A later one of the same has a higher `sequence`."""

    outreach_id: UUID
    sequence: int
    is_cancelled: bool
    written_at: datetime
    starts_at: datetime
    minutes: int
    zone: str
    place: str | None
    title: str
    organizer_name: str
    attendee_name: str

    @property
    def method(self) -> str:
        """The method of iTIP."""
        return "CANCEL" if self.is_cancelled else "REQUEST"


def as_calendar(invitation: Invitation, marketplace_address: str, attendee: str) -> bytes:
    """The invitation for one attendee; updates and cancellations have the same UID.

    The marketplace's address stands for the organizer: neither side learns the other's by it.
    """
    zone = ZoneInfo(invitation.zone)
    event = Event()
    event.add("uid", f"{invitation.outreach_id}@{domain_of(marketplace_address)}")
    event.add("dtstamp", invitation.written_at)
    event.add("sequence", invitation.sequence)
    event.add("summary", invitation.title)
    event.add("dtstart", invitation.starts_at.astimezone(zone))
    event.add(
        "dtend", (invitation.starts_at + timedelta(minutes=invitation.minutes)).astimezone(zone)
    )
    event.add("status", "CANCELLED" if invitation.is_cancelled else "CONFIRMED")
    if invitation.place:
        event.add("location", invitation.place)
    organizer = vCalAddress(f"mailto:{marketplace_address}")
    organizer.params["CN"] = vText(invitation.organizer_name)
    event["organizer"] = organizer
    invited = vCalAddress(f"mailto:{attendee}")
    invited.params["CN"] = vText(invitation.attendee_name)
    invited.params["PARTSTAT"] = vText("ACCEPTED")
    event.add("attendee", invited, encode=False)
    calendar = Calendar()
    calendar.add("prodid", "-//Passive Candidate Sourcing//EN")
    calendar.add("version", "2.0")
    calendar.add("method", invitation.method)
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())
