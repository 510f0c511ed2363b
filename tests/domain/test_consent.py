"""Consent may hold until a moment: from then on the candidate is left alone, whatever the timer."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.candidate import Candidate
from domain.candidate_commands import ExpireConsent, OptIn, OptOut
from domain.candidate_events import (
    CandidateMerged,
    ConsentExpired,
    DuplicateMerged,
    OptedIn,
    OptedOut,
)
from domain.contacting import FollowUp, ReplyToCandidate, SendMessage
from domain.delivering import ReleaseLetter
from domain.identifier import SignUpCandidate
from domain.merging import MergeCandidates
from domain.outreach_events import LetterReleased, LetterStopped, ReplySent
from tests.support.given import (
    A_LETTER,
    BACKEND_ENGINEER,
    CASEY,
    NOW,
    ROBIN,
    TO_CASEY,
    History,
    able_to_write,
    accepted,
    acmes_recruiter,
    by,
    days,
    erased,
    fact,
    given,
    member,
    message_sent,
    opted_in,
    opted_out,
    passive_candidate,
    signed_up,
    the_platform,
    the_support,
    the_system,
    then,
    then_refused,
    told,
    when,
)

MOMENT = timedelta(microseconds=1)
TOMORROW = NOW + days(1)


def until(end: datetime) -> History:
    return (member, fact(OptedIn, CASEY, until=end))


def opt_in(end: datetime | None = None) -> OptIn:
    return OptIn(candidate_id=CASEY, until=end, **by(the_platform))


def expire(candidate: Any = CASEY, at: datetime = NOW) -> ExpireConsent:
    return ExpireConsent(candidate_id=candidate, **by(the_system, at=at))


def document(**says: Any) -> SignUpCandidate:
    about: dict[str, Any] = {"candidate_id": CASEY, "name": "Casey", **says}
    return SignUpCandidate(**about, **by(the_platform))


send = SendMessage(
    position_id=BACKEND_ENGINEER, candidate_id=CASEY, message=A_LETTER, **by(acmes_recruiter)
)


# --- Agreeing


def test_who_agrees_may_say_until_when() -> None:
    given(member)
    when(opt_in(TOMORROW))
    then(fact(OptedIn, CASEY, until=TOMORROW))


def test_an_agreement_cannot_have_ended_already() -> None:
    given(member)
    when(opt_in(NOW))
    then_refused("consent_ends_in_past")


@pytest.mark.parametrize("end", [None, TOMORROW + days(1), TOMORROW - MOMENT])
def test_who_agrees_may_change_the_end(end: datetime | None) -> None:
    given(until(TOMORROW))
    when(opt_in(end))
    then(fact(OptedIn, CASEY, until=end))


def test_the_same_end_again_is_refused() -> None:
    given(until(TOMORROW))
    when(opt_in(TOMORROW))
    then_refused("candidate_already_opted_in")


def test_who_joins_may_agree_until_a_moment() -> None:
    given()
    when(document(opted_in=True, opted_in_until=TOMORROW))
    assert told().loaded(Candidate, CASEY).standing().consent_until == TOMORROW


# --- The contact gate


def test_until_its_end_an_agreement_holds() -> None:
    given(able_to_write, until(NOW + MOMENT))
    when(send)
    assert told().loaded(Candidate, CASEY).contacts_since(NOW - days(1)) == 1


def test_from_its_end_on_nobody_is_written_to() -> None:
    given(able_to_write, until(NOW))
    when(send)
    then_refused("candidate_opted_out")


def test_a_letter_that_was_written_before_the_end_does_not_leave_after_it() -> None:
    sent = message_sent(at=NOW - days(1), deliver_at=NOW - days(1))
    given(able_to_write, until(TOMORROW), sent)
    when(ReleaseLetter(outreach_id=TO_CASEY, letter=1, **by(the_system)))
    then(fact(LetterReleased, TO_CASEY))
    when(ReleaseLetter(outreach_id=TO_CASEY, letter=1, **by(the_system, at=TOMORROW)))
    (stopped,) = [e for e in told().happened if isinstance(e, LetterStopped)]
    assert stopped.reasons == ("candidate_opted_out",)


def test_a_follow_up_is_not_written_after_the_end() -> None:
    given(able_to_write, until(NOW), message_sent(at=NOW - days(6)))
    written: dict[str, Any] = {"text": "Well?", "sender_name": "Sam"}
    when(FollowUp(outreach_id=TO_CASEY, **written, **by(acmes_recruiter)))
    then_refused("candidate_opted_out")


@pytest.mark.parametrize("end", [NOW, NOW + MOMENT])
def test_who_said_yes_is_written_to_until_the_end(end: datetime) -> None:
    given(able_to_write, until(end), message_sent(at=NOW - days(2)), accepted)
    written: dict[str, Any] = {"text": "When?", "sender_name": "Sam"}
    when(ReplyToCandidate(outreach_id=TO_CASEY, **written, **by(acmes_recruiter)))
    if end == NOW:
        then_refused("candidate_opted_out")
    else:
        then(fact(ReplySent, TO_CASEY, text="When?"))


# --- The timer


def test_the_end_is_recorded_when_it_has_come() -> None:
    given(until(NOW - days(3)))
    when(expire())
    then(fact(ConsentExpired, CASEY, until=NOW - days(3)))


@pytest.mark.parametrize(
    "history", [until(NOW + MOMENT), passive_candidate, member, (until(NOW), opted_out)]
)
def test_an_end_that_has_not_come_is_not_recorded(history: History) -> None:
    given(history)
    when(expire())
    then_refused("consent_has_not_ended")


def test_the_end_is_recorded_once() -> None:
    given(until(NOW))
    when(expire())
    when(expire())
    then_refused("consent_has_not_ended")


def test_the_end_of_an_agreement_of_who_is_erased_is_not_recorded() -> None:
    given(until(NOW), erased)
    when(expire())
    then_refused("candidate_is_erased")


def test_after_the_end_the_person_may_agree_again() -> None:
    given(able_to_write, until(NOW), fact(ConsentExpired, CASEY, until=NOW))
    when(opt_in())
    when(send)
    assert told().loaded(Candidate, CASEY).standing().positions == (BACKEND_ENGINEER,)


def test_after_the_end_an_opt_out_is_heard() -> None:
    given(until(NOW), fact(ConsentExpired, CASEY, until=NOW))
    when(OptOut(candidate_id=CASEY, **by(the_platform)))
    then(fact(OptedOut, CASEY))


# --- Documents


def consent(history: list[Any]) -> list[Any]:
    return [e for e in history if isinstance(e, OptedIn | OptedOut | ConsentExpired)]


@pytest.mark.parametrize("timer", [(), fact(ConsentExpired, CASEY, until=NOW)])
def test_what_has_ended_does_not_come_back_by_a_document(timer: History) -> None:
    given(able_to_write, until(NOW), timer)
    when(document(opted_in=True))
    when(send)
    then_refused("candidate_opted_out")


@pytest.mark.parametrize("known", [until(TOMORROW), (member, opted_in)])
def test_a_document_may_say_an_earlier_end(known: History) -> None:
    given(known)
    when(document(opted_in=True, opted_in_until=NOW + MOMENT))
    assert told().loaded(Candidate, CASEY).standing().consent_until == NOW + MOMENT


@pytest.mark.parametrize("says", [{}, {"opted_in_until": TOMORROW + MOMENT}])
def test_a_document_does_not_put_the_end_off(says: dict[str, Any]) -> None:
    given(until(TOMORROW))
    when(document(opted_in=True, **says))
    assert told().loaded(Candidate, CASEY).standing().consent_until == TOMORROW


# --- Merged duplicates


def merged(caseys: datetime, robins: datetime) -> None:
    robin = (signed_up(ROBIN), fact(OptedIn, ROBIN, until=robins))
    given(able_to_write, until(caseys), robin)
    when(MergeCandidates(candidate_id=CASEY, duplicate_id=ROBIN, **by(the_support)))
    then(fact(CandidateMerged, ROBIN), fact(DuplicateMerged, CASEY))


@pytest.mark.parametrize("ends", [(NOW, TOMORROW), (TOMORROW, NOW)])
def test_the_earlier_end_holds_for_a_merged_person(ends: tuple[datetime, datetime]) -> None:
    merged(*ends)
    when(send)
    then_refused("candidate_opted_out")


def test_the_end_of_a_duplicate_is_recorded_of_the_person() -> None:
    merged(TOMORROW, NOW)
    when(expire(ROBIN))
    then_refused("candidate_was_merged")
    when(expire())
    then(fact(ConsentExpired, CASEY, until=NOW))


def test_a_merged_person_may_agree_for_longer() -> None:
    merged(TOMORROW, NOW)
    when(opt_in(TOMORROW))
    when(send)
    assert told().loaded(Candidate, CASEY).standing().consent_until == TOMORROW
