"""The candidate's pages in the language of their reader."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.pofile import write_po

from api.web.messages import messages
from infrastructure.languages import translation
from tests.support.client import done
from tests.support.letter_links import PAGES, Holder

MADE_UP = "eo"
"""A language whose every text is the English one in brackets, so that whatever stands outside of
them was not translated."""

SHOWN = {"title", "aria-label", "alt", "placeholder"}


class Texts(HTMLParser):
    """What a page says, apart from names of languages, which are not translated."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.said += [value for name, value in attrs if name in SHOWN and value]


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    catalogue = messages()
    catalogue.locale = MADE_UP
    for text in catalogue:
        if text.id:
            forms = text.id if isinstance(text.id, tuple) else (text.id,)
            bracketed = tuple(f"⟦{form}⟧" for form in forms)
            text.string = bracketed if isinstance(text.id, tuple) else bracketed[0]
    with (tmp_path / f"{MADE_UP}.po").open("wb") as target:
        write_po(target, catalogue)
    monkeypatch.setattr(translation, "CATALOGUES", tmp_path)
    translation.available.cache_clear()
    yield
    translation.available.cache_clear()


def ask(ada: Holder, page: str = "", **headers: str) -> str:
    answer = ada.stage.http.get(f"{ada.link}{page}", headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_a_page_speaks_the_language_that_the_browser_prefers(ada: Holder) -> None:
    page = ask(ada, **{"Accept-Language": "fr, de-CH;q=0.8, en;q=0.5"})
    assert '<html lang="de">' in page
    assert "Ich bin interessiert" in page


def test_it_speaks_english_to_those_whose_language_it_does_not_speak(ada: Holder) -> None:
    assert "I am interested" in ask(ada, **{"Accept-Language": "fr"})


def test_a_chosen_language_is_remembered(ada: Holder) -> None:
    ask(ada, "?language=de")
    assert "Ich bin interessiert" in ask(ada, **{"Accept-Language": "en"})
    ada.stage.http.cookies.clear()


def test_dates_and_numbers_are_written_as_the_language_does(ada: Holder) -> None:
    page = ask(ada, "?language=de")
    ada.stage.http.cookies.clear()
    assert "EUR 65.000 bis 85.000 im Jahr" in page


@pytest.mark.parametrize("page", ["", *PAGES])
@pytest.mark.usefixtures("made_up")
def test_every_text_of_a_page_is_translated(ada: Holder, page: str) -> None:
    recruiter = ada.scene.recruiter
    at = ada.stage.reached()
    employer = done(recruiter.get(f"/employers/{ada.scene.employer_id}", after=at))
    position = done(recruiter.get(f"/positions/{ada.position}", after=at))
    data = ask(ada, "/data/events.json") + ask(ada, "/data/resume.json") + f"{employer} {position}"
    names = [
        "UTC",
        *translation.available().values(),
        *Locale(MADE_UP).months["format"]["wide"].values(),
    ]
    html = ask(ada, f"{page}?language={MADE_UP}&after={at}")
    ada.stage.http.cookies.clear()
    said, before = "\n".join(Texts(html).said), ""
    while said != before:
        said, before = re.sub("⟦[^⟦⟧]*⟧", "", said), said
    outside = re.findall(r"[^\W\d_]{2,}", said)
    assert not [word for word in outside if word not in data and word not in names]


def test_what_is_wrong_with_a_form_is_said_in_the_language_of_its_page(ada: Holder) -> None:
    answer = ada.post("/reply", {"message": ""}, **{"Accept-Language": "de"})
    assert answer.status_code == 422
    assert "Nachricht fehlt." in answer.text
