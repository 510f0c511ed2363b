"""Makes the console's pages of templates."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from api.charts import TEMPLATES
from api.console import notices
from api.console.wording import filter_words, group_words, message_words
from api.console.wording.review_words import SET_ASIDE_REASONS
from api.console.wording.team_words import COMPANY_ROLES
from api.web.moments import in_zone
from api.web.rendering import HEADERS, address, environment
from api.web.words import PERIOD_WORDS
from domain.actor import Role
from domain.contact_gate import CONTACT_WINDOW, CONTACTS_ALLOWED
from domain.passivity import MONTHS_OF_SILENCE
from domain.sender_standing import COUNTED_FOR, LOWEST_PERCENT, RESTRICTION, TIME_TO_ANSWER

HERE = Path(__file__).parent

NOT_THE_CONSOLE = ("/v1/", "/docs", "/redoc", "/openapi.json", "/static-offline-docs")

MENU: Sequence[tuple[str, str, frozenset[Role]]] = [
    ("/positions", "Positions", frozenset({Role.RECRUITER, Role.SUPPORT, Role.CSM})),
    ("/needs-you", "Needs you", frozenset({Role.RECRUITER})),
    ("/do-not-contact", "Do not contact", frozenset({Role.RECRUITER})),
    ("/team", "Team", frozenset({Role.RECRUITER})),
    ("/accounts", "Accounts", frozenset({Role.CSM})),
    ("/feedback", "Feedback", frozenset({Role.CSM})),
    ("/outreach", "Outreach", frozenset({Role.SUPPORT})),
    ("/tickets", "Tickets", frozenset({Role.SUPPORT})),
    ("/duplicates", "Duplicates", frozenset({Role.SUPPORT})),
    ("/funnel", "Funnel", frozenset({Role.ANALYST})),
    ("/model", "Likelihood", frozenset({Role.ANALYST})),
    ("/events", "Events", frozenset({Role.AUDITOR})),
    ("/vocabulary", "Vocabulary", frozenset()),
    ("/employers", "Employers", frozenset()),
    ("/read-models", "Read models", frozenset()),
    ("/mail", "Mail", frozenset(Role)),
    ("/help", "Help", frozenset(Role)),
]
"""The pages that lead to all others: address, name, and whose they are, beside the admin's."""

MAIL = "/mail"
"""Is there only where letters are shown instead of delivered."""

ROWS_COOKIE = "sourcing_rows"
ZONE_COOKIE = "sourcing_zone"
"""The time zone of the browser, which a script sets."""
DENSITIES = ("comfortable", "compact")

NOTICES = {
    "signed-out": "You are signed out.",
    "position-opened": "Position created.",
    "details-set": "Position saved.",
    "filters-set": "Filters saved.",
    "position-closed": "Position closed.",
    "closing-date-set": "The closing date is saved.",
    "beta-joined": "You've joined the beta.",
    "beta-left": "You've left the beta.",
    "message-sent": "Your message leaves soon. Until then you can undo or edit it.",
    "interview-requested": "Your request leaves soon. Until then you can undo or edit it.",
    "message-edited": "Your changes are saved.",
    "undone": "Undone. Nothing was sent.",
    "withdrawn": "Message withdrawn.",
    "follow-up-sent": "Your follow-up is on its way.",
    "reply-sent": "Your reply is on its way.",
    "replied-by-mail": "The reply is sent.",
    "notification-set": "Your choice is saved.",
    "corrected": "Corrected.",
    "interview-scheduled": "The interview is scheduled. Invitations are on their way.",
    "times-offered": "Your times are on their way.",
    "interview-cancelled": "The interview is cancelled.",
    "shortlisted": "On the shortlist.",
    "unshortlisted": "Off the shortlist.",
    "set-aside": "Not interested: hidden from this position's lists.",
    "taken-back": "Undone: they can appear in this position's lists again.",
    "note-saved": "The note is saved.",
    "note-removed": "The note is removed.",
    "tag-added": "The tag is added.",
    "tag-removed": "The tag is removed.",
    "feedback-shared": "Thank you. Your Customer Success Manager will read it.",
    "feedback-answered": "Your answer is sent.",
    "feedback-done": "Marked as done.",
    "feedback-reopened": "Moved back to the list to do.",
    "template-saved": "The template is saved.",
    "template-removed": "The template is removed.",
    "employer-registered": "The employer is registered. Approve it, and invite an owner.",
    "employer-approved": "The employer is approved.",
    "employer-suspended": "The employer is suspended.",
    "manager-assigned": "The Customer Success Manager is saved.",
    "joined": "Welcome to the team.",
    "member-invited": "The invitation is on its way.",
    "invitation-revoked": "The invitation is revoked.",
    "role-changed": "The role is changed.",
    "member-removed": "They are removed from the team.",
    "member-erased": "Their name and address are erased.",
    "rated": "Thank you for telling us.",
    "rating-explained": "Thank you. Support will read your feedback.",
    "ticket-submitted": "Your ticket has reached support.",
    "ticket-closed": "The ticket is closed.",
    "ticket-assigned": "The owner is saved.",
    "ticket-answered": "Your answer is sent.",
    "ticket-replied": "Your reply has reached support.",
    "not-contacted": "Added to the list.",
    "contacted-again": "Removed from the list.",
    "names-declared": "The names are saved.",
    "rebuild-begun": "The rebuild has begun.",
    "rebuild-cancelled": "The rebuild is cancelled.",
    "replayed": "All parked events are applied.",
    "replayed-in-part": "What still fails, or was not reached in ten seconds, is listed below.",
    "vocabulary-changed": "The vocabulary is changed. Filters and profiles are compared by it now.",
    "merged": "They are one candidate now.",
    "separated": "They are separate candidates again.",
}
"""What a page says once a form is done."""


def menu(role: Role, *, has_mail: bool = False) -> list[tuple[str, str]]:
    """The pages that somebody in this role goes to, the first of them first."""
    mine = [(path, name) for path, name, roles in MENU if role in roles or role is Role.ADMIN]
    return [page for page in mine if has_mail or page[0] != MAIL]


def rendered(request: Request, template: str, status: int = 200, **shown: Any) -> Response:
    """A page of a template."""
    context = {
        "request": request,
        "path": request.url.path,
        "query": request.url.query,
        "notice": NOTICES.get(notices.given(request)),
        "now": datetime.now(UTC),
        "actor": None,
        "csrf": "",
        "has_mail": False,
        "people": str,
        "is_owner": False,
        "is_read_only": False,
        "sent": None,
        "faults": None,
        "undo": None,
        "density": density(request),
        **shown,
    }
    with in_zone(unquote(request.cookies.get(ZONE_COOKIE, ""))):
        text = _TEMPLATES.get_template(template).render(context)
    # Browsers that go back to what a form was answered with cannot ask for it again.
    kept = {"Cache-Control": "private, no-cache"} if request.method == "POST" else {}
    return HTMLResponse(text, status, headers=HEADERS | kept)


def density(request: Request) -> str:
    """How much of each candidate the lists of this browser show."""
    chosen = request.cookies.get(ROWS_COOKIE, "")
    return chosen if chosen in DENSITIES else DENSITIES[0]


def is_page(path: str) -> bool:
    """Whether a path is of the console, or its answer may be shown in a browser as well."""
    return not path.startswith(NOT_THE_CONSOLE)


def local_path(path: str) -> str:
    """The path if it is one of ours, else the first page: nobody is sent to another site.

    >>> local_path("/help"), local_path("//elsewhere.example"), local_path("https://example.com")
    ('/help', '/', '/')
    """
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours else "/"


_TEMPLATES = environment(HERE / "templates", TEMPLATES)
_TEMPLATES.filters.update(filter_words.FILTERS | message_words.FILTERS | group_words.FILTERS)
_TEMPLATES.globals.update(
    menu=menu,
    address=address,
    months=MONTHS_OF_SILENCE,
    contacts_allowed=CONTACTS_ALLOWED,
    contact_days=CONTACT_WINDOW.days,
    lowest_answer_percent=LOWEST_PERCENT,
    counted_days=COUNTED_FOR.days,
    days_to_answer=TIME_TO_ANSWER.days,
    restriction_days=RESTRICTION.days,
    role_words=COMPANY_ROLES,
    set_aside_reasons=SET_ASIDE_REASONS,
    pay_periods=[(period.value, said) for period, said in PERIOD_WORDS.items()],
)
