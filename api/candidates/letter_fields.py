"""The fields of a message: names in braces that stand for what is known of each candidate."""

from collections.abc import Mapping

from api.candidates.cards import Card
from api.http.problems import Problem, Reason, faults_of_the_request
from domain.contacting import Message
from domain.template import fields, filled
from projections.employers import Employer
from projections.positions import Position

KNOWN = {
    "first_name": "first name of the candidate",
    "name": "their whole name",
    "job": "their present job",
    "employer": "where they work now",
    "city": "where they live",
    "skills": "up to three matching skills",
    "position": "title of the position",
    "company": "your company",
    "my_name": "your name",
}
"""What each field stands for. Every other one is the recruiter's own."""

SKILLS_NAMED = 3


def own_fields(*texts: str) -> list[str]:
    """The fields of texts that recruiters fill in themselves."""
    return [field for field in fields(*texts) if field not in KNOWN]


def fill(
    message: Message,
    candidate: Card,
    position: Position,
    employer: Employer | None,
    own: Mapping[str, str],
) -> Message:
    """The message to this candidate. A field without a value stays as it is."""
    if not fields(message.subject, message.text):
        return message
    values = dict(own) | _values(candidate, position, employer, message.sender_name)
    texts = {name: filled(getattr(message, name), values) for name in ("subject", "text")}
    with faults_of_the_request():
        return Message.model_validate({**dict(message), **texts})


def check_complete(message: Message) -> None:
    """Raise a 422 that names each field that is not filled in."""
    reasons = [
        Reason(code="field_missing", detail=f"{{{field}}} is not filled in.", field=name)
        for name in ("subject", "text")
        for field in fields(getattr(message, name))
    ]
    if reasons:
        raise Problem(422, "invalid", " ".join(reason.detail for reason in reasons), reasons)


def _values(
    candidate: Card, position: Position, employer: Employer | None, sender: str
) -> dict[str, str]:
    job = candidate.job if candidate.job and candidate.job.present else None
    values = {
        "first_name": candidate.name.split()[0] if candidate.name.split() else None,
        "name": candidate.name,
        "job": job and job.title,
        "employer": job and job.employer,
        "city": candidate.facts.city,
        "skills": _listed(candidate.matching_skills[:SKILLS_NAMED]),
        "position": position.title,
        "company": employer and employer.company,
        "my_name": sender,
    }
    return {name: value for name, value in values.items() if value}


def _listed(words: list[str]) -> str:
    """Words as a sentence lists them.

    >>> _listed(["Go", "SQL", "Docker"]), _listed(["Go"]), _listed([])
    ('Go, SQL and Docker', 'Go', '')
    """
    *first, last = words or [""]
    return f"{', '.join(first)} and {last}" if first else last
