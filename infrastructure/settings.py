"""The settings: every environment variable, its type, its default and what it does.

Nothing is read when this module is imported: `load_settings` reads the environment once, at start.
"""

import difflib
import os
import secrets
from pathlib import Path
from typing import Annotated, Literal

import limits
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from infrastructure.mail.settings import MailSettings, mail_problems
from infrastructure.provider_settings import ProviderSettings, provider_problems
from infrastructure.setting_fields import PREFIX, setting

SHORTEST_SECRET = 32


class SettingsError(Exception):
    """One sentence a problem: which variable is wrong and what to set it to."""


def _conninfo(value: SecretStr) -> SecretStr:
    try:
        conninfo_to_dict(value.get_secret_value())
    except ProgrammingError as error:
        raise ValueError("not a PostgreSQL address") from error
    return value


def _long_enough(value: SecretStr) -> SecretStr:
    if 0 < len(value.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError("too short")
    return value


def _rate(value: str) -> str:
    limits.parse(value)
    return value


class Settings(MailSettings, ProviderSettings):
    """The settings of one process, read once and passed on."""

    port: int = setting(
        8000,
        "a whole number from 0 to 65535",
        "Port of the HTTP API; 0 takes a free one.",
        ge=0,
        le=65535,
    )
    host: str = setting("127.0.0.1", "a host name or address", "Address the HTTP API listens on.")
    data_dir: Path = setting(
        Path(".sourcing"), "a folder", "Where the embedded PostgreSQL and the local secret live."
    )
    database_url: Annotated[SecretStr, AfterValidator(_conninfo)] | None = setting(
        None,
        "a PostgreSQL address such as postgresql://user:password@host/database",
        "The PostgreSQL to use. Unset: an embedded one in the data folder.",
        shown="embedded",
        validation_alias="DATABASE_URL",
    )
    secret: Annotated[SecretStr, AfterValidator(_long_enough)] = setting(
        SecretStr(""),
        f"a text of at least {SHORTEST_SECRET} characters",
        "Wraps the keys of personal data and signs local tokens. If it is lost, so are the "
        "personal data. Required with `DATABASE_URL`.",
        shown="made once, in the data folder",
    )
    log_name: str = setting(
        "sourcing.local/log",
        "a name without spaces and +, such as an address without https://",
        "What signed checkpoints call the event log. Keep it once others have checkpoints.",
        pattern=r"^[^\s+]+$",
    )
    jwks_url: str | None = setting(
        None,
        "an http(s) address",
        "Where the public keys of bearer tokens are published.",
        shown="local tokens only",
        pattern="^https?://",
    )
    jwt_issuer: str | None = setting(
        None, "a text", "Issuer that a bearer token must name.", shown="not checked"
    )
    jwt_audience: str | None = setting(
        None, "a text", "Audience that a bearer token must name.", shown="not checked"
    )
    database_pool_size: int = setting(
        10,
        "a whole number from 1 to 1000",
        "Most connections for queries, and as many for events; a process opens up to some twenty "
        "more for its event log and projections.",
        ge=1,
        le=1000,
    )
    writer_batch_size: int = setting(
        1000,
        "a whole number from 1 to 10000",
        "Most events that one group commit writes.",
        ge=1,
        le=10_000,
    )
    projector_batch_size: int = setting(
        2000,
        "a whole number from 1 to 100000",
        "Most events that a projection applies in one transaction.",
        ge=1,
        le=100_000,
    )
    undo_seconds: float = setting(
        300.0,
        "a number from 0 to 86400",
        "How long a message waits before it leaves, so that its sender can take it back or change "
        "it.",
        ge=0,
        le=86_400,
        allow_inf_nan=False,
    )
    demo_speed: float = setting(
        2880.0,
        "a number from 0 to 1000000",
        "How many times faster than people the simulated ones of the demo answer letters: by the "
        "default a day passes in half a minute. At 0 they never answer.",
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
    )
    rate_limit: Annotated[str, AfterValidator(_rate)] = setting(
        "600/minute",
        "a rate such as 600/minute or 10/second",
        "Most requests a bearer token may make.",
    )
    wait_timeout_seconds: float = setting(
        5.0,
        "a number from 0 to 300",
        "How long a query waits for the position that it was asked to see.",
        ge=0,
        le=300,
        allow_inf_nan=False,
    )
    webhook_hosts: str = setting(
        "",
        "host names with commas between",
        "Hosts that webhooks may lead to in a private network and over http: for development. All "
        "others must be public and speak https.",
        shown="none",
    )
    challengers: str = setting(
        "",
        "names of bayes, logistic, tree and forest, with commas between",
        "River classifiers that learn and predict beside the likelihood model, to compare; never "
        "shown.",
        shown="none",
    )
    otlp_endpoint: str | None = setting(
        None,
        "an http(s) address",
        "The OpenTelemetry collector to which traces are sent over HTTP. Other `OTEL_` variables "
        "apply too.",
        shown="no traces",
        pattern="^https?://",
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
    )
    metrics_port: int | None = setting(
        None,
        "a whole number from 1 to 65535",
        "Port on which `worker` serves its own figures at `/metrics`; the API serves them on its "
        "own port.",
        shown="not served",
        ge=1,
        le=65535,
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "debug, info, warning or error", "Least severe message that is logged."
    )
    log_format: Literal["text", "json"] = setting(
        "text", "text or json", "Log lines for people, or one JSON object a line for programs."
    )

    @property
    def allowed_webhook_hosts(self) -> frozenset[str]:
        """The hosts that webhooks may lead to wherever they are."""
        hosts = (host.strip().lower() for host in self.webhook_hosts.split(","))
        return frozenset(filter(None, hosts))


def load_settings() -> Settings:
    """Read the environment, and make the local secret on the first start that needs one.

    Raises `SettingsError` with one sentence a problem.
    """
    problems = _unknown_variables()
    try:
        settings = Settings()
    except ValidationError as error:
        problems += [_sentence(wrong["loc"]) for wrong in error.errors()]
    else:
        if settings.database_url and not settings.secret.get_secret_value():
            problems.append(
                f"{PREFIX}SECRET is not set, and with DATABASE_URL it must be: set it to "
                f"{words_of(Settings.model_fields['secret'], 'type')}, the same for every process "
                "that uses this database."
            )
        problems += [*mail_problems(settings), *provider_problems(settings)]
    if problems:
        raise SettingsError("\n".join(problems))
    if settings.secret.get_secret_value():
        return settings
    return settings.model_copy(update={"secret": SecretStr(_local_secret(settings.data_dir))})


def variable_of(name: str) -> str:
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"{PREFIX}{name.upper()}"


def words_of(field: FieldInfo, key: str) -> str:
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    return str(extra[key])


def _sentence(location: tuple[int | str, ...]) -> str:
    variable = str(location[0])
    names = {variable_of(name): name for name in Settings.model_fields}
    # pydantic names a field by its alias where it has one and by itself where it has none.
    name = names.get(variable, variable)
    field, variable = Settings.model_fields[name], variable_of(name)
    value = "" if "Secret" in str(field.annotation) else f' to "{os.environ.get(variable, "")}"'
    return f"{variable} is set{value}, which does not work: set it to {words_of(field, 'type')}."


def _unknown_variables() -> list[str]:
    known = [variable_of(name) for name in Settings.model_fields]
    problems = []
    for variable in sorted(os.environ):
        if variable.startswith(PREFIX) and variable not in known:
            nearest = difflib.get_close_matches(variable, known, n=1, cutoff=0.0)[0]
            problems.append(
                f"{variable} is not a setting: did you mean {nearest}? If not, unset it."
            )
    return problems


def _local_secret(data_dir: Path) -> str:
    """The secret of this data folder, the same for every process however many start at once."""
    path = data_dir / "secret"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            draft = data_dir / f"secret.{os.getpid()}.{secrets.token_hex(4)}"
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48))
            try:
                # A link appears whole and at once, and fails where another process was first.
                path.hardlink_to(draft)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        secret = path.read_text().strip()
    except OSError as error:
        raise SettingsError(
            f"The folder {data_dir.absolute()} cannot be used ({error.strerror}): set "
            f"{PREFIX}DATA_DIR to a folder that you may write to."
        ) from error
    if len(secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"The file {path.absolute()} does not hold the secret that was made for it: restore "
            f"it, or set {PREFIX}SECRET."
        )
    return secret
