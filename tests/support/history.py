"""A made-up log about candidates and the outreach to them, at a clock that the test moves."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from domain.actor import Actor, Role
from domain.candidate_events import (
    CandidateSignedUp,
    Contacted,
    ContactRetracted,
    OptedIn,
    WasActive,
)
from domain.event import Event
from domain.filters import Filters
from domain.outreach_events import (
    FollowUpSent,
    MessageSent,
    OutreachAccepted,
    OutreachExpired,
    ReplyReceived,
)
from domain.position import PositionOpened
from domain.profile import Facts
from domain.sources import ActivityKind
from tests.support.events import A_MESSAGE, event_of

START = datetime(2025, 1, 1, 9, tzinfo=UTC)
IDS = UUID("00000000-0000-5000-8000-000000000001")
EMPLOYER = uuid5(IDS, "employer")
PLATFORM = Actor(id="feed", role=Role.PLATFORM)


def somebody(name: object) -> UUID:
    return uuid5(IDS, f"candidate {name}")


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def days(number: float) -> timedelta:
    return timedelta(days=number)


class History:
    """Events in the order of the log, at a clock that the test moves."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.now = START

    def add(
        self, event: type[Event], id: UUID, *, at: datetime | None = None, **facts: Any
    ) -> None:
        self.events.append(event_of(event, id, at=at or self.now, by=PLATFORM, **facts))

    def sign_up(self, *names: object, **facts: Any) -> None:
        told: dict[str, Any] = {
            "fields": tuple(facts),
            "facts": Facts(**facts),
            "has_address": True,
        }
        for name in names:
            self.add(CandidateSignedUp, somebody(name), name=str(name), **told)
            self.add(OptedIn, somebody(name))

    def be_active(self, name: object, kind: str = "signed_in", at: datetime | None = None) -> None:
        did: dict[str, Any] = {
            "kind": ActivityKind(kind),
            "source": "web",
            "source_id": str(len(self.events)),
        }
        self.add(WasActive, somebody(name), at=at, **did)

    def send(self, name: object, position: object = 1, event: type[Event] = MessageSent) -> None:
        about = self._about(name, position)
        outreach = self._outreach(name, position)
        self.add(event, outreach, **about, **A_MESSAGE)
        del about["candidate_id"]
        self.add(Contacted, somebody(name), **about, outreach_id=outreach)

    def settle(self, event: type[Event], name: object, position: object = 1, **facts: Any) -> None:
        about = self._about(name, position)
        self.add(event, self._outreach(name, position), **about, **facts)

    def accept(self, name: object, position: object = 1) -> None:
        self.settle(OutreachAccepted, name, position)

    def expire(self, name: object, position: object = 1) -> None:
        self.settle(OutreachExpired, name, position)

    def retract(self, name: object, position: object = 1) -> None:
        """What was sent did not reach them."""
        outreach = self._outreach(name, position)
        sent = [one for one in self.events if one.originator_id == outreach]
        about = self._about(name, position)
        del about["candidate_id"]
        told: dict[str, Any] = {"outreach_id": outreach, "contacted_at": sent[-1].timestamp}
        self.add(ContactRetracted, somebody(name), **about, **told)

    def reply(self, name: object, position: object = 1) -> None:
        said = {"text": "Why?", "channel": "mail", "understood": "unclear"}
        self.settle(ReplyReceived, name, position, **said)

    def follow_up(self, name: object, position: object = 1) -> None:
        said: dict[str, Any] = {"text": "Well?", "sender_name": "Rae", "deliver_at": self.now}
        self.settle(FollowUpSent, name, position, **said)

    def _about(self, name: object, position: object) -> dict[str, Any]:
        position_id = uuid5(IDS, f"position {position}")
        return {
            "employer_id": EMPLOYER,
            "position_id": position_id,
            "candidate_id": somebody(name),
        }

    def _outreach(self, name: object, position: object) -> UUID:
        return uuid5(IDS, f"outreach {name} {position}")

    def open_position(self, position: object = 1, **told: Any) -> UUID:
        id = uuid5(IDS, f"position {position}")
        facts: dict[str, Any] = {
            "employer_id": EMPLOYER,
            "title": "Designer",
            "description": "",
            "location": "Lyon, France",
            "remote": False,
            "salary": None,
            "filters": Filters(),
        }
        self.add(PositionOpened, id, **facts | told)
        return id
