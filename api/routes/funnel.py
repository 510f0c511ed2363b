"""The funnel: how many candidates were shown, opened, written to, answered and interviewed."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from api.formats import csv, tables
from api.http.access import allowed
from api.http.caller import Caller
from domain.actor import Actor, Role
from domain.command import NotFound
from domain.employer import Employer
from domain.values import Day
from projections import funnel
from projections.funnel import Funnel, Interval, Split, Steps

router = APIRouter(prefix="/funnel", tags=["Model"])


class FunnelQuery(BaseModel):
    """Which part of the funnel, and how its rows are split."""

    interval: Interval | None = Field(
        None, description="how long a period is; without it, all the time is one"
    )
    by: list[Split] = Field([], description="what to split the rows by")
    since: Day | None = Field(None, description="the first day that counts")
    until: Day | None = Field(None, description="the first day that no longer does")
    employer_id: UUID | None = None
    position_id: UUID | None = None
    passive: bool | None = Field(None, description="only passive candidates, or only active ones")
    explored: bool | None = Field(
        None, description="only candidates shown by exploration, or only the others"
    )
    format: Literal["json", "csv", "xlsx"] | None = Field(
        None, description="csv or xlsx, or its media type in `Accept`, gives a file"
    )

    def only(self, actor: Actor) -> dict[str, object]:
        """What must hold of all that counts; a recruiter sees their own employer's."""
        if self.employer_id and not actor.acts_for(self.employer_id):
            raise NotFound(Employer, self.employer_id)
        chosen = {
            "employer_id": self.employer_id or actor.employer_id,
            "position_id": self.position_id,
            "passive": self.passive,
            "explored": self.explored,
        }
        return {name: value for name, value in chosen.items() if value is not None}


@router.get(
    "",
    response_model=list[Steps],
    responses={200: tables.FILES},
)
def read_funnel(
    request: Request,
    caller: Annotated[Caller, Depends(allowed(Role.ANALYST, Role.RECRUITER))],
    asked: Annotated[FunnelQuery, Query()],
) -> list[Steps] | Response:
    """How many candidates came how far, by period and by what is asked for.

    A recruiter sees their own employer's.
    """
    with caller.reading(Funnel) as db:
        rows = funnel.steps(
            db,
            since=asked.since,
            until=asked.until,
            interval=asked.interval,
            by=asked.by,
            only=asked.only(caller.actor),
        )
    accepted = request.headers.get("accept", "")
    if asked.format == "xlsx" or (asked.format is None and tables.XLSX_TYPE in accepted):
        return tables.download(tables.TableFormat.XLSX, tables.of_model(Steps), rows, "funnel")
    wants_csv = csv.MEDIA_TYPE in accepted
    if asked.format == "csv" or (asked.format is None and wants_csv):
        return csv.download(Steps, rows, "funnel")
    return rows
