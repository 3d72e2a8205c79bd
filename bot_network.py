"""Addresses of this machine, and HTTP sessions that go through no proxy."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import requests

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - keys only
"""What a process that listens everywhere is called by others on its machine."""

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def is_loopback(host: str) -> bool:
    """Whether an address, or the name localhost, can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def local_url(listen_host: str, port: int) -> str:
    """The URL under which a process of this machine reaches one that listens on ``listen_host``."""
    host = ANY_ADDRESS.get(listen_host, listen_host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def direct_session() -> requests.Session:
    """A session that goes through no proxy and reads no .netrc, but trusts the environment's certificates."""
    import requests  # here, for the switchboard, which calls nobody: six megabytes

    session = requests.Session()
    session.trust_env = False
    session.verify = next((os.environ[name] for name in CA_VARIABLES if os.environ.get(name)), True)
    return session


def session_for(url: str) -> requests.Session:
    """A session for calls to ``url``: direct to this machine, otherwise as the environment says."""
    import requests

    return direct_session() if is_loopback(urlsplit(url).hostname or "") else requests.Session()
