"""What a JSON Resume says beside the facts that filters compare: jobs, education, links."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from api.formats.documents import Part, is_blank, shown
from domain.partial_date import PartialDate
from domain.profile import (
    MOST_ENTRIES,
    MOST_JOBS,
    Certificate,
    Education,
    FullBackground,
    Job,
    Link,
    Project,
    SpokenLanguage,
)
from domain.values import Value
from infrastructure.cldr.countries import country_code
from infrastructure.cldr.languages import canonical_language, language_code

V = TypeVar("V", bound=Value)

_URL = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)
_WITHOUT_SCHEME = re.compile(r"(?!.*@)[\w-]+(\.[\w-]+)*\.[a-z]{2,}(/\S*)?", re.IGNORECASE)

_BETWEEN_LANGUAGES = re.compile(r"[,;|/、\n](?![^(]*\))")
_AND = re.compile(r"\s(?:and|und|et|y|e|&)\s")
_LEVEL = re.compile(r"(?P<language>.+?)\s*(?:[(\[:\u2013\u2014]|\s-)\s*(?P<level>[^)\]]+?)[)\]]?")


def jobs_of(resume: Part) -> tuple[Job, ...]:
    """The jobs, without a template's blank ones."""
    return _each(resume.parts("work", most=MOST_JOBS), _job)


def _job(work: Part) -> Job:
    start = work.date("startDate", "start")
    end = _end(work, start)
    says_end = not is_blank(work.at("endDate", "end").content)
    is_ended = (says_end and not _goes_on(work)) or work.at("isCurrent", "current").content is False
    return Job(
        employer=work.text("name", "company", "employer", "organization"),
        title=work.text("position", "title", "jobTitle", "role"),
        started_on=start,
        ended_on=end,
        end_is_unknown=end is None and is_ended,
        summary=work.paragraphs("summary", most=5_000) or "",
        highlights=_lines(work),
    )


def _goes_on(part: Part) -> bool:
    """Whether a part says that it has no end yet."""
    return part.at("isCurrent", "current").content is True or part.end_is_open("endDate", "end")


def _end(part: Part, start: PartialDate | None) -> PartialDate | None:
    """The end of a part, unless it goes on or lies before its start."""
    if _goes_on(part):
        return None
    end = part.date("endDate", "end")
    if start and end and end.last < start.first:
        where = part.at("endDate", "end")
        where.warn(f"{shown(where.content)} lies before the start, {start}; left out")
        return None
    return end


def _lines(part: Part) -> tuple[str, ...]:
    return part.texts("highlights", most=MOST_ENTRIES, length=2_000)


def background_of(resume: Part, languages: tuple[SpokenLanguage, ...]) -> FullBackground | None:
    """Education, certificates, projects, levels of languages, phone and links; None if none."""
    links = tuple({link.url: link for link in _links(resume)}.values())
    background = FullBackground(
        education=_each(resume.parts("education", most=MOST_ENTRIES), _education),
        certificates=_each(
            resume.parts("certificates", "certifications", most=MOST_ENTRIES), _certificate
        ),
        projects=_each(resume.parts("projects", most=MOST_ENTRIES), _project),
        languages=tuple(spoken for spoken in languages if spoken.level),
        phone=resume.part("basics").text("phone"),
        links=links[:MOST_ENTRIES],
    )
    return None if background == FullBackground() else background


def _each(parts: Iterable[Part], read: Callable[[Part], V | None]) -> tuple[V, ...]:
    """What the parts say, without those that say nothing that is kept."""
    values = (read(part) for part in parts)
    return tuple(value for value in values if value and value != type(value).model_construct())


def _education(part: Part) -> Education:
    start = part.date("startDate", "start")
    return Education(
        institution=part.text("institution", "school"),
        area=part.text("area", "major", "fieldOfStudy"),
        degree=part.text("studyType", "degree", "title"),
        started_on=start,
        ended_on=_end(part, start),
        score=part.text("score", "gpa", "grade"),
        courses=part.texts("courses", "curriculum", most=MOST_ENTRIES),
    )


def _certificate(part: Part) -> Certificate | None:
    if (name := _name(part)) is None:
        return None
    return Certificate(name=name, issuer=part.text("issuer"), issued_on=part.date("date"))


def _project(part: Part) -> Project | None:
    if (name := _name(part)) is None:
        return None
    start = part.date("startDate", "start")
    return Project(
        name=name,
        description=part.paragraphs("description", "summary"),
        highlights=_lines(part),
        started_on=start,
        ended_on=_end(part, start),
    )


def _name(part: Part) -> str | None:
    name = part.text("name", "title")
    if name is None:
        part.warn("has no name; left out")
    return name


def _links(resume: Part) -> Iterator[Link]:
    basics = resume.part("basics")
    for page in (basics.at("url"), basics.at("website")):
        if url := _url(page):
            yield Link(url=url)
    for profile in basics.parts("profiles"):
        where = profile.at("url")
        if url := _url(where):
            yield Link(label=profile.text("network"), url=url)
        elif is_blank(where.content):
            where.warn("is missing; the profile is left out")
    for section in ("projects", "certificates"):
        for part in resume.parts(section):
            if url := _url(part.at("url")):
                yield Link(label=part.text("name", "title"), url=url)


def _url(part: Part) -> str | None:
    said = part.as_text(2_000)
    if said is None:
        return None
    if _WITHOUT_SCHEME.fullmatch(said):
        return f"https://{said}"
    if _URL.fullmatch(said):
        return re.sub("^https?", lambda scheme: scheme[0].lower(), said, flags=re.IGNORECASE)
    part.leave_out("the address of a page")
    return None


def spoken_languages(resume: Part) -> tuple[SpokenLanguage, ...]:
    """The languages, by their English names, each with its level as it is written."""
    spoken: dict[str, SpokenLanguage] = {}
    for item in resume.items("languages", most=MOST_ENTRIES):
        if isinstance(item.content, str):
            said, level = item.as_text(), None
        elif isinstance(item.content, dict):
            said = item.text("language", "name")
            level = item.text("fluency", "level", "proficiency")
        else:
            item.leave_out("a language")
            continue
        for name in _languages(said or ""):
            language, named = _with_level(name)
            spoken.setdefault(language, SpokenLanguage(language=language, level=level or named))
    return tuple(spoken.values())


def _languages(said: str) -> list[str]:
    """The languages of a text that names several."""
    names = [name.strip() for name in _BETWEEN_LANGUAGES.split(said) if name.strip()]
    each = [word.strip() for name in names for word in _AND.split(name)]
    return (
        each if all(_with_level(name)[0] != name or language_code(name) for name in each) else names
    )


def _with_level(said: str) -> tuple[str, str | None]:
    """A language and its level, if they are written as one.

    >>> _with_level("English (fluent)"), _with_level("Deutsch C1"), _with_level("English (US)")
    (('English', 'fluent'), ('German', 'C1'), ('English', None))
    """
    found = _LEVEL.fullmatch(said)
    if found and language_code(found["language"]):
        is_level = not (language_code(found["level"]) or country_code(found["level"]))
        return canonical_language(found["language"]), found["level"] if is_level else None
    if language_code(said):
        return canonical_language(said), None
    first, _, level = said.partition(" ")
    if level and len(first) > 3 and language_code(first):
        return canonical_language(first), level
    return said, None
