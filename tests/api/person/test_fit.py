"""The candidate's pages in a browser: on phones and desks, in both schemes, without JavaScript."""

from tests.support.browser import Desks
from tests.support.letter_links import PAGES, Holder
from tests.support.visitor import in_every_look


@in_every_look
def test_every_page_is_fit(desk: Desks, ada: Holder, width: str, dark: bool) -> None:
    reader = desk(None, width=width, dark=dark)
    look = "-dark" if dark else ""
    for page in ("", *PAGES):
        reader.go(f"{ada.link}{page}?after={ada.stage.reached()}")
        reader.is_fit(f"person{page.replace('/', '-') or '-message'}{look}")
    reader.go(ada.unsubscribe)
    reader.is_fit(f"person-unsubscribe{look}")
    reader.go("/p/nothing")
    reader.is_fit(f"person-nothing{look}")


@in_every_look
def test_a_conversation_and_wrong_forms_are_fit(
    desk: Desks, ada: Holder, width: str, dark: bool
) -> None:
    ada.sends("/reply", {"message": "Which team is it?\n\nAnd may I work from London?"})
    ada.sends("/interest", {"share.email": "true", "contact.email": "ada@example.com"})
    reply = {"text": "The planner team. London is fine.", "sender_name": "Robin"}
    ada.scene.recruiter.post(f"/outreach/{ada.outreach}/replies", reply)
    reader = desk(None, width=width, dark=dark)
    look = "-dark" if dark else ""
    page = reader.go(ada.link)
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Message is missing.").first.wait_for()
    reader.is_fit(f"person-conversation{look}")


def test_a_candidate_answers_without_scripts(desk: Desks, ada: Holder) -> None:
    page = desk(None, width="narrow", script=False).go(ada.link)
    page.get_by_label("Write back").fill("Which team is it?")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Your message is sent.").wait_for()
    page.get_by_role("link", name="I am interested").click()
    page.get_by_label("Tell them my e-mail").check()
    page.get_by_label("Tell them my phone").check()
    page.get_by_label("Phone", exact=True).fill("")
    page.get_by_role("button", name="Say yes").click()
    page.get_by_text("Fill it in, or take the tick away.").first.wait_for()
    page.get_by_label("Tell them my phone").uncheck()
    page.get_by_role("button", name="Say yes").click()
    page.get_by_text("You told the employer how to reach you:").wait_for()
    page.get_by_role("button", name="Stop all messages").click()
    page.get_by_role("button", name="Allow messages again").click()
    page.get_by_text("Employers may write to you again.").wait_for()


def test_a_candidate_stops_by_the_button_and_allows_again(desk: Desks, ada: Holder) -> None:
    page = desk(None, width="narrow", script=False).go(ada.unsubscribe)
    page.get_by_role("button", name="Stop all messages").click()
    page.get_by_role("heading", name="You get no more messages").wait_for()
    page.get_by_role("button", name="Allow messages again").click()
    page.get_by_text("Employers may write to you again.").wait_for()


def test_a_candidate_erases_themselves(desk: Desks, ada: Holder) -> None:
    page = desk(None, width="narrow", script=False).go(f"{ada.link}/choices")
    page.get_by_role("link", name="Erase me").click()
    page.get_by_label("I am sure").check()
    page.get_by_role("button", name="Erase me for good").click()
    page.get_by_role("heading", name="You are erased").wait_for()
    page.goto(page.url.removesuffix("/erasure"))
    page.get_by_role("heading", name="There is nothing here").wait_for()


@in_every_look
def test_every_page_is_fit_in_a_language_of_long_words(
    desk: Desks, ada: Holder, width: str, dark: bool
) -> None:
    reader = desk(None, width=width, dark=dark)
    for page in ("", *PAGES):
        reader.go(f"{ada.link}{page}?language=de&after={ada.stage.reached()}")
        reader.is_fit(f"person-german{page.replace('/', '-') or '-message'}")
