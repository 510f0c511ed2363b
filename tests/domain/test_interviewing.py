"""The employer offers times, the candidate picks one; either side's interview can be cancelled."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.interviewing import CancelInterview, Meeting, OfferTimes, PickTime, ScheduleInterview
from domain.outreach_events import InterviewCancelled, InterviewScheduled, TimesOffered
from tests.support.given import (
    NOW,
    TO_CASEY,
    History,
    a_message,
    about_casey,
    accepted,
    acmes_recruiter,
    by,
    days,
    fact,
    given,
    interview_scheduled,
    passive_candidate,
    the_platform,
    then,
    then_refused,
    when,
)

TIMES = (NOW + days(2), NOW + days(3))
MEETING = Meeting(minutes=45, zone="Europe/Berlin", place="Room 5")
willing: History = (passive_candidate, a_message, accepted)
offered: dict[str, Any] = {"minutes": 45, "zone": "Europe/Berlin", "deliver_at": NOW}
times_offered = fact(TimesOffered, TO_CASEY, at=NOW, times=TIMES, **offered, **about_casey)
offer = OfferTimes(outreach_id=TO_CASEY, times=TIMES, meeting=MEETING, **by(acmes_recruiter))
pick = PickTime(outreach_id=TO_CASEY, starts_at=TIMES[1], **by(the_platform))
cancel = CancelInterview(outreach_id=TO_CASEY, note="Ill.", **by(acmes_recruiter))


def test_who_accepted_is_offered_times() -> None:
    given(willing)
    when(offer)
    then(fact(TimesOffered, TO_CASEY, times=TIMES, place="Room 5", **offered))


def test_who_has_not_accepted_is_offered_none() -> None:
    given(passive_candidate, a_message)
    when(offer)
    then_refused("not_accepted")


def test_times_in_the_past_are_not_offered() -> None:
    given(willing)
    when(offer.model_copy(update={"times": (NOW,)}))
    then_refused("interview_in_past")


@pytest.mark.parametrize("number", [0, 6])
def test_between_one_and_five_times_are_offered(number: int) -> None:
    times = tuple(NOW + days(n + 1) for n in range(number))
    with pytest.raises(ValidationError):
        OfferTimes(outreach_id=TO_CASEY, times=times, **by(acmes_recruiter))


def test_a_time_zone_must_be_one() -> None:
    with pytest.raises(ValidationError, match="Europe/Berlin"):
        Meeting(zone="Middle-earth/Shire")


def test_a_picked_time_schedules_the_interview_as_it_was_offered() -> None:
    given(willing, times_offered)
    when(pick)
    scheduled = {"starts_at": TIMES[1], "minutes": 45, "zone": "Europe/Berlin"}
    then(fact(InterviewScheduled, TO_CASEY, **scheduled, deliver_at=NOW))  # type: ignore[arg-type]  # as a fact's fields


def test_only_an_offered_time_is_picked() -> None:
    given(willing, times_offered)
    when(pick.model_copy(update={"starts_at": NOW + days(9)}))
    then_refused("time_not_offered")


def test_a_time_is_picked_once() -> None:
    given(willing, times_offered)
    when(pick)
    then(fact(InterviewScheduled, TO_CASEY))
    scheduled = fact(InterviewScheduled, TO_CASEY, starts_at=TIMES[1], **about_casey)
    given(willing, times_offered, scheduled)
    when(pick)
    then_refused("time_not_offered")


def test_an_interview_with_a_meeting_sends_invitations() -> None:
    given(willing)
    about: dict[str, Any] = {"outreach_id": TO_CASEY, "starts_at": TIMES[0]}
    when(ScheduleInterview(**about, meeting=MEETING, **by(acmes_recruiter)))
    then(fact(InterviewScheduled, TO_CASEY, starts_at=TIMES[0], deliver_at=NOW))
    given(willing)
    when(ScheduleInterview(**about, **by(acmes_recruiter)))
    then(fact(InterviewScheduled, TO_CASEY, starts_at=TIMES[0], deliver_at=None))


def test_an_interview_is_cancelled_and_another_agreed_on() -> None:
    given(willing, interview_scheduled)
    when(cancel)
    then(fact(InterviewCancelled, TO_CASEY, note="Ill.", deliver_at=NOW))
    cancelled = fact(InterviewCancelled, TO_CASEY, deliver_at=NOW, **about_casey)
    given(willing, interview_scheduled, cancelled)
    when(offer)
    then(fact(TimesOffered, TO_CASEY))


def test_without_an_interview_there_is_nothing_to_cancel() -> None:
    given(willing)
    when(cancel)
    then_refused("no_interview")
