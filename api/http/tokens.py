"""Bearer tokens: who calls, in which role, and for which employer (RFC 6750, RFC 7519).

A token names `sub`, `role` and, for a recruiter, `employer_id`, perhaps with their `company_role`
there. A member of the employer's team has the claim `member` instead: their role is read from the
team at each request. It is signed with the local key, or with one that is published at the
configured JWKS address (RFC 7517). Either may be revoked before it expires (after RFC 7009).
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt import PyJWKClient
from pydantic import ValidationError

from api.http.problems import Problem
from domain.actor import Actor, Role
from domain.team import Team, team_id
from infrastructure.database.postgres import Pool
from infrastructure.event_log.store import EventStore, UnitOfWork
from infrastructure.requests import revocations
from infrastructure.settings import Settings

LOCAL_ALGORITHM = "HS256"
PUBLISHED_ALGORITHMS = ["RS256", "ES256", "EdDSA"]

LOCAL_RECRUITER = Actor(
    id="local-recruiter",
    role=Role.RECRUITER,
    employer_id=UUID("6a636c6d-bb32-5c95-a14f-d327aef6e73b"),
)
"""Whom a local token of a recruiter speaks for: one of the employer that the demo fills in."""

WITH_TOKENS: list[Role] = [role for role in Role if role not in (Role.SYSTEM, Role.CANDIDATE)]
"""The roles of those who call with tokens; candidates come by signed links."""

REMEMBERED_SECONDS = 1.0
"""How long a token that was found good is accepted without asking the database again."""

REMEMBERED_TOKENS = 10_000

LAST_SECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


def local_key(settings: Settings) -> bytes:
    """The key that local tokens are signed with, derived from the secret."""
    derive = HKDF(SHA256(), length=32, salt=None, info=b"passive-candidate-sourcing/local-tokens")
    return derive.derive(settings.secret.get_secret_value().encode())


def make_token(
    settings: Settings,
    actor: Actor,
    at: datetime,
    valid_for: timedelta,
    *,
    is_member: bool = False,
) -> str:
    """A local token for an actor, unlike any other: to revoke it revokes no second one.

    That of a member is of use for as long as they are one, in the role that they then have.
    """
    claims: dict[str, object] = {
        "jti": str(uuid4()),
        "sub": actor.id,
        "role": actor.role,
        "iat": at,
        "exp": at + valid_for,
    }
    if actor.employer_id:
        claims["employer_id"] = str(actor.employer_id)
    if is_member:
        claims["member"] = True
    elif actor.company_role:
        claims["company_role"] = actor.company_role
    if settings.jwt_issuer:
        claims["iss"] = settings.jwt_issuer
    if settings.jwt_audience:
        claims["aud"] = settings.jwt_audience
    return jwt.encode(claims, local_key(settings), LOCAL_ALGORITHM)


class _Remembered(NamedTuple):
    """A token that was found good."""

    actor: Actor
    fingerprint: bytes
    until: float


class Tokens:
    """Reads bearer tokens, and revokes them for all processes on the database."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        store: EventStore,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._store = store
        self._clock = clock
        self._remembered: dict[str, _Remembered] = {}
        self._local_key = local_key(settings)
        self._published = PyJWKClient(settings.jwks_url) if settings.jwks_url else None
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience

    def remembered(self, token: str) -> Actor | None:
        """The actor of a token that was found good just now. Waits for nothing."""
        known = self._remembered.get(token)
        return known.actor if known and self._clock() < known.until else None

    def actor(self, token: str) -> Actor:
        """The actor of a token. Raises a 401 that says what is wrong with it."""
        if known := self.remembered(token):
            return known
        asked_at = self._clock()
        claims = self._claims(token)
        actor, fingerprint = _actor(claims), _fingerprint(token)
        if actor.employer_id and claims.get("member") is True:
            actor = self._as_member(actor, actor.employer_id)
        with self._pool.connection() as db:
            if revocations.is_revoked(db, fingerprint):
                raise unauthorized("The bearer token was revoked; get a new one.")
        if len(self._remembered) >= REMEMBERED_TOKENS:
            self._remembered.clear()
        seconds = min(REMEMBERED_SECONDS, int(claims["exp"]) - time.time())
        self._remembered[token] = _Remembered(actor, fingerprint, asked_at + seconds)
        return actor

    def revoke(self, token: str) -> None:
        """Revoke a token: at once in this process, in others within `REMEMBERED_SECONDS`.

        Raises a 401 for one that is not valid anyway.
        """
        expires = min(int(self._claims(token)["exp"]), LAST_SECOND)
        fingerprint = _fingerprint(token)
        with self._pool.connection() as db:
            revocations.revoke(db, fingerprint, datetime.fromtimestamp(expires, UTC))
        for other, known in [*self._remembered.items()]:
            if known.fingerprint == fingerprint:
                self._remembered.pop(other, None)

    def _as_member(self, actor: Actor, employer_id: UUID) -> Actor:
        """The actor with their role in the team. Raises a 401 if they are not of it any more."""
        role = UnitOfWork(self._store).find(Team, team_id(employer_id)).role_of(actor.id)
        if role is None:
            raise unauthorized("You are not a member of this company's team any more.")
        return actor.model_copy(update={"company_role": role})

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            return self._read(token)
        except jwt.ExpiredSignatureError:
            raise unauthorized("The bearer token has expired; get a new one.") from None
        except jwt.PyJWKClientConnectionError:
            detail = "The published keys cannot be read at the moment; try again."
            raise Problem(503, "keys-unavailable", detail, headers={"Retry-After": "5"}) from None
        except jwt.PyJWTError:
            raise unauthorized("The bearer token is not valid; get a new one.") from None

    def _read(self, token: str) -> dict[str, Any]:
        algorithms = [LOCAL_ALGORITHM]
        key: bytes | jwt.PyJWK = self._local_key
        if self._published and jwt.get_unverified_header(token).get("alg") != LOCAL_ALGORITHM:
            algorithms, key = PUBLISHED_ALGORITHMS, self._published.get_signing_key_from_jwt(token)
        return jwt.decode(
            token,
            key,
            algorithms=algorithms,
            issuer=self._issuer,
            audience=self._audience,
            options={"require": ["sub", "role", "exp"], "verify_aud": self._audience is not None},
        )


def _actor(claims: Mapping[str, Any]) -> Actor:
    try:
        actor = Actor(
            id=claims["sub"],
            role=Role(claims["role"]),
            employer_id=UUID(claims["employer_id"]) if "employer_id" in claims else None,
            company_role=claims.get("company_role"),
        )
    except (KeyError, ValueError, TypeError, AttributeError, ValidationError):
        raise unauthorized("The bearer token must name sub and a known role.") from None
    if actor.role not in WITH_TOKENS:
        raise unauthorized(f"There are no tokens of the role {actor.role}.")
    if actor.role is Role.RECRUITER and not actor.employer_id:
        raise unauthorized("A recruiter's token must name employer_id.")
    return actor


def _fingerprint(token: str) -> bytes:
    # Of what is signed: a signature may be written in several ways that are all valid, and a token
    # of somebody else's need not have an id.
    return hashlib.sha256(token.rpartition(".")[0].encode()).digest()


def unauthorized(detail: str) -> Problem:
    """A 401 that says what is wrong with a token, or that there is none."""
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})
