"""What every API answer is wrapped in, and the documents of refusal.

Most refusals carry ``errors`` beside an empty ``response``; the legacy writing endpoints put theirs
inside ``response``, and some refusals are a bare string there. Clients depend on each of these.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from http.client import responses
from typing import Any

from flask import Response, request

from tumblr_sandbox.media import to_served

UNAUTHORIZED_CODE = 1016
DASHBOARD_ONLY_CODE = 4012
EMPTY_POST_CODE = 8001

_WHIMSY = (
    "This page is out for a walk.",
    "The hamsters looked everywhere.",
    "Nothing here but tumbleweed.",
    "We checked under the sofa.",
)


_OWN_PHRASES = {429: "Limit Exceeded"}
"""Where tumblr words a status in its own way."""


def phrase_of(status: int) -> str:
    """The words that go with a status, in ``meta`` and in the first line of the answer."""
    return _OWN_PHRASES.get(status) or responses.get(status, "Unknown")


class ApiError(Exception):
    """A refusal: an HTTP status and the document that goes with it."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {document}")
        self.status = status
        self.document = document

    def to_response(self) -> Response:
        """The answer to send."""
        return _answer(self.status, self.document)


# Nothing that is answered contains itself, so nobody need look out for that.
_JSON = json.JSONEncoder(ensure_ascii=True, check_circular=False, separators=(",", ":"))


def _answer(status: int, document: Mapping[str, Any], home: str = "") -> Response:
    """A document in its envelope; given a ``home``, addresses of media lie there."""
    meta = {"status": status, "msg": phrase_of(status)}
    body = _JSON.encode({"meta": meta, **document})
    if home:
        body = to_served(body, home)
    return Response(
        body, status=f"{status} {phrase_of(status)}", content_type="application/json; charset=utf-8"
    )


def answer(response: object, status: int = 200) -> Response:
    """A success; the addresses of media in it are where this sandbox is reached."""
    return _answer(status, {"response": response}, home=request.host_url.rstrip("/"))


def errors(title: str, code: int, detail: str) -> dict[str, Any]:
    """The document of a refusal with one error beside an empty response."""
    return {"response": [], "errors": [{"title": title, "code": code, "detail": detail}]}


def unauthorized() -> ApiError:
    """Keys are missing, wrong, or not good for this blog."""
    return ApiError(401, errors("Unauthorized", UNAUTHORIZED_CODE, "Unable to authorize"))


def not_found() -> ApiError:
    """No such blog, post or path."""
    return ApiError(404, errors("Not Found", 0, f"{random.choice(_WHIMSY)} Try again."))


def dashboard_only() -> ApiError:
    """The blog is visible to signed-in users only. This document has no ``response``."""
    detail = "This Tumblr is only viewable within the Tumblr dashboard"
    return ApiError(404, {"errors": [{"title": "Not Found", "code": DASHBOARD_ONLY_CODE, "detail": detail}]})


def blocked() -> ApiError:
    """The blog blocked the viewer. Its response is a bare string."""
    return ApiError(403, {"response": "You do not have permission to view this blog"})


def not_shared() -> ApiError:
    """The blog keeps this to itself. Its response is a bare string."""
    return ApiError(403, {"response": "Not authorized."})


def bad_parameter(detail: str) -> ApiError:
    """A parameter cannot be read."""
    return ApiError(400, errors("Bad Request", 0, detail))


def legacy_refusal(status: int, *errors: str | dict[str, Any]) -> ApiError:
    """A refusal of the legacy writing endpoints: strings and objects inside ``response``."""
    return ApiError(status, {"response": {"errors": list(errors)}})


def empty_post() -> ApiError:
    """Nothing was written in the post."""
    return legacy_refusal(400, {"code": EMPTY_POST_CODE, "message": "Post cannot be empty."})


def wrong_key() -> ApiError:
    """No post has this id and reblog key."""
    return legacy_refusal(400, "Invalid ID or reblog_key specified")


def limit_exceeded() -> ApiError:
    """The consumer has no calls left in this window."""
    return ApiError(429, errors("Limit Exceeded", 0, "Minor hiccup. Try again."))


def throttled() -> ApiError:
    """Too many calls from one address; this document has no ``errors``."""
    return ApiError(429, {"response": {"error": "Rate Limit Exceeded"}})


def html_failure(status: int) -> Response:
    """An HTML page where JSON was expected, as the nginx before tumblr sends it."""
    said = f"{status} {phrase_of(status)}"
    page = (
        f"<html>\r\n<head><title>{said}</title></head>\r\n<body>\r\n<center><h1>{said}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Response(page, status=said, content_type="text/html; charset=utf-8")
