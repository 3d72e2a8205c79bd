"""The console's web application: what every request and every page has in common."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from operator_console.access import COOKIE, FORM_TOKEN, VISITOR_COOKIE, Access, current
from operator_console.errors import BotAway, ConsoleError, LoggedOut, Missing, StaleForm
from operator_console.pages import configured, learning, live, login, review, why
from operator_console.parts import PARTS, Parts
from operator_console.rendering import register_filters

OPEN = frozenset({"health", "static", "login.form", "login.enter"})
"""Endpoints for which nobody has to be logged in."""

MOST_FORM_BYTES = 4 * 1024 * 1024
KEPT_FIELDS = ("text", "tags", "reason")
"""Fields of a form that somebody has typed; they are given back when nothing was done."""

log = structlog.get_logger()


def create_app(parts: Parts) -> Flask:
    """The WSGI application."""
    home = Path(__file__).parent
    app = Flask("operator_console", root_path=str(home), static_folder="static", template_folder="templates")
    app.config.update(MAX_CONTENT_LENGTH=MOST_FORM_BYTES, MAX_FORM_MEMORY_SIZE=MOST_FORM_BYTES)
    app.extensions[PARTS] = parts
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    register_filters(app)
    for pages in (login.PAGES, review.PAGES, why.PAGES, live.PAGES, learning.PAGES, configured.PAGES):
        app.register_blueprint(pages)

    @app.get("/health")
    def health() -> Response:
        return Response("ok\n", content_type="text/plain")

    @app.get("/")
    def home_page() -> Any:
        return redirect(url_for("review.queue"))

    @app.before_request
    def admit() -> None:
        if request.endpoint != "health":
            _admit(parts.access)

    @app.after_request
    def protect(response: Response) -> Response:
        return _protected(response, parts)

    @app.context_processor
    def shared() -> dict[str, Any]:
        return _shared(parts)

    app.register_error_handler(ConsoleError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _admit(access: Access) -> None:
    """Let a request in, if it is addressed to us, by somebody who is logged in, from one of our pages."""
    access.check_host(request.environ)
    g.visitor = access.visitor()
    changes_something = request.method not in ("GET", "HEAD")
    if changes_something:
        access.check_origin()
    if request.endpoint in OPEN or request.endpoint is None:
        return
    visitor = current()
    if changes_something:
        access.check_form(visitor.session.form_token)


def _protected(response: Response, parts: Parts) -> Response:
    hosts = " ".join(f"https://{host}" for host in parts.settings.image_hosts)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
        f"img-src 'self' data: {hosts}; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Cookie, HX-Request"
    if token := getattr(g, "new_cookie", None):
        parts.access.set_cookie(response, COOKIE, token)
    if token := getattr(g, "new_visitor_token", None):
        parts.access.set_cookie(response, VISITOR_COOKIE, token)
    return response


def _shared(parts: Parts) -> dict[str, Any]:
    """What every template knows."""
    visitor = getattr(g, "visitor", None)
    messages = parts.messages.pop(visitor.session.digest, []) if visitor else []
    return {
        "visitor": visitor,
        "messages": messages,
        "form_token": visitor.session.form_token if visitor else "",
        "FORM_TOKEN": FORM_TOKEN,
        "new_key": lambda: secrets.token_hex(12),
        "undo_seconds": parts.settings.undo_seconds,
    }


def _refused(error: ConsoleError) -> Response:
    if isinstance(error, LoggedOut) and request.endpoint != "login.enter":
        return _to_login(error)
    # A form that was not carried out may be sent again as it was: its key keeps it from happening twice.
    may_retry = isinstance(error, BotAway | StaleForm) and g.get("visitor") is not None
    fields = request.form.items(multi=True) if may_retry and request.method == "POST" else ()
    kept = [(name, value) for name, value in fields if name != FORM_TOKEN]
    page = render_template(
        "refused.html", message=str(error), fields=kept, is_away=isinstance(error, BotAway)
    )
    response = make_response(page, error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _to_login(error: LoggedOut) -> Response:
    """To the login, and from there back; what was typed is shown, so that it is not lost."""
    back = request.full_path.rstrip("?") if request.method == "GET" else url_for("review.queue")
    there = url_for("login.form", back=back)
    kept = [(name, request.form[name]) for name in KEPT_FIELDS if request.form.get(name)]
    if request.method != "GET":
        page = render_template("logged_out.html", message=str(error), fields=kept, there=there)
        response = make_response(page, 401)
        if request.headers.get("HX-Request") and not kept:
            response.headers["HX-Redirect"] = there
        return response
    if request.headers.get("HX-Request"):
        response = Response(status=401)
        response.headers["HX-Redirect"] = there
        return response
    return make_response(redirect(there))


def _http_error(error: HTTPException) -> Response:
    missing = Missing(error.name.lower() if error.code != 404 else "there is no such page")
    page = render_template("refused.html", message=str(missing), fields=(), is_away=False)
    return make_response(page, error.code or 500)
