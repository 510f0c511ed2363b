"""Signing in with an OpenID Connect provider, as the member whose address it has verified."""

import logging
from typing import Annotated, Any

from authlib.integrations.starlette_client import StarletteOAuth2App
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from httpx2 import HTTPError
from pydantic import TypeAdapter, ValidationError

from api.console.provider import DONE, PATH, ProviderFailed, verified_address
from api.console.rendering import local_path, rendered
from api.console.session import begin, member_token, sign_in_choices
from api.http.problems import Problem
from api.identifiers import of_address
from api.links import sign_in_path
from api.marketplace import Marketplace
from domain.values import Email
from infrastructure.requests import sign_in_links
from projections import teams
from projections.teams import Membership, Teams

logger = logging.getLogger(__name__)

router = APIRouter()

NEXT = "next"
FAILED = "Signing in did not work. Try again."
NO_ADDRESS = "The account that you signed in with has no verified e-mail address."
NO_MEMBER = (
    "You are not in the team of any company here. If you were invited, open the link in the "
    "invitation; otherwise ask an owner of your company to invite {email}."
)


@router.get(PATH)
async def go_to_provider(
    request: Request, next: Annotated[str, Query(max_length=2000)] = "/"
) -> Response:
    """Go to the provider, to come back signed in."""
    client = _client(request)
    market: Marketplace = request.app.state.marketplace
    base = (market.settings.public_url or str(request.base_url)).rstrip("/")
    try:
        response: Response = await client.authorize_redirect(request, f"{base}{DONE}")
    except (HTTPError, KeyError, ValueError, RuntimeError) as error:
        logger.error("the provider does not answer: %s", type(error).__name__)
        return await _sign_in_page(request, 503, FAILED)
    request.session[NEXT] = local_path(next)
    return response


@router.get(DONE)
async def come_back(request: Request) -> Response:
    """Take whom the provider sends back, if it proves an address of a member."""
    client = _client(request)
    next = local_path(str(request.session.pop(NEXT, "/")))
    try:
        email = await verified_address(client, request)
    except ProviderFailed as failed:
        logger.warning("somebody did not sign in with the provider: %s", failed)
        return await _sign_in_page(request, 401, FAILED)
    try:
        email = TypeAdapter(Email).validate_python(email)
    except ValidationError:
        return await _sign_in_page(request, 403, NO_ADDRESS)
    members = await run_in_threadpool(_members, request, email)
    if not members:
        return await _sign_in_page(request, 403, NO_MEMBER.format(email=email))
    if len(members) > 1:
        links = await run_in_threadpool(_links, request, members, next)
        return rendered(request, "companies.html", links=links)
    response = RedirectResponse(next, 303)
    begin(request, response, member_token(request, members[0].employer_id, members[0].member_id))
    return response


def _client(request: Request) -> StarletteOAuth2App:
    client: StarletteOAuth2App | None = request.app.state.provider
    if client is None:
        raise Problem(404, "not-found", "There is no such page; check its address.")
    return client


def _members(request: Request, email: str) -> list[Membership]:
    market: Marketplace = request.app.state.marketplace
    with market.read_models.reading(Teams) as db:
        return teams.at_address(db, of_address(market.address_key, email))


def _links(request: Request, members: list[Membership], next: str) -> list[tuple[str, str]]:
    """For each company its name, and where a button signs in to it."""
    market: Marketplace = request.app.state.marketplace
    with market.pool.connection() as db:
        return [
            (
                one.company,
                sign_in_path(
                    sign_in_links.make(db, one.employer_id, one.member_id, next, market.now())
                ),
            )
            for one in members
        ]


async def _sign_in_page(request: Request, status: int, why: str) -> Response:
    choices = await run_in_threadpool(sign_in_choices, request)
    shown: dict[str, Any] = {"next": "/", "carried": None, "why": why, **choices}
    return rendered(request, "sign_in.html", status, **shown)
