"""HEAD answers as GET does, without content, and nobody has seen anything."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from api.console import pages
from api.console.session import COOKIE
from domain.actor import Role
from tests.support.api_routes import filled, v1_routes
from tests.support.client import done
from tests.support.databases import Databases
from tests.support.stage import Stage, own_stage

OTHERS = ["/health/live", "/health/ready", "/openapi.json", "/docs", "/static/pages.css"]
"""Paths that need no token; `/metrics` has other figures, and another length, each time."""

PAGES = sorted(
    route.path
    for router in pages.ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and "GET" in (route.methods or ())
)
READINGS = [f"/v1{path}" for method, path in v1_routes() if method == "GET"]

VARYING = {"x-request-id", "content-length"}
"""Headers that differ from one answer to the next; lengths do as well where moments are told."""


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture(scope="module")
def ids(stage: Stage) -> dict[str, str]:
    """Something to be found by each path."""
    scene = stage.scene().in_beta()
    position, candidate = scene.position(), scene.member("Ada", silent_days=400)
    outreach = str(done(scene.message(position, candidate))["id"])
    ticket = str(done(scene.recruiter.post("/tickets", {"subject": "?", "text": "?"}))["id"])
    return {
        "employer_id": scene.employer_id,
        "position_id": position,
        "candidate_id": candidate,
        "outreach_id": outreach,
        "aggregate_id": position,
        "ticket_id": ticket,
        "webhook_id": done(scene.recruiter.post("/webhooks", {"url": "http://127.0.0.1:9/"}))["id"],
        "page": "help",
    }


@pytest.mark.parametrize("path", [*READINGS, *PAGES, *OTHERS])
def test_head_answers_with_the_headers_of_get_and_no_content(
    stage: Stage, ids: dict[str, str], path: str
) -> None:
    token = stage.token(Role.ADMIN)
    asked = {"Authorization": f"Bearer {token}", "Cookie": f"{COOKIE}={token}"}
    asked["Accept"] = "text/html" if path in PAGES else "*/*"

    def answer(method: str) -> Any:
        address = f"{filled(path, **ids)}?after={stage.reached()}"
        return stage.http.request(method, address, headers=asked, follow_redirects=False)

    got, head = answer("GET"), answer("HEAD")
    assert head.status_code == got.status_code
    assert names_and_values(head) == names_and_values(got)
    assert head.headers.keys() == got.headers.keys()
    assert head.content == b""


def test_head_of_what_takes_no_get_is_refused(stage: Stage) -> None:
    response = stage.http.head("/v1/activity")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


def test_where_there_is_get_head_is_told_of(stage: Stage) -> None:
    response = stage.http.delete("/health/live")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"


def test_the_documentation_has_no_head(stage: Stage) -> None:
    paths = done(stage.http.get("/openapi.json"))["paths"]
    assert [path for path, methods in paths.items() if "head" in methods] == []


@pytest.mark.parametrize("path", ["passive-candidates", "candidates/{candidate_id}"])
def test_who_asks_for_the_headers_alone_was_shown_nobody(stage: Stage, path: str) -> None:
    scene = stage.scene().in_beta()
    member, position = scene.member("Unseen", silent_days=400), scene.position()
    before = scene.latest()
    address = f"/positions/{position}/{filled(path, candidate_id=member)}"
    assert scene.recruiter("HEAD", address, params={"after": before}).status_code == 200
    assert stage.reached() == before
    done(scene.recruiter.get(address))
    assert stage.reached() == before + 1


def names_and_values(response: Any) -> dict[str, str]:
    return {n: v for n, v in response.headers.items() if n not in VARYING}
