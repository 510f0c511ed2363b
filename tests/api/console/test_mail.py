"""The letters that the embedded mail server keeps, as the users of the local demo see them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from api.console.demo_users import COOKIE as DEMO_COOKIE
from api.console.demo_users import demo_key
from api.console.session import COOKIE
from api.delivery.channels import delivery
from api.marketplace import now
from domain.actor import Role
from tests.support.browser import Desk, Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look


@pytest.fixture
def demo(stage: Stage, address: str, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A marketplace that thinks that its database is the embedded one."""
    changed = stage.settings.model_copy(update={"database_url": None, "public_url": address})
    monkeypatch.setattr(stage.marketplace, "settings", changed)
    return stage


@dataclass
class Sent:
    """A message to a candidate, whose letter has arrived."""

    scene: Scene
    candidate: str
    outreach: str

    @property
    def path(self) -> str:
        return f"/mail/{self.outreach}.1@localhost"

    def status(self) -> str:
        path = f"/outreach/{self.outreach}"
        return str(done(self.scene.recruiter.get(path, after=self.scene.latest()))["status"])


@pytest.fixture
def sent(demo: Stage) -> Sent:
    scene = demo.scene().in_beta()
    candidate = scene.member("Silent", silent_days=400)
    outreach = done(scene.message(scene.position(), candidate))["id"]
    deliver(demo)
    return Sent(scene, candidate, outreach)


def deliver(stage: Stage) -> None:
    """Deliver what is due in six minutes to the embedded mail server."""
    market = stage.marketplace
    parts = (market.settings, market.store, market.pool, market.read_models)
    stage.catch_up()
    with (
        delivery(*parts, lambda: now() + timedelta(minutes=6)) as letters,
        ThreadPoolExecutor(1) as thread,  # since the browser's thread has an event loop already
    ):
        assert letters
        thread.submit(letters.deliver_due).result()
    stage.catch_up()


class DemoVisitor(Visitor):
    """One whose browser has opened the demo, on this machine."""

    demo: str = ""

    @property
    def _headers(self) -> dict[str, str]:
        cookies = f"{COOKIE}={self.cookie}; {DEMO_COOKIE}={self.demo}"
        return {"Accept": "text/html", "Cookie": cookies, "Host": "localhost"}


def at_home(stage: Stage) -> DemoVisitor:
    visitor = DemoVisitor(stage.http, stage.token(Role.SUPPORT))
    visitor.demo = demo_key(stage.marketplace.settings)
    return visitor


def test_letters_are_listed_with_whom_they_are_to(demo: Stage, sent: Sent) -> None:
    page = at_home(demo).get("/mail").text
    assert f'href="{sent.path}">A role for you</a>' in page
    assert "To Silent &lt;" in page


def test_the_menu_leads_there(demo: Stage) -> None:
    assert '<a href="/mail">Mail</a>' in at_home(demo).get("/help").text


def test_the_list_is_sent_again_only_when_it_changed(demo: Stage, sent: Sent) -> None:
    visitor = at_home(demo)
    again = "/mail" + visitor.get("/mail").text.partition('hx-get="/mail')[2].partition('"')[0]
    assert visitor.get(again).status_code == 204
    done(sent.scene.platform("DELETE", f"/candidates/{sent.candidate}"))
    assert sent.path not in visitor.get(again).text


def test_a_letter_is_shown_with_its_headers_and_its_text(demo: Stage, sent: Sent) -> None:
    page = at_home(demo).get(sent.path).text
    assert "Robin, Acme" in page
    assert "We build robots, and would like to talk." in page
    assert "/p/" in page


def test_a_letters_html_can_do_nothing_but_open_links(demo: Stage, sent: Sent) -> None:
    answer = at_home(demo).get(f"{sent.path}/html")
    policy = answer.headers["content-security-policy"]
    assert {"default-src 'none'", "form-action 'none'"} <= set(policy.split("; "))
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert '<base target="_blank">' in answer.text


def test_an_erased_persons_letter_is_gone(demo: Stage, sent: Sent) -> None:
    done(sent.scene.platform("DELETE", f"/candidates/{sent.candidate}"))
    visitor = at_home(demo)
    assert visitor.get(sent.path).status_code == 404
    assert visitor.get(f"{sent.path}/html").status_code == 404
    assert sent.path not in visitor.get("/mail").text


def test_a_reply_by_mail_reaches_the_employer_once(demo: Stage, sent: Sent) -> None:
    visitor = at_home(demo)
    form = {"text": "Which robots?", "_key": "the-same"}
    for _ in range(2):
        assert visitor.post(f"{sent.path}/reply", form, at=sent.path).status_code == 303
    assert sent.status() == "wrote_back"
    topics = [topic for _, topic in demo.topics(sent.outreach)]
    assert topics.count("outreach.reply_received") == 1


def test_an_empty_reply_is_refused_beside_its_field(demo: Stage, sent: Sent) -> None:
    answer = at_home(demo).post(f"{sent.path}/reply", {"text": ""}, at=sent.path)
    assert answer.status_code == 422
    assert 'id="text-fault-1"' in answer.text


@pytest.mark.parametrize("elsewhere", ["database", "not opened"])
def test_letters_are_shown_in_an_opened_demo_alone(
    demo: Stage, sent: Sent, monkeypatch: pytest.MonkeyPatch, elsewhere: str
) -> None:
    visitor = at_home(demo)
    if elsewhere == "database":
        monkeypatch.setattr(demo.marketplace, "settings", demo.settings)
    else:
        visitor.demo = ""
    for path in ("/mail", sent.path, f"{sent.path}/html"):
        assert visitor.get(path).status_code == 404
    assert ">Mail</a>" not in visitor.get("/help").text


# --- In a browser


@pytest.fixture
def at_desk(desk: Desks, demo: Stage) -> Desks:
    def seat(**look: Any) -> Desk:
        seated = desk(Role.SUPPORT, **look)
        key = demo_key(demo.marketplace.settings)
        seated.page.context.add_cookies(
            [{"name": DEMO_COOKIE, "value": key, "url": seated.address}]
        )
        return seated

    return seat


@in_every_look
def test_the_pages_are_fit(at_desk: Desks, sent: Sent, width: str, dark: bool) -> None:
    seated = at_desk(width=width, dark=dark)
    seated.go("/mail").get_by_role("link", name="A role for you").first.wait_for()
    seated.is_fit("mail")
    seated.go(sent.path).frame_locator("iframe").get_by_text("Read and answer").wait_for()
    seated.is_fit("letter")


def test_without_letters_the_page_says_how_they_come(demo: Stage, at_desk: Desks) -> None:
    with demo.connection() as db:
        db.execute("DELETE FROM sink_letters")
    page = at_desk().go("/mail")
    page.get_by_role("heading", name="No letters yet").wait_for()


def test_the_letters_link_opens_the_candidates_page_in_a_new_tab(
    at_desk: Desks, sent: Sent
) -> None:
    page = at_desk().go(sent.path)
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Read and answer").click()
    assert "/p/" in opened.value.url
    assert page.url.endswith(sent.path)


def test_a_letter_that_arrives_appears_by_itself(demo: Stage, at_desk: Desks) -> None:
    page = at_desk().go("/mail")
    scene = demo.scene().in_beta()
    outreach = done(scene.message(scene.position(), scene.member("Later", silent_days=400)))["id"]
    deliver(demo)
    page.locator(f'a[href="/mail/{outreach}.1@localhost"]').wait_for()


def test_whoever_replies_by_mail_reads_that_it_was_sent(at_desk: Desks, sent: Sent) -> None:
    page = at_desk().go(sent.path)
    page.get_by_label("Reply").fill("Yes, I would love to talk.")
    page.get_by_role("button", name="Send reply").click()
    page.get_by_text("The reply is sent.").wait_for()
    assert sent.status() == "accepted"
