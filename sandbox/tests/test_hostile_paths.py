"""Paths that climb, and bodies without end: refused on every face, and nothing of this machine is shown."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from tumblr_sandbox.records import KeySet

CLIMBING = (
    "/64.media.tumblr.com/../../etc/passwd",
    "/64.media.tumblr.com/%2e%2e/%2e%2e/etc/passwd",
    "/64.media.tumblr.com/..%2f..%2f/etc/passwd",
    "/64.media.tumblr.com/a/b/s1x1/..%2f..%2fetc%2fpasswd",
    "/64.media.tumblr.com/avatar_..%2f..%2fetc%2fpasswd_64.png",
    "/64.media.tumblr.com/a/%00/s1x1/x.png",
    "/static/../app.py",
    "/static/..%2fapp.py",
    "/static/%2e%2e/app.py",
    "/blog/..%2f..%2fetc/ask",
    "//etc/passwd",
)
ENDLESS = 10**12


@pytest.mark.parametrize("path", CLIMBING)
def test_paths_that_climb(browser: FlaskClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code in (404, 200)
    assert "root:" not in answer.text
    assert "create_app" not in answer.text
    assert answer.status_code == 404 or answer.content_type == "image/png"


@pytest.mark.parametrize("path", ["/v2/blog/frank/post", "/v2/blog/frank/posts", "/v2/user/like"])
def test_bodies_without_end_are_refused_unread_by_the_api(
    browser: FlaskClient, keys: KeySet, path: str
) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = browser.post(
            f"{path}?api_key={keys.consumer_key}",
            content_type=kind,
            environ_overrides={"CONTENT_LENGTH": str(ENDLESS)},
        )
        document = json.loads(answer.text)
        assert answer.status_code == document["meta"]["status"] == 400
        assert document["errors"][0]["title"] == "Bad Request"


def test_more_fields_than_are_read(browser: FlaskClient, keys: KeySet) -> None:
    fields = {f"field{number}": "x" for number in range(2000)}
    kind = "multipart/form-data"
    answer = browser.post(f"/v2/user/like?api_key={keys.consumer_key}", data=fields, content_type=kind)
    assert answer.status_code == json.loads(answer.text)["meta"]["status"] == 400
    assert browser.post("/new", data=fields, content_type=kind).status_code == 413


@pytest.mark.parametrize("path", ["/new", "/accounts", "/sandbox/posts"])
def test_bodies_without_end_are_refused_unread_elsewhere(browser: FlaskClient, path: str) -> None:
    answer = browser.post(
        path,
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"CONTENT_LENGTH": str(ENDLESS)},
    )
    assert answer.status_code in (413, 415)
