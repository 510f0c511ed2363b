"""The shortlist in the console: its buttons, its tab, and who is not of interest."""

import re
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import expect

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

WHY = {"_step": "set-aside", "reason": "salary", "note": "Twice the budget."}


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


@pytest.fixture
def robin(stage: Stage, scene: Scene) -> Visitor:
    return visitor(stage, Role.RECRUITER, scene.employer_id)


def path(position: str, tab: str = "passive-candidates") -> str:
    return f"/positions/{position}/{tab}"


def now_at(stage: Stage, address: str) -> str:
    """A page once it shows all that has happened."""
    return f"{address}{'&' if '?' in address else '?'}after={stage.reached()}"


def opening(scene: Scene, *names: str, silent_days: int = 400) -> tuple[str, list[str]]:
    """A position, and candidates whom nobody else's positions list."""
    skill = f"Skill {names[0]} {scene.employer_id[:8]}"
    people = [scene.member(name, silent_days=silent_days, skills=(skill,)) for name in names]
    return scene.position(required_skills=[skill]), people


def sends(robin: Visitor, position: str, candidate: str, form: dict[str, str], **more: Any) -> Any:
    """Press a button of a card, and see the page that it leads to."""
    asked = {"_back": f"{path(position)}#c-{candidate}", **form}
    action = f"/positions/{position}/candidates/{candidate}/review"
    return robin.sends(action, asked, **more)


def card(page: Any, candidate: str) -> str:
    pattern = rf'<li class="card candidate[^>]*id="c-{candidate}".*?<p class="left"'
    found = re.search(pattern, page.text, re.DOTALL)
    return found[0] if found else ""


def undo(robin: Visitor, page: Any) -> Any:
    """Press *Undo* in the page's notice."""
    form = re.search(r'<form class="notice undo".*?</form>', page.text, re.DOTALL)
    assert form
    action = re.search(r'action="([^"]*)"', form[0])
    back = re.search(r'name="_back" value="([^"]*)"', form[0])
    step = re.search(r'name="_step" value="([^"]*)"', form[0])
    assert action
    assert back
    assert step
    return robin.sends(action[1], {"_back": back[1].replace("&amp;", "&"), "_step": step[1]})


# --- Without scripts


def test_a_candidate_is_shortlisted_from_a_card_and_the_page_comes_back_to_it(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, (ada, _) = opening(scene, "Ada", "Ben")
    response = robin.post(
        f"/positions/{position}/candidates/{ada}/review",
        {"_step": "shortlist", "_back": f"{path(position)}?sort=match&shown=40#c-{ada}"},
        at=now_at(stage, path(position)),
    )
    address = response.headers["location"]
    assert address.startswith(f"{path(position)}?sort=match&shown=40&after=")
    assert address.endswith(f"#c-{ada}")
    page = robin.get(address)
    assert "On the shortlist. Undo" in text_of(page)
    assert "On the shortlist" in card(page, ada)
    assert 'Shortlist <span class="count" id="count-shortlist">1<' in page.text
    assert "Shortlist<" in card(undo(robin, page), ada)


def test_who_is_not_of_interest_leaves_the_list_and_undo_brings_them_back(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, (ada, ben) = opening(scene, "Ada", "Ben")
    page = sends(robin, position, ada, WHY, at=now_at(stage, path(position)))
    assert "Not interested: hidden from this position's lists. Undo" in text_of(page)
    assert (card(page, ada), bool(card(page, ben))) == ("", True)
    page = undo(robin, page)
    assert "Undone: they can appear in this position's lists again." in text_of(page)
    assert card(page, ada)


def test_the_tab_shows_the_shortlist_and_who_is_not_of_interest_with_the_reason(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, (ada, ben) = opening(scene, "Ada", "Ben")
    sends(robin, position, ada, {"_step": "shortlist"}, at=now_at(stage, path(position)))
    sends(robin, position, ben, WHY)
    page = robin.get(now_at(stage, path(position, "shortlist")))
    assert "Shortlist 1 Not interested 1 " in text_of(page)
    assert card(page, ada)
    assert not card(page, ben)
    page = robin.get(now_at(stage, f"{path(position, 'shortlist')}?show=set_aside"))
    assert "Not interested : Salary too high “Twice the budget.” recruiter@test" in text_of(page)
    assert not card(page, ada)


def test_taken_back_from_the_tab_one_stays_there(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, (ada,) = opening(scene, "Ada")
    sends(robin, position, ada, WHY, at=now_at(stage, path(position)))
    back = f"{path(position, 'shortlist')}?show=set_aside"
    page = sends(robin, position, ada, {"_step": "take-back", "_back": back})
    assert "Nobody is hidden from this position" in text_of(page)


def test_an_empty_shortlist_says_how_to_fill_it(stage: Stage, scene: Scene, robin: Visitor) -> None:
    position, _ = opening(scene, "Ada")
    page = text_of(robin.get(now_at(stage, path(position, "shortlist"))))
    assert "The shortlist is empty Use Shortlist on a card in" in page


def test_a_long_shortlist_goes_on_on_the_next_page(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, people = opening(scene, *[f"Member {n}" for n in range(21)])
    about = {"after": stage.reached()}
    for candidate in people:
        shortlisted = f"/positions/{position}/candidates/{candidate}/shortlist"
        done(scene.recruiter.post(shortlisted, params=about))
    page = robin.get(now_at(stage, path(position, "shortlist")))
    assert page.text.count('class="card candidate"') == 20
    more = re.search(r'href="([^"]*)">Next page', page.text)
    assert more
    assert robin.get(more[1].replace("&amp;", "&")).text.count('class="card candidate"') == 1


def test_an_opened_profile_is_marked_as_viewed_in_the_list(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, (ada, ben) = opening(scene, "Ada", "Ben")
    robin.get(now_at(stage, f"/positions/{position}/candidates/{ada}"))
    page = robin.get(now_at(stage, path(position)))
    assert 'Viewed <span class="spelled">just now' in card(page, ada)
    assert "Viewed" not in card(page, ben)


def test_the_profile_has_the_buttons_and_says_what_was_decided(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, (ada,) = opening(scene, "Ada")
    profile = f"/positions/{position}/candidates/{ada}"
    page = sends(robin, position, ada, WHY | {"_back": profile}, at=now_at(stage, profile))
    said = text_of(page)
    assert "Not interested : Salary too high “Twice the budget.”" in said
    assert "not interested in Ada for this position. Undo that to write" in said
    assert 'name="subject"' not in page.text
    page = sends(robin, position, ada, {"_step": "take-back", "_back": profile})
    assert 'name="subject"' in page.text


def test_who_was_contacted_has_no_such_buttons(stage: Stage, scene: Scene, robin: Visitor) -> None:
    position, (ada,) = opening(scene, "Ada")
    done(scene.message(position, ada))
    page = robin.get(now_at(stage, f"/positions/{position}/candidates/{ada}"))
    assert 'class="decisions' not in page.text


# --- Stale pages and wrong forms


def test_a_stale_button_leads_to_the_profile_with_the_reason(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, (ada,) = opening(scene, "Ada")
    sends(robin, position, ada, WHY, at=now_at(stage, path(position)))
    action = f"/positions/{position}/candidates/{ada}/review"
    refused = robin.post(action, {"_step": "shortlist"})
    assert refused.status_code == 409
    assert 'data-code="set_aside_by_employer"' in refused.text
    assert "Twice the budget." in refused.text


def test_without_a_reason_the_profile_comes_back_and_says_so(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, (ada,) = opening(scene, "Ada")
    action = f"/positions/{position}/candidates/{ada}/review"
    at = now_at(stage, path(position))
    refused = robin.post(action, {"_step": "set-aside"}, at=at)
    assert refused.status_code == 422
    assert "Enter a reason." in refused.text
    assert robin.post(action, {"_step": "other"}).status_code == 400


def test_the_way_back_leads_only_to_this_positions_pages(
    stage: Stage, scene: Scene, robin: Visitor
) -> None:
    position, (ada,) = opening(scene, "Ada")
    profile = f"/positions/{position}/candidates/{ada}"
    for back in ("https://example.com/positions/", "//example.com", "/sign-out", ""):
        form = {"_step": "shortlist", "_back": back}
        answer = robin.post(f"{profile}/review", form, at=now_at(stage, path(position)))
        assert answer.headers["location"].startswith(f"{profile}?after=")


def test_who_opted_out_meanwhile_is_not_found(stage: Stage, scene: Scene, robin: Visitor) -> None:
    position, (ada,) = opening(scene, "Ada")
    at = now_at(stage, path(position))
    assert card(robin.get(at), ada)
    done(scene.platform.post(f"/candidates/{ada}/opt-out"))
    stage.catch_up()
    action = f"/positions/{position}/candidates/{ada}/review"
    assert robin.post(action, {"_step": "shortlist"}).status_code == 404


def test_support_sees_neither_buttons_nor_the_shortlist(stage: Stage, scene: Scene) -> None:
    position, (ada,) = opening(scene, "Ada")
    about = {"after": stage.reached()}
    done(scene.recruiter.post(f"/positions/{position}/candidates/{ada}/shortlist", params=about))
    support = visitor(stage, Role.SUPPORT)
    page = support.get(now_at(stage, path(position)))
    assert card(page, ada)
    assert "hortlist" not in page.text
    assert support.get(path(position, "shortlist")).status_code == 403


# --- In a browser


@pytest.mark.slow
def test_with_scripts_the_buttons_work_in_their_place(
    stage: Stage, scene: Scene, desk: Desks
) -> None:
    position, (ada, ben) = opening(scene, "Ada", "Ben")
    recruiter = desk(Role.RECRUITER, scene.employer_id)
    page = recruiter.go(now_at(stage, path(position)))
    of_ada, of_ben = page.locator(f"#c-{ada}"), page.locator(f"#c-{ben}")
    of_ada.get_by_role("button", name="Shortlist").click()
    expect(of_ada.get_by_text("On the shortlist")).to_be_visible()
    expect(of_ada.get_by_role("button", name="Remove")).to_be_focused()
    expect(page.locator("#count-shortlist")).to_have_text("1")
    of_ben.get_by_text("Not interested").click()
    of_ben.get_by_role("button", name="Salary too high").click()
    expect(of_ben.get_by_text("Not interested: Salary too high")).to_be_visible()
    expect(of_ben.get_by_role("button", name="Undo")).to_be_focused()
    expect(page.locator("#count-passive-candidates")).to_have_text("1")
    of_ben.get_by_role("button", name="Undo").click()
    expect(page.locator("#count-passive-candidates")).to_have_text("2")
    expect(page.locator(f"#c-{ben}").get_by_role("button", name="Shortlist")).to_be_visible()
    assert recruiter.errors == []


@pytest.mark.slow
def test_enter_in_the_note_chooses_no_reason(stage: Stage, scene: Scene, desk: Desks) -> None:
    position, (ada,) = opening(scene, "Ada")
    page = desk(Role.RECRUITER, scene.employer_id).go(now_at(stage, path(position)))
    of_ada = page.locator(f"#c-{ada}")
    of_ada.get_by_text("Not interested").click()
    of_ada.get_by_label("Note").fill("Queues, but no databases.")
    of_ada.get_by_label("Note").press("Enter")
    of_ada.get_by_role("button", name="Shortlist").click()
    expect(of_ada.get_by_text("On the shortlist")).to_be_visible()


@pytest.mark.slow
def test_a_stale_button_goes_to_the_profile(stage: Stage, scene: Scene, desk: Desks) -> None:
    position, (ada,) = opening(scene, "Ada")
    recruiter = desk(Role.RECRUITER, scene.employer_id)
    page = recruiter.go(now_at(stage, path(position)))
    aside = f"/positions/{position}/candidates/{ada}/set-aside"
    done(scene.recruiter.post(aside, {"reason": "other"}))
    page.get_by_role("button", name="Shortlist").click()
    expect(page.get_by_text("Not interested: Another reason")).to_be_visible()
    (error,) = [said for said in recruiter.errors if "Error Code 409" in said]
    recruiter.errors.remove(error)
    assert UUID(page.url.partition("?")[0].rpartition("/")[2]) == UUID(ada)


@in_every_look
def test_the_pages_are_fit(stage: Stage, scene: Scene, desk: Desks, width: str, dark: bool) -> None:
    position, (ada, ben, cleo) = opening(scene, "Ada", "Ben", "Cleo")
    recruiter = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    page = recruiter.go(now_at(stage, path(position)))
    page.locator(f"#c-{cleo}").get_by_role("button", name="Shortlist").click()
    expect(page.locator(f"#c-{cleo}").get_by_text("On the shortlist")).to_be_visible()
    page.locator(f"#c-{ada}").get_by_text("Not interested").click()
    recruiter.is_fit("reviews-card")
    page.locator(f"#c-{ada}").get_by_label("Note").fill("Queues, but no databases.")
    page.locator(f"#c-{ada}").get_by_role("button", name="Skills don't match").click()
    expect(page.locator(f"#c-{ada}").get_by_text("Queues")).to_be_visible()
    recruiter.is_fit("reviews-hidden")
    shortlist = path(position, "shortlist")
    recruiter.go(now_at(stage, shortlist))
    recruiter.is_fit("reviews-shortlist")
    recruiter.go(now_at(stage, f"{shortlist}?show=set_aside"))
    recruiter.is_fit("reviews-set-aside")
    page.get_by_role("button", name="Undo").click()
    recruiter.is_fit("reviews-empty")
    page = recruiter.go(now_at(stage, f"/positions/{position}/candidates/{ben}"))
    page.get_by_text("Not interested", exact=False).first.click()
    recruiter.is_fit("reviews-profile")
    page.get_by_role("button", name="Location doesn't work").click()
    expect(page.get_by_text("Undo that to write to them")).to_be_visible()
    recruiter.is_fit("reviews-profile-set-aside")
