"""The examples of tumblr's documentation, as data: what is asked for is answered with the fields it names."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import requests

from bench import Served
from conformance.people import Crowd
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import KeySet

EXAMPLES = tomllib.loads((Path(__file__).parent / "documented.toml").read_text(encoding="utf-8"))
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
MISSING = object()


@pytest.fixture
def lived_in(driver: SandboxDriver, keys: KeySet) -> None:
    """A sandbox in which something of everything has happened."""
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
    for step in path.split("."):
        if step == "[]":
            value = value[0] if isinstance(value, list) and value else MISSING
        else:
            value = value.get(step, MISSING) if isinstance(value, dict) else MISSING
    return value


@pytest.mark.parametrize("example", EXAMPLES["request"], ids=lambda example: str(example["path"]))
@pytest.mark.usefixtures("lived_in")
def test_an_answer_has_the_documented_fields(
    served: Served, crowd: Crowd, keys: KeySet, example: dict[str, Any]
) -> None:
    level, path, status = example["level"], example["path"], example.get("status", 200)
    options: dict[str, Any] = {"timeout": 20, "allow_redirects": False}
    if level == "oauth":
        options["auth"] = crowd.signed("frank")
    elif level == "key":
        path += f"{'&' if '?' in path else '?'}api_key={keys.consumer_key}"
    with requests.get(served.url + path, **options) as reply:
        assert reply.status_code == status, reply.text
        response = reply.json()["response"]
    for field, kind in example["fields"].items():
        value = found_at(response, field)
        if kind == "absent":
            assert value is MISSING, field
        else:
            assert isinstance(value, TYPES[kind]), (field, value)
            assert kind != "number" or not isinstance(value, bool), field


@pytest.mark.parametrize("path", [one["path"] for one in EXAMPLES["request"] if one["level"] != "none"])
def test_without_credentials_it_is_refused(served: Served, keys: KeySet, path: str) -> None:
    with requests.get(served.url + path, timeout=20) as reply:
        assert (reply.status_code, reply.json()["errors"][0]["code"]) == (401, 1016)


@pytest.mark.parametrize("example", EXAMPLES["npf"], ids=lambda example: str(example["about"]))
def test_blocks_are_read_back_as_they_were_posted(frank: Any, frank2: Any, example: dict[str, Any]) -> None:
    layout = example.get("layout", [])
    made = frank2.create_post("frank", content=example["content"], layout=layout)
    (post,) = frank.posts("frank", id=made["id"], npf=True)["posts"]
    assert (post["content"], post["layout"]) == (example["content"], layout)
