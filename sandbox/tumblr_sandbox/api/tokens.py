"""How an application gets at somebody's account: OAuth 1.0a's three steps, and OAuth 2's.

Who says yes is chosen on a small page, or named by ``user`` in its address.
"""

from __future__ import annotations

import json
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from tumblr_sandbox import ids, loopback
from tumblr_sandbox.api import envelope, oauth, support
from tumblr_sandbox.api.envelope import ApiError
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.demo_accounts import DEMO_BLOG
from tumblr_sandbox.pages import show
from tumblr_sandbox.store import accounts, grants
from tumblr_sandbox.store.accounts import Token, User
from tumblr_sandbox.store.grants import Grant

STEP_SECONDS = 600
"""How long one may take from one step to the next."""
ACCESS_SECONDS = 2520
REFRESH_SECONDS = 30 * 86_400
PEOPLE_OFFERED = 36


def tokens_blueprint() -> Blueprint:
    """The addresses outside of the API, to be mounted at the root."""
    blueprint = Blueprint("tokens", __name__)
    blueprint.register_error_handler(ApiError, ApiError.to_response)
    blueprint.post("/oauth/request_token")(request_token)
    blueprint.get("/oauth/authorize")(authorize)
    blueprint.add_url_rule("/oauth/access_token", "access_token", access_token, methods=["GET", "POST"])
    blueprint.get("/oauth2/authorize")(authorize_code)
    return blueprint


def _pair(**values: str) -> Response:
    return Response(urlencode(values), content_type="application/x-www-form-urlencoded")


def _expiry(seconds: int) -> int:
    return int(support.now()) + seconds


# OAuth 1.0a


def request_token() -> Response:
    """First step: a pair that stands for the wish to be let in."""
    world = support.world()
    with world.database.write() as connection:
        signed = oauth.check_signed(connection, request, "", world.checks, support.now())
        token, secret = ids.secret_string(world.rng), ids.secret_string(world.rng)
        callback = signed.get("oauth_callback", "")
        grants.add(
            connection,
            Grant(
                token, "request", signed["oauth_consumer_key"], _expiry(STEP_SECONDS), None, secret, callback
            ),
        )
    return _pair(oauth_token=token, oauth_token_secret=secret, oauth_callback_confirmed="true")


def authorize() -> AnyResponse | str:
    """Second step: somebody says yes, and is sent back with a verifier."""
    world = support.world()
    with world.database.write() as connection:
        wish = grants.find(connection, request.args.get("oauth_token", ""), "request", support.now())
        if wish is None:
            abort(404, "There is no such request.")
        user = _who_says_yes(connection)
        if user is None:
            return _chooser(connection, wish.consumer_key)
        verifier = ids.secret_string(world.rng)
        grants.add(
            connection,
            Grant(verifier, "verifier", wish.consumer_key, wish.expires, user.id, wish.token),
        )
    return _sent_back(wish.callback, oauth_token=wish.token, oauth_verifier=verifier)


def access_token() -> Response:
    """Third step: the verifier becomes the final pair."""
    world = support.world()
    with world.database.write() as connection:
        oauth_token = oauth.read_credentials(request).oauth.get("oauth_token", "")
        wish = grants.find(connection, oauth_token, "request", support.now())
        if wish is None:
            raise envelope.unauthorized()
        signed = oauth.check_signed(connection, request, wish.secret, world.checks, support.now())
        said = grants.find(connection, signed.get("oauth_verifier", ""), "verifier", support.now())
        if said is None or said.secret != wish.token or said.user_id is None:
            raise envelope.unauthorized()
        token, secret = ids.secret_string(world.rng), ids.secret_string(world.rng)
        user = User(said.user_id, "")
        accounts.add_token(connection, Token(token, secret, wish.consumer_key, user))
        grants.remove(connection, wish.token, said.token)
    return _pair(oauth_token=token, oauth_token_secret=secret)


def _who_says_yes(connection: Connection) -> User | None:
    """The user that the address names; nobody else's page may make a browser say it."""
    name = request.args.get("user", "")
    if not name:
        return None
    loopback.only_from_own_pages(request)
    return accounts.find_user(connection, name)


def _chooser(connection: Connection, consumer: str) -> str:
    """A page on which to choose who says yes."""
    asked = {name: value for name, value in request.args.items() if name not in ("q", "user")}
    wanted = request.args.get("q", "").strip().lower()
    names = [user.name for user in accounts.all_users(connection) if wanted in user.name]
    return show.page(
        connection,
        "authorize.html",
        application=accounts.consumer_title(connection, consumer) or "the application",
        choices=[(name, "?" + urlencode({**asked, "user": name})) for name in names[:PEOPLE_OFFERED]],
        more=len(names) > PEOPLE_OFFERED,
        asked=asked,
        wanted=wanted,
        bot=DEMO_BLOG,
    )


def _sent_back(callback: str, **values: str) -> AnyResponse:
    if not callback.startswith(("http://", "https://")):
        return Response("\n".join(values.values()), content_type="text/plain; charset=utf-8")
    return redirect(f"{callback}{'&' if '?' in callback else '?'}{urlencode(values)}")


# OAuth 2


def authorize_code() -> AnyResponse | str:
    """Somebody says yes, and is sent back with a code."""
    world, asked = support.world(), request.args
    with world.database.write() as connection:
        consumer = asked.get("client_id", "")
        if accounts.consumer_secret(connection, consumer) is None:
            abort(404, "There is no such application.")
        user = _who_says_yes(connection)
        if user is None:
            return _chooser(connection, consumer)
        code = ids.secret_string(world.rng)
        grants.add(connection, Grant(code, "code", consumer, _expiry(STEP_SECONDS), user.id))
    return _sent_back(asked.get("redirect_uri", ""), code=code, state=asked.get("state", ""))


def oauth2_token() -> Response:
    """A bearer token for a code, for a refresh token, or for the application itself."""
    world, asked = support.world(), support.parameters()
    with world.database.write() as connection:
        consumer = asked.text("client_id") or ""
        if accounts.consumer_secret(connection, consumer) != (asked.text("client_secret") or ""):
            raise envelope.unauthorized()
        user_id = _granted_to(connection, consumer)
        access, refresh = ids.secret_string(world.rng), ids.secret_string(world.rng)
        grants.add(connection, Grant(access, "access", consumer, _expiry(ACCESS_SECONDS), user_id))
        grants.add(connection, Grant(refresh, "refresh", consumer, _expiry(REFRESH_SECONDS), user_id))
    answer = {
        "access_token": access,
        "expires_in": ACCESS_SECONDS,
        "refresh_token": refresh,
        "scope": asked.text("scope") or "basic write offline_access",
        "token_type": "bearer",
    }
    return Response(json.dumps(answer), content_type="application/json; charset=utf-8")


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


ROUTES: tuple[Route, ...] = (("POST", "/oauth2/token", oauth2_token),)
