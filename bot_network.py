"""Addresses of this machine."""

from __future__ import annotations

import ipaddress

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
