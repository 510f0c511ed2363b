"""Members agree to be written to or not, are active at times, and may be forgotten."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from domain.actor import Cause
from domain.aggregate import Refused
from domain.attributes import AgeBand, Attributes, Disability, Gender
from domain.candidate import Candidate
from domain.candidate_commands import (
    BlockEmployer,
    ClearAttributes,
    EraseCandidate,
    NoteActivity,
    OptIn,
    OptOut,
    ReportAttributes,
)
from domain.candidate_events import (
    AttributesCleared,
    AttributesReported,
    CandidateErased,
    CandidateSignedUp,
    EmployerBlocked,
    OptedIn,
    OptedOut,
    ProfileEnhanced,
    WasActive,
)
from domain.command import Command
from domain.event import ERASED
from domain.identifier import EnhanceProfile, SignUpCandidate
from domain.partial_date import PartialDate
from domain.profile import Facts, Job
from domain.sources import CLOCK_SKEW, Activity, ActivityKind, Observation
from tests.support.given import (
    ACME,
    CASEY,
    GLOBEX,
    LONG_AGO,
    NOW,
    SIX_MONTHS_AGO,
    Fact,
    blocked_acme,
    by,
    cannot_be_read,
    days,
    erased,
    fact,
    given,
    member,
    opted_in,
    opted_out,
    signed_up,
    the_platform,
    then,
    then_refused,
    told,
    was_active,
    when,
)

TODAY = NOW.date()


# --- Signing up


def test_a_candidate_signs_up_with_what_they_tell_us() -> None:
    given()
    job = Job(employer="Acme", title="Engineer", started_on=PartialDate(2020))
    when(
        SignUpCandidate(
            candidate_id=CASEY,
            name="Casey",
            email="casey@example.com",
            summary="I like queues.",
            jobs=(job,),
            facts=Facts(skills=("Python",)),
            **by(the_platform),
        )
    )
    then(
        fact(
            CandidateSignedUp,
            CASEY,
            name="Casey",
            email="casey@example.com",
            summary="I like queues.",
            jobs=(job,),
            facts=Facts(skills=("Python",)),
        )
    )


def test_a_candidate_may_opt_in_while_signing_up() -> None:
    given()
    when(SignUpCandidate(candidate_id=CASEY, name="Casey", opted_in=True, **by(the_platform)))
    then(fact(CandidateSignedUp, CASEY), fact(OptedIn, CASEY))


def test_a_member_who_is_taken_over_was_last_active_when_we_are_told() -> None:
    given()
    when(
        SignUpCandidate(
            candidate_id=CASEY,
            name="Casey",
            signed_up_at=LONG_AGO,
            last_active_at=NOW - days(3),
            **by(the_platform),
        )
    )
    then(
        fact(CandidateSignedUp, CASEY, at=LONG_AGO),
        fact(WasActive, CASEY, at=NOW - days(3), source="sign-up"),
    )


def test_a_sign_up_of_long_ago_happened_long_ago() -> None:
    given()
    when(
        SignUpCandidate(
            candidate_id=CASEY,
            name="Casey",
            signed_up_at=LONG_AGO,
            opted_in=True,
            **by(the_platform),
        )
    )
    then(fact(CandidateSignedUp, CASEY, at=LONG_AGO), fact(OptedIn, CASEY, at=LONG_AGO))


def sign_up(at: datetime | None = None, **more: Any) -> SignUpCandidate:
    return SignUpCandidate(
        candidate_id=CASEY, name="Casey", signed_up_at=at, **more, **by(the_platform)
    )


def test_a_candidate_signs_up_once() -> None:
    candidate = Candidate(CASEY)
    cause = Cause(**by(the_platform))
    said: dict[str, Any] = {"name": "Casey", "facts": Facts()}
    candidate.sign_up(cause, **said)
    with pytest.raises(Refused) as refused:
        candidate.sign_up(cause, at=NOW + days(1), **said)
    assert refused.value.codes == ["candidate_already_signed_up", "sign_up_in_future"]


def test_nobody_signs_up_in_the_future() -> None:
    given()
    when(sign_up(at=NOW + CLOCK_SKEW + timedelta(seconds=1)))
    then_refused("sign_up_in_future")


def test_another_systems_clock_may_be_a_little_ahead() -> None:
    given()
    when(sign_up(at=NOW + CLOCK_SKEW))
    then(fact(CandidateSignedUp, CASEY, at=NOW + CLOCK_SKEW))


def test_signing_up_is_refused_for_every_reason_at_once() -> None:
    given()
    when(sign_up(at=NOW + days(1), last_active_at=NOW + days(2)))
    then_refused("sign_up_in_future", "activity_in_future")


def test_who_asked_to_be_forgotten_does_not_come_back_under_the_same_id() -> None:
    given(member, erased)
    when(sign_up())
    then_refused("candidate_is_erased")


@pytest.mark.parametrize(("field", "value"), [("name", "  "), ("email", "casey")])
def test_a_wrong_field_of_a_sign_up_is_refused_by_name(field: str, value: str) -> None:
    said = {"candidate_id": CASEY, "name": "Casey", field: value, **by(the_platform)}
    with pytest.raises(ValidationError, match=field):
        SignUpCandidate(**said)


def test_a_moment_outside_the_calendar_is_refused() -> None:
    before_the_first_day = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    with pytest.raises(ValidationError, match="outside the calendar"):
        sign_up(at=before_the_first_day)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        sign_up(at=datetime(2020, 1, 1))  # noqa: DTZ001 - which is what is refused


# --- Opting in and out


def test_a_member_opts_in() -> None:
    given(member)
    when(OptIn(candidate_id=CASEY, **by(the_platform)))
    then(fact(OptedIn, CASEY))


def test_a_member_opts_in_once() -> None:
    given(member, opted_in)
    when(OptIn(candidate_id=CASEY, **by(the_platform)))
    then_refused("candidate_already_opted_in")


def test_a_member_opts_out_and_in_again() -> None:
    given(member, opted_in)
    when(OptOut(candidate_id=CASEY, **by(the_platform)))
    then(fact(OptedOut, CASEY))
    when(OptIn(candidate_id=CASEY, **by(the_platform)))
    then(fact(OptedIn, CASEY))


def test_a_wish_not_to_be_written_to_is_heard_even_unasked() -> None:
    given(member)
    when(OptOut(candidate_id=CASEY, **by(the_platform)))
    then(fact(OptedOut, CASEY))


def test_opting_out_again_changes_nothing() -> None:
    given(member, opted_in, opted_out)
    when(OptOut(candidate_id=CASEY, **by(the_platform)))
    then()


def test_opting_out_again_is_recorded_as_long_as_something_cannot_be_read() -> None:
    given(member, opted_in, opted_out)
    cannot_be_read(OptedIn)
    when(OptOut(candidate_id=CASEY, **by(the_platform)))
    then(fact(OptedOut, CASEY))


# --- Being active


def activity(at: datetime = NOW) -> NoteActivity:
    return NoteActivity(
        activity=Activity(
            candidate_id=CASEY,
            kind=ActivityKind.VIEWED_JOB,
            occurred_at=at,
            source="web",
            source_id="view-1",
        ),
        **by(the_platform),
    )


def test_activity_happened_when_its_source_saw_it() -> None:
    given(member)
    when(activity(at=NOW - days(2)))
    then(
        fact(
            WasActive,
            CASEY,
            at=NOW - days(2),
            kind=ActivityKind.VIEWED_JOB,
            source="web",
            source_id="view-1",
        )
    )


def test_activity_in_the_future_is_refused() -> None:
    given(member)
    when(activity(at=NOW + CLOCK_SKEW + timedelta(seconds=1)))
    then_refused("activity_in_future")


def test_activity_a_little_ahead_is_taken() -> None:
    given(member)
    when(activity(at=NOW + CLOCK_SKEW))
    then(fact(WasActive, CASEY, at=NOW + CLOCK_SKEW))


def test_activity_before_the_sign_up_is_refused() -> None:
    given(signed_up(at=NOW - days(10)))
    when(activity(at=NOW - days(11)))
    then_refused("activity_before_sign_up")


def test_activity_at_the_very_moment_of_the_sign_up_is_taken() -> None:
    given(signed_up(at=NOW - days(10)))
    when(activity(at=NOW - days(10)))
    then(fact(WasActive, CASEY, at=NOW - days(10)))


def test_the_sign_up_and_the_erasure_alone_decide_about_activity() -> None:
    given(member, opted_in, was_active(at=NOW - days(1)))
    signed_up_alone = [event for event in told().happened if isinstance(event, CandidateSignedUp)]
    in_part = Candidate.fold(CASEY, signed_up_alone, version=3)
    whole = told().loaded(Candidate, CASEY)
    for candidate in (in_part, whole):
        candidate.note_activity(activity(), activity().activity)
    assert in_part.collect_events() == whole.collect_events()


def is_passive(now: datetime = NOW) -> bool:
    return told().loaded(Candidate, CASEY).is_passive(now)


def test_a_member_is_passive_six_months_after_signing_up_without_a_sign_of_life() -> None:
    given(signed_up(at=SIX_MONTHS_AGO))
    assert is_passive(NOW)
    assert not is_passive(NOW - days(1))


def test_activity_ends_the_silence() -> None:
    given(member)
    assert is_passive()
    when(activity())
    assert not is_passive()


def test_activity_that_is_told_late_does_not_make_a_member_passive_again() -> None:
    given(member, was_active(at=NOW - days(1)))
    when(activity(at=LONG_AGO + days(1)))
    assert not is_passive()


def test_nobody_is_passive_who_never_signed_up() -> None:
    given()
    assert not is_passive()


# --- A profile's sources and ages


def seen(
    on: date = TODAY, facts: Facts | None = None, *, asked: datetime = NOW, **personal: object
) -> EnhanceProfile:
    observation = Observation.model_validate(
        {"source": "resume", "observed_on": on, "facts": facts or Facts(), **personal}
    )
    return EnhanceProfile(candidate_id=CASEY, observation=observation, **by(the_platform, at=asked))


def test_a_source_enhances_a_profile_field_by_field() -> None:
    given(member)
    job = Job(employer="Globex", title="Lead")
    when(seen(facts=Facts(city="Berlin"), summary="Leads a team.", jobs=[job]))
    then(
        fact(
            ProfileEnhanced,
            CASEY,
            source="resume",
            observed_on=TODAY,
            fields=("city", "summary", "jobs"),
            facts=Facts(city="Berlin"),
            summary="Leads a team.",
            jobs=(job,),
        )
    )


def test_a_field_that_is_known_from_a_later_day_stays_as_it_is() -> None:
    given(member)
    when(seen(TODAY, Facts(city="Berlin")))
    when(seen(TODAY - days(1), Facts(city="Paris", country="France")))
    then(fact(ProfileEnhanced, CASEY, fields=("country",), facts=Facts(country="France")))


def test_a_personal_field_is_named_in_the_event_and_is_no_fact() -> None:
    given(member)
    when(seen(summary="Leads a team."))
    then(
        fact(
            ProfileEnhanced,
            CASEY,
            fields=("summary",),
            facts=Facts(),
            summary="Leads a team.",
            jobs=None,
        )
    )


def test_the_age_of_a_field_is_remembered_while_others_are_enhanced() -> None:
    given(member)
    when(seen(TODAY, Facts(city="Berlin")))
    when(seen(TODAY, Facts(country="Germany")))
    when(seen(TODAY - days(1), Facts(city="Paris")))
    then_refused("nothing_newer")


def test_a_field_observed_on_the_same_day_is_taken() -> None:
    given(member)
    when(seen(TODAY, Facts(city="Berlin")))
    when(seen(TODAY, Facts(city="Paris")))
    then(fact(ProfileEnhanced, CASEY, fields=("city",), facts=Facts(city="Paris")))


def test_what_a_candidate_said_at_sign_up_is_newer_than_what_was_seen_before() -> None:
    given(member)
    when(seen(LONG_AGO.date() - days(1), Facts(skills=("COBOL",))))
    then_refused("nothing_newer")


def test_an_observation_that_says_nothing_is_refused() -> None:
    given(member)
    when(seen())
    then_refused("nothing_observed")


def test_an_observation_of_the_day_after_tomorrow_is_refused() -> None:
    given(member)
    when(seen(TODAY + days(2), Facts(city="Berlin")))
    then_refused("observation_in_future")


def test_where_it_is_tomorrow_already_an_observation_of_today_is_taken() -> None:
    given(member)
    when(seen(TODAY + days(1), Facts(city="Auckland")))
    then(fact(ProfileEnhanced, CASEY, fields=("city",)))


def test_an_old_observation_does_not_replace_what_was_told_at_sign_up() -> None:
    told = SignUpCandidate(
        candidate_id=CASEY, name="Casey", summary="In my own words.", **by(the_platform)
    )
    given()
    when(told)
    when(seen(TODAY - days(900), summary="A stranger's words."))
    then_refused("nothing_newer")


def test_an_observation_is_refused_for_every_reason_at_once() -> None:
    given(member)
    when(seen(TODAY + days(2)))
    then_refused("nothing_observed", "observation_in_future")


def test_the_day_of_an_observation_is_one_of_utc() -> None:
    evening_in_new_york = datetime(2026, 4, 14, 23, tzinfo=timezone(timedelta(hours=-4)))
    given(member)
    when(seen(date(2026, 4, 15), Facts(city="New York"), asked=evening_in_new_york))
    then(fact(ProfileEnhanced, CASEY, fields=("city",)))


def test_the_day_of_a_sign_up_is_one_of_utc() -> None:
    evening_in_new_york = datetime(2026, 4, 14, 23, tzinfo=timezone(timedelta(hours=-4)))
    given(signed_up(at=evening_in_new_york))
    when(seen(date(2026, 4, 14), Facts(skills=("COBOL",))))
    then_refused("nothing_newer")


# --- Blocking an employer


def test_a_member_blocks_an_employer() -> None:
    given(member)
    when(BlockEmployer(candidate_id=CASEY, employer_id=ACME, **by(the_platform)))
    then(fact(EmployerBlocked, CASEY, employer_id=ACME))


def test_a_member_blocks_an_employer_once() -> None:
    given(member, blocked_acme)
    when(BlockEmployer(candidate_id=CASEY, employer_id=ACME, **by(the_platform)))
    then_refused("employer_already_blocked")


def test_a_member_blocks_as_many_employers_as_they_like() -> None:
    given(member, blocked_acme)
    when(BlockEmployer(candidate_id=CASEY, employer_id=GLOBEX, **by(the_platform)))
    then(fact(EmployerBlocked, CASEY, employer_id=GLOBEX))


# --- Saying who one is

A_WOMAN = Attributes(gender=Gender.WOMAN, disability=Disability.PREFER_NOT_TO_SAY)
a_woman_reported = fact(AttributesReported, CASEY, gender=Gender.WOMAN)
attributes_cleared = fact(AttributesCleared, CASEY)


def test_a_member_says_who_they_are() -> None:
    given(member)
    when(ReportAttributes(candidate_id=CASEY, attributes=A_WOMAN, **by(the_platform)))
    then(fact(AttributesReported, CASEY, **dict(A_WOMAN)))


def test_a_member_says_it_anew_in_place_of_what_was_said() -> None:
    given(member, a_woman_reported)
    anew = Attributes(age_band=AgeBand.FROM_60)
    when(ReportAttributes(candidate_id=CASEY, attributes=anew, **by(the_platform)))
    then(fact(AttributesReported, CASEY, gender=None, age_band=AgeBand.FROM_60))


def test_a_member_takes_it_back() -> None:
    given(member, a_woman_reported)
    when(ClearAttributes(candidate_id=CASEY, **by(the_platform)))
    then(attributes_cleared)


@pytest.mark.parametrize(
    "history", [(), (a_woman_reported, attributes_cleared)], ids=["never", "no longer"]
)
def test_what_is_not_said_is_not_taken_back(history: tuple[Fact, ...]) -> None:
    given(member, *history)
    when(ClearAttributes(candidate_id=CASEY, **by(the_platform)))
    then_refused("no_attributes_reported")


def test_saying_nothing_is_no_report() -> None:
    with pytest.raises(ValidationError, match="to withdraw all of them, clear them"):
        Attributes()


def test_who_reads_the_log_does_not_see_who_somebody_is() -> None:
    given(member, a_woman_reported)
    (_, reported) = told().read()
    assert reported.model_dump()["gender"] is Gender.WOMAN
    assert reported.redacted().model_dump() == {**reported.model_dump(), "gender": None}


def test_who_reads_the_log_sees_everything_else() -> None:
    given(member)
    (signed,) = told().read()
    assert signed.redacted() == signed


# --- Being forgotten


def test_a_member_is_forgotten() -> None:
    given(member, opted_in)
    when(EraseCandidate(candidate_id=CASEY, **by(the_platform)))
    then(fact(CandidateErased, CASEY))
    assert not told().loaded(Candidate, CASEY).opted_in


AFTERWARDS: list[Command] = [
    sign_up(),
    OptIn(candidate_id=CASEY, **by(the_platform)),
    OptOut(candidate_id=CASEY, **by(the_platform)),
    activity(),
    activity(at=NOW + days(1)),
    seen(facts=Facts(city="Berlin")),
    BlockEmployer(candidate_id=CASEY, employer_id=ACME, **by(the_platform)),
    ReportAttributes(candidate_id=CASEY, attributes=A_WOMAN, **by(the_platform)),
    ClearAttributes(candidate_id=CASEY, **by(the_platform)),
    EraseCandidate(candidate_id=CASEY, **by(the_platform)),
]


@pytest.mark.parametrize("command", AFTERWARDS, ids=lambda command: type(command).__name__)
def test_nothing_is_added_about_who_was_forgotten(command: Command) -> None:
    given(member, opted_in, erased)
    when(command)
    then_refused("candidate_is_erased")


@pytest.mark.parametrize("command", AFTERWARDS[1:], ids=lambda command: type(command).__name__)
def test_nothing_is_added_about_who_never_signed_up(command: Command) -> None:
    given()
    when(command)
    assert then_refused("unknown") == [f"There is no candidate {CASEY}; check the id."]


def test_the_name_of_who_was_forgotten_reads_erased() -> None:
    given(member, erased)
    assert [event.name for event in told().read() if isinstance(event, CandidateSignedUp)] == [
        ERASED
    ]
