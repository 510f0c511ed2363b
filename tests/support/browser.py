"""A served console on a real port, and a real browser to look at it with."""

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

from api.app import make_app
from api.http.protocol import LimitedProtocol
from api.marketplace import Marketplace

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = [
    "--no-sandbox",  # which root may not have
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = {"narrow": 390, "wide": 1440}
NARROWEST = 320
PICTURES = os.environ.get("CONSOLE_PICTURES")
"""A folder to put a picture of every page that is looked at, for people to look at too."""


@contextmanager
def served(marketplace: Marketplace) -> Iterator[str]:
    """The console of this marketplace on a port of its own."""
    app = make_app(marketplace, with_worker=False)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", http=LimitedProtocol)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Desk:
    """Somebody at the console, with a browser of their own."""

    page: Page
    address: str
    errors: list[str]
    dark: bool = False

    def go(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def is_fit(self, name: str) -> None:
        """The page as it is now is accessible (WCAG 2.2 AA) and fits the window.

        Where it is wide its colours are as well in the other scheme, and it fits windows half as
        wide (as zoomed to 200 %) and 320 pixels wide (WCAG 1.4.10), and paper. Of forced colours
        axe cannot judge: a browser does not tell those of texts.
        """
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": tags}})
        assert found.violations_count == 0, found.generate_report()
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            width = (self.page.viewport_size or {"width": 0})["width"]
            path = Path(PICTURES) / f"{name}-{width}.png"
            self.page.screenshot(path=path, full_page=True)
        self._fits(name)
        size = self.page.viewport_size
        if size and size["width"] == WIDTHS["wide"]:
            self._is_fit_elsewhere(name, size)

    def _is_fit_elsewhere(self, name: str, size: ViewportSize) -> None:
        # Without motion, since a colour that is on its way to another is neither.
        self.page.emulate_media(
            color_scheme="light" if self.dark else "dark", reduced_motion="reduce"
        )
        self._has_contrast(f"{name} in the other colours")
        self.page.emulate_media(media="print")
        self._fits(f"{name}, printed,")
        self.page.emulate_media(
            color_scheme="dark" if self.dark else "light",
            reduced_motion="no-preference",
            media="screen",
        )
        for width in (size["width"] // 2, NARROWEST):
            self.page.set_viewport_size({**size, "width": width})
            self._fits(f"{name}, in {width} pixels,")
        self.page.set_viewport_size(size)

    def _has_contrast(self, name: str) -> None:
        rules = ["color-contrast", "link-in-text-block"]
        options = {"runOnly": {"type": "rule", "values": rules}, "resultTypes": ["violations"]}
        found = AxeResults(self.page.evaluate("options => axe.run(options)", options))
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"

    def _fits(self, name: str) -> None:
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} is {wide} pixels too wide"


Desks = Callable[..., Desk]
