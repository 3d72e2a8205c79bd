"""The sandbox as one WSGI application: API, pages, pictures and control face."""

from __future__ import annotations

from email.utils import formatdate

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from tumblr_sandbox.api import blueprint as api
from tumblr_sandbox.api.blueprint import api_blueprint, tokens_blueprint
from tumblr_sandbox.api.envelope import phrase_of
from tumblr_sandbox.api.oembed import oembed_blueprint
from tumblr_sandbox.control import support as control
from tumblr_sandbox.control.blueprint import control_blueprint
from tumblr_sandbox.media_files import serving_blueprint
from tumblr_sandbox.pages import blueprint as pages
from tumblr_sandbox.pages.blueprint import pages_blueprint
from tumblr_sandbox.people.residents import Residents
from tumblr_sandbox.world import World, this_world

MAX_BODY_BYTES = 64 * 1024 * 1024


API_PATHS = ("/v2/", "/api/v2/")


def create_app(world: World) -> Flask:
    """Put a sandbox, the people who use it, and its faces together."""
    return serve_world(build_app(), world)


def serve_world(app: Flask, world: World) -> Flask:
    """Let an application answer for this world from now on."""
    app.extensions["sandbox"] = world
    app.extensions["residents"] = Residents(world)
    return app


def build_app() -> Flask:
    """The faces without a world behind them."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    # A redirect to another spelling of the path would break the caller's signature.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.register_blueprint(api_blueprint("api"), url_prefix="/v2")
    app.register_blueprint(api_blueprint("api_on_www"), url_prefix="/api/v2")
    app.register_blueprint(control_blueprint(), url_prefix="/sandbox")
    app.register_blueprint(pages_blueprint())
    app.register_blueprint(serving_blueprint())
    app.register_blueprint(tokens_blueprint())
    app.register_blueprint(oembed_blueprint())
    app.register_error_handler(HTTPException, _on_error)
    app.after_request(_forbid_framing)
    app.after_request(_words_of_the_status)
    app.after_request(_time_of_the_world)
    return app


def _on_error(error: HTTPException) -> AnyResponse | tuple[str, int]:
    """A page that says what went wrong; JSON where programs called."""
    if request.path.startswith(API_PATHS):
        return api.on_http_error(error)
    if request.path.startswith("/sandbox/"):
        return control.on_http_error(error)
    return pages.on_http_error(error)


def _words_of_the_status(response: Response) -> Response:
    """The status line as tumblr writes it, not in the capitals of the library."""
    response.status = f"{response.status_code} {phrase_of(response.status_code)}"
    return response


def _time_of_the_world(response: Response) -> Response:
    """The Date of the sandbox's own clock, by which clients see how far theirs is off."""
    now = this_world().clock.now()
    response.headers["Date"] = formatdate(now, usegmt=True)
    return response


def _forbid_framing(response: Response) -> Response:
    """Pages show what anybody wrote: nothing in them may run or load from elsewhere."""
    if response.mimetype == "text/html" and not request.path.startswith(("/v2", "/api/v2")):
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
            "media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
    return response
