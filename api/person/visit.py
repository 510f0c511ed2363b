"""A visit by a signed link: which outreach it names, whose it is, and whether it still leads on."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.http.access import LogPosition, RateLimit, enter
from api.http.caller import Caller, CommandResult
from api.http.problems import Problem
from api.links import Purpose, link_key, outreach_of
from api.marketplace import now
from api.person.rendering import FOLDERS, STALE_FORM, form_key, rendered, to_the_person
from api.web.forms import Faults, Sent, read_any_form
from api.web.once import once
from api.web.rendering import address
from domain.actor import Actor, Role
from domain.candidate import Candidate
from domain.candidate_events import MERGES, CandidateErased
from domain.command import Command, NotFound
from domain.merging import person
from domain.outreach import Outreach
from domain.outreach_events import Status
from infrastructure.event_log.store import EventStore, UnitOfWork
from infrastructure.languages.translation import N_

LINK_RATE = "60/minute"
"""Most requests by one link."""

CLOSED = (Status.WITHDRAWN, Status.UNDONE, Status.UNDELIVERED, Status.EXPIRED)


@dataclass(frozen=True)
class Visit:
    """A request for a page of a link: for whom it speaks, and what was sent."""

    request: Request
    caller: Caller
    sent: Sent
    link: str
    outreach: Outreach
    person: Candidate

    @property
    def employer_id(self) -> UUID:
        """Whose outreach it is."""
        employer_id: UUID = self.outreach.about["employer_id"]
        return employer_id

    @property
    def csrf(self) -> str:
        """What a form of this page must bring along."""
        return form_key(link_key(self.caller.marketplace.settings), self.link)

    def run(self, command: type[Command], **asked: Any) -> CommandResult:
        """Execute a command for the candidate, once for each form however often it is sent."""
        return once(lambda: self.caller.run(command, **asked))

    def page(self, template: str, faults: Faults | None = None, **shown: Any) -> Response:
        """A page; perhaps with what is wrong with its form."""
        status = faults.status if faults else 200
        about = {"link": self.link, "csrf": self.csrf, "outreach": self.outreach}
        standing = self.person.standing()
        person = {"person": self.person, "opted_in": standing.agrees_at(self.caller.at)}
        person |= {"opted_in_until": standing.consent_until}
        return rendered(
            self.request, template, status, **{"faults": faults, **about, **person, **shown}
        )

    def again(self, template: str, error: Exception, **shown: Any) -> Response:
        """The page of a form that was refused, with what was typed and what is wrong with it."""
        faults = Faults(error)
        faults.reasons = [*map(to_the_person, faults.reasons)]
        return self.page(template, faults, sent=self.sent, **shown)

    def done(self, result: CommandResult, notice: str, page: str = "") -> Response:
        """Go on to a page of the link once a form is done, which says what it did."""
        return self.go(page, after=result.log_position, notice=notice)

    def go(self, page: str, *, notice: str, after: int | None = None) -> Response:
        """Go on to a page of the link, which shows a notice."""
        return RedirectResponse(address(f"{self.link}{page}", after=after, notice=notice), 303)


def visiting(purpose: Purpose, *, keyed: bool = True) -> Callable[..., Visit]:
    """A dependency that admits who comes by a link for this purpose.

    A `keyed` form must bring what its page was given, and an idempotency key, so that sending it
    twice does it once.
    """

    def visit(
        request: Request,
        response: Response,
        token: Annotated[str, Path()],
        sent: Annotated[Sent, Depends(read_any_form)],
        after: Annotated[LogPosition | None, Query()] = None,
    ) -> Visit:
        key = link_key(request.app.state.marketplace.settings)
        id = outreach_of(key, token, purpose)
        if id is None:
            raise _nothing_here()
        rate_limit: RateLimit = request.app.state.link_rate_limit
        rate_limit.check(f"{purpose}/{id}")
        outreach, candidate = _found(request.app.state.marketplace.store, id)
        if purpose is Purpose.ANSWER:
            _check_open(outreach, now())
        link = next(f"{folder}{token}" for folder, of in FOLDERS.items() if of is purpose)
        once = _key(sent, form_key(key, link)) if keyed and request.method == "POST" else None
        actor = Actor(id=str(candidate.id), role=Role.CANDIDATE)
        caller = enter(
            request, response, actor, (Role.CANDIDATE,), idempotency_key=once, after=after
        )
        return Visit(request, caller, sent, link, outreach, candidate)

    return visit


def _found(store: EventStore, id: UUID) -> tuple[Outreach, Candidate]:
    """The outreach and its candidate. Raises a 404 if there is none, or they were erased."""
    work = UnitOfWork(store)
    try:
        outreach = work.get(Outreach, id)
        needed = (CandidateErased, *MERGES)
        candidate = person(work, outreach.about["candidate_id"], needed)
    except NotFound:
        raise _nothing_here() from None
    if candidate.erased:
        raise _nothing_here()
    return outreach, candidate


def _key(sent: Sent, expected: str) -> str:
    """The idempotency key of a form that comes from the link's own page."""
    if not hmac.compare_digest(sent.value("_csrf").encode(), expected.encode()):
        raise Problem(403, STALE_FORM, N_("The form is not from this page; send it again."))
    key = sent.value("_key")[:200]
    if not (key and key.isprintable()):
        raise Problem(403, STALE_FORM, N_("The form lacks its key; send it again."))
    return key


def _check_open(outreach: Outreach, at: datetime) -> None:
    """Raise a 410 if the outreach is over without an answer."""
    waits, until = outreach.status is Status.AWAITING_ANSWER, outreach.answer_until
    if outreach.status in CLOSED or (waits and until and at >= until):
        raise Problem(410, "link-closed", N_("This message can no longer be answered."))


def _nothing_here() -> Problem:
    return Problem(404, "not-found", N_("This link leads nowhere; check that it is complete."))


ByLetter = Annotated[Visit, Depends(visiting(Purpose.ANSWER))]
"""Who comes by the link to the page of one outreach."""

Unsubscribing = Annotated[Visit, Depends(visiting(Purpose.UNSUBSCRIBE))]
OneClick = Annotated[Visit, Depends(visiting(Purpose.UNSUBSCRIBE, keyed=False))]
"""A mail program's request (RFC 8058), or the button that sends the same."""
