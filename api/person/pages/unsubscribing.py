"""Stop all messages by the link of a letter: one request, or one button (RFC 8058)."""

from fastapi import APIRouter, Response

from api.http.problems import Problem
from api.person.visit import OneClick, Unsubscribing
from api.web.forms import REFUSED
from domain.candidate_commands import OptIn, OptOut
from infrastructure.languages.translation import gettext as _

router = APIRouter(prefix="/u/{token}")

ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""The body that RFC 8058 has mail programs send; the page's button sends it too."""


@router.get("")
def unsubscribe_page(visit: Unsubscribing) -> Response:
    """The button that stops all messages; to open the page stops nothing."""
    return visit.page("unsubscribe.html")


@router.post("")
def unsubscribe(visit: OneClick) -> Response:
    """Stop all messages at once. Repeating it changes nothing."""
    name, value = ONE_CLICK
    if visit.sent.value(name) != value:
        raise Problem(400, "not-one-click", f"Send {name}={value} to stop all messages.")
    visit.run(OptOut, candidate_id=visit.person.id)
    return visit.page(
        "unsubscribe.html", opted_in=False, notice=_("Nobody writes to you any more.")
    )


@router.post("/undo")
def undo(visit: Unsubscribing) -> Response:
    """Allow messages again."""
    try:
        result = visit.run(OptIn, candidate_id=visit.person.id)
    except REFUSED as error:
        return visit.again("unsubscribe.html", error)
    return visit.done(result, "resumed")
