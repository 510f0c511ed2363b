"""The teams of the demo's companies: each has an owner, a recruiter and a read-only member."""

import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from api.demo.chance import stream
from api.demo.companies import DEMO, Company, companies, person
from api.demo.market import MARKETPLACE_STAFF
from api.identifiers import of_address
from domain.actor import Actor, Cause, CompanyRole, Role
from domain.team_commands import AcceptInvitation, InviteMember
from infrastructure.event_log.store import EventStore


class Colleague(NamedTuple):
    """Somebody of a company's team."""

    id: UUID
    name: str
    role: CompanyRole


def settle_teams(
    store: EventStore, key: bytes, *, seed: int, candidates: int, at: datetime
) -> None:
    """Invite everybody who recruits in the demo to their company's team, and have them accept.

    It comes after the simulated past, since addresses are hashed under the installation's `key`.
    """
    for company in companies(seed, candidates):
        domain = f"{_ascii(company.name, '-')}.example"
        for one in colleagues(company, seed):
            email = f"{_ascii(one.name, '.') or one.id.hex[:8]}@{domain}"
            request = f"demo-{seed}-team-{one.id}"
            about: dict[str, Any] = {"employer_id": company.id, "member_id": one.id}
            by_staff = Cause(by=MARKETPLACE_STAFF, at=at, request_id=request)
            store.execute(
                InviteMember(
                    **dict(by_staff),
                    **about,
                    name=one.name,
                    email=email,
                    company_role=one.role,
                    address_key=of_address(key, email),
                )
            )
            actor = Actor(id=str(one.id), role=Role.RECRUITER, employer_id=company.id)
            store.execute(AcceptInvitation(by=actor, at=at, request_id=request, **about))


def colleagues(company: Company, seed: int) -> Iterator[Colleague]:
    """An owner, a recruiter and a read-only member; first those who write to candidates."""
    rng = stream(seed, f"team of {company.id}")
    for number, role in enumerate(CompanyRole):
        if role is not CompanyRole.READ_ONLY and number < len(company.recruiters):
            recruiter = company.recruiters[number]
            yield Colleague(UUID(recruiter.actor.id), recruiter.name, role)
        else:
            name = " ".join(person(rng, company.country))
            yield Colleague(uuid5(DEMO, f"{company.id}/{role}"), name, role)
    for recruiter in company.recruiters[2:]:
        yield Colleague(UUID(recruiter.actor.id), recruiter.name, CompanyRole.RECRUITER)


def _ascii(name: str, mark: str) -> str:
    """A name as it stands in an address.

    >>> _ascii("Zoë Müller", ".")
    'zoe.muller'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    return mark.join(words)
