"""`token`: a bearer token for local use."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from api.http.tokens import LOCAL_RECRUITER, WITH_TOKENS, make_token
from api.marketplace import now
from domain.actor import Actor, CompanyRole, Role
from infrastructure.settings import load_settings

ROLES = [role.value for role in WITH_TOKENS]


def token(
    role: Annotated[str, typer.Argument(help=f"One of {', '.join(ROLES)}.", metavar="ROLE")],
    employer: Annotated[
        UUID | None,
        typer.Option(help="Whom a recruiter works for. Default: Nordlicht Robotics of the demo."),
    ] = None,
    subject: Annotated[
        str | None, typer.Option(help="Who it is; every event that they cause names them.")
    ] = None,
    company_role: Annotated[
        CompanyRole | None,
        typer.Option(help="What a recruiter may do in the company. Default: recruiter."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is valid.")] = 30,
) -> None:
    """Print a bearer token for local use.

    It is signed with the local secret, and accepted by servers with the same SOURCING_SECRET or
    data folder. For instance:

    curl -H "Authorization: Bearer $(sourcing token analyst)" http://127.0.0.1:8000/v1/model
    """
    if role not in ROLES:
        raise typer.BadParameter(f"{role} is not a role; use one of {', '.join(ROLES)}.")
    if employer and role != Role.RECRUITER:
        raise typer.BadParameter("--employer goes with the role recruiter alone; leave it out.")
    if company_role and role != Role.RECRUITER:
        raise typer.BadParameter("--company-role goes with the role recruiter alone.")
    if role == Role.RECRUITER and not employer:
        actor = LOCAL_RECRUITER
    else:
        actor = Actor(id=f"local-{role}", role=Role(role), employer_id=employer)
    if subject:
        actor = actor.model_copy(update={"id": subject})
    if company_role:
        actor = actor.model_copy(update={"company_role": company_role})
    typer.echo(make_token(load_settings(), actor, now(), timedelta(days=days)))
