"""Signing in and out, and the way from there to the first page."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.console import notices
from api.console.demo_users import demo_token, is_demo_key, open_demo
from api.console.rendering import local_path, menu, rendered
from api.console.session import (
    COOKIE,
    LASTS,
    Anyone,
    begin,
    csrf_token,
    end,
    sign_in_choices,
    signed_in,
)
from api.http.access import LogPosition
from api.http.problems import Problem
from api.http.tokens import Tokens
from api.web.forms import Faults, Sent, read_form
from api.web.rendering import address

router = APIRouter()

Next = Annotated[str, Query(alias="next", max_length=2000)]


@router.get("/")
def home(request: Request, after: LogPosition | None = None) -> Response:
    """The first page after signing in."""
    actor = signed_in(request)
    path = menu(actor.role)[0][0] if actor else "/sign-in"
    return RedirectResponse(address(path, after=after), 303)


@router.get("/sign-in")
def sign_in_page(
    request: Request, next: Next = "/", demo: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Where to sign in, with a token or as a user of the local demo, which `demo` opens."""
    if is_demo_key(request, demo):
        opened = RedirectResponse(address("/sign-in", next=local_path(next)), 303)
        open_demo(opened, demo)
        return opened
    ended = COOKIE in request.cookies and signed_in(request) is None
    why = "Your session has ended; sign in again." if ended else None
    shown: dict[str, Any] = {
        "next": local_path(next),
        "carried": None,
        "why": why,
        **sign_in_choices(request),
    }
    return rendered(request, "sign_in.html", **shown)


@router.post("/sign-in")
def sign_in(request: Request, sent: Annotated[Sent, Depends(read_form)]) -> Response:
    """Start a session, then go on to where one wanted to go, with what was typed there."""
    next = local_path(sent.value("_next"))
    carried = Sent([(n.removeprefix("_carried."), v) for n, v in sent.fields if "_carried." in n])
    token = demo_token(request, sent.value("_user"), LASTS) or sent.value("_token").strip()
    if sent.value("_go_on") and signed_in(request):
        token = request.cookies[COOKIE]
    tokens: Tokens = request.app.state.tokens
    try:
        if not token:
            raise Problem(401, "unauthorized", "Paste a token, then sign in.")
        actor = tokens.actor(token)
    except Problem as problem:
        return rendered(
            request,
            "sign_in.html",
            problem.details.status,
            next=next,
            carried=carried if carried.fields else None,
            why=None,
            faults=Faults(problem),
            **sign_in_choices(request),
        )
    if not carried.fields:
        response: Response = RedirectResponse(next, 303)
        begin(request, response, token)
        return response
    request.cookies[COOKIE] = token  # the page's form belongs to the session that begins with it
    csrf = csrf_token(request)
    response = rendered(request, "resume.html", next=next, carried=carried, actor=actor, csrf=csrf)
    begin(request, response, token)
    return response


@router.post("/sign-out")
def sign_out(visit: Anyone) -> Response:
    """End the session."""
    to = notices.leading_to(visit.request, address("/sign-in", notice="signed-out"), session="")
    response = RedirectResponse(to, 303)
    end(visit.request, response)
    return response
