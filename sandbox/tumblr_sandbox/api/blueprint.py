"""The API: its endpoints under one blueprint, with what happens before and after each of them."""

from __future__ import annotations

from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException

from tumblr_sandbox.api import answer_shapes, envelope, fault_injection, support, token_exchange
from tumblr_sandbox.api.envelope import ApiError
from tumblr_sandbox.api.refusals import refusal
from tumblr_sandbox.api.routes import all_routes
from tumblr_sandbox.errors import PostingError


def api_blueprint(name: str) -> Blueprint:
    """The whole API; ``name`` tells apart the places where it is mounted."""
    blueprint = Blueprint(name, __name__)
    blueprint.before_request(fault_injection.inject)
    blueprint.before_request(support.authenticate)
    blueprint.after_request(answer_shapes.shape)  # what is registered later comes first
    blueprint.after_request(fault_injection.finish)
    blueprint.register_error_handler(ApiError, ApiError.to_response)
    blueprint.register_error_handler(PostingError, _on_posting_error)
    blueprint.register_error_handler(HTTPException, on_http_error)
    for method, rule, view in all_routes():
        blueprint.add_url_rule(rule, f"{method} {rule}", view, methods=[method])
    blueprint.add_url_rule("/", "root", _nothing_here)
    blueprint.add_url_rule("/<path:path>", "nothing", _nothing_here, methods=["GET", "POST", "PUT", "DELETE"])
    return blueprint


def tokens_blueprint() -> Blueprint:
    """The addresses outside of the API, to be mounted at the root."""
    blueprint = Blueprint("tokens", __name__)
    blueprint.register_error_handler(ApiError, ApiError.to_response)
    for view in (token_exchange.request_token, token_exchange.access_token):
        blueprint.add_url_rule(f"/oauth/{view.__name__}", view.__name__, view, methods=["GET", "POST"])
    return blueprint


def _nothing_here(**_path: str) -> Response:
    raise envelope.not_found()


def _on_posting_error(error: PostingError) -> Response:
    return refusal(error).to_response()


def on_http_error(error: HTTPException) -> Response:
    """Werkzeug's own refusals in the API's envelope."""
    if error.code == 500:
        return ApiError(500, {"response": []}).to_response()
    if error.code in (404, 405):
        return envelope.not_found().to_response()
    return envelope.bad_parameter(error.description or error.name).to_response()
