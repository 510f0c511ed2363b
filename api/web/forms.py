"""What was typed into a form, and what is wrong with it."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api.http.problems import Problem, Reason, faults_of_the_request, problem_of
from api.web.words import label
from domain.aggregate import Refused
from infrastructure.event_log.store import VersionMismatch
from infrastructure.languages.translation import N_
from infrastructure.languages.translation import gettext as _

B = TypeVar("B", bound=BaseModel)

WITHOUT_ZONE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")
"""A date and a time as browsers send them."""

MOST_FIELDS = 200
DEEPEST = 4
"""No body of a request has more groups within groups."""

REFUSED = (Refused, RequestValidationError, VersionMismatch, Problem)
"""What comes of a form that is wrong or against the rules: the form again, with the reasons."""


class Sent:
    r"""The fields of a form, each with what was typed.

    A field's name is its path in the body of the API's request for the same command, so that what
    the API says is wrong is shown beside the field. A name that ends in `[]` is a list, typed one a
    line, which browsers end in their own way. An empty field is none, and a currency without an
    amount is no salary.

    >>> fields = [("title", " Cook "), ("filters.roles[]", "Chef\nCook, junior\n")]
    >>> fields += [("salary.minimum", ""), ("salary.currency", "EUR")]
    >>> Sent(fields).body()
    {'title': 'Cook', 'filters': {'roles': ['Chef', 'Cook, junior']}}
    """

    def __init__(
        self, fields: Sequence[tuple[str, str]] = (), decimal_mark: str | None = None
    ) -> None:
        self.decimal_mark = decimal_mark
        self.fields = [(name, value.replace("\r\n", "\n")) for name, value in fields]

    def value(self, name: str) -> str:
        """What was typed into a field, the lines of all fields of that name; empty if nothing."""
        return "\n".join(value for field, value in self.fields if field == name)

    def typed(self) -> list[tuple[str, str]]:
        """The fields that say something, without the console's own.

        >>> Sent([("_key", "1"), ("filters.roles[]", "Chef"), ("note", "")]).typed()
        [('roles', 'Chef')]
        """
        return [
            (name.removesuffix("[]").rpartition(".")[2], value.strip())
            for name, value in self.fields
            if value.strip() and not name.startswith("_")
        ]

    def body(self) -> dict[str, Any]:
        """The fields as the body of a request; those that begin with `_` are the console's own."""
        body: dict[str, Any] = {}
        for name, typed in self.fields:
            value = typed.strip()
            if not value or name.startswith("_"):
                continue
            *groups, last = name.removesuffix("[]").split(".")
            inner = body
            for group in groups[:DEEPEST]:
                inner = _put(inner, group, {})
            if name.endswith("[]"):
                lines = (line.strip() for line in value.splitlines())
                _put(inner, last, []).extend(line for line in lines if line)
            else:
                _put(inner, last, value)
                inner[last] = value
        return _without_lone_currencies(body)

    def version(self) -> int:
        """The version of what the form was made from. Raises a 400 if it is missing."""
        typed = self.value("_version")
        if not (typed.isascii() and typed.isdigit() and len(typed) < 19):
            raise Problem(400, "version-missing", "The form lacks its version; open it again.")
        return int(typed)

    def in_utc(self) -> "Sent":
        """The fields, with moments that name no time zone taken as UTC."""
        fields = [(n, f"{v}Z" if WITHOUT_ZONE.fullmatch(v) else v) for n, v in self.fields]
        return Sent(fields, self.decimal_mark)

    def in_zone(self, zone: str) -> "Sent":
        """The fields, with moments that name no time zone taken as this one's.

        >>> Sent([("starts_at", "2026-05-06T10:00")]).in_zone("Europe/Berlin").fields
        [('starts_at', '2026-05-06T10:00:00+02:00')]
        """
        try:
            there = ZoneInfo(zone)
        except (ValueError, ZoneInfoNotFoundError):
            return self.in_utc()

        def moment(value: str) -> str:
            if not WITHOUT_ZONE.fullmatch(value):
                return value
            try:
                return datetime.fromisoformat(value).replace(tzinfo=there).isoformat()
            except ValueError:
                return value

        fields = [(name, "\n".join(map(moment, value.split("\n")))) for name, value in self.fields]
        return Sent(fields, self.decimal_mark)

    def replaced(self, values: Mapping[str, str]) -> "Sent":
        """The fields, with other values in these.

        >>> Sent([("years_from", "3+"), ("years_to", "9")]).replaced({"years_from": "3"}).fields
        [('years_from', '3'), ('years_to', '9')]
        """
        fields = [(name, values.get(name, value)) for name, value in self.fields]
        return Sent(fields, self.decimal_mark)

    def renamed(self, name: str, new: str) -> "Sent":
        """The fields, of which one stands under another's name in place of that one.

        >>> Sent([("synonym", "k8s"), ("term", "")]).renamed("synonym", "term").fields
        [('term', 'k8s')]
        """
        fields = [(new if n == name else n, value) for n, value in self.fields if n != new]
        return Sent(fields, self.decimal_mark)

    def read(self, kind: type[B]) -> B:
        """The fields as this body of a request. Raises `RequestValidationError`."""
        with faults_of_the_request():
            return kind.model_validate(self.body(), context={"decimal_mark": self.decimal_mark})


def _put(inner: dict[str, Any], name: str, new: Any) -> Any:
    """What a name stands for already, or the new value. Raises a 400 where that is no such thing.

    >>> _put({"title": "Cook"}, "title", {})
    Traceback (most recent call last):
    api.http.problems.Problem: The form names title twice, in two ways; open its page again.
    """
    value = inner.setdefault(name, new)
    if type(value) is not type(new):
        detail = f"The form names {name[:50]} twice, in two ways; open its page again."
        raise Problem(400, "bad-form", detail)
    return value


def _without_lone_currencies(body: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_lone_currencies(value) if isinstance(value, dict) else value
        for name, value in body.items()
        if not (isinstance(value, dict) and value.keys() <= {"currency", "per"})
    }


NOWHERE: Mapping[str, str] = {}


class Faults:
    """What is wrong with a form: beside its fields, and above them."""

    def __init__(self, error: Exception, fields: Mapping[str, str] = NOWHERE) -> None:
        """What an error says; `fields` names the field that a refusal of a code is about."""
        self.problem: Problem = problem_of(error)
        details = self.problem.details
        placed = (
            reason.model_copy(update={"field": reason.field or fields.get(reason.code)})
            for reason in details.reasons
        )
        self.reasons = [*map(in_plain_words, placed)]
        if isinstance(error, VersionMismatch):
            detail = "Somebody changed this since you opened it. Look at it again, then decide."
            self.reasons = [Reason(code="version_mismatch", detail=detail)]
        elif not self.reasons:
            self.reasons = [Reason(code="problem", detail=details.detail)]

    @property
    def status(self) -> int:
        """The status to answer with."""
        return self.problem.details.status

    def beside(self, name: str) -> list[str]:
        """The sentences that belong beside a field."""
        path = name.removesuffix("[]")
        return [
            reason.detail
            for reason in self.reasons
            if reason.field == path or (reason.field or "").startswith(f"{path}.")
        ]


def in_plain_words(reason: Reason) -> Reason:
    """A reason as a page says it: the field by its label, not by its name in the API's body.

    >>> detail = "years_from: Input should be less than or equal to 80"
    >>> reason = Reason(code="less_than_equal", field="filters.years_from", detail=detail)
    >>> in_plain_words(reason).detail
    'Years from: must be at most 80'
    """
    name = (reason.field or "").rpartition(".")[2]
    if not name or not reason.detail.startswith(name):
        return reason
    # An entry of a list is spoken of by the list's name, and found in its field.
    field = ".".join(part for part in str(reason.field).split(".") if not part.isdigit())
    technical = reason.detail.removeprefix(name)
    code = "currency" if name == "currency" and "pattern" in reason.code else reason.code
    limit = re.search(r"\d[\d.]*", technical)
    about = {
        "label": label(re.sub(r"^(filters|facts|contact)\.", "", field)),
        "limit": limit[0] if limit else "",
    }
    said = _(_PLAIN[code]) % about if code in _PLAIN else f"{about['label']}{technical}"
    return Reason(code=reason.code, field=field, detail=said.replace(*_YEARS))


_PLAIN = {
    "missing": N_("%(label)s is missing."),
    "string_too_short": N_("%(label)s is blank; fill it in."),
    "string_too_long": N_("%(label)s: use at most %(limit)s characters"),
    "too_long": N_("%(label)s: name at most %(limit)s of them"),
    "greater_than_equal": N_("%(label)s: must be at least %(limit)s"),
    "less_than_equal": N_("%(label)s: must be at most %(limit)s"),
    "string_pattern_mismatch": N_("%(label)s: leave out what cannot be written, such as a NUL."),
    "currency": N_("%(label)s: write its three letters, such as EUR."),
    "string_type": N_("%(label)s: write one text."),
    "finite_number": N_("%(label)s: write a number, such as 3."),
    "float_parsing": N_("%(label)s: write a number, such as 3."),
    "int_parsing_size": N_("%(label)s: write a smaller number."),
    **dict.fromkeys(
        ("datetime_parsing", "datetime_from_date_parsing"),
        N_("%(label)s: write a moment, such as 2026-03-01 12:00."),
    ),
    **dict.fromkeys(
        ("date_parsing", "date_from_datetime_parsing"),
        N_("%(label)s: write a day, such as 2026-03-01."),
    ),
    **dict.fromkeys(
        ("int_parsing", "int_from_float"),
        N_("%(label)s: write a whole number without commas or spaces, such as 60000."),
    ),
}
"""What is wrong with a field, by pydantic's code."""

_YEARS = ("years_from is above years_to", "this is fewer than the years from")


async def read_form(request: Request) -> Sent:
    """The form that a request sends, which must come from a page of ours.

    Raises:
        Problem: 403 if another site's page sent it, 400 if it cannot be read.
    """
    if request.method == "POST" and not _from_our_own_page(request):
        raise Problem(403, "foreign-form", "This form was not sent from this site; open it here.")
    return await read_any_form(request)


async def read_any_form(request: Request) -> Sent:
    """The form that a request sends, whichever page it comes from. Raises a 400 if it is none."""
    if request.method != "POST":
        return Sent()
    try:
        form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    except HTTPException as error:
        if error.status_code == 413:
            raise
        raise Problem(400, "bad-form", "The form cannot be read; go back and try again.") from None
    fields = [(n, v) for n, v in form.multi_items() if not isinstance(v, UploadFile)]
    sent = Sent(fields, _decimal_mark(request.headers.get("accept-language", "")))
    request.state.sent = sent
    return sent


def _decimal_mark(accept_language: str) -> str | None:
    """The decimal mark of the language that a browser prefers.

    >>> _decimal_mark("de-AT,de;q=0.9,en;q=0.5"), _decimal_mark("en-GB"), _decimal_mark("?")
    (',', '.', None)
    """
    preferred = accept_language.partition(",")[0].partition(";")[0].strip()
    try:
        symbols = Locale.parse(preferred, sep="-").number_symbols["latn"]
        return str(symbols["decimal"])
    except (ValueError, UnknownLocaleError, KeyError):
        return None


def _from_our_own_page(request: Request) -> bool:
    # Browsers say where a request comes from; what says nothing is no browser, and has no cookie
    # that it did not choose to send.
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
