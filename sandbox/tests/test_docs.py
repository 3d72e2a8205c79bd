"""The documentation names everything there is."""

from __future__ import annotations

import argparse
import json
import re
import shlex

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from bench import ROOT, Served
from tumblr_sandbox import __main__ as command
from tumblr_sandbox.control.messages import LimitFigures
from tumblr_sandbox.demo_seed import seed_demo
from tumblr_sandbox.faults import Fault, FaultKind
from tumblr_sandbox.people.taste import COMMON
from tumblr_sandbox.store.accounts import BlogSettings
from tumblr_sandbox.world import World

DOCS = (ROOT / "README.md").read_text(encoding="utf-8")


def documented(path: str) -> str:
    """A rule's path as the documentation writes it."""
    path = re.sub(r"<(?:int:)?post_id>", "ID", path)
    path = re.sub(r"<int:number>", "NUMBER", path)
    path = re.sub(r"<(handle|blog|reaction)>", lambda found: found[1].upper(), path)
    return re.sub(r"<name>", "NAME", path)


def test_every_request_of_the_control_face(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/sandbox")]
    assert len(rules) > 20
    for rule in rules:
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert f"`{method} {documented(rule.rule)}`" in DOCS


def test_every_endpoint_of_the_api(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        path = rule.rule.removeprefix("/v2/")
        if path != rule.rule and path and path != "<path:path>":
            name = documented(path.removeprefix("blog/<identifier>/"))
            name = name.replace("/<kind>", "/TYPE").replace("/<size>", "").replace("/<path:gone>", "/TAG")
            assert f"`{name}`" in DOCS, name


@pytest.mark.parametrize(
    "name",
    [
        *(kind.value for kind in FaultKind),
        *(name for name in Fault.model_fields if name != "kind"),
        *BlogSettings.model_fields,
        *LimitFigures.model_fields,
    ],
)
def test_every_name_that_can_be_sent(name: str) -> None:
    assert f"`{name}`" in DOCS or f"`{name}:" in DOCS


def test_every_option_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.parse_arguments(["serve", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert len(options) > 4
    for option in options:
        assert f"`{option}`" in DOCS


EXAMPLE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/sandbox\S*)(?: (\{.*\}))?")


def examples() -> list[tuple[str, str, str]]:
    """The documentation's requests: method, path, body."""
    (block,) = re.findall(r"```http\n(.*?)```", DOCS, re.DOTALL)
    matches = [EXAMPLE.fullmatch(line) for line in block.splitlines()]
    return [(found[1], found[2], found[3] or "") for found in matches if found is not None]


def test_the_examples_work_in_their_order(browser: FlaskClient, world: World) -> None:
    seed_demo(world)
    last = ""
    for method, path, sent in examples():
        body = json.loads(sent.replace("ID", last)) if sent else None
        answer = browser.open(path.replace("ID", last), method=method, json=body)
        assert answer.status_code == 200, f"{method} {path}: {answer.text}"
        last = (answer.json or {}).get("id", last)


def test_the_programs_work_as_they_stand(served: Served, world: World) -> None:
    seed_demo(world)
    programs = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    assert len(programs) == 3
    for program in programs:
        here = program.replace("http://127.0.0.1:8765", served.url)
        exec(here.replace("sandbox.db", str(world.database.path)), {})
    assert [fault.path for fault in world.faults.active().values()] == ["*/post/edit"]
    assert [call.path for call in world.calls.find()] == ["/v2/blog/frank.tumblr.com/posts/submission"]


def curl(words: list[str]) -> requests.Response:
    """What curl would do."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-X", default="GET")
    parser.add_argument("-H", default="Accept: */*")
    parser.add_argument("-d")
    told = parser.parse_args(words)
    headers = dict([told.H.split(": ", 1)])
    return requests.request(told.X, told.url, headers=headers, data=told.d, timeout=20)


def test_the_commands_of_a_stranger(served: Served, world: World) -> None:
    seed_demo(world)
    make, read = re.findall(r"^ +curl (.*)$", DOCS, re.MULTILINE)
    with curl(shlex.split(make.replace("http://127.0.0.1:8765", served.url))) as made:
        key = made.json()["consumer_key"]
    there = read.replace("http://127.0.0.1:8765", served.url).replace("CONSUMER_KEY", key)
    with curl(shlex.split(there)) as answer:
        assert answer.json()["response"]["blog"]["name"] == "frank"


def test_there_is_an_example_of_every_request(app: Flask) -> None:
    adapter = app.url_map.bind("127.0.0.1")
    shown = {
        (method, adapter.match(path.partition("?")[0].replace("ID", "1"), method)[0])
        for method, path, _ in examples()
    }
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/sandbox"):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert (method, rule.endpoint) in shown


def test_the_weights_of_what_people_like() -> None:
    for name, weight in COMMON.items():
        assert re.search(rf"^\| `{name}` \| .* \| {re.escape(str(weight))} \|$", DOCS, re.MULTILINE), name


@pytest.mark.parametrize("way", ["live", "tastes"])
def test_every_option_of_the_people(way: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.parse_arguments(["people", way, "--help"])
    for option in set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}:
        assert option in DOCS
