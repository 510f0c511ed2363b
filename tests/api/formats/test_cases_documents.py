"""What people really send: the kinds of `cases.md` that documents are about, each by its name."""

from datetime import date
from typing import Any

import pytest

from api.formats.dates import read_date
from api.formats.json_resume import Profile, to_profile
from domain.money import Salary
from domain.partial_date import PartialDate

TODAY = date(2026, 11, 27)


def each(spellings: str) -> list[str]:
    return spellings.split("; ")


def read(*, as_of: date | None = TODAY, **sections: Any) -> Profile:
    document: dict[str, Any] = {"basics": {"name": "Ada", "email": "ada@example.org"}, **sections}
    return to_profile(document, as_of=as_of)


def worked(*spans: tuple[Any, Any], **more: Any) -> Profile:
    work = [{"name": "X", "startDate": start, "endDate": end} for start, end in spans]
    return read(work=work, **more)


# --- Kind 1: one bad field loses nobody


@pytest.mark.parametrize(
    "said",
    [
        *each(
            "Present; present; 2019 - Present; "
            "01.2019 bis heute; PRESENT; (present); Current; now; till date; Ongoing; "
            "today; heute; bis heute; aktuell; laufend; Gegenwart; actuel; aujourd’hui; "
            "en cours; à ce jour; Actualidad; actualmente; hoy; atual; Presente; "
            "até o momento; oggi; in corso; heden; obecnie; současnost; nuvarande; "
            "nykyinen; halen; σήμερα; по настоящее время; н.в.; наст. время; сейчас; "
            "теперішній час; الآن; היום; 現在; 至今; 现在; 현재; 재직중; hiện tại; "
            "ปัจจุบัน; sekarang; वर्तमान; 9999-12-31"
        ),
    ],
)
def test_kind_1_a_word_for_now_is_an_open_end(said: str) -> None:
    profile = worked(("2020-01", said))
    assert profile.jobs[0].is_present
    assert profile.facts.in_present_job_since == PartialDate(2020, 1)
    assert profile.warnings == ()


DATES = {
    "2019": (2019, "2019", " 2019 ", "2019.", "２０１９", "٢٠١٩", "2019年", "令和元年", "平成31年"),
    "2024-12": [
        *each(
            "2024-12; 2024/12; 12/2024; 12.2024; 12-2024; 2024 12; 2024-12-00; "
            "Dezember 2024; December 2024; Dec 2024; Dec. 2024; DEC-2024; 2024 December; "
            "décembre 2024; diciembre de 2024; dezembro de 2024; dicembre 2024; "
            "grudzień 2024; декабрь 2024; декабря 2024 г.; грудень 2024; Aralık 2024; "
            "Δεκέμβριος 2024; 2024年12月; 2024년 12월; ديسمبر 2024; דצמבר 2024; "
            "ธันวาคม 2024; tháng 12 2024; 202412; December, 2024; 令和6年12月"
        ),
        202412,
        {"year": 2024, "month": 12},
    ],
    "2019-09": ("Sept. 2019", "Sep 2019", "September 2019", "sept 2019", "since September 2019"),
    "2023-09-28": [
        *each(
            "2023-9-28; 2023-09-28; 2023/9/28; 28.9.2023; 28.09.2023; 28/9/2023; "
            "9/28/2023; 28 September 2023; September 28, 2023; 28. September 2023; "
            "Sep 28th, 2023; 28 de septiembre de 2023; 2023年9月28日; "
            "2023-09-28T10:00:00Z; 2023-09-28 10:00:00; 28-09-2023"
        ),
        20230928,
    ],
}


@pytest.mark.parametrize(
    ("said", "date"), [(said, date) for date, spellings in DATES.items() for said in spellings]
)
def test_kind_1_a_date_is_read_as_precisely_as_it_is_written(said: Any, date: str) -> None:
    assert read_date(said) == (PartialDate.parse(date), False, None)


PARTLY = {
    "2024-09": ["2024-09-31", "31.9.2024", "September 31, 2024", "2024/09/99"],
    "2024": [
        *each(
            "2024-13; 2024-13-01; 99/2024; Summer 2024; ca. 2024; Q3 2024; 2024?; "
            "03/04/2024; 3-4-2024; Herbst 2024; around 2024; 2024-20"
        ),
    ],
}


@pytest.mark.parametrize(
    ("said", "date"), [(said, date) for date, spellings in PARTLY.items() for said in spellings]
)
def test_kind_1_of_a_date_that_is_none_the_certain_part_is_read_with_a_warning(
    said: str, date: str
) -> None:
    found = read_date(said)
    assert str(found.date) == date
    assert found.problem


@pytest.mark.parametrize(
    "said",
    [
        *each(
            "soon; 20xx; 03/21; '19; Mar '19; 2019-2021; 13/13/13; TBD; "
            "0219; 1398; 2562; 12345; listopad 2019; before 2019; May; "
            "March 2019 - June 2020; 20191399x"
        ),
        1_546_300_800_000,
        2019.5,
        True,
        [2019],
        {"month": 3},
        "x" * 200,
    ],
)
def test_kind_1_what_may_be_any_date_is_left_out(said: Any) -> None:
    found = read_date(said)
    assert (found.date, found.is_open) == (None, False)
    assert found.problem


@pytest.mark.parametrize("said", ["", " ", None, "-", "0000-00-00", "--"])
def test_kind_1_what_says_nothing_is_no_date_and_no_problem(said: Any) -> None:
    assert read_date(said) == (None, False, None)


def test_kind_1_keywords_may_be_objects_and_lists_strings() -> None:
    profile = read(skills=[{"name": "Web", "keywords": [{"name": "HTML"}, "CSS"]}, "Go"])
    assert profile.facts.skills == ("HTML", "CSS", "Go")
    assert read(skills="Python, Go").facts.skills == ("Python", "Go")
    assert read(languages="German").facts.languages == ("German",)


def test_kind_1_one_reversed_job_of_sixteen_is_kept_without_its_end() -> None:
    spans: list[tuple[Any, Any]] = [(2000 + n, 2000 + n) for n in range(15)]
    profile = worked(*spans, ("2020-03", "2019-05"))
    assert len(profile.jobs) == 16
    reversed_job = profile.jobs[-1]
    assert (reversed_job.started_on, reversed_job.ended_on) == (PartialDate(2020, 3), None)
    assert not reversed_job.is_present
    assert profile.facts.years_experience == 15.0
    assert [str(warning) for warning in profile.warnings] == [
        "work[15].endDate: '2019-05' lies before the start, 2020-03; left out"
    ]


def test_kind_1_an_end_that_cannot_be_read_is_no_open_end() -> None:
    profile = worked(("2020", "whenever"))
    assert not profile.jobs[0].is_present
    assert profile.facts.years_experience is None
    assert profile.facts.in_present_job_since is None
    assert [warning.path for warning in profile.warnings] == ["work[0].endDate"]


# --- Kind 2: years of experience


@pytest.mark.parametrize(
    ("spans", "years"),
    [
        ([("2005", "2006"), ("2020", "2021")], 4.0),
        ([("2019", "2019")], 1.0),
        ([("2015-01", "2017-12")], 3.0),
        ([("2015-01", "2016-12"), ("2099", "")], 2.0),
        ([("2015-01", "2016-12"), ("2099-01", "2100-01")], 2.0),
        ([("2024-12", "2099-01")], 1.9),
        ([("2015-01", "2016-12")] * 3, 2.0),
        ([("2015-01", "2016-12"), ("2016-01", "2017-12"), ("2015-06", "2015-07")], 3.0),
        ([("2015-01-31", "2015-02-01")], 0.2),
        ([("2010-01", "")], 16.8),
        ([("1900", "")], 80.0),
        ([("2026-11", "")], 0.0),
        ([("2026-11", "2026-11")], 0.1),
        ([("2020", "2026")], 6.8),
        ([("", "2019")], None),
        ([], None),
    ],
)
def test_kind_2_every_month_counts_once(spans: list[tuple[str, str]], years: float | None) -> None:
    assert worked(*spans).facts.years_experience == years


def test_kind_2_a_present_job_counts_to_the_day_that_the_document_is_of() -> None:
    of_january = {"lastModified": "2024-01-15T10:00:00Z"}
    profile = worked(("2010-01", ""), meta=of_january)
    assert profile.facts.years_experience == 14.0
    assert profile.observed_on == date(2024, 1, 15)


def test_kind_2_a_document_from_the_future_is_of_today() -> None:
    profile = worked(("2010-01", ""), meta={"lastModified": "2099-01-01"})
    assert profile.facts.years_experience == 16.8
    assert profile.observed_on is None


# --- Kind 4: countries


@pytest.mark.parametrize(
    "said", ["GB", "gb", "UK", "GBR", "United Kingdom", "Great Britain", "England", "Royaume-Uni"]
)
def test_kind_4_a_country_is_one_however_it_is_written(said: str) -> None:
    for location in ({"countryCode": said}, {"country": said}, {"city": "Leeds", "country": said}):
        profile = to_profile({"basics": {"name": "Ada", "location": location}})
        assert profile.facts.country == "United Kingdom"
    more = {"sourcing": {"work_authorisation": [said, "United Kingdom"]}}
    assert read(meta=more).facts.work_authorisation == ("United Kingdom",)


# --- Kind 8: terms


def test_kind_8_a_skill_in_two_normal_forms_is_one() -> None:
    profile = read(
        skills=["Re\u0301sume\u0301", "R\u00e9sum\u00e9", "Ｃ＋＋", "C++", "PYTHON", "python"]
    )
    assert profile.facts.skills == ("Re\u0301sume\u0301", "Ｃ＋＋", "PYTHON")


# --- Kind 9: skills as typed


@pytest.mark.parametrize(
    ("said", "skills"),
    [
        ("HTML5, HTML", ("HTML5", "HTML")),
        ("C/C++", ("C", "C++")),
        ("C / C++ / C#", ("C", "C++", "C#")),
        ("C#/.NET", ("C#", ".NET")),
        (".NET", (".NET",)),
        ("Go", ("Go",)),
        ("R", ("R",)),
        ("CI/CD", ("CI/CD",)),
        ("SAP S/4HANA, CI / CD pipelines", ("SAP S/4HANA", "CI / CD pipelines")),
        ("Java/PL/SQL", ("Java", "PL/SQL")),
        ("React, Vue, & Angular etc.", ("React", "Vue", "Angular")),
        ("Python，Go", ("Python", "Go")),
        ("TCP/IP", ("TCP/IP",)),
        ("PL/SQL", ("PL/SQL",)),
        ("HTML/CSS/JS", ("HTML", "CSS", "JS")),
        ("AWS (EC2, S3)", ("AWS (EC2, S3)",)),
        ("Java, Kotlin, etc.", ("Java", "Kotlin")),
        ("Java; Kotlin | Scala", ("Java", "Kotlin", "Scala")),
        ("Java\nKotlin", ("Java Kotlin",)),
        ("データ分析、機械学習", ("データ分析", "機械学習")),
        ("Windows 3,11", ("Windows 3,11",)),
        ("24/7 support", ("24/7 support",)),
        (",", None),
    ],
)
def test_kind_9_skills_are_taken_one_by_one(said: str, skills: tuple[str, ...] | None) -> None:
    assert read(skills=[{"name": said}]).facts.skills == skills


def test_kind_9_groups_may_be_an_object() -> None:
    assert read(skills={"Languages": ["C", "Go"], "Data": "SQL"}).facts.skills == ("C", "Go", "SQL")


def test_kind_9_the_name_of_a_group_is_no_skill_if_it_has_keywords() -> None:
    groups = [{"name": "Languages", "keywords": ["C", "Go"]}, {"name": "SQL", "keywords": [""]}]
    assert read(skills=groups).facts.skills == ("C", "Go", "SQL")


# --- Kind 10: pay


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(1_200_000_000, "VND"), (10**12, "IDR"), (50_000, "XAU"), (7_000_000, "ARS"), (1, "BTC")],
)
def test_kind_10_an_expectation_is_kept_in_any_currency(amount: int, currency: str) -> None:
    expected = {"amount": amount, "currency": currency}
    profile = read(meta={"sourcing": {"expected_salary": expected}})
    assert profile.facts.expected_salary == Salary(amount=amount, currency=currency)
    assert profile.warnings == ()


@pytest.mark.parametrize(
    "expected",
    [
        {"amount": 10**12 + 1, "currency": "EUR"},
        {"amount": -1, "currency": "EUR"},
        {"amount": "60.000", "currency": "EUR"},
        {"amount": 1, "currency": "Euro"},
        60_000,
        {"amount": True, "currency": "EUR"},
        {"amount": float("nan"), "currency": "EUR"},
    ],
)
def test_kind_10_an_expectation_that_cannot_be_read_keeps_nobody_out(expected: Any) -> None:
    profile = read(meta={"sourcing": {"expected_salary": expected}})
    assert profile.facts.expected_salary is None
    assert len(profile.warnings) == 1


# --- Kind 12: words and blanks


def test_kind_12_a_templates_blank_entries_say_nothing() -> None:
    blank = {"name": "", "position": None, "startDate": "", "highlights": [""], "summary": " "}
    profile = read(
        work=[blank, None, {}],
        education=[{"institution": ""}, None],
        skills=[{"name": "", "keywords": []}, None, ""],
        languages=[{"language": "", "fluency": ""}],
        projects=[{"name": "", "description": ""}],
        certificates=None,
        interests=[{"name": "", "keywords": []}],
        references=[],
        volunteer=[{"organization": ""}],
        meta={"sourcing": None},
    )
    assert profile == read()
    assert profile.warnings == ()


def test_kind_12_a_job_with_only_a_title_or_an_employer_is_one() -> None:
    profile = read(work=[{"position": "Cook"}, {"company": "Inn"}])
    assert [(job.title, job.employer) for job in profile.jobs] == [("Cook", None), (None, "Inn")]


FRESH = {
    "meta": {"format": "FRESH@0.6.0"},
    "name": "Jane Doe",
    "info": {"label": "Developer", "brief": "Builds."},
    "contact": {"email": "jane@example.org", "phone": "1-999", "website": "jane.example.org"},
    "location": {"city": "Raleigh", "code": "US"},
    "employment": {
        "history": [
            {"employer": "Area 52", "position": "Lead", "start": "2013-09", "end": "current"},
            {"employer": "Hooli", "position": "Dev", "start": "2011-09", "end": "2013-08"},
        ]
    },
    "education": {"history": [{"institution": "MIT", "start": "2005-09", "end": "2009-05"}]},
    "skills": {
        "sets": [{"name": "Web", "skills": ["JavaScript", "HTML 5"]}],
        "list": [{"name": "Git", "level": "advanced"}],
    },
    "social": [{"network": "GitHub", "url": "https://github.com/jane"}],
    "languages": [{"language": "English", "level": "Native"}],
}


def test_kind_12_a_fresh_document_is_read() -> None:
    profile = to_profile(FRESH, as_of=TODAY)
    assert (profile.name, profile.email, profile.summary) == (
        "Jane Doe",
        "jane@example.org",
        "Builds.",
    )
    assert [job.employer for job in profile.jobs] == ["Area 52", "Hooli"]
    facts = profile.facts
    assert facts.skills == ("JavaScript", "HTML 5", "Git")
    assert (facts.city, facts.country) == ("Raleigh", "United States")
    assert facts.roles == ("Developer",)
    assert facts.in_present_job_since == PartialDate(2013, 9)
    assert profile.background
    assert profile.background.phone == "1-999"
    assert [link.url for link in profile.background.links] == [
        "https://jane.example.org",
        "https://github.com/jane",
    ]
    assert profile.background.education[0].institution == "MIT"
    assert profile.warnings == ()
