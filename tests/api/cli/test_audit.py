"""`audit`: the log is verified from the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import Environment, Run, environment
from tests.support.databases import Databases
from tests.support.stage import Stage, own_stage


@pytest.fixture
def stage(databases: Databases) -> Iterator[Stage]:
    with own_stage(databases) as stage:
        scene = stage.scene()
        scene.member("Ada", silent_days=400)
        stage.marketplace.seal()
        yield stage


@pytest.fixture
def env(stage: Stage, tmp_path: Path) -> Environment:
    return environment(
        DATABASE_URL=stage.marketplace.database_url,
        SOURCING_SECRET=stage.settings.secret.get_secret_value(),
        SOURCING_DATA_DIR=str(tmp_path),
    )


def test_a_log_that_nobody_changed_is_verified(
    sourcing: Run, env: Environment, stage: Stage
) -> None:
    ended = sourcing("audit", "verify", env=env)
    assert ended.code == 0, ended.err
    assert f"{stage.reached()} events are what was recorded." in ended.out
    assert f"Signed: {stage.reached()} events, by sourcing.local/log." in ended.out


def test_an_altered_event_is_named_and_exits_1(
    sourcing: Run, env: Environment, stage: Stage
) -> None:
    with stage.connection() as db:
        db.execute("UPDATE events SET topic = 'it.did' WHERE log_position = 2")
        db.commit()
    ended = sourcing("audit", "verify", env=env)
    assert ended.code == 1
    assert ended.err.strip().endswith(
        "Event 2: altered. The event is not the one that was recorded."
    )


def test_a_checkpoint_that_was_kept_elsewhere_is_what_counts(
    sourcing: Run, env: Environment, stage: Stage, tmp_path: Path
) -> None:
    kept = tmp_path / "checkpoint"
    kept.write_text(stage.marketplace.signer.sign(1, bytes(32)), encoding="utf-8")
    ended = sourcing("audit", "verify", "--checkpoint", kept, env=env)
    assert ended.code == 1
    assert "Event 1: altered." in ended.err


def test_the_public_key_is_printed(sourcing: Run, env: Environment, stage: Stage) -> None:
    assert sourcing("audit", "key", env=env).out.strip() == stage.marketplace.signer.verifier
