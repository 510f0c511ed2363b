"""Forms that no page of ours would send, or sends twice: a clear answer, and nothing is lost."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from domain.actor import Role
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, visitor

CLAIMED = "SELECT 1 FROM idempotency_claims WHERE key = %s"


@pytest.fixture
def recruiter(stage: Stage, scene: Scene) -> Visitor:
    scene.approved()
    stage.catch_up()
    return visitor(stage, Role.RECRUITER, scene.employer_id)


@pytest.mark.parametrize(
    "form",
    [
        {"title": "a", "title.x": "b"},
        {"filters": "a", "filters.roles[]": "b"},
        {"filters.roles": "a", "filters.roles[]": "b"},
        {".".join("a" * 5_000): "b", "title": "Cook"},
    ],
    ids=["text and group", "text before group", "text and list", "deep"],
)
def test_a_form_whose_names_make_no_body_is_refused(
    recruiter: Visitor, form: dict[str, Any]
) -> None:
    assert recruiter.post("/positions", form).status_code in (400, 422)


def test_a_search_whose_names_make_no_body_is_refused(stage: Stage) -> None:
    assert visitor(stage, Role.AUDITOR).get("/events?kind=a&kind.x=1").status_code == 400


def test_a_key_that_cannot_be_kept_is_refused(recruiter: Visitor) -> None:
    assert recruiter.post("/positions", {"title": "Cook", "_key": "a\0b"}).status_code == 400


def test_a_form_that_is_being_worked_on_can_be_sent_again(stage: Stage, recruiter: Visitor) -> None:
    form = {"title": "Cook", "_key": str(uuid4()), "_csrf": recruiter.csrf("/help")}
    with ThreadPoolExecutor() as threads, stage.held_log(), stage.connection() as db:
        first = threads.submit(recruiter.post, "/positions", form)
        while not db.execute(CLAIMED, [form["_key"]]).fetchone():
            assert not first.done()
        response = recruiter.post("/positions", form)
    assert response.status_code == 409
    assert f'name="_key" value="{form["_key"]}"' in response.text
    assert "is done once" in response.text
    assert first.result().status_code == 303


def test_other_words_under_a_used_key_are_kept_with_a_new_one(recruiter: Visitor) -> None:
    assert recruiter.post("/positions", {"title": "Cook", "_key": "used"}).status_code == 303
    response = recruiter.post("/positions", {"title": "Baker", "_key": "used"})
    assert response.status_code == 422
    assert 'value="Baker"' in response.text
    assert 'name="_key"' in response.text
    assert 'name="_key" value="used"' not in response.text


@pytest.mark.parametrize("path", ["/", "/static/console.js", "/positions", "/nowhere"])
def test_every_answer_keeps_frames_and_scripts_out(stage: Stage, path: str) -> None:
    response = stage.http.get(path, follow_redirects=False)
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
