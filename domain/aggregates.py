"""All aggregates. Importing this module registers the stored names of their events."""

from domain.aggregate import Aggregate
from domain.candidate import Candidate
from domain.do_not_contact import DoNotContact
from domain.employer import Employer
from domain.feedback import Feedback
from domain.identifier import Identifier
from domain.note import Note
from domain.notification import Notification
from domain.outreach import Outreach
from domain.position import Position
from domain.rating import Rating
from domain.review import Review
from domain.tagging import Tagging
from domain.team import Team
from domain.template import Template
from domain.ticket import Ticket
from domain.viewing import Viewing
from domain.vocabulary import Vocabulary
from domain.webhook import Webhook

AGGREGATES: tuple[type[Aggregate], ...] = (
    Candidate,
    DoNotContact,
    Employer,
    Feedback,
    Identifier,
    Note,
    Notification,
    Outreach,
    Position,
    Rating,
    Review,
    Team,
    Tagging,
    Template,
    Ticket,
    Viewing,
    Vocabulary,
    Webhook,
)
