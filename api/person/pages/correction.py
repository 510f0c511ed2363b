"""Correct the profile: what the person says now, as an observation of their own."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from api.person.pages.held import profile_of
from api.person.visit import ByLetter
from api.web.forms import REFUSED
from domain.identifier import EnhanceProfile
from domain.profile import Facts, FullBackground, Text
from domain.sources import Observation
from domain.values import Name, StorableText, Value
from projections.candidate_profiles import CandidateProfile
from projections.canonical import canonical_facts

router = APIRouter(prefix="/p/{token}/correction")

SOURCE = "the person"
LISTS = ("roles", "skills", "work_authorisation", "languages")


class Correction(Value):
    """What the person says of themselves. The address stays: it says who they are."""

    name: Name | None = None
    phone: Text | None = None
    summary: Annotated[StorableText, Field(max_length=10_000)] | None = None
    facts: Facts = Facts()


@router.get("")
def correction_page(visit: ByLetter) -> Response:
    """The form with what is held."""
    return visit.page("correction.html", profile=profile_of(visit))


@router.post("")
def correct(visit: ByLetter) -> Response:
    """Take what has changed."""
    profile = profile_of(visit)
    try:
        body = visit.sent.read(Correction)
        changed = _changed(body, profile)
        if not changed:  # a second click may come here as well
            return visit.go("/data", notice="said-already")
        day = visit.caller.at.date()
        observation = Observation(source=SOURCE, observed_on=day, **changed)
        result = visit.run(EnhanceProfile, candidate_id=visit.person.id, observation=observation)
    except REFUSED as error:
        return visit.again("correction.html", error, profile=profile)
    return visit.done(result, "corrected", "/data")


def _changed(body: Correction, profile: CandidateProfile) -> dict[str, Any]:
    """What the person says otherwise than the profile. An emptied list or summary is empty now."""
    said = canonical_facts(body.facts)
    emptied = {n: () for n in LISTS if getattr(profile.facts, n) and getattr(said, n) is None}
    known = profile.facts.known()
    facts = {n: v for n, v in {**said.known(), **emptied}.items() if known.get(n) != v}
    changed: dict[str, Any] = {"facts": Facts.model_validate(facts)} if facts else {}
    if body.name and body.name != profile.name:
        changed["name"] = body.name
    if (body.summary or "") != (profile.summary or ""):
        changed["summary"] = body.summary or ""
    if body.phone and body.phone != profile.background.phone:
        changed["background"] = FullBackground(phone=body.phone)
    return changed
