"""What the steps of the walkthrough share: who takes part, and what has come of it so far."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding

from api.walkthrough.client import Client, Server
from api.walkthrough.pages import Browser, PersonsPage
from domain.actor import Role
from domain.filters import Filters


@dataclass
class Play:
    """The people of the walkthrough, each with a token of their own, and where the play stands."""

    server: Server
    out: Console
    demo_user: Browser
    """Somebody with the letters in front of them, if the server shows any."""
    employer_id: UUID = field(init=False)
    position_id: UUID = field(init=False)
    filters: Filters = field(init=False)
    feed: list[Any] = field(init=False)
    person: Any = field(init=False)
    message: dict[str, Any] = field(init=False)
    outreach_id: UUID = field(init=False)
    second_position_id: UUID = field(init=False)
    newcomers: list[UUID] = field(default_factory=list)
    """The outreaches to those who join in the play."""
    pages: dict[UUID, PersonsPage] = field(default_factory=dict)
    """Where the link of each outreach's letter leads."""
    happened: list[str] = field(default_factory=lambda: ["message_sent"])
    """What was said in the outreach to the person so far."""
    before_answer: tuple[Any, list[Any]] = field(init=False)
    """The model and the ranking before the person's first answer."""
    answered_at: int = field(init=False)
    """The log position of that answer; a question is one."""
    no_letters: str = ""
    """Why no letter can be looked at, if so."""
    left_out: int = 0

    @property
    def visitor(self) -> Browser:
        """Somebody without an account."""
        return Browser(self.server)

    @property
    def page(self) -> PersonsPage:
        """The page that the letter to the person of the play leads to."""
        return self.pages[self.outreach_id]

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
