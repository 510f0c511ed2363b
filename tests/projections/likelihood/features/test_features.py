"""What the likelihood looks at follows from events alone, and from nothing that it may not see."""

import math
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.actor import Actor, Role
from domain.candidate_events import CandidateSignedUp, ProfileEnhanced
from domain.event import Event
from domain.filters import Filters
from domain.kinds_of_work import kind_of_work
from domain.money import Salary, SalaryRange
from domain.outreach_events import MessageSent, OutreachAccepted
from domain.partial_date import PartialDate
from domain.position import FiltersSet, PositionOpened, SalarySet, TitleSet, WorkplaceSet
from domain.profile import Facts, Job
from projections.likelihood.explanations import in_words, reasons, strongest
from projections.likelihood.features.candidate import (
    CandidateState,
    as_row,
    columns,
    features,
    signed_up,
)
from projections.likelihood.features.catalogue import (
    CATEGORIES,
    JOB_YEARS,
    LARGEST_OFFER,
    NUMBERS,
    OF_CANDIDATE,
    OF_MATCH,
    OF_POSITION,
    ORDER,
)
from projections.likelihood.features.position_match import (
    PositionState,
    from_event,
    matched,
    matches,
    of_match,
    of_position,
    with_details,
    with_filters,
    with_offer,
)
from projections.likelihood.learner import Learner
from projections.likelihood.model_state import untrained_model
from tests.support.events import event_of
from tests.support.likelihood_people import (
    NOW,
    outreach_features,
    random_candidate_state,
    random_position_state,
)

SOMEBODY, EMPLOYER, POSITION, OUTREACH = (UUID(int=n) for n in range(1, 5))


def an_event(kind: type[Event], id: UUID = SOMEBODY, at: datetime = NOW, **facts: Any) -> Any:
    """An event, as the log has it."""
    return event_of(kind, id, at=at, by=Actor(id="feed", role=Role.PLATFORM), **facts)


# The catalogue


def test_every_feature_says_its_unit_and_source() -> None:
    assert all(number.unit and number.source for number in NUMBERS.values())
    assert all(category.source and category.values for category in CATEGORIES.values())
    assert ORDER == OF_CANDIDATE + OF_POSITION + OF_MATCH
    assert sorted(ORDER) == sorted([*NUMBERS, *CATEGORIES])


def test_every_candidate_has_every_feature_as_a_finite_number_or_a_registered_category() -> None:
    rng = random.Random(1)
    for _ in range(300):
        x = outreach_features(random_candidate_state(rng), random_position_state(rng))
        assert {*x.numbers} == {*NUMBERS}
        assert {*x.categories} == {*CATEGORIES}
        assert all(type(v) is float and math.isfinite(v) for v in x.numbers.values())
        assert all(value in CATEGORIES[name].values for name, value in x.categories.items())


def test_every_feature_of_every_candidate_has_a_sentence() -> None:
    rng = random.Random(2)
    for _ in range(300):
        x = outreach_features(random_candidate_state(rng), random_position_state(rng))
        assert all(in_words(x, name)[0].isupper() for name in ORDER)


# What may not enter


def a_log(**private: Any) -> list[Event]:
    """A log about one person, whose private data is as given."""
    words: dict[str, Any] = {
        "name": "Ada",
        "email": "ada@example.com",
        "summary": "",
        "jobs": (),
        **private,
    }
    outreach: dict[str, Any] = {
        "subject": "Hello",
        "text": "Would you?",
        "sender_name": "Rae",
        "sender_role": "CTO",
    }
    outreach |= {name: private[name] for name in outreach if name in private}
    pay = SalaryRange(minimum=50_000, maximum=90_000, currency="EUR")
    about: dict[str, Any] = {
        "employer_id": EMPLOYER,
        "position_id": POSITION,
        "candidate_id": SOMEBODY,
    }
    facts = Facts(roles=("Designer",), skills=("Python",), languages=private.get("languages"))
    personal: dict[str, Any] = {name: words[name] for name in ("name", "email", "summary", "jobs")}
    seen: dict[str, Any] = {name: personal[name] for name in ("summary", "jobs")}
    return [
        an_event(CandidateSignedUp, **personal, fields=(), facts=facts),
        an_event(
            ProfileEnhanced,
            source=private.get("source", "register"),
            observed_on=NOW.date(),
            fields=(),
            facts=Facts(years_experience=4),
            **seen,
        ),
        an_event(
            PositionOpened,
            POSITION,
            employer_id=EMPLOYER,
            title="Designer",
            description=private.get("description", ""),
            location="Berlin",
            remote=False,
            salary=pay,
            filters=Filters(),
        ),
        an_event(
            MessageSent,
            OUTREACH,
            **about,
            **outreach,
            salary=pay,
            location="Berlin",
            remote=False,
            likelihood=None,
        ),
        an_event(OutreachAccepted, OUTREACH, **about, note=private.get("note")),
    ]


def learned(events: Iterable[Event]) -> Learner:
    learner = Learner()
    for position, event in enumerate(events, 1):
        learner.apply(position, event)
    return learner


PRIVATE: dict[str, Any] = {
    "name": "Mohamed",
    "email": "grandmother@example.com",
    "summary": "A woman of sixty, born in Lagos, with two children.",
    "jobs": (Job(employer="Church", title="Nun", started_on=PartialDate(1980), summary="Prayer"),),
    "subject": "Dear Sir",
    "text": "You look so young in your picture.",
    "sender_name": "Jo",
    "sender_role": "Priest",
    "description": "For young men only.",
    "note": "I am on maternity leave.",
    "source": "a register of births",
    "languages": ("Yoruba",),
}


@pytest.mark.parametrize("what", PRIVATE)
def test_nothing_personal_and_no_free_text_reaches_the_model(what: str) -> None:
    plain, telling = learned(a_log()), learned(a_log(**{what: PRIVATE[what]}))
    assert telling.model.hash() == plain.model.hash()
    assert features(telling.states[SOMEBODY], NOW) == features(plain.states[SOMEBODY], NOW)


def test_what_the_model_may_see_does_reach_it() -> None:
    events = a_log()
    facts = Facts(roles=("Tester",))
    other = [an_event(CandidateSignedUp, name="Ada", fields=(), facts=facts), *events[1:]]
    assert learned(other).model.hash() != learned(events).model.hash()


PROTECTED = {
    "age", "birth", "born", "gender", "sex", "ethnicity", "race", "religion", "nationality",
    "disability", "pregnancy", "children", "marital", "language", "languages", "name", "email",
}  # fmt: skip


def test_no_feature_is_named_for_a_protected_attribute() -> None:
    named = {word for name in ORDER for word in name.split("_")} - {"named"}
    assert named.isdisjoint(PROTECTED - {"age"}), "consent_age and profile_age are ages of facts"
    assert {name for name in ORDER if "age" in name.split("_")} == {"consent_age", "profile_age"}


def test_where_a_candidate_lives_counts_only_by_its_match_with_the_work() -> None:
    rng = random.Random(3)
    state = random_candidate_state(rng)
    opening = PositionState(places=("berlin", "germany"))
    state.city, state.country = "lyon", "france"
    french = outreach_features(state, opening)
    state.city, state.country = "lagos", "nigeria"
    assert outreach_features(state, opening) == french


# Candidates


def test_many_candidates_at_once_have_the_same_bits_as_each_alone() -> None:
    model, rng = untrained_model(), random.Random(3)
    for _ in range(300):
        model.learn(
            outreach_features(random_candidate_state(rng), random_position_state(rng)),
            rng.random() < 0.3,
        )
    states, opening = [random_candidate_state(rng) for _ in range(500)], random_position_state(rng)
    rows = [as_row(state) for state in states]
    own = columns(rows, NOW)
    start = model.logits(own, len(states), OF_CANDIDATE)
    assert start.tolist() == [model.logit(features(s, NOW), OF_CANDIDATE) for s in states]
    match = matches([matched(row) for row in rows], opening)
    full = model.logits(match, len(states), OF_POSITION + OF_MATCH, start)
    assert full.tolist() == [model.logit(outreach_features(state, opening)) for state in states]


@pytest.mark.parametrize("years", [0.0, 0.5, 1.0, 2.3, 3.0, 5.0, 9.9, 10.0, 25.0])
def test_a_time_in_a_job_lies_between_the_two_nearest_years_that_are_learned(years: float) -> None:
    state = CandidateState(0.0, 0.0, 0.0, job_since=NOW.timestamp() - years * 365.25 * 86_400)
    x = features(state, NOW)
    hats = [x.numbers[f"job_{at}"] for at in JOB_YEARS]
    assert sum(hats) == pytest.approx(1, abs=1e-5)
    assert sum(hat > 0 for hat in hats) <= 2
    assert sum(h * at for h, at in zip(hats, JOB_YEARS, strict=True)) == pytest.approx(
        min(years, 10), abs=1e-4
    )


def test_every_moment_gives_finite_features() -> None:
    state = signed_up(
        an_event(
            CandidateSignedUp,
            at=datetime(1, 1, 2, tzinfo=UTC),
            name="Ada",
            fields=("in_present_job_since",),
            facts=Facts(in_present_job_since=PartialDate(9999)),
        )
    )
    for year in (1, 1900, 2026, 2500, 9999):
        x = features(state, datetime(year, 6, 1, tzinfo=UTC))
        assert all(math.isfinite(value) for value in x.numbers.values())


def test_activity_fades_while_nothing_happens() -> None:
    state = random_candidate_state(random.Random(1))
    state.visits_365 = 4 * 2 ** ((NOW.timestamp() - 1_577_836_800) / (365 * 86_400))
    now, in_a_year = features(state, NOW), features(state, NOW + timedelta(days=365))
    assert math.expm1(now.numbers["visits_365"]) == pytest.approx(4, abs=1e-5)
    assert math.expm1(in_a_year.numbers["visits_365"]) == pytest.approx(2, abs=1e-5)


# Positions and matches


def position(**changed: Any) -> PositionState:
    facts: dict[str, Any] = {
        "title": "Senior data engineer",
        "description": "",
        "location": "Hamburg, Germany",
        "remote": False,
        "salary": SalaryRange(minimum=1, maximum=80_000, currency="USD"),
        "filters": Filters(required_skills=("SQL",), nice_to_have_skills=("Go", "Rust")),
    }
    return from_event(an_event(PositionOpened, POSITION, employer_id=EMPLOYER, **facts | changed))


def test_a_position_is_known_by_its_kind_of_work_seniority_pay_and_place() -> None:
    x = of_position(position())
    assert x.categories == {
        "position_role": "data-engineering",
        "position_seniority": "senior",
        "position_pay": "known",
        "position_remote": "no",
    }
    assert math.expm1(x.numbers["pay"]) == pytest.approx(80, abs=1e-3)


def test_without_a_seniority_in_the_title_the_years_required_give_it() -> None:
    opening = position(title="Data engineer", filters=Filters(years_from=6))
    assert opening.seniority == "senior"
    set_later = an_event(FiltersSet, POSITION, employer_id=EMPLOYER, filters=Filters(years_from=1))
    assert with_filters(opening, set_later.filters).seniority == "junior"


def changed(opening: PositionState, event: type[Any], **said: Any) -> PositionState:
    return with_details(opening, an_event(event, POSITION, employer_id=EMPLOYER, **said))


def test_another_title_gives_another_role_and_seniority() -> None:
    later = changed(position(title="Cook"), TitleSet, title="Senior data engineer")
    assert later == position(title="Senior data engineer")


def test_another_title_leaves_the_role_that_the_filters_name() -> None:
    filters = Filters(roles=("Data engineer",), years_from=6)
    later = changed(position(title="Data engineer", filters=filters), TitleSet, title="Cook")
    assert later == position(title="Cook", filters=filters)


def test_another_salary_and_workplace_of_a_position_count() -> None:
    salary = SalaryRange(minimum=1, maximum=100_000, currency="USD")
    paid = changed(position(), SalarySet, salary=salary)
    assert paid == position(salary=salary)
    moved = changed(position(), WorkplaceSet, location="Lyon, France", remote=True)
    assert moved == position(location="Lyon, France", remote=True)


def test_the_salary_and_place_of_an_outreach_replace_those_of_the_position() -> None:
    outreach = an_event(
        MessageSent,
        OUTREACH,
        employer_id=EMPLOYER,
        position_id=POSITION,
        candidate_id=SOMEBODY,
        subject="",
        text="",
        salary=SalaryRange(minimum=1, maximum=100_000, currency="USD"),
        location="Lyon, France",
        remote=True,
        sender_name="",
        sender_role="",
        likelihood=None,
    )
    opening = with_offer(position(), outreach)
    assert (opening.pay_usd, opening.remote, opening.places) == (100_000, True, ("lyon", "france"))


def member(**facts: Any) -> CandidateState:
    return signed_up(an_event(CandidateSignedUp, name="Ada", fields=(), facts=Facts(**facts)))


@pytest.mark.parametrize(
    ("facts", "where"),
    [
        ({"city": "Hamburg", "country": "Germany"}, "city"),
        ({"city": "Berlin", "country": "Germany"}, "country"),
        ({"country": "France", "open_to_remote": True}, "remote"),
        ({"country": "France", "open_to_remote": False}, "elsewhere"),
        ({}, "unknown"),
    ],
)
def test_a_place_matches_by_city_by_country_or_by_remote_work(
    facts: dict[str, Any], where: str
) -> None:
    assert of_match(member(**facts), position(remote=True)).categories["place"] == where


def test_a_match_has_the_shares_of_the_skills() -> None:
    x = of_match(member(skills=("sql", "GO")), position())
    assert x.numbers["skills_covered"] == pytest.approx(2 / 3, abs=1e-6)
    assert x.numbers["nice_covered"] == 0.5


@pytest.mark.parametrize(
    ("expected", "offer"),
    [(80_000, 0.0), (40_000, math.log(2)), (400_000, -LARGEST_OFFER), (1, LARGEST_OFFER)],
)
def test_an_offer_is_compared_with_the_expected_salary(expected: int, offer: float) -> None:
    x = of_match(member(expected_salary=Salary(amount=expected, currency="USD")), position())
    assert x.numbers["offer"] == pytest.approx(offer, abs=1e-6)
    assert x.categories["offer_known"] == "known"


def test_a_missing_salary_says_whose_it_is() -> None:
    assert of_match(member(), position()).categories["offer_known"] == "none_expected"
    assert of_match(member(), position(salary=None)).categories["offer_known"] == "none_offered"


# Words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dormancy", "Silent for 14 months"),
        ("job_2", "Has been in the present job for 2 years 5 months"),
        ("answer_rate", "Answered 2 of 3 earlier messages"),
        ("offer", "The offered salary is 12% above what they expect"),
        ("place", "Lives in the country where the work is"),
        ("received_30", "Received 1 message in the last weeks"),
        ("pay", "The position pays up to 80,000 US dollars"),
    ],
)
def test_a_feature_in_words(name: str, words: str) -> None:
    now, day = NOW.timestamp(), 86_400
    state = member(country="Germany", expected_salary=Salary(amount=71_429, currency="USD"))
    state.last_active_at = now - 426 * day
    state.job_since = now - 882 * day
    state.received, state.answered, state.expired = 3.0, 2.0, 1.0
    state.received_30 = 2 ** ((now - 1_577_836_800) / (30 * day))
    assert in_words(outreach_features(state, position()), name) == words


def test_contributions_with_the_same_sentence_are_summed() -> None:
    x = outreach_features(member(), position())
    given = reasons(x, [("intercept", 9.0), ("job_1", 0.2), ("job_2", 0.3), ("dormancy", -0.4)])
    two, *_ = strongest(given, 2)
    assert (two.text, two.contribution) == ("Has not said when their present job began", 0.5)


def test_where_a_position_names_no_nice_to_have_skills_nobody_is_said_to_lack_them() -> None:
    x = outreach_features(member(), position())
    (named,) = reasons(x, [("nice_covered", -0.2)])
    (unnamed,) = reasons(x, [("nice_covered", -0.2)], names_nice_skills=False)
    assert named.text != unnamed.text
    assert unnamed.text == "The position names no nice-to-have skills"
    assert unnamed.is_about_position


# Roles


@pytest.mark.parametrize(
    ("role", "family"),
    [
        ("Developer, back-end", "back-end"),
        ("Backend developer", "back-end"),
        ("Data scientist or machine learning specialist", "data-science"),
        ("Engineer, data", "data-engineering"),
        ("Engineering manager", "management"),
        ("HTML developer", "software"),
        ("Academic researcher", "research"),
        ("International baker", "other"),
    ],
)
def test_roles_belong_to_known_families(role: str, family: str) -> None:
    assert kind_of_work(role) == family
