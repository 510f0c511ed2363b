"""Auditors get checkpoints, tiles and proofs of the log, and check them by themselves."""

from base64 import b64decode
from collections.abc import Iterator
from typing import Any
from unittest.mock import ANY

import pytest

from domain.actor import Role
from infrastructure.evidence.checkpoints import Checkpoint, opened
from infrastructure.evidence.merkle import continues, includes, leaf_hash
from infrastructure.evidence.verifying import verify
from tests.support.client import Client, done
from tests.support.databases import Databases
from tests.support.stage import Scene, Stage, activity, own_stage


@pytest.fixture(scope="module")
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        yield stage


@pytest.fixture(scope="module")
def scene(stage: Stage) -> Scene:
    scene = stage.scene().in_beta()
    member = scene.member("Ada", silent_days=400)
    assert scene.tell(*[activity(member) for _ in range(300)]).json()["accepted"] == 300
    stage.marketplace.seal()
    return scene


@pytest.fixture
def auditor(stage: Stage, scene: Scene) -> Client:
    return stage.as_(Role.AUDITOR)


def checkpoint(auditor: Client) -> Checkpoint:
    verifier = done(auditor.get("/evidence/key"))["verifier"]
    answer = auditor.get("/evidence/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    return opened(answer.text, verifier)


def hashes(proof: Any) -> list[bytes]:
    return [b64decode(hash) for hash in proof["hashes"]]


def refusal(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["detail"])


@pytest.mark.parametrize("position", [1, 2, 256, 257])
def test_an_event_is_proven(auditor: Client, position: int) -> None:
    proof = done(auditor.get(f"/evidence/proofs/{position}"))
    signed = checkpoint(auditor)
    leaf = leaf_hash(proof["entry"].encode())
    assert includes(signed.root, signed.size, position - 1, leaf, hashes(proof))
    assert proof["holds"]


def test_the_entry_names_the_event_and_shows_no_data(auditor: Client) -> None:
    event = done(auditor.get("/events", since=41, limit=1))["events"][0]
    proof = done(auditor.get("/evidence/proofs/42"))
    assert proof["entry"].splitlines()[::2] == [event["subject"], event["type"], ANY]


def test_a_proof_is_given_as_a_text_for_other_verifiers_too(auditor: Client) -> None:
    proof = done(auditor.get("/evidence/proofs/7"))
    lines = "\n".join(["c2sp.org/tlog-proof@v1", "index 6", *proof["hashes"]])
    assert proof["text"] == f"{lines}\n\n{proof['checkpoint']}"


def test_a_later_log_is_proven_to_continue_an_earlier_one(
    stage: Stage, scene: Scene, auditor: Client
) -> None:
    before = checkpoint(auditor)
    scene.member("Later", silent_days=1)
    stage.marketplace.seal()
    after = checkpoint(auditor)
    sizes = {"earlier": before.size, "later": after.size}
    proof = done(auditor.get("/evidence/consistency", **sizes))
    assert continues(before.size, before.root, after.size, after.root, hashes(proof))


def test_tiles_have_the_hashes_of_their_entries(auditor: Client) -> None:
    tile = auditor.get("/evidence/tile/0/000").content
    entries = auditor.get("/evidence/tile/entries/000").content
    found = []
    while entries:
        length = int.from_bytes(entries[:2], "big")
        found.append(leaf_hash(entries[2 : 2 + length]))
        entries = entries[2 + length :]
    assert b"".join(found) == tile


def test_a_complete_tile_may_be_kept_and_a_part_of_one_may_not(auditor: Client) -> None:
    assert "immutable" in auditor.get("/evidence/tile/0/000").headers["cache-control"]
    part = auditor.get("/evidence/tile/0/001.p/3")
    assert len(part.content) == 96
    assert "immutable" not in part.headers.get("cache-control", "")


@pytest.mark.parametrize(
    "path", ["0/999", "9/000", "0/1", "0/000.p/0", "0/000.p/999", "64/000", "data/000", "0/x001"]
)
def test_there_are_no_other_tiles(auditor: Client, path: str) -> None:
    assert "no such tile" in refusal(auditor.get(f"/evidence/tile/{path}"), 404)


def test_an_event_that_is_not_signed_yet_is_proven_a_moment_later(
    stage: Stage, auditor: Client
) -> None:
    answer = auditor.get(f"/evidence/proofs/{stage.reached() + 1}")
    assert "ask again" in refusal(answer, 409)
    assert answer.headers["retry-after"]


def test_consistency_is_asked_for_from_earlier_to_later(auditor: Client) -> None:
    answer = auditor.get("/evidence/consistency", earlier=9, later=5)
    assert "earlier one first" in refusal(answer, 422)


def test_erasing_a_person_leaves_the_proof_whole(
    stage: Stage, scene: Scene, auditor: Client
) -> None:
    erased = scene.member("Forgotten", silent_days=1)
    stage.marketplace.seal()
    kept = auditor.get("/evidence/checkpoint").text
    done(scene.platform("DELETE", f"/candidates/{erased}"))
    stage.marketplace.seal()
    with stage.connection() as db:
        assert verify(db, stage.marketplace.signer.verifier, kept).finding is None
