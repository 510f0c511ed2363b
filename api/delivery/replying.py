"""The mail by which the recipient of a letter replies to it, as a mail program would write it."""

from datetime import datetime
from email.message import EmailMessage

from api.delivery.letter import REPLIES_TO


def reply_mail(letter: EmailMessage, text: str, message_id: str, at: datetime) -> EmailMessage:
    """A reply to a letter, with the letter quoted below it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Date"] = letter["To"], letter["Reply-To"], at
    subject = str(letter["Subject"])
    mail["Subject"] = REPLIES_TO + subject.removeprefix(REPLIES_TO)
    mail["Message-ID"], mail["In-Reply-To"] = message_id, letter["Message-ID"]
    mail["References"] = f"{letter.get('References', '')} {letter['Message-ID']}".strip()
    quoted = "\n".join(f"> {line}" for line in text_of(letter).splitlines())
    mail.set_content(f"{text}\n\nOn {at:%d %B %Y}, {letter['From']} wrote:\n{quoted}\n")
    return mail


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    """What a letter says, as plain text or as HTML; nothing if it does not say it so."""
    part = letter.get_body((kind,))
    return str(part.get_content()) if part else ""
