"""What the steps of the walkthrough look at, and what they check of it."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from api.walkthrough import tables
from api.walkthrough.client import Answer, NotAsItShouldBe, check
from api.walkthrough.play import Play
from domain.profile import Facts

PAGE = 200
SECONDS_TO_LEAVE_THE_FEED = 1.0


def counts_of(play: Play, position_id: UUID) -> Any:
    """How many each tab of a position has."""
    return play.recruiter.get(f"/positions/{position_id}/counts").done()


def feed_of(play: Play, position_id: UUID) -> list[Any]:
    """The first page of the passive candidates of a position."""
    return next(pages_of_feed(play, position_id))


def pages_of_feed(play: Play, position_id: UUID, *, at_once: bool = False) -> Iterator[list[Any]]:
    """The passive candidates of a position, page by page."""
    path, cursor = f"/positions/{position_id}/passive-candidates", dict[str, str]()
    while True:
        page = play.recruiter.get(path, limit=PAGE, at_once=at_once, **cursor).done()
        yield page["items"]
        if page["next_cursor"] is None:
            return
        cursor = {"cursor": page["next_cursor"]}


def likeliest(cards: list[Any]) -> Any:
    """The first candidate that is ranked rather than a random pick, or else the first."""
    return next((card for card in cards if not card["explored"]), cards[0])


def is_in_feed(play: Play, position_id: UUID, person: Any, *, at_once: bool = False) -> bool:
    """Whether a person is among the passive candidates of a position."""
    return any(
        card["candidate_id"] == person["candidate_id"]
        for cards in pages_of_feed(play, position_id, at_once=at_once)
        for card in cards
    )


def look_before_answer(play: Play) -> tuple[Any, list[Any]]:
    """The model and the ranking, to see later what an answer changes."""
    return play.analyst.get("/model").done(), feed_of(play, play.position_id)


def facts_of(card: Any) -> Facts:
    """What a card says of a person."""
    return Facts.model_validate(card["facts"])


def path_of_person(play: Play) -> str:
    """Where the person's profile is."""
    return f"/positions/{play.position_id}/candidates/{play.person['candidate_id']}"


def send(
    play: Play,
    key: str,
    message: dict[str, Any],
    *,
    candidate_id: str | None = None,
    position_id: UUID | None = None,
) -> Answer:
    """Send a message, to the person of the play unless to another."""
    body = {"candidate_id": candidate_id or play.person["candidate_id"], "message": message}
    path = f"/positions/{position_id or play.position_id}/messages"
    return play.recruiter.post(path, body, key=key)


def check_badge(play: Play, status: str, *, show: bool = True) -> Any:
    """The person's row under Interviews, which has the badge and this status."""
    rows = play.recruiter.get(f"/positions/{play.position_id}/interviews").done()["items"]
    if show:
        play.show(tables.interviews(rows))
    for row in rows:
        if row["outreach_id"] == str(play.outreach_id):
            expected = ("Passive Candidate", status)
            came = (row["badge"], row["status"])
            check(came == expected, "their badge and status", expected, came)
            return row
    raise NotAsItShouldBe("the Interviews tab", f"a row of {play.person['name']}", rows)


def check_leaves(play: Play, person: Any, why: str) -> None:
    """They leave the feed of the second position in time, though nobody waits for the change."""
    since = time.monotonic()
    seconds = 0.0
    while is_in_feed(play, play.second_position_id, person, at_once=True):
        seconds = time.monotonic() - since
        allowed = f"within {SECONDS_TO_LEAVE_THE_FEED:.0f} second"
        still = f"still there after {seconds:.2f} seconds"
        check(seconds < SECONDS_TO_LEAVE_THE_FEED, f"{person['name']} leaves", allowed, still)
        time.sleep(0.01)  # a poll: the step measures how long it takes
    milliseconds = (time.monotonic() - since) * 1000
    play.say(f"{person['name']} {why} and was gone from the feed {milliseconds:.0f} ms later.")
