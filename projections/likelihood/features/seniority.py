"""The seniority that a title names."""

import re
from functools import lru_cache

from projections.likelihood.features.spelling import key

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
def seniority_named(title: str) -> str:
    """The seniority that the words of a title name.

    >>> seniority_named("Senior Data Engineer"), seniority_named("Data Engineer")
    ('senior', 'unknown')
    """
    words = key(title).replace("-", " ")
    return next((name for name, pattern in _SENIORITY_PATTERNS if pattern.search(words)), "unknown")
