"""What published programs send and rely on, beside what the documentation's reader would."""

from __future__ import annotations

import base64
import http.client
import json
from typing import Any
from urllib.parse import quote_from_bytes, urlsplit

import pytest
import requests
from flask.testing import FlaskClient

from bench import Served, get
from clients.signing import authorization
from conformance.conftest import png
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.faults import Fault, FaultKind
from tumblr_sandbox.records import KeySet


def send(served: Served, keys: KeySet, method: str, path: str, **more: Any) -> requests.Response:
    """A signed request whose body is not part of the signature."""
    url = served.url + path
    headers = {"Authorization": authorization(keys, method, url, []), **more.pop("headers", {})}
    with requests.request(method, url, headers=headers, timeout=20, **more) as reply:
        return reply


# Photos


@pytest.mark.parametrize("spelling", ["{name}", "{name}[{n}]", "{name}[]"])
@pytest.mark.parametrize("name", ["data64", "source"])
def test_pictures_in_every_spelling_of_an_array(
    frank: Any, served: Served, keys: KeySet, name: str, spelling: str
) -> None:
    pictures = [png(30, 20), png(20, 30)][: 1 if spelling == "{name}" else 2]
    known = []
    for data in pictures:
        made = send(served, keys, "POST", "/v2/blog/frank/post", data={"type": "photo"}, files={"data": data})
        (post,) = frank.posts("frank", id=made.json()["response"]["id"])["posts"]
        known.append(post["photos"][0]["original_size"]["url"])
    values = known if name == "source" else [base64.b64encode(data).decode() for data in pictures]
    sent = [("type", "photo")]
    sent += [(spelling.format(name=name, n=n), value) for n, value in enumerate(values)]
    url = f"{served.url}/v2/blog/frank/post"
    header = {"Authorization": authorization(keys, "POST", url, sent)}
    with requests.post(url, data=sent, headers=header, timeout=20) as reply:
        assert reply.status_code == 201, reply.text
        (post,) = frank.posts("frank", id=reply.json()["response"]["id"])["posts"]
    assert [one["original_size"]["url"] for one in post["photos"]] == known


def test_a_picture_in_a_url_encoded_form(frank: Any, served: Served, keys: KeySet) -> None:
    picture = png(30, 20)
    url = f"{served.url}/v2/blog/frank/post"
    # The pairs as texts, as whoever signs bytes one by one sees them.
    signed = [("type", "photo"), ("data", picture.decode("utf-8", "replace"))]
    header = {
        "Authorization": authorization(keys, "POST", url, signed),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = "type=photo&data=" + quote_from_bytes(picture)
    with requests.post(url, data=body, headers=header, timeout=20) as reply:
        assert reply.status_code == 201, reply.text
        (post,) = frank.posts("frank", id=reply.json()["response"]["id"])["posts"]
    with requests.get(post["photos"][0]["original_size"]["url"], timeout=20) as served_picture:
        assert served_picture.content == picture


@pytest.mark.parametrize("box", ["s99999x99999", "s2048x3072", "s1280x1920"])
def test_a_box_larger_than_the_picture_holds_the_largest(
    frank: Any, served: Served, keys: KeySet, box: str
) -> None:
    picture = png(700, 300)
    made = send(served, keys, "POST", "/v2/blog/frank/post", data={"type": "photo"}, files={"data": picture})
    (post,) = frank.posts("frank", id=made.json()["response"]["id"])["posts"]
    url = post["photos"][0]["original_size"]["url"]
    with requests.get(url.replace("/s700x300/", f"/{box}/"), timeout=20) as reply:
        assert (reply.status_code, reply.content) == (200, picture)
    for wrong in ("s640x961", "s700x299", "s99999x1", "s99999x99999_c1", "s0x0"):
        with requests.get(url.replace("/s700x300/", f"/{wrong}/"), timeout=20) as reply:
            assert reply.status_code == 404


def test_a_blogs_picture_is_a_redirect_for_everybody(served: Served, keys: KeySet) -> None:
    url = f"{served.url}/v2/blog/frank/avatar/128"
    with requests.get(url, allow_redirects=False, timeout=20) as told:
        assert (told.status_code, told.reason) == (302, "Found")
        assert told.json()["response"] == {"avatar_url": told.headers["Location"]}
        assert told.json()["meta"] == {"status": 302, "msg": "Found"}
    with requests.get(url, timeout=20) as reached:
        assert reached.headers["Content-Type"] == "image/png"


# Empty is absent, 0 is the start


EMPTY = {
    "parent_tumblelog_uuid": "",
    "parent_post_id": 0,
    "reblog_key": "",
    "state": "",
    "publish_on": "",
    "date": "",
    "source_url": "",
    "slug": "",
    "interactability_reblog": "",
    "layout": [],
    "tags": "",
}


@pytest.mark.parametrize("parent_id", [0, "0", "", None])
def test_what_is_empty_in_an_npf_post_is_not_meant(
    frank: Any, served: Served, keys: KeySet, parent_id: object
) -> None:
    sent = {**EMPTY, "parent_post_id": parent_id, "content": [{"type": "text", "text": "a draft"}]}
    made = send(served, keys, "POST", "/v2/blog/frank/posts", json=sent | {"state": "draft"})
    assert made.status_code == 201, made.text
    (draft,) = get(frank, "/v2/blog/frank/posts/draft")["posts"]
    assert draft["body"] == "<p>a draft</p>"
    assert "parent_post_url" not in draft
    changed = send(served, keys, "PUT", f"/v2/blog/frank/posts/{draft['id']}", json=sent)
    assert changed.status_code == 200, changed.text


PAGES = (
    ("/v2/blog/frank/posts/draft", "before_id", "posts"),
    ("/v2/user/dashboard", "before_id", "posts"),
    ("/v2/user/dashboard", "since_id", "posts"),
    ("/v2/user/dashboard", "offset", "posts"),
    ("/v2/blog/frank/posts", "before", "posts"),
    ("/v2/blog/frank/posts", "after", "posts"),
    ("/v2/blog/frank/posts", "before_id", "posts"),
    ("/v2/blog/frank/notifications", "before", "notifications"),
    ("/v2/user/likes", "before", "liked_posts"),
    ("/v2/user/likes", "after", "liked_posts"),
    ("/v2/blog/frank/posts/queue", "offset", "posts"),
    ("/v2/blog/frank/posts/submission", "offset", "posts"),
    ("/v2/user/following", "offset", "blogs"),
)


@pytest.mark.parametrize(("path", "name", "listed"), PAGES)
def test_a_page_from_0_is_the_first(
    frank: Any, driver: SandboxDriver, path: str, name: str, listed: str
) -> None:
    driver.post("frank", "<p>mine</p>")
    driver.post("frank", "<p>later</p>", state="draft")
    driver.post("frank", "<p>soon</p>", state="queued")
    driver.ask("frank", "Well?")
    driver.follow("frank", "bob")
    driver.follow("bob", "frank")
    driver.like("frank", driver.post("bob", "<p>bob's</p>"))
    first = get(frank, path)[listed]
    assert first
    assert get(frank, path, **{name: 0})[listed] == first


def test_all_places_at_0_go_together(frank: Any, driver: SandboxDriver) -> None:
    driver.like("frank", driver.post("bob", "<p>bob's</p>"))
    assert len(get(frank, "/v2/user/likes", before=0, after=0, offset=0)["liked_posts"]) == 1
    assert len(get(frank, "/v2/tagged", tag="a", before=0)) == 0
    assert get(frank, "/v2/user/likes", before=1, offset=1)["meta"]["status"] == 400


# Status lines


def status_line(served: Served, keys: KeySet, method: str, path: str) -> tuple[int, str, Any]:
    """The status, its words, and the document's ``meta``, as they come over the wire."""
    place = urlsplit(served.url)
    assert place.hostname is not None
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
    header = {"Authorization": authorization(keys, method, served.url + path, [])}
    connection.request(method, path, headers=header)
    reply = connection.getresponse()
    body = json.loads(reply.read())
    connection.close()
    return reply.status, reply.reason, body["meta"]


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/v2/user/info", 200, "OK"),
        ("GET", "/v2/blog/frank/avatar", 302, "Found"),
        ("GET", "/v2/tagged", 400, "Bad Request"),
        ("GET", "/v2/blog/bob/posts/draft", 401, "Unauthorized"),
        ("GET", "/v2/blog/bob/likes", 403, "Forbidden"),
        ("GET", "/v2/blog/nobody/info", 404, "Not Found"),
        ("GET", "/v2/nothing", 404, "Not Found"),
    ],
)
def test_statuses_have_tumblrs_words(
    served: Served, keys: KeySet, method: str, path: str, status: int, words: str
) -> None:
    assert status_line(served, keys, method, path) == (status, words, {"status": status, "msg": words})


@pytest.mark.parametrize("kind", [FaultKind.LIMIT, FaultKind.THROTTLE])
def test_too_many_calls_have_tumblrs_words(served: Served, keys: KeySet, kind: FaultKind) -> None:
    served.driver.add_fault(Fault(kind=kind))
    meta = {"status": 429, "msg": "Limit Exceeded"}
    assert status_line(served, keys, "GET", "/v2/user/info") == (429, "Limit Exceeded", meta)


def test_a_used_up_key_has_tumblrs_words(served: Served, keys: KeySet) -> None:
    served.driver.set_limits(per_hour=0)
    assert status_line(served, keys, "GET", "/v2/user/info")[:2] == (429, "Limit Exceeded")


@pytest.mark.parametrize(
    ("method", "path", "line"),
    [
        ("GET", "/", "200 OK"),
        ("GET", "/blog/nobody", "404 Not Found"),
        ("POST", "/explore", "405 Method Not Allowed"),
        ("GET", "/64.media.tumblr.com/a/b/c.png", "404 Not Found"),
        ("GET", "/blog/frank/avatar", "404 Not Found"),
        ("GET", "/static/nothing", "404 Not Found"),
    ],
)
@pytest.mark.usefixtures("keys")
def test_pages_have_the_words_too(browser: FlaskClient, method: str, path: str, line: str) -> None:
    assert browser.open(path, method=method).status == line
