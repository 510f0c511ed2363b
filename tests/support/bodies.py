"""Bodies that the API takes, made up from the schema of its OpenAPI document."""

from collections.abc import Mapping
from typing import Any


def body_of(document: Mapping[str, Any], method: str, path: str) -> Any:
    """The smallest body that a route takes, an empty one if it takes none."""
    operation = document["paths"][f"/v1{path}"][method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    return _sample(document, content.get("application/json", {}).get("schema", {}))


def _sample(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    if reference := schema.get("$ref"):
        return _sample(document, document["components"]["schemas"][reference.rpartition("/")[2]])
    for listed in ("examples", "enum"):
        if listed in schema:
            return schema[listed][0]
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    if schema.get("minItems"):
        return [_sample(document, schema["items"])]
    if options := schema.get("anyOf"):
        return _sample(document, options[0])
    if schema.get("type", "object") == "object":
        properties = schema.get("properties", {})
        return {name: _sample(document, properties[name]) for name in schema.get("required", ())}
    return SIMPLE[schema["type"], schema.get("format", "")]


SIMPLE = {
    ("string", ""): "x",
    ("string", "date"): "2030-01-31",
    ("string", "date-time"): "2100-01-31T12:00:00Z",
    ("string", "uuid"): "11111111-1111-4111-8111-111111111111",
    ("integer", ""): 1,
    ("number", ""): 1,
    ("boolean", ""): True,
    ("array", ""): [],
}
