"""Whatever is asked for, in whatever order: what always holds of the events that come of it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from domain.aggregate import Refused
from domain.answering import AcceptOutreach, DeclineOutreach, ExpireOutreach
from domain.candidate import Candidate
from domain.candidate_commands import (
    BlockEmployer,
    EraseCandidate,
    ExpireConsent,
    NoteActivity,
    OptIn,
    OptOut,
    SetContactBudget,
)
from domain.candidate_events import (
    CandidateErased,
    ConsentExpired,
    Contacted,
    EmployerBlocked,
    OptedIn,
    OptedOut,
)
from domain.command import Command
from domain.contacting import FollowUp, RequestInterview, SendMessage, WithdrawOutreach
from domain.delivering import NoteFailure, ReleaseLetter
from domain.do_not_contact import (
    AddToDoNotContact,
    DoNotContactAdded,
    Named,
    RemoveFromDoNotContact,
)
from domain.employer import (
    ApproveEmployer,
    DeclareNames,
    JoinBeta,
    LeaveBeta,
    ReviewAnswerRate,
    SuspendEmployer,
)
from domain.employer_events import (
    AnswerRateWarned,
    BetaJoined,
    BetaLeft,
    BulkRestricted,
    EmployerSuspended,
)
from domain.event import Event
from domain.identifier import EnhanceProfile, SignUpCandidate
from domain.interviewing import ScheduleInterview
from domain.outreach_events import (
    DeclineReason,
    FollowUpSent,
    InterviewRequested,
    InterviewScheduled,
    LetterStopped,
    MessageSent,
    OutreachAccepted,
    OutreachExpired,
    OutreachUndone,
    OutreachWithdrawn,
)
from domain.position import ClosePosition
from domain.profile import Facts
from domain.review import SetAside, SetAsideReason, SetCandidateAside, TakeCandidateBack
from domain.sender_standing import AnswerRate
from domain.sources import Activity, ActivityKind, Observation
from tests.support.given import (
    A_LETTER,
    CASEY,
    LONG_AGO,
    NOW,
    Story,
    approved,
    by,
    days,
    fact,
    named,
    opened,
    the_platform,
)
from tests.support.plain_gate import (
    ADDRESSES,
    ANSWERED,
    COMPANIES,
    DOMAINS,
    EMPLOYERS,
    POSITIONS,
    SENT,
    after_review,
    agrees,
    came_to_nothing,
    contacts_wanted,
    is_low,
    is_restricted,
    is_set_aside,
    latest,
    reasons_against,
    reasons_against_letter,
    silent_for_six_months,
    times_written_to,
)

employers = some.sampled_from(EMPLOYERS)
positions = some.sampled_from([*POSITIONS])
which = some.integers(0, len(POSITIONS) - 1)
seldom = some.integers(0, 9).map(lambda n: n == 7)


def something_was_sent(self: "OneCandidateAndTwoEmployers") -> bool:
    return any(isinstance(event, SENT) for event in self.story.happened)


class OneCandidateAndTwoEmployers(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.story = Story()
        self.now = NOW

    @initialize(silent_days=some.integers(0, 400), opted_in=some.booleans(), unreachable=seldom)
    def a_member_of_a_marketplace(
        self, silent_days: int, opted_in: bool, unreachable: bool
    ) -> None:
        for employer in EMPLOYERS:
            self.story.given(approved(employer), fact(BetaJoined, employer))
        self.story.given(tuple(opened(position, of) for position, of in POSITIONS.items()))
        email = None if unreachable else "casey@example.com"
        told: dict[str, Any] = {
            "name": "Casey",
            "email": email,
            "signed_up_at": LONG_AGO,
            "opted_in": opted_in,
        }
        if email:
            told |= {"address": ADDRESSES[0], "domain": DOMAINS[0]}
        told |= {"employers": (COMPANIES[0],)}
        self.ask(SignUpCandidate, **told)
        self.note_activity(days_ago=silent_days)

    def ask(self, command: type[Command], **what: Any) -> Sequence[Event] | Refused:
        if "candidate_id" in command.model_fields:
            what["candidate_id"] = CASEY
        asked = command.model_validate({**what, **by(the_platform, at=self.now)})
        before = len(self.story.happened)
        outcome = self.story.when(asked)
        if isinstance(outcome, Refused):
            assert outcome.codes
            assert len(self.story.happened) == before
        else:  # and perhaps nothing was recorded, where nothing changes
            self.replaying_gives_the_same_aggregates()
        return outcome

    def replaying_gives_the_same_aggregates(self) -> None:
        for aggregate in self.story.aggregates:
            replayed = self.story.loaded(type(aggregate), aggregate.id)
            assert vars(replayed) == vars(aggregate)

    def approach(
        self,
        command: type[Command],
        position: UUID,
        window: timedelta | None = None,
        *,
        bulk: bool = False,
    ) -> None:
        message = command is SendMessage
        bulk &= message
        reasons = reasons_against(
            self.story.happened, position, message=message, bulk=bulk, now=self.now
        )
        what: dict[str, Any] = {"position_id": position, "message": A_LETTER}
        what |= {"undo_window": window, **({"bulk": bulk} if message else {})}
        outcome = self.ask(command, **what)
        assert reasons == (set(outcome.codes) if isinstance(outcome, Refused) else set())

    def first_of(self, outreach: UUID) -> MessageSent | InterviewRequested:
        (first,) = (
            event
            for event in self.story.happened
            if isinstance(event, SENT) and event.originator_id == outreach
        )
        return first

    def sent(self, nth: int) -> UUID:
        sent = [event.originator_id for event in self.story.happened if isinstance(event, SENT)]
        return sent[nth % len(sent)]

    @rule(hours=some.integers(0, 72))
    def wait_a_little(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(weeks=some.integers(1, 30), really=seldom)
    def wait_long(self, weeks: int, really: bool) -> None:
        if really:
            self.now += timedelta(weeks=weeks)

    @rule(position=positions, bulk=some.booleans())
    def send_a_message(self, position: UUID, bulk: bool) -> None:
        self.approach(SendMessage, position, bulk=bulk)

    @rule(position=positions)
    def request_an_interview(self, position: UUID) -> None:
        self.approach(RequestInterview, position)

    @rule(
        position=positions,
        window=some.sampled_from([None, timedelta(minutes=5)]),
        bulk=some.booleans(),
    )
    def write_as_fits(self, position: UUID, window: timedelta | None, bulk: bool = False) -> None:
        passive = silent_for_six_months(self.story.happened, self.now)
        self.approach(SendMessage if passive else RequestInterview, position, window, bulk=bulk)

    @rule(
        employer=employers,
        counted=some.sampled_from([(100, 12), (100, 13), (99, 0), (500, 64)]),
        days_later=some.sampled_from([0, 0, 6, 7]),
        write=some.booleans(),
    )
    def review_the_answers(
        self, employer: UUID, counted: tuple[int, int], days_later: int, write: bool
    ) -> None:
        """Perhaps while a bulk message waits to leave, and before another."""
        first, second = [id for id, of in POSITIONS.items() if of == employer][:2]
        if write:
            self.approach(SendMessage, first, timedelta(minutes=5), bulk=True)
        self.now += days(days_later)
        messages, answered = counted
        low = is_low(messages, answered)
        expected = after_review(self.story.happened, employer, low=low, now=self.now)
        rate = AnswerRate(messages=messages, answered=answered)
        outcome = self.ask(ReviewAnswerRate, employer_id=employer, rate=rate)
        assert isinstance(outcome, list)
        assert [type(event) for event in outcome] == ([expected] if expected else [])
        if write and something_was_sent(self):
            self.release_a_letter(-1, hours=1)
            self.approach(SendMessage, second, bulk=True)

    @precondition(something_was_sent)
    @rule(nth=which, hours=some.integers(0, 24))
    def release_a_letter(self, nth: int, hours: int) -> None:
        """What was allowed may be forbidden by the time that the letter leaves."""
        self.now += timedelta(hours=hours)
        outreach = self.sent(nth)
        first = self.first_of(outreach)
        reasons = reasons_against_letter(
            self.story.happened,
            first.position_id,
            message=isinstance(first, MessageSent),
            bulk=isinstance(first, MessageSent) and first.bulk,
            now=self.now,
        ) | self.is_over(first)
        outcome = self.ask(ReleaseLetter, outreach_id=outreach, letter=1)
        if isinstance(outcome, Refused):
            assert {*outcome.codes} <= {"no_such_letter", "letter_not_due"}
            return
        stopped = [event for event in outcome if isinstance(event, LetterStopped)]
        assert reasons == {reason for event in stopped for reason in event.reasons}

    def is_over(self, first: MessageSent | InterviewRequested) -> set[str]:
        """Why nobody can answer the outreach any more, though the candidate has not."""
        end = latest(self.story.happened, *ANSWERED, about=first.originator_id)
        late = end is None and self.now - first.timestamp >= days(14)
        if end is OutreachExpired or late:
            return {"outreach_has_expired"}
        return {"already_withdrawn"} if end is OutreachWithdrawn else set()

    @precondition(something_was_sent)
    @rule(nth=which, bad_address=some.booleans())
    def fail_to_deliver(self, nth: int, bad_address: bool) -> None:
        self.release_a_letter(nth, hours=1)
        outreach = self.sent(nth)
        self.ask(NoteFailure, outreach_id=outreach, letter=1, code="550", bad_address=bad_address)
        self.write_as_fits(self.first_of(outreach).position_id, None)

    @precondition(something_was_sent)
    @rule(nth=which, days_later=some.integers(0, 8))
    def follow_up(self, nth: int, days_later: int) -> None:
        self.now += days(days_later)
        outreach = self.sent(nth)
        first = self.first_of(outreach)
        history = self.story.happened
        # Whether the candidate is passive by now does not matter, nor that they were contacted.
        once = {"already_contacted", "candidate_not_passive", "candidate_not_active"}
        once |= {"set_aside_by_employer"}
        reasons = reasons_against(history, first.position_id, message=True, now=self.now) - once
        of_it = [event for event in history if event.originator_id == outreach]
        is_open = not any(isinstance(event, (*ANSWERED, OutreachUndone)) for event in of_it)
        is_open &= outreach not in came_to_nothing(history)
        may_follow = (
            is_open
            and not any(isinstance(event, FollowUpSent) for event in of_it)
            and days(5) <= self.now - first.timestamp < days(14)
        )
        outcome = self.ask(FollowUp, outreach_id=outreach, text="Still?", sender_name="Sam")
        if reasons:
            assert isinstance(outcome, Refused)
            assert {*outcome.codes} == reasons
        else:
            assert isinstance(outcome, Refused) is not may_follow

    @rule(contacts=some.integers(0, 6), really=seldom)
    def say_how_often(self, contacts: int, really: bool) -> None:
        if really:
            self.ask(SetContactBudget, contacts=contacts)

    @rule(
        employer=employers,
        identifier=some.sampled_from([CASEY, *ADDRESSES, *DOMAINS, named("somebody else")]),
        lasts=some.sampled_from([None, 0, 3, 40]),
        really=seldom,
    )
    def list_somebody(
        self, employer: UUID, identifier: UUID, lasts: int | None, really: bool
    ) -> None:
        if really:
            until = None if lasts is None else (self.now + days(lasts)).date()
            entry = {"kind": Named.PERSON, "identifier": identifier, "until": until}
            self.ask(AddToDoNotContact, employer_id=employer, **entry, reason="A client.")

    @precondition(lambda self: DoNotContactAdded in map(type, self.story.happened))
    @rule(nth=which)
    def take_off_the_list(self, nth: int) -> None:
        added = [event for event in self.story.happened if isinstance(event, DoNotContactAdded)]
        entry = added[nth % len(added)]
        about = {"employer_id": entry.employer_id, "entry_id": entry.originator_id}
        self.ask(RemoveFromDoNotContact, **about)

    @rule(position=positions, really=seldom)
    def set_aside(self, position: UUID, really: bool) -> None:
        if really:
            reason = SetAsideReason.SKILLS
            self.ask(SetCandidateAside, position_id=position, reason=reason)

    @precondition(lambda self: SetAside in map(type, self.story.happened))
    @rule(position=positions)
    def take_back(self, position: UUID) -> None:
        self.ask(TakeCandidateBack, position_id=position)
        assert not is_set_aside(self.story.happened, position)

    @rule(employer=employers, key=some.sampled_from([*COMPANIES, *DOMAINS, None]), really=seldom)
    def declare_names(self, employer: UUID, key: UUID | None, really: bool) -> None:
        if really:
            self.ask(DeclareNames, employer_id=employer, keys=(key,) if key else ())

    @rule(number=some.integers(0, 2), really=seldom)
    def change_the_address(self, number: int, really: bool) -> None:
        if really:
            seen = Observation(
                source="web", observed_on=self.now.date(), email=f"{number}@example.com"
            )
            keys = {"address": ADDRESSES[number], "domain": DOMAINS[number % 2]}
            self.ask(EnhanceProfile, observation=seen, **keys)

    @rule(company=some.sampled_from([*COMPANIES, None]), really=seldom)
    def change_the_job(self, company: UUID | None, really: bool) -> None:
        if really:
            seen = Observation(source="web", observed_on=self.now.date(), jobs=())
            self.ask(EnhanceProfile, observation=seen, employers=(company,) if company else ())

    @precondition(something_was_sent)
    @rule(nth=which)
    def accept(self, nth: int) -> None:
        self.ask(AcceptOutreach, outreach_id=self.sent(nth), note="Gladly.")

    @precondition(something_was_sent)
    @rule(nth=which, reason=some.sampled_from(DeclineReason))
    def decline(self, nth: int, reason: DeclineReason) -> None:
        self.ask(DeclineOutreach, outreach_id=self.sent(nth), reason=reason)

    @precondition(something_was_sent)
    @rule(nth=which)
    def withdraw(self, nth: int) -> None:
        self.ask(WithdrawOutreach, outreach_id=self.sent(nth))

    @precondition(something_was_sent)
    @rule(nth=which, after=some.sampled_from([days(0), days(14)]))
    def expire(self, nth: int, after: timedelta) -> None:
        self.now += after
        self.ask(ExpireOutreach, outreach_id=self.sent(nth))

    @precondition(something_was_sent)
    @rule(nth=which)
    def schedule_an_interview(self, nth: int) -> None:
        self.ask(ScheduleInterview, outreach_id=self.sent(nth), starts_at=self.now + days(1))

    @precondition(lambda self: not agrees(self.story.happened, self.now))
    @rule()
    def opt_in(self) -> None:
        self.ask(OptIn)

    @rule(weeks=some.integers(-1, 8), really=seldom)
    def opt_in_until(self, weeks: int, really: bool) -> None:
        if really:
            self.ask(OptIn, until=self.now + timedelta(weeks=weeks))

    @rule()
    def expire_the_consent(self) -> None:
        """A timer may come late, twice, or too early: it changes nothing that the gate says."""
        agreed = agrees(self.story.happened, self.now)
        self.ask(ExpireConsent)
        assert agrees(self.story.happened, self.now) is agreed

    @rule(really=seldom)
    def opt_out(self, really: bool) -> None:
        if really:
            self.ask(OptOut)

    @rule(employer=employers, really=seldom)
    def block_an_employer(self, employer: UUID, really: bool) -> None:
        if really:
            self.ask(BlockEmployer, employer_id=employer)

    @rule(days_ago=some.integers(0, 400))
    def note_activity(self, days_ago: int) -> None:
        when = self.now - days(days_ago)
        activity = Activity(
            candidate_id=CASEY,
            kind=ActivityKind.SIGNED_IN,
            occurred_at=when,
            source="web",
            source_id=f"{when}",
        )
        self.ask(NoteActivity, activity=activity)

    @rule(days_ago=some.integers(0, 400), city=some.sampled_from(["Berlin", "Paris"]))
    def enhance_the_profile(self, days_ago: int, city: str) -> None:
        seen_on = (self.now - days(days_ago)).date()
        seen = Observation(source="resume", observed_on=seen_on, facts=Facts(city=city))
        self.ask(EnhanceProfile, observation=seen)

    @rule(really=seldom)
    def erase(self, really: bool) -> None:
        if really:
            self.ask(EraseCandidate)

    @precondition(lambda self: EmployerSuspended in map(type, self.story.happened))
    @rule(employer=employers)
    def approve(self, employer: UUID) -> None:
        self.ask(ApproveEmployer, employer_id=employer)

    @rule(employer=employers, really=seldom)
    def suspend(self, employer: UUID, really: bool) -> None:
        if really:
            self.ask(SuspendEmployer, employer_id=employer, reason="spam")

    @precondition(lambda self: BetaLeft in map(type, self.story.happened))
    @rule(employer=employers)
    def join_the_beta(self, employer: UUID) -> None:
        self.ask(JoinBeta, employer_id=employer)

    @rule(employer=employers, really=seldom)
    def leave_the_beta(self, employer: UUID, really: bool) -> None:
        if really:
            self.ask(LeaveBeta, employer_id=employer)

    @rule(position=positions, really=seldom)
    def close_a_position(self, position: UUID, really: bool) -> None:
        if really:
            self.ask(ClosePosition, position_id=position)

    # --- What always holds

    def about_casey(self) -> list[Event]:
        return [event for event in self.story.happened if event.originator_id == CASEY]

    @invariant()
    def versions_are_contiguous(self) -> None:
        streams = defaultdict(list)
        for event in self.story.happened:
            streams[event.originator_id].append(event.originator_version)
        for versions in streams.values():
            assert versions == [*range(1, len(versions) + 1)]

    @invariant()
    def an_outreach_is_sent_once_first_and_has_at_most_one_answer(self) -> None:
        outreaches = defaultdict(list)
        for event in self.story.happened:
            if event.TOPIC.startswith("outreach."):
                outreaches[event.originator_id].append(event)
        for first, *later in outreaches.values():
            assert isinstance(first, SENT)
            assert not any(isinstance(event, SENT) for event in later)
            assert sum(isinstance(event, ANSWERED) for event in later) <= 1

    @invariant()
    def an_interview_follows_a_yes(self) -> None:
        accepted = set()
        for event in self.story.happened:
            if isinstance(event, OutreachAccepted):
                accepted.add(event.originator_id)
            assert not isinstance(event, InterviewScheduled) or event.originator_id in accepted

    @invariant()
    def an_answer_comes_within_the_answer_window(self) -> None:
        sent_at = {e.originator_id: e.timestamp for e in self.story.happened if isinstance(e, SENT)}
        for event in self.story.happened:
            if isinstance(event, ANSWERED):
                in_time = event.timestamp < sent_at[event.originator_id] + timedelta(days=14)
                assert in_time is not isinstance(event, OutreachExpired)

    @invariant()
    def nothing_is_recorded_about_who_was_forgotten(self) -> None:
        history = [type(event) for event in self.story.happened]
        if CandidateErased in history:
            assert isinstance(self.about_casey()[-1], CandidateErased)
            afterwards = history[history.index(CandidateErased) :]
            assert not set(SENT) & set(afterwards)
            assert not self.story.loaded(Candidate, CASEY).opted_in

    @invariant()
    def nobody_hears_more_than_they_want_within_thirty_days(self) -> None:
        history = self.story.happened
        for place, event in enumerate(history):
            if isinstance(event, (*SENT, FollowUpSent)):
                before = history[:place]
                allowed = contacts_wanted(before)
                assert times_written_to(before, event.timestamp) < allowed

    @invariant()
    def nobody_is_written_to_who_had_opted_out_or_blocked_the_employer(self) -> None:
        opted_in, until, blocked = False, None, set()
        for event in self.story.happened:
            if isinstance(event, OptedIn | OptedOut | ConsentExpired | CandidateErased):
                opted_in = isinstance(event, OptedIn)
                until = event.until if isinstance(event, OptedIn) else None
            elif isinstance(event, EmployerBlocked):
                blocked.add(event.employer_id)
            elif isinstance(event, SENT):
                assert opted_in
                assert until is None or event.timestamp < until
                assert event.employer_id not in blocked

    @invariant()
    def no_bulk_message_is_sent_within_two_weeks_after_a_restriction(self) -> None:
        for place, event in enumerate(self.story.happened):
            if isinstance(event, MessageSent) and event.bulk:
                before = self.story.happened[:place]
                assert not is_restricted(before, event.employer_id, event.timestamp)

    @invariant()
    def a_restriction_follows_a_warning_of_a_week_before(self) -> None:
        warned_at: dict[UUID, datetime] = {}
        for event in self.story.happened:
            if isinstance(event, AnswerRateWarned):
                warned_at[event.originator_id] = event.timestamp
            elif isinstance(event, BulkRestricted):
                assert event.timestamp >= warned_at.pop(event.originator_id) + timedelta(days=7)

    @invariant()
    def the_candidate_knows_of_every_approach(self) -> None:
        written = (*SENT, FollowUpSent)
        sent = [e.originator_id for e in self.story.happened if isinstance(e, written)]
        noted = [e.outreach_id for e in self.about_casey() if isinstance(e, Contacted)]
        assert sorted(noted) == sorted(sent)


TestWhateverIsAskedFor = pytest.mark.slow(OneCandidateAndTwoEmployers.TestCase)
TestWhateverIsAskedFor.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
