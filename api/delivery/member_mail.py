"""Mails to the members of employers' teams: invitations, links to sign in, and the way out.

A mail is tried again while the mail server does not take it, with the same Message-ID.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from api.delivery.deliver import Delivery
from api.delivery.to_recruiters import mail_to, send
from api.links import invitation_path, sign_in_path
from domain.actor import CompanyRole
from infrastructure.mail import member_mails
from infrastructure.mail.outgoing import OutgoingMail
from infrastructure.requests import sign_in_links
from projections import teams
from projections.teams import Departure, Membership, Teams

MAILS = UUID("0f7a2b0e-5c7d-5a55-8a50-6a1f2b5f7c01")

MOST_INVITATIONS = 1_000
"""Of all companies, looked at for one that was not sent."""

TOLD_FOR = timedelta(days=1)
"""For how long after an employer left the beta others are told."""


@dataclass(frozen=True)
class MemberMail:
    """Sends what is due, by the way that letters leave."""

    delivery: Delivery

    def send_due(self) -> int:
        """Send links that were asked for, new invitations, and word of who left the beta."""
        return self._send_links() + self._send_once({**self._invitations(), **self._departures()})

    def _send_links(self) -> int:
        at = self.delivery.now()
        with self.delivery.pool.connection() as db:
            asked = sign_in_links.take(db, at)
        for one in asked:
            with self.delivery.read_models.reading(Teams) as db:
                members = teams.at_address(db, one.address_key)
            if members and not self._send_link(members, one):
                continue  # until its lease ends; by then the mail server may answer
            with self.delivery.pool.connection() as db:
                sign_in_links.settle(db, one.request_id)
        return len(asked)

    def _send_link(self, members: list[Membership], asked: sign_in_links.Asked) -> bool:
        """Send one mail with a link for each company; whether the mail server took it."""
        at, head = self.delivery.now(), self.delivery.head
        links = []
        with self.delivery.pool.connection() as db:
            for one in members:
                about = (one.employer_id, one.member_id)
                token = sign_in_links.make(db, *about, asked.next_page, at)
                links.append((one.company, f"{head.public_url}{sign_in_path(token)}"))
        facts = {"links": links, "minutes": int(sign_in_links.LINK_LASTS.total_seconds() / 60)}
        id = f"{members[0].member_id}.{asked.request_id}"
        mail = mail_to(head, members[0].email, at, id, "", "Sign in", "sign_in", facts)
        (outcome,) = asyncio.run(send(self.delivery, [mail]))
        return outcome.kind != "retry"

    def _send_once(self, mails: Mapping[UUID, OutgoingMail]) -> int:
        """Send those of these mails that were not sent before."""
        at = self.delivery.now()
        with self.delivery.pool.connection() as db:
            ours = member_mails.take(db, mails.keys(), at)
        if not ours:
            return 0
        outcomes = asyncio.run(send(self.delivery, [mails[id] for id in ours]))
        with self.delivery.pool.connection() as db:
            for (id, number), outcome in zip(ours.items(), outcomes, strict=True):
                member_mails.settle(db, id, number, outcome, at)
        return len(ours)

    def _invitations(self) -> dict[UUID, OutgoingMail]:
        with self.delivery.read_models.reading(Teams) as db:
            invited = teams.open_invitations(db, self.delivery.now(), MOST_INVITATIONS)
        return {
            uuid5(MAILS, f"invitation/{one.member_id}"): self._invitation(one) for one in invited
        }

    def _invitation(self, invited: Membership) -> OutgoingMail:
        head = self.delivery.head
        path = invitation_path(head.link_key, invited.member_id)
        subject = f"{invited.company} invites you to {head.marketplace}"
        id = f"{invited.member_id}.invitation"
        until = f"{invited.expires_at.day} {invited.expires_at:%B %Y, %H:%M} UTC"
        facts = {"invited": invited, "until": until}
        return mail_to(
            head, invited.email, invited.invited_at, id, path, subject, "invitation", facts
        )

    def _departures(self) -> dict[UUID, OutgoingMail]:
        mails: dict[UUID, OutgoingMail] = {}
        with self.delivery.read_models.reading(Teams) as db:
            for left in teams.departures(db, self.delivery.now() - TOLD_FOR):
                team = teams.of_employer(db, left.employer_id)
                names = {str(one.member_id): one.name for one in team}
                owners = [
                    (one.member_id, one.email)
                    for one in team
                    if one.status == "member"
                    and one.company_role is CompanyRole.OWNER
                    and str(one.member_id) != left.left_by
                ]
                for whose, email in (*owners, (left.employer_id, left.manager_email)):
                    id = uuid5(MAILS, f"departure/{left.employer_id}/{left.log_position}/{whose}")
                    mails[id] = self._departure(left, names.get(left.left_by), whose, email)
        return mails

    def _departure(
        self, left: Departure, name: str | None, whose: UUID, email: str
    ) -> OutgoingMail:
        head = self.delivery.head
        id = f"{whose}.departure.{left.log_position}"
        subject = f"{left.company} has left the beta of passive candidates"
        facts: dict[str, Any] = {"left": left, "name": name}
        return mail_to(head, email, left.left_at, id, "/positions", subject, "beta_left", facts)
