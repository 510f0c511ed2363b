"""The kinds of work that are distinguished by the words of a role."""

import re
from functools import lru_cache

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
OTHER, UNKNOWN = "other", "unknown"

KINDS_OF_WORK = (*_ROLE_WORDS, OTHER, UNKNOWN)


@lru_cache(maxsize=4096)
def kind_of_work(role: str) -> str:
    """The kind of work of a role: the first whose words occur in it.

    >>> kind_of_work("Developer, full-stack"), kind_of_work("Data Engineer"), kind_of_work("Baker")
    ('full-stack', 'data-engineering', 'other')
    """
    words = " ".join(role.split()).casefold().replace("-", " ")
    return next((name for name, pattern in _ROLE_PATTERNS if pattern.search(words)), OTHER)
