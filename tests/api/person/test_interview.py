"""The interview on the candidate's page: a time is picked, in any time zone, or it is cancelled."""

from datetime import timedelta

import pytest

from api.marketplace import now
from tests.support.client import done
from tests.support.letter_links import Holder, holder
from tests.support.stage import Stage

FIRST = (now() + timedelta(days=30)).replace(hour=8, minute=0, second=0, microsecond=0)
SECOND = FIRST + timedelta(days=1)


@pytest.fixture
def ada(stage: Stage) -> Holder:
    """Who was offered two times at nine and ten in Berlin."""
    ada = holder(stage)
    ada.post("/interest", {})
    offer = {
        "times": [FIRST.isoformat(), SECOND.isoformat()],
        "meeting": {"zone": "Africa/Lagos", "minutes": 45, "organizer_name": "Robin"},
    }
    done(ada.scene.recruiter.post(f"/outreach/{ada.outreach}/times", offer))
    return ada


def test_the_times_are_offered_in_the_zone_that_they_were_planned_in(ada: Holder) -> None:
    assert "offers 2 times" in ada.text()
    assert "09:00 (Africa/Lagos)" in ada.text("/interview")


def test_they_are_shown_in_the_zone_that_the_candidate_chooses(ada: Holder) -> None:
    page = ada.http.get(f"{ada.link}/interview?zone=Asia/Tokyo").text
    assert "17:00 (Asia/Tokyo)" in page


def test_a_zone_that_is_none_is_left_out(ada: Holder) -> None:
    page = ada.http.get(f"{ada.link}/interview?zone=<b>")
    assert "09:00 (Africa/Lagos)" in page.text
    assert "<b>" not in page.text


def test_a_picked_time_is_agreed(ada: Holder) -> None:
    before = ada.stage.reached()
    page = ada.sends("/interview", {"starts_at": SECOND.isoformat()})
    assert "The interview is agreed." in page
    assert ada.facts(before) == [("outreach.interview_scheduled", ada.candidate, "candidate")]
    assert "The interview is on" in ada.text("/interview")


def test_without_a_choice_the_page_comes_again(ada: Holder) -> None:
    response = ada.post("/interview", {})
    assert response.status_code == 422
    assert "09:00 (Africa/Lagos)" in response.text


def test_a_time_that_was_not_offered_is_refused_in_plain_words(ada: Holder) -> None:
    response = ada.post("/interview", {"starts_at": (FIRST + timedelta(hours=1)).isoformat()})
    assert response.status_code == 409
    assert "This time is not offered any more" in response.text


def test_the_candidate_cancels(ada: Holder) -> None:
    ada.post("/interview", {"starts_at": SECOND.isoformat()})
    before = ada.stage.reached()
    page = ada.sends("/cancellation", {"note": "I fell ill."})
    assert "The interview is cancelled." in page
    assert ada.facts(before) == [("outreach.interview_cancelled", ada.candidate, "candidate")]


def test_looking_picks_nothing(ada: Holder) -> None:
    before = ada.stage.reached()
    ada.get("/interview")
    ada.http.head(f"{ada.link}/interview")
    assert ada.stage.reached() == before
