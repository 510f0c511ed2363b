"""What is held about the candidate, why employers wrote, and how likely they thought an answer."""

from collections.abc import Iterable

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from api.candidates.cards import LikelihoodReason
from api.candidates.profile import current_explanation
from api.delivery.as_sent import position_as_sent
from api.formats.json_resume_export import to_document
from api.person import about
from api.person.rendering import HEADERS
from api.person.visit import ByLetter, Visit
from domain.candidate import Candidate
from domain.command import NotFound
from projections import candidate_profiles, employers
from projections.candidate_pool import CandidatePool
from projections.candidate_profiles import CandidateProfile
from projections.employers import Employers
from projections.likelihood.projection import Likelihoods
from projections.remarks import Remarks
from projections.reviews import Reviews

router = APIRouter(prefix="/p/{token}")


@router.get("/data")
def data_page(visit: ByLetter) -> Response:
    """The profile, each part with where it is from; and what may be done with it."""
    profile = profile_of(visit)
    with visit.caller.reading(Remarks, Reviews) as db:
        events = about.events_about(visit.caller.marketplace.store, db, visit.person)
    facts = profile.facts.known()
    return visit.page(
        "data.html",
        profile=profile,
        facts=[(n, v, profile.provenance.get(n)) for n, v in facts.items() if v != ()],
        attributes=about.attributes(events),
        count=len(events),
    )


@router.get("/data/resume.json")
def resume(visit: ByLetter) -> Response:
    """The profile as a JSON Resume document."""
    return _download(to_document(profile_of(visit)), "resume.json")


@router.get("/data/events.json")
def events(visit: ByLetter) -> Response:
    """Every event about the candidate, with what employers wrote to them and decided about them."""
    with visit.caller.reading(Remarks, Reviews) as db:
        found = about.events_about(visit.caller.marketplace.store, db, visit.person)
    return _download([about.as_json(one) for one in found], "events.json")


@router.get("/reasons")
def reasons_page(visit: ByLetter) -> Response:
    """Each time that an employer wrote first, and what allowed it."""
    with visit.caller.reading(Employers) as db:
        store = visit.caller.marketplace.store
        contacts = about.contacts(about.events_about(store, db, visit.person))
        companies = employers.companies(db, [one.employer_id for one in contacts])
        said = {
            one.outreach_id: position_as_sent(store, db, one.position_id, one.log_position)
            for one in contacts
        }
    titles = {outreach_id: position.title for outreach_id, position in said.items() if position}
    return visit.page("reasons.html", contacts=contacts, companies=companies, titles=titles)


@router.get("/likelihood")
def likelihood_page(visit: ByLetter) -> Response:
    """How likely an answer is thought to be, and every reason, behaviour included."""
    position_id = visit.outreach.about["position_id"]
    with visit.caller.reading(Likelihoods) as db:
        explained = current_explanation(db, visit.person.id, position_id, visit.caller.at)
    reasons = weighed(explained.contributions if explained else [])
    return visit.page(
        "likelihood.html",
        explained=explained,
        weighty=[(text, weight) for text, weight in reasons if round(weight, 2)],
        weightless=[(text, weight) for text, weight in reasons if not round(weight, 2)],
    )


def weighed(contributions: Iterable[LikelihoodReason]) -> list[tuple[str, float]]:
    """Each sentence with what its features add up to, the weightiest first.

    >>> weighed([LikelihoodReason(feature=f, text=t, contribution=c)
    ...     for f, t, c in [("a", "Silent", -1), ("b", "Skilled", 2), ("c", "Silent", -2)]])
    [('Silent', -3.0), ('Skilled', 2.0)]
    """
    sums: dict[str, float] = {}
    for one in contributions:
        sums[one.text] = sums.get(one.text, 0) + one.contribution
    return sorted(sums.items(), key=lambda reason: -abs(reason[1]))


def profile_of(visit: Visit) -> CandidateProfile:
    """All that is held. Raises `NotFound` if it was erased meanwhile."""
    with visit.caller.reading(CandidatePool) as db:
        profile = candidate_profiles.profile(db, visit.person.id)
    if profile is None:
        raise NotFound(Candidate, visit.person.id)
    return profile


def _download(content: object, name: str) -> Response:
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return JSONResponse(content, headers={**HEADERS, **named})
