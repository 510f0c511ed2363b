"""A position's filters: whom they let pass, and what never makes them let more pass."""

from itertools import chain, combinations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some
from pydantic import ValidationError

from domain.filters import Criterion, CriterionKind, Filters
from domain.money import USD_PER_UNIT, PayPeriod, Salary, SalaryRange
from domain.profile import Facts
from domain.terms import key

WORDS = ["Python", "Go", "Rust", "C++", "Node.JS", "Straße", "São Paulo", "machine learning"]
words = some.sampled_from([*chain.from_iterable(combinations(WORDS, n) for n in range(4))])
years = some.none() | some.integers(0, 40).map(float)
currencies = some.sampled_from(sorted(USD_PER_UNIT))
periods = some.sampled_from(PayPeriod)
salaries = some.builds(Salary, amount=some.integers(0, 500_000), currency=currencies, per=periods)


@some.composite
def budgets(draw: some.DrawFn) -> SalaryRange:
    low, high = sorted(draw(some.tuples(some.integers(0, 500_000), some.integers(0, 500_000))))
    most = draw(some.sampled_from([high, high, None]))
    return SalaryRange(minimum=low, maximum=most, currency=draw(currencies), per=draw(periods))


@some.composite
def filters(draw: some.DrawFn) -> Filters:
    bounds = sorted(draw(some.tuples(some.integers(0, 40), some.integers(0, 40))))
    return Filters(
        roles=draw(words),
        required_skills=draw(words),
        nice_to_have_skills=draw(words),
        years_from=draw(some.sampled_from([None, bounds[0]])),
        years_to=draw(some.sampled_from([None, bounds[1]])),
        locations=draw(words),
        remote=draw(some.booleans()),
        salary_budget=draw(some.none() | budgets()),
        work_authorisation=draw(words),
        languages=draw(words),
        excluded_roles=draw(some.just(()) | words),
        excluded_skills=draw(some.just(()) | words),
        excluded_locations=draw(some.just(()) | words),
        excluded_languages=draw(some.just(()) | words),
    )


facts = some.builds(
    Facts,
    roles=some.none() | words,
    skills=some.none() | words,
    years_experience=years,
    city=some.none() | some.sampled_from(WORDS),
    country=some.none() | some.sampled_from(WORDS),
    open_to_remote=some.none() | some.booleans(),
    expected_salary=some.none() | salaries,
    work_authorisation=some.none() | words,
    languages=some.none() | words,
)


@some.composite
def filters_and_who_passes(draw: some.DrawFn) -> tuple[Filters, Facts]:
    """Filters, and often somebody made to pass them: chance alone would rarely draw one."""
    wanted, who = draw(filters()), draw(facts)
    if draw(some.booleans()):
        who = who.model_copy(
            update={
                "roles": wanted.roles or who.roles,
                "skills": wanted.required_skills + (who.skills or ()),
                "years_experience": wanted.years_from or wanted.years_to or who.years_experience,
                "city": wanted.locations[0] if wanted.locations else who.city,
                "expected_salary": None,
                "work_authorisation": wanted.work_authorisation,
                "languages": wanted.languages + (who.languages or ()),
            }
        )
    return wanted, who


def narrowed(wanted: Filters, **changes: Any) -> Filters:
    return Filters.model_validate({**dict(wanted), **changes})


# --- Asking for more never lets more pass


@given(filters_and_who_passes(), some.sampled_from(WORDS))
def test_another_required_skill_never_admits_more(pair: tuple[Filters, Facts], word: str) -> None:
    wanted, who = pair
    more = narrowed(wanted, required_skills=(*wanted.required_skills, word))
    assert wanted.admit(who) or not more.admit(who)


@given(filters_and_who_passes(), some.sampled_from(WORDS))
def test_another_language_never_admits_more(pair: tuple[Filters, Facts], word: str) -> None:
    wanted, who = pair
    more = narrowed(wanted, languages=(*wanted.languages, word))
    assert wanted.admit(who) or not more.admit(who)


@pytest.mark.parametrize("any_of", ["roles", "locations", "work_authorisation"])
@given(pair=filters_and_who_passes(), word=some.sampled_from(WORDS))
def test_another_alternative_never_admits_fewer(
    any_of: str, pair: tuple[Filters, Facts], word: str
) -> None:
    wanted, who = pair
    alternatives = getattr(wanted, any_of)
    assume(alternatives)
    wider = narrowed(wanted, **{any_of: (*alternatives, word)})
    assert wider.admit(who) or not wanted.admit(who)


EXCLUDED = ["excluded_roles", "excluded_skills", "excluded_locations", "excluded_languages"]


@pytest.mark.parametrize("none_of", EXCLUDED)
@given(pair=filters_and_who_passes(), word=some.sampled_from(WORDS))
def test_another_excluded_term_never_admits_more(
    none_of: str, pair: tuple[Filters, Facts], word: str
) -> None:
    wanted, who = pair
    more = narrowed(wanted, **{none_of: (*getattr(wanted, none_of), word)})
    assert wanted.admit(who) or not more.admit(who)


@pytest.mark.parametrize("none_of", EXCLUDED)
@given(word=some.sampled_from(WORDS))
def test_nobody_is_excluded_by_what_is_not_known_of_them(none_of: str, word: str) -> None:
    assert narrowed(Filters(), **{none_of: (word,)}).admit(Facts())


@pytest.mark.parametrize(
    ("none_of", "fact"),
    [
        ("excluded_roles", "roles"),
        ("excluded_skills", "skills"),
        ("excluded_languages", "languages"),
    ],
)
def test_who_has_an_excluded_term_is_left_out_whatever_else_they_have(
    none_of: str, fact: str
) -> None:
    wanted = narrowed(Filters(), **{none_of: ("php",)})
    assert not wanted.admit(Facts.model_validate({fact: ("Go", "PHP")}))
    assert wanted.admit(Facts.model_validate({fact: ("Go",)}))


def test_an_excluded_place_leaves_out_who_lives_there_remote_or_not() -> None:
    wanted = Filters(excluded_locations=("France",), remote=True)
    assert not wanted.admit(Facts(city="Lyon", country="France", open_to_remote=True))
    assert wanted.admit(Facts(city="Berlin", country="Germany", open_to_remote=True))


@given(filters_and_who_passes())
def test_taking_remote_workers_too_never_admits_fewer(pair: tuple[Filters, Facts]) -> None:
    wanted, who = pair
    assume(wanted.locations)
    assert narrowed(wanted, remote=True).admit(who) or not narrowed(wanted, remote=False).admit(who)


@given(filters_and_who_passes(), some.sampled_from(WORDS))
def test_what_is_nice_to_have_decides_nothing(pair: tuple[Filters, Facts], word: str) -> None:
    wanted, who = pair
    assert narrowed(wanted, nice_to_have_skills=(word,)).admit(who) == wanted.admit(who)


@given(filters_and_who_passes(), some.sampled_from(WORDS))
def test_another_skill_keeps_a_candidate_out_only_where_it_is_excluded(
    pair: tuple[Filters, Facts], word: str
) -> None:
    wanted, who = pair
    assume(word not in wanted.excluded_skills)
    abler = who.model_copy(update={"skills": (*(who.skills or ()), word)})
    assert wanted.admit(abler) or not wanted.admit(who)
    assert wanted.match(abler) >= wanted.match(who)


@given(facts)
def test_without_filters_everybody_passes(who: Facts) -> None:
    assert Filters().admit(who)


@given(filters_and_who_passes())
def test_the_match_is_a_share(pair: tuple[Filters, Facts]) -> None:
    wanted, who = pair
    assert 0 <= wanted.match(who) <= 1


# --- Case and spaces

written_otherwise = some.sampled_from([str.upper, str.lower, str.swapcase, str.casefold])


@given(filters_and_who_passes(), written_otherwise, some.sampled_from(["", " ", "\t ", " \n"]))
def test_neither_case_nor_odd_spaces_decide(
    pair: tuple[Filters, Facts], otherwise: Any, spaces: str
) -> None:
    wanted, who = pair

    def rewritten(terms: tuple[str, ...] | None) -> tuple[str, ...] | None:
        wider = f"{spaces} {spaces}"
        return terms and tuple(wider + otherwise(t).replace(" ", wider) + wider for t in terms)

    terms = ("roles", "skills", "work_authorisation", "languages")
    other = Facts.model_validate({**dict(who), **{t: rewritten(getattr(who, t)) for t in terms}})
    assert wanted.admit(other) == wanted.admit(who)
    assert wanted.match(other) == wanted.match(who)


@given(some.text())
def test_a_key_is_its_own_key(term: str) -> None:
    assert key(key(term)) == key(term)


def test_a_term_is_kept_once_as_it_was_written_first_in_the_order_given() -> None:
    given_so = Filters(required_skills=("Python", "Go", "python ", "PYTHON", "Rust", "go"))
    assert given_so.required_skills == ("Python", "Go", "Rust")


@pytest.mark.parametrize(
    "wrong", [[["Python"]], [{"name": "Python"}], "Python", {"Python": 1}, [1], [None], 1, [" "]]
)
def test_what_is_no_list_of_names_is_refused_by_name(wrong: Any) -> None:
    with pytest.raises(ValidationError, match="roles"):
        Filters.model_validate({"roles": wrong})


# --- Any of these, all of these


@pytest.mark.parametrize(
    ("wanted", "who", "passes"),
    [
        (Filters(roles=("DevOps", "SRE")), Facts(roles=("sre", "Backend")), True),
        (Filters(roles=("DevOps", "SRE")), Facts(roles=("Backend",)), False),
        (Filters(required_skills=("Go", "Rust")), Facts(skills=("rust", "go", "C++")), True),
        (Filters(required_skills=("Go", "Rust")), Facts(skills=("Go",)), False),
        (
            Filters(work_authorisation=("France", "Spain")),
            Facts(work_authorisation=("spain",)),
            True,
        ),
        (Filters(work_authorisation=("France", "Spain")), Facts(work_authorisation=("UK",)), False),
        (Filters(languages=("French", "German")), Facts(languages=("German", "French")), True),
        (Filters(languages=("French", "German")), Facts(languages=("German",)), False),
        (Filters(nice_to_have_skills=("Go",)), Facts(), True),
    ],
)
def test_roles_and_countries_are_any_of_skills_and_languages_all_of(
    wanted: Filters, who: Facts, passes: bool
) -> None:
    assert wanted.admit(who) is passes


@pytest.mark.parametrize("field", ["roles", "required_skills", "work_authorisation", "languages"])
def test_what_a_profile_does_not_say_fails_a_filter_that_asks_for_it(field: str) -> None:
    assert not Filters.model_validate({field: ["Go"]}).admit(Facts())


# --- Years, places, salaries


@pytest.mark.parametrize(
    ("years_from", "years_to", "had", "passes"),
    [
        (3, None, 3, True),
        (3, None, 2.9, False),
        (None, 5, 5, True),
        (None, 5, 5.1, False),
        (3, 5, None, False),
        (None, None, None, True),
        (0, None, None, False),
        (None, 0, 0, True),
        (None, 0, 1, False),
    ],
)
def test_years_of_experience_from_and_to(
    years_from: float | None, years_to: float | None, had: float | None, passes: bool
) -> None:
    wanted = Filters(years_from=years_from, years_to=years_to)
    assert wanted.admit(Facts(years_experience=had)) is passes


def test_years_from_more_to_less_are_refused() -> None:
    with pytest.raises(ValidationError, match="swap them"):
        Filters(years_from=5, years_to=3)


@pytest.mark.parametrize(
    ("locations", "remote", "who", "passes"),
    [
        (("Berlin",), False, Facts(city="berlin"), True),
        (("Germany",), False, Facts(city="Berlin", country="Germany"), True),
        (("Berlin",), False, Facts(city="Paris", open_to_remote=True), False),
        (("Berlin",), True, Facts(city="Paris", open_to_remote=True), True),
        (("Berlin",), True, Facts(city="Paris", open_to_remote=False), False),
        (("Berlin",), True, Facts(city="Paris"), False),
        (("Berlin",), True, Facts(city="Berlin", open_to_remote=False), True),
        (("Berlin",), False, Facts(), False),
        ((), False, Facts(), True),
        ((), True, Facts(open_to_remote=True), True),
        ((), True, Facts(city="Berlin"), False),
    ],
)
def test_places_and_remote_work(
    locations: tuple[str, ...], remote: bool, who: Facts, passes: bool
) -> None:
    assert Filters(locations=locations, remote=remote).admit(who) is passes


def budget(maximum: float, currency: str = "USD") -> Filters:
    return Filters(salary_budget=SalaryRange(minimum=0, maximum=maximum, currency=currency))


def test_who_named_no_expectation_is_within_every_budget() -> None:
    assert budget(0).admit(Facts())


def test_an_expectation_at_the_maximum_is_within_budget_and_one_above_is_not() -> None:
    assert budget(100_000).admit(Facts(expected_salary=Salary(amount=100_000, currency="USD")))
    assert not budget(100_000).admit(Facts(expected_salary=Salary(amount=100_001, currency="USD")))


@given(salaries, salaries)
def test_salaries_compare_by_what_they_are_worth(one: Salary, other: Salary) -> None:
    pay = SalaryRange(minimum=0, maximum=one.amount, currency=one.currency, per=one.per)
    within = Filters(salary_budget=pay).admit(Facts(expected_salary=other))
    assert within == ((other.in_usd or 0) <= (one.in_usd or 0))


@given(currencies, some.integers(0, 10**9), some.integers(0, 10**9))
def test_in_one_currency_less_is_always_within_the_budget_of_more(
    currency: str, one: int, other: int
) -> None:
    low, high = sorted((one, other))
    assert budget(high, currency).admit(
        Facts(expected_salary=Salary(amount=low, currency=currency))
    )


@given(filters_and_who_passes(), salaries, some.integers(1, 100_000))
def test_expecting_less_never_keeps_a_candidate_out(
    pair: tuple[Filters, Facts], expected: Salary, less: int
) -> None:
    wanted, who = pair
    cheaper = Salary(amount=max(0, expected.amount - less), currency=expected.currency)
    asks_more = who.model_copy(update={"expected_salary": expected})
    asks_less = who.model_copy(update={"expected_salary": cheaper})
    assert wanted.admit(asks_less) or not wanted.admit(asks_more)


def test_an_expectation_in_a_currency_without_a_rate_is_within_every_budget() -> None:
    assert budget(0).admit(Facts(expected_salary=Salary(amount=1, currency="XAU")))


@pytest.mark.parametrize("currency", ["EURO", "eu", "1€", ""])
def test_what_is_no_currency_code_is_refused(currency: str) -> None:
    with pytest.raises(ValidationError, match="currency"):
        Salary(amount=1, currency=currency)


def test_a_currency_code_in_small_letters_is_taken_in_capitals() -> None:
    assert Salary(amount=1, currency="eur").currency == "EUR"


@given(salaries)
def test_a_budget_in_a_currency_without_a_rate_leaves_nobody_out(expected: Salary) -> None:
    assert budget(0, "XAU").admit(Facts(expected_salary=expected))


@given(salaries)
def test_a_budget_without_a_maximum_leaves_nobody_out(expected: Salary) -> None:
    pay = SalaryRange(minimum=1, currency="EUR")
    assert Filters(salary_budget=pay).admit(Facts(expected_salary=expected))


def test_pay_for_different_periods_is_compared_by_the_year() -> None:
    hourly = Salary(amount=40, currency="USD", per=PayPeriod.HOUR)
    assert budget(83_200).admit(Facts(expected_salary=hourly))
    assert not budget(83_199).admit(Facts(expected_salary=hourly))


def test_half_of_what_is_nice_to_have_is_half_a_match() -> None:
    wanted = Filters(nice_to_have_skills=("Go", "Rust"))
    assert wanted.match(Facts(skills=("go", "python"))) == 0.5


# --- Criteria: what filters are made of


@given(filters_and_who_passes())
def test_who_passes_meets_every_criterion_and_who_does_not_fails_one(
    pair: tuple[Filters, Facts],
) -> None:
    wanted, who = pair
    each = [wanted.only(criterion) for criterion in wanted.criteria()]
    assert wanted.admit(who) is all(one.admit(who) for one in each)


@given(filters_and_who_passes())
def test_without_a_criterion_the_others_stay(pair: tuple[Filters, Facts]) -> None:
    wanted, _ = pair
    for criterion in wanted.criteria():
        others = tuple(other for other in wanted.criteria() if other != criterion)
        assert wanted.without(criterion).criteria() == others


def test_a_skill_is_dropped_whatever_its_case() -> None:
    wanted = Filters(required_skills=("Python", "Go"))
    dropped = wanted.without(Criterion(kind=CriterionKind.SKILL, term="PYTHON"))
    assert dropped.required_skills == ("Go",)


def test_to_drop_what_is_not_asked_changes_nothing() -> None:
    wanted = Filters(required_skills=("Python",))
    assert wanted.without(Criterion(kind=CriterionKind.LANGUAGE, term="German")) == wanted
