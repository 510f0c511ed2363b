"""A letter as a platform gets it that delivers letters itself: from the outbox, or as a webhook."""

from pydantic import BaseModel
from pydantic_core import to_json

from api.delivery.content import Content
from api.delivery.letter import Letterhead, mail_of


class ReleasedLetter(BaseModel):
    """A letter to deliver now: the same `message_id` is the same letter."""

    message_id: str
    to: str
    to_name: str | None
    sender_name: str
    subject: str
    text: str
    html: str
    unsubscribe_url: str | None
    in_reply_to: str | None


def released(content: Content, head: Letterhead) -> ReleasedLetter:
    """The letter, with the person's address as it is now."""
    return ReleasedLetter.model_validate(mail_of(content, head), from_attributes=True)


def message_of(content: Content, head: Letterhead) -> bytes:
    """The letter as a CloudEvent in JSON."""
    about = {"outreach_id": content.outreach_id, "letter": content.letter}
    return to_json(
        {
            "specversion": "1.0",
            "id": f"{content.outreach_id}.{content.letter}",
            "source": "urn:sourcing:outbox",
            "type": "letter.released",
            "subject": content.outreach_id,
            "time": content.written_at,
            "datacontenttype": "application/json",
            "data": {**about, **dict(released(content, head))},
        }
    )
