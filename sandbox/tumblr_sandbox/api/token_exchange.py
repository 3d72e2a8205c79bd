"""The steps of OAuth 1.0a in which an application talks to the API; the step between them is a page.

A pair of strings is asked for, somebody says yes on ``pages.authorize``, and the verifier that comes of it is
exchanged for the final pair.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, request

from tumblr_sandbox import ids
from tumblr_sandbox.api import authentication, envelope, support
from tumblr_sandbox.store import accounts, grants
from tumblr_sandbox.store.accounts import Token, User
from tumblr_sandbox.store.grants import STEP_SECONDS, Grant


def _pair(**values: str) -> Response:
    return Response(urlencode(values), content_type="application/x-www-form-urlencoded")


def request_token() -> Response:
    """First step: a pair that stands for the wish to be let in."""
    world = support.world()
    with world.database.write() as connection:
        signed = authentication.check_signed(connection, request, "", world.checks, support.now())
        token, secret = ids.secret_string(world.rng), ids.secret_string(world.rng)
        callback = signed.get("oauth_callback", "")
        grants.add(
            connection,
            Grant(
                token,
                "request",
                signed["oauth_consumer_key"],
                int(support.now()) + STEP_SECONDS,
                None,
                secret,
                callback,
            ),
        )
    return _pair(oauth_token=token, oauth_token_secret=secret, oauth_callback_confirmed="true")


def access_token() -> Response:
    """Third step: the verifier becomes the final pair."""
    world = support.world()
    with world.database.write() as connection:
        oauth_token = authentication.read_credentials(request).oauth.get("oauth_token", "")
        wish = grants.find(connection, oauth_token, "request", support.now())
        if wish is None:
            raise envelope.unauthorized()
        signed = authentication.check_signed(connection, request, wish.secret, world.checks, support.now())
        said = grants.find(connection, signed.get("oauth_verifier", ""), "verifier", support.now())
        if said is None or said.secret != wish.token or said.user_id is None:
            raise envelope.unauthorized()
        token, secret = ids.secret_string(world.rng), ids.secret_string(world.rng)
        user = User(said.user_id, "")
        accounts.add_token(connection, Token(token, secret, wish.consumer_key, user))
        grants.remove(connection, wish.token, said.token)
    return _pair(oauth_token=token, oauth_token_secret=secret)
