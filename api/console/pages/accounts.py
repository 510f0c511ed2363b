"""The accounts of a Customer Success Manager: how each employer does."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.console.session import SuccessManager
from api.http.lists import Cursor
from api.routes.accounts import read_account
from api.web.rendering import address
from domain.values import StorableText
from projections import accounts, feedback
from projections.employers import Employers
from projections.feedback import FeedbackList

router = APIRouter(prefix="/accounts")

AT_A_TIME = 50
FEEDBACK_AT_A_TIME = 20

Part = Annotated[StorableText, Query(max_length=254)]


@router.get("")
def accounts_page(
    visit: SuccessManager,
    company: Part = "",
    manager: Part | None = None,
    silent: bool = False,
    cursor: Cursor = None,
) -> Response:
    """Employers by name, at first the visitor's own if they go by an address."""
    mine = visit.caller.actor.id if "@" in visit.caller.actor.id else ""
    company, manager = company.strip(), (mine if manager is None else manager.strip())
    with visit.caller.reading(*accounts.READS) as db:
        listed = accounts.listed(
            db,
            visit.caller.at,
            AT_A_TIME,
            cursor,
            company=company or None,
            manager_email=manager or None,
            silent=silent,
        )
    # An empty manager stays in the address: it says all accounts, as no manager says one's own.
    asked = {"company": company, "silent": "true" if silent else "", "manager": manager or " "}
    return visit.page(
        "accounts.html",
        accounts=listed.items,
        company=company,
        manager=manager,
        mine=mine,
        silent=silent,
        more_at=listed.next_cursor and address("/accounts", **asked, cursor=listed.next_cursor),
    )


@router.get("/{employer_id}")
def account_page(visit: SuccessManager, employer_id: UUID, cursor: Cursor = None) -> Response:
    """An employer's use of passive candidates, and what its recruiters said."""
    account = read_account(employer_id, visit.caller)
    with visit.caller.reading(FeedbackList, Employers) as db:
        listed = feedback.listed(db, FEEDBACK_AT_A_TIME, cursor, employer_id)
    here = f"/accounts/{employer_id}"
    return visit.page(
        "account.html",
        account=account,
        feedback=listed.items,
        more_at=listed.next_cursor and address(here, cursor=listed.next_cursor),
    )
