"""JSON-LD (https://www.w3.org/TR/json-ld11/), as far as schema.org in web pages needs it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

DEEPEST = 20
MOST_PARTS = 10_000

_SCHEMA = re.compile(r"^(?:schema:|https?://schema\.org/)")


def things(document: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Every object with a type or an id, with its properties by their short names."""
    if depth > DEEPEST:
        return
    if isinstance(document, list | tuple):
        for item in document:
            yield from things(item, depth + 1)
    elif isinstance(document, Mapping):
        thing = {_SCHEMA.sub("", str(name)): value for name, value in document.items()}
        if "type" in thing and "@type" not in thing:
            thing["@type"] = thing["type"]
        yield thing
        for value in thing.values():
            if isinstance(value, Mapping | list | tuple):
                yield from things(value, depth + 1)


def types(thing: Mapping[str, Any]) -> list[str]:
    """The short names of an object's types."""
    said = thing.get("@type")
    types = said if isinstance(said, list | tuple) else [said]
    return [_SCHEMA.sub("", kind) for kind in types if isinstance(kind, str)]


def by_id(things: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The objects that references lead to, by their ids."""
    return {str(thing["@id"]): thing for thing in things if "@id" in thing and len(thing) > 1}


def resolved(value: Any, known: Mapping[str, Any]) -> Any:
    """A value with its references followed, its literals bare, its properties by short names.

    What a reference leads to may refer again and again: it ends `DEEPEST` within, or where the
    whole has `MOST_PARTS`.
    """
    left = iter(range(MOST_PARTS))

    def part(value: Any, depth: int) -> Any:
        if depth > DEEPEST or next(left, None) is None:
            return None
        if isinstance(value, list | tuple):
            return [part(item, depth + 1) for item in value]
        if not isinstance(value, Mapping):
            return value
        if "@value" in value:
            return value["@value"]
        if value.keys() == {"@id"}:
            return part(known.get(str(value["@id"])), depth + 1)
        return {_SCHEMA.sub("", str(name)): part(v, depth + 1) for name, v in value.items()}

    return part(value, 0)
