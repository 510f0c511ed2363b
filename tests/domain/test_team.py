"""The team of an employer: invited, joined, given roles, removed; and it always keeps an owner."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as whatever
from hypothesis import strategies as st

from domain.actor import Actor, CompanyRole, Role
from domain.command import Command
from domain.event import ERASED
from domain.notification import Frequency, NotificationSet, notification_id
from domain.team import INVITATION_LASTS, MOST_INVITATIONS, Team, team_id
from domain.team_commands import (
    AcceptInvitation,
    ChangeCompanyRole,
    EraseMember,
    InviteMember,
    RemoveMember,
    RevokeInvitation,
)
from domain.team_events import (
    CompanyRoleChanged,
    InvitationRevoked,
    MemberErased,
    MemberInvited,
    MemberJoined,
    MemberRemoved,
)
from tests.support.given import (
    ACME,
    CASEY,
    NOW,
    Fact,
    History,
    acmes_owner,
    acmes_reader,
    acmes_recruiter,
    by,
    fact,
    given,
    globexs_owner,
    named,
    passive_candidate,
    registered,
    the_admin,
    then,
    then_refused,
    told,
    when,
)

TEAM = team_id(ACME)
OLGA, OTTO, RITA = map(named, ("olga", "otto", "rita"))
OWNER, RECRUITER, READ_ONLY = CompanyRole


def invited(member: UUID, role: CompanyRole = RECRUITER, *, at: Any = NOW) -> Fact:
    said: dict[str, Any] = {"name": "Rita Miller", "email": "rita@acme.example"}
    about: dict[str, Any] = {
        "employer_id": ACME,
        "member_id": member,
        "address_key": named(f"address {member}"),
    }
    return fact(
        MemberInvited,
        TEAM,
        at=at,
        company_role=role,
        expires_at=at + INVITATION_LASTS,
        **about,
        **said,
    )


def joined(member: UUID, role: CompanyRole = RECRUITER) -> History:
    return invited(member, role), fact(MemberJoined, TEAM, employer_id=ACME, member_id=member)


def acting(member: UUID, role: CompanyRole | None = None) -> Actor:
    return Actor(id=str(member), role=Role.RECRUITER, employer_id=ACME, company_role=role)


def invite(by_whom: Actor = acmes_owner, member: UUID = RITA, **changed: Any) -> InviteMember:
    return InviteMember(
        employer_id=ACME,
        member_id=member,
        name="Rita Miller",
        email="rita@acme.example",
        company_role=changed.get("role", RECRUITER),
        address_key=changed.get("address_key", named(f"address {member}")),
        **by(by_whom),
    )


def about(command: type[Command], member: UUID, by_whom: Actor, **more: Any) -> Command:
    return command(employer_id=ACME, member_id=member, **more, **by(by_whom))  # type: ignore[call-arg]


def accept(member: UUID, *, at: Any = NOW) -> AcceptInvitation:
    return AcceptInvitation(employer_id=ACME, member_id=member, **by(acting(member), at=at))


@pytest.mark.parametrize("inviter", [acmes_owner, the_admin])
def test_an_owner_or_an_administrator_invites_somebody(inviter: Actor) -> None:
    given(registered(ACME))
    when(invite(inviter))
    then(invited(RITA))


@pytest.mark.parametrize(
    ("inviter", "code"), [(acmes_recruiter, "owners_only"), (acmes_reader, "owners_only")]
)
def test_nobody_else_invites(inviter: Actor, code: str) -> None:
    given(registered(ACME))
    when(invite(inviter))
    then_refused(code)


def test_to_another_companys_owner_the_company_does_not_exist() -> None:
    given(registered(ACME))
    when(invite(globexs_owner))
    then_refused("unknown")


def test_an_address_is_invited_once() -> None:
    given(registered(ACME), invited(RITA))
    when(invite(member=OTTO, address_key=named(f"address {RITA}")))
    then_refused("already_invited")


def test_a_member_is_not_invited_again() -> None:
    given(registered(ACME), joined(RITA))
    when(invite(member=OTTO, address_key=named(f"address {RITA}")))
    then_refused("already_member")


def test_an_expired_invitation_gives_way_to_a_new_one() -> None:
    given(registered(ACME), invited(RITA, at=NOW - timedelta(days=8)))
    again = invite(member=OTTO, address_key=named(f"address {RITA}"))
    when(again)
    then(fact(MemberInvited, TEAM, member_id=OTTO))
    when(accept(RITA))
    then_refused("invitation_over")


def test_there_is_an_end_to_open_invitations() -> None:
    given(registered(ACME), *(invited(named(f"{n}")) for n in range(MOST_INVITATIONS)))
    when(invite())
    then_refused("too_many_invitations")


def test_an_invitation_is_accepted_once() -> None:
    given(registered(ACME), invited(RITA))
    when(accept(RITA))
    then(fact(MemberJoined, TEAM, member_id=RITA))
    when(accept(RITA))
    then_refused("invitation_over")


def test_an_invitation_ends_after_seven_days() -> None:
    given(registered(ACME), invited(RITA))
    when(accept(RITA, at=NOW + timedelta(days=7)))
    then_refused("invitation_over")


def test_a_revoked_invitation_leads_nowhere() -> None:
    given(registered(ACME), invited(RITA))
    when(about(RevokeInvitation, RITA, acmes_owner))
    then(fact(InvitationRevoked, TEAM, member_id=RITA))
    when(accept(RITA))
    then_refused("invitation_over")


def test_an_owner_gives_a_member_another_role() -> None:
    given(registered(ACME), joined(OLGA, OWNER), joined(RITA))
    change = about(ChangeCompanyRole, RITA, acting(OLGA, OWNER), company_role=READ_ONLY)
    when(change)
    then(fact(CompanyRoleChanged, TEAM, member_id=RITA, company_role=READ_ONLY))
    when(change)
    then()


LEAVING = {
    "removed": about(RemoveMember, OLGA, acting(OLGA, OWNER)),
    "demoted": about(ChangeCompanyRole, OLGA, acting(OLGA, OWNER), company_role=RECRUITER),
    "removed by an administrator": about(RemoveMember, OLGA, the_admin),
}


@pytest.mark.parametrize("command", LEAVING.values(), ids=LEAVING)
def test_the_last_owner_stays(command: Command) -> None:
    given(registered(ACME), joined(OLGA, OWNER), joined(RITA))
    when(command)
    then_refused("last_owner")


def test_one_of_two_owners_may_go() -> None:
    given(registered(ACME), joined(OLGA, OWNER), joined(OTTO, OWNER))
    when(about(RemoveMember, OLGA, acting(OLGA, OWNER)))
    then(fact(MemberRemoved, TEAM, member_id=OLGA))


@pytest.mark.parametrize(
    "meanwhile",
    [
        fact(MemberRemoved, TEAM, employer_id=ACME, member_id=OLGA),
        fact(CompanyRoleChanged, TEAM, employer_id=ACME, member_id=OLGA, company_role=RECRUITER),
    ],
    ids=["removed", "demoted"],
)
def test_an_owner_who_is_none_any_more_decides_nothing(meanwhile: Fact) -> None:
    given(registered(ACME), joined(OLGA, OWNER), joined(OTTO, OWNER), meanwhile)
    when(about(RemoveMember, OTTO, acting(OLGA, OWNER)))
    then_refused("owners_only")


def test_who_is_not_there_is_not_removed() -> None:
    given(registered(ACME), joined(OLGA, OWNER))
    when(about(RemoveMember, RITA, acmes_owner))
    then_refused("not_a_member")


def test_who_was_removed_can_be_erased() -> None:
    removed = fact(MemberRemoved, TEAM, employer_id=ACME, member_id=RITA)
    given(registered(ACME), joined(OLGA, OWNER), joined(RITA), removed)
    when(about(EraseMember, RITA, acmes_owner))
    then(fact(MemberErased, TEAM, member_id=RITA))
    names = {event.member_id: event.name for event in told().read() if type(event) is MemberInvited}
    assert names == {OLGA: "Rita Miller", RITA: ERASED}


def told_daily(member: UUID) -> Fact:
    said = {"employer_id": ACME, "frequency": Frequency.DAILY, "email": "rita@acme.example"}
    return fact(NotificationSet, notification_id(acting(member)), **said)  # type: ignore[arg-type]


def test_who_is_removed_is_told_of_no_answers_any_more() -> None:
    given(registered(ACME), joined(OLGA, OWNER), joined(RITA), told_daily(RITA))
    when(about(RemoveMember, RITA, acmes_owner))
    then(
        fact(MemberRemoved, TEAM, member_id=RITA),
        fact(NotificationSet, notification_id(acting(RITA)), frequency=Frequency.NEVER, email=None),
    )


def test_with_a_former_member_the_address_for_answers_is_erased() -> None:
    removed = fact(MemberRemoved, TEAM, employer_id=ACME, member_id=RITA)
    given(registered(ACME), joined(OLGA, OWNER), joined(RITA), told_daily(RITA), removed)
    when(about(EraseMember, RITA, acmes_owner))
    assert [e.email for e in told().read() if type(e) is NotificationSet] == [None]


def test_a_member_is_not_erased() -> None:
    given(registered(ACME), joined(OLGA, OWNER), joined(RITA))
    when(about(EraseMember, RITA, acmes_owner))
    then_refused("still_in_the_team")


def test_nobody_but_a_former_member_is_erased() -> None:
    given(registered(ACME), passive_candidate, joined(OLGA, OWNER))
    when(about(EraseMember, CASEY, acmes_owner))
    then_refused("not_a_member")


steps = st.lists(
    st.tuples(
        st.sampled_from(["invite", "join", "role", "remove"]),
        st.sampled_from([OLGA, OTTO, RITA]),
        st.sampled_from([*CompanyRole]),
    ),
    max_size=25,
)


@whatever(steps)
def test_whatever_is_asked_a_team_that_had_an_owner_has_one(
    asked: list[tuple[str, UUID, CompanyRole]],
) -> None:
    given(registered(ACME), joined(named("first"), OWNER))
    for step, member, role in asked:
        if step == "invite":
            when(invite(the_admin, member, role=role))
        elif step == "join":
            when(accept(member))
        elif step == "role":
            when(about(ChangeCompanyRole, member, the_admin, company_role=role))
        else:
            when(about(RemoveMember, named("first"), the_admin))
            when(about(RemoveMember, member, the_admin))
        assert OWNER in told().loaded(Team, TEAM).members.values()
