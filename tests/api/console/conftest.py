"""A served console on a real port, and a real browser to look at it with."""

import os
from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, sync_playwright

from api.console.session import COOKIE
from domain.actor import Role
from tests.support.browser import CHROMIUM, FLAGS, WIDTHS, Desk, Desks, served
from tests.support.concurrency import SECONDS
from tests.support.databases import Databases
from tests.support.stage import Scene, Stage, own_stage


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        reason = "there is no Chromium: install Debian's package `chromium`"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    """A marketplace of the module's own: pages show everything that there is."""
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture(scope="module")
def address(stage: Stage) -> Iterator[str]:
    """Where the console is served; its read models are kept by the stage's worker."""
    with served(stage) as address:
        yield address


@pytest.fixture
def desk(browser: Browser, stage: Stage, address: str) -> Iterator[Desks]:
    """Seats somebody at the console, in a role, with a window of some width."""
    seated: list[Desk] = []

    def seat(
        role: Role | None,
        employer_id: UUID | str | None = None,
        *,
        width: str = "wide",
        dark: bool = False,
        script: bool = True,
    ) -> Desk:
        context = browser.new_context(
            viewport={"width": WIDTHS[width], "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        if role is not None:
            token = stage.token(role, employer_id)
            context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        page = context.new_page()
        page.set_default_timeout(SECONDS * 1_000)
        errors: list[str] = []
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(address) else errors.append(asked.url),
        )
        seated.append(Desk(page, address, errors, dark))
        return seated[-1]

    yield seat
    for each in seated:
        each.page.context.close()
    # A page that is refused is an error to the browser's console, and meant.
    meant = "Failed to load resource: the server responded with a status of 4"
    assert [e for each in seated for e in each.errors if not e.startswith(meant)] == []


@pytest.fixture
def scene(stage: Stage) -> Scene:
    """An employer of the test's own."""
    return stage.scene()
