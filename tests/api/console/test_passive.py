"""The passive candidates of a position: the page before the beta, and the feed."""

import re
from datetime import timedelta

import pytest

from api.console.pages import feeds
from api.marketplace import now
from domain.actor import Role
from projections import candidate_feed
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage, activity
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

MARKUP = "<img src=x onerror=alert(1)>"


def recruiter(stage: Stage, scene: Scene) -> Visitor:
    return visitor(stage, Role.RECRUITER, scene.employer_id)


def path(position: str, tab: str = "passive-candidates") -> str:
    return f"/positions/{position}/{tab}"


def after(stage: Stage, position: str, query: str = "") -> str:
    """The feed, once it shows all that has happened."""
    return f"{path(position)}?after={stage.reached()}{query}"


def names_on(page: str) -> list[str]:
    return re.findall(r'<h2><a href="/positions/[^"]*/candidates/[^"]*"[^>]*>([^<]*)</a>', page)


def crowd(scene: Scene, skill: str, count: int) -> None:
    """Silent members who all have a skill."""
    for number in range(count):
        scene.member(f"{skill}-{number}", silent_days=300 + number, skills=(skill,))


# --- Before the beta


def test_an_approved_employer_reads_what_it_is_about_and_may_join(
    stage: Stage, scene: Scene
) -> None:
    position = scene.approved().position()
    page = text_of(recruiter(stage, scene).get(after(stage, position)))
    assert "Where they come from" in page
    assert "How likely they are to respond" in page
    assert "How fresh their profiles are" in page
    assert "Join the Beta One person joins for the whole company." in page


def test_an_employer_who_is_not_approved_is_told_why_and_by_whom(
    stage: Stage, scene: Scene
) -> None:
    position = scene.approved().position()
    done(scene.admin.post(f"/employers/{scene.employer_id}/suspension", {"reason": "unpaid bills"}))
    response = recruiter(stage, scene).get(after(stage, position))
    page = text_of(response)
    assert "The employer is suspended (unpaid bills)" in page
    assert "Your Customer Success Manager is Casey : write to casey@example.com" in page
    assert "/passive-candidates/beta" not in response.text


def test_support_sees_the_page_without_the_button(stage: Stage, scene: Scene) -> None:
    position = scene.approved().position()
    response = visitor(stage, Role.SUPPORT).get(after(stage, position))
    assert "One of its recruiters can, on this page." in text_of(response)
    assert "/passive-candidates/beta" not in response.text


def test_joining_leads_to_the_feed(stage: Stage, scene: Scene) -> None:
    position = scene.approved().position(required_skills=["Fortran"])
    scene.member("Grace", silent_days=300, skills=("Fortran",))
    page = recruiter(stage, scene).sends(f"{path(position)}/beta", {}, at=after(stage, position))
    assert "You've joined the beta." in text_of(page)
    assert names_on(page.text) == ["Grace"]


def test_an_employer_may_join_from_a_position_that_is_closed(stage: Stage, scene: Scene) -> None:
    position = scene.approved().position()
    done(scene.recruiter.post(f"/positions/{position}/closure", {"reason": "filled"}))
    page = text_of(recruiter(stage, scene).get(after(stage, position)))
    assert "Join the Beta One person joins" in page


def test_joining_while_suspended_is_refused_with_the_reason(stage: Stage, scene: Scene) -> None:
    position = scene.approved().position()
    one = recruiter(stage, scene)
    one.get(after(stage, position))
    done(scene.admin.post(f"/employers/{scene.employer_id}/suspension", {"reason": "unpaid bills"}))
    response = one.post(f"{path(position)}/beta", {}, at=after(stage, position))
    assert response.status_code == 409
    assert 'data-code="employer_is_suspended"' in response.text


# --- The feed


def test_a_card_shows_what_to_decide_by(stage: Stage, scene: Scene) -> None:
    budget = {"minimum": 50_000, "maximum": 90_000, "currency": "EUR"}
    position = scene.in_beta().position(required_skills=["Cobol"], salary_budget=budget)
    signed_up = (now() - timedelta(days=420)).isoformat()
    document = {
        "basics": {"name": "Ada", "location": {"city": "Berlin", "countryCode": "DE"}},
        "skills": [{"name": "Cobol"}, {"name": "Haskell"}],
        "meta": {
            "sourcing": {
                "opted_in": True,
                "signed_up_at": signed_up,
                "roles": ["Backend developer"],
                "years_experience": 7,
                "expected_salary": {"amount": 60_000, "currency": "GBP"},
            }
        },
        "work": [
            {"name": "Hooli", "position": "Waiter", "startDate": "2014", "endDate": "2016"},
            {"name": "Initech", "position": "Cook", "startDate": "2019-05"},
        ],
    }
    ada = done(scene.platform.post("/candidates", document))["id"]
    enhanced = {
        "source": "github",
        "observed_on": "2026-03-05",
        "facts": {"years_experience": 8},
    }
    done(scene.platform.post(f"/candidates/{ada}/observations", enhanced))
    response = recruiter(stage, scene).get(after(stage, position))
    page = text_of(response)
    assert "A Ada Cook at Initech 8 years of experience Berlin" in page
    assert "Cobol , matches Haskell" in page
    assert "Active 1 year ago Updated March 2026 , from github" in page
    assert "Expects about EUR 69,800 (GBP 60,000)" in page
    assert re.search(r"(High|Medium|Low) \d+% likely to respond", page)


def test_who_has_no_job_now_is_shown_with_the_last_one(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(required_skills=["Delphi"])
    ben = scene.member("Ben", silent_days=300, skills=("Delphi",))
    job = {"employer": "Hooli", "title": "Baker", "started_on": "2014", "ended_on": "2016"}
    told = {"source": "page", "observed_on": "2026-01-01", "jobs": [job]}
    done(scene.platform.post(f"/candidates/{ben}/observations", told))
    page = text_of(recruiter(stage, scene).get(after(stage, position)))
    assert "Ben Before: Baker at Hooli" in page


def test_the_likelihood_that_rows_show_falls_down_the_list(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(nice_to_have_skills=["Elm"], required_skills=["Mercury"])
    for days in range(200, 2_000, 75):
        scene.member(f"Since {days}", silent_days=days, skills=("Mercury", *["Elm"][: days % 2]))
    page = recruiter(stage, scene).get(after(stage, position, "&shown=40")).text
    rows = page.split('<li class="card candidate"')[1:]
    shown = [
        int(said[1])
        for row in rows
        if "Random pick" not in row and (said := re.search(r"<strong>(\d+)%</strong>", row))
    ]
    assert len(shown) > 10
    assert shown == sorted(shown, reverse=True)


def test_how_much_rows_show_can_be_chosen_and_is_kept(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    form = {"rows": "compact", "_back": f"{path(position)}?sort=match"}
    answer = recruiter(stage, scene).post("/rows", form, at=after(stage, position))
    assert answer.headers["location"] == f"{path(position)}?sort=match"
    assert answer.headers["set-cookie"].startswith("sourcing_rows=compact;")


def test_the_order_may_be_chosen(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(required_skills=["Ada95"])
    crowd(scene, "Ada95", 3)
    page = recruiter(stage, scene).get(after(stage, position, "&sort=last_active"))
    assert names_on(page.text) == ["Ada95-0", "Ada95-1", "Ada95-2"]


def test_the_address_keeps_how_far_down_one_is(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(required_skills=["Forth"])
    crowd(scene, "Forth", 23)
    one = recruiter(stage, scene)
    first = one.get(after(stage, position))
    assert len(names_on(first.text)) == 20
    assert f'href="{path(position)}?shown=40#c-' in first.text
    whole = one.get(f"{path(position)}?shown=40")
    assert len(set(names_on(whole.text))) == 23
    assert "Show more" not in whole.text


def test_what_comes_further_down_alone_is_nobody_twice_and_nobody_less(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position(required_skills=["Eiffel"])
    crowd(scene, "Eiffel", 23)
    one = recruiter(stage, scene)
    first = one.get(after(stage, position)).text
    more = re.search(r'hx-get="([^"]*further[^"]*)"', first)
    assert more
    part = one.get(more[1].replace("&amp;", "&"), **{"HX-Request": "true"})
    assert part.headers["HX-Trigger"] == '{"list-grew": {"shown": 40}}'
    assert "<html" not in part.text
    everyone = names_on(first) + names_on(part.text)
    assert len(everyone) == len(set(everyone)) == 23


@pytest.mark.slow
def test_a_page_that_is_full_leads_to_a_page_of_the_next(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(required_skills=["Icon"])
    crowd(scene, "Icon", 103)
    one = recruiter(stage, scene)
    full = one.get(f"{path(position)}?sort=last_active&shown=100&after={stage.reached()}").text
    assert len(names_on(full)) == 100
    more = re.search(r'<a class="button quiet" href="([^"]*cursor=[^"]*)">Next page', full)
    assert more
    next_page = one.get(more[1].replace("&amp;", "&"))
    assert names_on(next_page.text) == ["Icon-100", "Icon-101", "Icon-102"]
    assert "Back to the first candidates" in text_of(next_page)


def test_an_empty_feed_names_the_filter_to_relax_and_drops_it(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(required_skills=["Modula", "Telepathy"])
    scene.member("Niklaus", silent_days=300, skills=("Modula",))
    one = recruiter(stage, scene)
    response = one.get(after(stage, position))
    assert "No matches at the moment" in text_of(response)
    assert "drop a filter: Telepathy +1 passive, +0 recommended Drop Telepathy" in text_of(response)
    form = response.text.partition("/relaxations")[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(?!_csrf)([^"]*)" value="([^"]*)"', form))
    one.sends(f"/positions/{position}/relaxations", fields)
    assert names_on(one.get(after(stage, position)).text) == ["Niklaus"]


def test_an_empty_feed_that_no_one_filter_keeps_so_leads_to_all_of_them(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position(required_skills=["Brainfuck", "Telepathy"])
    page = text_of(recruiter(stage, scene).get(after(stage, position)))
    assert "relax more than one filter" in page


def test_a_closed_position_shows_nobody(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(required_skills=["Logo"])
    crowd(scene, "Logo", 1)
    done(scene.recruiter.post(f"/positions/{position}/closure", {"reason": "filled"}))
    page = recruiter(stage, scene).get(after(stage, position))
    assert names_on(page.text) == []
    assert 'data-code="position_is_closed"' in page.text


def test_a_closed_position_counts_those_who_were_contacted_alone(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position(required_skills=["Logo"])
    crowd(scene, "Logo", 2)
    contacted = scene.member("Contacted", silent_days=400, skills=("Logo",))
    path = f"/positions/{position}/candidates/{contacted}/shortlist"
    done(scene.recruiter.post(path, params={"after": stage.reached()}))
    done(scene.message(position, contacted))
    done(scene.recruiter.post(f"/positions/{position}/closure", {"reason": "filled"}))
    text = text_of(recruiter(stage, scene).get(after(stage, position)))
    assert "Recommendations 0 Passive candidates 0 Shortlist 0 Interviews 1" in text


def test_another_employers_position_is_not_there(stage: Stage, scene: Scene) -> None:
    position = stage.scene().in_beta().position()
    response = recruiter(stage, scene).get(path(position))
    assert response.status_code == 404
    assert "Page not found" in response.text


def test_markup_in_a_profile_is_shown_as_text(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(required_skills=[MARKUP])
    scene.member("Mallory", silent_days=300, skills=(MARKUP,))
    page = recruiter(stage, scene).get(after(stage, position)).text
    assert names_on(page) == ["Mallory"]
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert MARKUP not in page


def test_what_a_recruiter_was_shown_is_noted(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(required_skills=["Simula"])
    crowd(scene, "Simula", 1)
    before = stage.reached()
    recruiter(stage, scene).get(after(stage, position))
    events = done(stage.as_(Role.AUDITOR).get("/events", since=before))["events"]
    assert [event["type"] for event in events] == ["viewing.candidates_shown"]


def test_who_is_shown_by_lot_is_told_so(
    stage: Stage, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidate_feed, "EXPLORED_SHARE", 1.0)
    position = scene.in_beta().position(required_skills=["Racket"])
    crowd(scene, "Racket", 22)
    page = text_of(recruiter(stage, scene).get(after(stage, position)))
    assert "Random pick A few people are shown at random" in page


# --- Recommendations


def test_recommendations_take_no_beta_and_show_who_is_active(stage: Stage, scene: Scene) -> None:
    position = scene.approved().position(required_skills=["Scheme"])
    scene.member("Silent", silent_days=300, skills=("Scheme",))
    scene.member("Busy", silent_days=3, skills=("Scheme",))
    one = recruiter(stage, scene)
    page = one.get(f"{path(position, 'recommendations')}?after={stage.reached()}")
    assert names_on(page.text) == ["Busy"]


def test_recommendations_of_a_suspended_employer_say_why_nobody_is_shown(
    stage: Stage, scene: Scene
) -> None:
    position = scene.approved().position()
    done(scene.admin.post(f"/employers/{scene.employer_id}/suspension", {"reason": "unpaid bills"}))
    one = recruiter(stage, scene)
    page = text_of(one.get(f"{path(position, 'recommendations')}?after={stage.reached()}"))
    assert "Nobody is shown here at the moment The employer is suspended (unpaid bills)" in page
    assert "Your Customer Success Manager is Casey" in page


# --- News


def updates(one: Visitor, page: str, position: str) -> str:
    """What the page gets when it asks for updates."""
    known = re.findall(r'name="(reached|count|said|shown)" value="([^"]*)"', page)
    query = "&".join(f"{name}={value}" for name, value in known)
    return str(one.get(f"{path(position)}/updates?{query}").text)


def settled(stage: Stage, one: Visitor, position: str) -> None:
    """Wait until the read models have caught up with the log."""
    one.get(
        f"{path(position, 'passive-candidates/updates')}?reached=0&count=0&after={stage.reached()}"
    )


def test_there_is_no_news_while_nothing_happens(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    one = recruiter(stage, scene)
    page = one.get(after(stage, position)).text
    settled(stage, one, position)
    assert updates(one, page, position) == ""


def test_who_has_left_is_marked_and_who_joined_is_counted(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(required_skills=["Algol"])
    crowd(scene, "Algol", 2)
    one = recruiter(stage, scene)
    page = one.get(after(stage, position, "&sort=last_active")).text
    (leaver, _) = re.findall(r'name="shown" value="([^"]*)"', page)
    scene.tell(activity(leaver))
    scene.member("Late", silent_days=200, skills=("Algol",))
    settled(stage, one, position)
    told = updates(one, page, position)
    assert re.findall(r'id="left-([^"]*)"', told) == [leaver]
    assert "1 more person matches now" in told
    assert 'id="count-passive-candidates" hx-swap-oob="innerHTML">2<' in told
    assert 'id="count-recommendations" hx-swap-oob="innerHTML">1<' in told


# --- In the browser


@in_every_look
def test_the_page_before_the_beta_is_fit(
    desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool
) -> None:
    position = scene.approved().position()
    reader = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    reader.go(after(stage, position))
    reader.is_fit("landing-dark" if dark else "landing")


@in_every_look
def test_the_feed_is_fit(desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool) -> None:
    position = scene.in_beta().position(nice_to_have_skills=["Python", "Go"])
    scene.member("Ada", silent_days=300, skills=("Python", "SQL"))
    reader = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    reader.go(after(stage, position))
    reader.is_fit("feed-dark" if dark else "feed")


def test_on_a_phone_the_tabs_stand_two_by_two(desk: Desks, stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    page = desk(Role.RECRUITER, scene.employer_id, width="narrow").go(after(stage, position))
    boxes = page.locator(".tabs a").evaluate_all("tabs => tabs.map(t => t.getBoundingClientRect())")
    rows = [box["bottom"] for box in boxes]
    assert [rows.count(row) for row in rows] == [2, 2, 2, 2]
    assert all(0 <= box["left"] < box["right"] <= 390 for box in boxes)


FULL_FACTS = {
    "roles": ["Site reliability engineer"],
    "years_experience": 12,
    "city": "Malmö",
    "country": "Sweden",
    "open_to_remote": True,
    "expected_salary": {"amount": 522_000, "currency": "SEK"},
}
PRESENT = {"employer": "Opal Security", "title": "System administrator", "started_on": "2020-02"}


@pytest.mark.parametrize(
    ("width", "height", "rows", "tabs_until"),
    [pytest.param(1440, 900, 6, 180, id="desk"), pytest.param(390, 844, 3, 220, id="phone")],
)
def test_the_tabs_stand_at_the_top_and_the_rows_are_dense(
    desk: Desks, stage: Stage, scene: Scene, width: int, height: int, rows: int, tabs_until: int
) -> None:
    budget = {"minimum": 50_000, "maximum": 90_000, "currency": "EUR"}
    known = ["PostgreSQL", "Kubernetes", "Terraform", "Python"]
    position = scene.in_beta().position(
        required_skills=["Vala"], nice_to_have_skills=known, salary_budget=budget
    )
    told = {"source": "public-profile", "observed_on": "2026-09-01"}
    for number in range(10):
        id = scene.member(f"Maja Haugen {number}", silent_days=300, skills=("Vala", *known))
        observed = {**told, "facts": FULL_FACTS, "jobs": [PRESENT]}
        done(scene.platform.post(f"/candidates/{id}/observations", observed))
    page = desk(Role.RECRUITER, scene.employer_id).go(after(stage, position))
    page.set_viewport_size({"width": width, "height": height})
    bottom = page.locator(".tabs").evaluate("tabs => tabs.getBoundingClientRect().bottom")
    assert bottom <= tabs_until
    bottoms = page.locator(".candidate").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().bottom)"
    )
    assert sum(bottom <= height for bottom in bottoms) >= rows


def test_scrolling_brings_everyone_once_and_back_leads_to_the_place(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position(required_skills=["Occam"])
    crowd(scene, "Occam", 45)
    page = desk(Role.RECRUITER, scene.employer_id).go(after(stage, position, "&sort=last_active"))
    for last in (19, 39, 44):
        page.locator(".candidate").nth(last).wait_for()
        page.locator(".candidate").last.scroll_into_view_if_needed()
        page.mouse.wheel(0, 4000)
    ids = page.locator(".candidate").evaluate_all("cards => cards.map(card => card.id)")
    assert len(ids) == len(set(ids)) == 45
    page.get_by_role("link", name="Occam-30", exact=True).click()
    page.wait_for_url("**open=*")
    page.reload()
    page.get_by_role("link", name="Occam-30", exact=True).wait_for()
    page.go_back()
    page.get_by_role("link", name="Occam-30", exact=True).wait_for()
    assert page.evaluate("scrollY") > 1000


def test_without_scripts_a_link_shows_more(desk: Desks, stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(required_skills=["Dylan"])
    crowd(scene, "Dylan", 25)
    page = desk(Role.RECRUITER, scene.employer_id, script=False).go(after(stage, position))
    page.get_by_role("link", name="Show more").click()
    page.locator(".candidate").nth(24).wait_for()
    assert page.locator(".candidate").count() == 25


def test_from_some_point_on_more_come_when_asked_for_and_the_focus_is_on_the_first(
    desk: Desks, stage: Stage, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MOST_BY_SCROLLING", 20)
    position = scene.in_beta().position(required_skills=["Snobol"])
    crowd(scene, "Snobol", 22)
    stage.catch_up()
    page = desk(Role.RECRUITER, scene.employer_id).go(f"{path(position)}?sort=last_active")
    page.get_by_role("link", name="Show more").click()
    page.locator(".candidate").nth(21).wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Snobol-20"
    assert page.url.endswith(f"{path(position)}?sort=last_active&shown=40")


def test_the_feed_keeps_itself_up_to_date_and_steals_no_focus(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position(required_skills=["Prolog"])
    leaver = scene.member("Leaver", silent_days=300, skills=("Prolog",))
    scene.member("Stayer", silent_days=301, skills=("Prolog",))
    page = desk(Role.RECRUITER, scene.employer_id).go(after(stage, position))
    link = page.get_by_role("link", name="Leaver", exact=True)
    link.focus()
    scene.tell(activity(leaver))
    page.locator(f"#left-{leaver}").get_by_text("No longer in this list.").wait_for()
    assert link.evaluate("link => link === document.activeElement")
    scene.member("Joiner", silent_days=200, skills=("Prolog",))
    page.get_by_text("1 more person matches now").wait_for()
    page.get_by_role("link", name="Passive candidates 2", exact=True).wait_for()
    page.get_by_role("link", name="Recommendations 1", exact=True).wait_for()
    assert page.get_by_text("2 candidates match the filters").is_visible()
    assert link.evaluate("link => link === document.activeElement")
    page.get_by_role("link", name="show them").click()
    page.get_by_role("link", name="Joiner", exact=True).wait_for()
    assert page.locator(".candidate").count() == 2


def test_a_feed_that_may_not_be_seen_any_more_stops_asking_and_says_so(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position()
    reader = desk(Role.RECRUITER, scene.employer_id)
    page = reader.go(after(stage, position))
    page.context.clear_cookies()
    page.get_by_text("This page is no longer kept up to date.").wait_for()
    refused = "Response Status Error Code 401"
    assert any(refused in error for error in reader.errors)
    reader.errors[:] = [error for error in reader.errors if refused not in error]
