"""The positions of an employer: listed, opened and closed, and who gets to see them."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.console.session import COOKIE
from api.marketplace import now
from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

MARKUP = "<script>alert(1)</script>"


def recruiter(stage: Stage, scene: Scene) -> Visitor:
    return visitor(stage, Role.RECRUITER, scene.employer_id)


def seen(stage: Stage, scene: Scene, path: str = "/positions?") -> str:
    return text_of(recruiter(stage, scene).get(f"{path}&after={stage.reached()}"))


def opened(scene: Scene, **body: Any) -> str:
    path = f"/employers/{scene.employer_id}/positions"
    return str(done(scene.recruiter.post(path, {"title": "Cook", **body}))["id"])


def closed(scene: Scene, position: str, reason: str) -> None:
    done(scene.recruiter.post(f"/positions/{position}/closure", {"reason": reason}))


# --- The list


def test_a_list_without_positions_leads_to_the_first(stage: Stage, scene: Scene) -> None:
    scene.approved()
    page = recruiter(stage, scene).get(f"/positions?after={stage.reached()}")
    assert "No open positions" in page.text
    assert '<a class="button" href="/positions/new">Create your first position</a>' in page.text


def test_who_is_not_approved_reads_why_and_whom_to_ask(stage: Stage, scene: Scene) -> None:
    page = recruiter(stage, scene).get(f"/positions?after={stage.reached()}").text
    assert "Acme is not approved yet" in page
    assert "casey@example.com" in page
    assert "/positions/new" not in page


def test_a_position_is_listed_with_its_place_salary_and_filters(stage: Stage, scene: Scene) -> None:
    scene.approved()
    opened(
        scene,
        location="Lyon",
        salary={"minimum": 30_000, "maximum": 40_000, "currency": "EUR"},
        filters={"required_skills": ["Sauces"], "years_from": 2, "years_to": 5},
    )
    page = seen(stage, scene)
    assert "Cook Opened just now Lyon, EUR 30,000 to 40,000 Sauces 2 to 5 years" in page


def test_closed_positions_stand_apart_with_the_reason(stage: Stage, scene: Scene) -> None:
    scene.approved()
    closed(scene, opened(scene, title="Baker"), "the oven broke")
    opened(scene, title="Waiter")
    assert "Baker" not in seen(stage, scene)
    page = seen(stage, scene, "/positions?status=closed")
    assert "Baker Closed just now : the oven broke" in page
    assert "Waiter" not in page


def test_positions_come_page_by_page_the_newest_first(stage: Stage, scene: Scene) -> None:
    scene.approved()
    for number in range(22):
        opened(scene, title=f"Cook {number}.")
    one = recruiter(stage, scene)
    first = one.get(f"/positions?after={stage.reached()}").text
    assert first.index("Cook 21.") < first.index("Cook 3.")
    assert "Cook 1." not in first
    older = first.partition('class="more"><a class="button quiet" href="')[2].partition('"')[0]
    second = one.get(older.replace("&amp;", "&")).text
    assert "Cook 1." in second
    assert "Cook 3." not in second


def test_a_position_leads_to_its_passive_candidates(stage: Stage, scene: Scene) -> None:
    position = opened(scene.approved())
    cookie = {"Cookie": f"{COOKIE}={stage.token(Role.RECRUITER, scene.employer_id)}"}
    path, after = f"/positions/{position}", f"?after={stage.reached()}"
    response = stage.http.get(path + after, headers=cookie, follow_redirects=False)
    assert response.headers["location"] == f"{path}/passive-candidates{after}"


def test_markup_in_a_position_is_shown_as_text(stage: Stage, scene: Scene) -> None:
    position = opened(scene.approved(), title=MARKUP, location=MARKUP, filters={"roles": [MARKUP]})
    one = recruiter(stage, scene)
    for path in ("/positions?", f"/positions/{position}/filters?"):
        page = one.get(f"{path}after={stage.reached()}").text
        assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3
        assert MARKUP not in page


# --- For the marketplace's own people


def test_support_finds_an_employer_and_its_positions_but_opens_none(stage: Stage) -> None:
    scene = stage.scene().approved()
    globex = scene.registered("Globex")
    opened(scene)
    support = visitor(stage, Role.SUPPORT)
    found = support.get(f"/positions?company=glob&after={stage.reached()}").text
    assert f"/positions?employer={globex}" in found
    assert scene.employer_id not in found
    page = support.get(f"/positions?employer={scene.employer_id}")
    assert "Positions of Acme" in page.text
    assert "Cook" in page.text
    assert "/positions/new" not in page.text
    assert support.get("/positions/new").status_code == 403


def test_an_admin_opens_a_position_for_an_employer(stage: Stage, scene: Scene) -> None:
    scene.approved()
    admin = visitor(stage, Role.ADMIN)
    of_employer = f"employer={scene.employer_id}"
    page = admin.get(f"/positions/new?{of_employer}&after={stage.reached()}").text
    assert "New position for Acme" in page
    assert f'action="/positions?{of_employer}"' in page
    page = admin.sends(f"/positions?{of_employer}", {"title": "Cook"})
    assert "Position created." in text_of(page)
    assert "Cook" in seen(stage, scene)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR])
def test_positions_are_for_who_recruits_or_supports(stage: Stage, role: Role) -> None:
    assert visitor(stage, role).get("/positions").status_code == 403


def test_another_employers_positions_are_nowhere(stage: Stage, scene: Scene) -> None:
    position = opened(scene.approved())
    other = stage.scene().approved()
    stranger = recruiter(stage, other)
    stranger.get(f"/positions?after={stage.reached()}")
    for path in (f"/positions/{position}/filters", f"/positions/{position}/closure"):
        response = stranger.get(path)
        assert response.status_code == 404
        assert "Page not found" in response.text
        assert stranger.post(path, {"_version": "1", "reason": "x"}).status_code == 404
    assert stranger.get(f"/positions?employer={scene.employer_id}").status_code == 404
    assert stranger.get(f"/positions/new?employer={scene.employer_id}").status_code == 404
    path = f"/positions?employer={scene.employer_id}"
    assert stranger.post(path, {"title": "Robber"}).status_code == 404


def test_a_position_that_never_was_is_a_page_that_says_so(stage: Stage, scene: Scene) -> None:
    one = recruiter(stage, scene)
    for id in (uuid4(), "nonsense"):
        response = one.get(f"/positions/{id}/passive-candidates")
        assert response.status_code == 404
        assert "Page not found" in response.text


# --- Opening


COMPLETE = {
    "title": "Backend developer",
    "description": "We build robots.",
    "location": "Berlin",
    "remote": "true",
    "salary.minimum": "60000",
    "salary.maximum": "80000",
    "salary.currency": "CHF",
    "filters.roles[]": "Backend developer\nData engineer",
    "filters.required_skills[]": "Python\n",
    "filters.nice_to_have_skills[]": "Go",
    "filters.years_from": "3",
    "filters.years_to": "8.5",
    "filters.locations[]": "Berlin",
    "filters.remote": "true",
    "filters.work_authorisation[]": "Germany",
    "filters.salary_budget.minimum": "0",
    "filters.salary_budget.maximum": "90000",
    "filters.salary_budget.currency": "EUR",
    "filters.languages[]": "English",
    "filters.excluded_skills[]": "PHP",
}


def test_a_position_is_opened_as_it_was_typed(stage: Stage, scene: Scene) -> None:
    one = recruiter(stage, scene.approved())
    response = one.post("/positions", COMPLETE, at=f"/positions/new?after={stage.reached()}")
    path, _, query = response.headers["location"].partition("?")
    assert path.endswith("/passive-candidates")
    assert "notice=position-opened" in query
    id = path.split("/")[2]
    position = done(scene.recruiter.get(f"/positions/{id}", after=stage.reached()))
    assert position["title"] == "Backend developer"
    assert position["description"] == "We build robots."
    assert (position["location"], position["remote"]) == ("Berlin", True)
    pay = {"minimum": 60_000, "maximum": 80_000, "currency": "CHF", "per": "year"}
    assert position["salary"] == pay
    assert position["filters"] == {
        "roles": ["Backend developer", "Data engineer"],
        "required_skills": ["Python"],
        "nice_to_have_skills": ["Go"],
        "years_from": 3,
        "years_to": 8.5,
        "locations": ["Berlin"],
        "remote": True,
        "salary_budget": {"minimum": 0, "maximum": 90_000, "currency": "EUR", "per": "year"},
        "work_authorisation": ["Germany"],
        "languages": ["English"],
        "excluded_roles": [],
        "excluded_skills": ["PHP"],
        "excluded_locations": [],
        "excluded_languages": [],
    }


def test_a_title_is_all_it_takes(stage: Stage, scene: Scene) -> None:
    one = recruiter(stage, scene.approved())
    form = dict.fromkeys(COMPLETE, "") | {"title": "Cook", "salary.currency": "EUR"}
    form |= {"filters.salary_budget.currency": "EUR"}
    page = one.sends("/positions", form, at=f"/positions/new?after={stage.reached()}")
    assert "Position created." in text_of(page)


def test_pay_is_read_by_the_language_of_the_browser(stage: Stage, scene: Scene) -> None:
    form = COMPLETE | {"salary.minimum": "60.000", "salary.maximum": "75 000"}
    one = recruiter(stage, scene.approved())
    at = f"/positions/new?after={stage.reached()}"
    response = one.post("/positions", form, at=at, **{"Accept-Language": "de-AT,de;q=0.9"})
    id = response.headers["location"].split("/")[2]
    position = done(scene.recruiter.get(f"/positions/{id}", after=stage.reached()))
    assert (position["salary"]["minimum"], position["salary"]["maximum"]) == (60_000, 75_000)


def test_filters_of_a_new_position_are_shown_as_understood_before_it_is_opened(
    stage: Stage, scene: Scene
) -> None:
    form = COMPLETE | {"filters.salary_budget.maximum": "75k", "filters.locations[]": "NYC"}
    one = recruiter(stage, scene.approved())
    page = one.post("/positions", form, at=f"/positions/new?after={stage.reached()}")
    assert page.status_code == 200
    text = text_of(page)
    assert "understood as follows. The position is not created yet." in text
    assert "New York or remote up to EUR 75,000" in text
    assert 'name="filters.salary_budget.maximum" type="text" inputmode="numeric" value="75000"' in (
        page.text
    )
    assert one.get(f"/positions?after={stage.reached()}").text.count("Backend developer") == 0


def test_a_description_fills_in_the_filters_of_a_new_position(stage: Stage, scene: Scene) -> None:
    one = recruiter(stage, scene.approved())
    at = f"/positions/new?after={stage.reached()}"
    page = one.post("/positions/words", {"words": "devops NYC k8s"}, at=at)
    assert page.status_code == 200
    assert "DevOps engineer Kubernetes New York" in text_of(page)
    assert ">\nKubernetes</textarea>" in page.text


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    stage: Stage, scene: Scene
) -> None:
    wrong = COMPLETE | {
        "title": " ",
        "salary.minimum": "90000",
        "filters.years_from": "many",
        "filters.salary_budget.maximum": "90,000",
        "filters.roles[]": f"Cook\n{'x' * 201}",
        "filters.languages[]": "English\nFrench",
    }
    one = recruiter(stage, scene.approved())
    response = one.post("/positions", wrong, at=f"/positions/new?after={stage.reached()}")
    assert response.status_code == 422
    page = response.text
    for name, sentence in {
        "title": "Enter a title.",
        "salary.maximum": "Salary maximum: the minimum is above the maximum; swap them",
        "filters.years_from": "Years from: write a number, such as 3.",
        "filters.salary_budget.maximum": (
            "Salary budget maximum: 90,000 can mean 90 or 90000; write it without a point or comma"
        ),
        "filters.roles": "Roles: use at most 200 characters",
    }.items():
        assert f'<a href="#{name}">{sentence}</a>' in page
        assert f'fault-1">{sentence}</p>' in page
        assert f'id="{name}"' in page
    for typed in ("90000", "many", "90,000", "We build robots.", "English\nFrench", "x" * 201):
        assert typed in page
    assert '<option value="CHF" selected>' in page


def test_sending_a_new_position_twice_opens_one(stage: Stage, scene: Scene) -> None:
    one = recruiter(stage, scene.approved())
    form = {"title": "Cook", "_key": str(uuid4())}
    at = f"/positions/new?after={stage.reached()}"
    first, second = (one.post("/positions", form, at=at) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]


def test_an_employer_who_is_not_approved_is_refused_and_keeps_what_was_typed(
    stage: Stage, scene: Scene
) -> None:
    one = recruiter(stage, scene)
    response = one.post("/positions", COMPLETE, at=f"/positions/new?after={stage.reached()}")
    assert response.status_code == 409
    assert 'data-code="employer_not_approved"' in response.text
    assert "We build robots." in response.text


# --- Closing


def test_a_position_is_closed_with_a_reason_once_confirmed(stage: Stage, scene: Scene) -> None:
    position = opened(scene.approved())
    one = recruiter(stage, scene)
    page = one.get(f"/positions/{position}/closure?after={stage.reached()}")
    assert "It can't be reopened." in text_of(page)
    form = {"_version": "1", "reason": "Found somebody"}
    response = one.post(f"/positions/{position}/closure", form)
    assert "notice=position-closed" in response.headers["location"]
    assert "Closed just now : Found somebody" in seen(stage, scene, "/positions?status=closed")


def test_a_position_is_not_closed_without_a_reason(stage: Stage, scene: Scene) -> None:
    position = opened(scene.approved())
    one = recruiter(stage, scene)
    one.get(f"/positions?after={stage.reached()}")
    form = {"_version": "1", "reason": "  "}
    response = one.post(f"/positions/{position}/closure", form)
    assert response.status_code == 422
    assert 'id="reason-fault-1">Enter a reason.</p>' in response.text


def test_a_position_that_changed_meanwhile_is_not_closed_unseen(stage: Stage, scene: Scene) -> None:
    position = opened(scene.approved())
    done(scene.recruiter("PUT", f"/positions/{position}/filters", {"roles": ["Cook"]}))
    one = recruiter(stage, scene)
    one.get(f"/positions?after={stage.reached()}")
    form = {"_version": "1", "reason": "Found somebody"}
    response = one.post(f"/positions/{position}/closure", form)
    assert response.status_code == 412
    assert "Somebody changed this since you opened it." in response.text
    assert 'name="_version" value="2"' in response.text
    assert 'value="Found somebody"' in response.text


def test_a_closed_position_is_not_closed_again(stage: Stage, scene: Scene) -> None:
    position = opened(scene.approved())
    closed(scene, position, "filled")
    one = recruiter(stage, scene)
    one.get(f"/positions?after={stage.reached()}")
    form = {"_version": "1", "reason": "again"}
    response = one.post(f"/positions/{position}/closure", form)
    assert response.status_code == 409
    assert 'data-code="position_is_closed"' in response.text


# --- In the browser


# --- From a posting


def test_a_pasted_posting_fills_in_the_form_and_opens_nothing(stage: Stage, scene: Scene) -> None:
    posting = {
        "@type": "JobPosting",
        "title": "Cook",
        "jobLocation": {"address": "Berlin, Germany"},
        "baseSalary": {"currency": "EUR", "value": {"value": 20, "unitText": "HOUR"}},
        "skills": ["Baking", "Brewing"],
        "validThrough": "2019-01-01",
    }
    one = recruiter(stage, scene.approved())
    form = {"posting": f'<script type="application/ld+json">{json.dumps(posting)}</script>'}
    at = f"/positions/new?after={stage.reached()}"
    page = one.post("/positions/posting", form, at=at)
    assert page.status_code == 200
    assert 'value="Cook"' in page.text
    assert "Baking\nBrewing" in page.text
    assert '<option value="hour" selected>' in page.text
    assert "validThrough</code>: 2019-01-01 has passed" in page.text
    assert "No open positions" in seen(stage, scene)


def test_what_is_no_posting_is_said_and_kept(stage: Stage, scene: Scene) -> None:
    one = recruiter(stage, scene.approved())
    at = f"/positions/new?after={stage.reached()}"
    page = one.post("/positions/posting", {"posting": "We look for a cook."}, at=at)
    assert page.status_code == 422
    assert "This is not JSON." in page.text
    assert "We look for a cook." in page.text


# --- The closing date


def in_days(days: int) -> str:
    return f"{now() + timedelta(days=days):%Y-%m-%dT12:00}"


def test_a_position_that_closes_soon_says_so_to_its_recruiters(stage: Stage, scene: Scene) -> None:
    position = opened(scene.approved(), title="Cook", closes_at=f"{in_days(3)}Z")
    assert "Closes in 3 days" in seen(stage, scene)
    page = seen(stage, scene, f"/positions/{position}/recommendations?")
    assert "Closes in 3 days, by itself. Change the closing date" in page


def test_a_closing_date_is_set_and_taken_away(stage: Stage, scene: Scene) -> None:
    position = opened(scene.approved(), title="Cook")
    one, path = recruiter(stage, scene), f"/positions/{position}/closing-date"
    stage.catch_up()
    at = f"/positions/{position}/closure"
    one.sends(path, {"closes_at": in_days(60), "_version": "1"}, at=at)
    read = done(scene.recruiter.get(f"/positions/{position}", after=stage.reached()))
    assert read["closes_at"] == f"{in_days(60)}:00Z"
    one.sends(path, {"closes_at": "", "_version": "2"}, at=at)
    read = done(scene.recruiter.get(f"/positions/{position}", after=stage.reached()))
    assert read["closes_at"] is None


def test_a_closing_date_in_the_past_is_refused_with_what_was_typed(
    stage: Stage, scene: Scene
) -> None:
    position = opened(scene.approved(), title="Cook")
    stage.catch_up()
    form = {"closes_at": "2020-01-01T12:00", "_version": "1"}
    path, at = f"/positions/{position}/closing-date", f"/positions/{position}/closure"
    response = recruiter(stage, scene).post(path, form, at=at)
    assert response.status_code == 409
    sentence = "The closing date 1 January 2020, 12:00 UTC is past"
    assert f'id="closes_at-fault-1">{sentence}' in response.text
    assert "2020-01-01T12:00" in response.text


@in_every_look
def test_the_pages_of_positions_are_fit(
    desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool
) -> None:
    name = "-dark" if dark else ""
    scene.in_beta()
    one = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    one.go(f"/positions?after={stage.reached()}")
    one.is_fit(f"positions-empty{name}")
    for title in ("Data scientist", "Backend developer"):
        position = opened(
            scene,
            title=title,
            location="Berlin",
            remote=True,
            salary={"minimum": 60_000, "maximum": 80_000, "currency": "EUR"},
            filters={
                "roles": [title],
                "required_skills": ["Python", "PostgreSQL"],
                "nice_to_have_skills": ["Go", "Kafka"],
                "years_from": 3,
                "locations": ["Berlin", "Germany"],
                "salary_budget": {"minimum": 0, "maximum": 90_000, "currency": "EUR"},
                "languages": ["English"],
            },
        )
    one.go(f"/positions?after={stage.reached()}")
    one.is_fit(f"positions{name}")
    one.go("/positions/new")
    one.is_fit(f"position-new{name}")
    one.go(f"/positions/{position}/closure")
    one.is_fit(f"position-closure{name}")


def test_a_recruiter_opens_a_position_with_chips_then_closes_it(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    scene.in_beta()
    page = desk(Role.RECRUITER, scene.employer_id).go(f"/positions?after={stage.reached()}")
    page.get_by_role("link", name="Create your first position").click()
    page.get_by_label("Title").fill("Cook")
    skills = page.get_by_role("combobox", name="Required skills")
    skills.fill("Sauces")
    skills.press("Enter")
    skills.fill("Bread")
    skills.press("Enter")
    page.get_by_role("button", name="Remove Sauces").click()
    page.get_by_label("Years from").fill("three")
    page.get_by_role("button", name="Create position").click()
    page.get_by_role("link", name="Years from: write a number").click()
    assert page.get_by_label("Years from").input_value() == "three"
    page.get_by_label("Years from").fill("3")
    assert page.get_by_role("button", name="Remove Bread").is_visible()
    page.get_by_role("button", name="Create position").click()
    page.get_by_text("Position created.").wait_for()
    page.get_by_role("heading", name="Cook").click()
    assert page.get_by_label("Filters").get_by_text("3 years or more").is_visible()
    page.get_by_role("link", name="Close position").click()
    page.get_by_label("Reason").fill("The kitchen burned down")
    page.get_by_role("button", name="Close position").click()
    page.get_by_text("Position closed.").wait_for()


def test_support_finds_an_employer_in_the_browser(desk: Desks, stage: Stage) -> None:
    scene = stage.scene().approved()
    scene.registered("Globex")
    support = desk(Role.SUPPORT)
    page = support.go(f"/positions?after={stage.reached()}")
    support.is_fit("employer-finder")
    page.get_by_role("searchbox").fill("GLOB")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Globex").first.click()
    page.get_by_role("heading", name="Positions of Globex").wait_for()
