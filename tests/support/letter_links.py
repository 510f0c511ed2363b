"""Candidates who come by the link of a letter, as a browser without JavaScript would."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import UUID, uuid4

from fastapi.testclient import TestClient

from api.links import answer_path, link_key, unsubscribe_path
from tests.support.client import done
from tests.support.stage import Scene, Stage

BROWSER = {"Accept": "text/html"}

PAGES = [
    "/interest",
    "/later",
    "/decline",
    "/block",
    "/data",
    "/correction",
    "/reasons",
    "/likelihood",
    "/choices",
    "/erasure",
]
"""The pages of a letter's link, beside its own."""


@dataclass
class Holder:
    """Who holds the links of a letter."""

    stage: Stage
    scene: Scene
    position: str
    candidate: str
    outreach: str

    @property
    def http(self) -> TestClient:
        return self.stage.http

    @property
    def link(self) -> str:
        """The page of the letter."""
        return answer_path(link_key(self.stage.settings), UUID(self.outreach))

    @property
    def unsubscribe(self) -> str:
        return unsubscribe_path(link_key(self.stage.settings), UUID(self.outreach))

    def get(self, page: str = "", **headers: str) -> Any:
        """A page of the link, once it shows all that has happened."""
        path = page if page.startswith("/u/") else f"{self.link}{page}"
        at = f"{path}?after={self.stage.reached()}"
        return self.http.get(at, headers=BROWSER | headers, follow_redirects=False)

    def text(self, page: str = "") -> str:
        return said_on(self.get(page))

    def post(self, page: str, form: dict[str, Any] | None = None, **more: str) -> Any:
        """Send a form of the letter's page."""
        fields = {"_csrf": self.form_key(), "_key": str(uuid4()), **(form or {})}
        path = f"{self.link}{page}"
        return self.http.post(path, data=fields, headers=BROWSER | more, follow_redirects=False)

    def post_blindly(self, page: str) -> Any:
        """Send a form of which no page was seen."""
        return self.http.post(f"{self.link}{page}", headers=BROWSER)

    def sends(self, page: str, form: dict[str, Any] | None = None) -> str:
        """Send a form, and read the page that it leads to."""
        response = self.post(page, form)
        assert response.status_code == 303, response.text
        return said_on(self.http.get(response.headers["location"], headers=BROWSER))

    def form_key(self, page: str = "") -> str:
        """What the forms of a page bring along."""
        found = re.search(r'name="_csrf" value="([^"]+)"', self.get(page).text)
        assert found, f"no form at {page}"
        return found[1]

    def facts(self, since: int) -> list[tuple[str, str, str]]:
        """What others than the system did after a log position, each with who, in which role."""
        with self.stage.connection() as db:
            rows = db.execute(
                "SELECT topic, convert_from(state, 'UTF8')::jsonb -> 'actor' FROM events"
                " WHERE log_position > %s"
                " AND convert_from(state, 'UTF8')::jsonb -> 'actor' ->> 'role' <> 'system'"
                " ORDER BY log_position",
                [since],
            ).fetchall()
        return [(topic, by["id"], by["role"]) for topic, by in rows]


def said_on(response: Any) -> str:
    """What a page says, without its markup."""
    assert response.status_code == 200, response.text
    return words_on(response)


def words_on(response: Any) -> str:
    """What a page says, whatever its status."""
    main = response.text.partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def holder(stage: Stage, name: str = "Ada", *, silent_days: int = 400) -> Holder:
    """A candidate who got a letter."""
    scene = stage.scene().in_beta()
    position, candidate = scene.position(), scene.member(name, silent_days=silent_days)
    outreach = str(done(scene.message(position, candidate))["id"])
    return Holder(stage, scene, position, candidate, outreach)
