"""SQL that reads single fields of a stored event as the codec writes them."""

_BEFORE_MOMENT = '{"timestamp":"'

# The moment is cut out of the bytes where the codec puts it, since parsing all of an event takes
# four times as long; an event written in another way is parsed. Latin 1 can decode any bytes.
MOMENT = f"""
    CASE WHEN substring(state FOR {len(_BEFORE_MOMENT)}) = '{_BEFORE_MOMENT}'::bytea
    THEN split_part(convert_from(substring(state FROM {len(_BEFORE_MOMENT) + 1} FOR 40), 'LATIN1'),
        '"', 1)
    ELSE convert_from(state, 'UTF8')::json ->> 'timestamp' END::timestamptz"""
"""When an event happened, as a timestamp."""


def equals(path: str, name: str) -> str:
    """Whether a field has the value of parameter `name`, whose JSON is parameter `name_bytes`.

    The bytes are looked for first: only an event that has them is parsed.
    """
    return (
        f"position(%({name}_bytes)s IN state) > 0"
        f" AND convert_from(state, 'UTF8')::json #>> '{{{path}}}' = %({name})s"
    )
