"""How long after a click the console shows something, and how long until all of it is there.

    python -m benchmarks clicks --candidates 1000 --times 40

In a real browser (Chromium) on a demo marketplace, served with its worker in this process. From
the click, as the browser stamps it, to the first frame after something changed: a bar for a page
that is on its way, a name in the panel. Then to the first frame of what was asked for.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import numpy as np
from playwright.sync_api import Error, Page, sync_playwright

from api.console.demo_users import DEMO_USERS
from api.console.session import COOKIE
from api.http.tokens import make_token
from api.marketplace import Marketplace, now
from benchmarks.console import TARGET_MS, console, things
from tests.support.browser import served

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

NOTING = """() => {
    const note = (name, moment) => sessionStorage.setItem(name, performance.timeOrigin + moment);
    const painted = (name) => requestAnimationFrame(() => {
        const frame = new MessageChannel();  // whose message comes after the frame is painted
        frame.port1.onmessage = () => note(name, performance.now());
        frame.port2.postMessage(0);
    });
    addEventListener("click", (event) => {
        for (const name of ["seen", "there"]) sessionStorage.removeItem(name);
        note("clicked", event.timeStamp);
        const changed = new MutationObserver(() => { changed.disconnect(); painted("seen"); });
        changed.observe(document, { subtree: true, childList: true, attributes: true });
    }, true);
    addEventListener("htmx:afterSwap", (event) => event.target.id === "panel" && painted("there"));
    new PerformanceObserver((list) => {
        const first = list.getEntriesByName("first-contentful-paint")[0];
        if (first && sessionStorage.getItem("clicked")) note("there", first.startTime);
    }).observe({ type: "paint", buffered: true });
}"""

TOOK = """() => ["seen", "there"].map((name) => sessionStorage.getItem(name)
    && sessionStorage.getItem(name) - sessionStorage.getItem("clicked"))"""

POLL_MS = 20


@contextmanager
def recruiter(marketplace: Marketplace, address: str) -> Iterator[Page]:
    """A window of the demo's recruiter, which notes what each click led to."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        token = make_token(marketplace.settings, DEMO_USERS["recruiter"], now(), timedelta(hours=1))
        context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        context.add_init_script(f"({NOTING})()")
        yield context.new_page()
        browser.close()


def clicked(page: Page, times: int, click: Callable[[int], None]) -> Iterator[tuple[float, float]]:
    """What so many clicks took until something, and until all of it was shown; one before them."""
    for number in range(times + 1):
        click(number)
        there = None
        while there is None:
            page.wait_for_timeout(POLL_MS)
            with suppress(Error):  # the page is on its way
                seen, there = page.evaluate(TOOK)
        page.wait_for_load_state("networkidle")
        if number:
            # A page that comes before a frame of the old one is what is seen first.
            yield (there if seen is None else min(seen, there), there)


def figures(page: Page, address: str, position: str, times: int) -> Iterator[str]:
    """A line for a list, the panel beside it, and another page."""
    feed = f"/positions/{position}/passive-candidates"
    page.goto(address + feed)
    tabs = ("recommendations", "passive-candidates")
    names = page.locator("#cards > .candidate h2 a")

    def to_list(number: int) -> None:
        page.locator(f"nav.tabs a[href$='/{tabs[number % 2]}']").click()

    def to_panel(number: int) -> None:
        names.nth(number % names.count()).click()

    def to_page(number: int) -> None:
        page.locator(f".menu a[href='{('/positions', '/needs-you')[number % 2]}']").click()

    ways = {"list": to_list, "panel": to_panel, "page": to_page}
    for name, click in ways.items():
        if name == "panel":
            page.goto(address + feed)
            page.wait_for_load_state("networkidle")
        took = np.array([*clicked(page, times, click)])
        for what, column in (("something", 0), ("all of it", 1)):
            half, most = np.percentile(took[:, column], [50, 95])
            over = "  over the target" if what == "something" and most > TARGET_MS else ""
            yield f"{name:6} {what:10} {half:8.1f} {most:8.1f} {took[:, column].max():8.1f}{over}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--times", type=int, default=40, help="how often each is clicked")
    parser.add_argument("--data-dir", type=Path, help="keep the marketplace here for another run")
    options, _ = parser.parse_known_args()
    with ExitStack() as stack:
        data_dir = options.data_dir or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="sourcing-bench-"))
        )
        one = stack.enter_context(console(data_dir, options.candidates))
        position = things(one)["position_id"]
        address = stack.enter_context(served(one.marketplace))
        page = stack.enter_context(recruiter(one.marketplace, address))
        print(f"{'click':6} {'until':10} {'median':>8} {'95 %':>8} {'most ms':>8}")
        for line in figures(page, address, position, options.times):
            print(line, flush=True)


if __name__ == "__main__":
    main()
