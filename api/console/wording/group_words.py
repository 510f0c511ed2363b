"""What self-reported groups are called, with the capitals of proper names."""

import re

PROPER = (
    "African American", "Alaska Native", "American", "Asian", "Black", "Hispanic", "Latino",
    "Native", "Hawaiian", "Pacific Islander", "White",
)  # fmt: skip


def group_name(name: str) -> str:
    """A group in words; of an intersection, both.

    >>> group_name("black_or_african_american"), group_name("woman, hispanic_or_latino")
    ('Black or African American', 'Woman, Hispanic or Latino')
    >>> group_name("native_hawaiian_or_pacific_islander"), group_name("60_or_over")
    ('Native Hawaiian or Pacific Islander', '60 or over')
    """
    said = name.replace("_", " ")
    for proper in PROPER:
        said = re.sub(rf"\b{proper}\b", proper, said, flags=re.IGNORECASE)
    return said[:1].upper() + said[1:]


FILTERS = {"group_name": group_name}
"""The filters' names in templates."""
