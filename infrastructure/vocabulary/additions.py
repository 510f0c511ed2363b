"""What a marketplace adds to the vocabulary: other names of its terms, and terms of its own."""

from typing import NamedTuple

Names = frozenset[tuple[str, str]]
"""Names, each with the term that it stands for; a term of one's own stands for itself."""


class Additions(NamedTuple):
    """Names that the vocabulary's files do not have. Where they do, the files count."""

    roles: Names = frozenset()
    skills: Names = frozenset()
    places: Names = frozenset()


NONE = Additions()
