"""The vocabulary is sound, knows what the open survey and the demo say, and leaves the rest."""

from collections.abc import Iterator
from importlib.resources import files
from itertools import chain
from typing import Any

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as some

from api.demo import published
from domain.skills import skill_names
from domain.terms import key, spelled
from infrastructure.cldr.countries import country_of_place
from infrastructure.vocabulary.cities import canonical_city, canonical_places, cities
from infrastructure.vocabulary.roles import canonical_roles, roles, with_broader_roles
from infrastructure.vocabulary.skills import (
    canonical_skills,
    skills,
    skills_meant,
    with_broader_skills,
)
from infrastructure.vocabulary.vocabulary import loaded, vocabulary
from tests.support.survey import survey_profiles

FILES = ("skills.toml", "roles.toml", "cities.toml")
DOCUMENTS, _ = survey_profiles()


def synonyms(file: str) -> dict[str, list[str]]:
    data = loaded(file)
    if file != "cities.toml":
        return dict(data["synonyms"])
    tables = [names for names in data.values() if isinstance(names, dict)]
    return {city: also for names in tables for city, also in names.items()}


def names(file: str) -> Iterator[tuple[str, str]]:
    """Every name, with the term that it stands for."""
    data = loaded(file)
    for term, also in synonyms(file).items():
        for name in (term, *also):
            words = data.get("words", {}).items()
            marks = [(f"{{{mark}}}", each) for mark, each in words if f"{{{mark}}}" in name]
            filled = [name.replace(mark, w) for mark, each in marks for w in each] or [name]
            yield from ((one, term) for one in filled)


@pytest.mark.parametrize("file", FILES)
def test_a_file_says_its_version_its_source_and_its_licence(file: str) -> None:
    text = files("infrastructure.vocabulary").joinpath(file).read_text(encoding="utf-8")
    assert "# Source: " in text
    assert "# Licence: CC0-1.0." in text
    assert loaded(file)["version"] >= 1


@pytest.mark.parametrize("file", FILES)
def test_no_name_stands_for_two_terms(file: str) -> None:
    found: dict[str, set[str]] = {}
    for name, term in names(file):
        found.setdefault(spelled(name), set()).add(term)
    assert {name: terms for name, terms in found.items() if len(terms) > 1} == {}


@pytest.mark.parametrize("file", FILES)
def test_synonyms_stand_in_the_form_in_which_names_are_compared(file: str) -> None:
    assert [s for s in chain(*synonyms(file).values()) if key(s) != s] == []


def test_the_loader_refuses_a_name_of_two_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    data: dict[str, Any] = {"version": 1, "synonyms": {"Go": ["golang"], "Golang": []}}
    monkeypatch.setattr("infrastructure.vocabulary.vocabulary.loaded", lambda _file: data)
    with pytest.raises(ValueError, match="Golang"):
        vocabulary("two.toml")


def test_every_term_is_its_own_canonical_form() -> None:
    assert [s for s in synonyms("skills.toml") if canonical_skills([s]) != (s,)] == []
    assert [r for r in synonyms("roles.toml") if canonical_roles([r]) != (r,)] == []
    assert [c for c in synonyms("cities.toml") if canonical_city(c) != c] == []


def test_every_name_of_a_role_and_a_city_leads_to_its_term() -> None:
    assert [(r, t) for r, t in names("roles.toml") if canonical_roles([r]) != (t,)] == []
    assert [(c, t) for c, t in names("cities.toml") if canonical_city(c) != t] == []
    wrong = [(s, t) for s, t in names("skills.toml") if skills_meant(s) != (t,)]
    assert wrong == []


@pytest.mark.parametrize("known", [skills(), roles()], ids=["skills", "roles"])
def test_what_is_broader_is_a_term_and_nothing_is_broader_than_itself(known: Any) -> None:
    terms = set(chain(*known.terms.values()))
    for term, broader in known.broader.items():
        assert {term, *broader} <= terms
        assert term not in broader


def test_cities_lie_in_countries_and_no_city_is_read_as_another_country() -> None:
    assert {code for _, code in cities().values()} <= {*Locale("en").territories}
    for city, code in cities().values():
        assert country_of_place(city) in (None, code), city


# --- What the open survey and the demo say is known


def test_every_skill_and_role_of_the_survey_is_known() -> None:
    said = {skill["name"] for document in DOCUMENTS for skill in document.get("skills", [])}
    named = {role for document in DOCUMENTS for role in document["meta"].get("roles", [])}
    if "Other(s):" in said:  # the real survey, not our five documents
        assert {s for s in skill_names(said - {"Other(s):"}) if not skills_meant(s)} == set()
        unknown = {role for role in named if not {*canonical_roles([role])} & {*roles_known()}}
        assert unknown == set()


def test_every_skill_and_role_of_the_demo_is_known() -> None:
    said = skill_names(chain.from_iterable(published.STACKS.values()))
    assert [s for s in said if not skills_meant(s)] == []
    assert [r for r in published.ROLES if not {*canonical_roles([r])} & {*roles_known()}] == []


def roles_known() -> set[str]:
    return set(chain(*roles().terms.values()))


# --- Roles


@pytest.mark.parametrize(
    "said",
    [
        "Backend developer", "Back-end Developer", "Developer, back-end", "backend engineer",
        "BACK END ENGINEER", "Senior Backend Developer", "Backend-Entwickler (m/w/d)",
        "Backend-Entwickler:in", "Backendentwicklerin", "Lead Back-End Engineer", "back-end",
        "Back-end developer, senior", "Sr. Backend Dev",
    ],
)  # fmt: skip
def test_a_back_end_developer_is_one_however_written(said: str) -> None:
    assert canonical_roles([said]) == ("Back-end developer",)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Backend / Frontend developer", ("Back-end developer", "Front-end developer")),
        ("devops, SRE", ("DevOps engineer", "Site reliability engineer")),
        ("Data or business analyst", ("Data analyst", "Business analyst")),
        ("Cook, junior", ("Cook, junior",)),
        ("Cook, DevOps", ("Cook, DevOps",)),
        ("Senior Golang Engineer", ("Go developer",)),
        ("Java-Entwickler:in (m/w/d)", ("Java developer",)),
        ("Origami developer", ("Origami developer",)),
    ],
)
def test_several_roles_are_taken_apart_if_all_are_known(said: str, meant: tuple[str, ...]) -> None:
    assert canonical_roles([said]) == meant


@pytest.mark.parametrize(
    ("narrow", "broad"),
    [
        ("Developer, back-end", "Software engineer"),
        ("iOS developer", "Mobile developer"),
        ("iOS developer", "Programmer"),
        ("Kotlin developer", "Software developer"),
        ("UX designer", "Designer"),
    ],
)
def test_a_role_is_also_what_it_is_a_kind_of_and_not_the_other_way_round(
    narrow: str, broad: str
) -> None:
    one, other = canonical_roles([narrow]), canonical_roles([broad])
    assert {*other} < {*with_broader_roles(one)}
    assert {*one}.isdisjoint(with_broader_roles(other))


# --- Skills


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("React, ReactJS, React.js", ("React",)),
        ("go, golang, GO LANG", ("Go",)),
        ("Postgres, PostgreSQL, postgre-sql", ("PostgreSQL",)),
        ("Node, NodeJS, node.js, node js", ("Node.js",)),
        ("C#, c sharp, C", ("C#", "C")),
        ("C++17, C 99, C11, Python3", ("C++", "C", "Python")),
        ("Java 8, Angular 2+, Vue 3.x", ("Java", "Angular", "Vue.js")),
        ("S3, EC2, K8s", ("Amazon S3", "Amazon EC2", "Kubernetes")),
        ("Golang Kubernetes", ("Go", "Kubernetes")),
        ("React Native", ("React Native",)),
        ("AWS (EC2, knitting)", ("AWS", "Amazon EC2")),
        ("HTML5/CSS3", ("HTML", "CSS")),
        ("Origami Go", ("Origami Go",)),
        ("R/3", ("R/3",)),
        ("R2D2", ("R2D2",)),
    ],
)  # fmt: skip
def test_a_skill_has_one_name_and_what_is_unknown_keeps_its_own(
    said: str, meant: tuple[str, ...]
) -> None:
    assert canonical_skills([said]) == meant


def test_a_skill_is_also_what_it_is_a_kind_of() -> None:
    assert with_broader_skills(["T-SQL"]) == ("T-SQL", "SQL")
    assert with_broader_skills(["SQL"]) == ("SQL",)


# --- Places


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("München", ("Munich",)),
        ("Muenchen", ("Munich",)),
        ("munchen", ("Munich",)),
        ("NYC", ("New York",)),
        ("New York, NY", ("New York",)),
        ("Köln, Deutschland", ("Cologne",)),
        ("Berlin, DE", ("Berlin",)),
        ("San Francisco, CA", ("San Francisco",)),
        ("Springfield, USA", ("Springfield",)),
        ("Springfield, Vermont", ("Springfield, Vermont",)),
        ("Wien, Zürich", ("Vienna", "Zurich")),
        ("Wien; Bielefeld", ("Vienna", "Bielefeld")),
        ("Deutschland, Austria", ("Germany", "Austria")),
        ("Berlin, Frankreich", ("Berlin", "France")),
        ("Au", ("Au",)),
    ],
)
def test_places_have_one_name_and_a_country_behind_a_city_only_says_where_it_is(
    said: str, meant: tuple[str, ...]
) -> None:
    assert canonical_places(said) == meant


# --- What holds for any text


STORABLE = some.characters(codec="utf-8", exclude_characters="\0")


@given(some.text(STORABLE, min_size=1, max_size=60))
def test_any_text_is_read_and_what_was_read_stays(said: str) -> None:
    for read in (canonical_skills, canonical_roles, lambda each: canonical_places(each[0])):
        once = read([said])
        assert [name for name in once if read([name]) != (name,)] == []


KNOWN_NAMES = some.sampled_from(sorted({*skills().terms, *roles().terms, *cities()}))


@given(
    some.lists(KNOWN_NAMES, min_size=1, max_size=4),
    some.sampled_from([", ", "/", " ", " and ", ","]),
)
def test_any_list_of_known_names_is_read_and_what_was_read_stays(
    each: list[str], between: str
) -> None:
    said = between.join(each)
    for read in (canonical_skills, canonical_roles, lambda said: canonical_places(said[0])):
        assert [name for name in read([said]) if read([name]) != (name,)] == []
