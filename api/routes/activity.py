"""Candidates' activity, taken in by the thousand as NDJSON; each activity counts once."""

import codecs
from collections.abc import Sequence
from itertools import islice
from tempfile import TemporaryFile
from typing import IO

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from api.http.access import PlatformCaller
from api.http.admission import ShuttingDown
from api.http.problems import Problem
from api.marketplace import Marketplace
from domain.actor import Cause
from domain.candidate import Candidate
from domain.candidate_commands import NoteActivity
from domain.candidate_events import (
    CandidateErased,
    CandidateMerged,
    CandidateSeparated,
    CandidateSignedUp,
)
from domain.sources import Activity
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import Decided, EventStore
from infrastructure.requests import receipts
from infrastructure.requests.receipts import Receipt

router = APIRouter(prefix="/activity", tags=["Activity"])

MOST_BYTES = 32 * 1024 * 1024
"""In one request."""

MOST_LINES = 100_000
MOST_REJECTED_SHOWN = 1_000

MOST_UPLOADS = 8
"""Taken at a time in one process."""

BYTES_WRITTEN_AT_ONCE = 1024 * 1024

CHUNK = 2_000
"""Lines recorded in one transaction."""


DECIDING = (CandidateSignedUp, CandidateErased, CandidateMerged, CandidateSeparated)
"""What whether an activity is recorded depends on."""


class Rejected(BaseModel):
    """A line that was not recorded."""

    line: int = Field(description="counted from 1")
    code: str
    detail: str


class Ingested(BaseModel):
    """How many lines were recorded, repeated and rejected."""

    accepted: int
    repeated: int = Field(description="recorded before under the source's id; not counted again")
    rejected: int
    rejections: list[Rejected] = Field(description=f"the first {MOST_REJECTED_SHOWN}")
    log_position: int = Field(description="of the last event; give it to a query as `after`")


ACTIVITY_EXAMPLE = (
    '{"candidate_id": "7d4c…", "kind": "signed_in", "occurred_at": "2026-03-01T12:00:00Z",'
    ' "source": "web", "source_id": "evt-1"}'
)


@router.post(
    "",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-ndjson": {"schema": {"type": "string"}, "example": ACTIVITY_EXAMPLE},
                # For client generators, few of which know NDJSON.
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
async def ingest_activity(caller: PlatformCaller, request: Request) -> Ingested:
    """Take in activity as NDJSON, one a line: candidate_id, kind, occurred_at, source, source_id.

    Each counts once by its id at its source, so a request may be repeated after a failure.
    Invalid lines are reported with number and reason, and skipped; the others are recorded.
    429 if as many requests as are taken at a time are being recorded: send it again later.
    """
    marketplace = caller.marketplace
    if marketplace.uploads >= MOST_UPLOADS:
        detail = f"{MOST_UPLOADS} uploads are being recorded already; come back in a moment."
        raise Problem(429, "too-many-uploads", detail, headers={"Retry-After": "5"})
    marketplace.uploads += 1
    try:
        with TemporaryFile() as body:
            await _receive(request, body)
            cause = Cause(by=caller.actor, at=caller.at, request_id=caller.request_id)
            return await ingest(marketplace, cause, body)
    finally:
        marketplace.uploads -= 1


_limiters: RunVar[tuple[CapacityLimiter, CapacityLimiter]] = RunVar("activity")


def _limiters_here() -> tuple[CapacityLimiter, CapacityLimiter]:
    """Threads to record in, and to write to files in: none of those of other requests.

    Uploads take turns chunk by chunk: in parallel they conflict over the same candidates.
    """
    limiters = _limiters.get(None)
    if limiters is None:
        limiters = CapacityLimiter(1), CapacityLimiter(2)
        _limiters.set(limiters)
    return limiters


async def _receive(request: Request, body: IO[bytes]) -> None:
    """Keep a body in a file, since many at once would fill the memory."""
    _, writers = _limiters_here()
    lines, part, last = 0, bytearray(), b"\n"
    async for received in request.stream():
        lines += received.count(b"\n")
        part += received
        last = received[-1:] or last
        if lines > MOST_LINES:
            break
        if len(part) >= BYTES_WRITTEN_AT_ONCE:
            await to_thread.run_sync(body.write, bytes(part), limiter=writers)
            part.clear()
    if lines + (last != b"\n") > MOST_LINES:
        detail = f"More than {MOST_LINES} lines; send them in several requests."
        raise Problem(413, "too-many-lines", detail)
    await to_thread.run_sync(body.write, bytes(part), limiter=writers)
    body.seek(0)


async def ingest(marketplace: Marketplace, cause: Cause, body: IO[bytes]) -> Ingested:
    """Record each activity of an NDJSON body once.

    Lines are recorded in chunks. After a failure in between, sending the whole body again records
    the rest.
    """
    recorder, _ = _limiters_here()
    total = Ingested(accepted=0, repeated=0, rejected=0, rejections=[], log_position=0)
    number = 0
    while True:
        if marketplace.stopping.is_set():
            detail = "This server is shutting down; send the same lines again in a moment."
            raise ShuttingDown(detail)
        read = await to_thread.run_sync(
            _take_chunk, marketplace, cause, body, number, total, limiter=recorder
        )
        number += read
        if read < CHUNK:
            break
    if not total.log_position:
        total.log_position = await to_thread.run_sync(marketplace.store.head, limiter=recorder)
    return total


Line = tuple[int, Activity]


def _take_chunk(
    marketplace: Marketplace, cause: Cause, body: IO[bytes], before: int, total: Ingested
) -> int:
    """Record the next lines, add what became of them to the total, and return how many they are."""
    texts = [*islice(body, CHUNK)]
    if not before and texts:
        texts[0] = texts[0].removeprefix(codecs.BOM_UTF8)
    lines, rejections = _parse(texts, before + 1)
    if lines:
        accepted, repeated, refused, total.log_position = _record(
            marketplace.store, marketplace.pool, cause, lines
        )
        total.accepted += accepted
        total.repeated += repeated
        rejections += refused
    rejections.sort(key=lambda rejected: rejected.line)
    total.rejected += len(rejections)
    total.rejections += rejections[: MOST_REJECTED_SHOWN - len(total.rejections)]
    return len(texts)


def _parse(texts: Sequence[bytes], first: int) -> tuple[list[Line], list[Rejected]]:
    lines: list[Line] = []
    rejections: list[Rejected] = []
    validate = TypeAdapter(Activity).validate_json
    for number, text in enumerate(texts, start=first):
        if not text.strip():
            continue
        try:
            lines.append((number, validate(text)))
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc'])) or 'the line'}: {fault['msg']}"
                for fault in error.errors(include_url=False)
            )
            rejections.append(Rejected(line=number, code="invalid", detail=faults))
    return lines, rejections


def _record(
    store: EventStore, pool: Pool, cause: Cause, chunk: Sequence[Line]
) -> tuple[int, int, list[Rejected], int]:
    """How many were recorded and repeated, which were refused, and the log position."""
    first = {_receipt(activity): (number, activity) for number, activity in reversed(chunk)}

    def new_ones() -> list[NoteActivity]:
        with pool.connection() as db:
            known = receipts.known(db, [*first])
        fresh = [activity for receipt, (_, activity) in first.items() if receipt not in known]
        fresh.sort(key=lambda activity: activity.occurred_at)
        asked = dict(cause)
        return [NoteActivity(**asked, activity=activity) for activity in fresh]

    def taken(decided: Decided[NoteActivity]) -> list[Receipt]:
        return [_receipt(command.activity) for command, refusal in decided if refusal is None]

    decided, log_position = store.execute_all(
        new_ones,
        load=lambda work: work.load_all(
            Candidate, (activity.candidate_id for _, activity in first.values()), DECIDING
        ),
        also=lambda decided: [receipts.keeping(new)] if (new := taken(decided)) else [],
    )
    why = {_receipt(c.activity): refusal for c, refusal in decided if refusal is not None}
    refused = [
        Rejected(line=number, code=reason.code, detail=str(reason))
        for number, activity in chunk
        if (refusal := why.get(_receipt(activity)))
        for reason in refusal.reasons
    ]
    accepted = len(taken(decided))
    repeated = sum(_receipt(activity) not in why for _, activity in chunk) - accepted
    return accepted, repeated, refused, log_position


def _receipt(activity: Activity) -> Receipt:
    return activity.candidate_id, activity.source, activity.source_id
