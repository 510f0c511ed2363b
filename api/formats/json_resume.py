"""Reads JSON Resume documents (https://jsonresume.org/schema) as candidates.

What can be read is read; what is left out is said with its path in `Profile.warnings`. A document
is refused only if it names nobody: it has no name, no e-mail address and no id. FRESH documents are
read as well.

What a marketplace wants to know and the schema has no place for stands under `meta.sourcing`, every
field of it optional:

    roles               names such as "Developer, back-end"; without it, `basics.label` is the role
    years_experience    a number; without it, the months of `work`, each counted once
    expected_salary     {"amount": 70000, "currency": "EUR"}, a year, or "per": "hour"
    open_to_remote      true or false
    work_authorisation  countries in which the person may work without sponsorship
    languages           names; without it, those of `languages`
    opted_in            whether the person agreed to be written to
    opted_in_until      when that ends, with its time zone; without it, it has no end
    signed_up_at        when they became a member, with its time zone
    last_active_at      when they last did something, with its time zone
    external_id         their id in the system that the document comes from
    candidate_id        their id here, a UUID; without it, derived from `external_id`

Skills are taken one by one, as `domain.skills` says; the name of a group is none if the group has
keywords.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from api.formats.background import background_of, jobs_of, spoken_languages
from api.formats.documents import BadDocument, DocumentWarning, Part, is_blank, shown
from api.formats.experience import in_present_job_since, years_of
from api.formats.fresh import as_json_resume
from api.formats.places import place_of
from api.formats.sourcing import Sourcing, sourcing_of
from domain.profile import MOST_JOBS, Facts, FullBackground, Job, SpokenLanguage
from domain.skills import MOST_SKILLS, skill_names
from domain.values import Email, Name, Value
from projections.canonical import canonical_facts

UNNAMED = "Unnamed candidate"
"""Who is known by an address or an id alone."""

NOT_KEPT = ("volunteer", "awards", "publications", "interests", "references")
"""Sections that the marketplace has no use for."""

MOST_WARNINGS = 100

GIVEN_NAME = ("firstName", "givenName", "first", "given")
FAMILY_NAME = ("lastName", "familyName", "last", "family")


class Profile(Value):
    """What a document says about a person; what it does not say is None or empty."""

    candidate_id: UUID | None = None
    external_id: str | None = None
    name: Name
    email: Email | None = None
    summary: Annotated[str, Field(max_length=10_000)] | None = None
    jobs: Annotated[tuple[Job, ...], Field(max_length=MOST_JOBS)] = ()
    background: FullBackground | None = None
    facts: Facts = Facts()
    opted_in: bool | None = None
    opted_in_until: AwareDatetime | None = None
    signed_up_at: AwareDatetime | None = None
    last_active_at: AwareDatetime | None = None
    observed_on: date | None = None
    warnings: tuple[DocumentWarning, ...] = ()

    def signing_up(self) -> dict[str, Any]:
        """What `domain.identifier.SignUpCandidate` takes of it, but for who it is."""
        not_of_it = ("external_id", "candidate_id", "warnings")
        return {f: value for f, value in self if f not in not_of_it}


def to_profile(document: Mapping[str, Any], *, as_of: date | None = None) -> Profile:
    """Read a document. Raises `BadDocument` if it is no object, or names nobody.

    What lies after the day `as_of` on which it is read is not counted as experience, nor what lies
    after its `meta.lastModified`. Without either, the years of a present job are not known.

    >>> to_profile({"basics": {"name": "Ada", "location": {"countryCode": "GB"}}}).facts.country
    'United Kingdom'
    """
    if not isinstance(document, Mapping):
        raise BadDocument([f"a document is a JSON object, not {shown(document)}"])
    resume = Part(as_json_resume(document))
    basics = resume.part("basics")
    more = sourcing_of(resume.part("meta").part("sourcing"), as_of)
    email = basics.email("email")
    name = _name(basics, known=bool(email or more.external_id or more.candidate_id))
    observed_on = _observed_on(resume.part("meta"), as_of)
    jobs, spoken = jobs_of(resume), spoken_languages(resume)
    profile = Profile(
        candidate_id=more.candidate_id,
        external_id=more.external_id,
        name=name,
        email=email,
        summary=basics.paragraphs("summary", most=10_000),
        jobs=jobs,
        background=background_of(resume, spoken),
        facts=canonical_facts(_facts(resume, more, jobs, spoken, observed_on or as_of)),
        opted_in=more.opted_in,
        opted_in_until=more.opted_in_until,
        signed_up_at=more.signed_up_at,
        last_active_at=more.last_active_at,
        observed_on=observed_on,
    )
    for section in NOT_KEPT:
        if not is_blank((left := resume.at(section)).content):
            left.warn("is not kept")
    warnings = tuple(dict.fromkeys(resume.warnings))[:MOST_WARNINGS]
    return profile.model_copy(update={"warnings": warnings})


def _name(basics: Part, *, known: bool) -> str:
    of = basics.part("name") if isinstance(basics.at("name").content, Mapping) else basics
    parts = (of.text(*GIVEN_NAME), of.text(*FAMILY_NAME))
    name = basics.text("name") if of is basics else of.text("name")
    name = name or " ".join(filter(None, parts))
    if name:
        return name[:200]
    if not known:
        raise BadDocument(
            ["basics.name: is missing, and so are an e-mail address and an id; name the person"]
        )
    basics.at("name").warn(f'is missing; the person is called "{UNNAMED}"')
    return UNNAMED


def _observed_on(meta: Part, as_of: date | None) -> date | None:
    """The day that the document is of."""
    modified = meta.date("lastModified")
    if modified is None:
        return None
    day = modified.first
    if as_of and day > as_of:
        meta.at("lastModified").warn("lies in the future; left out")
        return None
    return day


def _facts(
    resume: Part,
    more: Sourcing,
    jobs: tuple[Job, ...],
    spoken: tuple[SpokenLanguage, ...],
    as_of: date | None,
) -> Facts:
    basics = resume.part("basics")
    city, country = place_of(basics.at("location"))
    label = basics.text("label")
    years = more.years_experience
    return Facts(
        roles=more.roles or ((label,) if label else None),
        skills=skill_names(_skills(resume)) or None,
        years_experience=years_of(jobs, as_of) if years is None else years,
        city=city,
        country=country,
        open_to_remote=more.open_to_remote,
        expected_salary=more.expected_salary,
        work_authorisation=more.work_authorisation or None,
        languages=more.languages or tuple(each.language for each in spoken) or None,
        in_present_job_since=in_present_job_since(jobs, as_of),
    )


def _skills(resume: Part) -> Iterator[str]:
    """What is said of skills, as it is typed."""
    groups = resume.at("skills").content
    if isinstance(groups, Mapping) and groups.keys().isdisjoint(("name", "skill", "keywords")):
        for group in groups:
            yield from resume.part("skills").texts(group, most=MOST_SKILLS)
        return
    for item in resume.items("skills", most=MOST_SKILLS):
        if isinstance(item.content, Mapping):
            keywords = item.texts("keywords", most=MOST_SKILLS)
            yield from keywords or item.texts("name", "skill")
        elif text := item.as_text(2_000):
            yield text
