"""Of any document whatever: nobody is lost, no date is made up, no month counts twice."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from babel import Locale
from hypothesis import given
from hypothesis import strategies as some

from api.formats.dates import read_date
from api.formats.documents import BadDocument
from api.formats.json_resume import UNNAMED, to_profile
from domain.actor import Actor, Role
from domain.identifier import SignUpCandidate
from domain.partial_date import PartialDate
from projections.canonical import canonical_facts

TODAY = date(2026, 11, 27)
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)

anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(["name", "startDate", "endDate", "keywords", "url", "x"])
            | some.text(),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)

years = some.integers(1950, 2030)
dates = (
    some.builds(PartialDate, years)
    | some.builds(PartialDate, years, some.integers(1, 12))
    | some.builds(PartialDate, years, some.integers(1, 12), some.integers(1, 28))
)
LOCALES = [Locale.parse(code) for code in ("en", "de", "fr", "es", "pt", "ru", "el", "tr", "ar")]
DIGITS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９")


@some.composite
def spellings(draw: some.DrawFn, of: some.SearchStrategy[PartialDate] = dates) -> tuple[Any, str]:
    """A date as somebody may write it, and as it is."""
    meant = draw(of)
    year, month, day = meant.year, meant.month, meant.day
    if not month:
        written = [str(year), f" {year} ", f"{year}年", f"{year}-00-00"]
    elif not day:
        name = draw(some.sampled_from(LOCALES)).months["stand-alone"]["wide"][month]
        written = [
            f"{year}-{month}",
            f"{month:02}/{year}",
            f"{year}/{month:02}",
            f"{year}年{month}月",
        ]
        written += [f"{name} {year}", f"{year} {name}", f"{name}, {year}", f"{year}-{month:02}-00"]
    else:
        name = draw(some.sampled_from(LOCALES)).months["format"]["wide"][month]
        written = [f"{year}-{month}-{day}", f"{day}.{month}.{year}", f"{year}/{month:02}/{day:02}"]
        written += [f"{day} {name} {year}", f"{name} {day}, {year}", f"{year}年{month}月{day}日"]
        written += [
            f"{meant.first}T10:00:00+02:00",
            f"{day}/{month}/{year}",
            f"{month}-{day}-{year}",
        ]
    digits = draw(some.sampled_from(DIGITS))
    text = draw(some.sampled_from(written)).translate(str.maketrans(DIGITS[0], digits))
    return draw(some.sampled_from([text, text.upper()])), str(meant)


def entry(*names: str) -> some.SearchStrategy[Any]:
    """An entry of a section, of which any field may be missing or anything."""
    said = (
        anything | spellings().map(lambda pair: pair[0]) | some.sampled_from(["heute", "Go, C++"])
    )
    return some.fixed_dictionaries({}, optional=dict.fromkeys(names, said)) | anything


def section(*names: str) -> some.SearchStrategy[Any]:
    return some.lists(entry(*names), max_size=4) | anything


documents = some.fixed_dictionaries(
    {},
    optional={
        "work": section("name", "position", "startDate", "endDate", "summary", "highlights"),
        "education": section("institution", "area", "startDate", "endDate", "courses"),
        "skills": section("name", "keywords"),
        "languages": section("language", "fluency"),
        "projects": section("name", "description", "startDate", "url"),
        "certificates": section("name", "date", "url"),
        "interests": anything,
        "employment": anything,
    },
)
more_basics = entry("label", "email", "phone", "url", "summary", "location", "profiles")
more_sourcing = entry(
    "roles", "years_experience", "expected_salary", "open_to_remote", "work_authorisation",
    "languages", "opted_in", "opted_in_until", "signed_up_at", "last_active_at",
)  # fmt: skip
names = some.text(min_size=1, max_size=50).filter(lambda name: name.isprintable() and name.strip())


def with_fields(document: Any, section: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    inner = document.get(section)
    return {**document, section: {**(inner if isinstance(inner, dict) else {}), **fields}}


@given(documents, more_basics, more_sourcing, names, some.booleans())
def test_nobody_is_lost_who_has_a_name_and_an_address_or_an_id(
    sections: dict[str, Any], basics: Any, sourcing: Any, name: str, by_address: bool
) -> None:
    address, id = "ada@example.org", "17"
    document = with_fields({**sections, "basics": basics}, "basics", {"name": name})
    if by_address:
        document = with_fields(document, "basics", {"email": address})
    inner = sourcing if isinstance(sourcing, dict) else {}
    document = with_fields(document, "meta", {"sourcing": {**inner, "external_id": id}})
    profile = to_profile(document, as_of=TODAY)
    assert profile.name == " ".join(name.split())
    assert profile.external_id == id
    if by_address:
        assert profile.email == address
    command = SignUpCandidate(
        by=Actor(id="import", role=Role.PLATFORM),
        at=NOW,
        request_id="import",
        candidate_id=UUID(int=1),
        **profile.signing_up(),
    )
    assert SignUpCandidate.model_validate_json(command.model_dump_json()) == command
    assert canonical_facts(profile.facts) == profile.facts
    assert len(json.dumps([str(warning) for warning in profile.warnings])) < 100_000


@given(anything)
def test_a_document_is_read_or_names_nobody_whatever_it_is(document: Any) -> None:
    try:
        profile = to_profile(document, as_of=TODAY)
    except BadDocument:
        return
    assert profile.name != UNNAMED or profile.email or profile.external_id


@given(spellings())
def test_a_date_is_what_is_written_or_less(pair: tuple[str, str]) -> None:
    said, meant = pair
    found = read_date(said)
    assert found.date is not None
    assert meant.startswith(str(found.date))
    assert str(found.date) == meant or found.problem


@given(some.text(alphabet="0123456789-/. DecemberMaiétéQ年月日present", max_size=25) | some.text())
def test_no_year_is_read_that_is_not_written(said: str) -> None:
    found = read_date(said)
    assert found.date is None or str(found.date.year) in said


@given(some.lists(some.tuples(dates, dates | some.none()), max_size=6), some.booleans())
def test_no_month_counts_twice_and_none_after_today(
    spans: list[tuple[PartialDate, PartialDate | None]], doubled: bool
) -> None:
    work = [
        {"name": "X", "startDate": str(start), "endDate": str(end) if end else "Present"}
        for start, end in spans
    ]
    document = {"basics": {"name": "A"}, "work": work * (2 if doubled else 1)}
    worked = set()
    for start, end in spans:
        if end and end.last < start.first:
            continue
        until = end or PartialDate.of(TODAY)
        month = date(start.year, start.month or 1, 1)
        while month <= min(until.last, TODAY):
            # Of a month that goes on, only a job that ended in it counts.
            ended_in_it = end is not None and end.month and end.first <= TODAY
            if (month.year, month.month) < (TODAY.year, TODAY.month) or ended_in_it:
                worked.add(month)
            month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    found = to_profile(document, as_of=TODAY).facts.years_experience
    assert (found or 0.0) == min(round(len(worked) / 12, 1), 80.0)
