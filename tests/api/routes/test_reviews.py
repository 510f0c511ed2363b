"""Shortlists and candidates who are not of interest, over the API."""

from functools import partial
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.cloud_events import cloud_events
from domain.actor import Role
from infrastructure.event_log import queries
from tests.support.client import Client, codes, done, statuses
from tests.support.concurrency import at_once
from tests.support.stage import Scene, Stage

WHY = {"reason": "salary", "note": "Twice the budget."}


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def ask(
    scene: Scene,
    method: str,
    position: str,
    candidate: str,
    what: str,
    *,
    by: Client | None = None,
    body: Any = WHY,
    **options: Any,
) -> Any:
    """Decide about a candidate of a position, once the read models show what has happened."""
    path = f"/positions/{position}/candidates/{candidate}/{what}"
    said = body if (method, what) == ("POST", "set-aside") else None
    return (by or scene.recruiter)(method, path, said, params={"after": scene.latest()}, **options)


def shortlisted(scene: Scene, position: str, **asked: Any) -> list[str]:
    listed = scene.recruiter.get(f"/positions/{position}/shortlist", after=scene.latest(), **asked)
    return [card["name"] for card in done(listed)["items"]]


def aside(scene: Scene, position: str) -> list[dict[str, Any]]:
    listed = scene.recruiter.get(f"/positions/{position}/set-aside", after=scene.latest())
    return list(done(listed)["items"])


def counts(scene: Scene, position: str) -> dict[str, int]:
    counted = scene.recruiter.get(f"/positions/{position}/counts", after=scene.latest())
    return dict(done(counted))


def test_a_shortlisted_candidate_is_on_the_shortlist_and_marked_in_the_list(scene: Scene) -> None:
    for name in ("Ada", "Ben"):
        scene.member(name, silent_days=400)
    ada = scene.member("Cleo", silent_days=400)
    position = scene.position()
    done(ask(scene, "POST", position, ada, "shortlist"))
    assert shortlisted(scene, position) == ["Cleo"]
    assert counts(scene, position)["shortlist"] == 1
    path = f"/positions/{position}/passive-candidates"
    cards = done(scene.recruiter.get(path, after=scene.latest()))["items"]
    assert {card["name"]: card["shortlisted"] for card in cards} == {
        "Ada": False,
        "Ben": False,
        "Cleo": True,
    }
    done(ask(scene, "DELETE", position, ada, "shortlist"))
    assert shortlisted(scene, position) == []


def test_who_is_set_aside_leaves_the_lists_with_the_reason_until_taken_back(scene: Scene) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    scene.member("Ben", silent_days=400)
    done(ask(scene, "POST", position, ada, "set-aside"))
    assert scene.names(position, "passive-candidates") == ["Ben"]
    assert counts(scene, position)["passive_candidates"] == 1
    (card,) = aside(scene, position)
    assert card["name"] == "Ada"
    assert {name: card["set_aside"][name] for name in WHY} == WHY
    profile = done(scene.recruiter.get(f"/positions/{position}/candidates/{ada}"))
    assert profile["set_aside"] == card["set_aside"]
    done(ask(scene, "DELETE", position, ada, "set-aside"))
    assert aside(scene, position) == []
    assert {*scene.names(position, "passive-candidates")} == {"Ada", "Ben"}


def test_who_is_set_aside_cannot_be_messaged_until_taken_back(scene: Scene) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    done(ask(scene, "POST", position, ada, "set-aside"))
    refused = scene.message(position, ada)
    assert (refused.status_code, codes(refused)) == (409, ["set_aside_by_employer"])
    done(ask(scene, "DELETE", position, ada, "set-aside"))
    done(scene.message(position, ada))


def test_an_opened_profile_is_marked_in_the_list(scene: Scene) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    scene.member("Ben", silent_days=400)
    path = f"/positions/{position}/passive-candidates"
    done(scene.recruiter.get(f"/positions/{position}/candidates/{ada}", after=scene.latest()))
    cards = done(scene.recruiter.get(path, after=scene.latest()))["items"]
    assert {card["name"]: card["opened_at"] is not None for card in cards} == {
        "Ada": True,
        "Ben": False,
    }


def test_a_shortlist_is_read_page_by_page(scene: Scene) -> None:
    position = scene.position()
    for name in ("Ada", "Ben", "Cleo"):
        candidate = scene.member(name, silent_days=400)
        done(ask(scene, "POST", position, candidate, "shortlist"))
    assert shortlisted(scene, position) == ["Cleo", "Ben", "Ada"]
    first = done(scene.recruiter.get(f"/positions/{position}/shortlist", limit=2))
    rest = scene.recruiter.get(
        f"/positions/{position}/shortlist", limit=2, cursor=first["next_cursor"]
    )
    assert [card["name"] for card in done(rest)["items"]] == ["Ada"]


# --- Twice, at once, and stale


def test_the_same_request_again_records_nothing_and_gives_the_same_answer(scene: Scene) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    about, same = ("POST", position, ada, "set-aside"), {"Idempotency-Key": uuid4().hex}
    first = done(ask(scene, *about, headers=same))
    before = scene.latest()
    assert done(ask(scene, *about, headers=same)) == first
    assert done(ask(scene, *about))["version"] == first["version"]
    assert scene.latest() == before


def test_of_two_recruiters_at_once_one_reason_is_recorded(scene: Scene) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    others = [
        scene.stage.as_(Role.RECRUITER, scene.employer_id, f"recruiter-{n}@test") for n in range(4)
    ]

    scene.stage.catch_up()

    def set_aside(recruiter: Client) -> Any:
        return done(ask(scene, "POST", position, ada, "set-aside", by=recruiter))

    calls = [partial(set_aside, recruiter) for recruiter in others]
    (review,) = {answer["id"] for answer in at_once(*calls)}
    assert [topic for _, topic in scene.stage.topics(review)] == ["review.set_aside"]


def test_a_message_and_setting_aside_at_once_leave_one_winner(scene: Scene) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    scene.stage.catch_up()
    answers = at_once(
        lambda: scene.message(position, ada),
        lambda: ask(scene, "POST", position, ada, "set-aside"),
    )
    assert statuses(answers) == [201, 409]


def test_a_stale_page_is_refused_with_the_reason(scene: Scene) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    done(ask(scene, "POST", position, ada, "set-aside"))
    refused = ask(scene, "POST", position, ada, "shortlist")
    assert (refused.status_code, codes(refused)) == (409, ["set_aside_by_employer"])
    ben = scene.member("Ben", silent_days=400)
    done(scene.message(position, ben))
    refused = ask(scene, "POST", position, ben, "set-aside")
    assert (refused.status_code, codes(refused)) == (409, ["already_contacted"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": "age"},
        {"reason": "other", "note": ""},
        {"reason": "other", "note": "x" * 501},
    ],
)
def test_a_reason_is_one_of_the_list_and_a_note_is_short(scene: Scene, body: Any) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    assert ask(scene, "POST", position, ada, "set-aside", body=body).status_code == 422


# --- Who sees what

CHANGES = tuple(product(("POST", "DELETE"), ("shortlist", "set-aside")))


def test_another_employers_position_and_unknown_candidates_are_not_found(scene: Scene) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    done(ask(scene, "POST", position, ada, "shortlist"))
    stranger = scene.stage.scene().in_beta().recruiter
    for method, what in CHANGES:
        assert ask(scene, method, position, ada, what, by=stranger).status_code == 404
        assert ask(scene, method, position, str(uuid4()), what).status_code == 404
    for path in ("shortlist", "set-aside"):
        assert stranger.get(f"/positions/{position}/{path}").status_code == 404


def test_nobody_is_decided_about_whom_the_position_never_showed(scene: Scene) -> None:
    scene.member("Ada", silent_days=400)
    hidden = scene.member("Hidden", silent_days=400)
    position = scene.position(required_skills=["Something that nobody has"])
    for method, what in CHANGES:
        assert ask(scene, method, position, hidden, what).status_code == 404


def test_who_is_shortlisted_stays_visible_when_the_filters_change(scene: Scene) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    done(ask(scene, "POST", position, ada, "shortlist"))
    filters = {"required_skills": ["Something that nobody has"]}
    done(scene.recruiter("PUT", f"/positions/{position}/filters", filters))
    assert shortlisted(scene, position) == ["Ada"]
    profile = f"/positions/{position}/candidates/{ada}"
    assert done(scene.recruiter.get(profile))["shortlisted"]


@pytest.mark.parametrize("how", ["opt-out", "erasure"])
def test_who_leaves_is_on_no_shortlist_and_is_not_found(scene: Scene, how: str) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    done(ask(scene, "POST", position, ada, "shortlist"))
    gone = ("DELETE", "") if how == "erasure" else ("POST", "/opt-out")
    done(scene.platform(gone[0], f"/candidates/{ada}{gone[1]}"))
    assert shortlisted(scene, position) == []
    for method, what in CHANGES:
        assert ask(scene, method, position, ada, what).status_code == 404


def test_the_marketplaces_own_people_do_not_see_what_was_decided(scene: Scene) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    done(ask(scene, "POST", position, ada, "shortlist"))
    done(ask(scene, "POST", position, ada, "set-aside"))
    support = scene.stage.as_(Role.SUPPORT)
    for path in ("shortlist", "set-aside"):
        assert support.get(f"/positions/{position}/{path}").status_code == 403
    seen = done(support.get(f"/positions/{position}/candidates/{ada}", after=scene.latest()))
    assert (seen["shortlisted"], seen["set_aside"]) == (False, None)


def test_a_closed_position_has_no_shortlist(scene: Scene) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    done(ask(scene, "POST", position, ada, "shortlist"))
    done(scene.recruiter.post(f"/positions/{position}/closure", {}))
    refused = scene.recruiter.get(f"/positions/{position}/shortlist", after=scene.latest())
    assert (refused.status_code, codes(refused)) == (403, ["position_is_closed"])
    refused = ask(scene, "POST", position, ada, "set-aside")
    assert refused.status_code == 403


def test_the_employer_reads_it_in_its_event_stream_and_no_other_does(scene: Scene) -> None:
    ada, position = scene.member("Ada", silent_days=400), scene.position()
    review = done(ask(scene, "POST", position, ada, "set-aside"))["id"]
    store = scene.stage.marketplace.store
    with scene.stage.connection() as db:
        logged = queries.of_aggregate(db, UUID(review))
    (event,) = cloud_events(store, logged, UUID(scene.employer_id))
    assert event.type == "review.set_aside"
    assert event.data == {
        "employer_id": scene.employer_id,
        "position_id": position,
        "candidate_id": ada,
        **WHY,
    }
    assert cloud_events(store, logged, uuid4()) == []
