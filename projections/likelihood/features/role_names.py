"""The kinds of work that the model distinguishes, and the seniority that a title names."""

import re
from functools import lru_cache

from projections.likelihood.features.spelling import key

_ROLE_WORDS = {
    "full-stack": "full ?stack",
    "front-end": "front ?end",
    "back-end": "back ?end",
    "mobile": r"mobile|android|ios\b",
    "game": "game",
    "embedded": "embedded|firmware",
    "desktop": "desktop",
    "quality": r"qa\b|quality|test",
    "data-science": r"data scien|machine learning|ml\b",
    "data-engineering": r"data engineer|engineer, data|etl\b",
    "analysis": "analyst|analytics",
    "database": r"database|dba\b",
    "reliability": r"site reliability|sre\b",
    "devops": "devops|platform engineer|cloud|infrastructure",
    "administration": "systems? admin|network",
    "security": "security",
    "design": r"design|ux\b|ui\b",
    "product": "product manager|product owner",
    "executive": r"executive|vp\b|cto\b|chief|director|head of",
    "management": "manager|team lead",
    "research": "research|scientist",
    "education": r"educator|teacher|lecturer|student|intern\b",
    "sales": "sales|marketing",
    "software": "software|developer|programmer|engineer",
}
_ROLE_PATTERNS = [(name, re.compile(rf"\b(?:{words})")) for name, words in _ROLE_WORDS.items()]
ROLES = (*_ROLE_WORDS, "other", "unknown")

_SENIORITY_PATTERNS = [
    (name, re.compile(rf"\b(?:{words})\b"))
    for name, words in {
        "principal": "principal|staff|lead|head|director|chief|vp|cto",
        "senior": r"senior|sr",
        "junior": r"junior|jr|graduate|entry|trainee|intern",
        "middle": "middle|mid|intermediate",
    }.items()
]


@lru_cache(maxsize=4096)
def role_family(role: str) -> str:
    """The kind of work of a role: the first whose words occur in it.

    >>> role_family("Developer, full-stack"), role_family("Data Engineer"), role_family("Baker")
    ('full-stack', 'data-engineering', 'other')
    """
    words = key(role).replace("-", " ")
    return next((name for name, pattern in _ROLE_PATTERNS if pattern.search(words)), "other")


@lru_cache(maxsize=4096)
def seniority_named(title: str) -> str:
    """The seniority that the words of a title name.

    >>> seniority_named("Senior Data Engineer"), seniority_named("Data Engineer")
    ('senior', 'unknown')
    """
    words = key(title).replace("-", " ")
    return next((name for name, pattern in _SENIORITY_PATTERNS if pattern.search(words)), "unknown")
