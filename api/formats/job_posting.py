"""Reads schema.org `JobPosting`s (https://schema.org/JobPosting) as positions.

Every shape that its definition allows is read: texts, `DefinedTerm`s, lists, `@graph`, references
by `@id`. What cannot be used is left out, with a warning that names its place. Only a posting
without a title is refused.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from api.formats.documents import BadDocument, DocumentWarning, Part
from api.formats.html_text import plain_text
from api.formats.json_ld import by_id, resolved, things, types
from api.formats.pay import posted_pay
from domain.filters import Filters
from domain.money import SalaryRange
from domain.skills import skill_names
from domain.values import Value
from projections.canonical import with_canonical_names

MOST_DESCRIPTION = 20_000
LONGEST_SKILL = 60
"""Characters; what is longer is a sentence about the person."""

TELECOMMUTE = "telecommute"

_CODE = re.compile(r"[\d.\-]+[A-Z]?")
_LABEL_AFTER_CODE = re.compile(r"[\d.\-]{2,}[A-Z]?[\s:\u2013-]+(?=\S*[^\W\d])")
_SPAN = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*\+?\s*(?:(?:-|\u2013|to|bis|à|a)\s*\d+\s*\+?\s*)?"
    r"(years?|yrs?|jahren?|ans?|años?|anni|months?|monaten?|mois)\b",
    re.IGNORECASE,
)
_MORE_TEXTS = {
    "responsibilities": "Responsibilities",
    "qualifications": "Qualifications",
    "educationRequirements": "Education",
    "jobBenefits": "Benefits",
    "incentiveCompensation": "Incentives",
    "workHours": "Working hours",
}
"""What a posting says beside its description, and how the position's description calls it."""


class ReadPosting(Value):
    """A position as it was understood, and what was left out."""

    title: str
    description: str
    location: str | None
    remote: bool
    salary: SalaryRange | None
    filters: Filters
    closes_at: datetime | None
    warnings: tuple[DocumentWarning, ...] = ()

    def facts(self) -> dict[str, Any]:
        """What `OpenPosition` takes."""
        return {field: value for field, value in self if field != "warnings"}


def read_posting(document: Any, at: datetime) -> ReadPosting:
    """Read a `JobPosting`, by itself, in a list or in an `@graph`.

    The document is what a page holds as `application/ld+json`. A posting that is valid through a
    moment before `at` has no closing date. Raises `BadDocument` if there is none, or no title.

    >>> at = datetime(2026, 3, 1, tzinfo=UTC)
    >>> posting = {"@type": "JobPosting", "title": "Cook", "validThrough": "2019-01-01"}
    >>> [str(warning) for warning in read_posting(posting, at).warnings]
    ['validThrough: 2019-01-01 has passed; the position has no closing date']
    """
    found = [*things(document)]
    postings = [thing for thing in found if "JobPosting" in types(thing)]
    if not postings:
        raise BadDocument(["there is no JobPosting in it; send one with its @type"])
    posting = Part(resolved(postings[0], by_id(found)))
    if len(postings) > 1:
        posting.warn(f"there are {len(postings)} postings; the first is read")
    title = posting.text("title", "name")
    if title is None:
        raise BadDocument(["title: is missing; every position has one"])
    places = _places(posting)
    pay = posted_pay(posting)
    remote, remote_from = _remote(posting)
    return ReadPosting(
        title=title,
        description=_description(posting),
        location=places[0] if places else None,
        remote=remote,
        salary=pay,
        filters=with_canonical_names(
            Filters(
                roles=tuple(_roles(posting)),
                required_skills=tuple(_skills(posting)),
                years_from=_years(posting),
                locations=tuple(dict.fromkeys((*places, *remote_from))),
                # Remote work that is only for people in some places is for them alone.
                remote=remote and not remote_from,
                salary_budget=pay if pay and pay.maximum else None,
            )
        ),
        closes_at=_closes_at(posting, at),
        warnings=tuple(posting.warnings),
    )


# Texts ---------------------------------------------------------------------------------------


def _description(posting: Part) -> str:
    parts = [plain_text(posting.paragraphs("description", most=100_000) or "")]
    for name, label in _MORE_TEXTS.items():
        texts = [plain_text(text) for text in posting.texts(name, length=10_000)]
        if texts:
            parts.append(f"{label}: {'; '.join(texts)}")
    text = "\n\n".join(filter(None, parts))
    if len(text) > MOST_DESCRIPTION:
        posting.at("description").warn(f"is longer than {MOST_DESCRIPTION:,} characters; cut")
    return text[:MOST_DESCRIPTION]


def _named(item: Part) -> str | None:
    """The name of a term, a category or a place, or the text that it is."""
    if isinstance(item.content, Mapping):
        return item.text("name", "termCode", "codeValue")
    return item.as_text()


# Whom it is for ------------------------------------------------------------------------------


def _skills(posting: Part) -> Iterator[str]:
    for item in posting.items("skills"):
        text = item.as_text(5_000) if isinstance(item.content, str) else _named(item)
        for skill in skill_names([text] if text else []):
            if len(skill) > LONGEST_SKILL:
                item.warn(f"{skill[:30]!r}... is no skill by its name; left out")
            else:
                yield skill


def _roles(posting: Part) -> Iterator[str]:
    for name in ("occupationalCategory", "relevantOccupation"):
        for item in posting.items(name):
            text = _named(item) or ""
            for piece in text.split(","):
                role = _LABEL_AFTER_CODE.sub("", piece.strip(), count=1)
                if _CODE.fullmatch(role):
                    item.warn(f"{role} is the code of an occupation, not its name; left out")
                elif role:
                    yield role


def _years(posting: Part) -> float | None:
    for item in posting.items("experienceRequirements"):
        if isinstance(item.content, Mapping):
            months = item.number("monthsOfExperience", 960)
            if months is not None:
                return _rounded(months / 12)
        said = (
            item.text("description", "name") if isinstance(item.content, Mapping) else item.content
        )
        if not isinstance(said, str):
            continue
        if found := _SPAN.search(said):
            number = float(found[1].replace(",", "."))
            return _rounded(number / 12 if found[2].lower().startswith("mo") else number)
        item.warn("does not say how many years; left out")
    return None


def _rounded(years: float) -> float | None:
    return round(years, 2) if 0 < years <= 80 else None


# Where ---------------------------------------------------------------------------------------


def _places(posting: Part) -> list[str]:
    return [place for item in posting.items("jobLocation") if (place := _place(item))]


def _place(item: Part) -> str | None:
    """The town of a place or an address, or else its region or country."""
    if not isinstance(item.content, Mapping):
        return item.as_text()
    if "VirtualLocation" in types(item.content):
        return None
    address = next(item.items("address"), item.at("address"))
    if isinstance(address.content, str):
        return (address.as_text() or "").partition(",")[0].strip() or None
    at = address if isinstance(address.content, Mapping) else item
    return (
        at.text("addressLocality") or _country(at) or at.text("addressRegion") or item.text("name")
    )


def _country(address: Part) -> str | None:
    return _named(address.at("addressCountry"))


def _remote(posting: Part) -> tuple[bool, list[str]]:
    """Whether the work is remote, and where people must live for it."""
    where = [
        place
        for item in posting.items("applicantLocationRequirements")
        if (place := _named(item) or _place(item))
    ]
    kinds = [text.casefold() for text in posting.texts("jobLocationType")]
    virtual = any(
        isinstance(item.content, Mapping) and "VirtualLocation" in types(item.content)
        for item in posting.items("jobLocation")
    )
    return bool(where) or virtual or TELECOMMUTE in kinds, where


# Until when ----------------------------------------------------------------------------------


def _closes_at(posting: Part, at: datetime) -> datetime | None:
    """The end of the day, or the moment, that a posting is valid through."""
    part = posting.at("validThrough")
    said = part.as_text()
    if said is None:
        return None
    try:
        moment = datetime.fromisoformat(said)
        if re.fullmatch(r"\d{4}-?\d\d-?\d\d", said):
            moment = datetime.combine(moment.date() + timedelta(days=1), time(), UTC)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        part.leave_out("a date such as 2026-06-30")
        return None
    if moment <= at:
        part.warn(f"{said} has passed; the position has no closing date")
        return None
    return moment
