"""Every text that is translated, and the catalogues that hold the translations.

    python -m api.web.messages

brings the catalogues up to date with the code: new texts are added without a translation, and those
that are no longer used are dropped. A further language is a copy of one without its translations.
"""

from enum import StrEnum
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from api.web.words import words
from domain.attributes import AgeBand, Attributes, Disability, Ethnicity, Gender
from domain.likelihood import Band
from domain.outreach_events import Status
from domain.profile import Facts
from infrastructure.languages.translation import CATALOGUES
from projections.likelihood import explanations

ROOT = Path(__file__).parents[2]
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}

CODES: tuple[type[StrEnum], ...] = (Status, Band, Gender, Ethnicity, AgeBand, Disability)
"""Values that pages show as words."""

FIELDS = (*Facts.model_fields, *Attributes.model_fields)
"""Names of fields that pages show as words."""


def messages() -> Catalog:
    """Each text, with the files that use it."""
    found = Catalog(project="Passive Candidate Sourcing", fuzzy=False)
    for folder in ("api", "projections"):
        for path, _, text, *_ in extract_from_dir(ROOT / folder, METHODS, keywords=KEYWORDS):
            found.add(text, locations=[(f"{folder}/{path}", 0)])
    for code in (*FIELDS, *(code for kind in CODES for code in kind)):
        found.add(words(code), auto_comments=["a code or the name of a field"])
    for text in explanations.texts():
        found.add(text, auto_comments=["why somebody is likely to respond"])
    return found


def update(path: Path, used: Catalog) -> None:
    """Bring one catalogue up to date."""
    with path.open("rb") as source:
        catalogue = read_po(source, locale=path.stem)
    catalogue.update(used, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    with path.open("wb") as target:
        write_po(target, catalogue, width=100, include_lineno=False, sort_output=True)


if __name__ == "__main__":
    for each in sorted(CATALOGUES.glob("*.po")):
        update(each, messages())
