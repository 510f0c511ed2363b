"""The routes of the API, and which role may call them."""

import re
from uuid import uuid4

from fastapi.routing import APIRoute

from api import routes
from domain.actor import Role


def v1_routes() -> list[tuple[str, str]]:
    """Every method and path of the API."""
    return sorted(
        (method, route.path)
        for router in routes.ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    )


def filled(path: str, **ids: str) -> str:
    """A route's path with ids in place of their names, made-up ones where none is given."""
    return re.sub(r"\{(\w+)\}", lambda name: ids.get(name[1], str(uuid4())), path)


READERS = {Role.RECRUITER, Role.SUPPORT, Role.CSM, Role.ANALYST, Role.AUDITOR}
STAFF = READERS - {Role.RECRUITER}
RECRUITING = {Role.RECRUITER, Role.SUPPORT}
ANYONE = set(Role) - {Role.SYSTEM}

# Beside `admin`, who may do everything.
ALLOWED: dict[tuple[str, str], set[Role]] = {
    ("POST", "/activity"): {Role.PLATFORM},
    ("POST", "/candidates"): {Role.PLATFORM},
    ("GET", "/candidates/{candidate_id}"): {Role.PLATFORM, Role.SUPPORT},
    ("DELETE", "/candidates/{candidate_id}"): {Role.PLATFORM},
    ("GET", "/candidates/{candidate_id}/likelihood"): {Role.PLATFORM, Role.SUPPORT},
    ("POST", "/candidates/{candidate_id}/opt-in"): {Role.PLATFORM},
    ("POST", "/candidates/{candidate_id}/opt-out"): {Role.PLATFORM},
    ("POST", "/candidates/{candidate_id}/observations"): {Role.PLATFORM},
    ("POST", "/candidates/{candidate_id}/blocked-employers"): {Role.PLATFORM},
    ("PUT", "/candidates/{candidate_id}/attributes"): {Role.PLATFORM},
    ("DELETE", "/candidates/{candidate_id}/attributes"): {Role.PLATFORM},
    ("GET", "/model/adverse-impact"): {Role.ANALYST},
    ("POST", "/employers"): set(),
    ("GET", "/employers"): STAFF,
    ("GET", "/employers/{employer_id}"): READERS,
    ("POST", "/employers/{employer_id}/approval"): set(),
    ("POST", "/employers/{employer_id}/suspension"): set(),
    ("POST", "/employers/{employer_id}/beta"): {Role.RECRUITER},
    ("DELETE", "/employers/{employer_id}/beta"): {Role.RECRUITER},
    ("POST", "/employers/{employer_id}/feedback"): {Role.RECRUITER},
    ("GET", "/employers/{employer_id}/feedback"): {Role.CSM},
    ("POST", "/employers/{employer_id}/positions"): {Role.RECRUITER},
    ("GET", "/employers/{employer_id}/positions"): READERS,
    ("POST", "/employers/{employer_id}/job-postings"): {Role.RECRUITER},
    ("GET", "/events"): {Role.AUDITOR},
    ("GET", "/events/{aggregate_id}"): {Role.AUDITOR},
    ("GET", "/events/search"): {Role.AUDITOR},
    ("GET", "/events/{aggregate_id}/state"): {Role.AUDITOR},
    ("GET", "/feedback"): {Role.CSM},
    ("GET", "/me"): ANYONE,
    ("DELETE", "/me/token"): ANYONE,
    ("GET", "/funnel"): {Role.ANALYST, Role.RECRUITER},
    ("GET", "/model"): {Role.ANALYST},
    ("GET", "/model/performance"): {Role.ANALYST},
    ("GET", "/model/reliability"): {Role.ANALYST},
    ("GET", "/model/drift"): {Role.ANALYST},
    ("GET", "/model/exploration"): {Role.ANALYST},
    ("GET", "/outreach"): {Role.SUPPORT},
    ("GET", "/outreach/{outreach_id}"): READERS,
    ("GET", "/outreach/{outreach_id}/timeline"): {*RECRUITING, Role.AUDITOR},
    ("GET", "/outreach/{outreach_id}/explanation"): {Role.SUPPORT, Role.AUDITOR},
    ("GET", "/timeline"): {Role.SUPPORT},
    ("POST", "/tickets"): ANYONE,
    ("GET", "/tickets"): {Role.SUPPORT},
    ("GET", "/tickets/{ticket_id}"): {Role.SUPPORT},
    ("GET", "/me/tickets"): ANYONE,
    ("POST", "/tickets/{ticket_id}/closure"): {Role.SUPPORT},
    ("PUT", "/ratings/{page}"): ANYONE,
    ("GET", "/ratings/{page}"): ANYONE,
    ("POST", "/outreach/{outreach_id}/withdrawal"): {Role.RECRUITER},
    ("POST", "/outreach/{outreach_id}/acceptance"): {Role.PLATFORM},
    ("POST", "/outreach/{outreach_id}/decline"): {Role.PLATFORM},
    ("POST", "/outreach/{outreach_id}/interview"): {Role.RECRUITER},
    ("GET", "/positions/{position_id}"): READERS,
    ("PUT", "/positions/{position_id}/filters"): {Role.RECRUITER},
    ("POST", "/positions/{position_id}/closure"): {Role.RECRUITER},
    ("GET", "/positions/{position_id}/counts"): READERS,
    ("GET", "/positions/{position_id}/relaxations"): READERS,
    ("GET", "/positions/{position_id}/recommendations"): RECRUITING,
    ("GET", "/positions/{position_id}/passive-candidates"): RECRUITING,
    ("GET", "/positions/{position_id}/candidates/{candidate_id}"): RECRUITING,
    ("GET", "/positions/{position_id}/candidates/{candidate_id}/likelihood"): RECRUITING,
    ("POST", "/positions/{position_id}/messages"): {Role.RECRUITER},
    ("POST", "/positions/{position_id}/interview-requests"): {Role.RECRUITER},
    ("GET", "/positions/{position_id}/interviews"): RECRUITING,
}
