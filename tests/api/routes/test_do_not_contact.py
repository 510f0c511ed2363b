"""An employer's do-not-contact list over the API, and whom the company's own names leave alone."""

from typing import Any
from uuid import uuid4

import pytest

from domain.actor import Role
from tests.support.client import codes, done
from tests.support.stage import Scene, Stage


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def path(scene: Scene) -> str:
    return f"/employers/{scene.employer_id}/do-not-contact"


def add(scene: Scene, kind: str, value: str, **more: Any) -> Any:
    body = {"kind": kind, "value": value, "reason": "A client.", **more}
    return scene.recruiter.post(path(scene), body)


def entries(scene: Scene, **asked: Any) -> list[dict[str, Any]]:
    listed = done(scene.recruiter.get(path(scene), after=scene.latest(), **asked))
    return list(listed["items"])


def import_csv(scene: Scene, *lines: str, **options: Any) -> Any:
    return scene.recruiter.post(
        f"{path(scene)}/import",
        content="\n".join(lines).encode(),
        headers={"Content-Type": "text/csv"},
        **options,
    )


def document(email: str, employer: str = "Globex", **job: Any) -> dict[str, Any]:
    return {
        "basics": {"name": "Casey", "email": email},
        "work": [{"name": employer, "position": "Engineer", "startDate": "2020-01", **job}],
        "meta": {"sourcing": {"opted_in": True, "signed_up_at": "2020-01-01T00:00:00Z"}},
    }


def signed_up(scene: Scene, said: dict[str, Any]) -> str:
    return str(done(scene.platform.post("/candidates", said))["id"])


def address() -> str:
    return f"casey@{uuid4().hex}.example"


# --- The list


def test_entries_are_listed_as_they_were_written_the_newest_first(scene: Scene) -> None:
    candidate = str(uuid4())
    done(add(scene, "person", candidate))
    done(add(scene, "address", "Casey@Example.com", until="2999-12-31"))
    done(add(scene, "domain", "@Globex.example", reason="A competitor."))
    listed = [(e["kind"], e["value"], e["reason"], e["until"]) for e in entries(scene)]
    assert listed == [
        ("domain", "globex.example", "A competitor.", None),
        ("address", "Casey@Example.com", "A client.", "2999-12-31"),
        ("person", candidate, "A client.", None),
    ]


def test_a_list_is_searched_by_value_and_reason_and_read_page_by_page(scene: Scene) -> None:
    for number in range(3):
        done(add(scene, "domain", f"client{number}.example", reason=f"Größe {number}"))
    assert [e["value"] for e in entries(scene, q="CLIENT1")] == ["client1.example"]
    assert [e["value"] for e in entries(scene, q="grosse 2")] == ["client2.example"]
    first = done(scene.recruiter.get(path(scene), after=scene.latest(), limit=2))
    rest = done(scene.recruiter.get(path(scene), limit=2, cursor=first["next_cursor"]))
    assert [e["value"] for e in rest["items"]] == ["client0.example"]
    assert rest["next_cursor"] is None


def test_one_address_is_one_entry_however_it_is_written(scene: Scene) -> None:
    done(add(scene, "address", "casey@bücher.example"))
    done(add(scene, "address", "CASEY@xn--bcher-kva.example", until="2999-12-31"))
    (entry,) = entries(scene)
    assert entry["until"] == "2999-12-31"


def test_an_entry_is_removed(scene: Scene) -> None:
    entry_id = done(add(scene, "domain", "globex.example"))["id"]
    done(scene.recruiter("DELETE", f"{path(scene)}/{entry_id}"))
    done(scene.recruiter("DELETE", f"{path(scene)}/{entry_id}"))
    assert entries(scene) == []
    assert scene.recruiter("DELETE", f"{path(scene)}/{uuid4()}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "value"),
    [("person", "casey"), ("address", "casey"), ("domain", "globex"), ("domain", "a b.example")],
)
def test_what_is_no_such_thing_is_refused(scene: Scene, kind: str, value: str) -> None:
    assert add(scene, kind, value).status_code == 422


def test_another_employer_neither_sees_nor_changes_the_list(stage: Stage, scene: Scene) -> None:
    entry_id = done(add(scene, "domain", "globex.example"))["id"]
    stranger = stage.as_(Role.RECRUITER, stage.scene().employer_id)
    body = {"kind": "domain", "value": "initech.example", "reason": "None."}
    answers = [
        stranger.get(path(scene)),
        stranger.post(path(scene), body),
        stranger("DELETE", f"{path(scene)}/{entry_id}"),
        stranger.post(f"{path(scene)}/import", content=b"kind,value,reason\n"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert len(entries(scene)) == 1


# --- What it forbids


@pytest.mark.parametrize("kind", ["person", "address", "domain"])
def test_who_is_listed_is_in_no_list_and_is_not_written_to(scene: Scene, kind: str) -> None:
    email = address()
    position, candidate = scene.position(), signed_up(scene, document(email))
    value = {"person": candidate, "address": email.upper(), "domain": email.partition("@")[2]}
    entry_id = done(add(scene, kind, value[kind]))["id"]
    assert codes(scene.message(position, candidate)) in (["on_do_not_contact_list"], ["unknown"])
    assert candidate not in shown(scene, position)
    done(scene.recruiter("DELETE", f"{path(scene)}/{entry_id}"))
    assert done(scene.message(position, candidate))


def test_an_observed_address_counts_too(scene: Scene) -> None:
    email = address()
    candidate = signed_up(scene, document(address()))
    observed = {"source": "web", "observed_on": "2026-01-01", "email": email}
    done(scene.platform.post(f"/candidates/{candidate}/observations", observed))
    done(add(scene, "address", email))
    answer = scene.message(scene.position(), candidate)
    assert codes(answer) in (["on_do_not_contact_list"], ["unknown"])


def shown(scene: Scene, position: str) -> list[str]:
    path = f"/positions/{position}/passive-candidates"
    listed = done(scene.recruiter.get(path, after=scene.latest(), limit=100))
    return [card["candidate_id"] for card in listed["items"]]


def test_after_an_erasure_the_address_is_gone_from_every_list_and_still_counts(
    stage: Stage, scene: Scene
) -> None:
    email = address()
    candidate = signed_up(scene, document(email))
    done(add(scene, "address", email, reason=f"{email} asked us."))
    done(scene.platform("DELETE", f"/candidates/{candidate}"))
    (entry,) = entries(scene)
    assert (entry["value"], entry["reason"]) == (None, "[erased]")
    assert entries(scene, q=email) == []
    with stage.connection() as db:
        found = db.execute(
            "SELECT count(*) FROM do_not_contact AS d WHERE d::text LIKE %s", [f"%{email}%"]
        ).fetchone()
        assert found == (0,)
    done(add(scene, "address", email, until="2999-12-31"))
    assert [e["value"] for e in entries(scene)] == [None]


# --- Import


def test_a_csv_is_imported_line_by_line(scene: Scene) -> None:
    report = done(
        import_csv(
            scene,
            "kind,value,reason,until",
            "domain,globex.example,A client,2999-12-31",
            '"address","casey@example.com","Asked us, twice",',
            "",
            "address,casey,A client,",
            "planet,mars,A client,",
            "domain,initech.example,,",
            "domain,old.example,A client,2001-01-01",
            "domain,odd.example,A client,soon",
            "domain,more.example,A client,,and more",
        )
    )
    refused = [line["line"] for line in report["lines"] if line["outcome"] == "refused"]
    assert (report["taken"], report["refused"], refused) == (2, 6, [5, 6, 7, 8, 9, 10])
    assert all(line["detail"] for line in report["lines"] if line["outcome"] == "refused")
    values = {entry["value"]: entry["reason"] for entry in entries(scene)}
    assert values == {"globex.example": "A client", "casey@example.com": "Asked us, twice"}


def test_importing_a_list_again_adds_nothing_twice(stage: Stage, scene: Scene) -> None:
    lines = ("kind,value,reason", "domain,globex.example,A client", "domain,Globex.example,Again")
    assert done(import_csv(scene, *lines))["taken"] == 2
    before = stage.reached()
    assert done(import_csv(scene, *lines))["taken"] == 2
    assert len(entries(scene)) == 1
    with stage.connection() as db:
        added = db.execute(
            "SELECT convert_from(state, 'UTF8') FROM events"
            " WHERE topic = 'do_not_contact.added' AND log_position > %s",
            [before],
        ).fetchall()
    assert not [state for (state,) in added if scene.employer_id in state]


def test_a_list_of_a_spreadsheet_with_semicolons_is_read(scene: Scene) -> None:
    lines = ("\ufeffKind;Value;Reason;Until", "domain;globex.example;A client;")
    assert done(import_csv(scene, *lines))["taken"] == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"kind,value\n", b"kind,value,reason,colour\n", b"\xff\xfe", b'kind,value,reason\na,"b'],
)
def test_what_is_no_such_list_is_refused_whole(scene: Scene, body: bytes) -> None:
    answer = scene.recruiter.post(f"{path(scene)}/import", content=body)
    assert (answer.status_code, codes(answer)) == (422, ["bad_csv"])


# --- Where the candidate works


def declare(scene: Scene, **names: Any) -> Any:
    return scene.recruiter("PUT", f"/employers/{scene.employer_id}/names", names)


def test_nobody_is_written_to_about_a_position_at_the_company_where_they_work(
    scene: Scene,
) -> None:
    candidate = signed_up(scene, document(address(), "ACME, Inc."))
    position = scene.position()
    assert codes(scene.message(position, candidate)) in (["candidate_works_there"], ["unknown"])
    assert candidate not in shown(scene, position)


def test_who_worked_there_before_may_be_written_to(scene: Scene) -> None:
    candidate = signed_up(scene, document(address(), "Acme", endDate="2024-01"))
    assert done(scene.message(scene.position(), candidate))


@pytest.mark.parametrize("declared", ["names", "affiliates", "domains"])
def test_declared_names_affiliates_and_domains_count(scene: Scene, declared: str) -> None:
    email = address()
    candidate = signed_up(scene, document(email, "Initech GmbH"))
    domain = email.partition("@")[2]
    names = (
        {"domains": [f"@{domain.upper()}"]} if declared == "domains" else {declared: ["INITECH"]}
    )
    done(declare(scene, **names))
    shown = done(scene.recruiter.get(f"/employers/{scene.employer_id}", after=scene.latest()))
    assert shown[declared] == ([domain] if declared == "domains" else ["INITECH"])
    answer = scene.message(scene.position(), candidate)
    assert codes(answer) in (["candidate_works_there"], ["unknown"])


def test_the_domain_of_a_mail_provider_is_nobodys_own(scene: Scene) -> None:
    answer = declare(scene, domains=["gmail.com"])
    assert (answer.status_code, codes(answer)) == (422, ["public_mail_domain"])


def test_nobody_declares_names_of_another_employer(stage: Stage, scene: Scene) -> None:
    stranger = stage.as_(Role.RECRUITER, stage.scene().employer_id)
    path = f"/employers/{scene.employer_id}/names"
    assert stranger("PUT", path, {"names": ["Acme"]}).status_code == 404
