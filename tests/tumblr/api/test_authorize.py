"""Getting a token: the three steps in order, signed, and every way in which they fail said in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pytumblr import TumblrRestClient
from requests.adapters import BaseAdapter
from requests_oauthlib import OAuth1Session

from tests.tumblr.live_services import Neighbours
from tumblr.__main__ import main
from tumblr.api.authorize import NotAuthorized, Token, authorize

SITE = "https://tumblr.test"


class FakeSite(BaseAdapter):
    """Tumblr's side of the three steps."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []
        self.status = 200
        self.down = False

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        if self.down:
            raise requests.ConnectionError("down")
        path = urlsplit(request.url or "").path
        header = request.headers["Authorization"]
        self.asked.append((path, header if isinstance(header, str) else header.decode()))
        step = {"/oauth/request_token": "asked", "/oauth/access_token": "granted"}[str(path)]
        response = requests.Response()
        response.status_code = self.status
        response.url = request.url or ""
        body = f"oauth_token={step}&oauth_token_secret={step}-secret&oauth_callback_confirmed=true"
        response._content = body.encode() if self.status == 200 else b"no"
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def site() -> FakeSite:
    return FakeSite()


@pytest.fixture
def session(site: FakeSite) -> Iterator[OAuth1Session]:
    with OAuth1Session("key", client_secret="secret") as opened:
        opened.mount(SITE, site)
        yield opened


def allow(page: str) -> str:
    """What the owner's browser shows after they have allowed it."""
    (token,) = parse_qs(urlsplit(page).query)["oauth_token"]
    return f" https://example.org/back?oauth_token={token}&oauth_verifier=v#_=_\n"


def test_an_owner_allows_it(site: FakeSite, session: OAuth1Session) -> None:
    token = authorize(session, SITE, allow)
    assert (token.token, token.secret) == ("granted", "granted-secret")
    (first, first_header), (second, second_header) = site.asked
    assert (first, second) == ("/oauth/request_token", "/oauth/access_token")
    assert 'oauth_consumer_key="key"' in first_header
    assert 'oauth_token="asked"' in second_header
    assert 'oauth_verifier="v"' in second_header


def test_an_owner_allows_it_in_the_sandbox(tmp_path: Path) -> None:
    def say_yes(page: str) -> str:
        with requests.get(f"{page}&user=bob", timeout=5, allow_redirects=False) as reply:
            return reply.headers["Location"]

    with Neighbours(tmp_path) as near:
        site = near.driver.base_url
        key, secret = near.keys.strings()[:2]
        with OAuth1Session(key, client_secret=secret, callback_uri="https://example.org/back") as session:
            token = authorize(session, site, say_yes)
        make_client: Any = TumblrRestClient  # pytumblr has no types
        client = make_client(key, secret, token.token, token.secret, host=site)
        assert client.info()["user"]["name"] == "bob"


def test_the_command_works_against_the_sandbox_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an operator does it: the page is opened in a browser, and the address it ends at is pasted."""
    printed: list[str] = []

    def paste(_: str) -> str:
        printed.append(capsys.readouterr().out)
        (page,) = (line.strip() for line in printed[0].splitlines() if line.strip().startswith("http"))
        with requests.get(f"{page}&user=bob", timeout=5) as reply:
            assert reply.ok
            return reply.url

    with Neighbours(tmp_path) as near:
        site = near.driver.base_url
        key, secret = near.keys.strings()[:2]
        monkeypatch.setenv("TUMBLR_CONSUMER_KEY", key)
        monkeypatch.setenv("TUMBLR_CONSUMER_SECRET", secret)
        monkeypatch.setattr("builtins.input", paste)
        assert main(["authorize", "--site", site]) == 0
        token, token_secret = (line.partition("=")[2] for line in capsys.readouterr().out.split())
        make_client: Any = TumblrRestClient  # pytumblr has no types
        assert make_client(key, secret, token, token_secret, host=site).info()["user"]["name"] == "bob"


def test_the_secret_is_not_shown() -> None:
    assert "hidden" not in repr(Token("shown", "hidden"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("https://example.org/back?oauth_token=asked", "no oauth_verifier"),
        ("no", "not the address"),
        ("https://example.org/back", "not the address"),
    ],
)
def test_another_address_is_no_answer(session: OAuth1Session, answer: str, words: str) -> None:
    with pytest.raises(NotAuthorized, match=words):
        authorize(session, SITE, lambda _: answer)


def test_wrong_keys_and_no_answer_are_said(site: FakeSite, session: OAuth1Session) -> None:
    site.status = 401
    with pytest.raises(NotAuthorized, match="check the consumer key"):
        authorize(session, SITE, allow)
    site.down = True
    with pytest.raises(NotAuthorized, match="no answer from https"):
        authorize(session, SITE, allow)


def test_the_command_needs_the_applications_strings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TUMBLR_CONSUMER_KEY", raising=False)
    with pytest.raises(Exception, match="TUMBLR_CONSUMER_KEY"):
        main(["authorize"])
