"""Reads languages: BCP 47 tags, and names in many languages."""

from functools import lru_cache

from babel.core import get_global

from infrastructure.cldr.names import english, names, spelled

EVERYDAY = {
    "ar": "modern standard arabic|standard arabic",
    "de": "hochdeutsch|standard german",
    "el": "modern greek",
    "es": "castilian|castellano",
    "fa": "farsi|dari",
    "fil": "tagalog|pilipino",
    "he": "ivrit",
    "hr": "hrvatski",
    "id": "bahasa indonesia|bahasa",
    "ms": "bahasa melayu|bahasa malaysia",
    "nl": "flemish",
    "no": "norwegian bokmal|norwegian nynorsk|bokmal|nynorsk",
    "pt": "brazilian",
    "zh": "mandarin|mandarin chinese|chinese mandarin|putonghua|中文|汉语|漢語|普通话|國語",
}
"""What CLDR does not have, or has as another language than people mean."""

_EVERYDAY = {spelled(name): code for code, said in EVERYDAY.items() for name in said.split("|")}

_MACRO = {"nb": "no", "nn": "no"}
"""Languages that are asked for by the name of both."""

MOST_LENGTH = 60


@lru_cache(maxsize=16_384)
def language_code(said: str) -> str | None:
    """The language's subtag of BCP 47, given a tag or a name. None if unknown.

    >>> [language_code(said) for said in ("de-AT", "Deutsch", "français", "English (US)", "Hi!")]
    ['de', 'de', 'fr', 'en', None]
    """
    if not said or len(said) > MOST_LENGTH:
        return None
    name = spelled(said)
    code = _EVERYDAY.get(name) or names().languages.get(name) or _by_tag(name)
    base = code.split("_")[0] if code else None
    if base is None and "(" in name:
        return language_code(name.partition("(")[0])
    return _MACRO.get(base, base) if base else None


def canonical_language(said: str) -> str:
    """A language by its English name, whatever its dialect; as it was said if it is none.

    >>> canonical_language("Englisch"), canonical_language("pt-BR"), canonical_language("Elvish")
    ('English', 'Portuguese', 'Elvish')
    """
    code = language_code(said)
    return english().languages.get(code, said) if code else said


def _by_tag(name: str) -> str | None:
    base = name.replace("_", "-").split("-")[0]
    if not (base.isascii() and base.isalpha() and 2 <= len(base) <= 3):
        return None
    now: str = get_global("language_aliases").get(base, base)
    return now if now.split("_", maxsplit=1)[0] in english().languages else None
