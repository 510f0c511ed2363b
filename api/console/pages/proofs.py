"""The auditor's proof that an event is in the log, and still what it was."""

from fastapi import APIRouter, Response

from api.console.session import Auditor
from api.routes import evidence
from api.routes.evidence import Size

router = APIRouter()


@router.get("/proofs/{log_position}")
def proof_page(visit: Auditor, log_position: Size) -> Response:
    """Whether an event is the one that was signed, and the proof to check it with elsewhere."""
    proof = evidence.prove_event(log_position, visit.caller)
    key = evidence.read_key(visit.caller)
    return visit.page("proof.html", proof=proof, key=key)


@router.get("/proofs/{log_position}/text")
def proof_text(visit: Auditor, log_position: Size) -> Response:
    """The proof as C2SP tlog-proof."""
    proof = evidence.prove_event(log_position, visit.caller)
    named = {"Content-Disposition": f'attachment; filename="event-{log_position}.tlog-proof"'}
    return Response(proof.text, media_type="text/plain; charset=utf-8", headers=named)
