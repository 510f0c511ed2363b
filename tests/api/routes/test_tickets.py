"""People ask support, and say whether the help helped."""

from uuid import uuid4

from domain.actor import Role
from tests.support.client import codes, done, statuses
from tests.support.concurrency import at_once
from tests.support.stage import Stage

ASKED = {"subject": "No candidates", "text": "My feed is empty.", "page": "/positions"}


def test_a_ticket_arrives_at_support_with_who_sent_it_and_from_where(stage: Stage) -> None:
    scene = stage.scene()
    ticket = done(scene.recruiter.post("/tickets", ASKED))
    listed = done(stage.as_(Role.SUPPORT).get("/tickets", after=ticket["log_position"]))["items"]
    (arrived,) = [one for one in listed if one["ticket_id"] == ticket["id"]]
    assert ASKED.items() <= arrived.items()
    assert arrived["employer_id"] == scene.employer_id
    assert (arrived["submitted_by"], arrived["submitted_role"]) == ("recruiter@test", "recruiter")
    assert (arrived["status"], arrived["answer"]) == ("open", None)


def test_an_answer_reaches_who_asked(stage: Stage) -> None:
    analyst, support = stage.as_(Role.ANALYST, name="alex"), stage.as_(Role.SUPPORT)
    ticket = done(analyst.post("/tickets", ASKED))["id"]
    closed = done(support.post(f"/tickets/{ticket}/closure", {"answer": "Relax a filter."}))
    (mine,) = done(analyst.get("/me/tickets", after=closed["log_position"]))["items"]
    assert (mine["status"], mine["answer"]) == ("closed", "Relax a filter.")
    assert (mine["closed_by"], mine["version"]) == ("support@test", 2)


def test_a_thread_goes_to_and_fro(stage: Stage) -> None:
    analyst, support = stage.as_(Role.ANALYST, name="thread"), stage.as_(Role.SUPPORT)
    ticket = done(analyst.post("/tickets", ASKED))["id"]
    answer = {"text": "Which filter?", "signed_by": "Ola Berg"}
    done(support.post(f"/tickets/{ticket}/answers", answer))
    waiting = done(analyst.get(f"/me/tickets/{ticket}", after=stage.reached()))
    assert (waiting["status"], waiting["owner"]) == ("waiting", "Ola Berg")
    done(support.post(f"/tickets/{ticket}/closure", {}))
    done(analyst.post(f"/me/tickets/{ticket}/replies", {"text": "The salary."}))
    thread = done(support.get(f"/tickets/{ticket}", after=stage.reached()))
    said = [(one["from_support"], one["signed_by"], one["text"]) for one in thread["messages"]]
    assert said == [(True, "Ola Berg", "Which filter?"), (False, None, "The salary.")]
    assert (thread["status"], thread["closed_at"]) == ("open", None)


def test_another_person_neither_reads_nor_replies(stage: Stage) -> None:
    ticket = done(stage.as_(Role.ANALYST, name="one").post("/tickets", ASKED))["id"]
    other, after = stage.as_(Role.ANALYST, name="other"), stage.reached()
    assert other.get(f"/me/tickets/{ticket}", after=after).status_code == 404
    reply = other.post(f"/me/tickets/{ticket}/replies", {"text": "Me too."})
    assert reply.status_code == 404


def test_tickets_are_found_by_owner_and_by_words_of_the_thread(stage: Stage) -> None:
    support = stage.as_(Role.SUPPORT)
    made = [done(support.post("/tickets", ASKED))["id"] for _ in range(3)]
    done(support("PUT", f"/tickets/{made[0]}/owner", {"owner": "Nils Dahl"}))
    answer = {"text": "Look at the Größe.", "signed_by": "Nils Dahl"}
    done(support.post(f"/tickets/{made[1]}/answers", answer))
    after = stage.reached()

    def found(**asked: object) -> list[str]:
        items = done(support.get("/tickets", **asked, after=after))["items"]
        return [one["ticket_id"] for one in items if one["ticket_id"] in made]

    assert found(owner="Nils Dahl") == [made[1], made[0]]
    assert found(unassigned=True) == [made[2]]
    assert found(q="GROSSE") == [made[1]]


def test_what_was_read_is_no_longer_new(stage: Stage) -> None:
    analyst, support = stage.as_(Role.ANALYST, name="reader"), stage.as_(Role.SUPPORT)
    ticket = done(analyst.post("/tickets", ASKED))["id"]
    answer = {"text": "Which filter?", "signed_by": "Ola Berg"}
    step = done(support.post(f"/tickets/{ticket}/answers", answer))["version"]
    done(analyst.post(f"/me/tickets/{ticket}/reading", {"step": step}))
    mine = done(analyst.get(f"/me/tickets/{ticket}", after=stage.reached()))
    assert mine["answered_step"] == mine["read_step"] == step


def test_a_ticket_is_closed_once(stage: Stage) -> None:
    support = stage.as_(Role.SUPPORT)
    ticket = done(support.post("/tickets", ASKED))["id"]
    doings = [lambda: support.post(f"/tickets/{ticket}/closure", {})] * 2
    answers = at_once(*doings)
    assert statuses(answers) == [201, 409]
    (refused,) = [answer for answer in answers if answer.status_code == 409]
    assert codes(refused) == ["ticket_already_closed"]


def test_a_ticket_that_is_nowhere_is_not_closed(stage: Stage) -> None:
    response = stage.as_(Role.SUPPORT).post(f"/tickets/{uuid4()}/closure", {})
    assert response.status_code == 404


def test_nobody_sees_anothers_tickets(stage: Stage) -> None:
    ours, theirs = stage.scene(), stage.scene()
    done(ours.recruiter.post("/tickets", ASKED))
    mine = done(theirs.recruiter.get("/me/tickets", after=stage.reached()))["items"]
    assert mine == []


def test_tickets_come_by_status_and_page_by_page(stage: Stage) -> None:
    support = stage.as_(Role.SUPPORT)
    made = [done(support.post("/tickets", ASKED))["id"] for _ in range(3)]
    done(support.post(f"/tickets/{made[1]}/closure", {}))
    after = stage.reached()
    first = done(support.get("/tickets", status="open", limit=1, after=after))
    cursor = first["next_cursor"]
    second = done(support.get("/tickets", status="open", limit=1, after=after, cursor=cursor))
    found = [one["ticket_id"] for page in (first, second) for one in page["items"]]
    assert found == [made[2], made[0]]


def test_a_person_is_counted_once_whatever_they_say(stage: Stage) -> None:
    one, other = stage.as_(Role.CSM, name="one"), stage.as_(Role.CSM, name="other")
    for helpful in (True, True, False, True, False):
        done(one("PUT", "/ratings/counted", {"helpful": helpful}))
    done(other("PUT", "/ratings/counted", {"helpful": True}))
    told = done(one.get("/ratings/counted", after=stage.reached()))
    assert told == {
        "page": "counted",
        "helpful": 1,
        "not_helpful": 1,
        "yours": False,
        "reason": None,
    }
    assert done(other.get("/ratings/counted"))["yours"] is True


def test_the_same_answer_again_is_taken_and_tells_where_the_log_is(stage: Stage) -> None:
    person = stage.as_(Role.CSM)
    first = done(person("PUT", "/ratings/again", {"helpful": True}))
    again = done(person("PUT", "/ratings/again", {"helpful": True}))
    assert again["version"] == first["version"] == 1
    assert again["log_position"] >= first["log_position"]
    assert len(stage.topics(first["id"])) == 1


def test_a_page_that_nobody_rated_has_no_answers(stage: Stage) -> None:
    told = done(stage.as_(Role.AUDITOR).get("/ratings/never"))
    assert told == {"page": "never", "helpful": 0, "not_helpful": 0, "yours": None, "reason": None}


def test_support_reads_why_a_page_was_not_helpful(stage: Stage) -> None:
    scene = stage.scene()
    done(scene.recruiter("PUT", "/ratings/why", {"helpful": False}))
    done(scene.recruiter("PUT", "/ratings/why/reason", {"reason": "Show an example."}))
    (found,) = done(stage.as_(Role.SUPPORT).get("/ratings/why/reasons", after=stage.reached()))[
        "items"
    ]
    assert (found["reason"], found["employer_id"]) == ("Show an example.", scene.employer_id)
    assert done(scene.recruiter.get("/ratings/why"))["reason"] == "Show an example."


def test_a_reason_no_longer_counts_once_the_answer_is_yes(stage: Stage) -> None:
    person = stage.as_(Role.CSM)
    done(person("PUT", "/ratings/changed", {"helpful": False}))
    done(person("PUT", "/ratings/changed/reason", {"reason": "Too long."}))
    done(person("PUT", "/ratings/changed", {"helpful": True}))
    listed = stage.as_(Role.SUPPORT).get("/ratings/changed/reasons", after=stage.reached())
    assert done(listed)["items"] == []


def test_reasons_come_page_by_page_with_the_newest_first(stage: Stage) -> None:
    for name in ("first", "second"):
        person = stage.as_(Role.CSM, name=name)
        done(person("PUT", "/ratings/paged", {"helpful": False}))
        done(person("PUT", "/ratings/paged/reason", {"reason": name}))
    support, after = stage.as_(Role.SUPPORT), stage.reached()
    page = done(support.get("/ratings/paged/reasons", limit=1, after=after))
    rest = done(support.get("/ratings/paged/reasons", limit=1, cursor=page["next_cursor"]))
    assert [one["reason"] for one in page["items"] + rest["items"]] == ["second", "first"]
