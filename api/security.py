"""Bearer tokens: who calls, in which role, and for which employer (RFC 6750, RFC 7519).

A token names `sub`, `role` and, for a recruiter, `employer_id`. It is signed with the local key, or
with one that is published at the configured JWKS address (RFC 7517).
"""

from datetime import datetime, timedelta
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt import PyJWKClient
from pydantic import ValidationError

from api.problems import Problem
from domain.event import Actor, Role
from infrastructure.settings import Settings

LOCAL_ALGORITHM = "HS256"
PUBLISHED_ALGORITHMS = ["RS256", "ES256", "EdDSA"]


def local_key(settings: Settings) -> bytes:
    """The key that local tokens are signed with, derived from the secret."""
    derive = HKDF(SHA256(), length=32, salt=None, info=b"passive-candidate-sourcing/local-tokens")
    return derive.derive(settings.secret.get_secret_value().encode())


def make_token(settings: Settings, actor: Actor, at: datetime, valid_for: timedelta) -> str:
    """A local token for an actor."""
    claims: dict[str, object] = {
        "sub": actor.id,
        "role": actor.role,
        "iat": at,
        "exp": at + valid_for,
    }
    if actor.employer_id:
        claims["employer_id"] = str(actor.employer_id)
    if settings.jwt_issuer:
        claims["iss"] = settings.jwt_issuer
    if settings.jwt_audience:
        claims["aud"] = settings.jwt_audience
    return jwt.encode(claims, local_key(settings), LOCAL_ALGORITHM)


class Tokens:
    """Reads bearer tokens."""

    def __init__(self, settings: Settings) -> None:
        self._local_key = local_key(settings)
        self._published = PyJWKClient(settings.jwks_url) if settings.jwks_url else None
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience

    def actor(self, token: str) -> Actor:
        """Whom a token speaks for.

        Raises:
            Problem: 401, saying what is wrong with it.
        """
        try:
            claims = self._claims(token)
        except jwt.ExpiredSignatureError:
            raise _unauthorized("The bearer token has expired; get a new one.") from None
        except jwt.PyJWKClientConnectionError:
            detail = "The published keys cannot be read at the moment; try again."
            raise Problem(503, "keys-unavailable", detail, headers={"Retry-After": "5"}) from None
        except jwt.PyJWTError as error:
            raise _unauthorized(
                f"The bearer token is not valid ({error}); get a new one."
            ) from None
        try:
            actor = Actor(
                id=claims["sub"],
                role=Role(claims["role"]),
                employer_id=UUID(claims["employer_id"]) if "employer_id" in claims else None,
            )
        except (KeyError, ValueError, TypeError, AttributeError, ValidationError):
            raise _unauthorized("The bearer token must name sub and a known role.") from None
        if actor.role is Role.SYSTEM or (actor.role is Role.RECRUITER and not actor.employer_id):
            raise _unauthorized("A recruiter's token must name employer_id; system has no tokens.")
        return actor

    def _claims(self, token: str) -> dict[str, str]:
        local = jwt.get_unverified_header(token).get("alg") == LOCAL_ALGORITHM
        if local or self._published is None:
            key, algorithms = self._local_key, [LOCAL_ALGORITHM]
            return self._decode(token, key, algorithms)
        published = self._published.get_signing_key_from_jwt(token)
        return self._decode(token, published, PUBLISHED_ALGORITHMS)

    def _decode(self, token: str, key: bytes | jwt.PyJWK, algorithms: list[str]) -> dict[str, str]:
        return jwt.decode(
            token,
            key,
            algorithms=algorithms,
            issuer=self._issuer,
            audience=self._audience,
            options={"require": ["sub", "role", "exp"], "verify_aud": self._audience is not None},
        )


def _unauthorized(detail: str) -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})
