"""The steps of the walkthrough, in order; the docstring of each is its heading.

One module, to be read from the first step to the last.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from api.walkthrough import letters, tables
from api.walkthrough.client import check
from api.walkthrough.looks import (
    check_badge,
    check_leaves,
    counts_of,
    facts_of,
    feed_of,
    is_in_feed,
    likeliest,
    look_before_answer,
    path_of_person,
    send,
)
from api.walkthrough.narrowing import filters_for
from api.walkthrough.play import Play
from domain.filters import Filters
from domain.passivity import is_passive

SHOWN = 8
"""Rows of a list that are printed; the checks look at all that the page has."""

SALARY = {"minimum": 70_000, "maximum": 95_000, "currency": "EUR"}

Step = Callable[[Play], None]


class NobodyPassive(Exception):
    """There is no passive candidate to play with, in a sentence."""


def employer_registers(play: Play) -> None:
    """An employer registers, and gets a Customer Success Manager."""
    manager = {"name": "Robin Meyer", "email": "robin.meyer@marketplace.example"}
    company = f"Walkthrough {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    done = play.admin.post("/employers", {"company": company, "manager": manager}).done(201)
    play.employer_id = UUID(done["id"])
    employer = play.recruiter.get(f"/employers/{play.employer_id}").done()
    check(employer["status"] == "registered", "its status", "registered", employer["status"])
    play.say(f"{company} is registered; {employer['manager_name']} looks after it.")


def beta_needs_approval(play: Play) -> None:
    """Before it is approved it cannot join the beta."""
    answer = play.recruiter.post(f"/employers/{play.employer_id}/beta")
    play.say(f"Refused: {answer.refused(409, 'employer_not_approved')}")


def employer_is_approved(play: Play) -> None:
    """The marketplace approves the employer."""
    play.admin.post(f"/employers/{play.employer_id}/approval").done(201)
    employer = play.recruiter.get(f"/employers/{play.employer_id}").done()
    check(employer["status"] == "approved", "its status", "approved", employer["status"])
    play.say("Approved.")


def employer_joins_beta(play: Play) -> None:
    """A recruiter joins the beta from the Passive candidates tab."""
    play.recruiter.post(f"/employers/{play.employer_id}/beta").done(201)
    employer = play.recruiter.get(f"/employers/{play.employer_id}").done()
    check(employer["in_beta"], "it is in the beta", True, employer["in_beta"])
    play.say("Joined.")


def position_is_opened(play: Play) -> None:
    """The recruiter opens a position, for everybody at first."""
    new = {"title": "Developer (walkthrough)", "remote": True, "salary": SALARY}
    done = play.recruiter.post(f"/employers/{play.employer_id}/positions", new).done(201)
    play.position_id = UUID(done["id"])
    tabs = counts_of(play, play.position_id)
    if not tabs["passive_candidates"]:
        raise NobodyPassive(
            "There are no passive candidates: nobody in this marketplace has agreed to be written "
            "to and been silent for six months. Fill an empty one with `sourcing demo`."
        )
    play.say(tables.counts(tabs))


def filters_are_set(play: Play) -> None:
    """They set its filters, which hold for both lists."""
    path = f"/positions/{play.position_id}"
    everybody = feed_of(play, play.position_id)
    play.filters = filters_for([facts_of(card) for card in everybody])
    if play.filters == Filters():
        play.leave_out("the few there are have nothing in common to filter by")
        return
    before = counts_of(play, play.position_id)
    read = play.recruiter.get(path)
    read.done()
    wanted = play.filters.model_dump(mode="json")
    play.recruiter.put(f"{path}/filters", wanted, if_match=read.headers["ETag"]).done()
    position = play.recruiter.get(path).done()
    check(position["filters"] == wanted, "the filters", wanted, position["filters"])
    tabs = counts_of(play, play.position_id)
    for tab in ("recommendations", "passive_candidates"):
        check(tabs[tab] <= before[tab], f"{tab} under filters", f"<= {before[tab]}", tabs[tab])
    play.show(tables.filters(wanted))
    play.say(tables.counts(tabs))


def feed_is_ranked(play: Play) -> None:
    """The Passive candidates tab: who passes the filters, the likeliest to respond first."""
    play.feed = feed_of(play, play.position_id)
    play.show(tables.feed(play.feed[:SHOWN], play.filters.roles))
    check(bool(play.feed), "the feed", "somebody", "nobody")
    for card in play.feed:
        name = card["name"]
        check(play.filters.admit(facts_of(card)), f"{name} passes the filters", True, card["facts"])
        last = datetime.fromisoformat(card["last_active_at"])
        check(is_passive(last, datetime.now(UTC)), f"{name} is passive", True, f"active {last}")
    shown = [card["likelihood"]["probability"] for card in play.feed if not card["explored"]]
    check(shown == sorted(shown, reverse=True), "the order", "the likeliest first", shown)
    play.say(f"{len(play.feed)} checked: all silent for six months, and within the filters.")
    play.person = likeliest(play.feed)


def profile_is_opened(play: Play) -> None:
    """The recruiter opens a profile: each field with its source and age, and how to approach."""
    profile = play.recruiter.get(path_of_person(play)).done()
    play.show(f"[bold]{profile['name']}[/], {tables.likelihood(profile['likelihood'])}")
    play.show(tables.profile(profile))
    known = {field for field, value in profile["facts"].items() if value is not None}
    unknown = sorted(known - set(profile["provenance"]))
    check(not unknown, "every field has a source", "none without", unknown)
    box = profile["approach_by"]
    check(box == "message", "the box beside the profile", "message", box)
    play.say("Beside it stands the box Send message.")


def blank_field_is_refused(play: Play) -> None:
    """A message with a blank field is refused by the field's name."""
    name = play.person["name"]
    play.message = {
        "subject": "A position that may suit you",
        "text": f"Hello {name}, your skills are those that we look for. Shall we talk?",
        "salary": SALARY,
        "remote": True,
        "sender_name": "Alex Kim",
        "sender_role": "Head of Engineering",
    }
    answer = send(play, str(uuid4()), play.message | {"subject": "   "})
    said = answer.refused(422, "string_too_short", "message.subject")
    play.say(f"Refused, message.subject: {said}")


def message_is_sent(play: Play) -> None:
    """With all fields it is sent; the same request again gives the same answer."""
    key = str(uuid4())
    first = send(play, key, play.message).done(201)
    again = send(play, key, play.message).done(201)
    check(first == again, "the answer to the same Idempotency-Key", first, again)
    play.outreach_id = UUID(first["id"])
    play.say(
        f"Sent to {play.person['name']} as event {first['log_position']}; once, though asked twice."
    )


def second_message_is_refused(play: Play) -> None:
    """A second message to the same person about the same position is refused."""
    answer = send(play, str(uuid4()), play.message)
    play.say(f"Refused: {answer.refused(409, 'already_contacted')}")


def person_is_badged(play: Play) -> None:
    """The person stands under Interviews with a badge, and no longer in the feed."""
    check_badge(play, "awaiting_answer")
    in_feed = is_in_feed(play, play.position_id, play.person)
    check(not in_feed, f"{play.person['name']} in the feed", False, in_feed)
    play.say(tables.counts(counts_of(play, play.position_id)))


def person_accepts(play: Play) -> None:
    """The person says yes, and the next ranking has learned from it."""
    note = "Gladly, next week suits me."
    if play.no_letters:
        play.before_answer = look_before_answer(play)
        play.platform.post(f"/outreach/{play.outreach_id}/acceptance", {"note": note}).done(201)
        play.happened += ["accepted"]
        play.answered_at = play.server.log_position
    else:
        name = play.person["name"]
        play.page.send("/interest", {"note": note, "share.name": "true", "contact.name": name})
        play.happened += ["accepted", "contact_disclosed"]
    (before, ranking), answered = play.before_answer, play.answered_at
    check_badge(play, "accepted", show=False)
    after = play.analyst.get("/model").done()
    next_ranking = feed_of(play, play.position_id)
    play.say(f"{play.person['name']} accepted.")
    play.say(
        f"The model has learned from {before['observed']:,} observations before and "
        f"{after['observed']:,} after, up to event {after['log_position']}."
    )
    if next_ranking:
        play.show(tables.learned(ranking, next_ranking[:SHOWN]))
    check(
        after["observed"] > before["observed"] and after["log_position"] >= answered,
        "the model learned from the answer",
        f"more than {before['observed']} observations, up to event {answered}",
        after,
    )
    for card in next_ranking:
        learned_up_to = card["likelihood"]["model_position"]
        check(
            learned_up_to >= answered,
            f"the model that ranks {card['name']}",
            f"learned up to event {answered}",
            f"learned up to event {learned_up_to}",
        )


def interview_is_scheduled(play: Play) -> None:
    """They agree when to talk, and the recruiter notes it."""
    starts_at = (datetime.now(UTC) + timedelta(days=5)).replace(minute=0, second=0, microsecond=0)
    body = {"starts_at": starts_at.isoformat()}
    play.recruiter.post(f"/outreach/{play.outreach_id}/interview", body).done(201)
    row = check_badge(play, "interview_scheduled")
    came = datetime.fromisoformat(row["interview_at"])
    check(came == starts_at, "when the interview starts", starts_at, came)
    play.happened += ["interview_scheduled"]


def feedback_is_shared(play: Play) -> None:
    """The recruiter shares feedback, and the Customer Success Manager reads it."""
    path = f"/employers/{play.employer_id}/feedback"
    text = "The first person we wrote to said yes within the minute."
    play.recruiter.post(path, {"text": text, "page": "passive-candidates"}).done(201)
    items = play.manager.get(path).done()["items"]
    check([row["text"] for row in items] == [text], "the feedback", [text], items)
    play.say(f"{tables.moment(items[0]['shared_at'])} {items[0]['shared_by']}: {text}")


def support_reads_timeline(play: Play) -> None:
    """Support reconstructs the timeline of the outreach."""
    steps = play.support.get(f"/outreach/{play.outreach_id}/timeline").done()
    play.show(tables.timeline(steps))
    came = [step["what"] for step in steps if not step["what"].startswith("letter_")]
    check(came == play.happened, "the steps", play.happened, came)


def person_becomes_active(play: Play) -> None:
    """Having become active, the person leaves the feed of another position; the badge stays."""
    new = {
        "title": "Another developer (walkthrough)",
        "remote": True,
        "filters": play.filters.model_dump(mode="json"),
    }
    done = play.recruiter.post(f"/employers/{play.employer_id}/positions", new).done(201)
    play.second_position_id = UUID(done["id"])
    in_feed = is_in_feed(play, play.second_position_id, play.person)
    check(in_feed, f"{play.person['name']} in the feed of the second position", True, in_feed)
    activity = {
        "candidate_id": play.person["candidate_id"],
        "kind": "signed_in",
        "occurred_at": datetime.now(UTC).isoformat(),
        "source": "walkthrough",
        "source_id": str(uuid4()),
    }
    ingested = play.platform.post_lines("/activity", json.dumps(activity) + "\n").done(202)
    check(ingested["accepted"] == 1, "the activity", "accepted", ingested)
    check_leaves(play, play.person, "became active")
    check_badge(play, "interview_scheduled", show=False)
    play.say("The badge Passive Candidate stays: they were passive when the message was sent.")


def another_opts_out(play: Play) -> None:
    """Another candidate opts out and leaves the feed, opts in again and is back."""
    feed = feed_of(play, play.second_position_id)
    if not feed:
        play.leave_out("the filters let nobody else through")
        return
    other = likeliest(feed)
    path = f"/candidates/{other['candidate_id']}"
    play.platform.post(f"{path}/opt-out").done(201)
    try:
        check_leaves(play, other, "opted out")
    finally:
        play.platform.post(f"{path}/opt-in").done(201)
    in_feed = is_in_feed(play, play.second_position_id, other)
    check(in_feed, f"{other['name']} in the feed after opting in again", True, in_feed)
    play.say(f"{other['name']} opted in again and is back.")


def auditor_reads_events(play: Play) -> None:
    """An auditor reads the events of the outreach as CloudEvents."""
    log = play.auditor.get(f"/events/{play.outreach_id}").done()
    play.show(tables.events(log))
    expected = [f"outreach.{what}" for what in play.happened]
    came = [event["type"] for event in log if ".letter_" not in event["type"]]
    check(came == expected, "the types", expected, came)
    for event in log:
        version = event["specversion"]
        check(version == "1.0", "the version of CloudEvents", "1.0", version)
        subject = event["subject"]
        check(subject == str(play.outreach_id), "the subject", play.outreach_id, subject)
    said = log[0]["data"]["subject"]
    check(said == play.message["subject"], "what was written", play.message["subject"], said)


STEPS: Sequence[Step] = (
    employer_registers,
    beta_needs_approval,
    employer_is_approved,
    employer_joins_beta,
    position_is_opened,
    filters_are_set,
    feed_is_ranked,
    profile_is_opened,
    blank_field_is_refused,
    message_is_sent,
    second_message_is_refused,
    person_is_badged,
    letters.message_is_undone,
    letters.message_is_sent_again,
    letters.letters_arrive,
    letters.page_is_opened,
    letters.person_asks_back,
    person_accepts,
    letters.time_is_picked,
    interview_is_scheduled,
    feedback_is_shared,
    support_reads_timeline,
    person_becomes_active,
    another_opts_out,
    letters.newcomer_declines,
    letters.newcomer_says_later,
    letters.newcomer_stops_all,
    letters.newcomer_is_erased,
    auditor_reads_events,
)
