"""What waits for a recruiter: answers, questions, interviews to agree on, what expires soon."""

from itertools import groupby

from fastapi import APIRouter, Response

from api.candidates.outreach_search import FoundOutreach, with_all_names
from api.console.session import Recruiter, Visit
from api.routes.me import Wish
from api.web.forms import REFUSED
from domain.notification import SetNotification, notification_id
from projections import needs_you, notifications
from projections.candidate_pool import CandidatePool
from projections.interview_list import InterviewList
from projections.needs_you import MOST, Need
from projections.notifications import Choice, Notifications
from projections.positions import Positions
from projections.teams import Teams

router = APIRouter()

HEADINGS = {
    Need.QUESTION: "They wrote back",
    Need.INTERVIEW: "They are interested: agree on a time",
    Need.ANSWER: "New answers",
    Need.ASK_AGAIN: "The day has come that they named",
    Need.UNDELIVERED: "Not delivered",
    Need.EXPIRES: "Expires within two days without an answer",
}


@router.get("/needs-you")
def needs_you_page(visit: Recruiter, updates: bool = False) -> Response:
    """What waits for the recruiter's employer, the most urgent first."""
    caller = visit.caller
    waiting: list[tuple[Need, FoundOutreach]] = []
    if employer_id := caller.actor.employer_id:
        with caller.reading(InterviewList, CandidatePool, Positions, Teams) as db:
            rows = needs_you.listed(db, employer_id, caller.at)
            named = with_all_names(db, rows)
        waiting = [(row.need, one) for row, one in zip(rows, named, strict=True)]
    groups = [
        (HEADINGS[need], [one for _, one in ones])
        for need, ones in groupby(waiting, key=lambda row: row[0])
    ]
    page = "needs_you_part.html" if updates else "needs_you.html"
    choice = None if updates else _choice(visit)
    return visit.page(page, groups=groups, is_cut=len(waiting) == MOST, choice=choice)


@router.post("/needs-you")
def choose(visit: Recruiter) -> Response:
    """Choose how often to be told by mail."""
    try:
        wish = visit.sent.read(Wish)
        result = visit.caller.run(SetNotification, **dict(wish))
    except REFUSED as error:
        return visit.again("needs_you.html", error, groups=[], is_cut=False, choice=_choice(visit))
    return visit.done(result, "/needs-you", "notification-set")


def _choice(visit: Visit) -> Choice | None:
    """What the recruiter has chosen; none if they have not."""
    with visit.caller.reading(Notifications) as db:
        return notifications.one(db, notification_id(visit.caller.actor))


@router.get("/needs-you/count")
def needs_you_count(visit: Recruiter) -> Response:
    """How much waits, for the menu."""
    number = 0
    if employer_id := visit.caller.actor.employer_id:
        with visit.caller.reading(InterviewList) as db:
            number = needs_you.count(db, employer_id)
    return visit.page("needs_you_count.html", number=number, most=MOST)
