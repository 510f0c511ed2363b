"""The mail that a letter becomes: words, links, and the headers that let its reader stop it."""

from dataclasses import dataclass
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from api.delivery.calendar import as_calendar
from api.delivery.content import Content, Message
from api.links import Purpose, answer_path, token_of, unsubscribe_path
from domain.terms import without_overrides
from infrastructure.mail.addresses import domain_of, with_token
from infrastructure.mail.outgoing import OutgoingMail

TEMPLATES = Environment(
    loader=PackageLoader("api.delivery"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    finalize=without_overrides,
    trim_blocks=True,
    lstrip_blocks=True,
)
REPLIES_TO = "Re: "


@dataclass(frozen=True)
class Letterhead:
    """What all letters of a marketplace have in common."""

    marketplace: str
    postal_address: str
    sender: str
    """The marketplace's mail address."""
    reply_address: str | None
    """Where replies arrive; its local part gets the token of the outreach. None for nowhere."""
    public_url: str
    """Where the candidate's page is, without a slash at the end."""
    link_key: bytes


def mail_of(content: Content, head: Letterhead) -> OutgoingMail:
    """The letter as a mail. The same letter has the same Message-ID, however often it is made."""
    invitation = content.interview.invitation if content.interview else None
    page = head.public_url + answer_path(head.link_key, content.outreach_id)
    stop = head.public_url + unsubscribe_path(head.link_key, content.outreach_id)
    facts = {
        "content": content,
        "head": head,
        "pay": _pay(content.message),
        "place": _place(content.message),
        "page_url": page,
        "stop_url": stop,
        "is_first": content.letter == 1,
        "can_reply": head.reply_address is not None,
    }
    return OutgoingMail(
        message_id=message_id(content.outreach_id, content.letter, head.sender),
        to=content.to.email,
        to_name=content.to.name,
        sender_name=f"{content.sender_name}, {content.company}",
        sender=head.sender,
        reply_to=head.reply_address and reply_address(head, content.outreach_id),
        subject=("" if facts["is_first"] else REPLIES_TO) + content.message.subject,
        text=TEMPLATES.get_template("letter.txt").render(facts),
        html=TEMPLATES.get_template("letter.html").render(facts),
        date=content.written_at,
        unsubscribe_url=stop,
        in_reply_to=content.answers[-1] if content.answers else None,
        references=content.answers,
        calendar=as_calendar(invitation, head.sender, content.to.email) if invitation else None,
        calendar_method=invitation.method if invitation else None,
    )


def organizers_mail(content: Content, head: Letterhead) -> OutgoingMail | None:
    """The invitation for the employer's side, if it named an address for it."""
    interview = content.interview
    if not (interview and interview.invitation and interview.organizer_email):
        return None
    invitation, to = interview.invitation, interview.organizer_email
    text = f"{content.to.name}, {content.position.title}\n\n{invitation.title}\n"
    return OutgoingMail(
        message_id=message_id(content.outreach_id, content.letter, head.sender, "organizer"),
        to=to,
        to_name=interview.organizer_name,
        sender_name=head.marketplace,
        sender=head.sender,
        reply_to=None,
        subject=invitation.title,
        text=text,
        html=TEMPLATES.get_template("organizer.html").render(content=content, text=text),
        date=content.written_at,
        unsubscribe_url=None,
        calendar=as_calendar(invitation, head.sender, to),
        calendar_method=invitation.method,
        headers={"Auto-Submitted": "auto-generated"},
    )


def message_id(outreach_id: UUID, letter: int, sender: str, side: str = "") -> str:
    """The Message-ID of a letter, by which a receiver knows it again; `side` if it is another's.

    >>> message_id(UUID(int=1), 2, "jobs@example.org")
    '<00000000-0000-0000-0000-000000000001.2@example.org>'
    """
    number = f"{letter}.{side}" if side else f"{letter}"
    return f"<{outreach_id}.{number}@{domain_of(sender)}>"


def reply_address(head: Letterhead, outreach_id: UUID) -> str:
    """The address that replies to an outreach are sent to."""
    token = token_of(head.link_key, outreach_id, Purpose.REPLY)
    return with_token(str(head.reply_address), token)


def _pay(message: Message) -> str:
    pay = message.salary
    amounts = [amount for amount in (pay.minimum, pay.maximum) if amount is not None]
    said = " to ".join(f"{amount:,}" for amount in dict.fromkeys(amounts))
    return f"{said} {pay.currency} a {pay.per}"


def _place(message: Message) -> str:
    places = [message.location, "remote" if message.remote else None]
    return ", ".join(place for place in places if place)
