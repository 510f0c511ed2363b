"""What an operator may set, and what happens when they set it wrongly."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infrastructure.settings import Settings, SettingsError, load_settings
from tests.support.settings_table import settings_table

SECRET = "a secret that is long enough to be one"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in list(os.environ):
        if variable.startswith("SOURCING_") or variable == "DATABASE_URL":
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)


def problems() -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings()
    return str(refused.value)


def test_with_nothing_set_every_setting_has_its_default() -> None:
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.data_dir == Path(".sourcing")
    assert settings.database_url is None


def test_a_variable_sets_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCING_PORT", "9000")
    assert load_settings().port == 9000


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCING_PORT", "")
    assert load_settings().port == 8000


def test_database_url_has_no_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/sourcing")
    monkeypatch.setenv("SOURCING_SECRET", SECRET)
    url = load_settings().database_url
    assert url is not None
    assert url.get_secret_value() == "postgresql://somewhere/sourcing"


@pytest.mark.parametrize(
    ("variable", "value", "takes"),
    [
        ("SOURCING_PORT", "eighty", "a whole number from 0 to 65535"),
        ("SOURCING_PORT", "65536", "a whole number from 0 to 65535"),
        ("SOURCING_RATE_LIMIT", "lots", "a rate such as 600/minute or 10/second"),
        ("SOURCING_WAIT_TIMEOUT_SECONDS", "nan", "a number from 0 to 300"),
        ("SOURCING_LOG_LEVEL", "loud", "debug, info, warning or error"),
        ("SOURCING_JWKS_URL", "keys.json", "an http(s) address"),
    ],
)
def test_a_wrong_value_is_answered_with_what_to_set(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, takes: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert problems() == (
        f'{variable} is set to "{value}", which does not work: set it to {takes}.'
    )


def test_every_problem_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCING_PORT", "eighty")
    monkeypatch.setenv("SOURCING_LOG_LEVEL", "loud")
    assert len(problems().splitlines()) == 2


def test_a_misspelt_variable_is_answered_with_the_nearest_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOURCING_PROT", "9000")
    assert problems() == (
        "SOURCING_PROT is not a setting: did you mean SOURCING_PORT? If not, unset it."
    )


def test_a_given_database_needs_a_given_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/sourcing")
    assert problems().startswith("SOURCING_SECRET is not set, and with DATABASE_URL it must be")


def test_a_short_secret_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCING_SECRET", "hunter2")
    assert problems() == (
        "SOURCING_SECRET is set, which does not work: set it to a text of at least 32 characters."
    )


def test_a_wrong_database_url_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOURCING_SECRET", SECRET)
    monkeypatch.setenv("DATABASE_URL", "mysql://root:hunter2@somewhere")
    assert problems() == (
        "DATABASE_URL is set, which does not work: set it to a PostgreSQL address such as "
        "postgresql://user:password@host/database."
    )


def test_the_local_secret_stays_the_same() -> None:
    assert load_settings().secret == load_settings().secret


def test_the_local_secret_is_for_its_owner_alone() -> None:
    load_settings()
    assert stat.S_IMODE(Path(".sourcing/secret").stat().st_mode) == 0o600


def test_starts_at_once_agree_on_the_local_secret() -> None:
    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(load_settings) for _ in range(64)]
        assert len({future.result().secret.get_secret_value() for future in futures}) == 1
    assert [path.name for path in Path(".sourcing").iterdir()] == ["secret"]


def test_an_emptied_secret_is_not_replaced_by_another() -> None:
    load_settings()
    Path(".sourcing/secret").write_text("")
    assert "does not hold the secret that was made for it" in problems()


def test_a_data_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").touch()
    monkeypatch.setenv("SOURCING_DATA_DIR", "file/inside")
    assert "set SOURCING_DATA_DIR to a folder that you may write to" in problems()


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCING_SECRET", SECRET)
    assert SECRET not in repr(load_settings())


def test_the_table_has_a_row_for_every_setting() -> None:
    table = settings_table()
    assert len(table.splitlines()) == 2 + len(Settings.model_fields)
    assert "| `SOURCING_PORT` | a whole number from 0 to 65535 | 8000 |" in table
    assert "| `DATABASE_URL` |" in table


def test_importing_the_settings_reads_no_environment() -> None:
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", "import infrastructure.settings"],
        env={"SOURCING_PORT": "eighty", "PYTHONPATH": str(root)},
        check=True,
    )
