"""The steps that need letters: what the people who are written to see and do.

They are left out where letters are not shown, as on a server that delivers them.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

from api.walkthrough import looks
from api.walkthrough.client import check
from api.walkthrough.pages import Mail, PersonsPage
from api.walkthrough.play import Play

LONGEST_WAIT = timedelta(seconds=60)
"""How long an undo window may be for the walkthrough to wait for its end."""

SECONDS_TO_ARRIVE = 20

Step = Callable[[Play], None]


def with_letters(step: Step) -> Step:
    """A step that is left out where letters are not shown to us, or leave too late."""

    @wraps(step)
    def played(play: Play) -> None:
        if play.no_letters:
            play.leave_out(play.no_letters)
        else:
            step(play)

    return played


def message_is_undone(play: Play) -> None:
    """The recruiter undoes it: nothing was sent, and it does not count."""
    outreach = play.recruiter.get(f"/outreach/{play.outreach_id}").done()
    if not Mail(play.demo_user).is_shown():
        play.no_letters = "this server shows no letters"
    elif _waits(outreach) > LONGEST_WAIT:
        play.no_letters = "letters leave late here; start the server with SOURCING_UNDO_SECONDS=20"
    play.recruiter.post(f"/outreach/{play.outreach_id}/withdrawal").done(201)
    status = play.recruiter.get(f"/outreach/{play.outreach_id}").done()["status"]
    check(status == "undone", "its status", "undone", status)
    in_feed = looks.is_in_feed(play, play.position_id, play.person)
    check(in_feed, f"{play.person['name']} in the feed again", True, in_feed)
    play.say(f"Undone; {play.person['name']} is in the feed again and heard of nothing.")


def message_is_sent_again(play: Play) -> None:
    """They send it again, and write to two people who have just joined as well."""
    again = looks.send(play, str(uuid4()), play.message).done(201)
    play.outreach_id = UUID(again["id"])
    for name in ("Noa Lind", "Lou Park"):
        candidate_id = _joins(play, name)
        sent = looks.send(play, str(uuid4()), play.message, candidate_id=candidate_id)
        play.newcomers.append(UUID(sent.done(201)["id"]))
    leaves_at = play.recruiter.get(f"/outreach/{play.outreach_id}").done()["deliver_at"]
    play.say(f"The three leave soon, the first at {leaves_at[11:19]} UTC.")


@with_letters
def letters_arrive(play: Play) -> None:
    """The letters arrive, each with a link of its own."""
    for outreach_id in (play.outreach_id, *play.newcomers):
        letter = _letter(play, outreach_id)
        link = Mail(play.demo_user).link_in(letter)
        play.pages[outreach_id] = PersonsPage(play.visitor, link)
    links = {page.link for page in play.pages.values()}
    check(len(links) == 3, "links of their own", 3, len(links))
    play.say(f"Shown under {play.server.url}/mail")


@with_letters
def page_is_opened(play: Play) -> None:
    """The person opens the link: the letter, who is behind it, and no account. Nothing changes."""
    before = _happened(play, play.outreach_id)
    said = play.page.read()
    for what in (play.message["subject"], "Developer (walkthrough)", "Alex Kim"):
        check(what in said, "the person's page", what, said)
    held = play.page.read("/data")
    check(play.person["name"] in held, "what is held about them", play.person["name"], held)
    after = _happened(play, play.outreach_id)
    check(after == before, "the events after opening it", before, after)
    play.say("It says what the position is, what is held about them, and how to stop it.")


@with_letters
def person_asks_back(play: Play) -> None:
    """The person has a question, and the recruiter answers it."""
    question = "How many days a week in the office?"
    play.before_answer = looks.look_before_answer(play)
    play.page.send("/reply", {"message": question}, at="")
    play.answered_at = play.server.log_position
    looks.check_badge(play, "wrote_back", show=False)
    reply = {"text": "Two, and you choose which.", "sender_name": "Alex Kim"}
    play.recruiter.post(f"/outreach/{play.outreach_id}/replies", reply).done(201)
    _letter(play, play.outreach_id, count=2)
    said = play.page.read()
    check(reply["text"] in said, "the person's page", reply["text"], said)
    play.happened += ["reply_received", "reply_sent"]
    play.say(f"{question} {reply['text']} The reply came by mail too.")


@with_letters
def time_is_picked(play: Play) -> None:
    """The recruiter offers times, and the person picks one on their page."""
    at = (datetime.now(UTC) + timedelta(days=4)).replace(minute=0, second=0, microsecond=0)
    times = [(at + timedelta(hours=hours)).isoformat() for hours in (0, 2)]
    body = {"times": times, "meeting": {"minutes": 45, "zone": "Europe/Berlin"}}
    play.recruiter.post(f"/outreach/{play.outreach_id}/times", body).done(201)
    play.page.send("/interview", {"starts_at": times[1]})
    row = looks.check_badge(play, "interview_scheduled", show=False)
    came = datetime.fromisoformat(row["interview_at"])
    picked = datetime.fromisoformat(times[1])
    check(came == picked, "when the interview starts", picked, came)
    play.happened += ["times_offered", "interview_scheduled"]
    play.say(f"{picked:%d %B, %H:%M} UTC; both get an invitation.")


@with_letters
def newcomer_declines(play: Play) -> None:
    """Another says no, and why."""
    outreach_id = play.newcomers[0]
    play.pages[outreach_id].send("/decline", {"reason": "salary", "note": "I earn more today."})
    row = play.recruiter.get(f"/outreach/{outreach_id}").done()
    came = (row["status"], row["decline_reason"])
    check(came == ("declined", "salary"), "their answer", ("declined", "salary"), came)
    play.say("Declined, because of the pay.")


@with_letters
def newcomer_says_later(play: Play) -> None:
    """The third says not now, but in three months."""
    outreach_id = play.newcomers[1]
    play.pages[outreach_id].send("/later", {"when": "three_months"})
    row = play.recruiter.get(f"/outreach/{outreach_id}").done()
    check(row["status"] == "postponed", "their answer", "postponed", row["status"])
    play.say(f"The recruiter is told again on {row['postponed_until']}.")


@with_letters
def newcomer_stops_all(play: Play) -> None:
    """They stop all messages, which hides them from recruiters, and allow them again."""
    outreach_id = play.newcomers[1]
    page = play.pages[outreach_id]
    candidate_id = play.recruiter.get(f"/outreach/{outreach_id}").done()["candidate_id"]
    new = {"title": "A third developer (walkthrough)", "remote": True}
    path = f"/employers/{play.employer_id}/positions"
    position_id = UUID(play.recruiter.post(path, new).done(201)["id"])
    page.send("/stop", at="/choices")
    about = {"candidate_id": candidate_id, "position_id": position_id}
    refused = looks.send(play, str(uuid4()), play.message, **about).done(404)
    page.send("/resume", at="/choices")
    play.say(f"Refused: {refused['detail']} Then they allow messages again.")


@with_letters
def newcomer_is_erased(play: Play) -> None:
    """They erase everything: their link and their letter are gone."""
    outreach_id = play.newcomers[1]
    page = play.pages[outreach_id]
    page.send("/erasure", {"sure": "true"})
    check(not page.is_there(), "their link", "leads nowhere", "a page")
    letters = Mail(play.demo_user).letters(outreach_id)
    check(not letters, "their letters", "none", letters)
    log = str(play.auditor.get(f"/events/{outreach_id}").done())
    check("Lou Park" not in log, "the events", "without their name", log)
    play.say("No link, no letter, and no word of them in the events.")


def _joins(play: Play, name: str) -> str:
    """Somebody joins who has been silent for long."""
    signed_up = (datetime.now(UTC) - timedelta(days=400)).isoformat()
    document = {
        "basics": {"name": name, "email": f"{uuid4()}@example.org"},
        "meta": {"sourcing": {"opted_in": True, "signed_up_at": signed_up}},
    }
    return str(play.platform.post("/candidates", document).done(201)["id"])


def _waits(outreach: dict[str, Any]) -> timedelta:
    leaves_at = datetime.fromisoformat(outreach["deliver_at"])
    return max(leaves_at - datetime.now(UTC), timedelta())


def _letter(play: Play, outreach_id: UUID, count: int = 1) -> str:
    """Where the last letter of an outreach is shown, once there are so many."""
    outreach = play.recruiter.get(f"/outreach/{outreach_id}").done()
    deadline = time.monotonic() + _waits(outreach).total_seconds() + SECONDS_TO_ARRIVE
    while len(letters := Mail(play.demo_user).letters(outreach_id)) < count:
        late = f"{len(letters)} after {SECONDS_TO_ARRIVE} seconds"
        check(time.monotonic() < deadline, f"letters of {outreach_id}", count, late)
        time.sleep(0.5)  # a poll
    return letters[0]


def _happened(play: Play, outreach_id: UUID) -> list[str]:
    return [event["type"] for event in play.auditor.get(f"/events/{outreach_id}").done()]
