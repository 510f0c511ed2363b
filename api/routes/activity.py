"""Candidates' activity, taken in by the thousand as NDJSON; each activity counts once."""

import codecs
from collections.abc import Sequence
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from api.http.access import PlatformCaller
from api.http.problems import Problem
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

CHUNK = 2_000
"""Activities recorded in one transaction."""


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


async def ndjson(request: Request) -> bytes:
    """The body, whatever its type is said to be."""
    return await request.body()


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
async def ingest_activity(
    caller: PlatformCaller, body: Annotated[bytes, Depends(ndjson)]
) -> Ingested:
    """Take in activity as NDJSON, one a line: candidate_id, kind, occurred_at, source, source_id.

    Each counts once by its id at its source, so a request may be repeated after a failure.
    Invalid lines are reported with number and reason, and skipped; the others are recorded.
    """
    cause = Cause(by=caller.actor, at=caller.at, request_id=caller.request_id)
    marketplace = caller.marketplace
    return await ingest(marketplace.store, marketplace.pool, cause, body)


_limiter: RunVar[CapacityLimiter] = RunVar("activity")


def _one_at_a_time() -> CapacityLimiter:
    """Uploads take turns chunk by chunk: in parallel they conflict over the same candidates.

    A limiter of their own, so that those that wait occupy none of the threads of other requests.
    """
    limiter = _limiter.get(None)
    if limiter is None:
        limiter = CapacityLimiter(1)
        _limiter.set(limiter)
    return limiter


async def ingest(store: EventStore, pool: Pool, cause: Cause, body: bytes) -> Ingested:
    """Record each activity of an NDJSON body once.

    Lines are recorded in chunks. After a failure in between, sending the whole body again records
    the rest.
    """
    limiter = _one_at_a_time()
    lines, rejections = await to_thread.run_sync(_parse, body, limiter=limiter)
    accepted = repeated = log_position = 0
    for start in range(0, len(lines), CHUNK):
        chunk = lines[start : start + CHUNK]
        taken, again, refused, log_position = await to_thread.run_sync(
            _record, store, pool, cause, chunk, limiter=limiter
        )
        accepted += taken
        repeated += again
        rejections += refused
    rejections.sort(key=lambda rejected: rejected.line)
    return Ingested(
        accepted=accepted,
        repeated=repeated,
        rejected=len(rejections),
        rejections=rejections[:MOST_REJECTED_SHOWN],
        log_position=log_position or await to_thread.run_sync(store.head, limiter=limiter),
    )


Line = tuple[int, Activity]


def _parse(body: bytes) -> tuple[list[Line], list[Rejected]]:
    lines: list[Line] = []
    rejections: list[Rejected] = []
    validate = TypeAdapter(Activity).validate_json
    for number, text in enumerate(body.removeprefix(codecs.BOM_UTF8).splitlines(), start=1):
        if not text.strip():
            continue
        if number > MOST_LINES:
            detail = f"More than {MOST_LINES} lines; send them in several requests."
            raise Problem(413, "too-many-lines", detail)
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
