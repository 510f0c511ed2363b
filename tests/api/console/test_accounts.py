"""Customer Success Managers see how their accounts do."""

from uuid import uuid4

from domain.actor import Role
from tests.support.browser import Desks
from tests.support.client import done
from tests.support.stage import Scene, Stage
from tests.support.visitor import Visitor, in_every_look, text_of, visitor


def test_accounts_show_the_answer_rate_with_its_counts(stage: Stage) -> None:
    scene = stage.scene().in_beta()
    position = scene.position()
    sent = [
        done(scene.message(position, scene.member(f"Person {n}", silent_days=400)))["id"]
        for n in range(3)
    ]
    done(scene.platform.post(f"/outreach/{sent[0]}/acceptance", {}))
    manager = visitor(stage, Role.CSM)
    account = text_of(manager.get(f"/accounts/{scene.employer_id}?after={stage.reached()}"))
    assert "Messages sent 3 Answered 33% (1 of 3)" in account
    assert "33% 1 of 3" in text_of(manager.get("/accounts?manager="))


def test_a_manager_who_goes_by_an_address_sees_their_own_accounts_first(stage: Stage) -> None:
    email = f"{uuid4()}@example.com"
    for company, whose in (("Mine", email), ("Theirs", "jo@example.com")):
        body = {"company": f"{company} {email}", "manager": {"name": "Mo", "email": whose}}
        done(stage.as_(Role.ADMIN).post("/employers", body))
    morgan = Visitor(stage.http, stage.token(Role.CSM, name=email))
    mine = text_of(morgan.get(f"/accounts?after={stage.reached()}"))
    assert f"Mine {email}" in mine
    assert f"Theirs {email}" not in mine
    assert f"Theirs {email}" in text_of(morgan.get(f"/accounts?manager=&company={email}"))


def test_a_new_account_is_not_silent(stage: Stage, scene: Scene) -> None:
    manager = visitor(stage, Role.CSM)
    page = text_of(manager.get(f"/accounts/{scene.employer_id}?after={stage.reached()}"))
    assert "Silent" not in page


def test_a_manager_reads_an_accounts_positions_but_no_candidates(stage: Stage) -> None:
    scene = stage.scene().in_beta()
    position = scene.position()
    manager = visitor(stage, Role.CSM)
    listed = manager.get(f"/positions?employer={scene.employer_id}&after={stage.reached()}")
    assert f'href="/positions/{position}"' in listed.text
    assert "Backend developer" in text_of(manager.get(f"/positions/{position}"))
    assert manager.get(f"/positions/{position}/passive-candidates").status_code == 403


def test_who_is_no_recruiter_is_not_told_of_their_own_manager(stage: Stage, scene: Scene) -> None:
    manager = visitor(stage, Role.CSM)
    page = text_of(manager.get(f"/positions?employer={scene.employer_id}&after={stage.reached()}"))
    assert "Its Customer Success Manager is Casey" in page
    assert "your Customer Success Manager" not in page


# --- In the browser


@in_every_look
def test_the_pages_of_accounts_are_fit(desk: Desks, stage: Stage, width: str, dark: bool) -> None:
    scene = stage.scene().in_beta()
    position = scene.position()
    done(scene.recruiter.post(f"/employers/{scene.employer_id}/feedback", {"text": "Fine."}))
    manager = desk(Role.CSM, width=width, dark=dark)
    manager.go(f"/accounts?manager=&after={stage.reached()}")
    manager.is_fit("accounts-dark" if dark else "accounts")
    manager.go(f"/accounts/{scene.employer_id}")
    manager.is_fit("account-dark" if dark else "account")
    manager.go(f"/positions/{position}")
    manager.is_fit("position-read-dark" if dark else "position-read")
