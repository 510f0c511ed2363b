"""What is read of a JSON Resume, and what is said of the rest."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from api.formats.documents import BadDocument
from api.formats.json_resume import UNNAMED, Profile, to_profile
from domain.money import Salary
from domain.partial_date import PartialDate
from domain.profile import (
    Certificate,
    Education,
    FullBackground,
    Link,
    Project,
    SpokenLanguage,
)

UNTIL = datetime(2026, 6, 1, tzinfo=UTC)
NOBODY: list[dict[str, Any]] = [
    {},
    {"basics": []},
    {"basics": {"email": "nowhere"}},
    {"x": 1},
]


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
    assert facts.skills == ("HTML", "CSS")
    assert (facts.city, facts.country) == ("Hamburg", "Germany")
    assert facts.languages == ("German",)
    assert facts.years_experience == 10.0
    assert profile.background == FullBackground(
        languages=(SpokenLanguage(language="German", level="Native"),)
    )
    assert profile.warnings == ()
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
                    "opted_in_until": "2027-02-01T12:00:00+01:00",
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
    assert profile.opted_in_until == datetime(2027, 2, 1, 11, tzinfo=UTC)
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
        *(
            (
                document,
                "basics.name: is missing, and so are an e-mail address and an id; name the person",
            )
            for document in NOBODY
        ),
    ],
)
def test_a_document_that_names_nobody_is_refused(document: Any, problem: str) -> None:
    assert problems(document) == (problem,)


@pytest.mark.parametrize(
    "document",
    [
        {"basics": {"email": "ada@example.org"}},
        {"meta": {"sourcing": {"external_id": "17"}}},
        {"basics": {"name": ["Ada"], "email": "ada@example.org"}},
    ],
)
def test_who_has_an_address_or_an_id_and_no_name_is_taken(document: Any) -> None:
    profile = to_profile(document)
    assert profile.name == UNNAMED
    assert "basics.name" in {warning.path for warning in profile.warnings}


@pytest.mark.parametrize(
    ("document", "warning"),
    [
        (resume(work=3), "work: 3 is not an object; left out"),
        (
            {"basics": {"name": "A", "email": "nowhere"}},
            "basics.email: 'nowhere' is not an e-mail address; left out",
        ),
        (
            resume(work=[{}, {}, {"name": "X", "startDate": "20xx"}]),
            "work[2].startDate: '20xx' is not a date that can be read; left out",
        ),
        (
            resume(work=[{"startDate": "2023-02-30"}]),
            "work[0].startDate: '2023-02-30' is no date; read as 2023-02",
        ),
        (
            resume(work=[{"startDate": "2020", "endDate": "2019-05"}]),
            "work[0].endDate: '2019-05' lies before the start, 2020; left out",
        ),
        (resume(skills=[{"name": ["Python"], "level": 3}]), None),
        (resume(skills=[{"name": {"a": 1}}]), "skills[0].name: an object is not text; left out"),
        (
            resume(skills=[{"name": f"skill {n}"} for n in range(300)]),
            "skills: has 300 entries; the first 200 are read",
        ),
        (
            sourcing(years_experience="many"),
            "meta.sourcing.years_experience: 'many' is not a number; left out",
        ),
        (
            sourcing(expected_salary={"amount": 1}),
            "meta.sourcing.expected_salary: has no currency; left out",
        ),
        (
            sourcing(expected_salary={"amount": "60.000", "currency": "EUR"}),
            (
                "meta.sourcing.expected_salary.amount: 60.000 can mean 60 or 60000; "
                "write it without a point or comma; left out"
            ),
        ),
        (
            sourcing(signed_up_at="2020-01-01T00:00:00"),
            (
                "meta.sourcing.signed_up_at: '2020-01-01T00:00:00' is not a moment such as "
                "2024-03-01T10:15:00Z; left out"
            ),
        ),
        (
            sourcing(last_active_at=1_700_000_000),
            (
                "meta.sourcing.last_active_at: 1700000000 is not a moment such as "
                "2024-03-01T10:15:00Z; left out"
            ),
        ),
        (sourcing(opted_in="yes"), "meta.sourcing.opted_in: 'yes' is not true or false; left out"),
        (sourcing(external_id="x" * 101), "meta.sourcing.external_id: 'xxxx"),
        (sourcing(candidate_id="x"), "meta.sourcing.candidate_id: 'x' is not a UUID; left out"),
        (resume(awards=[{"title": "Best"}]), "awards: is not kept"),
        (resume(projects=[{"description": "A queue"}]), "projects[0]: has no name; left out"),
        (
            {"basics": {"name": "Ada\x00 Lovelace"}},
            "basics.name: has characters that cannot be stored; they are left out",
        ),
        ({"basics": {"name": "A" * 300}}, "basics.name: is longer than 200 characters"),
    ],
)
def test_what_cannot_be_read_is_left_out_and_said_with_its_path(
    document: Any, warning: str | None
) -> None:
    found = [str(each) for each in to_profile(document).warnings]
    assert len(found) == (warning is not None)
    assert all(each.startswith(str(warning)) for each in found)


def test_every_problem_is_reported_at_once() -> None:
    found = to_profile(
        {
            "basics": {"name": "A", "email": "nowhere"},
            "work": [{"startDate": "soon"}],
            "meta": {"sourcing": {"open_to_remote": 1}},
        }
    ).warnings
    assert {warning.path for warning in found} == {
        "basics.email",
        "work[0].startDate",
        "meta.sourcing.open_to_remote",
    }


def test_a_whole_background_is_kept() -> None:
    document = resume(
        education=[
            {
                "institution": "ETH",
                "area": "Informatics",
                "studyType": "MSc",
                "startDate": "2009",
                "endDate": "2014-09",
                "gpa": 5.5,
                "courses": ["Queues"],
            }
        ],
        certificates=[{"name": "CKA", "issuer": "CNCF", "date": "2020-05-17", "url": "x.org/c"}],
        projects=[{"name": "Q", "description": "A queue", "highlights": ["Fast"], "url": ""}],
        work=[{"name": "X", "highlights": ["Emptied queues", None, ""]}],
    )
    document["basics"] |= {
        "phone": "+41 44 000 00 00",
        "url": "ada.example.org",
        "profiles": [{"network": "GitHub", "url": "https://github.com/ada"}],
    }
    profile = to_profile(document)
    assert profile.warnings == ()
    assert profile.jobs[0].highlights == ("Emptied queues",)
    assert profile.background == FullBackground(
        education=(
            Education(
                institution="ETH",
                area="Informatics",
                degree="MSc",
                started_on=PartialDate(2009),
                ended_on=PartialDate(2014, 9),
                score="5.5",
                courses=("Queues",),
            ),
        ),
        certificates=(Certificate(name="CKA", issuer="CNCF", issued_on=PartialDate(2020, 5, 17)),),
        projects=(Project(name="Q", description="A queue", highlights=("Fast",)),),
        phone="+41 44 000 00 00",
        links=(
            Link(url="https://ada.example.org"),
            Link(label="GitHub", url="https://github.com/ada"),
            Link(label="CKA", url="https://x.org/c"),
        ),
    )


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ({"city": "Berlin", "countryCode": "DE"}, ("Berlin", "Germany")),
        ({"countryCode": "DE"}, (None, "Germany")),
        ({"city": "Berlin, Germany"}, ("Berlin", "Germany")),
        ("Berlin, Germany", ("Berlin", "Germany")),
        ("Deutschland", (None, "Germany")),
        ("Singapore", ("Singapore", "Singapore")),
        ({"address": "1 Main St\nLondon\nUK"}, (None, "United Kingdom")),
        ({"city": "San Francisco, CA"}, ("San Francisco, CA", None)),
        ({"city": "Atlanta, Georgia"}, ("Atlanta, Georgia", None)),
        ({"city": "Lebanon"}, ("Lebanon", None)),
        ({"city": "Paris", "country": "Gaul", "countryCode": "FR"}, ("Paris", "France")),
        ({"city": "Paris", "country": "Gaul"}, ("Paris", "Gaul")),
        ({"country": {"name": "Japan"}}, (None, "Japan")),
        (None, (None, None)),
    ],
)
def test_a_place_is_read_however_it_is_written(
    location: Any, place: tuple[str | None, str | None]
) -> None:
    facts = to_profile({"basics": {"name": "A", "location": location}}).facts
    assert (facts.city, facts.country) == place


@pytest.mark.parametrize(
    ("languages", "spoken", "levels"),
    [
        ([{"language": "Deutsch", "fluency": "Muttersprache"}], ("German",), ("Muttersprache",)),
        (["English (fluent)", "Français - B2"], ("English", "French"), ("fluent", "B2")),
        (["Deutsch C1, Englisch"], ("German", "English"), ("C1",)),
        ("English and German", ("English", "German"), ()),
        ([{"language": "zh-Hant"}, "Elvish"], ("Chinese", "Elvish"), ()),
        (["English (US)"], ("English",), ()),
    ],
)
def test_languages_are_read_with_their_levels(
    languages: Any, spoken: tuple[str, ...], levels: tuple[str, ...]
) -> None:
    profile = to_profile(resume(languages=languages))
    kept = profile.background.languages if profile.background else ()
    assert profile.facts.languages == spoken
    assert tuple(each.level for each in kept) == levels


def test_an_earlier_activity_than_the_sign_up_keeps_nobody_out() -> None:
    profile = to_profile(
        sourcing(signed_up_at="2024-01-01T00:00:00Z", last_active_at="2023-01-01T00:00:00Z")
    )
    assert profile.signed_up_at is None
    assert [warning.path for warning in profile.warnings] == ["meta.sourcing.signed_up_at"]
