"""How much of each candidate lists show: a choice that this browser keeps."""

from fastapi import APIRouter, Response

from api.console.rendering import DENSITIES, ROWS_COOKIE, local_path
from api.console.session import RecruiterOrSupport

router = APIRouter()

KEPT_SECONDS = 365 * 24 * 60 * 60


@router.post("/rows")
def choose_rows(visit: RecruiterOrSupport) -> Response:
    """Choose how much of each candidate lists show, and go back to the list."""
    response = visit.go(local_path(visit.sent.value("_back")))
    chosen = visit.sent.value("rows")
    if chosen in DENSITIES:
        secure = visit.request.url.scheme == "https"
        response.set_cookie(
            ROWS_COOKIE, chosen, max_age=KEPT_SECONDS, httponly=True, samesite="lax", secure=secure
        )
    return response
