"""Profiles and filters in the form in which they are compared: one name for each thing.

Read models and queries put both into this form, so that what earlier events hold is found as well.
Decision 14 says why.
"""

from domain.filters import Filters
from domain.profile import Facts
from domain.skills import skill_names
from domain.terms import key
from infrastructure.cldr.countries import canonical_country, canonical_place
from infrastructure.cldr.languages import canonical_language


def canonical_facts(facts: Facts) -> Facts:
    """Facts with countries and languages by their English names, and skills one by one.

    >>> facts = canonical_facts(Facts(country="GB", languages=["Englisch"], skills=["C/C++"]))
    >>> facts.country, facts.languages, facts.skills
    ('United Kingdom', ('English',), ('C', 'C++'))
    """
    known = {
        "country": facts.country and canonical_country(facts.country),
        "work_authorisation": facts.work_authorisation
        and canonical_countries(facts.work_authorisation),
        "languages": facts.languages and canonical_languages(facts.languages),
        "skills": None if facts.skills is None else skill_names(facts.skills),
    }
    return facts.model_copy(update={f: v for f, v in known.items() if v is not None})


def canonical_filters(filters: Filters) -> Filters:
    """Filters with countries and languages by their English names, and skills one by one."""
    return with_canonical_names(filters).model_copy(
        update={
            "required_skills": skill_names(filters.required_skills),
            "nice_to_have_skills": skill_names(filters.nice_to_have_skills),
        }
    )


def with_canonical_names(filters: Filters) -> Filters:
    """Filters with countries and languages by their English names, and skills as typed."""
    return filters.model_copy(
        update={
            "locations": _each_once(tuple(map(canonical_place, filters.locations))),
            "work_authorisation": canonical_countries(filters.work_authorisation),
            "languages": canonical_languages(filters.languages),
        }
    )


def canonical_countries(said: tuple[str, ...]) -> tuple[str, ...]:
    """Countries by their English names, each once."""
    return _each_once(tuple(map(canonical_country, said)))


def canonical_languages(said: tuple[str, ...]) -> tuple[str, ...]:
    """Languages by their English names, each once."""
    return _each_once(tuple(map(canonical_language, said)))


def _each_once(terms: tuple[str, ...]) -> tuple[str, ...]:
    return tuple({key(term): term for term in reversed(terms)}.values())[::-1]
