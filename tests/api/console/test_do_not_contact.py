"""The recruiter's page *Do not contact*."""

import re

import pytest

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look, text_of, visitor

PAGE = "/do-not-contact"


@pytest.fixture
def recruiter(stage: Stage, scene: Scene) -> Visitor:
    stage.catch_up()
    return visitor(stage, Role.RECRUITER, scene.employer_id)


def add(recruiter: Visitor, value: str, kind: str = "domain", **more: str) -> str:
    form = {"kind": kind, "value": value, "reason": "A client", **more}
    return text_of(recruiter.sends(PAGE, form, at=PAGE))


def test_the_menu_leads_to_the_list(recruiter: Visitor) -> None:
    assert f'href="{PAGE}"' in recruiter.get("/positions").text
    assert "The list is empty" in text_of(recruiter.get(PAGE))


def test_an_entry_is_added_found_and_removed(recruiter: Visitor) -> None:
    page = add(recruiter, "globex.example", until="2999-12-31")
    assert "globex.example Mail domain A client 2999-12-31" in page
    assert "globex.example" in text_of(recruiter.get(f"{PAGE}?q=GLOBEX"))
    assert "Nothing found" in text_of(recruiter.get(f"{PAGE}?q=initech"))
    removal = re.search(r'action="(/do-not-contact/removal/[^"]+)"', recruiter.get(PAGE).text)
    assert removal
    page = text_of(recruiter.sends(removal[1], {}, at=PAGE))
    assert "The list is empty" in page


def test_a_long_list_is_read_page_by_page(recruiter: Visitor) -> None:
    lines = "\n".join(f"domain,client{number}.example,A client" for number in range(25))
    form = {"csv": f"kind,value,reason\n{lines}"}
    assert "25 lines taken" in text_of(recruiter.post(f"{PAGE}/import", form, at=PAGE))
    first = recruiter.get(PAGE).text
    more = re.search(r'href="([^"]+)">Show older entries', first)
    assert more
    second = recruiter.get(more[1].replace("&amp;", "&")).text
    pages = [set(re.findall(r"<td>(client\d+)", page)) for page in (first, second)]
    assert [len(page) for page in pages] == [20, 5]
    assert len(set.union(*pages)) == 25


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    recruiter: Visitor,
) -> None:
    form = {"kind": "address", "value": "globex", "reason": "A client"}
    answer = recruiter.post(PAGE, form, at=PAGE)
    assert answer.status_code == 422
    assert 'id="value-fault-1"' in answer.text
    assert 'value="globex"' in answer.text


def test_an_import_says_which_lines_were_refused_and_why(recruiter: Visitor) -> None:
    form = {"csv": "kind,value,reason\ndomain,globex.example,A client\nplanet,mars,A client"}
    page = text_of(recruiter.post(f"{PAGE}/import", form, at=PAGE))
    assert "1 line taken, 1 refused" in page
    assert re.search(r"3 kind: Input should be 'person', 'address' or 'domain'", page)


def test_what_is_no_list_is_refused_and_comes_back(recruiter: Visitor) -> None:
    answer = recruiter.post(f"{PAGE}/import", {"csv": "globex.example"}, at=PAGE)
    assert answer.status_code == 422
    assert "Begin with a line of names" in answer.text
    assert "globex.example" in answer.text


def test_names_are_declared_and_kept_when_another_form_is_refused(recruiter: Visitor) -> None:
    form = {"names[]": "Acme Robotics", "domains[]": "acme.example", "affiliates[]": "Initech"}
    page = recruiter.sends(f"{PAGE}/names", form, at=PAGE)
    assert "The names are saved." in page.text
    wrong = recruiter.post(PAGE, {"kind": "address", "value": "x", "reason": "y"}, at=PAGE)
    for shown in (page, wrong):
        assert all(said in shown.text for said in ("Acme Robotics", "acme.example", "Initech"))


def test_an_admin_chooses_an_employer_first(stage: Stage, scene: Scene) -> None:
    admin = visitor(stage, Role.ADMIN)
    assert "Choose an employer" in text_of(admin.get(PAGE))
    positions = admin.get(f"/positions?employer={scene.employer_id}&after={stage.reached()}")
    at = f"{PAGE}?employer={scene.employer_id}"
    assert f'href="{at}"' in positions.text
    assert "The list is empty" in text_of(admin.get(at))


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ANALYST])
def test_others_do_not_see_it(stage: Stage, role: Role) -> None:
    assert visitor(stage, role).get(PAGE).status_code == 403


@in_every_look
def test_the_page_is_fit(
    desk: Desks, scene: Scene, recruiter: Visitor, width: str, dark: bool
) -> None:
    add(recruiter, "globex.example")
    page = desk(Role.RECRUITER, scene.employer_id, width=width, dark=dark)
    page.go(PAGE)
    page.is_fit("do-not-contact-dark" if dark else "do-not-contact")
