"""Takes the README's pictures of the console, from a server with a fresh demo marketplace.

sourcing serve --port 8000
python docs/pictures/take.py ADDRESS, which `serve` printed for the console
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@contextmanager
def signed_in(browser: Browser, address: str, user: str, *, phone: bool = False) -> Iterator[Page]:
    """A page of the console for a user of the demo; the phone is in the dark."""
    width, height = (390, 844) if phone else (1280, 860)
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if phone else "light",
        base_url=address,
    )
    page = context.new_page()
    page.goto(address)  # as the server printed it, so that it opens the demo
    # The first is the owner of the demo's employer, who is known by a name.
    whose = "" if user == "recruiter" else f"[value={user}]"
    page.locator(f"button[name=_user]{whose}").first.click()
    page.wait_for_load_state()
    yield page
    context.close()


def take(page: Page, name: str) -> None:
    """What the window shows now."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=HERE / f"{name}.png")


def recruiting(page: Page) -> str:
    """Join the beta, read the feed, write to the likeliest; answers the feed's address."""
    page.get_by_role("table").or_(page.get_by_role("list")).first.wait_for()
    page.locator("main a[href^='/positions/']").nth(1).click()
    page.get_by_role("link", name="Passive candidates").first.click()
    feed = page.url.split("?")[0]
    if page.get_by_role("button", name="Join the Beta").count():
        page.get_by_role("button", name="Join the Beta").click()
        page.goto(feed)
    take(page, "console-feed")
    page.locator("main h2 a, main h3 a").first.click()
    page.get_by_label("Subject").fill("Robots that carry parcels")
    page.get_by_label("Message", exact=False).last.fill(
        "We build robots that carry parcels through old towns, and look for an engineer who kept "
        "systems like yours running. May I tell you more?"
    )
    take(page, "console-profile")
    page.goto(feed)
    page.get_by_role("link", name="Edit filters").click()
    take(page, "console-filters")
    return feed


def answered(page: Page, feed: str) -> None:
    """Send the likeliest a message, read it in their place, and wait for their answer."""
    page.goto(feed)
    page.locator("main h2 a, main h3 a").first.click()
    page.get_by_label("Subject").fill("Robots that carry parcels")
    page.get_by_label("Message", exact=False).last.fill(
        "We build robots that carry parcels through old towns, and look for an engineer who kept "
        "systems like yours running.\n\nMay I tell you more?"
    )
    page.get_by_label("Your name").fill("Robin Doe")
    page.get_by_label("Your role").fill("Head of Engineering")
    page.get_by_role("button", name="Send message").click()
    page.locator("#letter").get_by_text("Message sent").wait_for()
    letter = page.locator("main a", has_text="Robots that carry parcels").first
    while not letter.count():
        page.wait_for_timeout(1000)
        page.goto("/mail")
    letter.click()
    link = page.locator("iframe").content_frame.get_by_role("link", name="Read and answer")
    page.goto(link.get_attribute("href") or "")
    take(page, "candidate-page")
    waiting = page.locator("#needs-you h3 a").first
    while not waiting.count():
        page.wait_for_timeout(1000)
        page.goto("/needs-you")
    waiting.click()
    page.locator("#reply").wait_for()
    take(page, "console-conversation")


def main() -> None:
    """Take them all."""
    address = sys.argv[1]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        with signed_in(browser, address, "recruiter") as page:
            feed = recruiting(page)
            answered(page, feed)
        with signed_in(browser, address, "recruiter", phone=True) as page:
            page.goto(feed)
            take(page, "console-phone")
        for user, path, name in (
            ("analyst", "/model", "console-model"),
            ("analyst", "/funnel", "console-funnel"),
        ):
            with signed_in(browser, address, user) as page:
                page.goto(path)
                take(page, name)


if __name__ == "__main__":
    main()
