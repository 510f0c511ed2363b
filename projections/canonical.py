"""Profiles and filters by one name for each thing: as they are kept and shown, and as compared.

What is kept has countries and languages by one name. Only what is compared is read by the
vocabulary of roles, skills and cities too: events and pages have them as people wrote them. Read
models and queries compare earlier events' facts alike. Decision 14 says why.
"""

import re
from collections.abc import Sequence

from domain.filters import Filters
from domain.profile import Facts
from domain.skills import skill_names
from domain.terms import each_once
from infrastructure.cldr.countries import canonical_country, canonical_place
from infrastructure.cldr.languages import canonical_language, language_code
from infrastructure.vocabulary.additions import NONE, Additions
from infrastructure.vocabulary.cities import canonical_city, canonical_places
from infrastructure.vocabulary.roles import canonical_roles, with_broader_roles
from infrastructure.vocabulary.skills import canonical_skills, with_broader_skills

_BETWEEN = re.compile(r"\s*[,;/]\s*")


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


def with_canonical_names(filters: Filters) -> Filters:
    """Filters with countries and languages by their English names, and skills as typed."""
    return filters.model_copy(
        update={
            "locations": each_once(map(canonical_place, filters.locations)),
            "work_authorisation": canonical_countries(filters.work_authorisation),
            "languages": canonical_languages(filters.languages),
            "excluded_locations": each_once(map(canonical_place, filters.excluded_locations)),
            "excluded_languages": canonical_languages(filters.excluded_languages),
        }
    )


def compared_facts(facts: Facts, own: Additions = NONE) -> Facts:
    """Facts as filters compare them: by the vocabulary, with what each role and skill is a kind of.

    >>> facts = compared_facts(Facts(roles=["Developer, back-end"], skills=["T-SQL"], city="Wien"))
    >>> facts.roles, facts.skills, facts.city
    (('Back-end developer', 'Software developer'), ('T-SQL', 'SQL'), 'Vienna')
    """
    read = canonical_facts(facts)
    known = {
        "roles": read.roles and with_broader_roles(canonical_roles(read.roles, own), own),
        "skills": read.skills and compared_skills(read.skills, own),
        "city": read.city and canonical_city(read.city, own),
    }
    return read.model_copy(update={f: v for f, v in known.items() if v is not None})


def compared_skills(said: Sequence[str], own: Additions = NONE) -> tuple[str, ...]:
    """Skills by the vocabulary, with what each is a kind of."""
    return with_broader_skills(canonical_skills(said, own))


def compared_filters(filters: Filters, own: Additions = NONE) -> Filters:
    """Filters as they are compared with `compared_facts`: by the vocabulary.

    >>> filters = compared_filters(Filters(roles=["devops"], required_skills=["ReactJS, Node"]))
    >>> filters.roles, filters.required_skills
    (('DevOps engineer',), ('React', 'Node.js'))
    """
    return with_canonical_names(filters).model_copy(
        update={
            "roles": canonical_roles(filters.roles, own),
            "required_skills": canonical_skills(filters.required_skills, own),
            "nice_to_have_skills": canonical_skills(filters.nice_to_have_skills, own),
            "locations": _places(filters.locations, own),
            "excluded_roles": canonical_roles(filters.excluded_roles, own),
            "excluded_skills": canonical_skills(filters.excluded_skills, own),
            "excluded_locations": _places(filters.excluded_locations, own),
        }
    )


def _places(said: Sequence[str], own: Additions) -> tuple[str, ...]:
    return each_once(place for said_one in said for place in canonical_places(said_one, own))


def canonical_countries(said: tuple[str, ...]) -> tuple[str, ...]:
    """Countries by their English names, each once."""
    return each_once(map(canonical_country, said))


def canonical_languages(said: tuple[str, ...]) -> tuple[str, ...]:
    """Languages by their English names, each once.

    >>> canonical_languages(("Deutsch, en", "Elvish, Dwarvish"))
    ('German', 'English', 'Elvish, Dwarvish')
    """
    return each_once(name for said_one in said for name in _languages(said_one))


def _languages(said: str) -> list[str]:
    """A text of several known languages is taken apart."""
    parts = [part for part in _BETWEEN.split(said) if part]
    names = parts if len(parts) > 1 and all(map(language_code, parts)) else [said]
    return [*map(canonical_language, names)]
