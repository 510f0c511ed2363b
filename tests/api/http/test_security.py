"""Every request takes a token, and the token's role says what it may do."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jwt
import pytest

from api.http.problems import Problem
from api.http.tokens import REMEMBERED_SECONDS, Tokens, local_key
from api.marketplace import now
from domain.actor import Role
from tests.support.api_routes import ANYONE, at_most, filled, v1_routes
from tests.support.databases import Databases
from tests.support.stage import Stage, a_stage


@pytest.mark.parametrize(("method", "path"), v1_routes())
def test_a_route_demands_a_token(stage: Stage, method: str, path: str) -> None:
    response = stage.http.request(method, f"/v1{filled(path)}")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["type"] == "urn:sourcing:problem:unauthorized"


@pytest.mark.parametrize(("method", "path"), v1_routes())
def test_a_route_is_for_its_roles_alone(stage: Stage, method: str, path: str) -> None:
    let_in = set()
    for role in {*ANYONE, Role.ADMIN}:
        employer = "00000000-0000-4000-8000-000000000001" if role is Role.RECRUITER else None
        response = stage.as_(role, employer)(method, filled(path), {})
        assert response.status_code != 401, (role, response.text)
        if response.status_code == 403:
            assert response.json()["type"] == "urn:sourcing:problem:forbidden"
            assert role not in response.json()["detail"]
        else:
            let_in.add(role)
    assert Role.ADMIN in let_in
    assert let_in - {Role.ADMIN} <= at_most(method, path)


def signed(stage: Stage, **changes: Any) -> str:
    claims = {"sub": "x", "role": "admin", "exp": now() + timedelta(hours=1), **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, local_key(stage.settings), "HS256")


def unsigned(claims: Mapping[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(urlsafe_b64encode(json.dumps(p).encode()).decode() for p in parts) + "."


def ask(stage: Stage, token: str | bytes) -> Any:
    value = b"Bearer " + (token if isinstance(token, bytes) else token.encode())
    headers = {b"Authorization": value}
    return stage.http.get("/v1/employers", headers=headers)


def test_a_right_token_is_taken(stage: Stage) -> None:
    assert ask(stage, signed(stage)).status_code == 200


@pytest.mark.parametrize("token", ["x", "a.b.c", "é".encode(), b"\xff", "eyJ9.e30.", "." * 5000])
def test_garbage_is_no_token(stage: Stage, token: str | bytes) -> None:
    assert ask(stage, token).status_code == 401


def test_another_scheme_is_no_token(stage: Stage) -> None:
    headers = {"Authorization": "Basic dXNlcjpwYXNz"}
    assert stage.http.get("/v1/employers", headers=headers).status_code == 401


def test_an_expired_token_is_refused_and_says_so(stage: Stage) -> None:
    response = ask(stage, signed(stage, exp=now() - timedelta(seconds=1)))
    assert response.status_code == 401
    assert "expired" in response.json()["detail"]


def test_a_token_without_an_end_is_refused(stage: Stage) -> None:
    assert ask(stage, signed(stage, exp=None)).status_code == 401


def test_a_token_signed_with_another_key_is_refused(stage: Stage) -> None:
    claims = {"sub": "x", "role": "admin", "exp": now() + timedelta(hours=1)}
    assert ask(stage, jwt.encode(claims, "k" * 32, "HS256")).status_code == 401


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_token_signed_in_another_way_is_refused(stage: Stage, algorithm: str) -> None:
    claims = {"sub": "x", "role": "admin", "exp": now() + timedelta(hours=1)}
    token = jwt.encode(claims, local_key(stage.settings) * 2, algorithm)
    assert ask(stage, token).status_code == 401


def test_a_token_that_nobody_signed_is_refused(stage: Stage) -> None:
    exp = int((now() + timedelta(hours=1)).timestamp())
    assert ask(stage, unsigned({"sub": "x", "role": "admin", "exp": exp})).status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"role": "system"},
        {"role": "candidate"},
        {"role": "recruiter"},
        {"role": "boss"},
        {"role": None},
        {"sub": None},
        {"sub": "a\0b"},
        {"role": "recruiter", "employer_id": "Acme"},
        {"role": "recruiter", "employer_id": ["Acme"]},
        {"role": ["admin"]},
        {"role": {"admin": True}},
    ],
    ids=str,
)
def test_a_token_that_names_nobody_we_know_is_refused(stage: Stage, claims: dict[str, Any]) -> None:
    response = ask(stage, signed(stage, **claims))
    assert response.status_code == 401, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_an_audience_is_not_looked_at_where_none_is_set(stage: Stage) -> None:
    assert ask(stage, signed(stage, role="admin", aud="somebody")).status_code == 200


def test_published_keys_that_cannot_be_read_are_no_fault_of_the_token(databases: Databases) -> None:
    nobody = "http://127.0.0.1:9/jwks.json"
    token = jwt.encode({"sub": "x", "role": "admin"}, "k" * 64, "HS512", headers={"kid": "1"})
    with databases.prepared() as url, a_stage(url, with_worker=False, jwks_url=nobody) as stage:
        response = ask(stage, token)
        assert response.status_code == 503
        assert "127.0.0.1" not in response.text


def test_issuer_and_audience_are_checked_where_they_are_set(databases: Databases) -> None:
    with (
        databases.prepared() as url,
        a_stage(url, with_worker=False, jwt_issuer="us", jwt_audience="sourcing") as stage,
    ):
        assert ask(stage, stage.token(Role.ADMIN)).status_code == 200
        assert ask(stage, signed(stage, iss="us", aud="sourcing")).status_code == 200
        assert ask(stage, signed(stage, iss="them", aud="sourcing")).status_code == 401
        assert ask(stage, signed(stage, iss="us")).status_code == 401


# --- Revoking


def test_a_revoked_token_is_refused_and_says_so(stage: Stage) -> None:
    token = stage.token(Role.ADMIN)
    assert ask(stage, token).status_code == 200
    assert revoke(stage, token).status_code == 204
    response = ask(stage, token)
    assert response.status_code == 401
    assert "was revoked" in response.json()["detail"]


def test_a_token_is_revoked_alone_and_not_those_of_the_same_person(stage: Stage) -> None:
    token, another = stage.token(Role.ADMIN), stage.token(Role.ADMIN)
    revoke(stage, token)
    assert ask(stage, another).status_code == 200


def test_a_token_is_revoked_however_its_signature_is_written(stage: Stage) -> None:
    token = stage.token(Role.ADMIN)
    assert ask(stage, f"{token}=").status_code == 200
    revoke(stage, f"{token}=")
    assert ask(stage, token).status_code == 401


def test_a_token_of_somebody_elses_is_revoked_without_an_id_and_whenever_it_ends(
    stage: Stage,
) -> None:
    token = signed(stage, exp=10**15)
    assert ask(stage, token).status_code == 200
    assert revoke(stage, token).status_code == 204
    assert ask(stage, token).status_code == 401


def test_a_token_that_one_process_revoked_is_refused_by_another_within_a_second(
    stage: Stage,
) -> None:
    seconds = 10.0
    market = stage.marketplace
    other = Tokens(stage.settings, market.pool, market.store, clock=lambda: seconds)
    token = stage.token(Role.ADMIN)
    other.actor(token)
    revoke(stage, token)
    seconds += REMEMBERED_SECONDS / 2
    other.actor(token)
    seconds += REMEMBERED_SECONDS / 2
    with pytest.raises(Problem, match="was revoked"):
        other.actor(token)


def test_a_token_that_was_revoked_once_stays_revoked_when_others_are_forgotten(
    stage: Stage,
) -> None:
    token = stage.token(Role.ADMIN)
    revoke(stage, token)
    stage.marketplace.forget()
    assert ask(stage, token).status_code == 401


def revoke(stage: Stage, token: str) -> Any:
    return stage.http.delete("/v1/me/token", headers={"Authorization": f"Bearer {token}"})


# --- Asking too often


def test_who_asks_too_often_is_told_when_to_come_back(databases: Databases) -> None:
    with (
        databases.prepared() as url,
        a_stage(url, with_worker=False, rate_limit="3/minute") as stage,
    ):
        admin, other = stage.as_(Role.ADMIN), stage.as_(Role.ADMIN, name="somebody else")
        assert [admin.get("/employers").status_code for _ in range(3)] == [200] * 3
        response = admin.get("/employers")
        assert response.status_code == 429
        assert response.json()["type"] == "urn:sourcing:problem:too-many-requests"
        assert 1 <= int(response.headers["retry-after"]) <= 60
        assert other.get("/employers").status_code == 200
