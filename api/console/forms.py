"""What was typed into a form, and what is wrong with it."""

from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api.console.words import words
from api.problems import Problem, Reason, faults_of_the_request, problem_of
from domain.aggregate import Refused
from infrastructure.event_store import VersionMismatch

B = TypeVar("B", bound=BaseModel)

MOST_FIELDS = 200
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

    def __init__(self, fields: Sequence[tuple[str, str]] = ()) -> None:
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
            for group in groups:
                inner = inner.setdefault(group, {})
            if name.endswith("[]"):
                lines = (line.strip() for line in value.splitlines())
                inner.setdefault(last, []).extend(line for line in lines if line)
            else:
                inner[last] = value
        return _without_lone_currencies(body)

    def read(self, kind: type[B]) -> B:
        """The fields as this body of a request. Raises `RequestValidationError`."""
        with faults_of_the_request():
            return kind.model_validate(self.body())


def _without_lone_currencies(body: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_lone_currencies(value) if isinstance(value, dict) else value
        for name, value in body.items()
        if not (isinstance(value, dict) and value.keys() == {"currency"})
    }


class Faults:
    """What is wrong with a form: beside its fields, and above them."""

    def __init__(self, error: Exception) -> None:
        self.problem: Problem = problem_of(error)
        details = self.problem.details
        reasons = details.reasons or [Reason(code="problem", detail=details.detail)]
        self.reasons = [_in_words(reason) for reason in reasons]

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


def _in_words(reason: Reason) -> Reason:
    """A fault that names its field as the page does, and not as the body."""
    name = (reason.field or "").rpartition(".")[2]
    if not name or not reason.detail.startswith(name):
        return reason
    detail = words(str(reason.field)) + reason.detail.removeprefix(name)
    return reason.model_copy(update={"detail": detail})


async def read_form(request: Request) -> Sent:
    """The form that a request sends, which must come from a page of ours.

    Raises:
        Problem: 403 if another site's page sent it, 400 if it cannot be read.
    """
    if request.method != "POST":
        return Sent()
    if not _from_our_own_page(request):
        raise Problem(403, "foreign-form", "This form was not sent from this site; open it here.")
    try:
        form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    except HTTPException as error:
        if error.status_code == 413:
            raise
        raise Problem(400, "bad-form", "The form cannot be read; go back and try again.") from None
    sent = Sent([(n, v) for n, v in form.multi_items() if not isinstance(v, UploadFile)])
    request.state.sent = sent
    return sent


def _from_our_own_page(request: Request) -> bool:
    # Browsers say where a request comes from; what says nothing is no browser, and has no cookie
    # that it did not choose to send.
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
