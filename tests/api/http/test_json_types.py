"""A number is sent as a number and a flag as true or false, by the OpenAPI document, everywhere."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from domain.actor import Role
from tests.support.api_routes import filled, v1_routes
from tests.support.bodies import body_of
from tests.support.client import Client, done
from tests.support.stage import Stage

WRONG: dict[str, tuple[object, ...]] = {
    "number": ("5", "", True, False, "75k", [], {}),
    "integer": ("5", "", True, False, 5.5, [], {}),
    "boolean": ("yes", "on", "true", "", 0, 1, 1.0, [], {}),
}
"""Values of other JSON types, by the type that is due."""

WHAT_TO_SEND = {"number": "send a number", "integer": "number", "boolean": "send true or false"}


class Leaf(NamedTuple):
    """A field of a request's body that the document says is a number or a flag."""

    method: str
    path: str
    field: tuple[str | int, ...]
    type: str


def leaves(document: Mapping[str, Any]) -> Iterator[Leaf]:
    for method, path in v1_routes():
        operation = document["paths"][f"/v1{path}"][method.lower()]
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        types: dict[tuple[str | int, ...], set[str]] = {}
        for field, type in _typed(document, schema, (), ()):
            types.setdefault(field, set()).add(type)
        for field, named in types.items():
            # A number may be an integer, so that the wider type says what else is wrong.
            yield Leaf(method, path, field, "number" if "number" in named else named.pop())


def _typed(
    document: Mapping[str, Any],
    schema: Mapping[str, Any],
    field: tuple[str | int, ...],
    within: tuple[str, ...],
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if name := schema.get("$ref", "").rpartition("/")[2]:
        if name not in within:
            inner = document["components"]["schemas"][name]
            yield from _typed(document, inner, field, (*within, name))
        return
    for keyword in ("anyOf", "oneOf", "allOf"):
        for option in schema.get(keyword, ()):
            yield from _typed(document, option, field, within)
    if schema.get("type") in WRONG:
        yield field, schema["type"]
    for name, inner in schema.get("properties", {}).items():
        yield from _typed(document, inner, (*field, name), within)
    if "items" in schema:
        yield from _typed(document, schema["items"], (*field, 0), within)


def with_value(body: Any, field: tuple[str | int, ...], value: object) -> Any:
    """The body with a value at a path, beside which nothing is made up."""
    if not field:
        return value
    first, *rest = field
    if isinstance(first, int):
        return [with_value({}, tuple(rest), value)]
    inner = body if isinstance(body, dict) else {}
    return inner | {first: with_value(inner.get(first), tuple(rest), value)}


@pytest.fixture
def document(stage: Stage) -> Any:
    return done(stage.http.get("/openapi.json"))


def test_the_walk_finds_the_fields_within_fields(document: Any) -> None:
    found = {(leaf.path, ".".join(map(str, leaf.field)), leaf.type) for leaf in leaves(document)}
    assert {
        ("/ratings/{page}", "helpful", "boolean"),
        ("/candidates/{candidate_id}/observations", "jobs.0.end_is_unknown", "boolean"),
        ("/employers/{employer_id}/positions", "filters.salary_budget.maximum", "number"),
    } <= found


def test_every_number_and_flag_of_every_body_is_refused_as_another_json_type(
    stage: Stage, document: Any
) -> None:
    admin = Client(stage.http, stage.token(Role.ADMIN))
    lax = []
    for leaf in leaves(document):
        for value in WRONG[leaf.type]:
            body = with_value(body_of(document, leaf.method, leaf.path), leaf.field, value)
            response = admin(leaf.method, filled(leaf.path, page="help", number="1"), body)
            reasons = response.json().get("reasons", [])
            field = ".".join(map(str, leaf.field))
            about = [r for r in reasons if (r.get("field") or "").startswith(field)]
            if response.status_code != 422 or not about:
                lax.append((leaf, value, response.status_code, reasons))
            elif isinstance(value, str | bool | int):
                said = any(WHAT_TO_SEND[leaf.type] in reason["detail"] for reason in about)
                if not said:
                    lax.append((leaf, value, response.status_code, reasons))
    assert lax == []
