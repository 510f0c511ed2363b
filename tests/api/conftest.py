"""A running marketplace that tests share, one of a test's own, a browser, and the command line."""

import io
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, sync_playwright
from pydantic import SecretStr

from api import cli
from api.app import make_app
from api.candidates import profile
from api.console.session import COOKIE
from api.marketplace import Marketplace, open_marketplace
from domain.actor import Role
from infrastructure.settings import Settings
from tests.support.browser import CHROMIUM, FLAGS, WIDTHS, Desk, Desks, served
from tests.support.command_line import Ended, Run, environment
from tests.support.concurrency import SECONDS
from tests.support.databases import SECRET, Databases
from tests.support.stage import Stage, own_stage


@pytest.fixture(scope="session")
def stage(databases: Databases) -> Iterator[Stage]:
    """A running marketplace with its API, which all tests of this process share.

    Each test makes an employer of its own on it. A test that needs a marketplace which is empty,
    broken or set otherwise makes its own with `own_stage`.
    """
    with own_stage(databases) as stage:
        stage.is_shared = True
        yield stage


@pytest.fixture(scope="session", autouse=True)
def patient() -> Iterator[None]:
    """However busy the machine is, a message is sent with its likelihood."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profile, "LIKELIHOOD_SECONDS", SECONDS)
        yield


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=SecretStr(database_url),
        secret=SecretStr(SECRET),
        rate_limit="100000/minute",
        wait_timeout_seconds=SECONDS,
    )


@pytest.fixture
def marketplace(settings: Settings) -> Iterator[Marketplace]:
    with open_marketplace(settings) as marketplace:
        yield marketplace


@pytest.fixture
def http(marketplace: Marketplace) -> Iterator[TestClient]:
    with TestClient(make_app(marketplace, with_worker=True)) as client:
        yield client


@pytest.fixture
def sourcing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Runs the command line in this process, without a database unless an environment names one."""
    no_database = environment(SOURCING_DATA_DIR=str(tmp_path), SOURCING_SECRET=SECRET)
    terminated = signal.getsignal(signal.SIGTERM)

    def run(
        *arguments: object, env: Mapping[str, str] = no_database, stdin: bytes = b"", **more: str
    ) -> Ended:
        for name in set(os.environ) - set(env):
            monkeypatch.delenv(name)
        for name, value in {**env, **more}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["sourcing", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit:
            cli.main()
        code = exit.value.code
        return Ended(code if isinstance(code, int) else int(bool(code)), *capsys.readouterr())

    yield run
    signal.signal(signal.SIGTERM, terminated)


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
def address(stage: Stage) -> Iterator[str]:
    """Where the console is served; its read models are kept by the stage's worker."""
    with served(stage.marketplace) as address:
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
