"""Makes the candidate's pages of templates."""

import hmac
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from api.http.problems import Problem, Reason
from api.links import Purpose, link_key, outreach_of
from api.web import rendering
from api.web.forms import Sent, in_plain_words
from api.web.words import PERIOD_WORDS
from domain.candidate import CandidateAlreadyOptedIn, EmployerAlreadyBlocked
from domain.contact_gate import CONTACT_WINDOW, CONTACTS_ALLOWED, MOST_CONTACTS
from domain.outreach_events import DeclineReason
from domain.outreach_refusals import (
    AlreadyAnswered,
    AlreadyWithdrawn,
    NoInterview,
    OutreachHasExpired,
    TimeNotOffered,
)
from domain.sources import NothingNewer
from infrastructure.languages.translation import N_, available, language
from infrastructure.languages.translation import gettext as _

HERE = Path(__file__).parent

HEADERS = rendering.HEADERS | {
    # Without scripts, and without a word to others about the address, which is the key to the page.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}

FOLDERS = {"/p/": Purpose.ANSWER, "/u/": Purpose.UNSUBSCRIBE}
"""Where the pages of each kind of link stand."""

NOTICES = {
    "accepted": N_("Your answer is sent: you are interested."),
    "postponed": N_(
        "Your answer is sent. Nobody writes to you about this position before that day."
    ),
    "declined": N_("Your answer is sent: this is not for you."),
    "time-picked": N_("The interview is agreed. An invitation is on its way to you."),
    "interview-cancelled": N_("The interview is cancelled. They are told."),
    "written": N_("Your message is sent."),
    "blocked": N_("This employer cannot write to you any more."),
    "stopped": N_("Nobody writes to you any more."),
    "resumed": N_("Employers may write to you again."),
    "budget-set": N_("Your choice is saved."),
    "corrected": N_("Your profile is corrected."),
    "said-already": N_("Your profile says this already."),
}
"""What a page says once a form is done."""

DECLINE_REASONS = {
    DeclineReason.NOT_LOOKING: N_("I am not looking for a job"),
    DeclineReason.SALARY: N_("The pay"),
    DeclineReason.LOCATION: N_("The place of work"),
    DeclineReason.ROLE: N_("The role"),
    DeclineReason.COMPANY: N_("The company"),
    DeclineReason.OTHER: N_("Another reason"),
}

TO_THE_PERSON = {
    AlreadyAnswered.code: N_("You have answered this message already."),
    AlreadyWithdrawn.code: N_("The employer took this message back."),
    OutreachHasExpired.code: N_("The time to answer this message is over."),
    EmployerAlreadyBlocked.code: N_("This employer cannot write to you already."),
    CandidateAlreadyOptedIn.code: N_("Employers may write to you already."),
    TimeNotOffered.code: N_("This time is not offered any more; choose another."),
    NoInterview.code: N_("There is no interview any more."),
    NothingNewer.code: N_("Something newer is known already; correct it tomorrow."),
}
"""What the domain says to those who act for a candidate, as it is said to the candidate."""

PASSING = (429, 503)
"""What is over in a moment, so that the same may be asked again."""

STALE_FORM = "stale-form"


def to_the_person(reason: Reason) -> Reason:
    """A reason in the words for the person whom it is about."""
    said = TO_THE_PERSON.get(reason.code, reason.detail)
    return Reason(code=reason.code, field=reason.field, detail=_(said))


def is_page(path: str) -> bool:
    """Whether a path is of a candidate's page."""
    return path.startswith(tuple(FOLDERS))


def form_key(key: bytes, link: str) -> str:
    """What a form of the page at this link must bring along."""
    return hmac.digest(key, f"form\n{link}".encode(), "sha256").hex()


def rendered(request: Request, template: str, status: int = 200, **shown: Any) -> Response:
    """A page of a template."""
    context = {
        "path": request.url.path,
        "notice": _notice(request.query_params.get("notice", "")),
        "language": language(),
        "languages": available(),
        "now": datetime.now(UTC),
        "marketplace": request.app.state.marketplace.settings.marketplace,
        "link": None,
        "csrf": "",
        "sent": None,
        "faults": None,
        **shown,
    }
    text = _TEMPLATES.get_template(template).render(context)
    return HTMLResponse(text, status, headers=HEADERS)


def _notice(name: str) -> str | None:
    return _(NOTICES[name]) if name in NOTICES else None


def problem_page(request: Request, problem: Problem) -> Response:
    """A page that says what is wrong. What was typed is kept, to be sent again where that helps."""
    details = problem.details
    details.reasons = [to_the_person(in_plain_words(reason)) for reason in details.reasons]
    passes = details.status in PASSING or details.type.endswith(":request-in-flight")
    is_stale = details.type.endswith((f":{STALE_FORM}", ":idempotency-key-reused"))
    sent: Sent | None = getattr(request.state, "sent", None)
    link = None if details.status in (404, 410) else _link(request)
    again = None
    if link and sent and sent.typed() and (passes or is_stale):
        new_key = () if passes else ("_key",)
        again = [field for field in sent.fields if field[0] not in ("_csrf", *new_key)]
    key = link_key(request.app.state.marketplace.settings)
    response = rendered(
        request,
        "problem.html",
        details.status,
        problem=details,
        detail=_(details.detail),
        is_stale=is_stale,
        again=again,
        typed=sent.typed() if sent else [],
        link=link,
        csrf=form_key(key, link) if again and link else "",
        request_id=getattr(request.state, "request_id", None),
    )
    response.headers.update(problem.headers or {})
    return response


def _link(request: Request) -> str | None:
    """The link of the page that was asked for, unless nobody made it."""
    _, folder, token, *_ = f"{request.url.path}//".split("/", 3)
    purpose = FOLDERS.get(f"/{folder}/")
    key = link_key(request.app.state.marketplace.settings)
    known = purpose and outreach_of(key, token, purpose)
    return f"/{folder}/{token}" if known else None


_TEMPLATES = rendering.environment(HERE / "templates")
_TEMPLATES.globals.update(
    decline_reasons=[(reason.value, said) for reason, said in DECLINE_REASONS.items()],
    pay_periods=[(period.value, said) for period, said in PERIOD_WORDS.items()],
    contact_days=CONTACT_WINDOW.days,
    contacts_allowed=CONTACTS_ALLOWED,
    most_contacts=MOST_CONTACTS,
)
