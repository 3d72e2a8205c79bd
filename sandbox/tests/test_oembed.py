"""oEmbed: what stands for a post on other sites."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bench import make_person
from tumblr_sandbox.world import World


@pytest.fixture
def post_id(world: World, browser: FlaskClient) -> str:
    """A post of frank's."""
    make_person(world, "frank")
    return write(browser)


def write(browser: FlaskClient, **more: Any) -> str:
    sent = {"blog": "frank", "html": "<p>hello &amp; &lt;b&gt;</p>", **more}
    made = browser.post("/sandbox/posts", json=sent).json
    assert made is not None
    return str(made["id"])


def ask(browser: FlaskClient, url: str, **more: str) -> TestResponse:
    return browser.get("/oembed", query_string={"url": url, **more})


ADDRESSES = (
    *(
        "https://frank.tumblr.com/post/ID",
        "http://frank.tumblr.com/post/ID/hello-b",
        "https://FRANK.tumblr.com/post/ID?x",
    ),
    *("http://localhost/blog/frank/post/ID", "http://127.0.0.1:8765/blog/frank/post/ID/hello-b"),
    "https://www.tumblr.com/frank/ID/hello-b",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_post(browser: FlaskClient, post_id: str, address: str) -> None:
    answer = ask(browser, address.replace("ID", post_id))
    assert answer.status_code == 200
    document = answer.json
    assert document is not None
    told = {
        "version": "1.0",
        "type": "rich",
        "provider_name": "Tumblr",
        "provider_url": "https://www.tumblr.com",
        "author_name": "frank",
        "author_url": "https://frank.tumblr.com/",
        "title": "hello & <b>",
        "width": 540,
        "height": None,
    }
    assert {name: document[name] for name in told} == told
    assert f"https://frank.tumblr.com/post/{post_id}/hello-b" in document["html"]
    assert "hello &amp; &lt;b&gt;</a>" in document["html"]
    assert document["cache_age"] > 0


@pytest.mark.parametrize("host", ["api.tumblr.com", "www.tumblr.com"])
def test_on_either_host(browser: FlaskClient, post_id: str, host: str) -> None:
    asked = {"url": f"https://frank.tumblr.com/post/{post_id}"}
    assert browser.get("/oembed", query_string=asked, base_url=f"http://{host}").status_code == 200


@pytest.mark.parametrize(
    ("most", "width"), [("300", 300), ("5000", 540), ("x", 540), ("-1", 540), ("9" * 99, 540)]
)
def test_how_wide(browser: FlaskClient, post_id: str, most: str, width: int) -> None:
    answer = ask(browser, f"https://frank.tumblr.com/post/{post_id}", maxwidth=most, maxheight=most)
    assert answer.json is not None
    assert answer.json["width"] == width


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "x",
            "https://frank.tumblr.com/",
            "https://frank.tumblr.com/post/1",
            "https://example.com/post/ID",
        ),
        *(
            "https://nobody.tumblr.com/post/ID",
            "javascript:alert(1)",
            "https://frank.tumblr.com/post/" + "9" * 400,
        ),
        *("https://@@club.tumblr.com/post/ID", "https://frank.tumblr.com/post/ID" + "x" * 5000),
        "https://frank.tumblr.com/post/" + "9" * 19,
    ],
)
def test_what_is_no_post(browser: FlaskClient, post_id: str, url: str) -> None:
    answer = ask(browser, url.replace("ID", post_id))
    assert (answer.status_code, answer.json) == (404, {"error": "Not Found"})


def test_what_not_everybody_may_see(browser: FlaskClient, post_id: str) -> None:
    private, draft = write(browser, state="private"), write(browser, state="draft")
    assert ask(browser, f"https://frank.tumblr.com/post/{private}").status_code == 401
    assert ask(browser, f"https://frank.tumblr.com/post/{draft}").status_code == 404
    for setting, status in (("dashboard_only", 401), ("password_protected", 401), ("deactivated", 404)):
        browser.patch("/sandbox/blogs/frank", json={setting: True})
        assert ask(browser, f"https://frank.tumblr.com/post/{post_id}").status_code == status
        browser.patch("/sandbox/blogs/frank", json={setting: False})


def test_other_formats(browser: FlaskClient, post_id: str) -> None:
    url = f"https://frank.tumblr.com/post/{post_id}"
    assert ask(browser, url, format="json").status_code == 200
    assert ask(browser, url, format="xml").status_code == 501
