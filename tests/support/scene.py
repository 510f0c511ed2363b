"""An employer with positions and members, as most tests of the API need one, and what they ask."""

from datetime import timedelta
from typing import Any

from api.marketplace import now
from domain.actor import Role
from tests.api.conftest import As

MESSAGE: dict[str, Any] = {
    "subject": "A role for you",
    "text": "We build robots, and would like to talk.",
    "salary": {"minimum": 60_000, "maximum": 80_000, "currency": "EUR"},
    "location": "Berlin",
    "sender_name": "Robin",
    "sender_role": "Head of engineering",
}


class Scene:
    """An approved employer, a position, and some members."""

    def __init__(self, as_: As) -> None:
        self.as_ = as_
        self.admin = as_(Role.ADMIN)
        self.platform = as_(Role.PLATFORM)
        self.employer_id = self.registered("Acme")
        self.recruiter = as_(Role.RECRUITER, self.employer_id)

    def registered(self, company: str) -> str:
        manager = {"name": "Casey", "email": "casey@example.com"}
        response = self.admin.post("/employers", {"company": company, "manager": manager})
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def approved(self) -> "Scene":
        self.admin.post(f"/employers/{self.employer_id}/approval")
        return self

    def in_beta(self) -> "Scene":
        self.approved()
        done(self.recruiter.post(f"/employers/{self.employer_id}/beta"))
        return self

    def position(self, **filters: Any) -> str:
        body = {"title": "Backend developer", "location": "Berlin", "filters": filters}
        opened = done(self.recruiter.post(f"/employers/{self.employer_id}/positions", body))
        return str(opened["id"])

    def member(self, name: str, *, silent_days: int, skills: tuple[str, ...] = ("Python",)) -> str:
        signed_up = (now() - timedelta(days=silent_days)).isoformat()
        document = {
            "basics": {"name": name, "email": f"{name.lower()}@example.com"},
            "skills": [{"name": skill} for skill in skills],
            "meta": {"sourcing": {"opted_in": True, "signed_up_at": signed_up}},
        }
        return str(done(self.platform.post("/candidates", document))["id"])

    def message(self, position: str, candidate: str, **options: Any) -> Any:
        body = {"candidate_id": candidate, "message": MESSAGE}
        return self.recruiter.post(f"/positions/{position}/messages", body, **options)

    def latest(self) -> int:
        """A position that shows all that has happened so far."""
        few = done(self.as_(Role.AUDITOR).get("/events", kind="employer.registered", limit=1000))
        return int(few["reached"])

    def names(self, position: str, feed: str, **parameters: Any) -> list[str]:
        response = self.recruiter.get(
            f"/positions/{position}/{feed}", after=self.latest(), **parameters
        )
        return [card.get("candidate_name", card.get("name")) for card in done(response)["items"]]


def done(response: Any) -> Any:
    assert response.is_success, response.text
    return response.json()


def codes(response: Any) -> list[str]:
    """The reasons of a refusal."""
    assert response.headers["content-type"] == "application/problem+json"
    return [reason["code"] for reason in response.json()["reasons"]]
