"""What stands below a mail: a signature, a closing, the line that a phone adds."""

import re

_MOBILE = re.compile(
    r"^(?:Sent (?:from|via) .{1,60}|(?:Von|Aus) mein\w+ .{1,40} (?:gesendet|geschickt)\.?|"
    r"Gesendet (?:von|mit|über) .{1,60}|Get Outlook for .{1,60}|Outlook für .{1,60} beziehen.*|"
    r"Holen Sie sich Outlook .{1,60}|Envoyé (?:de|depuis|à partir de) .{1,60}|"
    r"Télécharge[rz] Outlook .{1,60}|Enviado (?:desde|do) .{1,60}|Obtener Outlook .{1,60}|"
    r"Inviato da .{1,60}|Verzonden (?:vanaf|met|via) .{1,60}|Skickat från .{1,60}|"
    r"Sendt fra .{1,60}|Wysłan[eo] z .{1,60}|.{0,20}i(?:Phone|Pad)から送信|发自我的.{1,30}|"
    r"나의 .{1,30}에서 보냄)$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^(?:(?:best|kind|kindest|warm|many)? ?(?:regards|wishes)|sincerely(?: yours)?|cheers|"
    r"(?:mit )?(?:freundliche[nm]?|beste[nm]?|liebe[nm]?|viele[nm]?|herzliche[nm]?|schöne[nm]?) "
    r"gr[uü](?:ß|ss)e?n?|gr[uü](?:ß|ss)e?|mfg|(?:bien )?(?:cordialement|à vous)|"
    r"(?:un )?(?:cordial )?saludos?|atentamente|(?:cordiali|distinti) saluti|"
    r"met vriendelijke groet(?:en)?|med vänlig(?:a)? hälsning(?:ar)?|med venlig hilsen|敬具)"
    r"[\s,.!]*$",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"^P\.? ?P?\.?S\.?\b", re.IGNORECASE)
MOST_SIGNATURE_LINES = 12


def without_signature(part: str) -> str:
    r"""What somebody wrote, without the lines of older mails and without a signature.

    >>> without_signature("> Shall we?\nYes!\n\nBest regards,\nJo")
    'Yes!'
    >>> without_signature("Yes!\n\nBest regards,\nJo\n\nPS: Only in May.")
    'Yes!\n\nBest regards,\nJo\n\nPS: Only in May.'
    """
    lines = [line for line in part.split("\n") if not line.startswith(">")]
    for number, line in enumerate(lines):
        if line == "--" or (number and _CLOSING.match(line) and _is_signature(lines[number + 1 :])):
            lines = lines[:number]
            break
    lines = [line for line in lines if not _MOBILE.match(line)]
    kept = "\n".join(lines).strip(" \n_")
    return re.sub(r"\n{3,}", "\n\n", kept)


def _is_signature(lines: list[str]) -> bool:
    said = [line for line in lines if line]
    return len(said) <= MOST_SIGNATURE_LINES and not any(map(_POSTSCRIPT.match, said))
