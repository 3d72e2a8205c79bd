"""How a call reaches tumblr: pytumblr's own client and signature over a session with time-outs.

Two kinds of request object keep reading and writing apart: one can only GET, the other only POST and PUT.
The ``requests.Session`` is the seam: tests mount an adapter of their own on it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NoReturn, Protocol
from urllib.parse import urlencode, urlsplit

import requests
from pytumblr import TumblrRestClient
from pytumblr.request import TumblrRequest
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from bot_network import shown_url
from tumblr.api.errors import (
    Forbidden,
    LimitReached,
    MalformedAnswer,
    NotFound,
    PictureLimitReached,
    PicturesRefused,
    Refused,
    TumblrError,
    TumblrUnavailable,
    Unauthorized,
    Unreachable,
)
from tumblr.api.posting_switch import PostingSwitch
from tumblr.api.rate_limits import Budget
from tumblr.settings import ApiKeys

LONGEST_TIMEOUT = 60.0
"""The doubling of time-outs ends here, in seconds."""

POST_LIMIT_PAUSE = 1800.0
"""Seconds to wait when the day's posts or the queue's places are used up."""

HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""Half of a pair that would stand for one character."""

LASTING_CODES = frozenset({4012, 5008, 8002, 8005, 8008, 8010, 8016})
LASTING_WORDS = (
    "invalid id or reblog_key",
    "cannot reblog",
    "cannot be empty",
    "permission to view",
    "not authorized",
)
"""Reasons for which tumblr turns a call down and that will be there tomorrow. Code 8001 ("Posting failed.
Please try again.") is none of them."""

POST_LIMIT_CODES = frozenset({8022, 8023})
POST_LIMIT_WORDS = ("daily post limit", "cannot queue more than")

PICTURE_LIMIT_CODES = frozenset({8004})
PICTURE_LIMIT_WORDS = ("photo upload limit",)
PICTURES_REFUSED_CODES = frozenset({8005, 8006})
"""The format of a picture is not taken; an upload failed."""

TOO_LARGE = 413
"""The status with which the server before tumblr's own turns down what has too many bytes."""


WriteMethod = Literal["POST", "PUT"]


class Reads(Protocol):
    @property
    def consumer_key(self) -> str:
        """The application's key."""
        ...

    @property
    def clock_behind(self) -> float:
        """Seconds that tumblr's clock is behind ours."""
        ...

    def get(self, url: str, params: Mapping[str, Any]) -> Any:
        """Read; raises an error of ``tumblr.api.errors``."""
        ...


class Writes(Protocol):
    def post(self, url: str, params: Mapping[str, Any] | None = None) -> Any:
        """Write; raises an error of ``tumblr.api.errors``."""
        ...

    def upload(self, url: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> Any:
        """Write with files (name of the part to file name and content); raises as ``post`` does."""
        ...

    def send_document(
        self, method: WriteMethod, url: str, document: Mapping[str, Any], pngs: Mapping[str, bytes]
    ) -> Any:
        """Write a JSON document with the pictures that it names; raises as ``post`` does."""
        ...


class UncheckedClient(TumblrRestClient):
    """pytumblr's client without its fixed lists of allowed parameters; arguments are left as they are."""

    def __init__(self, request: Reads | Writes) -> None:
        self.request: Any = request

    def send_api_request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        valid_parameters: Sequence[str] = (),  # noqa: ARG002
        needs_api_key: bool = False,
    ) -> Any:
        """Send a call and return what the answer holds; raises the errors of ``tumblr.api.errors``."""
        fields = dict(params or {})
        if needs_api_key:
            fields["api_key"] = self.request.consumer_key
        return self.request.get(url, fields) if method == "get" else self.request.post(url, fields)

    def upload(self, url: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> Any:
        """Send files (name of the part to file name and content), otherwise as ``send_api_request``."""
        return self.request.upload(url, fields, files)


class _SessionRequest(TumblrRequest):
    """What reading and writing have in common."""

    def __init__(self, keys: ApiKeys, host: str, session: requests.Session, budget: Budget) -> None:
        start: Any = super().__init__  # pytumblr has no types
        start(*(getattr(keys, name).get_secret_value() for name in ApiKeys.model_fields), host)
        self._session = session
        self._budget = budget

    def get(self, *_: object, **__: object) -> Any:
        """Refuse: this object does not read."""
        raise TypeError("a write transport does not read")

    def post(self, *_: object, **__: object) -> Any:
        """Refuse: this object does not write."""
        raise TypeError("a read transport does not write")

    def delete(self, *_: object, **__: object) -> NoReturn:
        """Refuse: nothing the bot does needs this method."""
        raise TypeError("neither transport sends DELETE")

    @property
    def clock_behind(self) -> float:
        """Seconds that tumblr's clock is behind ours."""
        return self._budget.clock_behind

    def send(self, request: requests.Request, timeout: float) -> Any:
        """Sign and send one request, and read its answer."""
        self._budget.check()
        self._budget.calls += 1
        request.headers.update(self.headers)
        request.auth = self.oauth
        try:
            prepared = self._session.prepare_request(request)
            # A prepared request knows of the session's proxies, but not of the environment's certificates.
            options = self._session.merge_environment_settings(prepared.url, {}, None, None, None)
            with self._session.send(prepared, timeout=timeout, allow_redirects=False, **options) as answer:
                self._budget.observe(answer.headers)
                return self.json_parse(answer)
        except requests.RequestException as error:
            kind = Unreachable if _never_connected(error) else TumblrUnavailable
            raise kind(f"no answer from tumblr at {shown_url(self.host)} ({type(error).__name__})") from None

    def json_parse(self, response: requests.Response) -> Any:
        """What the answer holds, or the error that it stands for."""
        document = _document(response)
        status = _status(document, response)
        if 200 <= status <= 399:
            return document["response"]
        raise self._error(status, document, response)

    def _error(self, status: int, document: Mapping[str, Any], response: requests.Response) -> TumblrError:
        detail, codes = _details(document)
        if status == 429:
            return self._budget.refuse(response.headers)
        if codes & PICTURE_LIMIT_CODES or any(words in detail.lower() for words in PICTURE_LIMIT_WORDS):
            return PictureLimitReached(f"tumblr takes no more pictures today ({detail})", POST_LIMIT_PAUSE)
        if codes & PICTURES_REFUSED_CODES:
            return PicturesRefused(f"tumblr does not take the pictures ({detail})")
        if codes & POST_LIMIT_CODES or any(words in detail.lower() for words in POST_LIMIT_WORDS):
            return LimitReached(f"tumblr takes no more posts ({detail})", POST_LIMIT_PAUSE)
        if status >= 500:
            return TumblrUnavailable(f"tumblr answered {status} ({detail})")
        passing = not (codes & LASTING_CODES or any(words in detail.lower() for words in LASTING_WORDS))
        match status:
            case 401:
                return Unauthorized(detail)
            case 403:
                return Forbidden(f"tumblr forbids it ({detail})", passing=passing)
            case 404:
                return NotFound(f"tumblr knows no such thing ({detail})")
        return Refused(f"tumblr answered {status} ({detail})", passing=passing)


class ReadRequest(_SessionRequest):
    """GET only. A read without an answer is repeated, each time with twice the patience."""

    def __init__(
        self,
        keys: ApiKeys,
        host: str,
        session: requests.Session,
        budget: Budget,
        *,
        timeout_seconds: float,
        max_tries: int,
    ) -> None:
        super().__init__(keys, host, session, budget)
        self._timeouts = [min(timeout_seconds * 2**n, LONGEST_TIMEOUT) for n in range(max_tries)]

    def get(self, url: str, params: Mapping[str, Any]) -> Any:  # type: ignore[override]
        """Read; raises an error of ``tumblr.api.errors``."""
        query = f"?{urlencode(params)}" if params else ""
        for timeout in self._timeouts[:-1]:
            try:
                return self.send(requests.Request("GET", f"{self.host}{url}{query}"), timeout)
            except TumblrUnavailable:
                continue
        return self.send(requests.Request("GET", f"{self.host}{url}{query}"), self._timeouts[-1])


class WriteRequest(_SessionRequest):
    """POST and PUT only, and never repeated here: a write without an answer may have taken effect."""

    def __init__(
        self,
        keys: ApiKeys,
        host: str,
        session: requests.Session,
        budget: Budget,
        *,
        timeout_seconds: float,
        posting: PostingSwitch | None = None,
    ) -> None:
        super().__init__(keys, host, session, budget)
        self._posting = posting or PostingSwitch()
        # A kept connection may just have been closed by the other side, which would look like a lost answer.
        self.headers["Connection"] = "close"
        self._timeout = timeout_seconds

    def send(self, call: requests.Request, timeout: float) -> Any:
        """Send a call, unless the operator has halted it; raises PostingHalted and the errors of reading."""
        with self._posting.write(f"{call.method} {urlsplit(call.url).path}"):
            return super().send(call, timeout)

    def post(self, url: str, params: Mapping[str, Any] | None = None, *_: object) -> Any:  # type: ignore[override]
        """Write; raises an error of ``tumblr.api.errors``, whose ``may_have_happened`` says what is known."""
        body = urlencode(params or {})
        return self.send(requests.Request("POST", f"{self.host}{url}", data=body), self._timeout)

    def upload(self, url: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> Any:
        """Send files; raises as ``post`` does.

        The fields go into the address, which is what is signed, and into the parts, as tumblr's clients do.
        """
        sent = requests.Request("POST", f"{self.host}{url}", params=fields, data=fields, files=files)
        return self.send(sent, self._timeout)

    def send_document(
        self, method: WriteMethod, url: str, document: Mapping[str, Any], pngs: Mapping[str, bytes]
    ) -> Any:
        """Send a JSON document; raises as ``post`` does.

        With pictures it is the part ``json`` of a form, of which each is a part under its name. Neither form
        is signed, but for the address.
        """
        body = json.dumps(document)
        if not pngs:
            kind = {"Content-Type": "application/json"}
            return self.send(
                requests.Request(method, f"{self.host}{url}", headers=kind, data=body), self._timeout
            )
        parts: dict[str, Any] = {"json": (None, body, "application/json")}
        parts |= {name: (f"{name}.png", png, "image/png") for name, png in pngs.items()}
        return self.send(requests.Request(method, f"{self.host}{url}", files=parts), self._timeout)


def _never_connected(error: requests.RequestException) -> bool:
    """Whether an error is about making the connection: nothing was sent then."""
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), (NewConnectionError, ConnectTimeoutError))


def _document(response: requests.Response) -> Mapping[str, Any]:
    try:
        document = response.json(parse_float=_finite, parse_constant=lambda _: None)
        document = _well_formed(document) if b"\\u" in response.content else document
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict) and "meta" in document:
        return document
    # The server before tumblr's own answers with a page when tumblr is unwell: with 401, 403 and 404 too, and
    # then they say nothing about the keys or the post.
    page = "html" in response.headers.get("Content-Type", "") or response.content.lstrip()[:1] == b"<"
    if response.status_code == TOO_LARGE:
        raise PicturesRefused("tumblr answered 413: it does not take so many bytes")
    if response.status_code == 429 or (response.status_code in (401, 404) and not page):
        return {"response": [], "errors": []}
    if response.status_code >= 500 or page:
        told = f"tumblr answered {response.status_code} with something that is not JSON"
        raise TumblrUnavailable(f"{told}{_advice(response)}")
    raise MalformedAnswer(f"tumblr answered {response.status_code} with a broken document")


def _advice(response: requests.Response) -> str:
    """What to do about a page with 403 for a write: tumblr has closed one form's endpoints to some before."""
    is_write = response.request is not None and response.request.method in ("POST", "PUT")
    if response.status_code != 403 or not is_write:
        return ""
    return "; if it goes on while reading works, choose the other tumblr.write_format"


def _finite(number: str) -> float | None:
    """A number that is one: JSON can write more than any variable holds."""
    found = float(number)
    return found if math.isfinite(found) else None


def _well_formed(document: object) -> object:
    """The document without halves of characters, which JSON may hold, but no file and no database takes."""
    printed = json.dumps(document, ensure_ascii=False)
    if not HALF_CHARACTER.search(printed):
        return document
    return json.loads(HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", printed))


def _status(document: Mapping[str, Any], response: requests.Response) -> int:
    meta = document.get("meta")
    status = meta.get("status") if isinstance(meta, dict) else response.status_code
    if not isinstance(status, int) or (status <= 399 and "response" not in document):
        raise MalformedAnswer("tumblr answered with an incomplete document")
    return status


def _details(document: Mapping[str, Any]) -> tuple[str, frozenset[int]]:
    """What the answer says went wrong, in words and in codes; tumblr has several forms for it."""
    response = document.get("response")
    if isinstance(response, str):
        return response[:200], frozenset()
    legacy = response.get("errors", []) if isinstance(response, dict) else []
    listed = document.get("errors") or legacy
    items = listed if isinstance(listed, list) else [listed]
    words: list[str] = []
    codes: set[int] = set()
    for item in items:
        if isinstance(item, dict):
            words.append(str(item.get("detail") or item.get("message") or item.get("title") or ""))
            codes |= {item["code"]} if isinstance(item.get("code"), int) else set()
        else:
            words.append(str(item))
    detail = "; ".join(word for word in words if word)[:200] or "no reason given"
    return detail, frozenset(codes)
