"""The team of an employer over the API."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.actor import CompanyRole, Role
from domain.team import team_id
from tests.support.client import codes, done, statuses
from tests.support.concurrency import at_once, wait_until
from tests.support.stage import Scene, Stage
from tests.support.teams import joined

OWNER, RECRUITER, READ_ONLY = CompanyRole


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def path(scene: Scene, more: str = "") -> str:
    return f"/employers/{scene.employer_id}/team{more}"


def somebody(role: CompanyRole = RECRUITER) -> dict[str, str]:
    id = uuid4().hex[:8]
    return {"name": f"Rita {id}", "email": f"{id}@acme.example", "company_role": role}


def invited(scene: Scene, role: CompanyRole = RECRUITER, **changed: str) -> str:
    answer = scene.owner.post(path(scene, "/invitations"), somebody(role) | changed)
    return str(done(answer)["member_id"])


def listed(scene: Scene) -> dict[str, Any]:
    team = done(scene.owner.get(path(scene), after=scene.latest()))
    return {one["member_id"]: one for one in team}


def test_whom_an_owner_invites_is_listed_with_their_role(scene: Scene) -> None:
    id = invited(scene, READ_ONLY, name="Rita Miller")
    one = listed(scene)[id]
    assert (one["name"], one["company_role"], one["status"]) == (
        "Rita Miller",
        "read_only",
        "invited",
    )


def test_an_administrator_invites_the_first_owner(scene: Scene) -> None:
    answer = scene.admin.post(path(scene, "/invitations"), somebody(OWNER))
    assert listed(scene)[done(answer)["member_id"]]["company_role"] == "owner"


@pytest.mark.parametrize("role", [None, RECRUITER, READ_ONLY])
def test_who_is_no_owner_neither_invites_nor_takes_the_company_out_of_the_beta(
    scene: Scene, role: CompanyRole | None
) -> None:
    caller = scene.stage.as_(Role.RECRUITER, scene.employer_id, company_role=role)
    for answer in (
        caller.post(path(scene, "/invitations"), somebody()),
        caller("DELETE", f"/employers/{scene.employer_id}/beta"),
    ):
        assert answer.status_code == 403
        assert codes(answer) == ["owners_only"]


def test_the_same_address_is_invited_once_however_it_is_written(scene: Scene) -> None:
    invited(scene, email="rita@acme.example")
    body = somebody() | {"email": " Rita@ACME.example"}
    answer = scene.owner.post(path(scene, "/invitations"), body)
    assert codes(answer) == ["already_invited"]


def test_a_member_acts_in_the_role_that_they_have(scene: Scene) -> None:
    member = joined(scene, RECRUITER)
    opened = f"/employers/{scene.employer_id}/positions"
    done(member.call.post(opened, {"title": "Developer"}))
    done(scene.owner("PUT", path(scene, f"/{member.id}/role"), {"company_role": "read_only"}))

    def is_refused() -> bool:
        return bool(member.call.post(opened, {"title": "Another"}).status_code == 403)

    wait_until(is_refused)
    assert done(member.call.get("/me"))["company_role"] == "read_only"
    done(member.call.get(opened))


def test_who_may_only_look_changes_nothing(scene: Scene) -> None:
    position, candidate = scene.position(), scene.member("Silent", silent_days=400)
    reader = scene.as_(READ_ONLY)
    listed = done(reader.get(f"/positions/{position}/passive-candidates", after=scene.latest()))
    assert [card["candidate_id"] for card in listed["items"]] == [candidate]
    before = scene.stage.topics(position)
    for method, where, said in (
        ("POST", f"/positions/{position}/closure", {}),
        ("PUT", f"/positions/{position}/filters", {}),
        ("POST", "/webhooks", {"url": "http://127.0.0.1:9/"}),
    ):
        answer = reader(method, where, said)
        assert (answer.status_code, codes(answer)) == (403, ["read_only"]), where
    assert scene.stage.topics(position) == before


def test_who_may_only_look_can_ask_support(scene: Scene) -> None:
    done(scene.as_(READ_ONLY).post("/tickets", {"subject": "Help", "text": "Where is it?"}))


def test_a_removed_members_token_is_of_no_use_any_more(scene: Scene) -> None:
    member = joined(scene)
    done(member.call.get("/me"))
    done(scene.owner("DELETE", path(scene, f"/{member.id}")))
    wait_until(lambda: member.call.get("/me").status_code == 401)


@pytest.mark.parametrize("round", range(5))
def test_two_owners_who_remove_each_other_at_once_do_not_both_go(scene: Scene, round: int) -> None:
    one, other = joined(scene, OWNER), joined(scene, OWNER)
    answers: list[Any] = at_once(
        lambda: one.call("DELETE", path(scene, f"/{other.id}")),
        lambda: other.call("DELETE", path(scene, f"/{one.id}")),
    )
    assert statuses(answers) in ([200, 403], [200, 401])
    assert [each["status"] for each in listed(scene).values()].count("member") == 1
    last = one if answers[0].status_code == 200 else other
    assert codes(scene.admin("DELETE", path(scene, f"/{last.id}"))) == ["last_owner"]


def test_an_erased_member_is_not_listed_and_their_events_name_nobody(scene: Scene) -> None:
    id = invited(scene, name="Rita Miller")
    done(scene.owner("DELETE", path(scene, f"/invitations/{id}")))
    assert listed(scene)[id]["status"] == "former"
    done(scene.owner("DELETE", path(scene, f"/{id}/personal-data")))
    assert id not in listed(scene)
    auditor = scene.stage.as_(Role.AUDITOR)
    events = done(auditor.get(f"/events/{team_id(UUID(scene.employer_id))}"))
    assert "team.member_invited" in str(events)
    assert "Rita" not in str(events)


def test_another_companys_team_is_not_there(stage: Stage, scene: Scene) -> None:
    stranger = stage.scene().approved().owner
    assert stranger.get(path(scene)).status_code == 404
    assert stranger.post(path(scene, "/invitations"), somebody()).status_code == 404


def test_of_a_team_analysts_see_nothing(stage: Stage, scene: Scene) -> None:
    assert stage.as_(Role.ANALYST).get(path(scene)).status_code == 403
    done(stage.as_(Role.CSM).get(path(scene)))
