"""`token`: a bearer token for local use."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from api.demo.companies import NORDLICHT_RECRUITER
from api.marketplace import now
from api.security import make_token
from domain.event import Actor, Role
from infrastructure.settings import load_settings

ROLES = [role.value for role in Role if role is not Role.SYSTEM]


def _role(said: str) -> Role:
    if said.lower() not in ROLES:
        raise typer.BadParameter(f"{said} is not a role; use one of {', '.join(ROLES)}.")
    return Role(said.lower())


def token(
    role: Annotated[Role, typer.Argument(parser=_role, metavar="ROLE", help=", ".join(ROLES))],
    employer: Annotated[
        UUID | None,
        typer.Option(help="Whom a recruiter works for. Default: Nordlicht Robotics of the demo."),
    ] = None,
    subject: Annotated[
        str | None, typer.Option(help="Who it is; every event that they cause names them.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is valid.")] = 30,
) -> None:
    """Print a bearer token for a role, signed with the local secret.

    It is accepted by servers with the same SOURCING_SECRET or data folder. For instance:
    curl -H "Authorization: Bearer $(sourcing token analyst)" http://127.0.0.1:8000/v1/model
    """
    if employer and role is not Role.RECRUITER:
        raise typer.BadParameter("--employer goes with the role recruiter alone; leave it out.")
    if role is Role.RECRUITER and not employer:
        actor = NORDLICHT_RECRUITER
    else:
        actor = Actor(id=f"local-{role}", role=role, employer_id=employer)
    if subject:
        actor = actor.model_copy(update={"id": subject})
    typer.echo(make_token(load_settings(), actor, now(), timedelta(days=days)))
