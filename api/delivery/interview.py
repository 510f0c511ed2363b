"""What a letter about an interview says: the times offered, the invitation, the cancellation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from api.delivery.calendar import Invitation
from domain.event import Event
from domain.outreach_events import InterviewCancelled, InterviewScheduled, TimesOffered

Occasion = TimesOffered | InterviewScheduled | InterviewCancelled


@dataclass(frozen=True)
class Interview:
    """The interview that a letter is about. `invitation` is none as long as times are offered."""

    text: str
    organizer_name: str | None
    organizer_email: str | None
    invitation: Invitation | None


def interview_of(
    events: Sequence[Event], letter: int, title: str, company: str, attendee_name: str
) -> Interview | None:
    """What the letter says of an interview; None if it is about something else."""
    so_far = [event for event in events if event.originator_version <= letter]
    occasion = next((e for e in so_far if e.originator_version == letter), None)
    if not isinstance(occasion, Occasion):
        return None
    planned = [e for e in so_far if isinstance(e, TimesOffered | InterviewScheduled)]
    place = _last(event.place for event in planned)
    name = _last(event.organizer_name for event in planned)
    email = _last(event.organizer_email for event in planned)
    if isinstance(occasion, TimesOffered):
        times = "\n".join(f"- {in_words(time, occasion.zone)}" for time in occasion.times)
        text = f"{company} would like to talk to you. Pick one of these times:\n\n{times}"
        return Interview(_with_place(text, place), name, email, None)
    scheduled = [event for event in so_far if isinstance(event, InterviewScheduled)]
    last = scheduled[-1]
    invitation = Invitation(
        outreach_id=last.originator_id,
        sequence=sum(isinstance(e, InterviewScheduled | InterviewCancelled) for e in so_far) - 1,
        is_cancelled=isinstance(occasion, InterviewCancelled),
        written_at=occasion.timestamp,
        starts_at=last.starts_at,
        minutes=last.minutes,
        zone=last.zone,
        place=place,
        title=f"Interview: {title} at {company}",
        organizer_name=name or company,
        attendee_name=attendee_name,
    )
    when = in_words(last.starts_at, last.zone)
    if isinstance(occasion, InterviewCancelled):
        note = f"\n\n{occasion.note}" if occasion.note else ""
        return Interview(f"The interview on {when} is cancelled.{note}", name, email, invitation)
    moved = "has moved to" if len(scheduled) > 1 else "is on"
    text = f"Your interview with {company} {moved} {when}, for {last.minutes} minutes."
    return Interview(_with_place(text, place), name, email, invitation)


def in_words(moment: datetime, zone: str) -> str:
    """A moment in a time zone.

    >>> from datetime import UTC
    >>> in_words(datetime(2026, 5, 6, 8, tzinfo=UTC), "Europe/Berlin")
    'Wednesday, 6 May 2026, 10:00 (Europe/Berlin)'
    """
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%A}, {local.day} {local:%B %Y, %H:%M} ({zone})"


def _with_place(text: str, place: str | None) -> str:
    return f"{text}\n\nPlace: {place}" if place else text


def _last(said: Iterable[str | None]) -> str | None:
    """The last that was said, if anything was."""
    return next((one for one in reversed([*said]) if one), None)
