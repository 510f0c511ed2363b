"""Candidates: what the platform tells us about its members, and what they ask of us."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends
from pydantic import Field

from api import identifiers
from api.candidates.identity import identity
from api.candidates.profile import Explanation, current_explanation
from api.formats import json_resume
from api.formats.documents import BadDocument, DocumentWarning
from api.http.access import Platform, allowed
from api.http.caller import Caller, CommandResult
from api.http.problems import Problem, Reason
from domain.actor import Role
from domain.attributes import Attributes
from domain.candidate import Candidate
from domain.candidate_commands import (
    BlockEmployer,
    ClearAttributes,
    EraseCandidate,
    OptIn,
    OptOut,
    ReportAttributes,
    SetContactBudget,
)
from domain.command import NotFound
from domain.contact_gate import MOST_CONTACTS
from domain.identifier import EnhanceProfile, SignUpCandidate
from domain.sources import Observation
from domain.values import NUMBER, Moment, Value
from projections import candidate_profiles
from projections.candidate_pool import CandidatePool
from projections.candidate_profiles import CandidateProfile
from projections.canonical import canonical_facts
from projections.likelihood.projection import Likelihoods

router = APIRouter(prefix="/candidates", tags=["Candidates"])


class SignedUp(CommandResult):
    """Who a document is about, and what of it was left out."""

    warnings: list[DocumentWarning] = Field(description="what was left out, or read in part")


class Agreement(Value):
    """How long a candidate agrees to be written to."""

    until: Moment | None = Field(None, description="when it ends; null for no end")


class Budget(Value):
    """How many contacts a candidate wants within 30 days, from all employers together."""

    contacts: Annotated[int, NUMBER, Field(ge=0, le=MOST_CONTACTS)]


class Blocking(Value):
    """Whom a candidate wants to hear nothing from."""

    employer_id: UUID


@router.post("", status_code=201)
def sign_up(
    document: Annotated[dict[str, Any], Body(description="a JSON Resume document")],
    caller: Platform,
) -> SignedUp:
    """Sign a member up from a JSON Resume document, or update the one it is about.

    A person is known by the id, the external id or the e-mail address in the document; the answer's
    `id` says who it is. What JSON Resume has no word for stands under `meta.sourcing`: consent,
    sign-up, expectations. A document never undoes an opt-out.

    What can be read of the document is read; `warnings` say what was left out, and where. Only a
    document with neither a name nor an address nor an id is refused.
    """
    try:
        profile = json_resume.to_profile(document, as_of=caller.at.date())
    except BadDocument as error:
        reasons = [Reason(code="bad_document", detail=problem) for problem in error.problems]
        raise Problem(422, "invalid", str(error), reasons) from None
    who = identity(caller.marketplace, profile, document, caller.new_id)
    # What the document says depends on the day that it is read on; what was sent does not.
    result = caller.run(SignUpCandidate, payload=document, **who, **profile.signing_up())
    return SignedUp(**dict(result), warnings=list(profile.warnings))


@router.get("/{candidate_id}")
def read_candidate(
    candidate_id: UUID, caller: Annotated[Caller, Depends(allowed(Role.PLATFORM, Role.SUPPORT))]
) -> CandidateProfile:
    """All that is known of a candidate, each field with its source and age."""
    with caller.reading(CandidatePool) as db:
        profile = candidate_profiles.profile(db, candidate_id)
    if profile is None:
        raise NotFound(Candidate, candidate_id)
    return profile


@router.get("/{candidate_id}/likelihood")
def explain_candidate_likelihood(
    candidate_id: UUID, caller: Annotated[Caller, Depends(allowed(Role.PLATFORM, Role.SUPPORT))]
) -> Explanation:
    """How likely a candidate is thought to respond to employers, and why, for their privacy page.

    It is without a position; what an offer adds depends on the position.
    """
    with caller.reading(Likelihoods) as db:
        explained = current_explanation(db, candidate_id, None, caller.at)
    if explained is None:
        raise NotFound(Candidate, candidate_id)
    return explained


@router.post("/{candidate_id}/opt-in", status_code=201)
def opt_in(candidate_id: UUID, caller: Platform, body: Agreement | None = None) -> CommandResult:
    """The candidate agrees to be written to: before a moment, or without an end."""
    return caller.run(OptIn, candidate_id=candidate_id, until=body.until if body else None)


@router.post("/{candidate_id}/opt-out", status_code=201)
def opt_out(candidate_id: UUID, caller: Platform) -> CommandResult:
    """The candidate agrees no longer to be written to."""
    return caller.run(OptOut, candidate_id=candidate_id)


@router.post("/{candidate_id}/observations", status_code=201)
def enhance(candidate_id: UUID, body: Observation, caller: Platform) -> CommandResult:
    """Bring a profile up to date; fields that are known from a later day stay as they are."""
    observed = body.model_copy(update={"facts": canonical_facts(body.facts)})
    key = caller.marketplace.address_key
    return caller.run(
        EnhanceProfile,
        candidate_id=candidate_id,
        observation=observed,
        **identifiers.contact_keys(key, body.email, body.jobs),
    )


@router.post("/{candidate_id}/blocked-employers", status_code=201)
def block_employer(candidate_id: UUID, body: Blocking, caller: Platform) -> CommandResult:
    """The candidate wants to hear nothing from an employer."""
    return caller.run(BlockEmployer, candidate_id=candidate_id, employer_id=body.employer_id)


@router.put("/{candidate_id}/contact-budget")
def set_contact_budget(candidate_id: UUID, body: Budget, caller: Platform) -> CommandResult:
    """The candidate says how often employers may contact them within 30 days."""
    return caller.run(SetContactBudget, candidate_id=candidate_id, contacts=body.contacts)


@router.put("/{candidate_id}/attributes")
def report_attributes(candidate_id: UUID, body: Attributes, caller: Platform) -> CommandResult:
    """The candidate says who they are, in place of whatever they said before.

    Kept apart: only the adverse-impact report counts them, and neither ranking nor filters, pages
    or the event log show them.
    """
    return caller.run(ReportAttributes, candidate_id=candidate_id, attributes=body)


@router.delete("/{candidate_id}/attributes")
def clear_attributes(candidate_id: UUID, caller: Platform) -> CommandResult:
    """The candidate takes back what they said about who they are."""
    return caller.run(ClearAttributes, candidate_id=candidate_id)


@router.delete("/{candidate_id}")
def erase(candidate_id: UUID, caller: Platform) -> CommandResult:
    """Forget a candidate for ever: their key is destroyed, and all personal data with it."""
    return caller.run(EraseCandidate, candidate_id=candidate_id)
