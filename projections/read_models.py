"""The list of read models: a new one is added here."""

from infrastructure.projecting.projection import Projection
from projections.adverse_impact import AdverseImpact
from projections.candidate_pool import CandidatePool
from projections.do_not_contact import DoNotContactList
from projections.employers import Employers
from projections.feedback import FeedbackList
from projections.funnel import Funnel
from projections.interview_list import InterviewList
from projections.likelihood.challengers import Challengers
from projections.likelihood.learner import NO_CHALLENGERS
from projections.likelihood.projection import Likelihoods
from projections.notifications import Notifications
from projections.outbox import Outbox
from projections.outreach_timeline import OutreachTimeline
from projections.positions import Positions
from projections.profiles_opened import ProfilesOpened
from projections.ratings import Ratings
from projections.remarks import Remarks
from projections.reviews import Reviews
from projections.search_words import SearchWords
from projections.teams import Teams
from projections.templates import Templates
from projections.tickets import Tickets
from projections.webhooks import Webhooks


def read_models(challengers: Challengers = NO_CHALLENGERS) -> list[Projection]:
    """All read models, each ready to follow the log, with the likelihood model's challengers."""
    return [
        AdverseImpact(),
        CandidatePool(),
        DoNotContactList(),
        Employers(),
        FeedbackList(),
        Funnel(),
        InterviewList(),
        Likelihoods(challengers),
        Notifications(),
        Outbox(),
        OutreachTimeline(),
        Positions(),
        ProfilesOpened(),
        Ratings(),
        Remarks(),
        Reviews(),
        SearchWords(),
        Teams(),
        Templates(),
        Tickets(),
        Webhooks(),
    ]
