"""Signing in by a link that was mailed, and accepting an invitation by one.

Opening a link changes nothing, since mail programs open links too; the button on its page does.
"""

from datetime import timedelta
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from api.console import notices
from api.console.rendering import local_path, rendered
from api.console.session import begin, member_token, sign_in_choices
from api.console.wording.team_words import COMPANY_ROLES
from api.delivery.channels import delivers_by_mail
from api.http.problems import Problem, faults_of_the_request
from api.identifiers import normalised, of_address
from api.links import Purpose, claimed_outreach, is_ours, link_key
from api.marketplace import Marketplace
from api.web.forms import REFUSED, Faults, Sent, read_form
from api.web.rendering import address
from domain.actor import Actor, Cause, Role
from domain.team_commands import AcceptInvitation
from domain.values import Email, Value
from infrastructure.requests import sign_in_links
from projections import teams
from projections.teams import Membership, Teams

router = APIRouter()

MINUTES = int(sign_in_links.LINK_LASTS / timedelta(minutes=1))

USED = "This link was used or has expired. Ask for a new one."
NO_INVITATION = "This invitation was used, revoked or has expired. Ask your company for a new one."


class Address(Value):
    """Where a link is sent."""

    email: Email


@router.post("/sign-in/link")
def ask_for_link(request: Request, sent: Annotated[Sent, Depends(read_form)]) -> Response:
    """Have a link mailed; the answer is the same whether or not anybody has the address."""
    market: Marketplace = request.app.state.marketplace
    if not delivers_by_mail(market.settings):
        raise Problem(404, "not-found", "This server sends no mail; sign in in another way.")
    next = local_path(sent.value("_next"))
    try:
        email = sent.read(Address).email
        key = of_address(market.address_key, email)
        request.app.state.link_limit.check("everybody")
        request.app.state.address_limit.check(str(key))
    except REFUSED as error:
        faults = Faults(error)
        choices = sign_in_choices(request)
        shown: dict[str, Any] = {
            "next": next,
            "carried": None,
            "why": None,
            "sent": sent,
            **choices,
        }
        return rendered(request, "sign_in.html", faults.status, faults=faults, **shown)
    with market.pool.connection() as db:
        sign_in_links.ask(db, uuid4(), key, next, market.now())
    return rendered(request, "link_sent.html", email=normalised(email), minutes=MINUTES)


@router.get("/s/{token}")
def link_page(request: Request) -> Response:
    """What a mailed link opens: a button that signs in."""
    return rendered(request, "link.html", company=None, action=request.url.path)


@router.post("/s/{token}", dependencies=[Depends(read_form)])
def use_link(token: str, request: Request) -> Response:
    """Sign in by a link, once."""
    market: Marketplace = request.app.state.marketplace
    with market.pool.connection() as db:
        opened = sign_in_links.use(db, token, market.now())
    if opened is None:
        return _over(request, USED)
    response = RedirectResponse(opened.next_page, 303)
    begin(request, response, member_token(request, opened.employer_id, opened.member_id))
    return response


@router.get("/i/{token}")
def invitation_page(token: str, request: Request) -> Response:
    """What an invitation's link opens: who invites, and a button to accept."""
    invited = _invited(request, token)
    if invited is None:
        return _over(request, NO_INVITATION)
    shown: dict[str, Any] = {
        "company": invited.company,
        "role": COMPANY_ROLES[invited.company_role],
    }
    return rendered(request, "link.html", action=request.url.path, **shown)


@router.post("/i/{token}", dependencies=[Depends(read_form)])
def accept(token: str, request: Request) -> Response:
    """Accept an invitation, and sign in."""
    invited = _invited(request, token)
    if invited is None:
        return _over(request, NO_INVITATION)
    market: Marketplace = request.app.state.marketplace
    about: dict[str, Any] = {"employer_id": invited.employer_id, "member_id": invited.member_id}
    actor = Actor(id=str(invited.member_id), role=Role.RECRUITER, employer_id=invited.employer_id)
    cause = Cause(by=actor, at=market.now(), request_id=str(uuid4()))
    try:
        with faults_of_the_request():
            recorded = market.store.execute(AcceptInvitation(**dict(cause), **about))
    except REFUSED:
        return _over(request, NO_INVITATION)
    after = recorded.log_position
    session = member_token(request, invited.employer_id, invited.member_id)
    to = notices.leading_to(request, address("/team", after=after, notice="joined"), session)
    response = RedirectResponse(to, 303)
    begin(request, response, session)
    return response


def _invited(request: Request, token: str) -> Membership | None:
    market: Marketplace = request.app.state.marketplace
    id = claimed_outreach(token)
    if not (id and is_ours(link_key(market.settings), token, id, Purpose.INVITATION)):
        return None
    with market.read_models.reading(Teams) as db:
        found = teams.one(db, id)
    is_open = found and found.status == "invited" and found.expires_at > market.now()
    return found if is_open else None


def _over(request: Request, why: str) -> Response:
    shown: dict[str, Any] = {"next": "/", "carried": None, "why": why, **sign_in_choices(request)}
    return rendered(request, "sign_in.html", 410, **shown)
