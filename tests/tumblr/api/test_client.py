"""The calls as they go over the wire, against canned answers of a requests adapter."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
import requests
from requests.adapters import BaseAdapter
from requests.models import PreparedRequest, Response

from tests.tumblr.fakes import RULES, FakeClock
from tumblr.api.client import AccountWriter, TumblrReader, full_blog_name
from tumblr.api.errors import (
    Forbidden,
    LimitReached,
    MalformedAnswer,
    NotFound,
    Refused,
    TumblrError,
    TumblrUnavailable,
    TurnedDown,
    Unauthorized,
)
from tumblr.api.rate_limits import Budget
from tumblr.api.transport import ReadRequest, UncheckedClient, WriteRequest
from tumblr.api.writer import HtmlWriter, Writing
from tumblr.settings import ApiKeys

HOST = "http://127.0.0.1:9999"
KEYS = ApiKeys.model_validate(
    {"consumer_key": "consumer", "consumer_secret": "secret1", "token": "token", "token_secret": "secret2"}
)
SAID = Writing("x", (), "published")
HEADERS = {
    "X-Ratelimit-Perhour-Limit": "1000",
    "X-Ratelimit-Perhour-Remaining": "990",
    "X-Ratelimit-Perhour-Reset": "3000",
    "X-Ratelimit-Perday-Limit": "5000",
    "X-Ratelimit-Perday-Remaining": "4000",
    "X-Ratelimit-Perday-Reset": "80000",
}

Answer = Response | Exception


def answer(body: object, status: int = 200, headers: Mapping[str, str] = HEADERS) -> Response:
    """A response with a JSON body, or with text as it is."""
    response = Response()
    response.status_code = status
    text = body if isinstance(body, str) else json.dumps(body)
    response._content = text.encode()
    response.headers.update({"Content-Type": "application/json; charset=utf-8", **headers})
    return response


def document(response: object, status: int = 200, **more: object) -> Response:
    """A response with tumblr's envelope."""
    return answer({"meta": {"status": status, "msg": "?"}, "response": response, **more}, status)


class CannedAdapter(BaseAdapter):
    """Answers with what it was given, and keeps what it was asked."""

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__()
        self.answers = answers
        self.requests: list[PreparedRequest] = []
        self.timeouts: list[float] = []

    def send(self, request: PreparedRequest, *_: object, timeout: Any = None, **__: object) -> Response:
        self.requests.append(request)
        self.timeouts.append(timeout)
        following = self.answers.pop(0)
        if isinstance(following, Exception):
            raise following
        following.request = request
        following.url = request.url or ""
        return following

    def close(self) -> None:
        """Nothing to close."""


class Wire:
    """A reader and a writer on one canned adapter."""

    def __init__(self, session: requests.Session, clock: FakeClock) -> None:
        self.adapter = CannedAdapter([])
        session.mount("http://", self.adapter)
        self.budget = Budget(clock)
        read = ReadRequest(KEYS, HOST, session, self.budget, timeout_seconds=8, max_tries=3)
        self.reader = TumblrReader(read, RULES)
        write = WriteRequest(KEYS, HOST, session, self.budget, timeout_seconds=30)
        self.writer = HtmlWriter(write, "frank")
        self.account = AccountWriter(write)

    def will_answer(self, *answers: Answer) -> None:
        self.adapter.answers.extend(answers)

    def sent(self, index: int = -1) -> tuple[str, str, dict[str, str]]:
        """Method, path and fields of a request."""
        request = self.adapter.requests[index]
        parts = urlsplit(request.url or "")
        body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
        fields = dict(parse_qsl(parts.query or str(body), keep_blank_values=True))
        return request.method or "", parts.path, fields


@pytest.fixture
def wire(clock: FakeClock) -> Iterator[Wire]:
    with requests.Session() as session:
        yield Wire(session, clock)


def post(number: int, **more: object) -> dict[str, object]:
    return {
        "id": number,
        "id_string": str(number),
        "type": "text",
        "state": "published",
        "timestamp": number,
        **more,
    }


def page(*posts: dict[str, object]) -> Response:
    return document({"posts": list(posts)})


def test_the_inbox(wire: Wire) -> None:
    wire.will_answer(
        page(post(3, type="answer", question="<p>hi</p>", asking_name="bob", state="submission"))
    )
    (ask,) = wire.reader.inbox().posts
    assert ask.is_ask
    assert wire.sent() == (
        "GET",
        "/v2/blog/frank.tumblr.com/posts/submission",
        {"limit": "50", "offset": "0", "npf": "true", "reblog_info": "true"},
    )
    header = wire.adapter.requests[0].headers["Authorization"]
    assert 'oauth_consumer_key="consumer"' in str(header)
    assert wire.budget.effective_remaining == 990


def test_a_post_by_any_of_its_ids(wire: Wire) -> None:
    wire.will_answer(page(post(5, genesis_post_id="3")), page(post(5)), document([], 404))
    found = wire.reader.post("3")
    assert found is not None
    assert found.id == "5"
    assert wire.reader.post("4") is None
    assert wire.reader.post("4") is None
    assert wire.sent(0)[2] == {"id": "3", "npf": "true", "reblog_info": "true", "api_key": "consumer"}


def test_pages_are_read_until_one_brings_nothing_new(wire: Wire) -> None:
    wire.will_answer(page(post(9), post(8)), page(post(8), post(7)), page(post(7)))
    assert [p.id for p in wire.reader.queue()] == ["9", "8", "7"]
    assert [wire.sent(i)[2].get("offset") for i in range(3)] == ["0", "2", "4"]


def test_drafts_are_paged_by_the_last_id(wire: Wire) -> None:
    wire.will_answer(page(post(9)), page(post(8)), page())
    assert [p.id for p in wire.reader.drafts()] == ["9", "8"]
    assert [wire.sent(i)[2].get("before_id") for i in range(3)] == [None, "9", "8"]


def test_published_posts_are_read_back_to_a_moment(wire: Wire) -> None:
    pinned = post(1, timestamp=10)
    wire.will_answer(page(pinned, post(9), post(8)), page(post(7), post(6)))
    assert [p.id for p in wire.reader.published_since(7)] == ["1", "9", "8", "7"]


def test_a_list_with_an_unreadable_post_is_not_taken_as_complete(wire: Wire) -> None:
    wire.will_answer(page({"id": None}))
    with pytest.raises(MalformedAnswer):
        list(wire.reader.queue())
    wire.will_answer(page({"id": None}, post(4)))
    assert wire.reader.inbox().problems


def test_answering_an_ask(wire: Wire) -> None:
    wire.will_answer(document({"id": 9, "id_string": "9", "state": "published"}))
    html = "<p>yes &amp; no: é 域 + % ~ ' ( ) *</p>"
    reply = wire.writer.answer("3", Writing(html, ("a b", "ü"), "published"))
    assert reply["id"] == "9"
    assert wire.sent() == (
        "POST",
        "/v2/blog/frank.tumblr.com/post/edit",
        {"id": "3", "answer": html, "tags": "a b,ü", "state": "published"},
    )
    assert "close" in str(wire.adapter.requests[0].headers["Connection"])
    assert wire.adapter.timeouts == [30]


def test_no_tags_are_sent_as_no_tags(wire: Wire) -> None:
    wire.will_answer(document({"id": "9"}, 201))
    wire.writer.create(Writing("x", (), "queue"))
    assert wire.sent()[2]["tags"] == ""
    assert wire.sent()[2]["type"] == "text"


@pytest.mark.parametrize("broken", [{}, {"id": None}, [], "Posted", {"id_string": "x"}])
def test_a_write_without_an_id_in_its_answer_may_have_happened(wire: Wire, broken: object) -> None:
    wire.will_answer(document(broken))
    with pytest.raises(MalformedAnswer) as caught:
        wire.writer.create(SAID)
    assert caught.value.may_have_happened


NOT_FOUND = {"title": "Not Found", "code": 0, "detail": "Nothing here. Try again."}
ERRORS: list[tuple[Callable[[], Response], type[TumblrError], str]] = [
    (
        lambda: document(
            [], 401, errors=[{"title": "Unauthorized", "code": 1016, "detail": "Unable to authorize"}]
        ),
        Unauthorized,
        "Unable to authorize",
    ),
    (lambda: document("You do not have permission to view this blog", 403), Forbidden, "permission"),
    (lambda: document({"errors": ["You cannot reblog this post."]}, 403), Forbidden, "cannot reblog"),
    (lambda: document([], 404, errors=[NOT_FOUND]), NotFound, "Nothing here"),
    (
        lambda: document({"errors": ["Bad.", {"code": 8001, "message": "Post cannot be empty."}]}, 400),
        Refused,
        "Bad.; Post cannot be empty.",
    ),
    (lambda: document([], 400, errors=[{"title": "Bad Request", "code": 8001}]), Refused, "Bad Request"),
    (lambda: document([], 400, errors="odd"), Refused, "odd"),
    (
        lambda: document({"errors": ["You've exceeded your daily post limit."]}, 403),
        LimitReached,
        "daily post limit",
    ),
    (lambda: document({"errors": ["You cannot queue more than 300 posts"]}, 400), LimitReached, "queue more"),
    (lambda: document([], 403, errors=[{"title": "Forbidden", "code": 8023}]), LimitReached, "no more posts"),
    (lambda: document([], 429, errors=[{"title": "Limit Exceeded"}]), LimitReached, "no more calls"),
    (lambda: answer("Slow down", 429, {}), LimitReached, "no more calls"),
    (lambda: answer("gone", 404), NotFound, "no reason given"),
    (lambda: document([], 503), TumblrUnavailable, "503"),
    (lambda: answer("<html>busy</html>", 502, {"Content-Type": "text/html"}), TumblrUnavailable, "not JSON"),
    (lambda: answer("<html>hi</html>", 200, {"Content-Type": "text/html"}), TumblrUnavailable, "not JSON"),
    (lambda: answer('{"meta": {"status": 200}, "resp'), MalformedAnswer, "broken document"),
    (lambda: answer({"posts": []}), MalformedAnswer, "broken document"),
    (lambda: answer({"meta": {"status": 200}}), MalformedAnswer, "incomplete"),
    (lambda: answer({"meta": {"status": "OK"}, "response": {}}), MalformedAnswer, "incomplete"),
    (lambda: answer({"meta": 7, "response": {}}, 500), TumblrUnavailable, "500"),
]


@pytest.mark.parametrize(("make", "kind", "words"), ERRORS)
def test_errors(wire: Wire, make: Callable[[], Response], kind: type[TumblrError], words: str) -> None:
    wire.will_answer(make())
    with pytest.raises(kind, match=words) as caught:
        wire.writer.create(SAID)
    assert caught.value.may_have_happened == (kind in {TumblrUnavailable, MalformedAnswer})


@pytest.mark.parametrize("status", [400, 401, 403, 404])
@pytest.mark.parametrize("kind", ["text/html", "application/json", ""])
def test_a_page_of_the_server_before_tumblr_says_nothing_of_keys_or_posts(
    wire: Wire, status: int, kind: str
) -> None:
    page = f"<html><head><title>{status}</title></head><body><center>nginx</center></body></html>"
    wire.will_answer(answer(page, status, {"Content-Type": kind}))
    with pytest.raises(TumblrUnavailable):
        wire.writer.create(SAID)


@pytest.mark.parametrize(
    ("make", "passing"),
    [
        (lambda: document([], 400, errors=[{"title": "Bad Request", "code": 8001}]), True),
        (lambda: document([], 403), True),
        (lambda: document([], 403, errors=[{"title": "Forbidden", "code": 0}]), True),
        (lambda: document({"errors": [{"code": 8001, "message": "Post cannot be empty."}]}, 400), False),
        (lambda: document({"errors": ["Invalid ID or reblog_key specified"]}, 400), False),
        (lambda: document("You do not have permission to view this blog", 403), False),
        (lambda: document([], 400, errors=[{"title": "Bad Request", "code": 8002}]), False),
    ],
)
def test_only_a_stated_reason_makes_a_refusal_last(
    wire: Wire, make: Callable[[], Response], passing: bool
) -> None:
    wire.will_answer(make())
    with pytest.raises(TurnedDown) as caught:
        wire.writer.create(SAID)
    assert caught.value.passing is passing


def test_a_read_without_an_answer_is_repeated_with_more_patience(wire: Wire) -> None:
    wire.will_answer(requests.ConnectTimeout(), document([], 503), page(post(1)))
    assert len(wire.reader.inbox().posts) == 1
    assert wire.adapter.timeouts == [8, 16, 32]
    wire.will_answer(*[requests.ReadTimeout() for _ in range(3)])
    with pytest.raises(TumblrUnavailable, match=r"no answer from tumblr at http://127\.0\.0\.1:9999"):
        wire.reader.inbox()


def test_a_write_without_an_answer_is_never_repeated_here(wire: Wire) -> None:
    wire.will_answer(requests.ReadTimeout())
    with pytest.raises(TumblrUnavailable) as caught:
        wire.writer.create(SAID)
    assert caught.value.may_have_happened
    assert len(wire.adapter.requests) == 1


def test_nothing_is_sent_while_no_call_is_allowed(wire: Wire, clock: FakeClock) -> None:
    wire.will_answer(document([], 429))
    with pytest.raises(LimitReached):
        wire.reader.inbox()
    with pytest.raises(LimitReached):
        wire.writer.create(SAID)
    assert len(wire.adapter.requests) == 1
    clock.advance(61)
    wire.will_answer(page())
    wire.reader.inbox()


def test_a_read_transport_cannot_write_nor_a_write_transport_read(wire: Wire) -> None:
    with requests.Session() as session:
        read = ReadRequest(KEYS, HOST, session, wire.budget, timeout_seconds=8, max_tries=1)
        write = WriteRequest(KEYS, HOST, session, wire.budget, timeout_seconds=8)
        with pytest.raises(TypeError):
            UncheckedClient(read).send_api_request("post", "/v2/blog/frank/post", {"body": "x"})
        with pytest.raises(TypeError):
            UncheckedClient(write).send_api_request("get", "/v2/user/info")
        for request in (read, write):
            with pytest.raises(TypeError):
                request.delete("/v2/blog/frank/post")
    assert wire.adapter.requests == []


@pytest.mark.parametrize("bad", ["", "../x", "a b", "a/b", "a?b", "-x"])
def test_only_names_of_blogs_are_put_into_addresses(bad: str) -> None:
    with pytest.raises(ValueError):
        full_blog_name(bad)


def test_keys_are_not_shown() -> None:
    assert not [secret for secret in ("secret1", "secret2") if secret in f"{KEYS!r} {KEYS}"]
    assert full_blog_name("blog.example.org") == "blog.example.org"


def test_a_picture_goes_as_a_part_with_a_name_and_the_fields_go_twice(wire: Wire) -> None:
    wire.will_answer(document({"id": 7, "id_string": "7", "state": "published"}, 201))
    png = b"\x89PNG\r\n\x1a\n\x00\xff"
    posted = wire.writer.create_photo(Writing("<p>é & so</p>", (), "published"), png)
    assert posted["id"] == "7"
    request = wire.adapter.requests[-1]
    parts = urlsplit(request.url or "")
    expected = {"type": "photo", "caption": "<p>é & so</p>", "tags": "", "state": "published"}
    assert parts.path == "/v2/blog/frank.tumblr.com/post"
    assert dict(parse_qsl(parts.query, keep_blank_values=True)) == expected
    assert isinstance(request.body, bytes)
    head = text_of(request.headers["Content-Type"])
    message: Any = message_from_bytes(f"Content-Type: {head}\r\n\r\n".encode() + request.body)
    sent = {part.get_param("name", header="content-disposition"): part for part in message.get_payload()}
    assert sent["data"].get_filename() == "image0.png"
    assert sent["data"].get_payload(decode=True) == png
    assert sent["data"]["Content-Type"] is None
    assert sent["caption"].get_payload(decode=True).decode() == "<p>é & so</p>"
    assert set(sent) == {"data", *expected}
    assert is_signed(request)


def text_of(header: str | bytes) -> str:
    """A header's text; signing turns some headers into bytes."""
    return header if isinstance(header, str) else header.decode()


def is_signed(request: PreparedRequest) -> bool:
    """Whether the signature covers method, address and query; a body in parts is not signed."""
    authorization = text_of(request.headers["Authorization"])
    fields = dict(re.findall(r'(\w+)="([^"]*)"', authorization))
    claimed = unquote(fields.pop("oauth_signature"))
    pairs = [(name, unquote(value)) for name, value in fields.items() if name.startswith("oauth_")]
    parts = urlsplit(request.url or "")
    pairs += parse_qsl(parts.query, keep_blank_values=True)
    joined = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(pairs))
    address = f"{parts.scheme}://{parts.netloc}{parts.path}"
    base = "&".join(quote(part, safe="~") for part in (request.method or "", address, joined))
    digest = hmac.new(b"secret1&secret2", base.encode(), hashlib.sha1).digest()
    return claimed == base64.b64encode(digest).decode()


def test_deleting_and_following(wire: Wire) -> None:
    wire.will_answer(document({"id": 7}), document({"blog": {"followed": True}}), document({"blog": {}}))
    wire.writer.delete("7")
    assert wire.sent() == ("POST", "/v2/blog/frank.tumblr.com/post/delete", {"id": "7"})
    wire.account.follow("bob")
    assert wire.sent() == ("POST", "/v2/user/follow", {"url": "bob.tumblr.com"})
    wire.account.unfollow("bob")
    assert wire.sent() == ("POST", "/v2/user/unfollow", {"url": "bob.tumblr.com"})


def test_an_answer_that_says_otherwise_is_no_obedience(wire: Wire) -> None:
    wire.will_answer(document({"blog": {"followed": False}}), document({"blog": {"followed": True}}))
    with pytest.raises(Refused, match="bob is not followed"):
        wire.account.follow("bob")
    with pytest.raises(Refused, match="bob is still followed"):
        wire.account.unfollow("bob")


def test_every_call_is_counted(wire: Wire) -> None:
    wire.will_answer(document({"posts": []}), requests.ConnectionError(), document({"posts": []}))
    wire.reader.queue_head()
    wire.reader.drafts_head()
    assert wire.budget.calls == 3
