"""The language of a page: which one its reader prefers, and what its texts are called there.

Texts are written in English where they are used, and looked up in the catalogue of the language (a
file `<code>.po` beside this one, GNU gettext). A text without a translation stays English.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).parent
ENGLISH = "en"

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


@cache
def available() -> dict[str, str]:
    """The code of each language, with the name that it has in itself.

    >>> available()["en"], available()["de"]
    ('English', 'Deutsch')
    """
    codes = [ENGLISH, *sorted(path.stem for path in CATALOGUES.glob("*.po"))]
    return {code: (Locale.parse(code).get_display_name(code) or code).title() for code in codes}


def language() -> str:
    """The code of the language that is spoken here."""
    return _language.get()


def locale() -> Locale:
    """How the language writes dates and numbers; English as in Britain, the day first."""
    spoken = _language.get()
    return Locale("en", "GB") if spoken == ENGLISH else Locale.parse(spoken)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language in this context, and in the threads that it starts work in."""
    token = _language.set(code)
    try:
        yield
    finally:
        _language.reset(token)


def preferred(accept_language: str) -> str:
    """The language that a header `Accept-Language` (RFC 9110, 12.5.4) prefers, of those there are.

    >>> preferred("fr-CH, de;q=0.9, en;q=0.8"), preferred("en-GB,de;q=0.5"), preferred("?")
    ('de', 'en', 'en')
    """
    weighed: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        tag, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
            weighed.append((weight, Locale.parse(tag.strip(), sep="-").language))
        except (ValueError, UnknownLocaleError):
            continue
    wanted = [code for weight, code in sorted(weighed, key=lambda one: -one[0]) if weight > 0]
    return negotiate_locale(wanted, available()) or ENGLISH


def gettext(message: str) -> str:
    """A text in the language that is spoken here."""
    return _catalogue(_language.get()).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """A text about so many things in the language that is spoken here.

    >>> ngettext("%(num)d day", "%(num)d days", 1) % {"num": 1}
    '1 day'
    """
    return _catalogue(_language.get()).ngettext(singular, plural, count)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """A text that is translated later, where it is shown: marks it for the catalogues."""
    return message


@cache
def _catalogue(code: str) -> NullTranslations:
    if code == ENGLISH:
        return NullTranslations()
    with (CATALOGUES / f"{code}.po").open("rb") as source:
        catalogue = read_po(source, locale=code)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
