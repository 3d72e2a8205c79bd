"""Getting tokens, as applications do."""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from requests_oauthlib import OAuth1, OAuth1Session

from bench import Served, client_of
from tumblr_sandbox.records import KeySet

CALLBACK = "https://app.example/back?a=1"


def get(url: str, **options: object) -> requests.Response:
    with requests.get(url, timeout=5, allow_redirects=False, **options) as reply:  # type: ignore[arg-type]
        return reply


def test_the_three_steps_of_oauth_1(served: Served, keys: KeySet) -> None:
    consumer = keys.strings()[:2]
    with OAuth1Session(*consumer, callback_uri=CALLBACK) as session:
        first = session.fetch_request_token(f"{served.url}/oauth/request_token")
        assert first["oauth_callback_confirmed"] == "true"
        page = get(session.authorization_url(f"{served.url}/oauth/authorize"))
        assert (page.status_code, "user=bob" in page.text) == (200, True)
        sent = get(session.authorization_url(f"{served.url}/oauth/authorize", user="bob"))
        assert sent.headers["Location"].startswith(f"{CALLBACK}&oauth_token=")
        session.parse_authorization_response(sent.headers["Location"])
        final = session.fetch_access_token(f"{served.url}/oauth/access_token")
    pair = (final["oauth_token"], final["oauth_token_secret"])
    client = client_of(
        served.url, KeySet.model_validate(dict(zip(KeySet.model_fields, consumer + pair, strict=True)))
    )
    assert client.info()["user"]["name"] == "bob"


def test_an_application_that_is_redirected_from_tumblr_and_asks_by_get(served: Served, keys: KeySet) -> None:
    """authomatic asks for its tokens by GET; a browser that is redirected names tumblr's host."""
    key, secret = keys.strings()[:2]
    asked = get(f"{served.url}/oauth/request_token", auth=OAuth1(key, secret, callback_uri=CALLBACK))
    token = dict(parse_qsl(asked.text))["oauth_token"]
    page = f"{served.url}/oauth/authorize?oauth_token={token}&user=bob"
    assert get(page, headers={"Host": "evil.example"}).status_code == 403
    sent = get(page, headers={"Host": "www.tumblr.com"})
    assert (sent.status_code, sent.headers["Location"].startswith(CALLBACK)) == (302, True)


def test_wrong_steps_of_oauth_1(served: Served, keys: KeySet) -> None:
    url = f"{served.url}/oauth/request_token"
    key, secret = keys.strings()[:2]
    for wrong in (OAuth1("nobody", secret), OAuth1(key, "wrong"), None):
        with requests.post(url, auth=wrong, timeout=5) as reply:
            assert reply.status_code == 401
    assert get(f"{served.url}/oauth/authorize?oauth_token=x&user=bob").status_code == 404
    with requests.post(url, auth=OAuth1(key, secret, callback_uri="oob"), timeout=5) as reply:
        pair = dict(parse_qsl(reply.text))
    owner = (pair["oauth_token"], pair["oauth_token_secret"])
    auth = OAuth1(key, secret, *owner, verifier="guess")
    assert get(f"{served.url}/oauth/access_token", auth=auth).status_code == 401
    shown = get(f"{served.url}/oauth/authorize?oauth_token={owner[0]}&user=frank").text.splitlines()
    auth = OAuth1(key, secret, *owner, verifier=shown[1])
    assert get(f"{served.url}/oauth/access_token", auth=auth).status_code == 200
    assert get(f"{served.url}/oauth/access_token", auth=auth).status_code == 401


def test_another_site_cannot_say_yes(served: Served, keys: KeySet) -> None:
    with requests.post(
        f"{served.url}/oauth/request_token", auth=OAuth1(*keys.strings()[:2]), timeout=5
    ) as reply:
        token = dict(parse_qsl(reply.text))["oauth_token"]
    address = f"{served.url}/oauth/authorize?oauth_token={token}&user=frank"
    assert get(address, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def token2(served: Served, keys: KeySet, **fields: str) -> requests.Response:
    key, secret = keys.strings()[:2]
    body = {"client_id": key, "client_secret": secret, **fields}
    with requests.post(f"{served.url}/v2/oauth2/token", data=body, timeout=5) as reply:
        return reply


def test_oauth_2(served: Served, keys: KeySet) -> None:
    query = f"client_id={keys.consumer_key}&response_type=code&state=s&redirect_uri={CALLBACK}&user=carol"
    sent = parse_qs(urlsplit(get(f"{served.url}/oauth2/authorize?{query}").headers["Location"]).query)
    assert sent["state"] == ["s"]
    first = token2(served, keys, grant_type="authorization_code", code=sent["code"][0]).json()
    assert (first["expires_in"], first["token_type"]) == (2520, "bearer")
    again = token2(served, keys, grant_type="authorization_code", code=sent["code"][0])
    assert again.status_code == 401
    second = token2(served, keys, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    info = get(
        f"{served.url}/v2/user/info", headers={"Authorization": f"Bearer {second['access_token']}"}
    ).json()
    assert info["response"]["user"]["name"] == "carol"


def test_oauth_2_for_the_application_itself(served: Served, keys: KeySet) -> None:
    token = token2(served, keys, grant_type="client_credentials").json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert get(f"{served.url}/v2/blog/frank/info", headers=bearer).status_code == 200
    assert get(f"{served.url}/v2/user/info", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"grant_type": "password"}, 400),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 401),
        ({"grant_type": "client_credentials", "client_secret": "x"}, 401),
    ],
)
def test_what_oauth_2_refuses(served: Served, keys: KeySet, fields: dict[str, str], status: int) -> None:
    assert token2(served, keys, **fields).status_code == status
