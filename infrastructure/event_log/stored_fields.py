"""SQL that reads single fields of a stored event as the codec writes them.

By hand anything can be written: what an event says may be no JSON, nor even text.
"""

from pydantic_core import to_json

_BEFORE_MOMENT = '{"timestamp":"'

_IS_CUT_OUT = f"substring(state FOR {len(_BEFORE_MOMENT)}) = '{_BEFORE_MOMENT}'::bytea"
_AFTER = f"substring(state FROM {len(_BEFORE_MOMENT) + 1} FOR 40)"

# The moment is cut out of the bytes where the codec puts it, since parsing all of an event takes
# four times as long; an event written in another way is parsed. Latin 1 can decode any bytes but 0.
MOMENT = f"""
    CASE WHEN {_IS_CUT_OUT} THEN split_part(convert_from({_AFTER}, 'LATIN1'), '"', 1)
    ELSE convert_from(state, 'UTF8')::json ->> 'timestamp' END::timestamptz"""
"""When an event happened, as a timestamp; an error where that cannot be read."""

# Escaped, any bytes are text, in which a quote within a text still stands behind a backslash.
_ESCAPED = f"""
    CASE WHEN {_IS_CUT_OUT} THEN split_part(encode({_AFTER}, 'escape'), '"', 1)
    ELSE substring(encode(state, 'escape') FROM '"timestamp"\\s*:\\s*"([^"]*)"') END"""

MOMENT_OR_RECORDED = f"""
    CASE WHEN pg_input_is_valid({_ESCAPED}, 'timestamptz') THEN ({_ESCAPED})::timestamptz
    ELSE recorded_at END"""
"""When an event happened, or was recorded if that cannot be read; never an error."""


def contains(name: str) -> str:
    """Whether an event has one of the byte strings of a parameter."""
    return (
        f"EXISTS (SELECT FROM unnest(%({name})b::bytea[]) AS part"
        " WHERE position(part IN state) > 0)"
    )


def spellings(before: str, value: str | None) -> list[bytes] | None:
    """How a field with this value stands in an event, with and without blanks.

    >>> spellings('"actor":{"id":', "ada")
    [b'"actor":{"id":"ada"', b'"actor": {"id": "ada"']
    """
    if value is None:
        return None
    return [start.encode() + to_json(value) for start in (before, before.replace(":", ": "))]
