"""The endpoints of OAuth 2 that give out bearer tokens."""

from __future__ import annotations

import json

from flask import Response, request
from sqlalchemy import Connection

from tumblr_sandbox import ids
from tumblr_sandbox.api import authentication, envelope, support
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.store import accounts, grants
from tumblr_sandbox.store.grants import Grant

ACCESS_SECONDS = 2520
REFRESH_SECONDS = 30 * 86_400


def oauth2_token() -> Response:
    """A bearer token for a code, for a refresh token, or for the application itself."""
    asked = support.parameters()
    with support.writing() as connection:
        consumer = asked.text("client_id") or ""
        if accounts.consumer_secret(connection, consumer) != (asked.text("client_secret") or ""):
            raise envelope.unauthorized()
        user_id = _granted_to(connection, consumer)
        return _tokens(connection, consumer, user_id, asked.text("scope") or "basic write offline_access")


def exchange() -> Response:
    """A bearer token for the OAuth 1.0a token that signed the request, which is used up."""
    asked = authentication.read_credentials(request).oauth
    if not asked.get("oauth_token"):
        raise envelope.bad_parameter("the request must be signed with OAuth 1.0a")
    user, consumer = support.signed_in(), asked.get("oauth_consumer_key", "")
    with support.writing() as connection:
        accounts.remove_token(connection, asked["oauth_token"])
        return _tokens(connection, consumer, user.id, "basic write")


def _tokens(connection: Connection, consumer: str, user_id: int | None, scope: str) -> Response:
    """A pair of tokens, as a document without an envelope."""
    rng = support.world().rng
    access, refresh = ids.secret_string(rng), ids.secret_string(rng)
    grants.add(connection, Grant(access, "access", consumer, _expiry(ACCESS_SECONDS), user_id))
    grants.add(connection, Grant(refresh, "refresh", consumer, _expiry(REFRESH_SECONDS), user_id))
    answer = {
        "access_token": access,
        "expires_in": ACCESS_SECONDS,
        "id_token": False,
        "refresh_token": refresh,
        "scope": scope,
        "token_type": "bearer",
    }
    return Response(json.dumps(answer), content_type="application/json; charset=utf-8")


def _expiry(seconds: int) -> int:
    return int(support.now()) + seconds


def _granted_to(connection: Connection, consumer: str) -> int | None:
    """Whose account a code or refresh token opens, which is used up; nobody's without one."""
    asked = support.parameters()
    kind = {"authorization_code": "code", "refresh_token": "refresh", "client_credentials": None}
    if asked.text("grant_type") not in kind:
        raise envelope.bad_parameter("unknown grant_type")
    name = kind[asked.text("grant_type") or ""]
    if name is None:
        return None
    given = asked.text("code" if name == "code" else "refresh_token") or ""
    grant = grants.find(connection, given, name, support.now())
    if grant is None or grant.consumer_key != consumer:
        raise envelope.unauthorized()
    grants.remove(connection, grant.token)
    return grant.user_id


ROUTES: tuple[Route, ...] = (
    ("POST", "/oauth2/token", oauth2_token),
    ("POST", "/oauth2/exchange", exchange),
)
