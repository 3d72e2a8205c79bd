"""The sandbox as one WSGI application: API, pages, pictures and control face."""

from __future__ import annotations

from flask import Flask, Response, abort, request

from sandbox.api.blueprint import api_blueprint
from sandbox.control.blueprint import control_blueprint
from sandbox.pages.blueprint import pages_blueprint
from sandbox.pages.pictures import avatar_png
from sandbox.views.blog import AVATAR_SIZES
from sandbox.world import World

MAX_BODY_BYTES = 64 * 1024 * 1024
PICTURE_LIFETIME_SECONDS = 86_400
PICTURES_MADE = "Sat, 06 Feb 2021 00:00:00 GMT"
"""``Last-Modified`` of pictures: they never change, but archivers warn when it is missing."""


def create_app(world: World) -> Flask:
    """Put the faces of a sandbox together."""
    app = Flask(__name__)
    app.extensions["sandbox"] = world
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    # A redirect to another spelling of the path would break the caller's signature.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.register_blueprint(api_blueprint("api"), url_prefix="/v2")
    app.register_blueprint(api_blueprint("api_on_www"), url_prefix="/api/v2")
    app.register_blueprint(control_blueprint(), url_prefix="/sandbox")
    app.register_blueprint(pages_blueprint())
    app.get("/64.media.tumblr.com/avatar_<name>_<int:size>.png")(_avatar)
    app.after_request(_forbid_framing)
    return app


def _avatar(name: str, size: int) -> Response:
    """A blog's picture, for any name: one that is gone still stands in old notes."""
    if size not in AVATAR_SIZES:
        abort(404)
    picture = Response(avatar_png(name, size), content_type="image/png")
    picture.headers["Last-Modified"] = PICTURES_MADE
    picture.cache_control.max_age = PICTURE_LIFETIME_SECONDS
    return picture


def _forbid_framing(response: Response) -> Response:
    """Pages show what anybody wrote: nothing in them may run or load from elsewhere."""
    if response.mimetype == "text/html" and not request.path.startswith(("/v2", "/api/v2")):
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
            "img-src 'self' data: https: http:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
    return response
