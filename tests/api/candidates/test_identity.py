"""One person is one candidate, whichever way their documents come in."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from api import identifiers
from api.cli.documents import Entry
from api.cli.sign_ups import sign_up, sign_up_of
from api.marketplace import now
from benchmarks.identity import SKILL, Marketplace, checked, lived
from domain.actor import Actor, Cause, Role
from domain.aggregate import Refused
from domain.contacting import Message, SendMessage
from tests.support.client import codes, done
from tests.support.concurrency import at_once
from tests.support.databases import Databases
from tests.support.stage import MESSAGE, Scene, Stage, a_stage, own_stage

KEY = bytes(range(32))

SPELLINGS = ["{}@example.org", "{}@EXAMPLE.org", " {}@example.org ", "{}@example.org."]


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return stage.scene().in_beta()


def resume(email: str | None, name: str = "Ada", **sourcing: Any) -> dict[str, Any]:
    basics = {"name": name, "email": email}
    return {"basics": basics, "meta": {"sourcing": {"opted_in": True, **sourcing}}}


def address() -> str:
    return f"{uuid4().hex}@example.org"


def by_api(scene: Scene, document: Any) -> str:
    return str(done(scene.platform.post("/candidates", document))["id"])


def by_import(scene: Scene, *documents: Any) -> None:
    cause = Cause(by=Actor(id="import", role=Role.PLATFORM), at=now(), request_id="import")
    marketplace = scene.stage.marketplace
    commands = [
        (f"record {n}", sign_up_of(marketplace, Entry("", document), cause)[0])
        for n, document in enumerate(documents)
    ]
    reasons = [result.reason for result in sign_up(marketplace.store, commands) if result.reason]
    assert all("erased" in reason for reason in reasons), reasons


# --- The identifiers


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@example.org", "Ada@Example.ORG"),
        ("ada@example.org", "  ada@example.org\t"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@bücher.example", "ada@BÜCHER.example"),
        ("ada@example.org", "ada@example.org."),
        ("ada@example.org", "ada@\uff45xample.org"),
        ("straße@example.org", "STRASSE@example.org"),
    ],
)
def test_spellings_of_one_address_are_one_identifier(one: str, other: str) -> None:
    assert identifiers.of_address(KEY, one) == identifiers.of_address(KEY, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@example.org", "a.da@example.org"),
        ("ada@example.org", "ada+jobs@example.org"),
        ("ada@example.org", "ada@example.com"),
        ("ada@ex_ample.org", "ada@example.org"),
    ],
)
def test_dots_and_plus_signs_are_not_guessed_away(one: str, other: str) -> None:
    assert identifiers.of_address(KEY, one) != identifiers.of_address(KEY, other)


def test_an_identifier_is_not_computed_without_the_installations_key() -> None:
    other = bytes(32)
    assert identifiers.of_address(KEY, "a@b.org") != identifiers.of_address(other, "a@b.org")


def test_an_address_is_not_an_external_id() -> None:
    assert identifiers.of_address(KEY, "a@b.org") != identifiers.of_external_id(KEY, "a@b.org")


# --- By every way in


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_of_an_address_is_the_same_person(scene: Scene, spelling: str) -> None:
    ada = uuid4().hex
    first = by_api(scene, resume(f"{ada}@example.org"))
    assert by_api(scene, resume(spelling.format(ada.upper()))) == first


def test_a_document_by_command_line_and_by_http_is_of_one_person(scene: Scene) -> None:
    document = resume(address())
    by_import(scene, document)
    first = by_api(scene, document)
    assert by_api(scene, document) == first
    assert len(scene.stage.topics(first)) == 2  # signed up, opted in


def test_an_import_finds_whom_the_api_signed_up(scene: Scene) -> None:
    document = resume(address())
    candidate = by_api(scene, document)
    by_import(scene, {**document, "skills": [{"name": "Go"}]})
    topics = [topic for _, topic in scene.stage.topics(candidate)]
    assert topics[-1] == "candidate.profile_enhanced"


def test_an_observed_address_finds_the_person_from_then_on(scene: Scene) -> None:
    candidate = by_api(scene, resume(None))
    seen = {"source": "web", "observed_on": "2026-01-01", "email": address()}
    path = f"/candidates/{candidate}/observations"
    done(scene.platform.post(path, {**seen, "observed_on": now().date().isoformat()}))
    assert by_api(scene, resume(seen["email"])) == candidate


def test_a_known_external_id_with_a_changed_document_is_an_observation(scene: Scene) -> None:
    email, external_id = address(), uuid4().hex
    candidate = by_api(scene, resume(email, external_id=external_id))
    changed = {**resume(email, external_id=external_id), "skills": [{"name": "Rust"}]}
    assert by_api(scene, changed) == candidate
    profile = done(scene.platform.get(f"/candidates/{candidate}", after=scene.latest()))
    assert profile["facts"]["skills"] == ["Rust"]
    assert profile["provenance"]["skills"]["source"] == "document"


def test_a_changed_document_has_the_date_that_it_says(scene: Scene) -> None:
    email = address()
    since = {"signed_up_at": "2020-01-01T00:00:00Z"}
    candidate = by_api(scene, resume(email, **since))
    changed = resume(email, **since)
    changed["skills"] = [{"name": "Rust"}]
    changed["meta"]["lastModified"] = "2024-05-06T07:08:09Z"
    by_api(scene, changed)
    profile = done(scene.platform.get(f"/candidates/{candidate}", after=scene.latest()))
    assert profile["provenance"]["skills"]["observed_on"] == "2024-05-06"


def test_an_external_id_with_another_persons_address_is_refused(scene: Scene) -> None:
    hers, his, external_id = address(), address(), uuid4().hex
    by_api(scene, resume(hers, external_id=external_id))
    by_api(scene, resume(his))
    answer = scene.platform.post("/candidates", resume(his, external_id=external_id))
    assert codes(answer) == ["several_people"]


def test_an_external_id_with_an_unknown_address_is_refused(scene: Scene) -> None:
    external_id = uuid4().hex
    by_api(scene, resume(address(), external_id=external_id))
    answer = scene.platform.post("/candidates", resume(address(), external_id=external_id))
    assert codes(answer) == ["another_address"]


def test_an_external_id_that_comes_later_joins_the_person_of_the_address(scene: Scene) -> None:
    email, external_id = address(), uuid4().hex
    candidate = by_api(scene, resume(email))
    assert by_api(scene, resume(email, external_id=external_id)) == candidate
    assert by_api(scene, resume(None, external_id=external_id)) == candidate


def test_two_people_without_an_address_stay_two(scene: Scene) -> None:
    one, other = (by_api(scene, resume(None, name=name)) for name in ("Ada", "Grace"))
    assert one != other


def test_the_same_new_person_four_times_at_once_is_one(scene: Scene) -> None:
    for _ in range(5):
        email = address()
        documents = [resume(email), resume(email.upper()), resume(f" {email}"), resume(email)]
        calls = [lambda document=document: by_api(scene, document) for document in documents]
        assert len(set(at_once(*calls))) == 1


# --- What holds for an address


def test_an_erased_person_is_not_taken_again_by_another_spelling(scene: Scene) -> None:
    email = address()
    candidate = by_api(scene, resume(email))
    done(scene.platform("DELETE", f"/candidates/{candidate}"))
    answer = scene.platform.post("/candidates", resume(email.upper()))
    assert codes(answer) == ["candidate_is_erased"]


def test_nothing_of_an_erased_persons_address_is_left_to_be_read(scene: Scene) -> None:
    email = address()
    candidate = by_api(scene, resume(email))
    done(scene.platform("DELETE", f"/candidates/{candidate}"))
    with scene.stage.connection() as db:
        states = db.execute("SELECT string_agg(state::text, ' ') FROM events").fetchone()
    assert states
    assert email.partition("@")[0].encode().hex() not in states[0]


def test_who_opted_out_is_not_opted_in_by_a_file(scene: Scene) -> None:
    email = address()
    candidate = by_api(scene, resume(email))
    done(scene.platform.post(f"/candidates/{candidate}/opt-out"))
    by_import(scene, {**resume(email.upper()), "skills": [{"name": "Go"}]})
    profile = done(scene.platform.get(f"/candidates/{candidate}", after=scene.latest()))
    assert profile["opted_in"] is False


# --- Duplicates


def test_support_merges_duplicates_so_that_one_is_left_in_the_feed(scene: Scene) -> None:
    kept, other = (scene.member(name, silent_days=400) for name in ("Ada", "Ida"))
    support, position = scene.stage.as_(Role.SUPPORT), scene.position()
    done(support.post(f"/candidates/{kept}/duplicates", {"duplicate_id": other}))
    assert scene.names(position, "passive-candidates") == ["Ada"]
    profile = done(support.get(f"/candidates/{other}", after=scene.latest()))
    assert profile["merged_into"] == kept


def test_a_wrong_merge_is_undone(scene: Scene) -> None:
    kept, other = (scene.member(name, silent_days=400) for name in ("Ada", "Ida"))
    support, position = scene.stage.as_(Role.SUPPORT), scene.position()
    done(support.post(f"/candidates/{kept}/duplicates", {"duplicate_id": other}))
    done(support("DELETE", f"/candidates/{kept}/duplicates/{other}"))
    assert sorted(scene.names(position, "passive-candidates")) == ["Ada", "Ida"]


def test_a_merged_person_is_contacted_once_about_a_position(scene: Scene) -> None:
    kept, other = (scene.member(name, silent_days=400) for name in ("Ada", "Ida"))
    position = scene.position()
    done(scene.message(position, other))
    done(
        scene.stage.as_(Role.SUPPORT).post(
            f"/candidates/{kept}/duplicates", {"duplicate_id": other}
        )
    )
    assert scene.names(position, "passive-candidates") == []
    assert codes(scene.message(position, kept)) == ["already_contacted"]


def test_candidates_with_one_address_from_before_are_listed_for_support(scene: Scene) -> None:
    email = address()
    one, other = by_api(scene, resume(email)), by_api(scene, resume(None, name="Ada again"))
    with scene.stage.connection() as db:
        scene.stage.catch_up()
        db.execute(
            "UPDATE candidate_pool SET email = %s WHERE candidate_id = %s", [email.upper(), other]
        )
    listed = done(scene.stage.as_(Role.SUPPORT).get("/candidates/duplicates", limit=200))["items"]
    assert {one, other} in [{c["candidate_id"] for c in shared["candidates"]} for shared in listed]


def test_recruiters_and_the_platform_merge_nobody(scene: Scene) -> None:
    one, other = (scene.member(name, silent_days=400) for name in ("Ada", "Ida"))
    path, body = f"/candidates/{one}/duplicates", {"duplicate_id": other}
    for client in (scene.recruiter, scene.platform):
        assert client.post(path, body).status_code == 403


# --- Histories from before there were identifiers


def test_addresses_from_before_are_claimed_when_a_newer_program_starts(
    databases: Databases,
) -> None:
    with databases.prepared() as url:
        email = address()
        with a_stage(url) as stage:
            candidate = by_api(stage.scene(), resume(email))
            with stage.connection() as db:  # as an older program left it
                db.execute("DELETE FROM events WHERE topic = 'identifier.claimed'")
                db.execute("UPDATE installation SET addresses_claimed = false")
        with a_stage(url) as stage:
            assert by_api(stage.scene(), resume(email.upper())) == candidate


def test_the_contact_gate_knows_people_and_employers_from_before_when_a_newer_program_starts(
    databases: Databases,
) -> None:
    with databases.prepared() as url:
        listed = address()
        with a_stage(url) as stage:
            scene = stage.scene().in_beta()
            position = scene.position()
            candidate = by_api(scene, resume(listed) | SILENT)
            colleague = by_api(scene, resume(address(), name="Ida") | SILENT | {"work": AT_ACME})
            with stage.connection() as db:  # as an older program left it
                for topic in ("candidate.signed_up", "employer.registered"):
                    db.execute(AS_BEFORE, [topic])
                db.execute("UPDATE installation SET contact_keys_noted = false")
        for _ in range(2):
            with a_stage(url) as stage:
                recruiter = stage.as_(Role.RECRUITER, scene.employer_id)
                path = f"/employers/{scene.employer_id}/do-not-contact"
                entry = {"kind": "address", "value": listed, "reason": "A client."}
                done(recruiter.post(path, entry))
                sent = {}
                for id in (candidate, colleague):
                    command = SendMessage(
                        position_id=UUID(position),
                        candidate_id=UUID(id),
                        message=Message.model_validate(MESSAGE),
                        by=Actor(id="r", role=Role.RECRUITER, employer_id=UUID(scene.employer_id)),
                        at=now(),
                        request_id="test",
                    )
                    with pytest.raises(Refused) as refused:
                        stage.marketplace.store.execute(command)
                    sent[id] = refused.value.codes
                assert sent == {
                    candidate: ["on_do_not_contact_list"],
                    colleague: ["candidate_works_there"],
                }
                topics = [topic for _, topic in stage.topics(candidate)]
                assert topics.count("candidate.contact_keys_noted") == 1


SILENT = {"meta": {"sourcing": {"opted_in": True, "signed_up_at": "2020-01-01T00:00:00Z"}}}
AT_ACME = [{"name": "Acme GmbH", "startDate": "2019"}]
AS_BEFORE = """
    UPDATE events SET state = convert_to((
        (convert_from(state, 'UTF8')::jsonb - 'address' - 'domain' - 'employers' - 'company_key'
            - 'traits')
        || CASE topic WHEN 'candidate.signed_up' THEN '{"facts": {}, "class_version": 2}'::jsonb
            ELSE '{"class_version": 1}'::jsonb END
    )::text, 'UTF8') WHERE topic = %s"""


# --- At random


@pytest.mark.slow
def test_whatever_order_people_come_in_each_is_one_and_none_hears_who_must_not(
    databases: Databases,
) -> None:
    with own_stage(databases) as stage:
        scene = stage.scene().in_beta()
        clients = {"platform": scene.platform, "recruiter": scene.recruiter}
        clients["auditor"] = stage.as_(Role.AUDITOR)
        marketplace = Marketplace(
            call=lambda role, method, path, body: clients[role](method, path, body),
            load=lambda documents: by_import(scene, *documents),
            positions=[scene.position(required_skills=[SKILL]) for _ in range(5)],
        )
        lives = lived(marketplace, sign_ups=200, people=60, seed=7)
        stage.catch_up()
        checked(marketplace, lives)
