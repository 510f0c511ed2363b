"""The settings of mail, a part of those of a process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, SecretStr
from pydantic_settings import BaseSettings

from infrastructure.mail.addresses import wire_address
from infrastructure.setting_fields import FROM_THE_ENVIRONMENT, PREFIX, setting
from infrastructure.webhooks import signing


def _private_key(path: Path) -> Path:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError("not a file that can be read") from error
    if b"PRIVATE KEY-----" not in content:
        raise ValueError("not a private key")
    return path


def _webhook_secrets(value: SecretStr) -> SecretStr:
    if not signing.checked(value.get_secret_value()):
        raise ValueError("no secret")
    return value


MailAddress = Annotated[str, AfterValidator(wire_address)]


class MailSettings(BaseSettings):
    """How letters leave and answers come in."""

    model_config = FROM_THE_ENVIRONMENT

    public_url: str | None = setting(
        None,
        "an http(s) address",
        "Where the links in letters lead: this server, as candidates reach it.",
        shown="the console's address",
        pattern=r"^https?://[^\s<>\"]+$",
    )
    marketplace: str = setting(
        "the marketplace",
        "a text in one line",
        "What letters and the pages of candidates call the marketplace.",
        pattern=r"^[^\r\n]+$",
    )
    mail_from: MailAddress = setting(
        "messages@localhost", "a mail address", "Address that letters come from."
    )
    reply_address: MailAddress | None = setting(
        None,
        "a mail address",
        "Address that answers go to; each letter adds its token, as in reply+token@example.org. "
        "Unset: people answer on their page.",
        shown="none; reply@localhost with the embedded mail server",
    )
    postal_address: str | None = setting(
        None,
        "a text in one line",
        "Postal address of the marketplace; stands below every letter.",
        shown="none",
        pattern=r"^[^\r\n]+$",
    )
    smtp_host: str | None = setting(
        None,
        "a host name or address",
        "Mail server that takes letters. Unset: an embedded one keeps them for the console's "
        "*Mail* page and delivers none; with `DATABASE_URL`, a platform fetches them from "
        "`/v1/outbox`.",
        shown="embedded",
    )
    letters_url: str | None = setting(
        None,
        "an http(s) address",
        "Address that each letter is sent to as a signed webhook, for a platform that delivers "
        "itself. Unset: it fetches them from `/v1/outbox`.",
        shown="none",
        pattern=r"^https?://[^\s<>\"]+$",
    )
    letters_secret: Annotated[SecretStr, AfterValidator(_webhook_secrets)] | None = setting(
        None,
        "`whsec_` and at least 24 bytes in base64; two with a space between while you change it",
        "Signs those webhooks (Standard Webhooks).",
        shown="none",
    )
    smtp_port: int = setting(
        587, "a whole number from 1 to 65535", "Port of that server.", ge=1, le=65535
    )
    smtp_user: str | None = setting(None, "a text", "User of that server.", shown="none")
    smtp_password: SecretStr | None = setting(
        None, "a text", "Password of that user.", shown="none"
    )
    smtp_security: Literal["none", "starttls", "tls"] = setting(
        "starttls", "none, starttls or tls", "How the connection to that server is encrypted."
    )
    dkim_key: Annotated[Path, AfterValidator(_private_key)] | None = setting(
        None,
        "a file with an RSA key in PEM",
        "Signs letters (DKIM), unless the mail server does.",
        shown="not signed",
    )
    dkim_selector: str | None = setting(
        None,
        "letters, digits, dots and hyphens",
        "Selector under which DNS publishes the public key.",
        shown="none",
        pattern=r"^[A-Za-z0-9.-]+$",
    )
    dkim_domain: str | None = setting(
        None,
        "a domain",
        "Domain that signs.",
        shown="that of `SOURCING_MAIL_FROM`",
        pattern=r"^[A-Za-z0-9.-]+$",
    )
    inbound_port: int | None = setting(
        None,
        "a whole number from 1 to 65535",
        "Port on `SOURCING_HOST` that takes answers, from a mail server of yours.",
        shown="off",
        ge=1,
        le=65535,
    )
    inbound_protocol: Literal["lmtp", "smtp"] = setting(
        "lmtp", "lmtp or smtp", "What is spoken on that port."
    )


def mail_problems(settings: MailSettings) -> Iterator[str]:
    """What is missing beside what is set, a sentence each."""
    needed = {
        "smtp_host": ("mail_from", "postal_address", "public_url"),
        "letters_url": ("letters_secret", "public_url"),
        "letters_secret": ("letters_url",),
        "smtp_user": ("smtp_password",),
        "smtp_password": ("smtp_user",),
        "dkim_key": ("dkim_selector", "mail_from"),
        "dkim_selector": ("dkim_key",),
        "dkim_domain": ("dkim_key",),
        "inbound_port": ("reply_address",),
    }
    given = settings.model_fields_set
    if {"smtp_host", "letters_url"} <= given:
        yield (
            f"{PREFIX}SMTP_HOST and {PREFIX}LETTERS_URL are both set, and letters leave one way: "
            "unset one of them."
        )
    for name, others in needed.items():
        for other in others:
            if name in given and other not in given:
                extra = MailSettings.model_fields[other].json_schema_extra
                assert isinstance(extra, dict)
                yield (
                    f"{PREFIX}{other.upper()} is not set, and with {PREFIX}{name.upper()} it must "
                    f"be: set it to {extra['type']}."
                )
