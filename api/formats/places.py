"""Reads where somebody lives: a city and a country, however an address is written."""

from collections.abc import Mapping

from api.formats.documents import Part, is_blank
from domain.terms import search_key
from infrastructure.cldr.countries import canonical_country, country_code

_STATES_WORDS = """
AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ
NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AB BC MB NB NL NS NT NU ON
PE QC SK YT
"""
STATES = frozenset(_STATES_WORDS.split())
"""Codes behind a city that are states or provinces in North America, whatever else they are."""

CITIES = ("DJ", "GI", "GT", "HK", "KW", "LU", "MC", "MO", "PA", "SG", "SM", "VA")
"""Countries that have a city of their name."""

GEORGIA = "GE"
"""Behind a city it is as likely the state."""


def place_of(location: Part) -> tuple[str | None, str | None]:
    """The city and the country of a location, which is an object or a line of text."""
    if isinstance(location.content, list | tuple):
        first = next((item for item in location.content if not is_blank(item)), None)
        location = Part(first, location.path, location.warnings)
    if isinstance(location.content, str):
        return _of_line(location.as_text())
    if not isinstance(location.content, Mapping):
        if not is_blank(location.content):
            location.leave_out("a place")
        return None, None
    said = [name for f in ("country", "countryCode") if (name := location.text(f))]
    read = next((name for name in said if country_code(name)), said[0] if said else None)
    country = read and canonical_country(read)
    city, behind_city = _of_line(location.text("city", "locality"), is_city=True)
    if city and country:
        return city, country
    line = " ".join((location.paragraphs("address") or "").replace("\n", ", ").split())
    _, behind_address = _of_line(line)
    return city, country or behind_city or behind_address


def _of_line(line: str | None, *, is_city: bool = False) -> tuple[str | None, str | None]:
    """A city and a country, of a line that may have both.

    >>> _of_line("Berlin, Germany"), _of_line("San Francisco, CA"), _of_line("London, UK")
    (('Berlin', 'Germany'), ('San Francisco, CA', None), ('London', 'United Kingdom'))
    """
    if not line or search_key(line) == "remote":
        return None, None
    city, comma, last = line.rpartition(",")
    said, code = last.strip(), country_code(last.strip())
    may_be_a_state = said.upper() in STATES or code == GEORGIA
    if not code or (comma and may_be_a_state) or (is_city and not comma):
        return line, None
    if comma:
        return _of_line(city.strip(" ,"), is_city=True)[0], canonical_country(said)
    return (line if code in CITIES else None), canonical_country(said)
