"""Members of an employer's team."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from api.http.tokens import make_token
from api.marketplace import now
from domain.actor import Actor, Cause, CompanyRole, Role
from domain.team_commands import AcceptInvitation
from tests.support.client import Client, done
from tests.support.stage import Scene


@dataclass
class Joined:
    """A member with the token of a session of theirs."""

    id: str
    email: str
    token: str
    call: Client


def invited(scene: Scene, role: CompanyRole, name: str = "Rita Miller", email: str = "") -> str:
    """The id of somebody whom an owner has invited."""
    email = email or f"{uuid4().hex[:12]}@acme.example"
    body = {"name": name, "email": email, "company_role": role}
    answer = scene.owner.post(f"/employers/{scene.employer_id}/team/invitations", body)
    return str(done(answer)["member_id"])


def joined(
    scene: Scene,
    role: CompanyRole = CompanyRole.RECRUITER,
    name: str = "Rita Miller",
    email: str = "",
) -> Joined:
    """A person who has accepted an invitation."""
    email = email or f"{uuid4().hex[:12]}@acme.example"
    id, whose = UUID(invited(scene, role, name, email)), UUID(scene.employer_id)
    actor = Actor(id=str(id), role=Role.RECRUITER, employer_id=whose)
    cause = dict(Cause(by=actor, at=now(), request_id=str(uuid4())))
    stage = scene.stage
    stage.marketplace.store.execute(AcceptInvitation(**cause, employer_id=whose, member_id=id))
    token = make_token(stage.settings, actor, now(), timedelta(hours=1), is_member=True)
    return Joined(str(id), email, token, Client(stage.http, token))
