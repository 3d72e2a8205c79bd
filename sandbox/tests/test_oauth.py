"""Who may call: signatures, api keys, and the levels of the endpoints."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1

from bench import FakeClock, Served, client_of
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import KeySet

UNAUTHORIZED = {
    "meta": {"status": 401, "msg": "Unauthorized"},
    "response": [],
    "errors": [{"title": "Unauthorized", "code": 1016, "detail": "Unable to authorize"}],
}


def auth(keys: KeySet, **more: Any) -> OAuth1:
    key, secret, token, token_secret = keys.strings()
    return OAuth1(key, secret, token, token_secret, **more)


def get(url: str, **more: Any) -> requests.Response:
    with requests.get(url, timeout=5, **more) as reply:
        return reply


def test_the_right_keys(frank: Any) -> None:
    assert frank.info()["user"]["name"] == "frank"


@pytest.mark.parametrize("wrong", range(4))
def test_each_of_the_four_strings_wrong(served: Served, keys: KeySet, wrong: int) -> None:
    strings = list(keys.strings())
    strings[wrong] += "x"
    client = client_of(
        served.url, KeySet.model_validate(dict(zip(KeySet.model_fields, strings, strict=True)))
    )
    assert client.info() == UNAUTHORIZED
    assert served.driver.calls()[-1].user is None


def test_a_token_of_another_consumer(served: Served, driver: SandboxDriver, keys: KeySet) -> None:
    other = driver.create_user("dave")
    mixed = keys.model_copy(update={"oauth_token": other.oauth_token, "oauth_secret": other.oauth_secret})
    assert client_of(served.url, mixed).info() == UNAUTHORIZED


def test_no_keys_at_all(served: Served, keys: KeySet) -> None:
    for path in ("/v2/user/info", "/v2/user/dashboard", "/v2/blog/frank/posts", "/v2/blog/frank/info"):
        reply = get(served.url + path)
        assert (reply.status_code, reply.json()) == (401, UNAUTHORIZED)
        assert "X-Ratelimit-Perhour-Limit" not in reply.headers
    assert get(f"{served.url}/v2/blog/frank/avatar").headers["Content-Type"] == "image/png"


def test_an_api_key_alone(served: Served, driver: SandboxDriver, keys: KeySet) -> None:
    driver.post("frank", "<p>a</p>")
    key = keys.consumer_key
    for path, more in (
        (f"/v2/blog/frank/posts?api_key={key}", {}),
        ("/v2/blog/frank/posts", {"headers": {"Authorization": f"Bearer {key}"}}),
    ):
        reply = get(served.url + path, **more)
        assert len(reply.json()["response"]["posts"]) == 1
        assert reply.headers["X-Ratelimit-Perhour-Limit"] == "1000"
    assert get(f"{served.url}/v2/user/dashboard?api_key={key}").status_code == 401
    assert get(f"{served.url}/v2/blog/frank/posts?api_key=wrong").json() == UNAUTHORIZED
    with requests.post(
        f"{served.url}/v2/blog/frank/post", data={"api_key": key, "body": "a"}, timeout=5
    ) as reply:
        assert reply.status_code == 401


def test_a_client_with_the_consumer_key_alone(served: Served, driver: SandboxDriver, keys: KeySet) -> None:
    driver.post("frank", "<p>a</p>")
    bare = KeySet.model_validate(
        {"consumer_key": keys.consumer_key, "consumer_secret": "", "oauth_token": "", "oauth_secret": ""}
    )
    client = client_of(served.url, bare)
    assert len(client.posts("frank")["posts"]) == 1
    assert client.blog_info("frank")["blog"]["name"] == "frank"
    assert client.dashboard() == UNAUTHORIZED


def test_a_replayed_header(served: Served, driver: SandboxDriver, keys: KeySet) -> None:
    url = f"{served.url}/v2/user/info"
    prepared = requests.Request("GET", url, auth=auth(keys)).prepare()
    with requests.Session() as session:
        assert session.send(prepared, timeout=5).status_code == 200
        assert session.send(prepared, timeout=5).json() == UNAUTHORIZED
        driver.set_checks(nonces=False)
        assert session.send(prepared, timeout=5).status_code == 200


@pytest.mark.parametrize(("offset", "status"), [(-301, 401), (-290, 200), (290, 200), (301, 401)])
def test_time_stamps(served: Served, keys: KeySet, clock: FakeClock, offset: int, status: int) -> None:
    stamp = str(int(clock.time) + offset)
    url = f"{served.url}/v2/user/info"
    assert get(url, auth=auth(keys, timestamp=stamp)).status_code == status


def test_time_stamps_unchecked(served: Served, driver: SandboxDriver, keys: KeySet) -> None:
    driver.set_checks(timestamps=False)
    url = f"{served.url}/v2/user/info"
    assert get(url, auth=auth(keys, timestamp="12345")).status_code == 200
    assert get(url, auth=auth(keys, timestamp="9" * 400)).status_code == 401


def test_other_signature_methods(served: Served, keys: KeySet) -> None:
    for method in ("PLAINTEXT", "HMAC-SHA256"):
        reply = get(f"{served.url}/v2/user/info", auth=auth(keys, signature_method=method))
        assert reply.status_code == 401


def test_oauth_in_the_query(served: Served, keys: KeySet) -> None:
    reply = get(f"{served.url}/v2/user/info", auth=auth(keys, signature_type="QUERY"))
    assert reply.json()["response"]["user"]["name"] == "frank"


@pytest.mark.parametrize(
    "query", ["a=%C3%A9+%2B&b=&b=2&c=%2F~", "q=a%20b&empty=", "tag[0]=x&tag[1]=y%26z", "x=1%3D2&x=1"]
)
def test_odd_queries_are_signed_as_sent(served: Served, keys: KeySet, query: str) -> None:
    assert get(f"{served.url}/v2/user/info?{query}", auth=auth(keys)).status_code == 200


def test_encoded_paths_are_signed_as_sent(served: Served, driver: SandboxDriver, keys: KeySet) -> None:
    driver.post("frank", "<p>a</p>")
    for path in ("/v2/blog/frank%2Etumblr.com/posts", "/v2/blog/fr%61nk/posts/", "/v2//user/info"):
        assert get(served.url + path, auth=auth(keys)).status_code in (200, 404)


@pytest.mark.parametrize(
    "header",
    [
        "OAuth",
        "OAuth nonsense",
        'OAuth oauth_consumer_key="x"',
        'OAuth oauth_token="x"',
        'OAuth oauth_token="x", oauth_consumer_key="y", oauth_signature="z"',
        "Bearer ",
        "Bearer x",
        "Basic eDp5",
        'OAuth oauth_token="%ff"',
    ],
)
def test_broken_headers(served: Served, keys: KeySet, header: str) -> None:
    reply = get(f"{served.url}/v2/user/info", headers={"Authorization": header})
    assert (reply.status_code, reply.json()) == (401, UNAUTHORIZED)


def test_a_signature_covers_method_path_query_and_body(served: Served, keys: KeySet) -> None:
    url = f"{served.url}/v2/blog/frank/post"
    signed = requests.Request("POST", url, data={"body": "a"}, auth=auth(keys)).prepare()
    with requests.Session() as session:
        for change in ("body", "path", "query"):
            tampered = signed.copy()
            if change == "body":
                tampered.body = "body=b"
            elif change == "path":
                tampered.url = f"{served.url}/v2/blog/frank/post/edit"
            else:
                tampered.url = f"{url}?x=1"
            assert session.send(tampered, timeout=5).status_code == 401
        assert session.send(signed, timeout=5).status_code == 201


def test_nonces_of_long_ago_are_forgotten(
    served: Served, driver: SandboxDriver, keys: KeySet, frank: Any
) -> None:
    frank.info()
    driver.set_checks(timestamps=False)
    driver.advance(3600)
    frank.info()
    with served.world.database.read() as connection:
        stamps = connection.exec_driver_sql("SELECT timestamp FROM nonces").scalars().all()
    # Only that of the last call, which came after the others were dropped.
    assert len(stamps) == 1
