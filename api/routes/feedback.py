"""All employers' feedback, for Customer Success Managers."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.http.caller import Manager
from api.http.lists import Cursor, Limit
from domain.values import StorableText
from projections import employers
from projections.employers import Employers
from projections.paging import Listed

router = APIRouter(prefix="/feedback", tags=["Employers"])


@router.get("")
def list_all_feedback(
    caller: Manager,
    limit: Limit = 50,
    cursor: Cursor = None,
    company: Annotated[
        StorableText | None, Query(max_length=200, description="part of the name")
    ] = None,
    manager_email: Annotated[
        StorableText | None,
        Query(max_length=254, description="of the employers that they look after"),
    ] = None,
) -> Listed[employers.Feedback]:
    """What recruiters said, the newest first; perhaps only those of some employers."""
    with caller.reading(Employers) as db:
        return employers.feedback(db, limit, cursor, company=company, manager_email=manager_email)
