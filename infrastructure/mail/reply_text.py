"""What somebody wrote in a reply, without what they quote and without their signature.

When in doubt, a text stays: a quotation too many does less harm than an answer lost.
"""

import re
from functools import cache

from html_text import extract_text
from html_text.html_text import parse_html
from mailparser_reply.constants import MAIL_LANGUAGES

from infrastructure.mail.signatures import without_signature

LONGEST_TEXT = 30_000
LONGEST_HEADER = 200

_WROTE = r"(?:wrote|schrieb\b.*|a écrit|escribió|escreveu|ha scritto|schreef|skrev\b.*|.*>)"
# Clients break the line above a quotation where it is long.
_BROKEN = re.compile(
    rf"^((?:On|Am|Le|El|Em|Il|Op|Den|\d{{4}})\b.{{5,100}})\n(?!>)(.{{0,100}}{_WROTE} ?[:：])$",
    re.MULTILINE,
)
_MORE_HEADERS = (
    r"^\d{4}年\d{1,2}月\d{1,2}日.{0,120}(?:>|のメール|写道)[:：]$",
    r"^\d{4}/\d{1,2}/\d{1,2}.{0,120}(?:のメール|は書きました|wrote)[:：]$",
    r"^Em .{5,150} escreveu ?:$",
    r"^El .{5,150} escribió ?:$",
    r"^Am .{5,150} schrieb ?:$",
    r"^(?:(?:差出人|送信者|送信日時|日時|宛先|件名|CC) ?[:：].*\n?){3,}",
    r"^(?:(?:发件人|发送时间|收件人|主题|抄送) ?[:：].*\n?){3,}",
    r"^(?:(?:De|Envoyé|Date|À|Objet|Cc) ?:.*\n?){3,}",
    (
        r"^-{2,} ?(?:Original Message|Ursprüngliche Nachricht|Original-?Nachricht|"
        r"Message d.origine|Mensaje original|Messaggio originale|Oorspronkelijk bericht|"
        r"Forwarded message|Weitergeleitete Nachricht|元のメッセージ|原始邮件|转发的邮件) ?-{2,}$"
    ),
)


def html_as_text(html: str) -> str:
    r"""The text of a mail that has only HTML, with its quotations marked.

    >>> html_as_text("<p>Yes!</p><blockquote type='cite'>Shall we talk?</blockquote>")
    'Yes!\n\n> …'
    """
    tree = parse_html(html)
    for quotation in tree.xpath(
        "//blockquote[@type='cite' or contains(@class, 'quote') or contains(@class, 'cite')]"
    ):
        quotation.clear(keep_tail=True)
        quotation.text = "> …"
    for signature in tree.xpath("//*[contains(@class, '_signature') or @class='moz-signature']"):
        signature.clear(keep_tail=True)
    return str(extract_text(tree))


def newly_written(text: str) -> str:
    r"""What is new in a reply's text.

    >>> newly_written("Yes!\n\nOn Mon, 5 Jan 2026 at 10:00, Robin <r@x.org> wrote:\n> Shall we?")
    'Yes!'
    """
    text = _BROKEN.sub(r"\1 \2", _prepared(text))
    parts, position = [], 0
    for found in _headers().finditer(_with_short_lines(text)):
        if found.start() < position or found[0].lstrip().startswith(">"):
            continue
        parts.append(text[position : found.start()])
        position = found.end()
        if not text[position:].lstrip(": \n").startswith(">"):
            # Without marks, all that follows is the older mail.
            position = len(text)
            break
    parts.append(text[position:])
    written = [without_signature(part) for part in parts]
    return "\n\n".join(part for part in written if part) or text.strip()


def _prepared(text: str) -> str:
    text = text[:LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return "\n".join(line.strip() for line in text.split("\n"))


def _with_short_lines(text: str) -> str:
    """A text of the same length whose long lines match nothing, which would take long to find."""
    lines = text.split("\n")
    return "\n".join(x if len(x) <= LONGEST_HEADER else "·" * len(x) for x in lines)


@cache
def _headers() -> re.Pattern[str]:
    """The lines above older mails, in the library's languages and some more."""
    known = [
        # Three lines at least: people also write "From: 9:00" and "To: 17:00".
        pattern.replace("{2,}(?:\\n.*)", "{3,}(?:\\n.*)").replace("{1,}(?:\\n.*)", "{3,}(?:\\n.*)")
        for language in MAIL_LANGUAGES.values()
        for kind, pattern in language.items()
        if kind in {"wrote_header", "from_header"}
    ]
    return re.compile("|".join([*_MORE_HEADERS, *known]), re.MULTILINE | re.IGNORECASE)
