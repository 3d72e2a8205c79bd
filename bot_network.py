"""Addresses of this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit, urlunsplit

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - keys only
"""What a process that listens everywhere is called by others on its machine."""


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


def shown_url(url: str) -> str:
    """A URL as it may stand in a log or a message: without the user name and password that it may carry."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "an address that cannot be read"
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
