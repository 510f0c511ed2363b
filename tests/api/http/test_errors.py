"""Every error is a problem of RFC 9457: a stable type, every reason, and never a 500."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from domain.actor import Role
from tests.support.api_routes import filled, v1_routes
from tests.support.client import Client, codes, done
from tests.support.databases import Databases
from tests.support.stage import MESSAGE, Scene, Stage, own_stage

NUL, LONE_SURROGATE = "\0", "\ud800"
JSON = {"Content-Type": "application/json"}
MANAGER = {"name": "Casey", "email": "casey@example.com"}
SOME_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
"""Of nothing: the same in every process, so that tests keep their names."""


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases, wait_timeout_seconds=0.2) as stage:
        yield stage


@pytest.fixture(scope="module")
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@pytest.fixture(scope="module")
def position(scene: Scene) -> str:
    position = scene.position()
    done(scene.recruiter.get(f"/positions/{position}", after=scene.latest()))
    return position


def problem(response: Any, status: int, name: str) -> Any:
    """What an error says, once it is seen to be well-formed."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    said = response.json()
    assert said["type"] == f"urn:sourcing:problem:{name}"
    assert said["status"] == status
    assert said["title"]
    assert said["detail"]
    return said


def fields(response: Any) -> list[str]:
    return [reason.get("field", "") for reason in problem(response, 422, "invalid")["reasons"]]


def raw(client: Client, method: str, path: str, body: bytes) -> Any:
    return client(method, path, content=body, headers=JSON)


def escaped(document: Any) -> bytes:
    """JSON as some clients write it, which can say what UTF-8 cannot."""
    return json.dumps(document, ensure_ascii=True).encode()


# The way there.


def test_an_unknown_route_is_not_found(scene: Scene) -> None:
    problem(scene.admin.get("/nowhere"), 404, "not-found")


def test_a_wrong_method_says_which_ones_there_are(scene: Scene) -> None:
    response = scene.admin("DELETE", "/employers")
    problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "GET, POST, HEAD"


@pytest.mark.parametrize("id", ["1", "none", "%00", "🙂", SOME_ID[:-1]])
def test_what_is_no_id_is_named(scene: Scene, id: str) -> None:
    assert fields(scene.admin.get(f"/employers/{id}")) == ["path.employer_id"]


def test_an_id_of_something_else_is_not_found(scene: Scene, position: str) -> None:
    assert codes(scene.admin.post(f"/employers/{position}/approval")) == ["unknown"]


def test_the_request_can_be_named_to_support(scene: Scene) -> None:
    refused = scene.admin.post(f"/employers/{scene.employer_id}/approval")
    problem(refused, 409, "refused")
    assert refused.headers["x-request-id"]
    named = scene.admin.get("/employers/x", headers={"X-Request-ID": "mine"})
    assert named.status_code == 422
    missing = scene.admin("GET", f"/employers/{uuid4()}", headers={"X-Request-ID": "mine"})
    assert missing.headers["x-request-id"] == "mine"


# The body.


@pytest.mark.parametrize("body", [b'{"company": ', b"", b"{]", b"nothing", b"\xff\xfe"])
def test_what_is_no_json_is_the_bodys_fault(scene: Scene, body: bytes) -> None:
    assert fields(raw(scene.admin, "POST", "/employers", body)) == [""]


def test_a_bottomless_body_is_refused(scene: Scene) -> None:
    problem(raw(scene.admin, "POST", "/employers", b"[" * 200_000), 400, "bad-request")


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"true"])
def test_a_body_of_another_shape_is_refused(scene: Scene, body: bytes) -> None:
    assert fields(raw(scene.admin, "POST", "/employers", body)) == [""]


def test_a_huge_body_is_refused_before_it_is_read(scene: Scene) -> None:
    body = b'{"company": "' + b"x" * 2_000_000 + b'"}'
    problem(raw(scene.admin, "POST", "/employers", body), 413, "too-large")


def test_every_missing_field_is_named(scene: Scene) -> None:
    assert fields(scene.admin.post("/employers", {})) == ["company", "manager"]


def test_an_unknown_field_is_named(scene: Scene) -> None:
    body = {"company": "Acme", "manager": MANAGER, "colour": "red"}
    response = scene.admin.post("/employers", body)
    assert fields(response) == ["colour"]
    assert response.json()["reasons"][0]["detail"] == "colour is not known here; leave it out."


def test_a_wrong_type_is_named_with_its_path(scene: Scene) -> None:
    body = {"company": 1, "manager": {"name": None, "email": "nobody"}}
    assert fields(scene.admin.post("/employers", body)) == [
        "company",
        "manager.name",
        "manager.email",
    ]


def test_blank_fields_are_named(scene: Scene, position: str) -> None:
    blank = {**MESSAGE, "subject": " ", "text": "\n", "sender_name": "", "sender_role": "\t"}
    body = {"candidate_id": str(uuid4()), "message": blank}
    response = scene.recruiter.post(f"/positions/{position}/messages", body)
    assert set(fields(response)) == {
        "message.subject",
        "message.text",
        "message.sender_name",
        "message.sender_role",
    }
    assert all("blank" in reason["detail"] for reason in response.json()["reasons"])


TEXTS = [
    ("admin", "POST", "/employers", {"company": "{}", "manager": MANAGER}),
    ("admin", "POST", "/employers", {"company": "A", "manager": {**MANAGER, "name": "{}"}}),
    ("admin", "POST", "/employers/{employer}/suspension", {"reason": "{}"}),
    ("recruiter", "POST", "/employers/{employer}/feedback", {"text": "{}"}),
    ("recruiter", "POST", "/employers/{employer}/feedback", {"text": "x", "page": "{}"}),
    ("recruiter", "POST", "/employers/{employer}/positions", {"title": "{}"}),
    ("recruiter", "POST", "/employers/{employer}/positions", {"title": "x", "description": "{}"}),
    ("recruiter", "POST", "/employers/{employer}/positions", {"title": "x", "location": "{}"}),
    ("recruiter", "PUT", "/positions/{position}/filters", {"roles": ["{}"]}),
    ("recruiter", "POST", "/positions/{position}/closure", {"reason": "{}"}),
    (
        "platform",
        "POST",
        "/candidates/{position}/observations",
        {"source": "{}", "observed_on": "2026-01-01", "facts": {"city": "x"}},
    ),
    ("platform", "POST", "/outreach/{position}/acceptance", {"note": "{}"}),
]


DOCUMENTS = [
    (
        "recruiter",
        "POST",
        "/employers/{employer}/job-postings",
        {"@type": "JobPosting", "title": "{}"},
    ),
    (
        "recruiter",
        "POST",
        "/employers/{employer}/job-postings",
        {"@type": "JobPosting", "title": "x", "description": "{}", "skills": ["{}"]},
    ),
    (
        "recruiter",
        "POST",
        "/employers/{employer}/job-postings",
        {
            "@type": "JobPosting",
            "title": "x",
            "jobLocation": {"address": {"addressLocality": "{}"}},
        },
    ),
    ("platform", "POST", "/candidates", {"basics": {"name": "{}"}}),
    ("platform", "POST", "/candidates", {"basics": {"name": "x", "summary": "{}"}}),
    (
        "platform",
        "POST",
        "/candidates",
        {"basics": {"name": "x"}, "meta": {"sourcing": {"external_id": "{}"}}},
    ),
]


def with_text(body: Any, text: str) -> Any:
    if isinstance(body, dict):
        return {key: with_text(value, text) for key, value in body.items()}
    if isinstance(body, list):
        return [with_text(value, text) for value in body]
    return body.replace("{}", f"a{text}b") if isinstance(body, str) else body


@pytest.mark.parametrize("text", [NUL, LONE_SURROGATE], ids=["NUL", "lone surrogate"])
@pytest.mark.parametrize(("role", "method", "path", "body"), TEXTS, ids=str)
def test_text_that_cannot_be_kept_never_reaches_the_database(
    stage: Stage,
    scene: Scene,
    position: str,
    role: str,
    method: str,
    path: str,
    body: Any,
    text: str,
) -> None:
    before = stage.reached()
    client: Client = getattr(scene, role)
    path = path.format(employer=scene.employer_id, position=position)
    problem(raw(client, method, path, escaped(with_text(body, text))), 422, "invalid")
    assert stage.reached() == before


@pytest.mark.parametrize("text", [NUL, LONE_SURROGATE], ids=["NUL", "lone surrogate"])
@pytest.mark.parametrize(("role", "method", "path", "body"), DOCUMENTS, ids=str)
def test_text_that_cannot_be_kept_is_left_out_of_a_document_with_a_warning(
    scene: Scene, role: str, method: str, path: str, body: Any, text: str
) -> None:
    client: Client = getattr(scene, role)
    path = path.format(employer=scene.employer_id)
    taken = done(raw(client, method, path, escaped(with_text(body, text))))
    assert all("left out" in warning["problem"] for warning in taken["warnings"])
    assert taken["warnings"]


def test_a_field_whose_name_cannot_be_sent_back_is_refused(scene: Scene) -> None:
    body = {"company": "A", "manager": {**MANAGER, LONE_SURROGATE: 1}}
    problem(raw(scene.admin, "POST", "/employers", escaped(body)), 422, "invalid")


@pytest.mark.parametrize(
    "more",
    [
        {"title": "  "},
        {"title": None},
        {"@type": "Recipe"},
    ],
    ids=str,
)
def test_a_job_posting_that_makes_no_position_is_refused(scene: Scene, more: Any) -> None:
    body = {"@type": "JobPosting", "title": "Developer", **more}
    response = scene.recruiter.post(f"/employers/{scene.employer_id}/job-postings", body)
    problem(response, 422, "invalid")


@pytest.mark.parametrize("number", [b"1e999", b"NaN", b"-Infinity"])
def test_a_number_that_is_none_is_refused(scene: Scene, number: bytes) -> None:
    salary = b'{"currency": "EUR", "value": {"value": ' + number + b"}}"
    body = b'{"@type": "JobPosting", "title": "x", "baseSalary": ' + salary + b"}"
    path = f"/employers/{scene.employer_id}/job-postings"
    opened = done(raw(scene.recruiter, "POST", path, body))
    assert [warning["path"] for warning in opened["warnings"]] == ["baseSalary.value.value"]
    body = b'{"title": "x", "filters": {"years_from": ' + number + b"}}"
    path = f"/employers/{scene.employer_id}/positions"
    problem(raw(scene.recruiter, "POST", path, body), 422, "invalid")


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_outside_the_calendar_is_refused(scene: Scene, moment: str) -> None:
    response = scene.recruiter.post(f"/outreach/{uuid4()}/interview", {"starts_at": moment})
    assert fields(response) == ["starts_at"]


# The question.


@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "1.5", str(10**30)])
def test_a_limit_out_of_range_is_named(scene: Scene, limit: str) -> None:
    assert fields(scene.admin("GET", f"/employers?limit={limit}")) == ["query.limit"]


def cursor(*key: Any) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


LISTS: dict[str, list[Any]] = {
    "/employers": ["employers", "Acme", SOME_ID],
    "/feedback": ["feedback", 5],
    "/timeline": ["timeline", 5],
    "/employers/{employer}/positions": ["positions", "2026-01-01T00:00:00Z", SOME_ID],
    "/positions/{position}/interviews": ["interviews", True, "2026-01-01T00:00:00Z", SOME_ID],
    "/positions/{position}/passive-candidates?sort=match": [
        "match",
        "2026-01-01T00:00:00Z",
        1,
        SOME_ID,
    ],
    "/positions/{position}/passive-candidates?sort=likelihood": [
        "likelihood",
        "2026-01-01T00:00:00Z",
        None,
        1,
        SOME_ID,
        20,
        [],
    ],
    "/positions/{position}/recommendations?sort=last_active": [
        "last_active",
        "2026-01-01T00:00:00Z",
        820_454_400_000_000,
        SOME_ID,
    ],
}


def page(scene: Scene, position: str, path: str, cursor: str) -> Any:
    path = path.format(employer=scene.employer_id, position=position)
    return scene.admin("GET", f"{path}{'&' if '?' in path else '?'}cursor={cursor}")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_takes_its_own_cursor_and_no_other_lists(
    scene: Scene, position: str, path: str
) -> None:
    for other, key in LISTS.items():
        response = page(scene, position, path, cursor(*key))
        if other == path:
            done(response)
        else:
            problem(response, 422, "bad-cursor")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "bad", ["x", "%C3%A9", "%00", "WzFd", "e30", "bnVsbA", "W10", cursor(*[1] * 80)]
)
def test_a_cursor_that_was_tampered_with_is_refused(
    scene: Scene, position: str, path: str, bad: str
) -> None:
    problem(page(scene, position, path, bad), 422, "bad-cursor")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/employers", ["employers", "a\0b", SOME_ID]),
        ("/feedback", ["feedback", 10**30]),
        ("/feedback", ["feedback", -1]),
        ("/timeline", ["timeline", 2**63]),
        (
            "/positions/{position}/recommendations?sort=match",
            ["match", "2026-01-01T00:00:00Z", 2**63, SOME_ID],
        ),
    ],
)
def test_a_forged_cursor_cannot_upset_the_database(
    scene: Scene, position: str, path: str, key: list[Any]
) -> None:
    problem(page(scene, position, path, cursor(*key)), 422, "bad-cursor")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/employers?company=%00", "query.company"),
        ("/events?kind=%00", "query.kind.0"),
        (f"/events?since={2**63}", "query.since"),
        ("/events?since=-1", "query.since"),
        (f"/events/{SOME_ID}?until={2**63}", "query.until"),
        (f"/events?after={2**63}", "query.after"),
        ("/timeline?candidate_id=x", "query.candidate_id"),
    ],
)
def test_a_parameter_out_of_range_is_named(scene: Scene, path: str, field: str) -> None:
    assert fields(scene.admin("GET", path)) == [field]


@pytest.mark.parametrize(
    "path", ["/employers", "/feedback", "/timeline", "/model", "/events", "/positions/{position}"]
)
def test_waiting_for_what_has_not_happened_ends_soon(
    stage: Stage, scene: Scene, position: str, path: str
) -> None:
    began = time.monotonic()
    response = scene.admin("GET", f"{path.format(position=position)}?after={stage.reached() + 1}")
    problem(response, 422, "log-ends-before")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("path", sorted({path for _, path in v1_routes()}))
def test_a_method_that_an_address_does_not_take_is_answered_with_all_that_it_takes(
    stage: Stage, path: str
) -> None:
    response = stage.http.request("OPTIONS", f"/v1{filled(path)}")
    assert response.status_code == 405
    taken = {method for method, other in v1_routes() if other == path}
    assert taken <= set(response.headers["allow"].split(", "))


# If-Match.


def test_what_was_changed_since_it_was_read_is_not_changed_again(scene: Scene) -> None:
    position = scene.position()
    path = f"/positions/{position}"
    read = scene.recruiter.get(path, after=scene.latest())
    seen = {"If-Match": read.headers["etag"]}
    first = scene.recruiter("PUT", f"{path}/filters", {"roles": ["a"]}, headers=seen)
    done(first)
    second = scene.recruiter("PUT", f"{path}/filters", {"roles": ["b"]}, headers=seen)
    problem(second, 412, "version-mismatch")
    assert second.headers["etag"] == first.headers["etag"] == '"2"'
    done(scene.recruiter("PUT", f"{path}/filters", {"roles": ["b"]}, headers={"If-Match": "*"}))
    current = {"If-Match": 'W/"3"'}
    assert scene.recruiter.post(f"{path}/closure", {}, headers=current).status_code == 201


@pytest.mark.parametrize("tag", ["nonsense", '"1_0"', '""', '"-1"', '"1", "2"', "9" * 5000])
def test_what_is_no_etag_of_ours_matches_nothing(scene: Scene, position: str, tag: str) -> None:
    response = scene.recruiter(
        "PUT", f"/positions/{position}/filters", {"roles": ["x"]}, headers={"If-Match": tag}
    )
    problem(response, 412, "version-mismatch")


# Headers.


@pytest.mark.parametrize("header", ["X-Request-ID", "Idempotency-Key"])
@pytest.mark.parametrize("value", [b"a\0b", b"x" * 201])
def test_a_header_that_cannot_be_kept_is_named(scene: Scene, header: str, value: bytes) -> None:
    path = f"/employers/{scene.employer_id}/feedback"
    response = scene.recruiter.post(path, {"text": "x"}, headers={header: value})
    assert fields(response) == [f"header.{header.lower()}"]


def test_an_error_that_nobody_expected_tells_nothing_but_the_request(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a secret of ours")

    monkeypatch.setattr("projections.employers.listed", break_)
    headers = {"X-Request-ID": "this one"}
    response = stage.as_(Role.ADMIN)("GET", "/employers", headers=headers)
    said = problem(response, 500, "internal")
    assert "secret" not in json.dumps(said)
    assert response.headers["x-request-id"] == "this one"
