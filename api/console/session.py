"""Console sessions: a bearer token in a cookie that scripts cannot read."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, NoReturn
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.console import notices
from api.console.demo_users import demo_users, is_demo_open
from api.console.people import People
from api.console.rendering import rendered
from api.console.wording.field_words import asked_for
from api.delivery.channels import delivers_by_mail, shows_letters
from api.http.access import LogPosition, enter
from api.http.caller import Caller, CommandResult
from api.http.problems import Problem
from api.http.tokens import WITH_TOKENS, Tokens, local_key, make_token
from api.marketplace import now
from api.web.forms import Faults, Sent, read_form
from api.web.rendering import address
from domain.actor import Actor, CompanyRole, Role

COOKIE = notices.SESSION
LASTS = timedelta(hours=8)
STALE_FORM = "stale-form"
UNDONE_BY = {"shortlisted": "unshortlist", "unshortlisted": "shortlist", "set-aside": "take-back"}
"""Which button undoes a decision, by the notice that tells of it."""


@dataclass(frozen=True)
class Visit:
    """A request for a page: its caller, the form that was sent, and the response."""

    request: Request
    caller: Caller
    sent: Sent

    @property
    def is_part(self) -> bool:
        """Whether a script asks for a part of a page."""
        return self.request.headers.get("hx-request") == "true"

    def page(self, template: str, faults: Faults | None = None, **shown: Any) -> Response:
        """A page, or a part of one; perhaps with what is wrong with its form."""
        actor = self.caller.actor
        may_command = actor.role in (Role.RECRUITER, Role.ADMIN)
        visitor = {
            "actor": actor,
            "is_owner": may_command and actor.may(CompanyRole.OWNER),
            "is_read_only": not actor.may(CompanyRole.RECRUITER),
            "csrf": csrf_token(self.request),
            "has_mail": has_mail(self.request),
            "people": People(self.caller.marketplace, actor),
        }
        status = faults.status if faults else 200
        if faults:
            faults.reasons = [*map(asked_for, faults.reasons)]
        return rendered(self.request, template, status, faults=faults, **visitor, **shown)

    def again(self, template: str, error: Exception, **shown: Any) -> Response:
        """The page of a form that was refused, with what was typed and what is wrong with it."""
        return self.page(template, Faults(error), sent=self.sent, **shown)

    def go(self, path: str, *, after: int | None = None, notice: str | None = None) -> Response:
        """Go on to a page, which shows a notice."""
        url = address(path, after=after, notice=notice)
        return RedirectResponse(notices.leading_to(self.request, url), 303)

    def undo(self, position_id: UUID, here: str) -> dict[str, str] | None:
        """What undoes the decision about a candidate that the page's notice tells of."""
        asked = self.request.query_params
        step = UNDONE_BY.get(notices.given(self.request))
        try:
            candidate_id = UUID(asked.get("decided", ""))
        except ValueError:
            return None
        action = f"/positions/{position_id}/candidates/{candidate_id}/review"
        back = f"{here}#c-{candidate_id}"
        return {"step": step, "action": action, "back": back} if step else None

    def done(self, result: CommandResult, path: str, notice: str) -> Response:
        """Go on to a page once a form is done, which shows what it did and says so."""
        return self.go(path, after=result.log_position, notice=notice)


def visiting(*roles: Role) -> Callable[..., Visit]:
    """A dependency that admits these roles and `admin`; others are asked to sign in.

    A form must bring the token that its page was given against cross-site request forgery, and an
    idempotency key, so that sending it twice does it once.
    """

    def visit(
        request: Request,
        response: Response,
        sent: Annotated[Sent, Depends(read_form)],
        after: Annotated[LogPosition | None, Query()] = None,
    ) -> Visit:
        actor = signed_in(request) or _ask_to_sign_in(request)
        key = None
        if request.method == "POST":
            if not hmac.compare_digest(sent.value("_csrf").encode(), csrf_token(request).encode()):
                detail = "The page was open for too long or in another session; send it again."
                raise Problem(403, STALE_FORM, detail)
            key = sent.value("_key")[:200]
            if not (key and key.isprintable()):
                detail = "The form lacks its key; open the page again."
                raise Problem(400, "idempotency-key-missing", detail)
        caller = enter(request, response, actor, roles, idempotency_key=key, after=after)
        return Visit(request, caller, sent)

    return visit


def signed_in(request: Request) -> Actor | None:
    """The actor of the session's cookie. None without a valid one."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    tokens: Tokens = request.app.state.tokens
    try:
        return tokens.actor(token)
    except Problem as problem:
        if problem.details.status == 401:
            return None
        raise


def begin(request: Request, response: Response, token: str) -> None:
    """Start a session with a token that has been found valid."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def end(request: Request, response: Response) -> None:
    """End the session and revoke its token."""
    tokens: Tokens = request.app.state.tokens
    tokens.revoke(request.cookies[COOKIE])
    response.delete_cookie(COOKIE)


def member_token(request: Request, employer_id: UUID, member_id: UUID) -> str:
    """The token of a member's session, in the role that they have in their company."""
    settings = request.app.state.marketplace.settings
    actor = Actor(id=str(member_id), role=Role.RECRUITER, employer_id=employer_id)
    return make_token(settings, actor, now(), LASTS, is_member=True)


def sign_in_choices(request: Request) -> dict[str, object]:
    """The ways to sign in beside a token, as the page to do so takes them."""
    settings = request.app.state.marketplace.settings
    return {
        "users": demo_users(request),
        "by_mail": delivers_by_mail(settings),
        "provider": settings.oidc_name if request.app.state.provider else None,
    }


def has_mail(request: Request) -> bool:
    """Whether letters are shown: to the users of a local demo, whose mail server is embedded."""
    settings = request.app.state.marketplace.settings
    return shows_letters(settings) and bool(is_demo_open(request))


def csrf_token(request: Request) -> str:
    """What a form of this session must bring along."""
    session = request.cookies.get(COOKIE, "")
    key = local_key(request.app.state.marketplace.settings)
    return hmac.digest(key, f"csrf/{session}".encode(), "sha256").hex()


def _ask_to_sign_in(request: Request) -> NoReturn:
    ended = COOKIE in request.cookies
    detail = "Your session has ended; sign in again." if ended else "Sign in to see this page."
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method == "GET":
        headers = {"Location": address("/sign-in", next=target)}
        raise Problem(303 if _is_page(request) else 401, "sign-in", detail, headers=headers)
    raise Problem(401, "sign-in", detail)


def _is_page(request: Request) -> bool:
    """Whether a browser asks for a whole page: neither a part of one, nor another client."""
    is_part = request.headers.get("hx-request") == "true"
    return "text/html" in request.headers.get("accept", "") and not is_part


Anyone = Annotated[Visit, Depends(visiting(*WITH_TOKENS))]
Recruiter = Annotated[Visit, Depends(visiting(Role.RECRUITER))]
RecruiterOrSupport = Annotated[Visit, Depends(visiting(Role.RECRUITER, Role.SUPPORT))]
PositionReader = Annotated[Visit, Depends(visiting(Role.RECRUITER, Role.SUPPORT, Role.CSM))]
SuccessManager = Annotated[Visit, Depends(visiting(Role.CSM))]
Support = Annotated[Visit, Depends(visiting(Role.SUPPORT))]
Analyst = Annotated[Visit, Depends(visiting(Role.ANALYST))]
Auditor = Annotated[Visit, Depends(visiting(Role.AUDITOR))]
Admin = Annotated[Visit, Depends(visiting())]
