"""What people type as a skill, taken apart into skills."""

import re
from collections.abc import Iterable
from functools import lru_cache

from domain.terms import each_once, key

MOST_SKILLS = 200

WITH_A_SLASH = {
    "a/b testing", "a/b tests", "as/400", "ci/cd", "gnu/linux", "i/o", "n/a", "os/2", "os/390",
    "pl/i", "pl/sql", "r/3", "s/4hana", "s/4 hana", "tcp/ip", "z/os",
}  # fmt: skip
"""One skill although there is a slash in it, as `key` has it."""

_NOTHING = {"etc", "etc.", "usw", "usw.", "and more", "und mehr", "n/a", "none", "-", "...", "…"}

_BETWEEN = re.compile(
    r"[;；•·|、，\n\r\t]"
    r"|(?<!\d),|,(?!\d)"  # a comma, but not that of a number
)
_SLASH = re.compile(r"(?<!/)[/／](?!/)")
_WHOLE = re.compile(
    r"(?<!\w)(?:{})(?!\w)".format("|".join(map(re.escape, sorted(WITH_A_SLASH)))).replace(
        "/", r"\s?/\s?"
    ),
    re.IGNORECASE,
)
_AND_SO_ON = re.compile(r"[\s,]+(?:etc|usw|and more)\b[.…]*$", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")


def skill_names(said: Iterable[str]) -> tuple[str, ...]:
    """Skills as people name them, one by one, each once, the first `MOST_SKILLS` of them.

    What is typed is split at commas, semicolons, bars, bullets and line ends outside parentheses,
    and at slashes between words; `WITH_A_SLASH` are whole.

    >>> skill_names(["HTML5, HTML", "C/C++", ".NET", "TCP/IP", "AWS (EC2, S3), etc.", "R"])
    ('HTML5', 'HTML', 'C', 'C++', '.NET', 'TCP/IP', 'AWS (EC2, S3)', 'R')
    """
    return each_once(name for text in said for name in _names(text))[:MOST_SKILLS]


@lru_cache(maxsize=16_384)
def _names(text: str) -> tuple[str, ...]:
    each = (name for part in _parts(text) for name in _words(part))
    return tuple(name for name in each if (plain := key(name)) and plain not in _NOTHING)


def _parts(text: str) -> Iterable[str]:
    """A text at its separators outside parentheses."""
    begin = depth = 0
    for place, character in enumerate(text):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth = max(0, depth - 1)
        elif depth == 0 and _BETWEEN.match(text, place):
            yield text[begin:place]
            begin = place + 1
    yield text[begin:]


def _words(part: str) -> list[str]:
    name = _AND_SO_ON.sub("", " ".join(part.split()).strip("•·*& "))
    masked = _WHOLE.sub(lambda whole: whole[0].replace("/", "\0"), name)
    pieces = [piece.strip().replace("\0", "/") for piece in _SLASH.split(masked)]
    if "://" in name or "(" in name or not all(map(_LETTER.search, pieces)):
        return [name]
    return pieces
