"""Languages are read by their tags and by their names in other languages."""

import pytest

from infrastructure.cldr.languages import canonical_language

READ = {
    "German": "de DE de-AT de_CH deu ger Deutsch DEUTSCH German allemand alemán Немецкий ドイツ語",
    "English": "en en-GB en_US.UTF-8 eng Englisch anglais Inglés ingles 英語 "
    "English·(US) British·English",
    "French": "fr fra fre français francais Französisch Frans French·(Canada)",
    "Spanish": "es es-419 Español espanol Castellano Castilian Spanisch",
    "Portuguese": "pt pt-BR Português Brazilian·Portuguese",
    "Chinese": "zh zh-Hant-TW zho cmn Mandarin Mandarin·Chinese 中文 Chinesisch Chinese·(Mandarin)",
    "Norwegian": "no nb nn-NO Norwegian norsk Norwegian·Bokmål",
    "Persian": "fa Farsi Persian فارسی",
    "Greek": "el Greek Griechisch Ελληνικά",
    "Filipino": "fil tl Tagalog Filipino",
    "Japanese": "ja 日本語 Japanisch",
}


@pytest.mark.parametrize(
    ("said", "name"),
    [(said.replace("·", " "), name) for name, all in READ.items() for said in all.split()],
)
def test_a_language_is_read(said: str, name: str) -> None:
    assert canonical_language(said) == name


@pytest.mark.parametrize("said", ["Python", "Elvish!", "", "C++", "x" * 500])
def test_what_is_no_language_stays_as_it_was_said(said: str) -> None:
    assert canonical_language(said) == said
