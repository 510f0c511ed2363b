"""Countries are read by their codes and by the names that people give them."""

import pytest

from infrastructure.cldr.countries import canonical_country, canonical_place, country_code
from infrastructure.cldr.names import english

READ = {
    "GB": "GB gb UK U.K. uk GBR 826 United·Kingdom The·United·Kingdom Great·Britain England "
    "Scotland Vereinigtes·Königreich Royaume-Uni Reino·Unido "
    "United·Kingdom·of·Great·Britain·and·Northern·Ireland 英国 🇬🇧",
    "US": "US USA usa U.S.A. us United·States United·States·of·America the·United·States America "
    "Estados·Unidos États-Unis Etats-Unis Vereinigte·Staaten США アメリカ合衆国",
    "DE": "DE de DEU Germany germany Deutschland DEUTSCHLAND Allemagne Alemania Niemcy "
    "Federal·Republic·of·Germany Germany·(DE) Ｇｅｒｍａｎｙ",
    "NL": "NL Holland Netherlands The·Netherlands Nederland Pays-Bas Kingdom·of·the·Netherlands",
    "KR": "KR Korea South·Korea Republic·of·Korea Korea,·Republic·of Korea·(Republic·of) "
    "대한민국 韓国",
    "KP": "KP North·Korea Korea,·Democratic·People's·Republic·of "
    "Democratic·People’s·Republic·of·Korea",
    "JP": "JP JPN Japan 日本 Japon Японія",
    "CZ": "CZ CZE Czechia Czech·Republic The·Czech·Republic Česko Tschechien",
    "RU": "RU Russia Russian·Federation Россия Russland",
    "TR": "TR Turkey Türkiye Turkiye Türkei",
    "HK": "HK Hong·Kong Hong·Kong·(S.A.R.) 香港",
    "IR": "IR Iran Iran,·Islamic·Republic·of Iran·(Islamic·Republic·of)",
    "GR": "GR EL Greece Griechenland Ελλάδα",
    "CI": "CI Côte·d’Ivoire Cote·d'Ivoire Ivory·Coast",
    "BA": "BA Bosnia·and·Herzegovina Bosnia·&·Herzegovina",
    "KN": "KN St.·Kitts·and·Nevis Saint·Kitts·and·Nevis",
    "CD": "CD Congo,·The·Democratic·Republic·of·the Democratic·Republic·of·the·Congo DRC",
    "CG": "CG Congo Republic·of·the·Congo",
    "IN": "IN IND India भारत Indien",
    "EG": "EG مصر Ägypten",
    "AT": "AT Österreich Osterreich Autriche",
}  # each name with a dot for a space


@pytest.mark.parametrize(
    ("said", "code"),
    [(said.replace("·", " "), code) for code, names in READ.items() for said in names.split()],
)
def test_a_country_is_read(said: str, code: str) -> None:
    assert country_code(said) == code


@pytest.mark.parametrize("code", sorted(english().countries))
def test_every_code_is_read_and_its_english_name_means_it(code: str) -> None:
    assert country_code(code) == code
    assert country_code(canonical_country(code)) == code


@pytest.mark.parametrize("said", ["", "x", "Ulm", "Atlantis", "SU", "ZZ", "999", "-", "9" * 500])
def test_what_is_no_country_stays_as_it_was_said(said: str) -> None:
    assert country_code(said) is None
    assert canonical_country(said) == said


@pytest.mark.parametrize("city", ["Berlin", "Au", "Ii", "Bar", "Mexico City", "Köln", "München"])
def test_a_city_is_not_taken_for_a_country(city: str) -> None:
    assert canonical_place(city) == city
