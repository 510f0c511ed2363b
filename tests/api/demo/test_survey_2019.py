"""What is read of an answer to the Stack Overflow Developer Survey 2019."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from api.demo.survey_2019 import SURVEY_2019, to_profile
from api.formats.documents import BadDocument
from domain.money import Salary
from tests.support.survey import members, survey_profiles

UNTIL = datetime(2026, 6, 1, tzinfo=UTC)


def answer(**meta: Any) -> dict[str, Any]:
    return {
        "basics": {"label": "Designer", "location": {"country": "Poland"}},
        "skills": [{"name": "Python"}, {"name": "Other(s):"}],
        "meta": {"source": SURVEY_2019, "respondent": 12, "age": 40.0, "gender": "Woman", **meta},
    }


def test_an_answer_without_its_number_is_refused() -> None:
    with pytest.raises(BadDocument, match=r"meta.respondent: is missing"):
        to_profile({"meta": {"source": SURVEY_2019}})


def test_an_answer_to_the_survey_is_read_in_its_own_way() -> None:
    profile = to_profile(
        answer(
            roles=["Designer"],
            years_professional=3.0,
            salary_usd=40_020.0,
            currency="PLN",
            remote_now="About half the time",
        )
    )
    assert profile.name == "Respondent 12"
    assert profile.external_id == f"{SURVEY_2019}/12"
    facts = profile.facts
    assert facts.roles == ("Designer",)
    assert facts.skills == ("Python",)
    assert facts.years_experience == 3.0
    assert facts.country == "Poland"
    assert facts.open_to_remote
    assert facts.expected_salary is not None
    assert facts.expected_salary.currency == "PLN"
    assert facts.expected_salary.in_usd == pytest.approx(40_020, abs=1)


def test_a_salary_in_a_currency_we_do_not_know_stays_in_dollars() -> None:
    facts = to_profile(answer(salary_usd=12_000.0, currency="ARS")).facts
    assert facts.expected_salary == Salary(amount=12_000, currency="USD")


class Watched(Mapping[str, Any]):
    """A document that remembers which of its fields were read."""

    def __init__(self, fields: Mapping[str, Any], path: str, read: set[str]) -> None:
        self._fields = fields
        self._path = path
        self._read = read

    def __getitem__(self, field: str) -> Any:
        self._read.add(f"{self._path}{field}")
        value = self._fields[field]
        if isinstance(value, dict):
            return Watched(value, f"{self._path}{field}.", self._read)
        return value

    def __iter__(self) -> Iterator[str]:
        self._read |= {f"{self._path}{field}" for field in self._fields}
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


def test_age_and_gender_are_never_read() -> None:
    read: set[str] = set()
    watched = to_profile(Watched(answer(years_professional=4.0), "", read))
    assert watched == to_profile(answer(years_professional=4.0))
    assert "meta.years_professional" in read
    assert not {field for field in read if "age" in field.split(".")[-1].split("_")}
    assert "meta.gender" not in read

    changed = answer(years_professional=4.0, age=object(), gender=["anything"])
    assert to_profile(changed) == watched


def test_every_profile_of_the_survey_is_read() -> None:
    documents, is_survey = survey_profiles()
    profiles = [to_profile(document) for document in documents]
    assert len(profiles) == (997 if is_survey else 5)
    assert len({profile.external_id for profile in profiles}) == len(profiles)
    assert all(profile.facts.skills for profile in profiles) or is_survey
    assert all(profile.facts.country for profile in profiles)


def test_what_the_survey_does_not_know_is_made_up_from_the_seed() -> None:
    documents, _ = survey_profiles()
    first, again, other = (members(documents, seed=seed, until=UNTIL) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    for profile in map(to_profile, first):
        assert profile.signed_up_at is not None
        assert profile.last_active_at is not None
        assert profile.opted_in is not None
        assert profile.signed_up_at <= profile.last_active_at <= UNTIL
