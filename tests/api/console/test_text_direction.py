"""Text turns nothing around it, is laid out in its own direction, and can be copied with blanks."""

from uuid import uuid4

from api.marketplace import now
from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.visitor import visitor

OVERRIDE = "\u202e"
HEBREW = "שלום עולם"


def signed_up(scene: Scene, name: str, skill: str) -> str:
    document = {
        "basics": {
            "name": name,
            "email": f"{uuid4()}@example.com",
            "summary": HEBREW,
            "location": {"city": "Karachi", "countryCode": "PK"},
        },
        "work": [{"name": "Globex", "position": "Engineer", "startDate": "2010-01"}],
        "skills": [{"name": skill}],
        "meta": {
            "sourcing": {
                "opted_in": True,
                "signed_up_at": now().replace(year=now().year - 3).isoformat(),
                "years_experience": 17,
                "open_to_remote": True,
            }
        },
    }
    return str(done(scene.platform.post("/candidates", document))["id"])


def test_a_name_that_turns_the_direction_of_text_is_shown_without_that(
    stage: Stage, scene: Scene
) -> None:
    scene.in_beta()
    skill = f"Own {uuid4()}"
    candidate = signed_up(scene, f"Ada{OVERRIDE}nomis", skill)
    position = scene.position(required_skills=[skill])
    one = visitor(stage, Role.RECRUITER, scene.employer_id)
    of = f"/positions/{position}"
    for page in (f"{of}/passive-candidates", f"{of}/candidates/{candidate}"):
        shown = one.get(f"{page}?after={stage.reached()}").text
        assert "Adanomis" in shown
        assert OVERRIDE not in shown


def test_what_is_written_from_right_to_left_stands_at_the_right(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    scene.in_beta()
    skill = f"Own {uuid4()}"
    candidate = signed_up(scene, "Ada", skill)
    position = scene.position(required_skills=[skill])
    page = desk(Role.RECRUITER, scene.employer_id).go(
        f"/positions/{position}/candidates/{candidate}?after={stage.reached()}"
    )
    gap = page.get_by_text(HEBREW).first.evaluate(
        """element => {
            const range = document.createRange();
            range.selectNodeContents(element);
            const [text, box] = [range.getBoundingClientRect(), element.getBoundingClientRect()];
            return [text.left - box.left, box.right - text.right];
        }"""
    )
    left, right = gap
    assert left > 100 > right


def test_what_is_copied_of_a_candidate_has_blanks_between_its_parts(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    scene.in_beta()
    skill = f"Own {uuid4()}"
    signed_up(scene, "Ada", skill)
    position = scene.position(required_skills=[skill])
    page = desk(Role.RECRUITER, scene.employer_id).go(
        f"/positions/{position}/passive-candidates?after={stage.reached()}"
    )
    copied = page.locator(".candidate-main").first.evaluate(
        """element => {
            getSelection().selectAllChildren(element);
            return getSelection().toString();
        }"""
    )
    said = " ".join(copied.split())
    assert "Ada Engineer at Globex" in said
    assert "17 years" in said
    assert " Karachi, Pakistan or remote" in said
