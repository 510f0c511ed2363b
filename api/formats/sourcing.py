"""Reads `meta.sourcing` of a document: what a marketplace wants to know beside a JSON Resume."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from api.formats.documents import UNREADABLE, Part, is_blank
from api.formats.pay import amount_of, currency_of, period_of
from domain.money import Salary
from domain.values import Moment

LONGEST_ID = 100

_moment: TypeAdapter[datetime] = TypeAdapter(Moment)


class Sourcing(NamedTuple):
    """What stands under `meta.sourcing`."""

    roles: tuple[str, ...] = ()
    years_experience: float | None = None
    expected_salary: Salary | None = None
    open_to_remote: bool | None = None
    work_authorisation: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    opted_in: bool | None = None
    opted_in_until: datetime | None = None
    signed_up_at: datetime | None = None
    last_active_at: datetime | None = None
    external_id: str | None = None
    candidate_id: UUID | None = None


def sourcing_of(part: Part, as_of: date | None) -> Sourcing:
    """Read it; what lies after the day `as_of` is left out."""
    signed_up_at, last_active_at = (
        _past(part.at(n), as_of) for n in ("signed_up_at", "last_active_at")
    )
    if signed_up_at and last_active_at and last_active_at < signed_up_at:
        part.at("signed_up_at").warn("lies after the last activity; left out")
        signed_up_at = None
    return Sourcing(
        roles=part.texts("roles"),
        years_experience=part.number("years_experience", 80),
        expected_salary=_salary(part.part("expected_salary")),
        open_to_remote=part.flag("open_to_remote"),
        work_authorisation=part.texts("work_authorisation"),
        languages=part.texts("languages"),
        opted_in=part.flag("opted_in"),
        opted_in_until=moment_of(part.at("opted_in_until")),
        signed_up_at=signed_up_at,
        last_active_at=last_active_at,
        external_id=_id(part.at("external_id")),
        candidate_id=_uuid(part.at("candidate_id")),
    )


def moment_of(part: Part) -> datetime | None:
    """A moment, which is text with its time zone: a number might be seconds, or milliseconds."""
    if is_blank(part.content):
        return None
    if isinstance(part.content, str):
        try:
            return _moment.validate_python(part.content.strip())
        except ValidationError:
            pass
    part.leave_out("a moment such as 2024-03-01T10:15:00Z")
    return None


def _past(part: Part, as_of: date | None) -> datetime | None:
    moment = moment_of(part)
    if moment and as_of and moment.date() > as_of:
        part.warn("lies in the future; left out")
        return None
    return moment


def _salary(part: Part) -> Salary | None:
    if not part.content:
        return None
    amount, currency, per = amount_of(part, "amount"), currency_of(part, part), period_of(part)
    if amount is None and is_blank(part.at("amount").content):
        part.at("amount").warn("is missing; the salary is left out")
    if amount is None or currency is None or per is None:
        return None
    return Salary(amount=amount, currency=currency, per=per)


def _id(part: Part) -> str | None:
    # Never cut: a part of an id is another id.
    said = part.content
    if isinstance(said, int) and not isinstance(said, bool):
        said = str(said)
    if is_blank(said):
        return None
    if not isinstance(said, str) or len(said.strip()) > LONGEST_ID or UNREADABLE.search(said):
        part.leave_out(f"an id of at most {LONGEST_ID} characters")
        return None
    return said.strip()


def _uuid(part: Part) -> UUID | None:
    if is_blank(part.content):
        return None
    try:
        return UUID(part.content)
    except (ValueError, TypeError, AttributeError):
        part.leave_out("a UUID")
        return None
