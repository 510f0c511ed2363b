"""To a recruiter, another employer's things do not exist."""

from dataclasses import dataclass
from typing import Any

import pytest

from domain.actor import Role
from tests.support.api_routes import filled, v1_routes
from tests.support.bodies import body_of
from tests.support.client import Client, done
from tests.support.stage import MESSAGE, Scene, Stage

OWNED = ("{employer_id}", "{position_id}", "{outreach_id}", "{webhook_id}", "{note_id}")
ROUTES = [(method, path) for method, path in v1_routes() if any(id in path for id in OWNED)]


@dataclass
class Acmes:
    """What Acme has, and a recruiter of Globex who wants it."""

    scene: Scene
    ids: dict[str, str]
    stranger: Client

    def body(self, method: str, path: str) -> Any:
        """A body that the route takes, about what Acme has."""
        body = body_of(done(self.scene.stage.http.get("/openapi.json")), method, path)
        return body | {name: self.ids[name] for name in body.keys() & self.ids.keys()}


@pytest.fixture(scope="module")
def acmes(stage: Stage) -> Acmes:
    scene = stage.scene().in_beta()
    position = scene.position()
    outreach = done(scene.message(position, scene.member("Silent", silent_days=400)))["id"]
    other = scene.member("Other", silent_days=400)
    notes = f"/positions/{position}/candidates/{other}/notes"
    note = done(scene.recruiter.post(notes, {"text": "Ours."}, params={"after": scene.latest()}))[
        "id"
    ]
    ids = {
        "employer_id": scene.employer_id,
        "position_id": position,
        "outreach_id": outreach,
        "candidate_id": other,
        "note_id": note,
        "webhook_id": done(scene.recruiter.post("/webhooks", {"url": "http://127.0.0.1:9/"}))["id"],
    }
    done(scene.recruiter.get(f"/outreach/{outreach}", after=scene.latest()))
    return Acmes(scene, ids, stage.scene().in_beta().recruiter)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_strangers_request_finds_nothing_and_changes_nothing(
    stage: Stage, acmes: Acmes, method: str, path: str
) -> None:
    before = stage.reached()
    response = acmes.stranger(method, filled(path, **acmes.ids), acmes.body(method, path))
    assert response.status_code in {403, 404}, response.text
    assert response.json()["type"].rpartition(":")[2] in {"forbidden", "not-found"}
    assert stage.reached() == before


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_what_is_anothers_and_what_is_nowhere_look_alike(
    acmes: Acmes, method: str, path: str
) -> None:
    nowhere = {id[1:-1]: "11111111-1111-4111-8111-111111111111" for id in OWNED}
    body = acmes.body(method, path)
    answers = []
    for ids in (acmes.ids, acmes.ids | nowhere):
        response = acmes.stranger(method, filled(path, **ids), body)
        text = response.text
        for id in ids.values():
            text = text.replace(id, "…")
        answers.append((response.status_code, text))
    assert answers[0] == answers[1]


LEFT_ALONE = {
    "opted out": lambda scene, candidate: scene.platform.post(f"/candidates/{candidate}/opt-out"),
    "erased": lambda scene, candidate: scene.platform("DELETE", f"/candidates/{candidate}"),
    "blocked": lambda scene, candidate: scene.platform.post(
        f"/candidates/{candidate}/blocked-employers", {"employer_id": scene.employer_id}
    ),
}

ABOUT_A_CANDIDATE = (
    ("GET", "/positions/{position}/candidates/{candidate}"),
    ("GET", "/positions/{position}/candidates/{candidate}/likelihood"),
    ("GET", "/positions/{position}/candidates/{candidate}/remarks"),
    ("POST", "/positions/{position}/messages"),
    ("POST", "/positions/{position}/interview-requests"),
)


@pytest.mark.parametrize("kind", LEFT_ALONE)
@pytest.mark.parametrize(("method", "path"), ABOUT_A_CANDIDATE)
def test_who_wants_to_be_left_alone_looks_as_nobody_does(
    stage: Stage, kind: str, method: str, path: str
) -> None:
    scene = stage.scene().in_beta()
    position, candidate = scene.position(), scene.member("Quiet", silent_days=400)
    done(LEFT_ALONE[kind](scene, candidate))
    latest = scene.latest()
    answers = []
    for id in (candidate, "11111111-1111-4111-8111-111111111111"):
        body = {"candidate_id": id, "message": MESSAGE} if method == "POST" else None
        key = {"Idempotency-Key": f"about {id}"}
        at = path.format(position=position, candidate=id)
        for _ in range(2):  # the second time it is the answer that was kept
            response = scene.recruiter(method, at, body, params={"after": latest}, headers=key)
            answers.append((response.status_code, response.text.replace(id, "…")))
    assert len({*answers}) == 1
    assert answers[0][0] == 404


def test_the_owner_reads_all_of_it(acmes: Acmes) -> None:
    paths = [filled(path, **acmes.ids) for method, path in ROUTES if method == "GET"]
    statuses = {acmes.scene.recruiter.get(path).status_code for path in paths}
    assert statuses == {200, 403}


def test_a_stranger_with_the_same_name_gets_no_answer_meant_for_another(stage: Stage) -> None:
    one, other = stage.scene().approved(), stage.scene().approved()
    body, key = {"title": "Ours"}, {"Idempotency-Key": "the same in both houses"}
    path = f"/employers/{one.employer_id}/positions"
    done(one.recruiter.post(path, body, headers=key))
    stranger = stage.as_(Role.RECRUITER, other.employer_id)
    assert stranger.post(path, body, headers=key).status_code == 404
