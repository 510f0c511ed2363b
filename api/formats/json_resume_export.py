"""Writes candidates as JSON Resume documents, in the shape that `json_resume` reads."""

from collections.abc import Mapping
from typing import Any

from domain.profile import Certificate, Education, FullBackground, Job, Project
from projections.candidate_profiles import CandidateProfile

SCHEMA = "https://raw.githubusercontent.com/jsonresume/resume-schema/v1.0.0/schema.json"


def to_document(profile: CandidateProfile) -> dict[str, Any]:
    """A profile as a document; what JSON Resume has no place for stands under `meta`."""
    facts, background = profile.facts, profile.background
    basics = {
        "name": profile.name,
        "email": profile.email,
        "phone": background.phone,
        "summary": profile.summary,
        "location": _said({"city": facts.city, "country": facts.country}),
        "profiles": [_said({"network": link.label, "url": link.url}) for link in background.links],
    }
    sourcing = {
        "roles": facts.roles,
        "years_experience": facts.years_experience,
        "expected_salary": facts.expected_salary and facts.expected_salary.model_dump(mode="json"),
        "open_to_remote": facts.open_to_remote,
        "work_authorisation": facts.work_authorisation,
        "languages": facts.languages,
        "opted_in": profile.opted_in,
        "opted_in_until": profile.consent_until and profile.consent_until.isoformat(),
        "signed_up_at": profile.signed_up_at.isoformat(),
        "last_active_at": profile.last_active_at.isoformat(),
        "candidate_id": str(profile.candidate_id),
    }
    sources = {name: origin.model_dump(mode="json") for name, origin in profile.provenance.items()}
    return _said(
        {
            "$schema": SCHEMA,
            "basics": _said(basics),
            "work": [_job(job) for job in profile.jobs],
            "education": [_education(one) for one in background.education],
            "certificates": [_certificate(one) for one in background.certificates],
            "projects": [_project(one) for one in background.projects],
            "skills": [{"name": skill} for skill in facts.skills or ()],
            "languages": _languages(background, facts.languages or ()),
            "meta": {"sourcing": _said(sourcing), "sources": sources},
        }
    )


def to_disclosed_document(profile: CandidateProfile, told: Mapping[str, Any]) -> dict[str, Any]:
    """What an employer may have of a candidate who said yes: the profile, and what they told it.

    Nothing of the person's standing on the marketplace is in it, nor a way to reach them that they
    did not choose to tell.
    """
    document = to_document(profile)
    basics = {**document["basics"], "email": None, "phone": None, "profiles": None}
    known = {"name": told.get("name") or profile.name, "label": _label(profile)}
    contact = {name: told.get(name) for name in ("email", "phone")}
    parts = {name: part for name, part in document.items() if name != "meta"}
    return {**parts, "basics": _said({**basics, **known, **contact})}


def _label(profile: CandidateProfile) -> str | None:
    return next(iter(profile.facts.roles or ()), None)


def _job(job: Job) -> dict[str, Any]:
    said = {"name": job.employer, "position": job.title, "summary": job.summary}
    ended = {"isCurrent": False} if job.end_is_unknown else {}
    return _said({**said, **_span(job), **ended, "highlights": job.highlights})


def _education(one: Education) -> dict[str, Any]:
    said = {"institution": one.institution, "area": one.area, "studyType": one.degree}
    return _said({**said, **_span(one), "score": one.score, "courses": one.courses})


def _certificate(one: Certificate) -> dict[str, Any]:
    date = one.issued_on and str(one.issued_on)
    return _said({"name": one.name, "issuer": one.issuer, "date": date})


def _project(one: Project) -> dict[str, Any]:
    said = {"name": one.name, "description": one.description, "highlights": one.highlights}
    return _said({**said, **_span(one)})


def _span(one: Job | Education | Project) -> dict[str, Any]:
    return {
        "startDate": one.started_on and str(one.started_on),
        "endDate": one.ended_on and str(one.ended_on),
    }


def _languages(background: FullBackground, names: tuple[str, ...]) -> list[dict[str, Any]]:
    levels = {spoken.language: spoken.level for spoken in background.languages}
    return [
        _said({"language": n, "fluency": levels.get(n)}) for n in {**levels, **dict.fromkeys(names)}
    ]


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value not in (None, "", (), [], {})}
