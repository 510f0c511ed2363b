"""All employers' feedback, for Customer Success Managers."""

from fastapi import APIRouter

from api.caller import Manager
from api.reading import Cursor, Limit
from projections import employers
from projections.employers import Employers
from projections.paging import Listed

router = APIRouter(prefix="/feedback", tags=["Employers"])


@router.get("")
def list_all_feedback(
    caller: Manager, limit: Limit = 50, cursor: Cursor = None
) -> Listed[employers.Feedback]:
    """What recruiters said, the newest first."""
    with caller.reading(Employers) as db:
        return employers.feedback(db, limit, cursor)
