"""What reaches the project's own processes directly, and what a proxy of the environment's may carry."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from pydantic import SecretStr

from bot_config import Config
from bot_http import direct_session, session_for
from bot_network import is_loopback, local_url, shown_url
from switchboard.client import Retry, SwitchboardClient
from switchboard.errors import SwitchboardUnreachable
from switchboard.messages import StateReply
from tumblr.api.key_pool import Group
from tumblr.build import connect, settings_of
from tumblr.settings import ApiKeys, TumblrConfig
from tumblr_sandbox.driver import SandboxDriver


@dataclass
class Web:
    """A server that answers everything alike, and what it was asked for."""

    port: int
    answer: dict[str, object] = field(default_factory=dict)
    targets: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def web() -> Iterator[Web]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.targets.append(self.path)
            body = json.dumps(asked.answer).encode()
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the base class's name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        asked = Web(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield asked
        server.shutdown()
        thread.join()


@pytest.fixture(params=["http://127.0.0.1:9", "socks5h://127.0.0.1:9"])
def unreachable_proxy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens on the discard port: a call that goes through the proxy fails."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, request.param)


@pytest.mark.usefixtures("unreachable_proxy")
def test_the_switchboard_is_called_directly(web: Web) -> None:
    web.answer = StateReply(state="acknowledged").model_dump(mode="json")
    client = SwitchboardClient(web.url, SecretStr("t"), retry=Retry(attempts=1))
    assert client.acknowledge("1").state == "acknowledged"
    client.close()


@pytest.mark.usefixtures("unreachable_proxy")
def test_the_sandbox_is_called_directly(web: Web) -> None:
    web.answer = {"now": 17.0}
    with SandboxDriver(web.url) as driver:
        assert driver.now() == 17.0


def read_a_blog(host: str) -> None:
    keys = ApiKeys.model_validate(dict.fromkeys(ApiKeys.model_fields, "k"))
    config = Config(tumblr=TumblrConfig(host=host, base_keys=(keys,), max_tries=1))
    with ExitStack() as stack:
        tumblr = connect(settings_of(config), stack, lambda: 0.0, None)
        tumblr.learn(tumblr.pool.key_sets(Group.BASE)[0])


@pytest.mark.usefixtures("unreachable_proxy")
def test_a_tumblr_on_this_machine_is_called_directly(web: Web) -> None:
    web.answer = {"meta": {"status": 200, "msg": "OK"}, "response": {"posts": []}}
    read_a_blog(web.url)
    assert len(web.targets) == 1


def test_a_tumblr_elsewhere_is_called_through_the_proxy(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.answer = {"meta": {"status": 200, "msg": "OK"}, "response": {"posts": []}}
    monkeypatch.setenv("http_proxy", web.url)
    read_a_blog("http://tumblr.invalid")
    assert [target.split("?")[0] for target in web.targets] == [
        "http://tumblr.invalid/v2/blog/my-bot.tumblr.com/posts"
    ]


@pytest.mark.usefixtures("unreachable_proxy")
def test_the_environments_certificates_are_trusted_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/company.pem")
    with direct_session() as session:
        options = session.merge_environment_settings("https://switchboard.example", {}, None, None, None)
    assert (options["verify"], dict(options["proxies"])) == ("/etc/company.pem", {})


@pytest.mark.parametrize(
    ("url", "direct"),
    [
        ("http://127.0.0.1:4480", True),
        ("http://localhost:4480/x", True),
        ("http://[::1]:4480", True),
        ("https://api.tumblr.com", False),
        ("http://192.168.1.7:5000", False),
        ("https://localhost.example.org", False),
    ],
)
def test_only_this_machine_is_called_directly(url: str, *, direct: bool) -> None:
    with session_for(url) as session:
        assert isinstance(session, requests.Session)
        assert session.trust_env is not direct


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("example.org", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("listen_host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:5000"),
        ("localhost", "http://localhost:5000"),
        ("::1", "http://[::1]:5000"),
        ("0.0.0.0", "http://127.0.0.1:5000"),
        ("::", "http://[::1]:5000"),
        ("192.168.1.7", "http://192.168.1.7:5000"),
    ],
)
def test_where_a_process_that_listens_there_is_reached(listen_host: str, url: str) -> None:
    assert local_url(listen_host, 5000) == url
    assert Config(switchboard={"listen_host": listen_host}).switchboard.address == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://switchboard.example.org:5000/x", "https://switchboard.example.org:5000/x"),
        ("https://worker:secret@host.example/", "https://host.example/"),
        ("http://secret@[::1]:5000", "http://[::1]:5000"),
        ("https://host.example/picture?signature=secret#secret", "https://host.example/picture"),
        ("postgresql+psycopg://bot:p@ss@db/x", "postgresql+psycopg://db/x"),
        ("http://[secret", "an address that cannot be read"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def test_an_address_with_a_password_is_told_of_without_it() -> None:
    client = SwitchboardClient("http://worker:hidden@127.0.0.1:1", None, retry=Retry(attempts=1))
    with pytest.raises(SwitchboardUnreachable, match=r"http://127\.0\.0\.1:1/") as raised:
        client.status()
    assert "hidden" not in str(raised.value)
