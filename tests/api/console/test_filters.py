"""The filters of a position: who matches them, what each costs, and two who change them at once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.console.pages.filters import FEW
from api.marketplace import now
from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import codes, done
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look, text_of, visitor


def recruiter(stage: Stage, scene: Scene) -> Visitor:
    return visitor(stage, Role.RECRUITER, scene.employer_id)


def path(position: str) -> str:
    return f"/positions/{position}/filters"


def page_of(stage: Stage, scene: Scene, position: str) -> Any:
    return recruiter(stage, scene).get(f"{path(position)}?after={stage.reached()}")


def changed_by_another(scene: Scene, position: str, **filters: Any) -> None:
    done(scene.recruiter("PUT", f"/positions/{position}/filters", filters))


def filters_of(scene: Scene, position: str) -> Any:
    return done(scene.recruiter.get(f"/positions/{position}", after=scene.latest()))["filters"]


def test_the_form_shows_the_filters_as_they_are(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(
        roles=["Cook", "Chef"],
        years_from=2,
        remote=True,
        salary_budget={"minimum": 1, "maximum": 2, "currency": "CHF"},
    )
    page = page_of(stage, scene, position).text
    assert ">\nCook\nChef</textarea>" in page
    assert 'name="years_from" type="text" inputmode="decimal" value="2"' in page
    assert 'name="remote" type="checkbox" value="true" checked' in page
    assert '<option value="CHF" selected>' in page


def test_after_a_change_the_page_tells_who_matches(stage: Stage, scene: Scene) -> None:
    scene.in_beta()
    for n in range(FEW + 1):
        scene.member(f"Silent-{n}", silent_days=400, skills=("Cobol",))
        scene.member(f"Lively-{n}", silent_days=3, skills=("Cobol",))
    position = scene.position()
    form = {"_version": "1", "required_skills[]": "Cobol"}
    page = recruiter(stage, scene).sends(path(position), form, at=path(position))
    text = text_of(page)
    assert "Filters saved." in text
    assert f"Passive candidates {FEW + 1} Recommendations {FEW + 1} By the filters" in text
    assert "Relax a filter?" not in text
    assert filters_of(scene, position)["required_skills"] == ["Cobol"]


def test_where_few_match_it_tells_what_dropping_each_demand_would_add(
    stage: Stage, scene: Scene
) -> None:
    scene.in_beta()
    scene.member("Both", silent_days=400, skills=("Ada", "Lisp"))
    scene.member("Half", silent_days=400, skills=("Ada",))
    scene.member("Lively", silent_days=3, skills=("Ada",))
    position = scene.position(required_skills=["Ada", "Lisp"])
    text = text_of(page_of(stage, scene, position))
    assert "Few match. Relax a filter?" in text
    assert "Lisp +1 passive, +1 recommended Drop Lisp" in text
    assert "Drop Ada" not in text
    assert "To drop one of the others alone adds nobody." in text


def test_where_no_single_demand_keeps_anybody_out_it_says_to_relax_more(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position(required_skills=["Nobody has this", "Nor this"])
    text = text_of(page_of(stage, scene, position))
    assert "To drop one of them alone adds nobody. Relax more than one." in text


def test_the_api_tells_the_same(stage: Stage, scene: Scene) -> None:
    scene.in_beta()
    scene.member("Half", silent_days=400, skills=("Eiffel",))
    position = scene.position(required_skills=["Eiffel", "Simula"])
    relaxations = scene.recruiter.get(f"/positions/{position}/relaxations", after=scene.latest())
    assert done(relaxations) == [
        {
            "criterion": {"kind": "skill", "term": "Simula"},
            "recommendations": 0,
            "passive_candidates": 1,
        },
        {
            "criterion": {"kind": "skill", "term": "Eiffel"},
            "recommendations": 0,
            "passive_candidates": 0,
        },
    ]


def test_excluded_terms_are_set_shown_and_dropped(stage: Stage, scene: Scene) -> None:
    scene.in_beta()
    scene.member("Purist", silent_days=400, skills=("Befunge",))
    scene.member("Mixed", silent_days=400, skills=("Befunge", "Intercal"))
    position = scene.position()
    form = {"_version": "1", "required_skills[]": "Befunge", "excluded_skills[]": "INTERCAL"}
    page = recruiter(stage, scene).sends(path(position), form, at=path(position))
    assert filters_of(scene, position)["excluded_skills"] == ["INTERCAL"]
    assert "not INTERCAL +1 passive, +0 recommended Drop not INTERCAL" in text_of(page)
    assert ">\nINTERCAL</textarea>" in page.text
    assert scene.names(position, "passive-candidates") == ["Purist"]
    form = {"_version": "2", "kind": "excluded_skill", "term": "Intercal"}
    recruiter(stage, scene).sends(
        f"/positions/{position}/relaxations", form, at=f"{path(position)}?after={stage.reached()}"
    )
    assert filters_of(scene, position)["excluded_skills"] == []


def test_filters_that_ask_nothing_offer_nothing_to_relax(stage: Stage, scene: Scene) -> None:
    position = stage.scene().in_beta()
    text = text_of(page_of(stage, position, position.position()))
    assert "No filters: everyone matches" in text


def test_a_relaxation_drops_its_demand_and_keeps_the_rest(stage: Stage, scene: Scene) -> None:
    scene.in_beta()
    position = scene.position(required_skills=["Ada", "Lisp"], years_from=3)
    one = recruiter(stage, scene)
    form = {"_version": "1", "kind": "skill", "term": "Lisp"}
    at = f"{path(position)}?after={stage.reached()}"
    page = one.sends(f"/positions/{position}/relaxations", form, at=at)
    assert "Filters saved." in text_of(page)
    filters = filters_of(scene, position)
    assert (filters["required_skills"], filters["years_from"]) == (["Ada"], 3)


def test_a_relaxation_of_filters_that_changed_meanwhile_is_refused(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position(required_skills=["Ada", "Lisp"])
    changed_by_another(scene, position, required_skills=["Ada", "Prolog"])
    one = recruiter(stage, scene)
    form = {"_version": "1", "kind": "skill", "term": "Ada"}
    at = f"{path(position)}?after={stage.reached()}"
    response = one.post(f"/positions/{position}/relaxations", form, at=at)
    assert response.status_code == 412
    assert "Somebody changed this since you opened it." in response.text
    assert ">\nAda\nProlog</textarea>" in response.text


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position()
    wrong = {"_version": "1", "years_from": "9", "years_to": "3", "roles[]": "Cook\nChef"}
    at = f"{path(position)}?after={stage.reached()}"
    response = recruiter(stage, scene).post(path(position), wrong, at=at)
    assert response.status_code == 422
    sentence = "Years to: this is fewer than the years from; swap them"
    assert f'<a href="#years_to">{sentence}</a>' in response.text
    assert 'aria-describedby="years_to-fault-1" aria-invalid="true"' in response.text
    assert ">\nCook\nChef</textarea>" in response.text
    assert filters_of(scene, position)["roles"] == []


def test_a_stale_page_shows_what_changed_meanwhile_and_keeps_what_was_typed(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position(roles=["Cook"])
    changed_by_another(scene, position, roles=["Cook", "Chef"], remote=True)
    form = {"_version": "1", "roles[]": "Baker", "years_from": "4"}
    at = f"{path(position)}?after={stage.reached()}"
    one = recruiter(stage, scene)
    response = one.post(path(position), form, at=at)
    assert response.status_code == 412
    assert "recruiter@test changed these filters just now" in response.text
    rows = [" ".join(row.split()) for row in response.text.split("<tr>")]
    assert any("Roles</th><td>Cook</td><td>Cook, Chef</td>" in row for row in rows)
    assert any("Remote</th><td>no</td><td>yes</td>" in row for row in rows)
    assert ">\nBaker</textarea>" in response.text
    assert 'value="4"' in response.text
    assert filters_of(scene, position)["roles"] == ["Cook", "Chef"]
    page = one.sends(path(position), form | {"_version": "2"}, at=at)
    assert "Filters saved." in text_of(page)
    assert filters_of(scene, position)["roles"] == ["Baker"]


def test_a_stale_page_stays_stale_while_something_else_is_wrong_with_it(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position(roles=["Cook"])
    changed_by_another(scene, position, roles=["Chef"])
    at = f"{path(position)}?after={stage.reached()}"
    form = {"_version": "1", "years_from": "many"}
    response = recruiter(stage, scene).post(path(position), form, at=at)
    assert response.status_code == 422
    form_again = response.text.partition(f'action="{path(position)}"')[2]
    assert 'name="_version" value="1"' in form_again.partition("</form>")[0]


def test_the_same_filters_again_are_refused_in_words(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(roles=["Cook"])
    at = f"{path(position)}?after={stage.reached()}"
    response = recruiter(stage, scene).post(
        path(position), {"_version": "1", "roles[]": "Cook"}, at=at
    )
    assert response.status_code == 409
    assert 'data-code="filters_unchanged"' in response.text


def test_a_form_without_its_version_changes_nothing(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(roles=["Cook"])
    at = f"{path(position)}?after={stage.reached()}"
    for version in ("", "x", "9" * 30):
        form = {"_version": version, "roles[]": "Chef"}
        assert recruiter(stage, scene).post(path(position), form, at=at).status_code == 400
    assert filters_of(scene, position)["roles"] == ["Cook"]


def test_the_filters_of_a_closed_position_stay(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(roles=["Cook"])
    done(scene.recruiter.post(f"/positions/{position}/closure", {"reason": "filled"}))
    page = page_of(stage, scene, position).text
    assert "The filters of a closed position stay as they are." in page
    assert "Save filters" not in page
    response = recruiter(stage, scene).post(path(position), {"_version": "2", "roles[]": "x"})
    assert response.status_code == 409


TYPED = {
    "_version": "1",
    "roles[]": "Software-Entwickler (m/w/d)",
    "required_skills[]": "ReactJS, cobol",
    "locations[]": "München",
    "years_from": "1,5",
    "salary_budget.minimum": "0",
    "salary_budget.maximum": "75.000",
    "salary_budget.currency": "EUR",
}
IN_GERMAN = {"Accept-Language": "de-AT,de;q=0.9"}


def test_a_number_that_is_not_written_in_digits_is_shown_as_understood_before_it_is_saved(
    stage: Stage, scene: Scene
) -> None:
    own = f"Skill {uuid4().hex[:8]}"
    typed = TYPED | {"required_skills[]": f"ReactJS, {own}"}
    sourcing = {
        "opted_in": True,
        "signed_up_at": (now() - timedelta(days=400)).isoformat(),
        "roles": ["Developer, back-end"],
        "years_experience": 2,
    }
    document = {
        "basics": {"name": "Somebody", "location": {"city": "Munich", "countryCode": "DE"}},
        "skills": [{"name": "React.js"}, {"name": own}],
        "meta": {"sourcing": sourcing},
    }
    done(scene.in_beta().platform.post("/candidates", document))
    position = scene.position()
    one = recruiter(stage, scene)
    at = f"{path(position)}?after={stage.reached()}"
    page = one.post(path(position), typed, at=at, **IN_GERMAN)
    text = text_of(page)
    assert page.status_code == 200
    assert "Understood as follows, and not saved yet." in text
    assert f"Software developer React {own} 1.5 years or more Munich up to EUR 75,000" in text
    assert 'name="salary_budget.maximum" type="text" inputmode="numeric" value="75000"' in page.text
    assert f">\nReactJS, {own}</textarea>" in page.text
    before = filters_of(scene, position)
    assert before["salary_budget"] is None
    plain = typed | {"years_from": "1.5", "salary_budget.maximum": "75000"}
    page = one.sends(path(position), plain, at=path(position))
    assert "Filters saved." in text_of(page)
    assert "Passive candidates 1 Recommendations 0 By the filters" in text_of(page)
    saved = filters_of(scene, position)
    assert (saved["years_from"], saved["salary_budget"]["maximum"]) == (1.5, 75_000)
    assert saved["required_skills"] == [f"ReactJS, {own}"]


def test_what_is_typed_can_be_checked_before_it_is_saved(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    form = {"_version": "1", "locations[]": "NYC", "_check": "1"}
    at = f"{path(position)}?after={stage.reached()}"
    text = text_of(recruiter(stage, scene).post(path(position), form, at=at))
    assert "0 passive candidates and 0 recommendations would match." in text
    assert "New York" in text
    assert filters_of(scene, position)["locations"] == []


def test_a_description_fills_in_the_filters_beside_what_is_saved(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position(languages=["French"])
    form = {"_version": "1", "words": "data scientist wizard München, Python, 5+ years, 75k"}
    at = f"{path(position)}?after={stage.reached()}"
    page = recruiter(stage, scene).post(f"{path(position)}/words", form, at=at)
    text = text_of(page)
    assert "Data scientist Python 5 years or more Munich up to EUR 75,000 French" in text
    assert "Not understood, and left out: wizard." in text
    assert ">\nData scientist</textarea>" in page.text
    assert 'name="years_from" type="text" inputmode="decimal" value="5"' in page.text
    assert 'name="salary_budget.minimum" type="text" inputmode="numeric" value="0"' in page.text
    assert filters_of(scene, position)["roles"] == []


def test_a_description_with_an_amount_of_two_readings_is_refused_with_both(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position()
    form = {"_version": "1", "words": "up to 75.000"}
    at = f"{path(position)}?after={stage.reached()}"
    response = recruiter(stage, scene).post(f"{path(position)}/words", form, at=at)
    assert response.status_code == 422
    assert "75.000 can mean 75 or 75000" in response.text
    assert 'value="up to 75.000"' in response.text


def test_a_number_of_two_readings_is_refused_with_both(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    at = f"{path(position)}?after={stage.reached()}"
    response = recruiter(stage, scene).post(path(position), TYPED, at=at)
    assert response.status_code == 422
    assert "75.000 can mean 75 or 75000; write it without a point or comma" in response.text


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CSM, Role.ANALYST, Role.AUDITOR])
def test_filters_are_changed_by_recruiters_alone(stage: Stage, scene: Scene, role: Role) -> None:
    position = scene.in_beta().position()
    other = visitor(stage, role)
    assert other.get(path(position)).status_code == 403
    for to in ("filters", "relaxations"):
        response = other.post(f"/positions/{position}/{to}", {"_version": "1", "kind": "role"})
        assert response.status_code == 403


def test_another_employers_relaxations_are_nowhere(stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position(roles=["Cook"])
    stranger = stage.scene().approved()
    response = stranger.recruiter.get(f"/positions/{position}/relaxations", after=scene.latest())
    assert (response.status_code, codes(response)) == (404, ["unknown"])
    form = {"_version": "1", "kind": "role"}
    response = recruiter(stage, stranger).post(f"/positions/{position}/relaxations", form)
    assert response.status_code == 404


# --- Suggestions and live counts


def counts_now(stage: Stage, scene: Scene, at: str, form: dict[str, str]) -> Any:
    return recruiter(stage, scene).post(f"{at}?after={stage.reached()}", form)


def test_the_filters_of_the_form_are_counted_without_being_saved(
    stage: Stage, scene: Scene
) -> None:
    scene.in_beta()
    scene.member("Silent", silent_days=400, skills=("Rexx",))
    scene.member("Lively", silent_days=3, skills=("Rexx",))
    position = scene.position(required_skills=["Occam"])
    form = {"required_skills[]": "REXX"}
    said = counts_now(stage, scene, f"{path(position)}/counts", form).text
    assert "<strong>1</strong> passive candidates, <strong>1</strong> recommendations" in said
    assert filters_of(scene, position)["required_skills"] == ["Occam"]


def test_filters_of_a_position_that_is_not_opened_yet_are_counted_too(
    stage: Stage, scene: Scene
) -> None:
    scene.in_beta().member("Silent", silent_days=400, skills=("Simula 67",))
    form = {"title": "", "filters.required_skills[]": "Simula 67"}
    said = counts_now(stage, scene, "/positions/counts", form).text
    assert "<strong>1</strong> passive candidates, <strong>0</strong> recommendations" in said


def test_filters_that_cannot_be_read_are_not_counted_and_it_says_why(
    stage: Stage, scene: Scene
) -> None:
    position = scene.in_beta().position()
    form = {"years_from": "9", "years_to": "3"}
    said = counts_now(stage, scene, f"{path(position)}/counts", form)
    assert said.status_code == 422
    assert "Not counted yet. Years to: this is fewer than the years from; swap them" in said.text


def test_the_api_previews_filters_as_understood_with_their_counts(
    stage: Stage, scene: Scene
) -> None:
    scene.in_beta().member("Silent", silent_days=400, skills=("Modula-3",))
    body = {"required_skills": ["modula-3"], "locations": []}
    preview = done(
        scene.recruiter.post(
            f"/employers/{scene.employer_id}/filters/preview",
            body,
            params={"after": scene.latest()},
        )
    )
    assert (preview["passive_candidates"], preview["recommendations"]) == (1, 0)
    understood = done(
        scene.recruiter.post(
            f"/employers/{scene.employer_id}/filters/preview", {"roles": ["devops"]}
        )
    )
    assert understood["filters"]["roles"] == ["DevOps engineer"]


def test_a_preview_leaves_out_who_was_contacted_about_the_position(
    stage: Stage, scene: Scene
) -> None:
    candidate = scene.in_beta().member("Silent", silent_days=400, skills=("Icon",))
    position = scene.position(required_skills=["Icon"])
    done(scene.message(position, candidate))
    at = f"/employers/{scene.employer_id}/filters/preview"
    asked = {"position_id": position, "after": scene.latest()}
    preview = done(scene.recruiter.post(at, {"required_skills": ["Icon"]}, params=asked))
    assert preview["passive_candidates"] == 0


def test_another_employers_filters_are_not_previewed(stage: Stage, scene: Scene) -> None:
    stranger = stage.scene().approved()
    position = scene.approved().position()
    for employer, about in ((scene.employer_id, None), (stranger.employer_id, position)):
        at = f"/employers/{employer}/filters/preview"
        asked = {"position_id": about, "after": scene.latest()} if about else {}
        response = stranger.recruiter.post(at, {}, params=asked)
        assert (response.status_code, codes(response)) == (404, ["unknown"])


def test_the_api_and_the_page_suggest_terms_with_how_many_people_have_each(
    stage: Stage, scene: Scene
) -> None:
    for n in range(3):
        scene.member(f"Silent {n}", silent_days=400, skills=("Smalltalk-80",))
    asked = {"kind": "skill", "text": "smallt", "after": scene.latest()}
    found = done(scene.recruiter.get("/suggestions", **asked))
    assert {"term": "Smalltalk-80", "people": 3} in found
    page = recruiter(stage, scene).get("/suggestions?kind=skill&text=smallt")
    assert 'data-term="Smalltalk-80"><span>Smalltalk-80</span> <small>3 people</small>' in page.text


# --- In the browser


def test_a_suggestion_is_chosen_with_the_keyboard_and_counted_at_once(
    desk: Desks, stage: Stage, scene: Scene
) -> None:
    scene.in_beta()
    for n in range(3):
        scene.member(f"Silent {n}", silent_days=400, skills=("Golang", f"Own {scene.employer_id}"))
    position = scene.position(required_skills=[f"Own {scene.employer_id}"])
    one = desk(Role.RECRUITER, scene.employer_id)
    page = one.go(f"{path(position)}?after={stage.reached()}")
    skills = page.get_by_role("combobox", name="Required skills")
    skills.press_sequentially("gola")
    option = page.get_by_role("option", name="Go ", exact=False).first
    option.wait_for()
    assert skills.get_attribute("aria-expanded") == "true"
    skills.press("ArrowDown")
    chosen = page.locator(f"#{skills.get_attribute('aria-activedescendant')}")
    assert chosen.get_attribute("data-term") == "Go"
    assert chosen.get_attribute("aria-selected") == "true"
    one.is_fit("filters-suggestions")
    skills.press("Enter")
    assert page.get_by_role("listbox").count() == 0
    page.get_by_role("button", name="Remove Go").wait_for()
    page.locator(".live-counts", has_text="3 passive candidates").wait_for()
    skills.press_sequentially("kube")
    page.get_by_role("option", name="Kubernetes").first.wait_for()
    skills.press("Escape")
    assert page.get_by_role("listbox").count() == 0
    assert skills.input_value() == "kube"


def test_a_suggestion_is_chosen_with_the_mouse(desk: Desks, stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    page = desk(Role.RECRUITER, scene.employer_id).go(f"{path(position)}?after={stage.reached()}")
    page.get_by_role("combobox", name="Locations", exact=True).press_sequentially("münch")
    page.get_by_role("option", name="Munich").click()
    page.get_by_role("button", name="Remove Munich").wait_for()
    assert page.get_by_role("combobox", name="Locations", exact=True).input_value() == ""


@pytest.mark.parametrize(
    ("label", "pasted", "terms"),
    [
        ("Required skills", "Go, AWS (EC2, S3)\nC;R", ["Go", "AWS (EC2, S3)", "C", "R"]),
        ("Roles", "Developer, back-end\nData scientist", ["Developer, back-end", "Data scientist"]),
        ("Locations", "Berlin, Germany\nParis", ["Berlin, Germany", "Paris"]),
    ],
)  # fmt: skip
def test_several_terms_are_pasted_at_once(
    desk: Desks, stage: Stage, scene: Scene, label: str, pasted: str, terms: list[str]
) -> None:
    position = scene.in_beta().position()
    page = desk(Role.RECRUITER, scene.employer_id).go(f"{path(position)}?after={stage.reached()}")
    page.get_by_role("combobox", name=label, exact=True).evaluate(
        """(input, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text", text);
            input.dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }));
        }""",
        pasted,
    )
    removable = page.get_by_role("button", name="Remove ").all()
    assert [button.get_attribute("aria-label") for button in removable] == [
        f"Remove {term}" for term in terms
    ]


@in_every_look
def test_the_page_of_filters_is_fit(
    desk: Desks, stage: Stage, scene: Scene, width: str, dark: bool
) -> None:
    scene.in_beta()
    scene.member("Both", silent_days=400, skills=("Fortran", "MPI"))
    scene.member("Half", silent_days=400, skills=("Fortran",))
    position = scene.position(
        required_skills=["Fortran", "MPI"], nice_to_have_skills=["OpenMP"], locations=["Jülich"]
    )
    one = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    page = one.go(f"{path(position)}?after={stage.reached()}")
    one.is_fit("filters-dark" if dark else "filters")
    changed_by_another(scene, position, required_skills=["Fortran"])
    page.get_by_label("Years from").fill("many")
    page.get_by_role("button", name="Save filters").click()
    page.get_by_role("alert").wait_for()
    one.is_fit("filters-refused-dark" if dark else "filters-refused")
    page.get_by_label("Years from").fill("3")
    page.get_by_role("button", name="Save filters").click()
    page.get_by_text("while you had them open").wait_for()
    one.is_fit("filters-stale-dark" if dark else "filters-stale")


def test_filters_are_relaxed_with_a_click(desk: Desks, stage: Stage, scene: Scene) -> None:
    scene.in_beta()
    scene.member("Half", silent_days=400, skills=("Zig",))
    position = scene.position(required_skills=["Zig", "Nim"])
    page = desk(Role.RECRUITER, scene.employer_id).go(f"{path(position)}?after={stage.reached()}")
    page.get_by_role("button", name="Drop Nim").click()
    page.get_by_text("Filters saved.").wait_for()
    assert page.get_by_label("Filters").get_by_text("Zig").is_visible()
    assert not page.get_by_label("Filters").get_by_text("Nim").is_visible()
    page.get_by_role("link", name="Passive candidates 1").click()
    page.get_by_role("link", name="Half").wait_for()


def test_filters_work_without_javascript(desk: Desks, stage: Stage, scene: Scene) -> None:
    position = scene.in_beta().position()
    one = desk(Role.RECRUITER, scene.employer_id, script=False)
    page = one.go(f"{path(position)}?after={stage.reached()}")
    page.get_by_label("Required skills").fill("Python\nGo")
    page.get_by_role("button", name="Save filters").click()
    page.get_by_text("Filters saved.").wait_for()
    assert filters_of(scene, position)["required_skills"] == ["Python", "Go"]
