"""Lists leave as CSV and XLSX, who said yes as JSON Resume; who takes them away is noted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import Draft4Validator, FormatChecker

from api.candidates import exports
from api.marketplace import now
from domain.actor import Role
from domain.viewing import ListExported, ProfileExported
from tests.support import json_resume
from tests.support.client import codes, done
from tests.support.databases import Databases
from tests.support.spreadsheets import formulas_of, rows_of
from tests.support.stage import Scene, Stage, own_stage

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SCHEMA = json.loads((Path(json_resume.__path__[0]) / "schema-1.0.0.json").read_text())


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def file(scene: Scene, path: str, **asked: Any) -> Any:
    return scene.recruiter.get(f"{path}/file", after=scene.latest(), **asked)


def noted(scene: Scene, about: str, kind: type[Any]) -> list[Any]:
    """What was noted of exports for a position."""
    events = done(scene.stage.as_(Role.AUDITOR).get("/events/search", kind=kind.TOPIC, limit=200))
    return [each for each in events["items"] if each["data"]["position_id"] == about]


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_list_is_a_file_with_its_people_in_its_order(scene: Scene, format: str) -> None:
    a, b, c = (f"Skill {uuid4()}" for _ in range(3))
    for name, skills in {"None": (a,), "Both": (a, b, c), "One": (a, b), "Other": (b,)}.items():
        scene.member(name, silent_days=400, skills=skills)
    position = scene.position(required_skills=[a], nice_to_have_skills=[b, c])
    path = f"/positions/{position}/passive-candidates"
    rows = rows_of(file(scene, path, format=format, sort="match"))
    assert [row["Name"] for row in rows] == scene.names(
        position, "passive-candidates", sort="match"
    )
    assert [row["Name"] for row in rows] == ["Both", "One", "None"]
    assert rows[0]["Matching skills"] == f"{a}, {b}, {c}"
    assert rows[0]["On the shortlist"] == "no"
    assert "Likelihood to respond (%)" in rows[0]


def test_the_accept_header_chooses_the_file_as_well(scene: Scene) -> None:
    scene.member("Casey", silent_days=3, skills=("Cobol",))
    position = scene.position(required_skills=["Cobol"])
    path = f"/positions/{position}/recommendations/file"
    found = scene.recruiter("GET", path, params={"after": scene.latest()}, headers={"Accept": XLSX})
    assert found.headers["content-type"] == XLSX
    assert found.headers["content-disposition"].endswith('.xlsx"')
    assert [row["Name"] for row in rows_of(found)] == ["Casey"]
    assert file(scene, path.removesuffix("/file")).headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_no_cell_is_run_by_a_spreadsheet(scene: Scene, format: str, name: str) -> None:
    skill = f"Own {uuid4()}"
    scene.member(name, silent_days=400, skills=(skill,))
    position = scene.position(required_skills=[skill])
    answer = file(scene, f"/positions/{position}/passive-candidates", format=format)
    (row,) = rows_of(answer)
    assert row["Name"] == f"'{name}"
    assert format == "csv" or formulas_of(answer) == 0


def test_no_file_says_how_to_reach_a_person(scene: Scene) -> None:
    skill = f"Own {uuid4()}"
    candidate = scene.member("Casey", silent_days=400, skills=(skill,))
    position = scene.position(required_skills=[skill])
    answers = [file(scene, f"/positions/{position}/passive-candidates")]
    done(scene.recruiter.post(f"/positions/{position}/candidates/{candidate}/shortlist"))
    answers.append(file(scene, f"/positions/{position}/shortlist"))
    done(scene.message(position, candidate))
    answers.append(file(scene, f"/positions/{position}/interviews"))
    assert ["Casey" in answer.text for answer in answers] == [True, True, True]
    assert not any("@example.com" in answer.text for answer in answers)


def test_the_shortlist_and_who_is_not_of_interest_are_files_too(scene: Scene) -> None:
    skill = f"Own {uuid4()}"
    kept, other = (scene.member(n, silent_days=400, skills=(skill,)) for n in ("Kept", "Other"))
    position = scene.position(required_skills=[skill])
    of = f"/positions/{position}"
    scene.stage.catch_up()
    done(scene.recruiter.post(f"{of}/candidates/{kept}/shortlist"))
    why = {"reason": "salary", "note": "=too much"}
    done(scene.recruiter.post(f"{of}/candidates/{other}/set-aside", why))
    (row,) = rows_of(file(scene, f"{of}/shortlist"))
    assert (row["Name"], row["On the shortlist"]) == ("Kept", "yes")
    (row,) = rows_of(file(scene, f"{of}/set-aside"))
    assert (row["Name"], row["Not interested: note"]) == ("Other", "'=too much")


def test_interviews_are_a_file_with_the_lists_filters(scene: Scene) -> None:
    skill = f"Own {uuid4()}"
    candidate = scene.member("Casey", silent_days=400, skills=(skill,))
    position = scene.position(required_skills=[skill])
    done(scene.message(position, candidate))
    of = f"/positions/{position}/interviews"
    (row,) = rows_of(file(scene, of, badge="Passive Candidate"))
    assert (row["Name"], row["Status"], row["Salary to"]) == ("Casey", "Awaiting answer", "80000")
    assert rows_of(file(scene, of, status="declined")) == []


def test_positions_are_a_file(scene: Scene) -> None:
    scene.position()
    (row,) = rows_of(file(scene, f"/employers/{scene.employer_id}/positions", format="xlsx"))
    assert (row["Title"], row["Location"], row["Closed (UTC)"]) == (
        "Backend developer",
        "Berlin",
        "",
    )
    assert rows_of(file(scene, f"/employers/{scene.employer_id}/positions", status="closed")) == []


def test_the_funnel_is_a_workbook(scene: Scene) -> None:
    asked = {"format": "xlsx", "employer_id": scene.employer_id}
    (row,) = rows_of(scene.stage.as_(Role.ANALYST).get("/funnel", **asked))
    assert row["Shown"] == "0"


def test_a_file_has_the_first_rows_of_a_list(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 3)
    monkeypatch.setattr(exports, "PAGE", 2)
    skill = f"Own {uuid4()}"
    for n in range(5):
        scene.member(f"{n}", silent_days=400, skills=(skill,))
    position = scene.position(required_skills=[skill])
    rows = rows_of(file(scene, f"/positions/{position}/passive-candidates"))
    assert len({row["Name"] for row in rows}) == 3


def test_who_took_whom_away_is_noted(scene: Scene) -> None:
    skill = f"Own {uuid4()}"
    candidate = scene.member("Casey", silent_days=400, skills=(skill,))
    position = scene.position(required_skills=[skill])
    rows_of(file(scene, f"/positions/{position}/passive-candidates", format="xlsx"))
    rows_of(file(scene, f"/positions/{position}/passive-candidates", format="xlsx"))
    first, second = noted(scene, position, ListExported)
    assert first["data"]["candidate_ids"] == second["data"]["candidate_ids"] == [candidate]
    assert (first["data"]["taken"], first["data"]["file_type"]) == ("passive", "xlsx")
    assert first["actorid"] == "recruiter@test"


def test_nothing_leaves_that_the_page_would_not_show(stage: Stage) -> None:
    scene = stage.scene().approved()  # and not in the beta
    position = scene.position()
    refused = file(scene, f"/positions/{position}/passive-candidates")
    assert (refused.status_code, codes(refused)) == (403, ["not_in_beta"])
    assert noted(scene, position, ListExported) == []


@pytest.mark.parametrize(
    "listed", ["recommendations", "passive-candidates", "shortlist", "set-aside", "interviews"]
)
def test_another_employers_lists_are_nowhere(stage: Stage, scene: Scene, listed: str) -> None:
    position = scene.position()
    stranger = stage.scene().in_beta()
    assert file(stranger, f"/positions/{position}/{listed}").status_code == 404
    at = f"/employers/{scene.employer_id}/positions"
    assert file(stranger, at).status_code == 404


# --- JSON Resume


def accepted(scene: Scene, **contact: str) -> tuple[str, str]:
    """A position and the outreach of a candidate who said yes to it."""
    skill = f"Own {uuid4()}"
    document = {
        "basics": {
            "name": "Casey Jones",
            "email": f"{uuid4()}@example.com",
            "phone": "+49 30 1",
            "summary": "Builds robots.",
            "location": {"city": "Berlin", "countryCode": "DE"},
            "profiles": [{"network": "Git", "url": "https://git.example/casey"}],
        },
        "work": [{"name": "Globex", "position": "Engineer", "startDate": "2020-02"}],
        "education": [{"institution": "TU", "area": "Physics", "startDate": "2010"}],
        "certificates": [{"name": "Pilot", "date": "2015-06-01"}],
        "projects": [{"name": "Robot", "highlights": ["It walks"]}],
        "skills": [{"name": skill}],
        "languages": [{"language": "German", "fluency": "native"}],
        "meta": {"sourcing": {"opted_in": True, "signed_up_at": "2020-01-01T00:00:00Z"}},
    }
    candidate = done(scene.platform.post("/candidates", document))["id"]
    position = scene.position(required_skills=[skill])
    scene.stage.catch_up()
    outreach = done(scene.message(position, candidate))["id"]
    body = {"contact": contact} if contact else {}
    done(scene.platform.post(f"/outreach/{outreach}/acceptance", body))
    scene.stage.catch_up()
    return position, outreach


def test_who_said_yes_is_a_valid_json_resume(scene: Scene) -> None:
    _, outreach = accepted(scene, email="casey@home.example")
    answer = scene.recruiter.get(f"/outreach/{outreach}/resume", after=scene.latest())
    document = done(answer)
    Draft4Validator(SCHEMA, format_checker=FormatChecker()).validate(document)
    assert document["basics"]["name"] == "Casey Jones"
    assert document["work"] == [{"name": "Globex", "position": "Engineer", "startDate": "2020-02"}]
    assert "attachment" in answer.headers["content-disposition"]


def test_it_has_what_the_person_told_the_employer_and_no_other_way_to_reach_them(
    scene: Scene,
) -> None:
    _, outreach = accepted(scene, email="casey@home.example")
    told = done(scene.recruiter.get(f"/outreach/{outreach}/resume", after=scene.latest()))
    assert told["basics"]["email"] == "casey@home.example"
    assert not {"phone", "profiles"} & told["basics"].keys()
    assert "meta" not in told
    _, silent = accepted(scene)
    untold = done(scene.recruiter.get(f"/outreach/{silent}/resume", after=scene.latest()))
    assert not {"email", "phone", "profiles"} & untold["basics"].keys()


def test_before_a_yes_there_is_none(scene: Scene) -> None:
    skill = f"Own {uuid4()}"
    candidate = scene.member("Casey", silent_days=400, skills=(skill,))
    outreach = done(scene.message(scene.position(required_skills=[skill]), candidate))["id"]
    answer = scene.recruiter.get(f"/outreach/{outreach}/resume", after=scene.latest())
    assert (answer.status_code, codes(answer)) == (403, ["not_accepted"])


def test_another_employer_cannot_have_it_and_who_took_it_is_noted(
    stage: Stage, scene: Scene
) -> None:
    position, outreach = accepted(scene)
    stranger = stage.scene().in_beta()
    at = f"/outreach/{outreach}/resume"
    assert stranger.recruiter.get(at, after=scene.latest()).status_code == 404
    assert noted(scene, position, ProfileExported) == []
    done(scene.recruiter.get(at, after=scene.latest()))
    (event,) = noted(scene, position, ProfileExported)
    assert event["data"]["outreach_id"] == outreach
    assert event["time"] <= now().isoformat()
