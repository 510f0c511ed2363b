"""The letter, the position it is about, and what both sides have said since."""

from typing import Any

from fastapi import APIRouter, Response

from api.delivery.as_sent import position_as_sent
from api.person.about import events_of
from api.person.conversation import letter_of, said_since
from api.person.visit import ByLetter, Visit
from api.web.forms import REFUSED
from domain.answering import ReceiveReply
from domain.outreach import ANSWERABLE
from domain.outreach_events import Channel
from domain.values import FreeText, Value
from infrastructure.languages.translation import gettext as _
from projections import employers, positions
from projections.employers import Employers
from projections.positions import Positions

router = APIRouter(prefix="/p/{token}")


class Written(Value):
    """What a candidate writes."""

    message: FreeText


@router.get("")
def message_page(visit: ByLetter) -> Response:
    """The letter, the position, the conversation, and the ways to answer."""
    return visit.page("message.html", **shown(visit))


@router.post("/reply")
def write_back(visit: ByLetter) -> Response:
    """Write to the employer."""
    try:
        body = visit.sent.read(Written)
        result = visit.run(
            ReceiveReply, outreach_id=visit.outreach.id, text=body.message, channel=Channel.PAGE
        )
    except REFUSED as error:
        return visit.again("message.html", error, **shown(visit))
    return visit.done(result, "written")


def shown(visit: Visit) -> dict[str, Any]:
    """What pages show of an outreach. The log says it, so that it is never behind an answer.

    The position is shown as it was when the message was sent, which is what the answer is to.
    """
    store, outreach = visit.caller.marketplace.store, visit.outreach
    position_id = outreach.about["position_id"]
    with visit.caller.reading(Positions, Employers) as db:
        recorded = events_of(store, db, outreach.id)
        events = [one.event for one in recorded]
        letter = letter_of(events)
        sent_at = next(one.log_position for one in recorded if one.event is letter)
        said = position_as_sent(store, db, position_id, sent_at)
        position = positions.one(db, position_id)
        employer = employers.one(db, visit.employer_id)
    return {
        "letter": letter,
        "conversation": said_since(outreach, events),
        "position": said,
        "is_closed": position is not None and position.closed_at is not None,
        "company": employer.company if employer else _("the employer"),
        "may_answer": outreach.status in ANSWERABLE,
        "blocked": visit.employer_id in visit.person.standing().blocked,
    }
