"""The settings of the OpenID Connect provider that members sign in with, a part of a process's."""

from collections.abc import Iterator

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from infrastructure.setting_fields import FROM_THE_ENVIRONMENT, PREFIX, setting


class ProviderSettings(BaseSettings):
    """Where members sign in, and as whom we ask for it."""

    model_config = FROM_THE_ENVIRONMENT

    oidc_url: str | None = setting(
        None,
        "an http(s) address",
        "Discovery document of the OpenID Connect provider that members sign in with, which ends "
        "in `/.well-known/openid-configuration`. It must allow redirects to "
        "`/sign-in/provider/done`.",
        shown="no provider",
        pattern=r"^https?://[^\s<>\"]+$",
    )
    oidc_client_id: str | None = setting(
        None, "a text", "Id that the provider knows this client by.", shown="none"
    )
    oidc_client_secret: SecretStr | None = setting(
        None, "a text", "Secret of this client.", shown="none"
    )
    oidc_name: str = setting(
        "your company's account",
        "a text in one line",
        "What the page to sign in calls the provider.",
        pattern=r"^[^\r\n]+$",
    )


def provider_problems(settings: ProviderSettings) -> Iterator[str]:
    """What is missing beside what is set, a sentence each."""
    needed = ("oidc_url", "oidc_client_id", "oidc_client_secret")
    given = [name for name in needed if getattr(settings, name) is not None]
    for name in needed if given else ():
        if name not in given:
            extra = ProviderSettings.model_fields[name].json_schema_extra
            assert isinstance(extra, dict)
            yield (
                f"{PREFIX}{name.upper()} is not set, and with {PREFIX}{given[0].upper()} it must "
                f"be: set it to {extra['type']}."
            )
