"""The users of a local demo, who sign in without a token on their own machine."""

import hmac
from datetime import timedelta
from typing import NamedTuple

from fastapi import Request, Response

from api.console.wording.team_words import COMPANY_ROLES
from api.http.tokens import LOCAL_RECRUITER, local_key, make_token
from api.marketplace import Marketplace, now
from domain.actor import Actor, Role
from infrastructure.settings import Settings
from projections import teams
from projections.teams import Member, Teams

LOOPBACK = ("127.0.0.1", "::1", "localhost")
FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers by which a proxy says that somebody else asks."""

COOKIE = "sourcing_demo"
LASTS = timedelta(days=30)

RECRUITER = "recruiter"

DEMO_USERS = {
    RECRUITER: LOCAL_RECRUITER,
    **{
        role.value: Actor(id=f"local-{role}", role=role)
        for role in (Role.CSM, Role.SUPPORT, Role.ANALYST, Role.AUDITOR, Role.ADMIN)
    },
}


class DemoUser(NamedTuple):
    """Somebody to sign in as: the key of their button, and what it says."""

    key: str
    name: str
    does: str | None


def demo_users(request: Request) -> list[DemoUser] | None:
    """The users who may sign in without a token; None if the demo must be opened first.

    In place of a recruiter they are the team of the demo's employer, once it has one.
    """
    is_open = is_demo_open(request)
    if not is_open:
        return None if is_open is None else []
    team = [DemoUser(str(one.member_id), one.name, _does(one)) for one in _team(request)]
    staff = [
        DemoUser(key, _called(key), None) for key in DEMO_USERS if key != RECRUITER or not team
    ]
    return [*team, *staff]


def demo_token(request: Request, key: str, valid_for: timedelta) -> str | None:
    """A token for a user of the local demo; none where there are no such users."""
    if not is_demo_open(request):
        return None
    settings = request.app.state.marketplace.settings
    if actor := DEMO_USERS.get(key):
        return make_token(settings, actor, now(), valid_for)
    whose = LOCAL_RECRUITER.employer_id
    if any(str(one.member_id) == key for one in _team(request)):
        actor = Actor(id=key, role=Role.RECRUITER, employer_id=whose)
        return make_token(settings, actor, now(), valid_for, is_member=True)
    return None


def is_demo_open(request: Request) -> bool | None:
    """Whether users of the demo may sign in without a token; None if it must be opened first.

    There are such users only on one's own machine and database, for a browser that opened the
    address with the `demo_key`, which only the terminal of the server shows: a proxy on this
    machine, or a site elsewhere whose name leads here, looks like a visitor of this machine too.
    """
    if not has_demo(request.app.state.marketplace.settings):
        return False
    if request.url.hostname not in LOOPBACK or any(name in request.headers for name in FORWARDED):
        return False
    return True if is_demo_key(request, request.cookies.get(COOKIE, "")) else None


def has_demo(settings: Settings) -> bool:
    """Whether there are users of a local demo."""
    return settings.database_url is None and settings.host in LOOPBACK


def demo_key(settings: Settings) -> str:
    """What opens the demo in a browser; the same after a restart."""
    return hmac.digest(local_key(settings), b"demo", "sha256").hex()[:32]


def is_demo_key(request: Request, key: str) -> bool:
    """Whether this opens the demo."""
    expected = demo_key(request.app.state.marketplace.settings)
    return hmac.compare_digest(key.encode(), expected.encode())


def open_demo(response: Response, key: str) -> None:
    """Keep the key for this browser."""
    lasts = int(LASTS.total_seconds())
    response.set_cookie(COOKIE, key, max_age=lasts, httponly=True, samesite="lax")


def _team(request: Request) -> list[Member]:
    market: Marketplace = request.app.state.marketplace
    assert LOCAL_RECRUITER.employer_id
    with market.read_models.reading(Teams) as db:
        team = teams.of_employer(db, LOCAL_RECRUITER.employer_id)
    return sorted(
        (one for one in team if one.status == "member"), key=lambda one: one.company_role.rank
    )


def _does(member: Member) -> str:
    return f"{COMPANY_ROLES[member.company_role]} at Nordlicht Robotics"


def _called(key: str) -> str:
    return "Customer Success Manager" if key == Role.CSM else key.capitalize()
