"""Everything that a database holds, and words in it, however they are written."""

import base64
import json
import quopri
from collections.abc import Iterable, Iterator, Mapping

import psycopg
from psycopg import sql

TABLES = """
    SELECT schemaname, tablename FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"""


def dumped(url: str) -> dict[str, bytes]:
    """All tables as text and, since texts in `bytea` are in hex there, in binary too."""
    with psycopg.connect(url, autocommit=True) as db:
        tables = db.execute(TABLES).fetchall()
        return {
            f"{schema}.{table} {form}": _copied(db, sql.Identifier(schema, table), form)
            for schema, table in tables
            for form in ("text", "binary")
        }


def _copied(db: psycopg.Connection[tuple[object, ...]], table: sql.Identifier, form: str) -> bytes:
    command = sql.SQL("COPY {} TO STDOUT (FORMAT {})").format(table, sql.SQL(form))
    with db.cursor().copy(command) as copy:
        return b"".join(bytes(part) for part in copy)


def found(words: Mapping[str, str], parts: Mapping[str, bytes]) -> list[str]:
    """Which words stand where, whatever their case."""
    lowered = {where: content.lower() for where, content in parts.items()}
    return [
        f"{what} in {where}"
        for what, word in words.items()
        for where, content in lowered.items()
        if any(form.lower() in content for form in set(_forms(word)))
    ]


def _forms(word: str) -> Iterator[bytes]:
    """A word in UTF-8 and UTF-16, and as JSON, quoted-printable, hex and base64 write it."""
    for encoding in ("utf-8", "utf-16-le"):
        raw = word.encode(encoding)
        yield raw
        yield raw.hex().encode()
        yield from _in_base64(raw)
    yield json.dumps(word)[1:-1].encode()
    yield json.dumps(json.dumps(word))[3:-3].encode()
    yield quopri.encodestring(word.encode()).strip()


def _in_base64(raw: bytes) -> Iterable[bytes]:
    """Base64 writes three bytes at a time, so what it makes of some depends on where they begin."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        # Less what also depends on the bytes around.
        yield encoded[-(-before * 8 // 6) if before else 0 : (before + len(raw)) * 8 // 6]
