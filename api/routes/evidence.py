"""Proofs that the log is what it was, in formats that others verify.

Checkpoints are C2SP signed notes (tlog-checkpoint), tiles are C2SP tlog-tiles, hashes are those of
RFC 9162. An entry has an event's identifiers and the hash of its content as it is stored.
"""

import re
from base64 import b64encode
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from api.http.access import Auditor
from api.http.problems import Problem
from infrastructure.evidence import sealing
from infrastructure.evidence.checkpoints import opened
from infrastructure.evidence.entries import entries
from infrastructure.evidence.merkle import HASH_BYTES, TILE_WIDTH, includes
from infrastructure.evidence.tiles import tile, tree

router = APIRouter(prefix="/evidence", tags=["Evidence"])

FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
"""A complete tile never changes."""

TILE = re.compile(
    r"(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([0-9]{1,3}))?"
)
"""`<level>/<number>`, or with `.p/<width>` for a part; see C2SP tlog-tiles."""


class LogKey(BaseModel):
    """What checkpoints of this log are verified with."""

    name: str = Field(description="of the log, as its checkpoints have it")
    verifier: str = Field(description="the public key, as Go's `note.NewVerifier` takes it")


class Proof(BaseModel):
    """That an event is in the log."""

    log_position: int
    holds: bool = Field(description="whether the event is still the one that was signed")
    entry: str = Field(description="the leaf: ids, type, time and the hash of what is stored")
    index: int = Field(description="of the leaf in the tree")
    hashes: list[str] = Field(description="the inclusion proof (RFC 9162, 2.1.3), base64")
    checkpoint: str = Field(description="the signed note that the proof leads to")
    text: str = Field(description="the same as C2SP tlog-proof")


class Consistency(BaseModel):
    """That a log only grew from one size to another."""

    earlier: int
    later: int
    hashes: list[str] = Field(description="the consistency proof (RFC 9162, 2.1.4), base64")


Size = Annotated[int, Field(ge=1, le=2**62)]
EarlierSize = Annotated[Size, Query(description="how many events the log had then")]
LaterSize = Annotated[Size, Query(description="how many events it had later")]


@router.get("/key")
def read_key(caller: Auditor) -> LogKey:
    """The public key of the log's checkpoints."""
    signer = caller.marketplace.signer
    return LogKey(name=signer.origin, verifier=signer.verifier)


@router.get("/checkpoint", response_class=PlainTextResponse)
def read_checkpoint(caller: Auditor) -> str:
    """The latest signed checkpoint. Keep some elsewhere: they vouch for the log up to there."""
    with caller.reading() as db:
        return _latest(sealing.latest(db))


@router.get(
    "/tile/{path:path}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def read_tile(path: str, caller: Auditor) -> Response:
    """A tile of hashes or of entries, by its path in C2SP tlog-tiles, such as `0/x001/234`."""
    named = TILE.fullmatch(path)
    if named is None:
        raise _no_tile()
    kind, number = named[1], int(re.sub(r"\D", "", named[2]))
    width = int(named[3]) if named[3] else TILE_WIDTH
    if not 1 <= width <= TILE_WIDTH:
        raise _no_tile()
    with caller.reading() as db:
        hashes = tile(db, 0 if kind == "entries" else int(kind), number)[: width * HASH_BYTES]
        if len(hashes) < width * HASH_BYTES:
            raise _no_tile()
        content = hashes
        if kind == "entries":
            first = number * TILE_WIDTH + 1
            found = [entry.text() for entry in entries(db, first, first + width - 1)]
            content = b"".join(len(text).to_bytes(2, "big") + text for text in found)
    headers = FOREVER if width == TILE_WIDTH else {}
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.get("/proofs/{log_position}")
def prove_event(log_position: Size, caller: Auditor) -> Proof:
    """The proof that the event at a log position is in the log, as far as it is signed."""
    with caller.reading() as db:
        note = _latest(sealing.latest(db))
        signed = opened(note, caller.marketplace.signer.verifier)
        if log_position > signed.size:
            detail = f"The log is signed up to event {signed.size}; ask again in a few seconds."
            raise Problem(409, "not-signed-yet", detail, headers={"Retry-After": "3"})
        index = log_position - 1
        path = tree(db, signed.size).inclusion(index)
        entry = next(entries(db, log_position, log_position), None)
    hashes = [b64encode(hash).decode() for hash in path]
    lines = "".join(f"{hash}\n" for hash in hashes)
    return Proof(
        log_position=log_position,
        holds=bool(entry and includes(signed.root, signed.size, index, entry.leaf(), path)),
        entry=entry.text().decode() if entry else "",
        index=index,
        hashes=hashes,
        checkpoint=note,
        text=f"c2sp.org/tlog-proof@v1\nindex {index}\n{lines}\n{note}",
    )


@router.get("/consistency")
def prove_consistency(caller: Auditor, earlier: EarlierSize, later: LaterSize) -> Consistency:
    """The proof that the log of a later size continues the one of an earlier size."""
    with caller.reading() as db:
        if not earlier <= later <= tree(db).size:
            detail = f"Ask for sizes up to {tree(db).size}, the earlier one first."
            raise Problem(422, "invalid", detail)
        hashes = tree(db, later).consistency(earlier)
    encoded = [b64encode(hash).decode() for hash in hashes]
    return Consistency(earlier=earlier, later=later, hashes=encoded)


def _latest(note: str | None) -> str:
    if note is None:
        detail = "Nothing is signed yet; a worker signs the log every few seconds."
        raise Problem(404, "not-found", detail)
    return note


def _no_tile() -> Problem:
    return Problem(404, "not-found", "There is no such tile; see the size in the checkpoint.")
