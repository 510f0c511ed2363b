"""Support's page of candidates who are one person: merged, and separated again."""

from uuid import uuid4

import pytest

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.stage import Scene, Stage
from tests.support.visitor import in_every_look, text_of, visitor


def shared_address(stage: Stage, scene: Scene) -> tuple[str, str, str]:
    """Two candidates with one address, as older programs left them."""
    one, other = (scene.member(name, silent_days=400) for name in ("Ada", "Ada again"))
    email = f"{uuid4()}@example.com"
    stage.catch_up()
    with stage.connection() as db:
        ids = [one, other]
        db.execute(
            "UPDATE candidate_pool SET email = %s WHERE candidate_id = ANY(%s::uuid[])",
            [email, ids],
        )
    return email, one, other


def test_candidates_with_one_address_are_listed_and_merged(stage: Stage, scene: Scene) -> None:
    email, one, other = shared_address(stage, scene)
    support = visitor(stage, Role.SUPPORT)
    assert email in text_of(support.get("/duplicates"))
    pair = {"candidate_id": one, "duplicate_id": other}
    page = text_of(support.sends("/duplicates", pair, at="/duplicates"))
    assert email not in page
    assert other in text_of(support.get("/duplicates/merged"))


def test_a_merge_is_undone(stage: Stage, scene: Scene) -> None:
    email, one, other = shared_address(stage, scene)
    support = visitor(stage, Role.SUPPORT)
    pair = {"candidate_id": one, "duplicate_id": other}
    support.sends("/duplicates", pair, at="/duplicates")
    page = support.sends("/duplicates/separation", pair, at="/duplicates")
    assert "They are separate candidates again." in page.text
    assert other not in text_of(page)
    assert email in text_of(support.get("/duplicates"))


def test_a_merge_that_is_refused_says_why_and_keeps_what_was_typed(
    stage: Stage, scene: Scene
) -> None:
    candidate = scene.member("Ada", silent_days=400)
    support = visitor(stage, Role.SUPPORT)
    pair = {"candidate_id": candidate, "duplicate_id": candidate}
    response = support.post("/duplicates", pair, at="/duplicates")
    assert response.status_code == 409
    assert "These are one candidate already" in response.text
    assert candidate in response.text


def test_what_is_no_id_is_said_beside_its_field(stage: Stage) -> None:
    support = visitor(stage, Role.SUPPORT)
    response = support.post("/duplicates", {"candidate_id": "Ada"}, at="/duplicates")
    assert response.status_code == 422
    assert 'id="candidate_id-fault-1"' in response.text


@pytest.mark.parametrize("role", [Role.CSM, Role.ANALYST, Role.AUDITOR])
def test_only_support_merges(stage: Stage, role: Role) -> None:
    assert visitor(stage, role).get("/duplicates").status_code == 403


@in_every_look
def test_the_page_of_duplicates_is_fit(
    desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool
) -> None:
    shared_address(stage, scene)
    support = desk(Role.SUPPORT, width=width, dark=dark)
    support.go("/duplicates")
    support.is_fit("duplicates-dark" if dark else "duplicates")
