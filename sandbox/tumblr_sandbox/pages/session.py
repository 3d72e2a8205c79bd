"""The signed-in account, and the protection of forms: a signed cookie and a token, no passwords."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from flask import Flask, Request, abort, flash, g, request, session
from flask.blueprints import BlueprintSetupState
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Connection

from tumblr_sandbox import loopback
from tumblr_sandbox.store import accounts
from tumblr_sandbox.store.accounts import Blog
from tumblr_sandbox.store.database import get_setting, put_setting
from tumblr_sandbox.world import World, this_world

SECRET = "pages_secret"  # noqa: S105 - the name of a setting
COOKIE = "sandbox_visit"
LIFETIME = timedelta(days=365)
KEPT_ASKS = 20
"""How many of a browser's own asks its cookie remembers."""
NOT_PAGES = ("/v2/", "/api/v2/", "/sandbox/", "/static/", "/64.media.tumblr.com/")
"""Paths that have no visitors: programs and files."""


class Visits(SecureCookieSessionInterface):
    """Signs cookies with a secret kept in the sandbox's own file, so that visits outlive a restart."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The signer of the world that the request belongs to."""
        app.secret_key = _secret(this_world())
        return super().get_signing_serializer(app)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie, where there are visitors at all."""
        if request.path.startswith(NOT_PAGES):
            return self.session_class()
        return super().open_session(app, request)


def set_up(state: BlueprintSetupState) -> None:
    """Let the application that the pages are mounted in know its visitors."""
    app = state.app
    assert isinstance(app, Flask)
    app.session_interface = Visits()
    app.config["SESSION_COOKIE_NAME"] = COOKIE
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["PERMANENT_SESSION_LIFETIME"] = LIFETIME


def _secret(world: World) -> str:
    with world.database.read() as connection:
        known = get_setting(connection, SECRET)
    if known is not None:
        return str(known)
    with world.database.write() as connection:
        put_setting(connection, SECRET, get_setting(connection, SECRET) or secrets.token_urlsafe(32))
        return str(get_setting(connection, SECRET))


# The forms' guard


def token() -> str:
    """What every form of this visit carries, and no other site knows."""
    if "token" not in session:
        session["token"] = secrets.token_urlsafe(18)
        session.permanent = True
    return str(session["token"])


def guard() -> None:
    """Refuse (403) forms that another site made a browser send, and those without this visit's token."""
    if request.method != "POST":
        return
    loopback.only_from_own_pages(request)
    if not hmac.compare_digest(request.form.get("token", "").encode(), token().encode()):
        abort(403, "This form has grown old: go back, load the page again, and try once more.")


# The signed-in account


def me(connection: Connection) -> Blog | None:
    """The blog one acts as; none for a guest."""
    if "me" not in g:
        name = session.get("account")
        g.me = None if name is None else accounts.find_blog(connection, str(name))
    found: Blog | None = g.me
    return found


def become(blog: Blog | None) -> None:
    """Act as this blog from now on, or as a guest."""
    g.pop("me", None)
    session.permanent = True
    if blog is None:
        session.pop("account", None)
    else:
        session["account"] = blog.name


def tell(message: str, path: str = "") -> None:
    """A line for the next page, with the way to what it speaks of."""
    flash(message, path or "message")


def remember_ask(blog: str, ask_id: int) -> None:
    """Keep in mind what this browser asked, anonymous questions too."""
    known = [entry for entry in asks() if entry != (blog, ask_id)]
    session["asks"] = [[name, str(number)] for name, number in [(blog, ask_id), *known][:KEPT_ASKS]]


def asks() -> list[tuple[str, int]]:
    """What this browser asked, newest first, as (blog, the id it had in the inbox)."""
    return [(str(name), int(number)) for name, number in session.get("asks", [])]


def seen_activity(blog: Blog, moment: int) -> None:
    """All activity of a blog up to a moment, in microseconds, has been looked at."""
    if moment != last_seen_activity(blog):
        session["seen"] = {**session.get("seen", {}), blog.name: moment}


def last_seen_activity(blog: Blog) -> int:
    """Up to when a blog's activity has been looked at."""
    return int(session.get("seen", {}).get(blog.name, 0))
