"""The OpenID Connect provider that members sign in with: Authlib's client for Starlette.

It asks with the code flow, PKCE, state and nonce, and checks the token's signature and claims. What
it must remember until somebody comes back is in a signed cookie of its own.
"""

from collections.abc import Mapping
from typing import Any

from authlib.integrations.starlette_client import OAuth, OAuthError, StarletteOAuth2App
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import FastAPI, Request
from httpx2 import HTTPError
from joserfc.errors import JoseError
from starlette.middleware.sessions import SessionMiddleware

from infrastructure.settings import Settings

PATH = "/sign-in/provider"
DONE = f"{PATH}/done"
COOKIE = "sourcing_provider"
SECONDS_TO_COME_BACK = 600
SECONDS_TO_ANSWER = 10.0


class ProviderFailed(Exception):
    """The provider does not answer, or what it says proves nothing."""


def install(app: FastAPI, settings: Settings) -> None:
    """Have pages sign in with the provider, if there is one."""
    app.state.provider = _client(settings)
    if app.state.provider:
        app.add_middleware(
            SessionMiddleware,
            secret_key=_key(settings),
            session_cookie=COOKIE,
            max_age=SECONDS_TO_COME_BACK,
            path=PATH,
            same_site="lax",
            https_only=(settings.public_url or "").startswith("https://"),
        )


async def verified_address(client: StarletteOAuth2App, request: Request) -> str | None:
    """The address of the person the provider sent back; None if it has not verified one.

    Raises `ProviderFailed`.
    """
    try:
        token = await client.authorize_access_token(request)
        claims: Mapping[str, Any] = token.get("userinfo") or {}
        if not claims.get("sub"):
            raise ProviderFailed("it sent no ID token")
        if "email" not in claims:
            more = await client.userinfo(token=token)
            claims = more if more.get("sub") == claims["sub"] else {}
    except (
        OAuthError,
        JoseError,
        HTTPError,
        KeyError,
        TypeError,
        ValueError,
        RuntimeError,
    ) as error:
        raise ProviderFailed(type(error).__name__) from error
    email = claims.get("email")
    is_verified = claims.get("email_verified") in (True, "true")
    return email if is_verified and isinstance(email, str) else None


def _client(settings: Settings) -> StarletteOAuth2App | None:
    if not (settings.oidc_url and settings.oidc_client_secret):
        return None
    return OAuth().register(
        "provider",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        server_metadata_url=settings.oidc_url,
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "timeout": SECONDS_TO_ANSWER,
        },
    )


def _key(settings: Settings) -> str:
    derive = HKDF(SHA256(), length=32, salt=None, info=b"passive-candidate-sourcing/provider")
    return derive.derive(settings.secret.get_secret_value().encode()).hex()
