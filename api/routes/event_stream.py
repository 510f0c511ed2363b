"""The event log as it grows, as server-sent events."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated
from uuid import UUID

import anyio
from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials
from fastapi.sse import format_sse_event

from api.cloud_events import CloudEvent, cloud_events
from api.http.access import EventReader, LogPosition, bearer
from api.http.problems import Problem, ProblemDetails
from api.http.tokens import Tokens
from api.marketplace import Marketplace
from domain.actor import Role
from domain.event_disclosure import KINDS_FOR_EMPLOYERS
from domain.values import StorableText
from infrastructure.event_log import queries
from infrastructure.projecting.checkpoints import check_within_log

router = APIRouter(prefix="/events", tags=["Events"])

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Nothing on the way may keep events, nor hold them back."""

BATCH_SIZE = 200
POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
MOST_STREAMS = 200
"""Open at the same time in one process."""

_readers: RunVar[CapacityLimiter] = RunVar("event streams")


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = MEDIA_TYPE


@router.get(
    "/stream",
    response_class=EventStream,
    responses={
        200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
        406: {"model": ProblemDetails, "description": "asked for without text/event-stream"},
    },
)
async def stream_events(
    request: Request,
    caller: EventReader,
    token: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
    since: Annotated[
        LogPosition | None, Query(description="only events after this position; else new ones")
    ] = None,
    kind: Annotated[
        list[StorableText] | None, Query(description="only these types, such as outreach.declined")
    ] = None,
    last_event_id: Annotated[
        LogPosition | None, Header(description="the last `id` received; goes before `since`")
    ] = None,
) -> EventStream:
    """Events as they happen, each a CloudEvent whose `id` is its position in the log.

    Send `Accept: text/event-stream`. A client that is cut off and sends the last `id` as
    `Last-Event-ID` misses nothing and gets nothing twice. Auditors get everything, recruiters what
    is their employer's.
    """
    if MEDIA_TYPE not in request.headers.get("accept", ""):
        raise Problem(406, "not-acceptable", f"This is a stream; send Accept: {MEDIA_TYPE}.")
    marketplace = caller.marketplace
    head = await to_thread.run_sync(marketplace.store.head, limiter=_limiter())
    begin = next((at for at in (last_event_id, since) if at is not None), head)
    check_within_log(begin, head)
    employer_id = None
    topics = [*(kind or ())]
    if caller.actor.role is Role.RECRUITER:
        employer_id = caller.actor.employer_id
        topics = sorted(KINDS_FOR_EMPLOYERS.intersection(kind or KINDS_FOR_EMPLOYERS))
    if kind and not topics:
        raise Problem(422, "invalid", "None of these types of events is an employer's; check kind.")
    if not caller.sees_content:
        return EventStream(iter(()))
    if marketplace.streams >= MOST_STREAMS:
        detail = "Too many streams are open; come back in a minute."
        raise Problem(503, "too-many-streams", detail, headers={"Retry-After": "60"})

    tokens: Tokens = request.app.state.tokens

    def still_allowed() -> bool:
        try:
            tokens.actor(token.credentials)
        except Problem:  # it has expired, or was revoked
            return False
        return True

    following = _following(marketplace, begin, topics, employer_id, still_allowed)
    return EventStream(following, headers=HEADERS)


async def _following(
    marketplace: Marketplace,
    since: int,
    topics: list[str],
    employer_id: UUID | None,
    still_allowed: Callable[[], bool],
) -> AsyncIterator[bytes]:
    def read(after: int) -> tuple[list[CloudEvent], int]:
        with marketplace.pool.connection() as db:
            logged, reached = queries.after(db, after, BATCH_SIZE, topics)
        return cloud_events(marketplace.store, logged, employer_id), reached

    marketplace.streams += 1
    try:
        yield format_sse_event(id=str(since))
        beat = time.monotonic()
        while not marketplace.stopping.is_set():
            events, reached = await to_thread.run_sync(read, since, limiter=_limiter())
            for event in events:
                yield format_sse_event(
                    data_str=event.model_dump_json(), event=event.type, id=event.id
                )
            if time.monotonic() - beat >= HEARTBEAT_SECONDS:
                if not await to_thread.run_sync(still_allowed, limiter=_limiter()):
                    return
                # Its id lets a stream of rare events resume from here.
                yield format_sse_event(comment="heartbeat", id=str(reached))
                beat = time.monotonic()
            if reached == since:
                await anyio.sleep(POLL_SECONDS)
            since = reached
    finally:
        marketplace.streams -= 1


def _limiter() -> CapacityLimiter:
    """Streams read in threads of their own, so that they take none from other requests."""
    limiter = _readers.get(None)
    if limiter is None:
        limiter = CapacityLimiter(4)
        _readers.set(limiter)
    return limiter
