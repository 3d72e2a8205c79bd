"""The sandbox over TLS, with a certificate made at start."""

from __future__ import annotations

import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from bench import SandboxProcess, client_of
from clients.secure import Secure
from tumblr_sandbox import __main__ as command
from tumblr_sandbox.demo_accounts import demo_keys
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.faults import Fault, FaultKind
from tumblr_sandbox.process import FatalError

pytest.importorskip("cheroot", reason="--tls needs tumblr-sandbox[tls]")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    """A sandbox as a process with its https port."""
    with Secure(tmp_path_factory.mktemp("tls")) as secure:
        yield secure


def test_signed_calls_are_those_of_https(secure: Secure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secure.authority))
    client = client_of(secure.url, demo_keys("frank", secure.database))
    assert client.info()["user"]["name"] == "frank"
    made = client.create_text("frank", body="<p>over TLS</p>", tags=["a b"])
    (post,) = client.posts("frank", id=made["id"])["posts"]
    assert post["body"] == "<p>over TLS</p>"
    assert post["blog"]["name"] == "frank"


def test_addresses_in_answers_are_https(secure: Secure) -> None:
    key = demo_keys("frank", secure.database).consumer_key
    with requests.get(
        f"{secure.url}/v2/blog/frank/info", params={"api_key": key}, verify=str(secure.authority), timeout=60
    ) as reply:
        address = reply.json()["response"]["blog"]["avatar"][0]["url"]
    assert address.startswith(f"{secure.url}/")
    with requests.get(address, verify=str(secure.authority), timeout=60) as picture:
        assert picture.headers["Content-Type"] == "image/png"


def test_the_certificate_is_trusted_by_nobody_else(secure: Secure) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{secure.url}/v2/user/info", timeout=60)


@pytest.mark.parametrize("name", ["localhost", "api.tumblr.com", "www.tumblr.com", "somebody.tumblr.com"])
def test_the_hosts_that_clients_are_redirected_from(secure: Secure, name: str) -> None:
    place = urlsplit(secure.url)
    context = ssl.create_default_context(cafile=str(secure.authority))
    with socket.create_connection((place.hostname, place.port), timeout=60) as plain:
        context.wrap_socket(plain, server_hostname=name).close()


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.TIMEOUT])
def test_a_cut_connection_is_cut_over_tls_too(secure: Secure, kind: FaultKind) -> None:
    with SandboxDriver(secure.plain) as driver:
        driver.add_fault(Fault(kind=kind, seconds=0.1, count=1))
        with pytest.raises(requests.exceptions.RequestException):
            requests.get(f"{secure.url}/v2/user/info", verify=str(secure.authority), timeout=60)
        with requests.get(f"{secure.url}/v2/user/info", verify=str(secure.authority), timeout=60) as reply:
            assert reply.status_code == 401


def test_it_stops_when_it_is_told(tmp_path: Path) -> None:
    process = SandboxProcess(tmp_path / "sandbox.db", "--tls", "0")
    assert process.end(signal.SIGTERM) == 0


# cheroot leaves the socket that it could not bind to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        arguments = ["serve", "--port", "0", "--database", str(tmp_path / "a.db"), "--tls", port]
        with pytest.raises(FatalError, match="cannot serve https"):
            command.main(arguments)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_name: str) -> Any:
        return None

    monkeypatch.setattr("importlib.util.find_spec", nothing)
    arguments = ["serve", "--port", "0", "--database", str(tmp_path / "a.db"), "--tls", "0"]
    with pytest.raises(FatalError, match="cheroot and trustme"):
        command.main(arguments)
