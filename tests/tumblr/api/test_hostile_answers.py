"""Whatever tumblr answers, the bot goes on: at the boundary there are only named errors, and a pass ends."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import requests
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.adapters import BaseAdapter
from requests.models import PreparedRequest, Response

from bot_config import Config, load_config
from bot_lifecycle import Shutdown
from tests.tumblr import hostile
from tests.tumblr.api.test_client import HOST, KEYS
from tests.tumblr.fakes import RULES, FakeClock
from tests.tumblr.hostile import HostileTumblr, Place, Town, places, with_value
from tumblr.api.block_writer import BlockWriter
from tumblr.api.client import AccountWriter, TumblrDashReader, TumblrReader
from tumblr.api.errors import MalformedAnswer, TumblrError
from tumblr.api.rate_limits import Budget
from tumblr.api.transport import ReadRequest, WriteRequest
from tumblr.api.writer import HtmlWriter, ReblogTarget, TumblrWriter, Writing
from tumblr.build import running_bot

INFINITE = float("inf")
DEEP = json.loads("[" * 300 + "]" * 300)

ODD: tuple[object, ...] = (
    *(None, True, False, {}, [], [None], [[]], [{}], {"a": 1}, DEEP),
    *(0, -1, 2**31, 2**63, -(2**70), 10**30, 0.5, 1e300, INFINITE, -INFINITE, float("nan")),
    *("", "0", "-1", "x", "a b", "9" * 30, "9" * 5000, "1e999", "\u0663", "\u00b2", "\u2028", "\x00"),
    *("\ud800", "half of a character \ud83d", "<b>" * 3000, "<blockquote>" * 500, "x" * 100_000),
    *("@frank", "../x", "https://", "http://[", "//[x"),
)
"""What might stand anywhere in an answer, by mistake or by malice."""

JSON = st.recursive(
    st.sampled_from(ODD) | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("meta", "status", "response", "errors", "posts", "notes", "blogs", "id", "type"))
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)

BODIES = st.one_of(
    JSON.map(json.dumps),
    JSON.map(lambda value: json.dumps({"meta": {"status": 200, "msg": "OK"}, "response": value})),
    JSON.map(lambda value: json.dumps({"meta": {"status": 200}, "response": {"posts": [value, {"id": 7}]}})),
    st.fixed_dictionaries(
        {
            "id": st.sampled_from((7, "7")) | JSON,
            "content": st.lists(JSON) | JSON,
            "layout": st.lists(st.fixed_dictionaries({"type": st.just("ask"), "blocks": JSON})) | JSON,
            "state": st.sampled_from(("draft", "queued")) | JSON,
            "tags": st.lists(JSON) | JSON,
            "blog": st.fixed_dictionaries({"uuid": JSON}),
        }
    ).map(lambda value: json.dumps({"meta": {"status": 200}, "response": value})),
    st.tuples(st.sampled_from((200, 400, 403, 404, 429, 500)), JSON).map(
        lambda pair: json.dumps({"meta": {"status": pair[0]}, "response": [], "errors": pair[1]})
    ),
    st.sampled_from(("", "null", "<html>", "[" * 50_000, '{"meta":{"status":200},"response":', "\x00")),
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [f"X-Ratelimit-Per{w}-{f}" for w in ("hour", "day") for f in ("Limit", "Remaining", "Reset")]
    ),
    st.sampled_from(("0", "-5", "1000", "nan", "inf", "1e400", "", "soon", "9" * 400)),
)


NUMBER = "a number that no answer had before"
ENDLESS = json.dumps(
    {
        "meta": {"status": 200},
        "response": {"posts": [{"id": NUMBER, "timestamp": 9}], "blogs": [{"name": NUMBER}]},
    }
)


class OneAnswer(BaseAdapter):
    """Says the same to everything."""

    def __init__(self) -> None:
        super().__init__()
        self.status, self.body, self.headers = 200, "", {"Content-Type": "application/json"}
        self._numbers = itertools.count(1)

    def send(self, request: PreparedRequest, *_: object, **__: object) -> Response:
        response = Response()
        body = self.body.replace(NUMBER, str(next(self._numbers)))
        response.status_code, response._content = self.status, body.encode()
        response.headers.update(self.headers)
        response.request, response.url = request, request.url or ""
        return response

    def close(self) -> None:
        """Nothing to close."""


SAID = Writing('<p><a class="tumblelog" href="https://bob.tumblr.com/">@bob</a> x</p>', ("a",), "draft")
WRITES: dict[str, Callable[[Callable[[], TumblrWriter]], object]] = {
    "edit": lambda writer: writer().edit("7", {"tags": "a", "answer": "b"}),
    "answer": lambda writer: writer().answer("7", SAID),
    "create": lambda writer: writer().create(SAID),
    "photo": lambda writer: writer().create_photo(SAID, b"x"),
    "reblog": lambda writer: writer().reblog(ReblogTarget("bob", "7", "k"), SAID),
    "delete": lambda writer: writer().delete("7"),
}


@dataclass(frozen=True)
class Line:
    """All the ways to tumblr, on one adapter."""

    adapter: OneAnswer
    calls: dict[str, Callable[[], object]]


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    with requests.Session() as session:
        adapter = OneAnswer()
        session.mount("http://", adapter)

        def read() -> ReadRequest:
            return ReadRequest(KEYS, HOST, session, Budget(FakeClock()), timeout_seconds=8, max_tries=1)

        def write() -> WriteRequest:
            return WriteRequest(KEYS, HOST, session, Budget(FakeClock()), timeout_seconds=8)

        def html() -> TumblrWriter:
            return HtmlWriter(write(), "frank")

        def blocks() -> TumblrWriter:
            return BlockWriter(write(), read(), "frank")

        calls: dict[str, Callable[[], object]] = {
            "inbox": lambda: TumblrReader(read(), RULES).inbox(),
            "post": lambda: TumblrReader(read(), RULES).post("7"),
            "queue": lambda: list(TumblrReader(read(), RULES).queue()),
            "drafts": lambda: list(TumblrReader(read(), RULES).drafts()),
            "published": lambda: list(TumblrReader(read(), RULES).published_since(5)),
            "recent": lambda: list(TumblrReader(read(), RULES).recent(60)),
            "notes": lambda: TumblrReader(read(), RULES).notes("7"),
            "mentions": lambda: TumblrReader(read(), RULES).mentions(0, 100),
            "post of": lambda: TumblrReader(read(), RULES).post_of("bob", "7"),
            "dashboard": lambda: list(TumblrDashReader(read(), RULES).dashboard(60)),
            "dashboard after": lambda: list(TumblrDashReader(read(), RULES).dashboard_after("6", 3)),
            "following": lambda: list(TumblrDashReader(read(), RULES).following()),
            **{
                f"{verb}, {form}": partial(call, writer)
                for form, writer in (("html", html), ("blocks", blocks))
                for verb, call in WRITES.items()
            },
            "follow": lambda: AccountWriter(write()).follow("bob"),
        }
        yield Line(adapter, calls)


@settings(max_examples=150, deadline=None)
@given(
    body=BODIES, headers=HEADERS, status=st.sampled_from((200, 200, 200, 201, 302, 400, 401, 404, 429, 500))
)
def test_whatever_comes_over_the_wire_is_read_or_is_a_named_error(
    line: Line, body: str, headers: dict[str, str], status: int
) -> None:
    line.adapter.status, line.adapter.body = status, body
    line.adapter.headers = {"Content-Type": "application/json", **headers}
    said: list[str] = []
    for call in line.calls.values():
        try:
            answer = call()
        except TumblrError as error:
            said.append(repr(error))
            continue
        json.dumps(answer, ensure_ascii=False, default=vars).encode()  # else it could not be stored
    secrets = [secret.get_secret_value() for secret in (KEYS.consumer_secret, KEYS.token_secret)]
    assert not [words for words in said if any(secret in words for secret in secrets)]


@pytest.fixture(scope="module", params=["npf", "legacy"])
def day(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[HostileTumblr, Config]]:
    """A tumblr whose answers to a whole pass are recorded, and a bot's configuration for it."""
    folder = tmp_path_factory.mktemp("hostile")
    town = Town(folder)
    with HostileTumblr(town.base_url) as tumblr:
        config = load_config(hostile.settings(folder, tumblr, request.param, *town.keys))
        found = one_pass(config)
        tumblr.upstream = None
        town.leave()
        kinds = {str(event["turn"]).partition(":")[0] for event in found if event["event"] == "turn found"}
        assert kinds == {"ask", "review", "reblog", "reply", "mention", "original"}, (
            "the pass sees everything"
        )
        yield tumblr, config


def one_pass(config: Config) -> list[Any]:
    """Look at everything once; the answer is what was logged."""
    with structlog.testing.capture_logs() as logged, running_bot(config, Shutdown(), dry_run=True) as loop:
        loop.find()
    return logged


@st.composite
def change(draw: st.DrawFn, documents: dict[str, Any]) -> tuple[str, Place, object]:
    """A call, a place in its answer, and what stands there instead."""
    call = draw(st.sampled_from(sorted(documents)))
    place = draw(st.sampled_from(list(places(documents[call]))))
    return call, place, draw(st.sampled_from(ODD))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_pass_ends_and_says_in_words_what_is_wrong_with_an_answer(
    day: tuple[HostileTumblr, Config], data: st.DataObject
) -> None:
    tumblr, config = day
    documents = tumblr.documents()
    tumblr.changed = {}
    for _ in range(data.draw(st.integers(1, 2))):
        call, place, odd = data.draw(change(documents))
        tumblr.changed[call] = with_value(documents[call], place, odd)
    logged = one_pass(config)
    assert [event for event in logged if "exc_info" in event] == []
    assert any(event["event"] == "turn found" for event in logged), "the other looks go on"
    assert not [secret for secret in secrets_of(config) if secret in repr(logged)]


def secrets_of(config: Config) -> list[str]:
    """The strings that no log may show."""
    key_sets = (*config.tumblr.base_keys, *config.tumblr.dashboard_keys)
    hidden = (secret for one in key_sets for secret in (one.consumer_secret, one.token, one.token_secret))
    return [secret.get_secret_value() for secret in hidden]


def test_half_a_character_becomes_a_sign_that_something_was_there(line: Line) -> None:
    post = {"id": 7, "blog_name": "frank", "summary": "cut off \ud83d", "tags": ["\ud83d\ude00"]}
    line.adapter.status, line.adapter.headers = 200, {}
    line.adapter.body = json.dumps({"meta": {"status": 200}, "response": {"posts": [post]}})
    found: Any = line.calls["post"]()
    assert (found.summary, found.tags) == ("cut off \N{REPLACEMENT CHARACTER}", ("\N{GRINNING FACE}",))


def test_numbers_that_are_none_are_missing(line: Line) -> None:
    line.adapter.status, line.adapter.headers = 200, {}
    post = '{"id": 7, "timestamp": 1e999, "note_count": Infinity, "scheduled_publish_time": NaN}'
    line.adapter.body = f'{{"meta": {{"status": 200}}, "response": {{"posts": [{post}]}}}}'
    found: Any = line.calls["post"]()
    assert (found.timestamp, found.note_count, found.scheduled_publish_time) == (0, 0, None)


@pytest.mark.parametrize("call", ["queue", "published", "following"])
def test_a_list_without_end_is_left(line: Line, call: str) -> None:
    line.adapter.status, line.adapter.headers = 200, {}
    line.adapter.body = ENDLESS
    with pytest.raises(MalformedAnswer):
        line.calls[call]()
