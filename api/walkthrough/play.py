"""What the steps of the walkthrough share: who takes part, and what has come of it so far."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding

from api.walkthrough.client import Client, Server
from domain.actor import Role
from domain.filters import Filters


@dataclass
class Play:
    """The people of the walkthrough, each with a token of their own, and where the play stands."""

    server: Server
    out: Console
    employer_id: UUID = field(init=False)
    position_id: UUID = field(init=False)
    filters: Filters = field(init=False)
    feed: list[Any] = field(init=False)
    person: Any = field(init=False)
    message: dict[str, Any] = field(init=False)
    outreach_id: UUID = field(init=False)
    second_position_id: UUID = field(init=False)
    left_out: int = 0

    @property
    def admin(self) -> Client:
        """Runs the marketplace."""
        return self.server.speaking_for(Role.ADMIN)

    @property
    def platform(self) -> Client:
        """The system that members use: tells what they do, agree to and answer."""
        return self.server.speaking_for(Role.PLATFORM)

    @property
    def recruiter(self) -> Client:
        """Works for the employer."""
        return self.server.speaking_for(Role.RECRUITER, self.employer_id)

    @property
    def manager(self) -> Client:
        """The employer's Customer Success Manager."""
        return self.server.speaking_for(Role.CSM)

    @property
    def support(self) -> Client:
        """Reconstructs what happened in an outreach."""
        return self.server.speaking_for(Role.SUPPORT)

    @property
    def analyst(self) -> Client:
        """Watches the model."""
        return self.server.speaking_for(Role.ANALYST)

    @property
    def auditor(self) -> Client:
        """Reads the log."""
        return self.server.speaking_for(Role.AUDITOR)

    def say(self, sentence: str) -> None:
        """Tell what happened."""
        self.show(escape(sentence))

    def leave_out(self, why: str) -> None:
        """Tell that a step cannot be played here."""
        self.left_out += 1
        self.say(f"Left out: {why}.")

    def show(self, what: RenderableType) -> None:
        """Print something under the step's heading."""
        self.out.print(Padding(what, (0, 0, 0, 3), expand=False))
