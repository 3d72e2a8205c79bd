"""How the control face reads requests and words its refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from flask import Response, abort, jsonify, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

Model = TypeVar("Model", bound=BaseModel)


def body(model: type[Model], base: Mapping[str, Any] | None = None) -> Model:
    """The request's JSON as a model, laid over ``base``; 400 with every mistake named."""
    given = request.get_json()
    if not isinstance(given, dict):
        abort(400, "the body must be a JSON object")
    try:
        return model.model_validate({**(base or {}), **given})
    except ValidationError as error:
        mistakes = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        abort(400, "; ".join(mistakes))


def _refuse(status: int, message: str) -> Response:
    refused = jsonify(error=message)
    refused.status_code = status
    return refused


def on_http_error(error: HTTPException) -> Response:
    """A refusal as JSON."""
    return _refuse(error.code or 500, error.description or error.name)


def on_refusal(error: Exception) -> Response:
    """Something that cannot be done as asked."""
    return _refuse(409, str(error))
