"""Accounts: how the employers do that a Customer Success Manager looks after."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.http.access import SuccessManager
from api.http.lists import Company, Cursor, Limit, ManagerEmail
from domain.command import NotFound
from domain.employer import Employer
from projections import accounts
from projections.accounts import Account
from projections.paging import Listed

router = APIRouter(prefix="/accounts", tags=["Accounts"])


@router.get("")
def list_accounts(
    caller: SuccessManager,
    limit: Limit = 50,
    cursor: Cursor = None,
    company: Company = None,
    manager_email: ManagerEmail = None,
    silent: Annotated[bool, Query(description="only those without activity for 30 days")] = False,
) -> Listed[Account]:
    """Employers by name, each with its use of passive candidates."""
    with caller.reading(*accounts.READS) as db:
        return accounts.listed(
            db,
            caller.at,
            limit,
            cursor,
            company=company,
            manager_email=manager_email,
            silent=silent,
        )


@router.get("/{employer_id}")
def read_account(employer_id: UUID, caller: SuccessManager) -> Account:
    """An employer with its use of passive candidates."""
    with caller.reading(*accounts.READS) as db:
        found = accounts.one(db, caller.at, employer_id)
    if found is None:
        raise NotFound(Employer, employer_id)
    return found
