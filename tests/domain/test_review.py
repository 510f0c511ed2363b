"""A recruiter shortlists a candidate for a position, or is not interested in them."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.candidate_commands import EraseCandidate
from domain.candidate_events import Contacted
from domain.command import Command
from domain.contacting import RequestInterview, SendMessage
from domain.merging import MergeCandidates, SeparateCandidates
from domain.outreach import outreach_id
from domain.outreach_events import InterviewRequested, MessageSent
from domain.review import (
    SetAside,
    SetAsideReason,
    SetCandidateAside,
    ShortlistCandidate,
    Shortlisted,
    TakeCandidateBack,
    TakenBack,
    UnshortlistCandidate,
    Unshortlisted,
    review_id,
)
from tests.support.given import (
    A_LETTER,
    BACKEND_ENGINEER,
    CASEY,
    DATA_ENGINEER,
    NOW,
    ROBIN,
    TO_CASEY,
    Fact,
    a_message,
    able_to_write,
    about_casey,
    acmes_recruiter,
    active_candidate,
    another_open_position,
    approved_employer,
    by,
    closed_position,
    days,
    erased,
    fact,
    given,
    globexs_recruiter,
    passive_candidate,
    signed_up,
    the_admin,
    the_platform,
    the_support,
    then,
    then_refused,
    told,
    when,
)

OF_CASEY, OF_ROBIN = (review_id(BACKEND_ENGINEER, id) for id in (CASEY, ROBIN))
WHO: dict[str, Any] = {"position_id": BACKEND_ENGINEER, "candidate_id": CASEY}
WHY: dict[str, Any] = {"reason": SetAsideReason.SKILLS, "note": "Queues, but no databases."}

shortlist = ShortlistCandidate(**WHO, **by(acmes_recruiter))
unshortlist = UnshortlistCandidate(**WHO, **by(acmes_recruiter))
set_aside = SetCandidateAside(**WHO, **WHY, **by(acmes_recruiter))
take_back = TakeCandidateBack(**WHO, **by(acmes_recruiter))
send = SendMessage(**WHO, message=A_LETTER, **by(acmes_recruiter))

shortlisted = fact(Shortlisted, OF_CASEY, **about_casey)
unshortlisted = fact(Unshortlisted, OF_CASEY, **about_casey)
is_set_aside = fact(SetAside, OF_CASEY, **about_casey, **WHY)
taken_back = fact(TakenBack, OF_CASEY, **about_casey)

every_command = pytest.mark.parametrize("command", [shortlist, unshortlist, set_aside, take_back])
each_decision = pytest.mark.parametrize("command", [shortlist, set_aside])


def of_robin(event: Any, **more: Any) -> Fact:
    return fact(event, OF_ROBIN, **about_casey | {"candidate_id": ROBIN}, **more)


def test_a_candidate_is_shortlisted_and_taken_off_again() -> None:
    given(able_to_write, passive_candidate)
    when(shortlist)
    then(shortlisted)
    when(unshortlist)
    then(unshortlisted)


def test_a_candidate_is_set_aside_with_a_reason_and_taken_back() -> None:
    given(able_to_write, passive_candidate)
    when(set_aside)
    then(is_set_aside)
    when(take_back)
    then(taken_back)


def test_a_note_is_not_needed_but_a_reason_is() -> None:
    given(able_to_write, passive_candidate)
    when(SetCandidateAside(**WHO, reason=SetAsideReason.OTHER, **by(acmes_recruiter)))
    then(fact(SetAside, OF_CASEY, reason=SetAsideReason.OTHER, note=None))
    with pytest.raises(ValidationError):
        SetCandidateAside(**WHO, **by(acmes_recruiter))


def test_repeating_it_records_nothing() -> None:
    given(able_to_write, passive_candidate)
    for command in (shortlist, unshortlist, set_aside, take_back):
        when(command)
        when(command)
        then()


def test_of_two_recruiters_who_set_a_candidate_aside_the_first_ones_reason_stays() -> None:
    given(able_to_write, passive_candidate, is_set_aside)
    other = by(acmes_recruiter.model_copy(update={"id": "recruiter-9"}))
    when(SetCandidateAside(**WHO, reason=SetAsideReason.SALARY, **other))
    then()


def test_who_is_set_aside_is_not_shortlisted_until_taken_back() -> None:
    given(able_to_write, passive_candidate, is_set_aside)
    when(shortlist)
    (sentence,) = then_refused("set_aside_by_employer")
    assert "take that back" in sentence
    when(take_back)
    when(shortlist)
    then(shortlisted)


def test_who_was_on_the_shortlist_is_on_it_again_once_taken_back() -> None:
    given(able_to_write, passive_candidate, shortlisted)
    when(set_aside)
    then(is_set_aside)
    when(take_back)
    then(taken_back)
    when(shortlist)
    then()


def test_nothing_can_be_undone_that_was_never_decided() -> None:
    for undo in (unshortlist, take_back):
        given(able_to_write, passive_candidate)
        when(undo)
        then_refused("unknown")


# --- Messages


def test_who_is_set_aside_is_not_written_to_about_this_position_until_taken_back() -> None:
    given(able_to_write, passive_candidate, is_set_aside)
    when(send)
    then_refused("set_aside_by_employer")
    when(take_back)
    when(send)
    then(fact(MessageSent, TO_CASEY), fact(Contacted, CASEY))


def test_nor_asked_for_an_interview() -> None:
    given(able_to_write, active_candidate, is_set_aside)
    ask = RequestInterview(**WHO, message=A_LETTER, **by(acmes_recruiter))
    when(ask)
    then_refused("set_aside_by_employer")
    when(take_back)
    when(ask)
    then(fact(InterviewRequested, TO_CASEY), fact(Contacted, CASEY))


def test_who_is_set_aside_for_one_position_can_be_written_to_about_another() -> None:
    given(able_to_write, another_open_position, passive_candidate, is_set_aside)
    when(send.model_copy(update={"position_id": DATA_ENGINEER}))
    then(fact(MessageSent, outreach_id(DATA_ENGINEER, CASEY)), fact(Contacted, CASEY))


@each_decision
def test_who_was_written_to_about_the_position_is_under_interviews(command: Command) -> None:
    given(able_to_write, passive_candidate, a_message)
    when(command)
    then_refused("already_contacted")


# --- Who may


@every_command
def test_another_employers_recruiter_is_told_nothing(command: Command) -> None:
    given(able_to_write, passive_candidate, shortlisted, is_set_aside)
    when(command.model_copy(update={"by": globexs_recruiter}))
    then_refused("unknown")


@every_command
def test_nobody_decides_about_an_unknown_candidate(command: Command) -> None:
    given(able_to_write)
    when(command)
    then_refused("unknown")


@each_decision
def test_nothing_new_is_decided_for_a_closed_position(command: Command) -> None:
    given(approved_employer, closed_position, passive_candidate)
    when(command)
    then_refused("position_is_closed")


def test_what_was_decided_can_still_be_undone_for_a_closed_position() -> None:
    given(approved_employer, closed_position, passive_candidate, shortlisted, is_set_aside)
    when(unshortlist)
    then(unshortlisted)
    when(take_back)
    then(taken_back)


def test_an_admin_may_decide_for_an_employer() -> None:
    given(able_to_write, passive_candidate)
    when(shortlist.model_copy(update={"by": the_admin}))
    then(shortlisted)


# --- Erased and merged candidates


@every_command
def test_nothing_is_decided_about_an_erased_candidate(command: Command) -> None:
    given(able_to_write, passive_candidate, shortlisted, is_set_aside, erased)
    when(command)
    then_refused("candidate_is_erased")


def test_the_reason_is_erased_with_the_person() -> None:
    given(able_to_write, passive_candidate)
    when(set_aside)
    when(EraseCandidate(candidate_id=CASEY, **by(the_platform)))
    (read,) = [event for event in told().read() if isinstance(event, SetAside)]
    assert (read.reason, read.note) == (None, None)
    assert read.candidate_id == CASEY


def merged() -> None:
    when(MergeCandidates(candidate_id=CASEY, duplicate_id=ROBIN, **by(the_support)))


robin = signed_up(ROBIN)


@every_command
def test_a_merged_duplicate_is_decided_about_under_the_other_id(command: Command) -> None:
    given(able_to_write, passive_candidate, robin, of_robin(SetAside, **WHY))
    merged()
    when(command.model_copy(update={"candidate_id": ROBIN}))
    then_refused("candidate_was_merged")


def test_who_was_set_aside_as_a_duplicate_stays_set_aside() -> None:
    given(able_to_write, passive_candidate, robin, of_robin(SetAside, **WHY))
    merged()
    when(shortlist)
    then_refused("set_aside_by_employer")
    when(set_aside)
    then()


def test_taking_a_person_back_takes_back_what_was_decided_under_each_of_their_ids() -> None:
    set_robin_aside = of_robin(SetAside, **WHY)
    given(able_to_write, passive_candidate, robin, is_set_aside, set_robin_aside)
    merged()
    when(take_back)
    then(taken_back, of_robin(TakenBack))


def test_a_person_is_taken_off_the_shortlist_under_each_of_their_ids() -> None:
    given(able_to_write, passive_candidate, robin, of_robin(Shortlisted))
    merged()
    when(shortlist)
    then()
    when(unshortlist)
    then(of_robin(Unshortlisted))


def test_who_is_separated_again_is_decided_about_alone() -> None:
    given(able_to_write, passive_candidate, robin, of_robin(SetAside, **WHY))
    merged()
    when(SeparateCandidates(candidate_id=CASEY, duplicate_id=ROBIN, **by(the_support)))
    when(shortlist.model_copy(update={"at": NOW + days(1)}))
    then(shortlisted)
