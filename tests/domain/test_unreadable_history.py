"""An event that cannot be read stops only the decisions that need it, and never a withdrawal."""

import pytest

from domain.answering import AcceptOutreach
from domain.candidate_commands import BlockEmployer, EraseCandidate, NoteActivity, OptIn, OptOut
from domain.candidate_events import (
    DECIDES_CONTACT,
    AttributesReported,
    CandidateErased,
    CandidateSignedUp,
    Contacted,
    EmployerBlocked,
    OptedIn,
    OptedOut,
    ProfileEnhanced,
    WasActive,
)
from domain.command import Command
from domain.contacting import SendMessage
from domain.employer import JoinBeta
from domain.employer_events import EmployerApproved, EmployerSuspended
from domain.event import Event
from domain.identifier import EnhanceProfile
from domain.outreach_events import MessageSent, OutreachAccepted
from domain.position import PositionOpened
from domain.profile import Facts
from domain.sources import Activity, ActivityKind, Observation
from tests.support.given import (
    A_LETTER,
    ACME,
    BACKEND_ENGINEER,
    CASEY,
    NOW,
    TO_CASEY,
    a_message,
    able_to_write,
    acmes_recruiter,
    approved_employer,
    by,
    cannot_be_read,
    fact,
    given,
    member,
    opted_in,
    passive_candidate,
    the_platform,
    then,
    then_refused,
    when,
)
from tests.support.vocabulary import EVENTS

OF_CANDIDATES = [event for event in EVENTS if event.TOPIC.startswith("candidate.")]
CASEYS = {**by(the_platform), "candidate_id": CASEY}
A_MESSAGE_TO_CASEY = SendMessage(
    **by(acmes_recruiter), position_id=BACKEND_ENGINEER, candidate_id=CASEY, message=A_LETTER
)
AN_OBSERVATION = Observation(source="site", observed_on=NOW.date(), facts=Facts(city="Ulm"))
AN_ACTIVITY = Activity(
    candidate_id=CASEY,
    kind=ActivityKind.SIGNED_IN,
    occurred_at=NOW,
    source="web",
    source_id="1",
)


@pytest.mark.parametrize("lost", OF_CANDIDATES)
@pytest.mark.parametrize(
    ("command", "recorded"),
    [
        (OptOut(**CASEYS), OptedOut),
        (EraseCandidate(**CASEYS), CandidateErased),
        (BlockEmployer(**CASEYS, employer_id=ACME), EmployerBlocked),
    ],
)
def test_a_withdrawal_works_whatever_cannot_be_read(
    lost: type[Event], command: Command, recorded: type[Event]
) -> None:
    given(passive_candidate)
    cannot_be_read(lost)
    when(command)
    then(fact(recorded, CASEY))


@pytest.mark.parametrize(
    ("command", "recorded", "lost"),
    [
        (OptIn(**CASEYS), OptedIn, ProfileEnhanced),
        (NoteActivity(**by(the_platform), activity=AN_ACTIVITY), WasActive, OptedIn),
        (EnhanceProfile(**CASEYS, observation=AN_OBSERVATION), ProfileEnhanced, EmployerBlocked),
    ],
)
def test_a_command_goes_on_where_it_need_not_read_the_event(
    command: Command, recorded: type[Event], lost: type[Event]
) -> None:
    given(member)
    cannot_be_read(lost)
    when(command)
    then(fact(recorded, CASEY))


@pytest.mark.parametrize(
    ("command", "lost"),
    [
        (OptIn(**CASEYS), OptedOut),
        (NoteActivity(**by(the_platform), activity=AN_ACTIVITY), CandidateSignedUp),
        (EnhanceProfile(**CASEYS, observation=AN_OBSERVATION), ProfileEnhanced),
    ],
)
def test_a_command_that_needs_the_event_is_refused_and_says_which(
    command: Command, lost: type[Event]
) -> None:
    given(member)
    cannot_be_read(lost)
    when(command)
    (sentence,) = then_refused("history_unreadable")
    assert lost.TOPIC in sentence


@pytest.mark.parametrize("lost", DECIDES_CONTACT)
def test_nobody_is_contacted_as_long_as_an_event_that_decides_it_cannot_be_read(
    lost: type[Event],
) -> None:
    given(able_to_write, passive_candidate)
    cannot_be_read(lost)
    when(A_MESSAGE_TO_CASEY)
    then_refused("history_unreadable")


@pytest.mark.parametrize("lost", [EmployerSuspended, PositionOpened, MessageSent])
def test_an_employer_contacts_nobody_as_long_as_events_of_its_own_cannot_be_read(
    lost: type[Event],
) -> None:
    given(able_to_write, passive_candidate)
    cannot_be_read(lost)
    when(A_MESSAGE_TO_CASEY)
    then_refused("history_unreadable")


def test_a_message_is_sent_although_reported_attributes_cannot_be_read() -> None:
    given(able_to_write, passive_candidate)
    cannot_be_read(AttributesReported)
    when(A_MESSAGE_TO_CASEY)
    then(fact(MessageSent, TO_CASEY), fact(Contacted, CASEY))


def test_an_answer_is_taken_although_an_event_of_the_candidate_cannot_be_read() -> None:
    given(able_to_write, member, opted_in, a_message)
    cannot_be_read(ProfileEnhanced, OptedIn, CandidateSignedUp)
    when(AcceptOutreach(**by(the_platform), outreach_id=TO_CASEY))
    then(fact(OutreachAccepted, TO_CASEY))


def test_an_employer_whose_approval_cannot_be_read_joins_nothing() -> None:
    given(approved_employer)
    cannot_be_read(EmployerApproved)
    when(JoinBeta(**by(acmes_recruiter), employer_id=ACME))
    then_refused("history_unreadable")
