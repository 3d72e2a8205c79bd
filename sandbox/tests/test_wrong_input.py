"""Whatever is sent to an endpoint, in whatever types: it succeeds, or is refused as documented."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import cycle
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from bench import FakeClock, new_world
from pages.stage import Stage, furnish
from tumblr_sandbox.api.refusals import REASON
from tumblr_sandbox.app import create_app
from tumblr_sandbox.demo_accounts import DEMO_BLOG, demo_keys
from tumblr_sandbox.store import accounts, grants, posts
from tumblr_sandbox.store.grants import Grant
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.world import World

TOKEN = "a-token-of-franks"
REFUSALS = (400, 401, 403, 404, 429)
HUGE = 2**70
KINDS = ("text", "image", "link", "audio", "video", "poll", "paywall", "rows", "ask", "condensed")
FIELDS = (
    *("type", "text", "subtype", "indent_level", "formatting", "media", "url", "alt_text", "start", "end"),
    *("blog", "uuid", "identifier", "media_key", "display", "blocks", "truncate_after", "rows", "hex"),
    *("question", "answers", "client_id", "settings", "provider", "mode", "colors", "attribution"),
)
"""What blocks and layouts are made of."""
WORDS = (
    *("", " ", "0", "1", "-1", "1e9", "1_0", "NaN", "inf", "٣", str(HUGE), str(-HUGE), "9" * 400, "1.5"),
    *("true", "null", "[]", "{}", "\0", "\ud83d", "é\N{CAT FACE}", "%00", "..", "a,b", "'", '"', "t:x"),
    *("frank", "published", "queue", "draft", "submission", "private", "queued", "text", "photo", "chat"),
    *("2999-01-01", "0000-00-00", "http://", "http://[", "http://127.0.0.1:1/x", "javascript:alert(1)"),
    *("<script>alert(1)</script>", "<p>a", "AAAA", "x" * 5000, "legacy", "npf", "asc", "raw", "markdown"),
)
SHARP: tuple[Any, ...] = (HUGE, str(-HUGE), "\0\ud83d", {"a": [1]}, [[], None], 1.5)
"""One value for each way to be wrong, tried in every place."""
LEAVES = st.sampled_from((*WORDS, None, True, False, 0, -1, 1, HUGE, -HUGE, 1.5, 1e400, float("nan")))
CALLS = int(os.environ.get("SANDBOX_CALLS", "150"))
MANY_CALLS = 1000
"""How many generated calls are made; ``make conformance`` makes 10,000."""
COMMUNITIES = ("club", "shed", "attic", "den")
WAYS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data", "query")


def _nested(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists, and things that look like blocks or layouts."""
    blocks = st.builds(
        lambda kind, rest: {"type": kind, **rest},
        st.sampled_from(KINDS),
        st.dictionaries(st.sampled_from(FIELDS), values, max_size=4),
    )
    return st.one_of(st.lists(values, max_size=2), blocks, st.lists(blocks, max_size=3))


WRONG = st.recursive(LEAVES, _nested, max_leaves=12)


class Api:
    """The API of a furnished sandbox, asked as frank."""

    def __init__(self, world: World) -> None:
        app = create_app(world)
        self._browser = app.test_client()
        self.endpoints = sorted(_endpoints(app))
        with world.database.write() as connection:
            user = accounts.find_user(connection, DEMO_BLOG)
            blog = accounts.find_blog(connection, DEMO_BLOG)
            assert user is not None
            assert blog is not None
            key = demo_keys(DEMO_BLOG, world.database.path).consumer_key
            grants.add(connection, Grant(TOKEN, "access", key, 2**40, user.id))
            own = posts.by_newest_id(connection, blog.id, None, limit=1000)
            self.targets = [*own, *posts.newest_where(connection, posts.P.blog_id != blog.id, limit=30)]
        world.set_limits(dict.fromkeys(("per_hour", "per_day", "posts_per_day", "images_per_day"), 10**9))

    def send(self, method: str, path: str, sent: dict[str, Any], way: str) -> TestResponse:
        """One request, with its parameters in one of four ways."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        if way == "application/json":
            return self._browser.open(
                path, method=method, headers=headers, data=json.dumps(sent), content_type=way
            )
        flat = {name: _as_text(value) for name, value in sent.items()}
        if way == "query":
            return self._browser.open(f"{path}?{urlencode(flat)}", method=method, headers=headers)
        return self._browser.open(path, method=method, headers=headers, data=flat, content_type=way)


def _open_communities(stage: Stage) -> None:
    """Communities of frank's and of others', each with something in it."""
    people = (DEMO_BLOG, "quietmarsh", "memefoundry")
    for number, handle in enumerate(COMMUNITIES):
        admin, member = (people[(number + turn) % len(people)] for turn in range(2))
        made = stage.community(handle, admin, member, visibility="private" if number % 2 else "public")
        stage.post_into(made, member, "<p>a</p>")


def _as_text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()


def _endpoints(app: Flask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/v2/"):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield method, rule.rule


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One sandbox for all that is sent: it must bear all of it."""
    world = new_world(tmp_path_factory.mktemp("wrong") / "sandbox.sqlite", FakeClock(1_700_000_000.0))
    _open_communities(furnish(world))
    yield Api(world)
    world.close()


TEXT = {"type": "text", "text": "one two", "formatting": [{"start": 0, "end": 3, "type": "bold"}]}
NPF = {
    "content": [TEXT, {"type": "link", "url": "https://example.com/"}, TEXT],
    "layout": [{"type": "rows", "display": [{"blocks": [n]} for n in range(3)], "truncate_after": 0}],
    "state": "draft",
    "tags": "a,b",
    "date": "2020-01-01",
    "slug": "s",
    "source_url": "https://example.com/",
    "interactability_reblog": "everyone",
    "is_private": False,
}
PAGE = {"limit": 5, "offset": 1, "npf": "true"}


def right(rule: str, post: StoredPost) -> dict[str, Any]:
    """A request's parameters as they should be, by the end of its endpoint's path."""
    named = {"id": post.id, "reblog_key": post.reblog_key}
    written = {
        "type": "text",
        "title": "t",
        "body": "<p>a</p>",
        "tags": "a",
        "state": "draft",
        "date": "2020-01-01",
    }
    every: dict[str, dict[str, Any]] = {
        "/post": {**written, "format": "html", "slug": "s"},
        "/post/edit": {"id": post.id, "answer": "<p>a</p>", "body": "<p>b</p>", "tags": "", "state": "draft"},
        "/post/reblog": {**named, "comment": "<p>c</p>", "tags": "a", "state": "queue"},
        "/post/delete": {"id": 1},
        "<identifier>/posts": {**NPF, **PAGE, "before": "", "sort": "desc", "tag": "a", "type": "text"},
        "/posts/<int:post_id>": {**NPF, "post_format": "legacy"},
        "/mute": {"mute_length_seconds": 60},
        "/reorder": {"post_id": post.id, "insert_after": 0},
        "/notes": {"id": post.id, "mode": "conversation", "before_timestamp": "1700000000.5"},
        "/notifications": {
            "types[0]": "like",
            "before": 1_700_000_000,
            "rollups": "true",
            "omit_post_ids": "1",
        },
        "/likes": {**PAGE, "offset": 0},
        "/blocks": {"limit": 5, "offset": 0, "blocked_tumblelog": "memefoundry", "anonymous_only": "false"},
        "/blocks/bulk": {"blocked_tumblelogs": "memefoundry"},
        "<handle>": {
            "context": "edit",
            "title": "t",
            "description": "d",
            "handle": "club",
            "privacy": 0,
            "tags": ["a"],
            "about": "a",
            "guidelines": ["g"],
            "invite_links_enabled": True,
            "join_type": "free",
        },
        "/timeline": {"type": "recent", "limit": 5, "before_id": post.id},
        "/members": {"invite_hash": "h", "page": 1, "filter": "all"},
        "/members/<blog>": {"reason": "other", "note": "n", "ban_user": "false", "role": "moderator"},
        "/invitations": {"recipient_blog": "crimewave-jam", "message": "m", "before": 1_700_000_000},
        "/invitations/<blog>": {"do_not_invite": "true"},
        "/invite_hash": {"invite_hash": "h"},
        "/reactions": {"slug": ":fire:", "grapheme": "\N{FIRE}"},
        "/like": named,
        "/unlike": named,
        "/follow": {"url": "quietmarsh.tumblr.com"},
        "/unfollow": {"url": "quietmarsh.tumblr.com"},
        "/tagged": {**PAGE, "tag": "a", "before": 1_700_000_000},
        "/dashboard": {**PAGE, "since_id": 1, "before_id": post.id, "type": "text"},
        "/followed_by": {"query": "quietmarsh"},
        "/filtered_tags": {"filtered_tags": ["a", "b"]},
        "/filtered_content": {"filtered_content": "a"},
        "/token": {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b", "code": "c"},
    }
    ends = sorted((end for end in every if rule.endswith(end)), key=len)
    return every[ends[-1]] if ends else PAGE


def check(answer: TestResponse) -> None:
    """A success, or one of the documents of refusal."""
    assert answer.content_type == "application/json; charset=utf-8"
    document = json.loads(answer.text)
    assert f"{document['meta']['status']} {document['meta']['msg']}" == answer.status, document
    if answer.status_code < 400:
        assert "response" in document
        return
    assert answer.status_code in REFUSALS, document
    response = document.get("response")
    if isinstance(response, dict):
        assert response.keys() in ({"errors"}, {"error"})
    elif not isinstance(response, str):
        assert [error.keys() - {REASON} for error in document["errors"]] == [{"title", "code", "detail"}]


def address(rule: str, blog: str, number: int, handle: str = "club") -> str:
    """An endpoint's address, filled in."""
    path = rule.replace("<identifier>", blog).replace("<int:post_id>", str(number))
    return (
        path.replace("<kind>", "photo")
        .replace("<handle>", handle)
        .replace("<blog>", "quietmarsh")
        .replace("<reaction>", "1")
        .replace("<size>", "64")
        .replace("<path:path>", "nowhere")
        .replace("<path:gone>", "x")
    )


def test_each_parameter_wrong_in_turn(api: Api) -> None:
    """Each is wrong in two ways, in turn, and in all of them where there is time for many calls."""
    ways = cycle(range(len(SHARP)))
    for turn, (method, rule) in enumerate(api.endpoints):
        for place, post in zip(right(rule, api.targets[0]), cycle(api.targets), strict=False):
            tried = range(len(SHARP)) if CALLS >= MANY_CALLS else (next(ways), next(ways))
            for step, wrong in ((step, SHARP[step]) for step in tried):
                sent = {**right(rule, post), place: wrong}
                check(api.send(method, address(rule, DEMO_BLOG, post.id), sent, WAYS[(turn + step) % 4]))


@settings(max_examples=CALLS, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_several_things_wrong_at_once(api: Api, data: st.DataObject) -> None:
    method, rule = data.draw(st.sampled_from(api.endpoints))
    post = data.draw(st.sampled_from(api.targets))
    sent = {**right(rule, post)}
    for place in data.draw(st.sets(st.sampled_from(sorted(sent)), max_size=3)):
        sent[place] = data.draw(WRONG)
    number = data.draw(st.sampled_from((post.id, post.id, 0, HUGE)))
    blog = data.draw(st.sampled_from((DEMO_BLOG, DEMO_BLOG, "quietmarsh", "@@club", "nobody")))
    handle = data.draw(st.sampled_from((*COMMUNITIES, "@@club", "nowhere")))
    check(api.send(method, address(rule, blog, number, handle), sent, data.draw(st.sampled_from(WAYS))))
