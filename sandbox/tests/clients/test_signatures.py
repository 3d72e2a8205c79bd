"""How clients sign: what is taken although RFC 5849 says otherwise, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from bench import Served
from clients.signing import Pairs, authorization
from conformance.conftest import png
from tumblr_sandbox.records import KeySet

FIELDS: list[tuple[str, str]] = [("type", "photo"), ("caption", "a é 域 + & b"), ("tags", "x y,z")]
FILES = {"data[0]": ("a.png", png(90, 60), "image/png"), "data[1]": ("b.png", png(60, 90), "image/png")}


def post(url: str, header: str, **more: Any) -> requests.Response:
    with requests.post(url, headers={"Authorization": header}, timeout=20, **more) as reply:
        return reply


@pytest.mark.parametrize(
    ("signed", "status"),
    [
        pytest.param([], 201, id="nothing of the form, as RFC 5849 says"),
        pytest.param(FIELDS, 201, id="the texts of the form, as tumblr.js 3, PHP, Ruby and Java do"),
        pytest.param(FIELDS[:2], 401, id="some of the texts"),
        pytest.param([*FIELDS[:2], ("tags", "other")], 401, id="other texts"),
        pytest.param([*FIELDS, ("state", "draft")], 401, id="more than was sent"),
    ],
)
def test_a_multipart_form(served: Served, keys: KeySet, signed: Pairs, status: int) -> None:
    url = f"{served.url}/v2/blog/frank/post"
    reply = post(url, authorization(keys, "POST", url, signed), data=dict(FIELDS), files=FILES)
    assert reply.status_code == status
    if status == 201:
        made = served.client(keys).posts("frank", id=reply.json()["response"]["id"])["posts"][0]
        assert [one["original_size"]["width"] for one in made["photos"]] == [90, 60]
        assert made["caption"] == "a é 域 + &amp; b"


def test_a_url_encoded_form_must_be_signed_whole(served: Served, keys: KeySet) -> None:
    url = f"{served.url}/v2/blog/frank/post"
    for signed, status in (([("body", "a")], 201), ([], 401), ([("body", "b")], 401)):
        reply = post(url, authorization(keys, "POST", url, signed), data={"body": "a"})
        assert reply.status_code == status


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_behind_a_proxy_that_speaks_tls(served: Served, keys: KeySet, scheme: str) -> None:
    path = "/v2/user/info"
    signed = authorization(keys, "GET", f"https://api.example.net{path}", [])
    headers = {"Authorization": signed, "Host": "api.example.net", "X-Forwarded-Proto": scheme}
    with requests.get(served.url + path, headers=headers, timeout=20) as reply:
        assert reply.status_code == (200 if scheme == "https" else 401)


def test_a_proxy_is_not_believed_about_the_host(served: Served) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
    with requests.get(f"{served.url}/sandbox/users", headers=headers, timeout=20) as reply:
        assert reply.status_code == 403


def test_a_caller_of_a_proxy_is_no_caller_on_this_machine(served: Served) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9"}
    with requests.get(f"{served.url}/sandbox/users", headers=headers, timeout=20) as reply:
        assert reply.status_code == 403
