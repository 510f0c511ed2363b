"""Why a command on an outreach is refused."""

from domain.aggregate import Refusal


class AlreadyAnswered(Refusal):
    """The candidate has answered already ({status}); see the outreach's timeline."""


class AlreadyWithdrawn(Refusal):
    """The employer has withdrawn this outreach already."""


class NotDelivered(Refusal):
    """This message did not reach the candidate; write to them again from the feed."""


class OutreachHasExpired(Refusal):
    """This outreach expired on {expired_at:%-d %B %Y}, {days} days after it was sent."""


class NotDueYet(Refusal):
    """The candidate may still answer until {until:%-d %B %Y, %H:%M} UTC."""


class TooLateToEdit(Refusal):
    """The message is on its way already and can no longer be changed."""


class LetterNotDue(Refusal):
    """The letter leaves on {at:%-d %B %Y, %H:%M:%S} UTC, not before."""


class NoSuchLetter(Refusal):
    """There is no letter {letter} in this outreach that is to be delivered; read the outbox."""


class FollowedUpAlready(Refusal):
    """One follow-up has been sent already; wait for an answer."""


class TooEarlyToFollowUp(Refusal):
    """Wait for an answer until {until:%-d %B %Y, %H:%M} UTC before you follow up."""


class NoReplyYet(Refusal):
    """The candidate has not written yet; you can write once they have answered."""


class DayInPast(Refusal):
    """The day lies in the past ({until:%-d %B %Y}); choose a later one."""


class NotPostponed(Refusal):
    """The candidate has not asked for a later time."""


class NothingToCorrect(Refusal):
    """There is no written reply that could have been misread."""


class NotAccepted(Refusal):
    """Only an accepted outreach can have an interview; this one is {status}."""


class InterviewUnchanged(Refusal):
    """The interview is scheduled for this time already; choose another to move it."""


class InterviewInPast(Refusal):
    """The interview would have started on {starts_at:%-d %B %Y, %H:%M} UTC; choose a later time."""


class TimeNotOffered(Refusal):
    """This time is not one of those offered; choose another."""


class NoInterview(Refusal):
    """There is no interview to cancel."""
