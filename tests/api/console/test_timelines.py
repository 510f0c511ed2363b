"""Support finds an outreach, and reads what happened in it."""

import re
from uuid import uuid4

import pytest

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.visitor import in_every_look, text_of, visitor


class Approached:
    """A member whom an employer has written to."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.scene = stage.scene().in_beta()
        self.name = name
        self.position = self.scene.position()
        self.candidate = self.scene.member(name, silent_days=400)
        profile = f"/positions/{self.position}/candidates/{self.candidate}"
        done(self.scene.recruiter.get(profile, after=stage.reached()))  # once they are scored
        self.outreach = str(done(self.scene.message(self.position, self.candidate))["id"])

    def answered(self) -> "Approached":
        note = {"note": "Gladly, <b>soon</b>."}
        done(self.scene.platform.post(f"/outreach/{self.outreach}/acceptance", note))
        return self

    def path(self) -> str:
        return f"/outreach/{self.outreach}/timeline?after={self.stage.reached()}"


def seen(stage: Stage, path: str) -> str:
    joint = "&" if "?" in path else "?"
    return text_of(visitor(stage, Role.SUPPORT).get(f"{path}{joint}after={stage.reached()}"))


def test_an_outreach_is_found_by_every_id_and_by_part_of_the_name(stage: Stage) -> None:
    one, other = Approached(stage, "Ludmilla"), Approached(stage, "Wenzel")
    pasted = f"http://x/positions/{one.position}/candidates/{one.candidate.upper()}"
    for asked in (
        one.outreach, one.candidate, one.position, one.scene.employer_id, "ludm", pasted
    ):  # fmt: skip
        page = seen(stage, f"/outreach?q={asked}")
        assert "Ludmilla" in page, asked
        assert other.name not in page, asked
    assert "No outreach matches" in seen(stage, f"/outreach?q={one.outreach} {other.candidate}")


def test_outreach_is_found_by_part_of_the_employers_name(stage: Stage) -> None:
    Approached(stage, "Ottilie")
    assert "Ottilie" in seen(stage, "/outreach?company=acm&q=Ottilie")
    assert "No outreach matches" in seen(stage, "/outreach?company=globex&q=Ottilie")


def test_a_timeline_tells_who_when_by_which_request_and_what(stage: Stage) -> None:
    page = seen(stage, Approached(stage, "Rosalind").answered().path().partition("?")[0])
    assert "Outreach to Rosalind Acme, Backend developer Passive Candidate Accepted" in page
    assert page.index("Message sent") < page.index("By platform@test (platform)")
    assert "We build robots, and would like to talk." in page
    assert "EUR 60,000 to 80,000" in page
    assert "when the sender looked; logit" in page


def test_what_a_candidate_writes_is_shown_as_text(stage: Stage) -> None:
    page = visitor(stage, Role.SUPPORT).get(Approached(stage, "Theodor").answered().path()).text
    assert "Gladly, &lt;b&gt;soon&lt;/b&gt;." in page


def test_a_timeline_tells_what_stands_against_another_message_now(stage: Stage) -> None:
    one = Approached(stage, "Ulrike")
    assert "Another message to this candidate would be allowed today" in seen(stage, one.path())
    done(one.scene.platform.post(f"/candidates/{one.candidate}/opt-out"))
    assert "The candidate has not opted in to communications" in seen(stage, one.path())


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.AUDITOR])
def test_the_reasons_are_those_that_the_sender_saw(stage: Stage, role: Role) -> None:
    one = Approached(stage, "Cornelia").answered()
    path = f"/outreach/{one.outreach}/explanation"
    page = text_of(visitor(stage, role).get(f"{path}?rebuilt=true"))
    told = done(stage.as_(role).get(path))
    assert "the same as recorded to the last bit" in page
    assert told["model_hash"] in page
    for reason in told["contributions"]:
        assert f"{reason['contribution']:+.4f}" in page
    assert f"Together {told['logit']:+.4f}" in page


def test_each_reason_is_said_once_with_what_its_features_add_up_to(stage: Stage) -> None:
    one = Approached(stage, "Gunhild").answered()
    path = f"/outreach/{one.outreach}/explanation"
    page = visitor(stage, Role.AUDITOR).get(f"{path}?rebuilt=true").text
    sentences = re.findall(r'<th scope="row">([^<]*)</th>', page.partition('id="all"')[2])
    assert len(sentences) == len({*sentences}) > 10
    told = done(stage.as_(Role.AUDITOR).get(path))["contributions"]
    assert len(told) > len(sentences), "no two features share a sentence, which proves nothing"


def test_what_the_sender_saw_is_told_at_once_while_the_reasons_are_rebuilt(stage: Stage) -> None:
    one = Approached(stage, "Walburga").answered()
    path = f"/outreach/{one.outreach}/explanation"
    page = visitor(stage, Role.SUPPORT).get(f"{path}?after={stage.reached()}")
    assert "likely to respond" in text_of(page)
    assert f'href="{path}?rebuilt=true"' in page.text


def test_an_outreach_that_is_nowhere_is_not_explained(stage: Stage) -> None:
    response = visitor(stage, Role.SUPPORT).get(f"/outreach/{uuid4()}/explanation")
    assert response.status_code == 404
    assert "Page not found" in response.text


def test_who_is_erased_is_found_by_id_and_reads_erased(stage: Stage) -> None:
    one = Approached(stage, "Friederike").answered()
    done(one.scene.platform("DELETE", f"/candidates/{one.candidate}"))
    assert "No outreach matches" in seen(stage, "/outreach?q=Friederike")
    assert "[erased]" in seen(stage, f"/outreach?q={one.candidate}")
    page = seen(stage, one.path())
    assert "Outreach to [erased]" in page
    assert "We build robots" not in page
    assert "erased at their request" in page


def test_an_outreach_that_is_nowhere_is_a_page_that_says_so(stage: Stage) -> None:
    response = visitor(stage, Role.SUPPORT).get(f"/outreach/{uuid4()}/timeline")
    assert response.status_code == 404
    assert "Page not found" in response.text


@pytest.mark.parametrize("role", [Role.RECRUITER, Role.CSM, Role.ANALYST, Role.AUDITOR])
def test_the_finder_is_supports_alone(stage: Stage, scene: Scene, role: Role) -> None:
    employer = scene.employer_id if role is Role.RECRUITER else None
    other = visitor(stage, role, employer)
    assert other.get("/outreach").status_code == 403
    assert other.get(f"/outreach/{uuid4()}/timeline").status_code == 403


def test_outreach_comes_page_by_page(stage: Stage) -> None:
    scene = stage.scene().in_beta()
    position = scene.position()
    for number in range(21):
        done(scene.message(position, scene.member(f"Paged-{number}-", silent_days=400)))
    support = visitor(stage, Role.SUPPORT)
    first = support.get(f"/outreach?q={position}&after={stage.reached()}").text
    further = first.partition('class="more"><a class="button quiet" href="')[2].partition('"')[0]
    second = text_of(support.get(further.replace("&amp;", "&")))
    assert "Paged-20-" in first
    assert "Paged-0-" not in first
    assert "Paged-0-" in second


# --- In the browser


@in_every_look
def test_supports_pages_of_outreach_are_fit(
    desk: Desks, stage: Stage, width: str, dark: bool
) -> None:
    one = Approached(stage, "Adelheid").answered()
    support = desk(Role.SUPPORT, width=width, dark=dark)
    support.go(f"/outreach?after={stage.reached()}")
    support.is_fit("outreach-dark" if dark else "outreach")
    support.go(one.path())
    support.is_fit("timeline-dark" if dark else "timeline")
    support.page.get_by_role("link", name="Why, as the sender saw it").click()
    support.page.get_by_text("the same as recorded to the last bit").wait_for()
    support.is_fit("explanation-dark" if dark else "explanation")


def test_support_finds_an_outreach_by_the_candidates_name(desk: Desks, stage: Stage) -> None:
    Approached(stage, "Kunigunde").answered()
    support = desk(Role.SUPPORT).go(f"/outreach?after={stage.reached()}")
    support.get_by_label("Candidate or id").fill("kunig")
    support.get_by_role("button", name="Find").click()
    support.get_by_role("link", name="Kunigunde").click()
    support.get_by_role("heading", name="Accepted").wait_for()
    assert support.get_by_text("Gladly, <b>soon</b>.").is_visible()
