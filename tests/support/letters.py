"""A position with somebody to write to, and what is typed."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from domain.actor import Role
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, visitor

LETTER = {
    "subject": "A role for you",
    "text": "We build robots.\n\nShall we talk?",
    "salary.minimum": "60000",
    "salary.maximum": "80000",
    "salary.currency": "EUR",
    "location": "Berlin",
    "sender_name": "Robin",
    "sender_role": "Head of engineering",
}


@dataclass
class Writing:
    """A recruiter in the beta at the open profile of a candidate."""

    stage: Stage
    scene: Scene
    position: str
    candidate: str

    @property
    def profile(self) -> str:
        """The profile's address."""
        return f"/positions/{self.position}/candidates/{self.candidate}"

    @property
    def interviews(self) -> str:
        return f"/positions/{self.position}/interviews"

    def after(self, path: str) -> str:
        """A page's address, once it shows all that has happened."""
        return f"{path}?after={self.stage.reached()}"

    @property
    def recruiter(self) -> Visitor:
        return visitor(self.stage, Role.RECRUITER, self.scene.employer_id)

    def letter(self, step: str = "send", by: str = "message", **changed: str) -> dict[str, str]:
        return {**LETTER, "_step": step, "_by": by, **changed}

    def post(self, form: dict[str, str]) -> Any:
        return self.recruiter.post(self.profile, form)

    def approached(self) -> str:
        """The id of an outreach, sent over the API."""
        return str(done(self.scene.message(self.position, self.candidate))["id"])

    def accepted(self, note: str | None = None) -> str:
        outreach = self.approached()
        done(self.scene.platform.post(f"/outreach/{outreach}/acceptance", {"note": note}))
        return outreach


def fill_in(page: Page) -> None:
    """Type a letter, as far as its box does not say it already."""
    for label, said in {
        "Subject": LETTER["subject"],
        "Message": LETTER["text"],
        "From": LETTER["salary.minimum"],
        "To": LETTER["salary.maximum"],
        "Currency": LETTER["salary.currency"],
        "Your name": LETTER["sender_name"],
        "Your role": LETTER["sender_role"],
    }.items():
        page.get_by_label(label, exact=True).fill(said)


def writing(
    stage: Stage, name: str = "Silent", *, silent_days: int = 400, **filters: Any
) -> Writing:
    scene = stage.scene().in_beta()
    position = scene.position(**filters)
    candidate = scene.member(name, silent_days=silent_days)
    at = Writing(stage, scene, position, candidate)
    assert at.recruiter.get(at.after(at.profile)).status_code == 200
    return at
