"""What an operator may set about mail."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infrastructure.mail.signing import dkim_key
from infrastructure.mail.smtp import SmtpServer, smtp_server
from infrastructure.settings import SettingsError, load_settings

REAL = {
    "SMTP_HOST": "mail.example.org",
    "MAIL_FROM": "messages@example.org",
    "POSTAL_ADDRESS": "Sourcing GmbH, Hauptstraße 1, 10115 Berlin",
    "PUBLIC_URL": "https://sourcing.example.org",
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in list(os.environ):
        if variable.startswith("SOURCING_") or variable == "DATABASE_URL":
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)


def set_up(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"SOURCING_{name}", value)


def test_with_nothing_set_no_server_gets_letters_and_nothing_is_signed() -> None:
    settings = load_settings()
    assert smtp_server(settings) is None
    assert dkim_key(settings) is None
    assert settings.inbound_port is None


def test_a_server_that_is_set_gets_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(monkeypatch, **REAL, SMTP_USER="us", SMTP_PASSWORD="secret", SMTP_SECURITY="tls")
    settings = load_settings()
    assert smtp_server(settings) == SmtpServer(
        "mail.example.org", 587, "us", "secret", "tls", client_name="example.org"
    )
    assert "'secret'" not in repr(settings)


@pytest.mark.parametrize("missing", ["MAIL_FROM", "POSTAL_ADDRESS", "PUBLIC_URL"])
def test_letters_to_real_people_say_who_sends_them_from_where(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    set_up(monkeypatch, **{name: value for name, value in REAL.items() if name != missing})
    with pytest.raises(SettingsError, match=f"SOURCING_{missing} is not set, and with SOURCING_SM"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "missing"),
    [
        ("SMTP_USER", "us", "SMTP_PASSWORD"),
        ("SMTP_PASSWORD", "secret", "SMTP_USER"),
        ("DKIM_SELECTOR", "s1", "DKIM_KEY"),
        ("INBOUND_PORT", "24", "REPLY_ADDRESS"),
        ("LETTERS_URL", "https://platform.example/letters", "LETTERS_SECRET"),
        ("LETTERS_SECRET", f"whsec_{'A' * 32}", "LETTERS_URL"),
    ],
)
def test_a_setting_that_needs_another_says_which(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, missing: str
) -> None:
    set_up(monkeypatch, **{name: value})
    with pytest.raises(SettingsError, match=f"SOURCING_{missing} is not set, and with"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAIL_FROM", "us"),
        ("REPLY_ADDRESS", "reply@example.org, all@example.org"),
        ("PUBLIC_URL", "sourcing.example.org"),
        ("SMTP_SECURITY", "ssl"),
        ("SMTP_PORT", "0"),
        ("DKIM_KEY", "missing.pem"),
        ("INBOUND_PROTOCOL", "pop3"),
    ],
)
def test_a_wrong_value_is_answered_with_what_to_set(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    set_up(monkeypatch, **{name: value})
    with pytest.raises(SettingsError, match=f'SOURCING_{name} is set to "{value}", which does not'):
        load_settings()


def test_a_password_that_is_wrong_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(monkeypatch, SMTP_PASSWORD="hunter2")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "hunter2" not in str(refused.value)


def test_the_domain_of_the_sender_signs_unless_another_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    private = rsa.generate_private_key(65537, 2048)
    (tmp_path / "dkim.pem").write_bytes(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    set_up(monkeypatch, MAIL_FROM="us@example.org", DKIM_KEY="dkim.pem", DKIM_SELECTOR="s1")
    key = dkim_key(load_settings())
    assert key is not None
    assert (key.domain, key.selector) == ("example.org", "s1")
    set_up(monkeypatch, DKIM_DOMAIN="mail.example.org")
    key = dkim_key(load_settings())
    assert key is not None
    assert key.domain == "mail.example.org"


def test_letters_leave_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    platform = {"LETTERS_URL": "https://platform.example/", "LETTERS_SECRET": f"whsec_{'A' * 32}"}
    set_up(monkeypatch, **REAL, **platform)
    with pytest.raises(SettingsError, match="letters leave one way"):
        load_settings()


@pytest.mark.parametrize("secret", ["", "secret", "whsec_AAAA", f"whsec_{'A' * 32} whsec_x"])
def test_a_secret_that_no_receiver_would_take_is_refused(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    set_up(monkeypatch, LETTERS_URL="https://platform.example/", LETTERS_SECRET=secret)
    with pytest.raises(SettingsError, match="SOURCING_LETTERS_SECRET"):
        load_settings()
