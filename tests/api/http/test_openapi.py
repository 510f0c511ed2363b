"""The API's description is one that a client generator accepts, and the API keeps to it."""

from collections.abc import Iterator
from typing import Any

import pytest

from api.app import KEYLESS
from benchmarks.openapi import NOT_CALLED, call
from domain.actor import Role
from domain.money import MOST_PAY
from tests.support.api_routes import v1_routes
from tests.support.browser import served
from tests.support.client import done
from tests.support.databases import Databases
from tests.support.stage import Stage, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases, wait_timeout_seconds=0) as stage:
        yield stage


@pytest.fixture(scope="module")
def document(stage: Stage) -> Any:
    return done(stage.http.get("/openapi.json"))


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_document_is_valid(document: Any) -> None:
    from openapi_spec_validator import validate

    validate(document)


def test_every_route_is_documented(document: Any) -> None:
    documented = {(method, path) for method, path, _ in operations(document)}
    assert {(method, f"/v1{path}") for method, path in v1_routes()} <= documented


def test_every_operation_has_a_name_of_its_own(document: Any) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_every_operation_says_what_it_does(document: Any) -> None:
    for method, path, operation in operations(document):
        assert operation["summary"], (method, path)
        assert operation["description"].endswith("."), (method, path)
        assert operation["tags"], (method, path)


def test_every_operation_tells_its_problems(document: Any) -> None:
    problem = {"$ref": "#/components/schemas/ProblemDetails"}
    for method, path, operation in operations(document):
        if not path.startswith("/v1"):
            continue
        errors = {code: r for code, r in operation["responses"].items() if code >= "400"}
        assert {"400", "401", "403", "404", "409", "412", "413", "422", "429", "503"} <= set(errors)
        for code, response in errors.items():
            sent = {"application/problem+json": {"schema": problem}}
            assert response["content"] == sent, (method, path, code)


def test_every_v1_operation_asks_for_a_token(document: Any) -> None:
    for method, path, operation in operations(document):
        assert bool(operation.get("security")) == path.startswith("/v1"), (method, path)


def test_limits_of_numbers_have_the_names_of_json_schema(document: Any) -> None:
    schemas = document["components"]["schemas"]
    amount = schemas["SalaryRange"]["properties"]["minimum"]
    assert (amount["minimum"], amount["maximum"]) == (0, MOST_PAY)
    assert schemas["ReadUpTo"]["properties"]["step"]["minimum"] == 1
    names = {name for part in parts(document) for name in part}
    assert names.isdisjoint({"ge", "gt", "le", "lt"})


def parts(document: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document."""
    inner = document.values() if isinstance(document, dict) else document
    if isinstance(document, dict):
        yield document
    for each in inner:
        if isinstance(each, dict | list):
            yield from parts(each)


def test_every_parameter_is_described_or_an_id(document: Any) -> None:
    for method, path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            name = parameter["name"]
            known = parameter.get("description") or parameter["in"] == "path"
            assert known or name in {"limit", "sort", "status"} or name.endswith("_id"), (
                method,
                path,
                name,
            )


# The server's threads draw random numbers meanwhile; Hypothesis takes them for the strategies'.
@pytest.mark.filterwarnings(
    "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
)
@pytest.mark.slow
def test_whatever_the_document_allows_gets_an_answer_that_it_describes(stage: Stage) -> None:
    scene = stage.scene().in_beta()
    position, candidate = scene.position(), scene.member("Silent", silent_days=400)
    ids = {
        "employer_id": [scene.employer_id],
        "position_id": [position],
        "candidate_id": [candidate],
        "outreach_id": [done(scene.message(position, candidate))["id"]],
        "aggregate_id": [position],
    }
    with served(stage.marketplace) as address:
        run = call(address, stage.token(Role.ADMIN), ids, seed=1, examples=2, coverage=False)
    assert run.findings == []
    assert 500 not in run.statuses
    assert run.statuses[201] > 5
    assert len(run.operations) == len(v1_routes()) + 3 - len(NOT_CALLED)


def test_every_post_requires_a_key_but_those_that_are_idempotent(document: Any) -> None:
    optional = [
        path
        for method, path, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if method == "POST"
        if parameter["name"].lower() == "idempotency-key" and not parameter["required"]
    ]
    assert optional == [*KEYLESS]
