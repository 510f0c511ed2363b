"""The routes of the API, and which role may call them."""

import re
from uuid import uuid4

from fastapi.routing import APIRoute

from api import routes
from api.http.tokens import WITH_TOKENS
from domain.actor import Role


def v1_routes() -> list[tuple[str, str]]:
    """Every method and path of the API."""
    return sorted(
        (method, route.path_format)
        for router in routes.ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    )


def filled(path: str, **ids: str) -> str:
    """A route's path with ids in place of their names, made-up ones where none is given."""
    return re.sub(r"\{(\w+)\}", lambda name: ids.get(name[1], str(uuid4())), path)


ANYONE: set[Role] = set(WITH_TOKENS) - {Role.ADMIN}
READERS = ANYONE - {Role.PLATFORM, Role.DELIVERY}
STAFF = READERS - {Role.RECRUITER}
RECRUITING = {Role.RECRUITER, Role.SUPPORT}

AT_MOST: list[tuple[str, str, set[Role]]] = [
    ("POST", "/activity", {Role.PLATFORM}),
    (".*", "/candidates/([^/]+/duplicates.*|duplicates|merged)", {Role.SUPPORT}),
    ("GET", "/candidates.*", {Role.PLATFORM, Role.SUPPORT}),
    (".*", "/candidates.*", {Role.PLATFORM}),
    ("POST", "/employers(/[^/]+/(approval|suspension))?", set()),
    ("GET", "/accounts.*", {Role.CSM}),
    ("GET", "(/employers/[^/]+)?/feedback(/[^/]+)?", {Role.CSM}),
    (".*", "/employers/[^/]+/feedback/.*", {Role.CSM}),
    (
        "GET",
        "/positions/[^/]+/(recommendations|relaxations|interviews|.*candidates.*)(/file)?",
        RECRUITING,
    ),
    ("GET", "/(employers|positions)/.*", READERS),
    (".*", "/(employers|positions)/.*", {Role.RECRUITER}),
    ("GET", "/events/stream", {Role.AUDITOR, Role.RECRUITER}),
    ("GET", "/events.*", {Role.AUDITOR}),
    ("GET", "/funnel", {Role.ANALYST, Role.RECRUITER}),
    ("GET", "/model.*", {Role.ANALYST}),
    (".*", "/outbox.*", {Role.DELIVERY}),
    ("GET", "/(outreach|timeline)", {Role.SUPPORT}),
    ("GET", "/outreach/[^/]+/explanation", {Role.SUPPORT, Role.AUDITOR}),
    ("GET", "/outreach/.*", {*RECRUITING, Role.AUDITOR}),
    ("POST", "/outreach/[^/]+/(acceptance|decline|postponement)", {Role.PLATFORM}),
    ("POST", "/outreach/[^/]+/(candidate-replies|picked-time)", {Role.PLATFORM}),
    ("POST|PUT", "/outreach/.*", {Role.RECRUITER}),
    ("PUT|DELETE", "/notes/.*", {Role.RECRUITER}),
    ("POST", "/tickets", ANYONE),
    ("GET", "/suggestions", RECRUITING),
    (".*", "/webhooks.*", {Role.RECRUITER}),
    (".*", "/tickets.*", {Role.SUPPORT}),
    (".*", "/(me|ratings).*", ANYONE),
    ("GET", ".*", STAFF),
    (".*", ".*", set()),
]
"""The roles that a route may be for at most, beside `admin`: the first rule that matches it counts.

A route names its roles by its type of caller. A new one needs a rule here only if it is for more
roles than its resource allows already.
"""


def at_most(method: str, path: str) -> set[Role]:
    return next(
        roles
        for methods, paths, roles in AT_MOST
        if re.fullmatch(methods, method) and re.fullmatch(paths, path)
    )
