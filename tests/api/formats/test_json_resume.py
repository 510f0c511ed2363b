"""What is read of a JSON Resume, and how a bad one is turned down."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from api.formats.documents import BadDocument
from api.formats.json_resume import Profile, to_profile
from domain.money import Salary
from domain.partial_date import PartialDate

UNTIL = datetime(2026, 6, 1, tzinfo=UTC)


def resume(**sections: Any) -> dict[str, Any]:
    return {"basics": {"name": "Mara Lindqvist"}, **sections}


def sourcing(**fields: Any) -> dict[str, Any]:
    return resume(meta={"sourcing": fields})


def problems(document: Any) -> tuple[str, ...]:
    with pytest.raises(BadDocument) as caught:
        to_profile(document)
    return caught.value.problems


def test_a_whole_document_is_read() -> None:
    profile = to_profile(
        {
            "$schema": "https://example.org/schema.json",
            "basics": {
                "name": " Mara Lindqvist ",
                "label": "Developer, back-end",
                "email": "mara@example.org",
                "summary": "Builds services.",
                "location": {"city": "Hamburg", "countryCode": "de", "region": "Hamburg"},
            },
            "work": [
                {
                    "name": "Hafen",
                    "position": "Developer",
                    "startDate": "2015-04",
                    "endDate": "2019",
                },
                {"name": "Brise", "position": "Lead", "startDate": "2019-09-01", "endDate": ""},
            ],
            "skills": [{"name": "Web", "level": "Master", "keywords": ["HTML", "CSS", "html"]}],
            "languages": [{"language": "German", "fluency": "Native"}],
            "meta": {"lastModified": "2025-04-01T10:00:00Z"},
            "hobbies": ["sailing"],
        }
    )
    facts = profile.facts
    assert (profile.name, profile.email, profile.summary) == (
        "Mara Lindqvist",
        "mara@example.org",
        "Builds services.",
    )
    assert [
        (job.employer, job.started_on and job.started_on.first, job.ended_on and job.ended_on.first)
        for job in profile.jobs
    ] == [
        ("Hafen", date(2015, 4, 1), date(2019, 1, 1)),
        ("Brise", date(2019, 9, 1), None),
    ]
    assert facts.roles == ("Developer, back-end",)
    assert facts.skills == ("Web", "HTML", "CSS")
    assert (facts.city, facts.country) == ("Hamburg", "Germany")
    assert facts.languages == ("German",)
    assert facts.years_experience == 10.0
    assert facts.in_present_job_since == PartialDate(2019, 9, 1)


def test_our_extension_has_the_last_word() -> None:
    profile = to_profile(
        resume(
            work=[{"name": "X", "startDate": "2001", "endDate": "2020"}],
            languages=[{"language": "German"}],
            meta={
                "sourcing": {
                    "roles": ["Engineer, data"],
                    "years_experience": 7,
                    "expected_salary": {"amount": 70000, "currency": "EUR"},
                    "open_to_remote": True,
                    "work_authorisation": ["Germany"],
                    "languages": ["English"],
                    "opted_in": True,
                    "signed_up_at": "2023-02-01T12:00:00+01:00",
                    "last_active_at": "2024-02-01T12:00:00Z",
                    "external_id": "old/17",
                }
            },
        )
    )
    facts = profile.facts
    assert facts.roles == ("Engineer, data",)
    assert facts.years_experience == 7
    assert facts.expected_salary == Salary(amount=70_000, currency="EUR")
    assert facts.open_to_remote
    assert facts.work_authorisation == ("Germany",)
    assert facts.languages == ("English",)
    assert profile.opted_in
    assert profile.signed_up_at == datetime(2023, 2, 1, 11, tzinfo=UTC)
    assert profile.last_active_at == datetime(2024, 2, 1, 12, tzinfo=UTC)


def test_what_a_document_does_not_say_is_unknown() -> None:
    assert to_profile(resume()) == Profile(name="Mara Lindqvist")
    blank = {"name": "Mara Lindqvist", "label": "", "email": " ", "location": None}
    assert to_profile({"basics": blank, "work": None, "meta": None}) == to_profile(resume())


def test_a_present_job_counts_up_to_the_given_day() -> None:
    work = [{"name": "X", "startDate": "2020-01-01"}]
    assert to_profile(resume(work=work), as_of=date(2024, 1, 1)).facts.years_experience == 4.0
    assert to_profile(resume(work=work)).facts.years_experience is None


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "a document is a JSON object, not a list"),
        ("{}", "a document is a JSON object, not '{}'"),
        ({}, "basics.name: is missing; every candidate has a name"),
        ({"basics": []}, "basics: a list is not an object"),
        ({"basics": {"name": 3}}, "basics.name: 3 should be a valid string"),
        (
            {"basics": {"name": "A", "email": "nowhere"}},
            "basics.email: 'nowhere' is not an e-mail address",
        ),
        (
            resume(work=[{}, {}, {"startDate": "20xx"}]),
            "work[2].startDate: '20xx' is not a date; write YYYY-MM-DD",
        ),
        (
            resume(work=[{"startDate": "2023-02-30"}]),
            "work[0].startDate: '2023-02-30' is not a date; write YYYY-MM-DD",
        ),
        (
            resume(work=[{"startDate": 2019}]),
            "work[0].startDate: 2019 is not a date; write YYYY-MM-DD",
        ),
        (
            resume(work=[{"startDate": "2020", "endDate": "2019-05"}]),
            "work[0].endDate: '2019-05' lies before the start, 2020-01-01",
        ),
        (resume(skills="Python"), "skills: 'Python' is not a list"),
        (resume(skills=[{"name": ["Python"]}]), "skills[0].name: a list should be a valid string"),
        (
            resume(skills=[{"name": f"skill {n}"} for n in range(300)]),
            "skills: a list should have at most 200 items after validation, not 300",
        ),
        (
            sourcing(years_experience="many"),
            "meta.sourcing.years_experience: 'many' should be a valid number",
        ),
        (
            sourcing(expected_salary={"amount": 1}),
            "meta.sourcing.expected_salary.currency: is missing",
        ),
        (
            sourcing(signed_up_at="2020-01-01T00:00:00"),
            (
                "meta.sourcing.signed_up_at: '2020-01-01T00:00:00' has no time zone; "
                "write such as 2024-03-01T10:15:00Z"
            ),
        ),
        (
            sourcing(last_active_at=1_700_000_000),
            (
                "meta.sourcing.last_active_at: 1700000000 is not a moment; "
                "write such as 2024-03-01T10:15:00Z"
            ),
        ),
        (sourcing(opted_in="yes"), "meta.sourcing.opted_in: 'yes' should be a valid boolean"),
    ],
)
def test_a_bad_document_is_refused_by_the_path_of_what_is_wrong(
    document: Any, problem: str
) -> None:
    assert problems(document) == (problem,)


def test_every_problem_is_reported_at_once() -> None:
    found = problems(
        {
            "basics": {"name": "A", "email": "nowhere"},
            "work": [{"startDate": "soon"}],
            "meta": {"sourcing": {"open_to_remote": 1}},
        }
    )
    assert [problem.split(":")[0] for problem in found] == [
        "basics.email",
        "work[0].startDate",
        "meta.sourcing.open_to_remote",
    ]
