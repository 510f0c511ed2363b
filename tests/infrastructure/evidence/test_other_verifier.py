"""Checkpoints, tiles and proofs are accepted by a verifier that others wrote: Go's x/mod/sumdb."""

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infrastructure.database.postgres import Database
from infrastructure.evidence.entries import entries
from infrastructure.evidence.tiles import tile, tree
from tests.support.signed_logs import SIGNER

GO = shutil.which("go")
GO_PATH = Path("/usr/share/gocode")
"""Where Debian's golang-golang-x-mod-dev puts the library."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not GO or not (GO_PATH / "src/golang.org/x/mod").is_dir(),
        reason="needs Go and golang-golang-x-mod-dev",
    ),
]

Verifier = Callable[[dict[str, Any]], str]
LATER = 512
"""A power of two: of other trees the library compares no full tile in Debian's version of it."""

EARLIER = 300
INDEX = 299


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    folder = tmp_path_factory.mktemp("go")
    settings = {"GO111MODULE": "off", "GOPATH": str(GO_PATH), "GOCACHE": str(folder / "cache")}
    source = Path(__file__).with_name("verifier.go")
    build = [str(GO), "build", "-o", str(folder / "verifier"), str(source)]
    subprocess.run(build, env=os.environ | settings, check=True)

    def run(given: dict[str, Any]) -> str:
        program = [str(folder / "verifier")]
        return subprocess.run(
            program, input=json.dumps(given), capture_output=True, text=True, check=False
        ).stdout.strip()

    return run


@pytest.fixture
def given(db: Database, tmp_path: Path) -> dict[str, Any]:
    for level, count in ((0, LATER), (1, LATER // 256)):
        for number in range(-(-count // 256)):
            width = min(256, count - number * 256)
            path = tmp_path / f"tile/8/{level}/{number:03}{'' if width == 256 else f'.p/{width}'}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(tile(db, level, number))
    now, before = tree(db, LATER), tree(db, EARLIER)
    (entry,) = entries(db, INDEX + 1, INDEX + 1)
    return {
        "Verifier": SIGNER.verifier,
        "Checkpoint": SIGNER.sign(LATER, now.root()),
        "Earlier": SIGNER.sign(EARLIER, before.root()),
        "Tiles": str(tmp_path),
        "Entry": b64encode(entry.text()).decode(),
        "Index": INDEX,
        "Inclusion": [b64encode(hash).decode() for hash in now.inclusion(INDEX)],
        "Consistency": [b64encode(hash).decode() for hash in now.consistency(EARLIER)],
    }


def test_it_accepts_what_the_log_says(accepted: Verifier, given: dict[str, Any]) -> None:
    assert accepted(given) == "accepted"


def test_it_refuses_another_event(accepted: Verifier, given: dict[str, Any]) -> None:
    assert accepted(given | {"Entry": b64encode(b"another").decode()}) != "accepted"


def test_it_refuses_another_key(accepted: Verifier, given: dict[str, Any]) -> None:
    other = type(SIGNER)(SIGNER.origin, "t" * 40)
    assert accepted(given | {"Verifier": other.verifier}) != "accepted"


def test_it_refuses_a_tile_that_was_changed(
    accepted: Verifier, given: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "tile/8/0/001"
    path.write_bytes(bytes(32) + path.read_bytes()[32:])
    assert accepted(given) != "accepted"
