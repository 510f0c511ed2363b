"""Lists leave the console as files, with the page's filters applied."""

import pytest

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.spreadsheets import rows_of
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, visitor


def recruiter(stage: Stage, scene: Scene) -> Visitor:
    return visitor(stage, Role.RECRUITER, scene.employer_id)


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("page", "people"),
    [
        ("recommendations", ["Lively"]),
        ("passive-candidates", ["Silent"]),
        ("shortlist", ["Kept"]),
        ("interviews", ["Written to"]),
    ],
)
def test_each_list_links_to_itself_as_a_file(
    stage: Stage, scene: Scene, page: str, people: list[str], format: str
) -> None:
    scene.in_beta()
    skills = (f"Own {scene.employer_id}",)
    scene.member("Lively", silent_days=3, skills=skills)
    scene.member("Silent", silent_days=400, skills=skills)
    kept, written = (
        scene.member(name, silent_days=400, skills=skills) for name in ("Kept", "Written to")
    )
    position = scene.position(required_skills=[*skills])
    stage.catch_up()
    done(scene.recruiter.post(f"/positions/{position}/candidates/{kept}/shortlist"))
    done(scene.message(position, written))
    one, path = recruiter(stage, scene), f"/positions/{position}/{page}"
    shown = one.get(f"{path}?after={stage.reached()}").text
    assert f'href="{path}/file?format={format}' in shown
    names = [row["Name"] for row in rows_of(one.get(f"{path}/file?format={format}"))]
    assert [name for name in names if name != "Kept" or page == "shortlist"] == people


def test_the_file_of_interviews_has_the_pages_filters(stage: Stage, scene: Scene) -> None:
    scene.in_beta()
    written = scene.member("Written to", silent_days=400, skills=("Snobol",))
    position = scene.position(required_skills=["Snobol"])
    done(scene.message(position, written))
    one, path = recruiter(stage, scene), f"/positions/{position}/interviews"
    shown = one.get(f"{path}?badge=passive&after={stage.reached()}").text
    assert f'href="{path}/file?format=csv&amp;badge=passive"' in shown
    assert len(rows_of(one.get(f"{path}/file?badge=passive"))) == 1
    assert rows_of(one.get(f"{path}/file?badge=active")) == []
    assert len(rows_of(one.get(f"{path}/file?whose=mine"))) == 1
    other = Visitor(stage.http, stage.token(Role.RECRUITER, scene.employer_id, "other@test"))
    assert rows_of(other.get(f"{path}/file?whose=mine")) == []


def test_positions_and_the_funnel_are_files(stage: Stage, scene: Scene) -> None:
    scene.in_beta().position()
    one = recruiter(stage, scene)
    assert "/positions/file?format=xlsx" in one.get(f"/positions?after={stage.reached()}").text
    (row,) = rows_of(one.get("/positions/file?format=xlsx"))
    assert row["Title"] == "Backend developer"
    analyst = visitor(stage, Role.ANALYST)
    assert rows_of(analyst.get("/funnel/by-band.xlsx?interval=week&candidates=all")) is not None


def test_a_file_is_saved_in_the_browser(desk: Desks, stage: Stage, scene: Scene) -> None:
    scene.in_beta().member("Silent", silent_days=400, skills=("Prolog",))
    position = scene.position(required_skills=["Prolog"])
    page = desk(Role.RECRUITER, scene.employer_id).go(
        f"/positions/{position}/passive-candidates?after={stage.reached()}"
    )
    with page.expect_download() as saved:
        page.get_by_role("link", name="Excel (XLSX)").click()
    assert saved.value.suggested_filename.startswith("passive-")
    assert saved.value.suggested_filename.endswith(".xlsx")
