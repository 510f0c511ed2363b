"""The letters that the embedded mail server keeps instead of delivering them."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.console.session import Anyone, Visit, has_mail
from api.delivery.channels import letterhead, shown_inbox
from api.delivery.replying import reply_mail, text_of
from api.delivery.shown_letters import ShownLetters
from api.http.problems import Problem
from api.web.forms import REFUSED
from domain.values import FreeText, Value

router = APIRouter()

LATEST = 100

LETTER_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none';"
        " base-uri 'none'; frame-ancestors 'self';"
        " sandbox allow-popups allow-popups-to-escape-sandbox"
    ),
    "Referrer-Policy": "no-referrer",
}
"""A letter has styles of its own, and can do nothing but open its links in a new tab."""


@dataclass(frozen=True)
class Letter:
    """A letter as the page shows it."""

    id: str
    received_at: datetime
    mail: EmailMessage

    def header(self, name: str) -> str:
        return str(self.mail.get(name, ""))


class Answer(Value):
    """What the recipient of a letter replies."""

    text: FreeText


@router.get("/mail")
def mail_page(visit: Anyone, known: Annotated[str, Query(max_length=16)] = "") -> Response:
    """The last letters, the newest first."""
    letters = _letters(visit)
    # Changes whenever a letter arrives, or is erased.
    ids = sha256(repr([letter.id for letter in letters]).encode()).hexdigest()[:16]
    if ids == known:
        return Response(status_code=204)
    page = "mail_part.html" if known else "mail.html"
    are_simulated = visit.caller.marketplace.settings.demo_speed > 0
    return visit.page(page, letters=letters, known=ids, latest=LATEST, are_simulated=are_simulated)


@router.get("/mail/{letter_id}")
def letter_page(letter_id: str, visit: Anyone) -> Response:
    """A letter as its recipient sees it."""
    return _with_frame(visit.page("letter.html", **_shown(visit, letter_id)))


@router.get("/mail/{letter_id}/html")
def letter_html(letter_id: str, visit: Anyone) -> Response:
    """The letter's HTML, which another page frames."""
    html = text_of(_letter(visit, letter_id).mail, "html")
    return HTMLResponse(
        html.replace("<head>", '<head><base target="_blank">', 1), headers=LETTER_HEADERS
    )


@router.post("/mail/{letter_id}/reply")
def reply(letter_id: str, visit: Anyone) -> Response:
    """Reply by mail in the recipient's place."""
    letter = _letter(visit, letter_id)
    try:
        answer = visit.sent.read(Answer)
    except REFUSED as error:
        return _with_frame(visit.again("letter.html", error, **_shown(visit, letter_id)))
    market = visit.caller.marketplace
    message_id = f"<{visit.sent.value('_key')}@localhost>"
    mail = reply_mail(letter.mail, answer.text, message_id, visit.caller.at)
    shown = ShownLetters(market.store, market.pool)
    inbox = shown_inbox(shown, market.read_models, letterhead(market.settings), market.now)
    inbox.take(mail.as_bytes(), [letter.header("Reply-To")])
    return visit.go(f"/mail/{letter_id}", notice="replied-by-mail")


def _shown(visit: Visit, letter_id: str) -> dict[str, Any]:
    letter = _letter(visit, letter_id)
    return {"letter": letter, "text": text_of(letter.mail)}


def _with_frame(page: Response) -> Response:
    page.headers["Content-Security-Policy"] += "; frame-src 'self'"
    return page


def _letter(visit: Visit, letter_id: str) -> Letter:
    for letter in _letters(visit, f"<{letter_id}>"):
        return letter
    raise Problem(404, "not-found", "There is no such letter; it may have been erased.")


def _letters(visit: Visit, message_id: str | None = None) -> list[Letter]:
    _refuse_elsewhere(visit.request)
    market = visit.caller.marketplace
    shown = ShownLetters(market.store, market.pool).latest(LATEST, message_id)
    return [
        Letter(
            id=one.message_id.strip("<>"),
            received_at=one.received_at,
            mail=message_from_bytes(one.raw, policy=policy.default),
        )
        for one in shown
    ]


def _refuse_elsewhere(request: Request) -> None:
    """The links in letters let every reader answer for the person."""
    if not has_mail(request):
        raise Problem(404, "not-found", "There is no such page; check its address.")
