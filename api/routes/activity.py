"""Candidates' activity, taken in by the thousand; each activity counts once."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool

from api.http.caller import Feed
from api.routes.activity_ingestion import Ingested, ingest
from domain.actor import Cause

router = APIRouter(prefix="/activity", tags=["Activity"])

MOST_BYTES = 32 * 1024 * 1024
"""In one request."""


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
async def ingest_activity(caller: Feed, body: Annotated[bytes, Depends(ndjson)]) -> Ingested:
    """Take in activity as NDJSON, one a line: candidate_id, kind, occurred_at, source, source_id.

    Each counts once by its id at its source, so a whole request may be sent again after a failure.
    Lines that are wrong are told, with number and reason, and left out; the others are taken.
    """
    cause = Cause(by=caller.actor, at=caller.at, request_id=caller.request_id)
    marketplace = caller.marketplace
    return await run_in_threadpool(ingest, marketplace.store, marketplace.pool, cause, body)
