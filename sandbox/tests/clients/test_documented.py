"""The examples of tumblr's documentation, as data: what is asked for is answered as it says.

All on one sandbox, in which something of everything has happened.
"""

from __future__ import annotations

import shutil
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bench import FakeClock, Served, new_world
from conformance.conftest import png
from conformance.people import Crowd
from conftest import Template
from tumblr_sandbox.app import build_app, serve_world
from tumblr_sandbox.driver import SandboxDriver

EXAMPLES = tomllib.loads((Path(__file__).parent / "documented.toml").read_text(encoding="utf-8"))
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
PHRASES = {200: "OK", 201: "Created", 302: "Found", 400: "Bad Request", 403: "Forbidden", 404: "Not Found"}
MISSING = object()


class Stage:
    """The sandbox, and what examples name in braces: each example gets things of its own."""

    def __init__(self, served: Served, crowd: Crowd) -> None:
        self.url, self.driver, self.crowd = served.url, served.driver, crowd
        self._makers: dict[str, Callable[[], str]] = {
            "fresh": lambda: self.driver.post("frank", "<p>fresh</p>", tags=["tea", "milk"]),
            "theirs": lambda: self.driver.post("bob", "<p>theirs</p>"),
            "queued": lambda: self.driver.post("frank", "<p>later</p>", state="queued"),
            "draft": lambda: self.driver.post("frank", "<p>not yet</p>", state="draft"),
            "ask": lambda: self.driver.ask("frank", "Well?", asker="bob"),
            "anonymous_ask": lambda: self.driver.ask("frank", "Who are you?"),
            "noted": self._noted,
            "picture": self._picture,
            "soon": lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400)),
            "bobs_uuid": lambda: str(self._info("bob")["uuid"]),
            "franks_uuid": lambda: str(self._info("frank")["uuid"]),
        }

    def filled(self, value: Any, names: dict[str, str]) -> Any:
        """A value with every name in braces replaced; ``names`` remembers what they stand for."""
        if isinstance(value, dict):
            return {key: self.filled(inner, names) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner, names) for inner in value]
        if not isinstance(value, str):
            return value
        for name in [*self._makers, "key_of_theirs", "made"]:
            if "{" + name + "}" in value:
                if name not in names:
                    names[name] = self._key_of(names) if name == "key_of_theirs" else self._makers[name]()
                value = value.replace("{" + name + "}", names[name])
        return value

    def call(self, method: str, path: str, level: str = "oauth", **options: Any) -> requests.Response:
        """Send a request with the credentials of a level; it is read to its end."""
        options |= {"timeout": 60, "allow_redirects": False}
        if level == "oauth":
            options["auth"] = self.crowd.signed("frank")
        elif level == "key":
            path += f"{'&' if '?' in path else '?'}api_key={self.crowd.keys('frank').consumer_key}"
        with requests.request(method, self.url + path, **options) as reply:
            return reply

    def _info(self, blog: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/v2/blog/{blog}/info").json()["response"]["blog"]
        return found

    def _key_of(self, names: dict[str, str]) -> str:
        answer = self.call("GET", f"/v2/blog/bob/posts?id={self.filled('{theirs}', names)}").json()
        return str(answer["response"]["posts"][0]["reblog_key"])

    def _picture(self) -> str:
        made = self.call(
            "POST", "/v2/blog/frank/post", data={"type": "photo"}, files={"data": png(90, 60)}
        ).json()
        answer = self.call("GET", f"/v2/blog/frank/posts?id={made['response']['id']}").json()
        return str(answer["response"]["posts"][0]["photos"][0]["original_size"]["url"])

    def _noted(self) -> str:
        post = self.driver.post("frank", "<p>noted</p>")
        self.driver.reblog("bob", post, "<p>with words</p>", tags=["seen"])
        self.driver.reply("bob", post, "well said")
        self.driver.like("bob", post)
        return post


@pytest.fixture(scope="module")
def stage(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A sandbox in which something of everything has happened."""
    path = tmp_path_factory.mktemp("documented") / "sandbox.sqlite"
    shutil.copy(template.path, path)
    world = new_world(path, FakeClock(float(int(time.time()))))
    with Served(world, serve_world(build_app(), world)) as served:
        _live(served.driver)
        yield Stage(served, Crowd(served.url, served.driver, {"frank": template.franks_keys}))
    world.close()


def _live(driver: SandboxDriver) -> None:
    theirs = driver.post("bob", "<p>bob's</p>", tags=["tea"])
    driver.follow("frank", "bob")
    driver.follow("bob", "frank")
    driver.block("frank", "carol")
    driver.like("frank", theirs)
    driver.like("bob", driver.post("frank", "<p>frank's</p>", tags=["tea"]))
    driver.post("frank", "<p>later</p>", state="queued")
    driver.post("frank", "<p>not yet</p>", state="draft")
    driver.ask("frank", "Well?", asker="bob")


def found_at(value: Any, path: str) -> Any:
    """What lies at a path of an answer."""
    for step in path.split(".") if path else ():
        if step == "[]":
            value = value[0] if isinstance(value, list) and value else MISSING
        else:
            value = value.get(step, MISSING) if isinstance(value, dict) else MISSING
    return value


def check_fields(response: Any, fields: dict[str, str]) -> None:
    """Every field is there, of the type that is named."""
    for field, kind in fields.items():
        value = found_at(response, field)
        if kind == "absent":
            assert value is MISSING, field
        else:
            assert isinstance(value, TYPES[kind]), (field, value)
            assert kind != "number" or not isinstance(value, bool), field


@pytest.mark.parametrize("example", EXAMPLES["request"], ids=lambda example: str(example["path"]))
def test_an_answer_has_the_documented_fields(stage: Stage, example: dict[str, Any]) -> None:
    path = stage.filled(example["path"], {})
    reply = stage.call("GET", path, example["level"])
    status = example.get("status", 200)
    assert (reply.status_code, reply.reason) == (status, PHRASES[status]), reply.text
    check_fields(reply.json()["response"], example["fields"])


@pytest.mark.parametrize(
    "path",
    [
        one["path"]
        for one in EXAMPLES["request"]
        if one["level"] != "none" and "{" not in one["path"] and "/avatar" not in one["path"]
    ],
)
def test_without_credentials_it_is_refused(stage: Stage, path: str) -> None:
    reply = stage.call("GET", path, "none")
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (401, 1016)


@pytest.mark.parametrize("example", EXAMPLES["change"], ids=lambda example: str(example["about"]))
def test_a_change_is_answered_and_done_as_documented(stage: Stage, example: dict[str, Any]) -> None:
    names: dict[str, str] = {}
    sent = {
        name: stage.filled(example[ours], names)
        for name, ours in (("json", "json"), ("data", "form"))
        if ours in example
    }
    reply = stage.call(example["method"], stage.filled(example["path"], names), **sent)
    status, answer = example["status"], reply.json()
    assert (reply.status_code, answer["meta"]) == (status, {"status": status, "msg": PHRASES[status]}), (
        reply.text
    )
    check_fields(answer["response"], example.get("fields", {}))
    if "code" in example:
        assert answer["errors"][0]["code"] == example["code"]
    if "after" in example:
        names["made"] = str(found_at(answer["response"], "id"))
        state = stage.call("GET", stage.filled(example["after"], names)).json()["response"]
        for field, value in example["holds"].items():
            assert found_at(state, field) == stage.filled(value, names), field


@pytest.mark.parametrize("example", EXAMPLES["npf"], ids=lambda example: str(example["about"]))
def test_blocks_are_read_back_as_they_were_posted(stage: Stage, example: dict[str, Any]) -> None:
    content, layout = stage.filled(example["content"], {}), example.get("layout", [])
    made = stage.call("POST", "/v2/blog/frank/posts", json={"content": content, "layout": layout}).json()
    answer = stage.call("GET", f"/v2/blog/frank/posts?npf=true&id={made['response']['id']}").json()
    (post,) = answer["response"]["posts"]
    for block, posted in zip(post["content"], content, strict=False):
        if block["type"] == "image":
            widest = block.pop("media")[0]
            assert {key: widest[key] for key in ("type", "width", "height")} == {
                key: posted["media"][0][key] for key in ("type", "width", "height")
            }
            assert widest["url"] == posted.pop("media")[0]["url"]
    assert (post["content"], post["layout"]) == (example.get("saved", content), layout)


@pytest.mark.parametrize("example", EXAMPLES["html"], ids=lambda example: str(example["about"]))
def test_blocks_are_the_documented_html(stage: Stage, example: dict[str, Any]) -> None:
    made = stage.call("POST", "/v2/blog/frank/posts", json={"content": example["content"]}).json()
    answer = stage.call("GET", f"/v2/blog/frank/posts?id={made['response']['id']}").json()
    assert answer["response"]["posts"][0]["body"] == example["body"]


@pytest.mark.parametrize("example", EXAMPLES["most"], ids=lambda example: str(example["block"]["type"]))
def test_a_post_holds_as_many_blocks_of_a_kind_as_documented(stage: Stage, example: dict[str, Any]) -> None:
    block, number = stage.filled(example["block"], {}), example["number"]
    answers = [
        stage.call("POST", "/v2/blog/frank/posts", json={"content": [block] * times})
        for times in (number, number + 1)
    ]
    assert [answer.status_code for answer in answers] == [201, 400]
    assert answers[1].json()["errors"][0]["code"] == 8001


@pytest.mark.parametrize(("times", "status"), [(4096, 201), (4097, 400)])
def test_a_block_of_text_has_as_many_code_points_as_documented(stage: Stage, times: int, status: int) -> None:
    content = [{"type": "text", "text": "\N{DECIDUOUS TREE}" * times}]
    assert stage.call("POST", "/v2/blog/frank/posts", json={"content": content}).status_code == status


@pytest.mark.parametrize(
    ("kind", "more", "most"),
    [
        ("mention", {"blog": {"uuid": "{bobs_uuid}"}}, 50),
        ("link", {"url": "https://example.org/"}, 100),
    ],
)
def test_a_post_holds_as_many_mentions_and_links_as_documented(
    stage: Stage, kind: str, more: dict[str, object], most: int
) -> None:
    for number, status in ((most, 201), (most + 1, 400)):
        spans = [{"start": at, "end": at + 1, "type": kind, **stage.filled(more, {})} for at in range(number)]
        content = [{"type": "text", "text": "x" * number, "formatting": spans}]
        assert stage.call("POST", "/v2/blog/frank/posts", json={"content": content}).status_code == status


@pytest.mark.parametrize("example", EXAMPLES["kind"], ids=lambda example: str(example["kind"]))
def test_a_post_in_blocks_counts_as_the_documented_kind(stage: Stage, example: dict[str, Any]) -> None:
    content = stage.filled(example["content"], {})
    made = stage.call("POST", "/v2/blog/frank/posts", json={"content": content}).json()
    answer = stage.call("GET", f"/v2/blog/frank/posts?npf=true&id={made['response']['id']}").json()
    assert answer["response"]["posts"][0]["original_type"] == example["kind"]
