"""The interview: the times to pick from, in any time zone, and cancelling it."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, Query, Response

from api.delivery.interview import in_words
from api.person.pages.message import shown
from api.person.visit import ByLetter, Visit
from api.routes.outreach import Cancellation, Pick
from api.web.forms import REFUSED
from domain.interviewing import CancelInterview, PickTime

router = APIRouter(prefix="/p/{token}")

ZONES = sorted(zone for zone in available_timezones() if "/" in zone)


@router.get("/interview")
def interview_page(visit: ByLetter, zone: Annotated[str, Query(max_length=100)] = "") -> Response:
    """The times that were offered, or the one that was picked, in a time zone."""
    return visit.page("interview.html", **_times(visit, zone))


@router.post("/interview")
def pick_time(visit: ByLetter) -> Response:
    """Pick a time."""
    try:
        body = visit.sent.read(Pick)
        result = visit.run(PickTime, outreach_id=visit.outreach.id, starts_at=body.starts_at)
    except REFUSED as error:
        return visit.again("interview.html", error, **_times(visit, ""))
    return visit.done(result, "time-picked")


@router.post("/cancellation")
def cancel_interview(visit: ByLetter) -> Response:
    """Cancel the interview."""
    try:
        note = visit.sent.read(Cancellation).note
        result = visit.run(CancelInterview, outreach_id=visit.outreach.id, note=note)
    except REFUSED as error:
        return visit.again("interview.html", error, **_times(visit, ""))
    return visit.done(result, "interview-cancelled")


def _times(visit: Visit, zone: str) -> dict[str, Any]:
    there = zone if zone in ZONES else visit.outreach.meeting.get("zone", "UTC")
    at = visit.outreach.interview_at
    return shown(visit) | {
        "zone": there,
        "zones": ZONES,
        "times": [
            (time.astimezone(ZoneInfo(there)).isoformat(), in_words(time, there))
            for time in visit.outreach.offered
        ],
        "starts_at": at and in_words(at, there),
    }
