"""The forms by which a candidate answers: yes, not now, no, never this employer."""

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import model_validator

from api.http.problems import Problem, Reason
from api.person.pages.message import shown
from api.person.visit import ByLetter, Visit
from api.web.forms import REFUSED, Sent
from domain.answering import AcceptOutreach, Contact, DeclineOutreach, Note, PostponeOutreach
from domain.candidate_commands import BlockEmployer
from domain.outreach_events import DeclineReason
from domain.passivity import months_after
from domain.values import Flag, Value
from infrastructure.languages.translation import gettext as _
from projections import candidate_profiles
from projections.candidate_pool import CandidatePool

router = APIRouter(prefix="/p/{token}")

MONTHS = {"month": 1, "three_months": 3, "six_months": 6}


class Shared(Value):
    """Which contact data the employer gets."""

    name: Flag = False
    email: Flag = False
    phone: Flag = False


class Interest(Value):
    """A yes, and what the employer gets to know with it."""

    note: Note | None = None
    share: Shared = Shared()
    contact: Contact = Contact()


class Later(Value):
    """Until when a candidate wants to be left in peace; never is a no."""

    when: Literal["month", "three_months", "six_months", "day", "never"]
    until: date | None = None
    note: Note | None = None

    @model_validator(mode="before")
    @classmethod
    def _day_if_chosen(cls, said: dict[str, Any]) -> dict[str, Any]:
        return said if said.get("when") == "day" else {**said, "until": None}

    def day(self, today: date) -> date | None:
        """The day that is meant."""
        months = MONTHS.get(self.when)
        return months_after(today, months) if months else self.until


class No(Value):
    """A no, and why."""

    reason: DeclineReason
    note: Note | None = None


@router.get("/interest")
def interest_page(visit: ByLetter) -> Response:
    """The form of a yes."""
    return visit.page("interest.html", **shown(visit), known=_contact_data(visit))


@router.post("/interest")
def accept(visit: ByLetter) -> Response:
    """Say yes, and disclose the contact data that are ticked."""
    try:
        body = _only_shared(visit.sent).read(Interest)
        _check_filled_in(body)
        result = visit.run(
            AcceptOutreach, outreach_id=visit.outreach.id, note=body.note, contact=body.contact
        )
    except REFUSED as error:
        return visit.again("interest.html", error, **shown(visit), known=_contact_data(visit))
    return visit.done(result, "accepted")


@router.get("/later")
def later_page(visit: ByLetter) -> Response:
    """The form of a postponement."""
    return visit.page("later.html", **shown(visit))


@router.post("/later")
def postpone(visit: ByLetter) -> Response:
    """Ask to be written to later; never is a no."""
    outreach_id, today = visit.outreach.id, visit.caller.at.date()
    try:
        body = visit.sent.read(Later)
        if body.when == "never":
            reason = DeclineReason.NOT_LOOKING
            declined = visit.run(
                DeclineOutreach, outreach_id=outreach_id, reason=reason, note=body.note
            )
            return visit.done(declined, "declined")
        until = body.day(today)
        if until is None:
            raise _missing("until", _("Choose the day from which you may be written to."))
        result = visit.run(PostponeOutreach, outreach_id=outreach_id, until=until, note=body.note)
    except REFUSED as error:
        return visit.again("later.html", error, **shown(visit))
    return visit.done(result, "postponed")


@router.get("/decline")
def decline_page(visit: ByLetter) -> Response:
    """The form of a no."""
    return visit.page("decline.html", **shown(visit))


@router.post("/decline")
def decline(visit: ByLetter) -> Response:
    """Say no."""
    try:
        body = visit.sent.read(No)
        result = visit.run(DeclineOutreach, outreach_id=visit.outreach.id, **dict(body))
    except REFUSED as error:
        return visit.again("decline.html", error, **shown(visit))
    return visit.done(result, "declined")


@router.get("/block")
def block_page(visit: ByLetter) -> Response:
    """What it means to block the employer, and the button to do so."""
    return visit.page("block.html", **shown(visit))


@router.post("/block")
def block(visit: ByLetter) -> Response:
    """Never hear from this employer again."""
    try:
        result = visit.run(
            BlockEmployer, candidate_id=visit.person.id, employer_id=visit.employer_id
        )
    except REFUSED as error:
        return visit.again("block.html", error, **shown(visit))
    return visit.done(result, "blocked")


def _contact_data(visit: Visit) -> dict[str, str | None]:
    """What the profile says of how to reach the person."""
    with visit.caller.reading(CandidatePool) as db:
        profile = candidate_profiles.profile(db, visit.person.id)
    if profile is None:
        return dict.fromkeys(Contact.model_fields)
    return {"name": profile.name, "email": profile.email, "phone": profile.background.phone}


def _only_shared(sent: Sent) -> Sent:
    """The form without contact data that are not ticked: these leave the page in no way."""
    fields = [
        (name, value)
        for name, value in sent.fields
        if not name.startswith("contact.") or sent.value(name.replace("contact.", "share.", 1))
    ]
    return Sent(fields, sent.decimal_mark)


def _check_filled_in(body: Interest) -> None:
    for name, is_shared in body.share:
        if is_shared and getattr(body.contact, name) is None:
            raise _missing(f"contact.{name}", _("Fill it in, or take the tick away."))


def _missing(field: str, detail: str) -> Problem:
    reasons = [Reason(code="missing", detail=detail, field=field)]
    return Problem(422, "invalid", detail, reasons)
