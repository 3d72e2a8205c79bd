"""Parameters of API requests: from a JSON body, a form, or the query; never joined from two of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Request

from tumblr_sandbox.api.envelope import bad_parameter

_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0", ""})
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
MAX_WHOLE = 2**63 - 1
"""The store holds no larger numbers."""
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_INDEXED = re.compile(r"^(.+)\[\d*\]$")


class Parameters:
    """The parameters of one request. What the body names counts; what only the query names counts too."""

    def __init__(self, request: Request) -> None:
        pairs = list(request.args.items(multi=True))
        body = list(_body_pairs(request))
        named_in_body = {name for name, _ in body}
        self._pairs = [(n, v) for n, v in pairs if n not in named_in_body] + body

    def text(self, name: str) -> str | None:
        """The first value of that name; none without one."""
        return next((value for key, value in self._pairs if key == name), None)

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean: true, True, 1 / false, False, 0 and nothing."""
        value = self.text(name)
        if value is None:
            return default
        lowered = value.strip().lower()
        if lowered in _TRUE:
            return True
        if lowered in _FALSE:
            return False
        raise bad_parameter(f"{name} must be true or false")

    def whole(self, name: str) -> int | None:
        """A whole number; none when it is not given."""
        value = self.text(name)
        if value is None or value == "":
            return None
        try:
            number = int(value)
        except ValueError:
            raise bad_parameter(f"{name} must be a whole number") from None
        if not -MAX_WHOLE <= number <= MAX_WHOLE:
            raise bad_parameter(f"{name} is too large")
        return number

    def place(self, name: str) -> int | None:
        """Where a page begins, by an id or a time; none at 0, the documented default."""
        return self.whole(name) or None

    def limit(self, default: int, cap: int) -> int:
        """How many things at most: at least 1, and no more than the cap."""
        value = self.whole("limit")
        if value is None:
            return default
        if value < 1:
            raise bad_parameter("limit must be at least 1")
        return min(value, cap)

    def offset(self) -> int:
        """How many things to pass over."""
        value = self.whole("offset") or 0
        if value < 0:
            raise bad_parameter("offset must not be negative")
        return value

    def array(self, name: str, *, split: bool = True) -> list[str]:
        """An array in any spelling: ``a[0]=x&a[1]=y``, ``a[]=x``, ``a=x``, and ``a=x,y`` if commas split."""
        found: list[str] = []
        for key, value in self._pairs:
            match = _INDEXED.match(key)
            if match is not None and match.group(1) == name:
                found.append(value)
            elif key == name:
                found.extend(value.split(",") if split else [value])
        return [value for value in found if value]

    def as_dict(self) -> dict[str, str]:
        """All of them by name, for the record of calls; OAuth's own left out."""
        return {name: value for name, value in self._pairs if not name.startswith("oauth_")}


def _body_pairs(request: Request) -> Iterable[tuple[str, str]]:
    if request.mimetype == "application/json":
        return _flatten(json_document(request))
    if request.mimetype == FORM:
        # Kept for whoever checks the signature: once parsed, the body is gone.
        request.get_data(cache=True)
    return request.form.items(multi=True)


def json_document(request: Request) -> dict[str, Any]:
    """The JSON object of a body, or of a form's part called ``json``; without one an empty object.

    Halves of surrogate pairs, which cannot be stored, become question marks.
    """
    json_body = request.mimetype == "application/json"
    text = request.get_data(as_text=True) if json_body else request.form.get("json", "")
    try:
        document = json.loads(text) if text else {}
        if _HALF.search(text):
            document = json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _flatten(document: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in document.items():
        if isinstance(value, list):
            yield from ((f"{name}[{index}]", _as_text(item)) for index, item in enumerate(value))
        elif value is not None:
            yield name, _as_text(value)


def _as_text(value: object) -> str:
    """A JSON value as a form would have sent it; halves of surrogate pairs become question marks."""
    return str(value).encode("utf-8", "replace").decode()
