"""The page on which somebody lets an application use their account, for OAuth 1.0a and OAuth 2.

Who says yes is chosen on the page, or named by ``user`` in its address.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, abort, redirect, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from tumblr_sandbox import ids, loopback
from tumblr_sandbox.demo_accounts import DEMO_BLOG
from tumblr_sandbox.pages import layout
from tumblr_sandbox.store import accounts, grants
from tumblr_sandbox.store.accounts import User
from tumblr_sandbox.store.grants import STEP_SECONDS, Grant
from tumblr_sandbox.world import this_world

PEOPLE_OFFERED = 36


def authorize() -> AnyResponse | str:
    """Second step: somebody says yes, and is sent back with a verifier."""
    world = this_world()
    with world.database.write() as connection:
        wish = grants.find(connection, request.args.get("oauth_token", ""), "request", world.clock.now())
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
    # An application that names no address is sent to the one it registered, which here is a page of ours.
    callback = wish.callback or f"{request.host_url}oauth/allowed"
    values = {"oauth_token": wish.token, "oauth_verifier": verifier}
    if request.args.get("source"):
        values["source"] = request.args["source"]
    return _sent_back(callback, **values)


def allowed() -> Response:
    """Where somebody comes who has let in an application that has no page of its own."""
    said = "The application is let in. If it asks for the address that you were sent to, it is this page's.\n"
    return Response(said, content_type="text/plain; charset=utf-8")


def authorize_code() -> AnyResponse | str:
    """Somebody says yes, and is sent back with a code."""
    world, asked = this_world(), request.args
    with world.database.write() as connection:
        consumer = asked.get("client_id", "")
        if accounts.consumer_secret(connection, consumer) is None:
            abort(404, "There is no such application.")
        user = _who_says_yes(connection)
        if user is None:
            return _chooser(connection, consumer)
        code = ids.secret_string(world.rng)
        grants.add(connection, Grant(code, "code", consumer, int(world.clock.now()) + STEP_SECONDS, user.id))
    return _sent_back(asked.get("redirect_uri", ""), code=code, state=asked.get("state", ""))


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
    return layout.page(
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
