"""Interviews by mail: times to pick from, invitations to both, moves and cancellations."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from api.marketplace import now
from tests.support.client import done
from tests.support.post_office import PostOffice, Sent, body

Send = Callable[[], Sent]
BERLIN = ZoneInfo("Europe/Berlin")
DAY = (now() + timedelta(days=30)).astimezone(BERLIN)
FIRST = DAY.replace(hour=10, minute=0, second=0, microsecond=0)
SECOND = FIRST + timedelta(days=1)
MEETING = {
    "minutes": 45,
    "zone": "Europe/Berlin",
    "place": "https://meet.example.org/acme",
    "organizer_name": "Robin",
    "organizer_email": "robin@acme.example",
}


@pytest.fixture
def accepted(office: PostOffice, send: Send) -> Sent:
    sent = send()
    office.deliver()
    done(sent.scene.platform.post(f"/outreach/{sent.outreach}/acceptance", {}))
    return sent


def offered(sent: Sent, *times: datetime) -> None:
    offer = {"times": [time.isoformat() for time in times], "meeting": MEETING}
    done(sent.scene.recruiter.post(f"/outreach/{sent.outreach}/times", offer))


def picked(sent: Sent, time: datetime) -> None:
    pick = {"starts_at": time.isoformat()}
    done(sent.scene.platform.post(f"/outreach/{sent.outreach}/picked-time", pick))


def calendar_of(letter: EmailMessage) -> Any:
    (part,) = [one for one in letter.walk() if one.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(str(part.get_content()))
    (event,) = calendar.walk("VEVENT")
    assert part.get_param("method") == calendar["METHOD"]
    return calendar["METHOD"], event


def test_times_are_offered_in_the_recruiters_zone(office: PostOffice, accepted: Sent) -> None:
    offered(accepted, FIRST, SECOND)
    (letter,) = office.deliver(minutes=0)
    assert f"{FIRST:%A}, {FIRST.day} {FIRST:%B %Y}, 10:00 (Europe/Berlin)" in body(letter)
    assert "https://meet.example.org/acme" in body(letter)


def test_a_picked_time_is_in_both_calendars(office: PostOffice, accepted: Sent) -> None:
    offered(accepted, FIRST, SECOND)
    office.deliver(minutes=0)
    picked(accepted, SECOND)
    letters = office.deliver(minutes=0)
    assert str(letters[0]["To"]) == "Robin <robin@acme.example>"
    events = [calendar_of(letter) for letter in letters]
    assert [method for method, _ in events] == ["REQUEST", "REQUEST"]
    assert {event["DTSTART"].dt for _, event in events} == {SECOND}
    assert {event["DTEND"].dt for _, event in events} == {SECOND + timedelta(minutes=45)}
    assert len({str(event["UID"]) for _, event in events}) == 1
    assert {str(event["LOCATION"]) for _, event in events} == {MEETING["place"]}


def test_neither_side_learns_the_others_address(office: PostOffice, accepted: Sent) -> None:
    offered(accepted, FIRST)
    office.deliver(minutes=0)
    picked(accepted, FIRST)
    robins, theirs = office.deliver(minutes=0)
    assert "robin@acme.example" not in theirs.as_string()
    assert str(theirs["To"]).partition("<")[2].strip(">") not in robins.as_string()


def test_a_moved_and_a_cancelled_interview_keep_their_id(
    office: PostOffice, accepted: Sent
) -> None:
    offered(accepted, FIRST)
    picked(accepted, FIRST)
    moved = {"starts_at": SECOND.isoformat(), "meeting": MEETING}
    done(accepted.scene.recruiter.post(f"/outreach/{accepted.outreach}/interview", moved))
    done(
        accepted.scene.recruiter.post(
            f"/outreach/{accepted.outreach}/cancellation", {"note": "Ill."}
        )
    )
    letters = [one for one in office.deliver(minutes=0) if "Robin" not in str(one["To"])]
    told = [calendar_of(one) for one in letters if "calendar" in one.as_string()]
    told.sort(key=lambda one: int(one[1]["SEQUENCE"]))
    assert [method for method, _ in told] == ["REQUEST", "REQUEST", "CANCEL"]
    assert len({str(event["UID"]) for _, event in told}) == 1
    assert [int(event["SEQUENCE"]) for _, event in told] == [0, 1, 2]
    assert told[-1][1]["STATUS"] == "CANCELLED"
    assert accepted.status() == "accepted"


def test_an_organizers_wrong_address_does_not_keep_the_invitation_from_the_candidate(
    office: PostOffice, accepted: Sent
) -> None:
    meeting = {**MEETING, "organizer_email": "ro(bin@acme.example"}
    appointment = {"starts_at": FIRST.isoformat(), "meeting": meeting}
    done(accepted.scene.recruiter.post(f"/outreach/{accepted.outreach}/interview", appointment))
    letters = office.deliver(minutes=0)
    assert [str(letter["To"]).startswith("Silent") for letter in letters] == [True]
