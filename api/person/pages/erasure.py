"""Erase all personal data of the candidate, after one more look at what that means."""

from fastapi import APIRouter, Response

from api.http.problems import Problem, Reason
from api.person.rendering import rendered
from api.person.visit import ByLetter
from api.web.forms import REFUSED
from domain.candidate_commands import EraseCandidate
from infrastructure.languages.translation import gettext as _

router = APIRouter(prefix="/p/{token}/erasure")


@router.get("")
def erasure_page(visit: ByLetter) -> Response:
    """What is erased, what that ends, and the button to do so."""
    return visit.page("erasure.html")


@router.post("")
def erase(visit: ByLetter) -> Response:
    """Erase everything, for ever. All links are dead from then on."""
    try:
        if not visit.sent.value("sure"):
            detail = _("Tick that you are sure: nobody can bring your data back.")
            reasons = [Reason(code="missing", field="sure", detail=detail)]
            raise Problem(422, "invalid", detail, reasons)
        visit.run(EraseCandidate, candidate_id=visit.person.id)
    except REFUSED as error:
        return visit.again("erasure.html", error)
    return rendered(visit.request, "erased.html")
