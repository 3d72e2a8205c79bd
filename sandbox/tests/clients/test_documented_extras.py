"""Parts of the documented API that few clients use."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
import requests
from flask.testing import FlaskClient
from requests_oauthlib import OAuth1

from bench import FakeClock, Served, get
from conformance.people import Crowd
from tumblr_sandbox.clock import parse_date
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import KeySet

# Partial blogs


@pytest.mark.parametrize(
    "path", ["/v2/blog/bob/info", "/v2/user/following", "/v2/blog/bob/posts", "/v2/blog/frank/blocks"]
)
def test_blogs_have_the_fields_that_are_asked_for(frank: Any, driver: SandboxDriver, path: str) -> None:
    driver.post("bob", "<p>a</p>")
    driver.follow("frank", "bob")
    driver.block("frank", "carol")
    whole, cut = get(frank, path), get(frank, path, **{"fields[blogs]": "name,?is_following_you,nothing"})

    def blogs(answer: dict[str, Any]) -> list[dict[str, Any]]:
        listed = answer.get("blogs") or answer.get("blocked_tumblelogs") or [answer["blog"]]
        return [*listed, *(post["blog"] for post in answer.get("posts", ()))]

    assert [set(blog) for blog in blogs(cut)] == [{"name", "is_following_you"}] * len(blogs(whole))
    assert not any("is_following_you" in blog for blog in blogs(whole))
    assert cut.get("total_posts") == whole.get("total_posts")


def test_whether_a_blog_follows_the_caller(frank: Any, driver: SandboxDriver) -> None:
    asked = {"fields[blogs]": "?is_following_you"}
    assert get(frank, "/v2/blog/bob/info", **asked) == {"blog": {"is_following_you": False}}
    driver.follow("bob", "frank")
    assert get(frank, "/v2/blog/bob/info", **asked) == {"blog": {"is_following_you": True}}


# JSONP


def test_jsonp_has_the_real_status_inside(served: Served, keys: KeySet) -> None:
    for name in ("jsonp", "callback"):
        for blog, status in (("frank", 200), ("nobody", 404)):
            asked = {"api_key": keys.consumer_key, name: "show.it"}
            with requests.get(f"{served.url}/v2/blog/{blog}/info", params=asked, timeout=20) as reply:
                assert reply.status_code == 200
                assert reply.headers["Content-Type"] == "application/javascript; charset=utf-8"
                assert reply.text.startswith("/**/show.it({")
                assert reply.text.endswith(");")
                assert json.loads(reply.text[len("/**/show.it(") : -2])["meta"]["status"] == status


@pytest.mark.parametrize("name", ["alert(1)//", "a b", "a;b", "é", "<script>", "x" * 300])
def test_a_callback_that_is_no_name_is_ignored(served: Served, keys: KeySet, name: str) -> None:
    asked = {"api_key": keys.consumer_key, "callback": name}
    with requests.get(f"{served.url}/v2/blog/frank/info", params=asked, timeout=20) as reply:
        assert reply.json()["response"]["blog"]["name"] == "frank"


# Lists


def test_posts_are_counted_as_they_were_asked_for(frank: Any) -> None:
    for tags in (["a"], ["a", "b"], []):
        frank.create_text("frank", body="t", tags=tags or ["z"])
    assert get(frank, "/v2/blog/frank/posts", limit=1)["total_posts"] == 3
    assert get(frank, "/v2/blog/frank/posts", tag="a", limit=1)["total_posts"] == 2
    assert get(frank, "/v2/blog/frank/posts", tag="b", limit=1)["total_posts"] == 1
    assert get(frank, "/v2/blog/frank/posts", tag="c")["total_posts"] == 0


@pytest.mark.parametrize(
    "text",
    [
        "2030-05-06T07:08:00Z",
        "2030-05-06T07:08:00.000Z",
        "2030-05-06T09:08:00+0200",
        "2030-05-06T09:08:00+02:00",
        "2030-05-06 07:08:00 GMT",
        "2030-05-06 07:08",
        "2030-05-06 03:08:00 -0400",
        "1904281680",
        "Mon, 06 May 2030 07:08:00 GMT",
        "Mon, 06 May 2030 09:08:00 +0200",
        "Mon May 06 2030 09:08:00 GMT+0200 (Central European Summer Time)",
        "2030/05/06 07:08",
        "May 6, 2030 07:08",
        "May 6, 2030 7:08 AM",
        "05/06/2030 07:08",
    ],
)
def test_a_date_in_any_form(text: str) -> None:
    assert parse_date(text) == int(datetime(2030, 5, 6, 7, 8, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "text", ["", "soon", "2030-13-01", "99999999999999999999", "(a)", "Mon, 99 May 2030"]
)
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


def test_a_queued_post_with_a_date_of_mail(frank: Any, clock: FakeClock) -> None:
    when = int(clock.time) + 86_400
    words = datetime.fromtimestamp(when, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    frank.send_api_request(
        "post",
        "/v2/blog/frank/post",
        {"body": "later", "state": "queue", "publish_on": words},
        ["body", "state", "publish_on"],
    )
    (post,) = get(frank, "/v2/blog/frank/posts/queue")["posts"]
    assert (post["queued_state"], post["scheduled_publish_time"]) == ("scheduled", when)


# Tokens


def test_where_the_process_started_comes_back(served: Served, keys: KeySet) -> None:
    auth = OAuth1(*keys.strings()[:2], callback_uri="http://127.0.0.1:1/back")
    with requests.post(f"{served.url}/oauth/request_token", auth=auth, timeout=20) as reply:
        token = parse_qs(reply.text)["oauth_token"][0]
    asked = {"oauth_token": token, "user": "frank", "source": "the start page"}
    with requests.get(
        f"{served.url}/oauth/authorize", params=asked, timeout=20, allow_redirects=False
    ) as reply:
        told = parse_qs(urlsplit(reply.headers["Location"]).query)
    assert (told["oauth_token"], told["source"]) == ([token], ["the start page"])
    assert "oauth_verifier" in told


def test_a_token_is_exchanged_once(served: Served, crowd: Crowd) -> None:
    made = crowd.call("POST", "/v2/oauth2/exchange", "eve")
    assert made.keys() == {
        *("access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type"),
    }
    assert (made["scope"], made["token_type"], made["expires_in"]) == ("basic write", "bearer", 2520)
    header = {"Authorization": f"Bearer {made['access_token']}"}
    with requests.get(f"{served.url}/v2/user/info", headers=header, timeout=20) as reply:
        assert reply.json()["response"]["user"]["name"] == "eve"
    assert crowd.call("GET", "/v2/user/info", "eve")["meta"]["status"] == 401
    assert crowd.call("POST", "/v2/oauth2/exchange", "eve")["meta"]["status"] == 401
    with requests.post(f"{served.url}/v2/oauth2/exchange", headers=header, timeout=20) as reply:
        assert reply.status_code == 400


# Filters


def test_filtered_tags(crowd: Crowd) -> None:
    path = "/v2/user/filtered_tags"
    assert crowd.call("GET", path)["response"] == {"filtered_tags": []}
    for body, listed in (
        ({"json": {"filtered_tags": ["something"]}}, ["something"]),
        ({"json": {"filtered_tags": ["something", "tag here"]}}, ["something", "tag here"]),
        (
            {"data": {"filtered_tags[0]": "third, with a comma"}},
            ["something", "tag here", "third, with a comma"],
        ),
    ):
        done = crowd.call("POST", path, **body)
        assert (done["meta"], done["response"]) == ({"status": 201, "msg": "Created"}, [])
        assert crowd.call("GET", path)["response"] == {"filtered_tags": listed}
    assert crowd.call("DELETE", f"{path}/tag%20here")["meta"]["status"] == 200
    assert crowd.call("GET", path)["response"]["filtered_tags"] == ["something", "third, with a comma"]
    wrongs: tuple[dict[str, list[str]], ...] = ({"filtered_tags": []}, {"filtered_tags": [""]}, {})
    for wrong in wrongs:
        assert crowd.call("POST", path, json=wrong)["meta"]["status"] == 400
    assert crowd.call("DELETE", f"{path}/nothing")["meta"]["status"] == 400
    assert crowd.call("GET", path, "eve")["response"] == {"filtered_tags": []}


def test_filtered_content(crowd: Crowd) -> None:
    path = "/v2/user/filtered_content"
    assert crowd.call("POST", path, data={"filtered_content": "some, thing"})["meta"]["status"] == 201
    assert crowd.call("POST", path, json={"filtered_content": ["a", "b"]})["meta"]["status"] == 201
    assert crowd.call("GET", path)["response"] == {"filtered_content": ["some, thing", "a", "b"]}
    assert crowd.call("POST", path, data={"filtered_content": "a"})["meta"]["status"] == 400
    assert crowd.call("POST", path, data={"filtered_content": "x" * 251})["meta"]["status"] == 400
    assert crowd.call("DELETE", f"{path}?filtered_content=a")["meta"]["status"] == 200
    assert crowd.call("DELETE", f"{path}?filtered_content=a")["meta"]["status"] == 400
    many = [f"n{number}" for number in range(199)]
    assert crowd.call("POST", path, json={"filtered_content": many})["meta"]["status"] == 403
    assert crowd.call("POST", path, json={"filtered_content": many[:198]})["meta"]["status"] == 201


# A blog's own host


def test_a_blog_by_its_own_host(browser: FlaskClient, frank: Any) -> None:
    made = frank.create_text("frank", body="<p>hello & <b>so</b></p>", tags=["x", "y"], title="T <1>")
    at = "http://frank.tumblr.com"
    front = browser.get("/", base_url=at)
    assert (front.status_code, "hello &amp; <b>so</b>" in front.text) == (200, True)
    assert '<style type="text/css">' in front.text
    assert "hello &amp;" in browser.get(f"/post/{made['id']}", base_url=at).text
    assert "hello &amp;" in browser.get(f"/post/{made['id']}/a-slug", base_url=at).text
    assert browser.get("/", base_url="http://nobody.tumblr.com").status_code == 404
    assert browser.get(f"/post/{made['id']}", base_url="http://www.tumblr.com").status_code == 404
    assert '<style type="text/css">' not in browser.get("/blog/frank").text


def test_the_feed_of_a_blog(browser: FlaskClient, frank: Any, driver: SandboxDriver) -> None:
    frank.create_text("frank", body="<p>hello & <b>so</b> \N{CAT FACE}</p>", tags=["x", "y"], title="T <1>")
    for path, host in (("/rss", "http://frank.tumblr.com"), ("/blog/frank/rss", "http://localhost")):
        answer = browser.get(path, base_url=host)
        assert answer.content_type == "application/rss+xml; charset=utf-8"
        channel = ET.fromstring(answer.data).find("channel")
        assert channel is not None
        assert channel.findtext("link") == "https://frank.tumblr.com/"
        (item,) = channel.findall("item")
        assert item.findtext("title") == "T <1>"
        assert item.findtext("description") == "<p>hello &amp; <b>so</b> \N{CAT FACE}</p>"
        assert [one.text for one in item.findall("category")] == ["x", "y"]
        assert str(item.findtext("pubDate")).endswith("GMT")
    driver.post("frank", "<p>a\x08b\x1f</p>")
    ET.fromstring(browser.get("/blog/frank/rss").data)
    driver.set_blog("frank", dashboard_only=True)
    assert browser.get("/blog/frank/rss").status_code == 404


# Refusals


def test_a_refused_npf_post_says_why(crowd: Crowd) -> None:
    for content, words in (
        ([{"type": "text", "text": "a", "formatting": [{"start": 0, "end": 9, "type": "bold"}]}], "outside"),
        ([{"type": "text", "text": "x" * 4097}], "4096"),
        ([{"type": "image", "media": [{"identifier": "p"}]}], "no part is called p"),
        ([], "cannot be empty"),
    ):
        refused = crowd.call("POST", "/v2/blog/frank/posts", json={"content": content})
        (error,) = refused["errors"]
        assert error["detail"] == "Posting failed. Please try again."
        assert words in error["sandbox_reason"]
