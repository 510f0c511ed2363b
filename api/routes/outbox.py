"""The outbox: letters to candidates, for a platform that delivers them itself.

Ask for what is due; release a letter, which asks the contact gate once more and answers with what
it says; deliver it; then say what became of it. A letter that was released and not acknowledged is
due again after two minutes, with the same `message_id`, by which its receiver knows it again. With
`SOURCING_LETTERS_URL` letters are sent there as signed webhooks; failures are said here as well.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from api.delivery.channels import delivers_by_mail, letterhead
from api.delivery.content import Settled, Undeliverable, content_of
from api.delivery.deliver import LEASE
from api.delivery.released import ReleasedLetter, released
from api.http.access import Delivery
from api.http.caller import Caller, CommandResult
from api.http.lists import Limit
from api.http.problems import Problem
from domain.delivering import NoteDelivery, NoteFailure, ReleaseLetter
from domain.outreach_events import Channel
from domain.values import Flag, StorableText, Value
from infrastructure.mail import attempts
from projections import outbox
from projections.outbox import Outbox

router = APIRouter(prefix="/outbox", tags=["Outbox"])

LetterNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


class DueLetter(BaseModel):
    """A letter that is to be delivered."""

    outreach_id: UUID
    letter: int


class DueLetters(BaseModel):
    """Some of the letters that are due, the longest due first."""

    items: list[DueLetter]
    waiting: int = Field(description="how many are due in all")
    oldest: datetime | None


class Failure(Value):
    """Why a letter could not be delivered."""

    code: Annotated[StorableText, Field(min_length=1, max_length=100)]
    bad_address: Flag


@router.get("")
def list_due(caller: Delivery, limit: Limit = 50) -> DueLetters:
    """The letters that are due and that nobody is delivering."""
    _check(caller)
    with caller.reading(Outbox) as db:
        due = outbox.due(db, caller.at, limit)
        waiting = outbox.waiting(db, caller.at)
    items = [DueLetter(outreach_id=one.outreach_id, letter=one.letter) for one in due]
    return DueLetters(items=items, waiting=waiting.letters, oldest=waiting.oldest)


@router.post("/{outreach_id}/{letter}/release", status_code=201)
def release(outreach_id: UUID, letter: LetterNumber, caller: Delivery) -> ReleasedLetter:
    """Take a letter to deliver, if it may leave now; nobody else gets it for two minutes."""
    _check(caller)
    store = caller.marketplace.store
    with caller.reading(Outbox) as db:
        wanted = outbox.one(db, outreach_id, letter)
    if wanted is None:
        raise Problem(404, "no-such-letter", "There is no such letter in the outbox.")
    with caller.marketplace.pool.connection() as db:
        if not attempts.lease(db, [wanted], caller.at, caller.at + LEASE):
            raise Problem(409, "being-delivered", "Somebody is delivering this letter now.")
    caller.run(ReleaseLetter, outreach_id=outreach_id, letter=letter)
    try:
        content = content_of(store, caller.marketplace.read_models, outreach_id, letter)
    except (Settled, Undeliverable) as error:
        detail = "This letter must not be delivered any more."
        raise Problem(409, "not-to-be-delivered", detail) from error
    return released(content, letterhead(caller.marketplace.settings))


@router.post("/{outreach_id}/{letter}/delivery", status_code=201)
def note_delivery(outreach_id: UUID, letter: LetterNumber, caller: Delivery) -> CommandResult:
    """Say that a letter was delivered."""
    return caller.run(
        NoteDelivery,
        outreach_id=outreach_id,
        letter=letter,
        message_id=f"{outreach_id}.{letter}",
        channel=Channel.API,
    )


@router.post("/{outreach_id}/{letter}/failure", status_code=201)
def note_failure(
    outreach_id: UUID, letter: LetterNumber, body: Failure, caller: Delivery
) -> CommandResult:
    """Say that a letter cannot be delivered, for good."""
    return caller.run(NoteFailure, outreach_id=outreach_id, letter=letter, **dict(body))


def _check(caller: Caller) -> None:
    if delivers_by_mail(caller.marketplace.settings):
        detail = "Letters leave by mail here; unset SOURCING_SMTP_HOST to fetch them."
        raise Problem(409, "delivered-by-mail", detail)
