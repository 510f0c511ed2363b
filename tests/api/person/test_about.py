"""What candidates read about themselves: all of it, and nothing of others."""

import json
from typing import Any
from uuid import uuid4

import pytest

from api.formats.json_resume import to_profile
from domain.actor import Role
from domain.profile import FullBackground
from tests.support.client import done
from tests.support.letter_links import Holder, holder
from tests.support.stage import Stage, activity

RESUME: dict[str, Any] = {
    "basics": {
        "name": "Grace",
        "email": "grace-{}@example.com",
        "phone": "+1 555 0100",
        "summary": "Compilers.",
        "location": {"city": "Arlington", "country": "United States"},
        "profiles": [{"network": "GitHub", "url": "https://github.com/grace"}],
    },
    "work": [
        {"name": "Navy", "position": "Officer", "startDate": "2015-02", "highlights": ["COBOL"]},
        {"name": "Mark I", "endDate": "2014", "isCurrent": False},
    ],
    "education": [{"institution": "Yale", "area": "Mathematics", "studyType": "PhD"}],
    "certificates": [{"name": "Sailing", "issuer": "Navy", "date": "2019-01-02"}],
    "projects": [{"name": "FLOW-MATIC", "description": "A language."}],
    "languages": [{"language": "English", "fluency": "native"}],
    "skills": [{"name": "Python"}, {"name": "COBOL"}],
    "meta": {
        "sourcing": {
            "roles": ["Backend developer"],
            "years_experience": 12.5,
            "expected_salary": {"amount": 90_000, "currency": "USD"},
            "open_to_remote": True,
            "work_authorisation": ["United States"],
            "opted_in": True,
            "signed_up_at": "2020-01-01T00:00:00Z",
        }
    },
}


@pytest.fixture
def ada(stage: Stage) -> Holder:
    return holder(stage)


@pytest.fixture
def grace(stage: Stage) -> Holder:
    """A person about whom much is known."""
    scene = stage.scene().in_beta()
    document = json.loads(json.dumps(RESUME).replace("{}", uuid4().hex))
    candidate = str(done(scene.platform.post("/candidates", document))["id"])
    position = scene.admin.post(
        f"/employers/{scene.employer_id}/positions",
        {"title": "Compiler writer", "location": "Berlin", "filters": {}},
    )
    opened = str(done(position)["id"])
    return Holder(
        stage, scene, opened, candidate, str(done(scene.message(opened, candidate))["id"])
    )


# --- What is held


def test_every_field_is_shown_with_where_it_is_from(grace: Holder) -> None:
    body = {"source": "github", "observed_on": "2026-01-05", "facts": {"skills": ["Rust"]}}
    done(grace.scene.platform.post(f"/candidates/{grace.candidate}/observations", body))
    page = grace.text("/data")
    for said in (
        "Grace", "@example.com", "+1 555 0100", "https://github.com/grace", "Arlington",
        "Compilers.", "Officer, Navy", "COBOL", "PhD, Mathematics, Yale", "Sailing", "FLOW-MATIC",
        "English", "USD 90,000 a year", "12.5", "1 January 2020",
    ):  # fmt: skip
        assert said in page, said
    assert "Rust from github, 5 January 2026" in page
    assert "Backend developer from you, when you joined, 1 January 2020" in page


def test_protected_attributes_are_shown_to_the_person(grace: Holder) -> None:
    body = {"gender": "woman", "disability": "no"}
    done(grace.scene.platform("PUT", f"/candidates/{grace.candidate}/attributes", body))
    assert "Gender Woman Disability No" in grace.text("/data")
    done(grace.scene.platform("DELETE", f"/candidates/{grace.candidate}/attributes"))
    assert "Gender" not in grace.text("/data")


# --- Downloads


def test_the_profile_is_downloaded_as_a_document_that_reads_the_same(grace: Holder) -> None:
    grace.get("/data")
    response = grace.get("/data/resume.json")
    assert response.headers["content-disposition"] == 'attachment; filename="resume.json"'
    read, first = to_profile(response.json()), to_profile(RESUME)
    assert read.facts == first.facts
    assert read.jobs == first.jobs
    assert read.background == first.background != FullBackground()
    assert (read.name, read.summary, read.signed_up_at) == (
        "Grace",
        "Compilers.",
        first.signed_up_at,
    )
    assert read.warnings == ()


def test_every_event_about_the_person_is_downloaded(ada: Holder) -> None:
    ada.sends("/reply", {"message": "Which team?"})
    events = ada.get("/data/events.json").json()
    assert {event["type"] for event in events} == {
        "candidate.signed_up", "candidate.opted_in", "candidate.contacted",
        "outreach.message_sent", "outreach.reply_received",
    }  # fmt: skip
    assert [event["log_position"] for event in events] == sorted(e["log_position"] for e in events)
    assert events[-1]["data"]["text"] == "Which team?"
    assert events[-1]["by"] == "candidate"


def test_the_events_tell_protected_attributes_to_the_person(grace: Holder) -> None:
    done(
        grace.scene.platform(
            "PUT", f"/candidates/{grace.candidate}/attributes", {"gender": "woman"}
        )
    )
    assert grace.get("/data/events.json").json()[-1]["data"]["gender"] == "woman"


def test_the_events_tell_the_person_what_employers_decided_about_them(ada: Holder) -> None:
    position = ada.scene.position()
    about = f"/positions/{position}/candidates/{ada.candidate}"
    shortlisted = ada.scene.recruiter.post(
        f"{about}/shortlist", params={"after": ada.stage.reached()}
    )
    done(shortlisted)
    done(ada.scene.recruiter("DELETE", f"{about}/shortlist"))
    done(ada.scene.recruiter.post(f"{about}/set-aside", {"reason": "salary", "note": "Too dear."}))
    done(ada.scene.recruiter("DELETE", f"{about}/set-aside"))
    events = ada.get("/data/events.json").json()[-4:]
    assert [event["type"] for event in events] == [
        "review.shortlisted", "review.unshortlisted", "review.set_aside", "review.taken_back",
    ]  # fmt: skip
    assert (events[2]["data"]["reason"], events[2]["data"]["note"]) == ("salary", "Too dear.")
    assert "recruiter@test" not in json.dumps(events)


def test_the_events_tell_the_person_what_employers_noted_about_them(ada: Holder) -> None:
    position, recruiter = ada.scene.position(), ada.scene.recruiter
    about = f"/positions/{position}/candidates/{ada.candidate}"
    after = {"params": {"after": ada.stage.reached()}}
    note = done(recruiter.post(f"{about}/notes", {"text": "Met at a fair."}, **after))["id"]
    done(recruiter("PUT", f"/notes/{note}", {"text": "Met in May."}))
    done(recruiter.post(f"{about}/tags", {"tag": "Fair"}))
    done(recruiter("DELETE", f"/notes/{note}"))
    events = ada.get("/data/events.json").json()[-4:]
    assert [event["type"] for event in events] == [
        "note.written", "note.edited", "tagging.tag_added", "note.removed",
    ]  # fmt: skip
    said = [event["data"].get("text") or event["data"].get("tag") for event in events]
    assert said == ["Met at a fair.", "Met in May.", "Fair", None]


def test_the_events_name_no_one_who_acted_for_an_employer(ada: Holder) -> None:
    assert "recruiter@test" not in ada.get("/data/events.json").text


# --- Others


def test_nothing_of_another_person_is_shown_or_downloaded(stage: Stage) -> None:
    ada, eve = holder(stage), holder(stage, "Evelyn")
    eve.sends("/reply", {"message": "A secret of mine"})
    downloads = ("/data/events.json", "/data/resume.json")
    for page in ("", "/data", *downloads, "/reasons", "/likelihood"):
        text = ada.get(page).text
        for other in ("Evelyn", "A secret of mine", eve.candidate, eve.outreach):
            assert other not in text


def test_another_employers_thread_with_the_same_person_is_not_shown(ada: Holder) -> None:
    other = ada.stage.scene().in_beta()
    position = other.position()
    sent = done(other.message(position, ada.candidate))
    again = Holder(ada.stage, other, position, ada.candidate, str(sent["id"]))
    again.sends("/reply", {"message": "Only for the second employer"})
    assert "Only for the second employer" in again.text()
    assert "Only for the second employer" not in ada.text()


# --- Why they were written to


def test_each_time_is_told_with_what_allowed_it(ada: Holder) -> None:
    other = ada.stage.scene().in_beta()
    done(other.message(other.position(), ada.candidate))
    page = ada.text("/reasons")
    assert page.count("Robin, Head of engineering") == 2
    assert page.count("You agreed to messages on") == 2
    assert page.count("You had not been active since") == 2
    said = "written to you {} in the 30 days before; 3 are allowed"
    assert page.index(said.format("1 time")) < page.index(said.format("0 times"))
    assert page.count("this message") == 1


def test_a_message_that_was_undone_is_not_among_them(ada: Holder) -> None:
    other = ada.stage.scene().in_beta()
    sent = done(other.message(other.position(), ada.candidate))
    done(other.recruiter.post(f"/outreach/{sent['id']}/withdrawal"))
    assert ada.text("/reasons").count("Robin, Head of engineering") == 1


# --- The likelihood


def test_the_person_reads_every_reason_also_behaviour(ada: Holder) -> None:
    page = ada.text("/likelihood")
    assert "Silent for" in page
    assert "Received 1 message before" in page
    assert "Last contacted by an employer" in page
    assert "Signed in" in page


# --- Corrections


def test_what_the_person_corrects_counts_as_said_by_them(grace: Holder) -> None:
    form = {
        "name": "Grace Hopper",
        "phone": "+1 555 0199",
        "summary": "Compilers.",
        "facts.roles[]": "Backend developer",
        "facts.skills[]": "Python\nAda",
        "facts.years_experience": "13",
        "facts.city": "Arlington",
        "facts.country": "United States",
        "facts.open_to_remote": "false",
        "facts.expected_salary.amount": "90000",
        "facts.expected_salary.currency": "USD",
        "facts.expected_salary.per": "year",
        "facts.work_authorisation[]": "United States",
        "facts.languages[]": "English",
    }
    page = grace.sends("/correction", form)
    assert "Your profile is corrected." in page
    assert "Grace Hopper from the person" in page
    assert "+1 555 0199 from the person" in page
    assert "Python, Ada from the person" in page
    assert "PhD, Mathematics, Yale" in page
    last = grace.get("/data/events.json").json()[-1]
    assert {*last["data"]["fields"]} == {
        "name", "background", "skills", "years_experience", "open_to_remote",
    }  # fmt: skip


def test_what_stays_as_it_is_is_no_correction(ada: Holder) -> None:
    ada.get("/data")
    before = ada.stage.reached()
    skills = "\n".join(["Python", *ada.scene.own_skills])
    page = ada.sends("/correction", {"name": "Ada", "facts.skills[]": skills})
    assert "Your profile says this already." in page
    assert ada.facts(before) == []


def test_an_emptied_list_is_empty(ada: Holder) -> None:
    assert "Skills" not in ada.sends("/correction", {"name": "Ada", "facts.skills[]": ""})


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("facts.years_experience", "many", "Years experience: write a number"),
        ("facts.expected_salary.amount", "12", "Currency"),
        ("name", "x" * 201, "Name: use at most 200 characters"),
        ("summary", "x" * 10_001, "Summary: use at most 10000 characters"),
    ],
)
def test_a_correction_that_cannot_be_says_why_and_keeps_what_was_typed(
    ada: Holder, field: str, typed: str, said: str
) -> None:
    response = ada.post("/correction", {field: typed, "facts.city": "Kept"})
    assert response.status_code == 422
    assert said in response.text
    assert 'value="Kept"' in response.text


def test_the_address_cannot_be_changed_by_a_link(ada: Holder) -> None:
    response = ada.post("/correction", {"email": "eve@example.com", "name": "Ada L."})
    assert response.status_code == 422


# --- Several profiles of one person


def test_who_was_merged_speaks_for_all_their_profiles(ada: Holder) -> None:
    kept = ada.scene.member("Ada Kept", silent_days=300)
    support = ada.stage.as_(Role.SUPPORT)
    done(support.post(f"/candidates/{kept}/duplicates", {"duplicate_id": ada.candidate}))
    assert "Ada Kept" in ada.text("/data")
    before = ada.stage.reached()
    ada.sends("/stop")
    assert ada.facts(before) == [("candidate.opted_out", kept, "candidate")]
    subjects = {event["subject"] for event in ada.get("/data/events.json").json()}
    assert subjects == {kept, ada.candidate, ada.outreach}


def test_activity_of_the_person_is_among_their_events(ada: Holder) -> None:
    done(ada.scene.tell(activity(ada.candidate)))
    types = [event["type"] for event in ada.get("/data/events.json").json()]
    assert "candidate.was_active" in types
