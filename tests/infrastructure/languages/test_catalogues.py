"""The catalogues of translations: each has every text, with the same places to fill in."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from api.web.messages import messages
from infrastructure.languages.translation import CATALOGUES

PATHS = sorted(CATALOGUES.glob("*.po"))
TO_FILL_IN = re.compile(r"%\(\w+\)[sd]|<[^>]*>")

in_each_language = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def texts_of(path: Path) -> dict[tuple[str, ...], Message]:
    with path.open("rb") as source:
        catalogue = read_po(source, locale=path.stem)
    return {forms(text.id): text for text in catalogue if text.id}


def forms(text: str | Iterable[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def test_there_is_german() -> None:
    assert "de" in [path.stem for path in PATHS]


@in_each_language
def test_a_catalogue_has_the_texts_that_are_used_and_no_others(path: Path) -> None:
    used = {forms(text.id) for text in messages() if text.id}
    assert texts_of(path).keys() == used, "bring it up to date: python -m api.web.messages"


@in_each_language
def test_every_text_is_translated(path: Path) -> None:
    missing = [
        id
        for id, text in texts_of(path).items()
        if text.fuzzy or not all(forms(text.string) or [""])
    ]
    assert not missing


@in_each_language
def test_a_translation_has_the_places_to_fill_in_and_the_tags_of_the_text(path: Path) -> None:
    for id, text in texts_of(path).items():
        expected = sorted(TO_FILL_IN.findall(id[-1]))
        for form in forms(text.string):
            assert sorted(TO_FILL_IN.findall(form)) == expected, form
