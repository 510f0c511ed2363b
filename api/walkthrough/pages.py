"""A small browser for the pages of the walkthrough: it reads them, and fills in forms."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import UUID, uuid4

from api.walkthrough.client import Answer, Server, check

LINK = re.compile(r"https?://[^/\s]+(/p/[a-z2-7]+)(?![a-z2-7/])")
AFTER = re.compile(r"[?&]after=(\d+)")


@dataclass(frozen=True)
class Browser:
    """A client that opens pages, with the cookies of a session or none."""

    server: Server
    cookies: str = ""

    def open(self, path: str) -> Answer:
        """Open a page, which shows all that was done before."""
        at = f"{path}{'&' if '?' in path else '?'}after={self.server.log_position}"
        return self.server.send("GET", at, headers=self._headers)

    def read(self, path: str) -> str:
        """What a page says, without its markup."""
        return in_words(self.open(path).done())

    def send(self, path: str, form: dict[str, Any], *, at: str) -> str:
        """Fill in a form of the page at an address, and read the page that it leads to."""
        key = re.search(r'name="_csrf" value="([^"]+)"', self.open(at).done())
        check(key is not None, f"the page {at}", "a form", "none")
        fields = {"_csrf": key[1] if key else "", "_key": str(uuid4()), **form}
        answer = self.server.send("POST", path, data=fields, headers=self._headers)
        if answer.status != 303:
            return in_words(answer.done())
        location = answer.headers["Location"]
        if after := AFTER.search(location):
            self.server.log_position = max(self.server.log_position, int(after[1]))
        return self.read(location.partition("?")[0])

    @property
    def _headers(self) -> dict[str, str]:
        return {"Accept": "text/html"} | ({"Cookie": self.cookies} if self.cookies else {})


@dataclass(frozen=True)
class Mail:
    """The letters that the server shows to the users of its demo."""

    browser: Browser

    def is_shown(self) -> bool:
        """Whether there is such a page for us."""
        return self.browser.open("/mail").status == 200

    def letters(self, outreach_id: UUID) -> list[str]:
        """Where the letters of an outreach are shown, the latest first."""
        page = self.browser.open("/mail").done()
        return [*dict.fromkeys(re.findall(rf'href="(/mail/{outreach_id}\.[^"]+)"', page))]

    def link_in(self, letter: str) -> str:
        """The path of the candidate's page, which a letter leads to."""
        link = LINK.search(self.browser.open(letter).done())
        check(link is not None, f"the letter at {letter}", "a link to the candidate's page", "none")
        return link[1] if link else ""


@dataclass(frozen=True)
class PersonsPage:
    """The page of a candidate, who came by the link of a letter and has no session."""

    browser: Browser
    link: str

    def read(self, page: str = "") -> str:
        """What the page says."""
        return self.browser.read(f"{self.link}{page}")

    def send(self, page: str, form: dict[str, Any] | None = None, *, at: str | None = None) -> str:
        """Fill in a form of it."""
        opened = self.link + (page if at is None else at)
        return self.browser.send(f"{self.link}{page}", form or {}, at=opened)

    def is_there(self) -> bool:
        """Whether the link still leads anywhere."""
        return self.browser.open(self.link).status != 404


def in_words(page: str) -> str:
    """A page without its markup.

    >>> in_words("<html><main><h1>Mail</h1> <p>No &amp; more</p></main>")
    'Mail No & more'
    """
    _, _, main = page.partition("<main")
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", "<main" + main)).split())
