"""Visits the console's pages over HTTP, as a browser without JavaScript would."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.console.session import COOKIE
from domain.actor import Role
from tests.support.stage import Stage

in_every_look = pytest.mark.parametrize(
    ("width", "dark"),
    [
        pytest.param("narrow", True, id="narrow-dark", marks=pytest.mark.slow),
        pytest.param("wide", False, id="wide-light", marks=pytest.mark.slow),
    ],
)
"""Each width and each scheme once: layout depends on the one, contrast on the other."""


@dataclass
class Visitor:
    """A session in a role; forms bring the token that their page was given."""

    http: TestClient
    cookie: str

    def get(self, path: str, **headers: str) -> Any:
        return self.http.get(path, headers=self._headers | headers)

    def post(self, path: str, form: dict[str, Any], *, at: str = "/help", **more: str) -> Any:
        """Send a form that stands on the page at this address."""
        fields = {"_csrf": self.csrf(at), "_key": str(uuid4()), **form}
        headers = self._headers | more
        return self.http.post(path, data=fields, headers=headers, follow_redirects=False)

    def csrf(self, at: str) -> str:
        """The token against forged requests that a page's forms bring along."""
        token = re.search(r'name="_csrf" value="([^"]+)"', self.get(at).text)
        assert token, f"no form at {at}"
        return token[1]

    def sends(self, path: str, form: dict[str, Any], *, at: str = "/help") -> Any:
        """Send a form, and see the page that it leads to."""
        response = self.post(path, form, at=at)
        assert response.status_code == 303, response.text
        return self.get(response.headers["location"])

    @property
    def _headers(self) -> dict[str, str]:
        return {"Accept": "text/html", "Cookie": f"{COOKIE}={self.cookie}"}


def visitor(stage: Stage, role: Role, employer_id: UUID | str | None = None) -> Visitor:
    return Visitor(stage.http, stage.token(role, employer_id))


def text_of(response: Any) -> str:
    """What a page says, without its markup."""
    assert response.status_code == 200, response.text
    main = response.text.partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())
