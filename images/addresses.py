"""Which addresses the bot may fetch from: pure rules on URLs and on the addresses that names resolve to."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from images.errors import AddressRefusedError

TUMBLR_HOSTS = ("*.media.tumblr.com", "media.tumblr.com")
"""Where tumblr serves what people post."""
ANY_HOST = "*"
_MAX_URL = 2048
_ODD = re.compile(r"[\x00-\x20\x7f\\]|[^\x00-\x7f]")
"""Characters that readers of URLs take for different things; a URL proper has them encoded."""

_CLOSED_V4 = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_CLOSED_V6 = [
    ipaddress.IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]  # special purposes, documentation, IPv4 carried by 6to4 (Teredo is 2001::/32)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


@dataclass(frozen=True)
class Target:
    """A place to fetch from. ``is_trusted``: the operator named host and port; its address is not judged."""

    scheme: str
    host: str
    port: int
    path: str
    is_trusted: bool

    @property
    def url(self) -> str:
        """The whole address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def target_of(url: str, hosts: Sequence[str] = ()) -> Target:
    """Where a URL leads, if that may be fetched; raises AddressRefusedError.

    Tumblr's media hosts may be fetched over https, and what ``hosts`` names: a host, ``*.`` and a host for
    all below it, ``*`` for every host; or a host with its port, which may be fetched over http as well.
    """
    if len(url) > _MAX_URL or _ODD.search(url):
        raise AddressRefusedError("the address is not spelled as addresses are")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        raise AddressRefusedError("the address cannot be read") from None
    if parts.scheme not in ("http", "https") or not host:
        raise AddressRefusedError(f"{parts.scheme or 'no'} address: only https is fetched")
    if parts.username is not None or parts.password is not None:
        raise AddressRefusedError("the address holds a user name")
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    name = f"[{host}]" if ":" in host else host
    if f"{name}:{port}" in (rule.lower() for rule in hosts):
        return Target(parts.scheme, host, port, path, is_trusted=True)
    if not any(_matches(host, rule.lower()) for rule in (*TUMBLR_HOSTS, *hosts)):
        raise AddressRefusedError("its host is not one that images are fetched from")
    if parts.scheme != "https" or port != 443:
        raise AddressRefusedError("only https on its usual port is fetched")
    return Target(parts.scheme, host, port, path, is_trusted=False)


def redirected(target: Target, location: str, hosts: Sequence[str] = ()) -> Target:
    """Where a redirect leads, judged as a new URL; raises AddressRefusedError."""
    if _ODD.search(location):
        raise AddressRefusedError("a redirect is not spelled as addresses are")
    new = target_of(urljoin(target.url, location), hosts)
    if target.scheme == "https" and new.scheme != "https":
        raise AddressRefusedError("a redirect leads from https to http")
    return new


def _matches(host: str, rule: str) -> bool:
    if rule == ANY_HOST:
        return True
    if rule.startswith("*."):
        return host.endswith(rule[1:])
    return host == rule


def check_public(address: str) -> None:
    """Raise AddressRefusedError unless an IP address is one of the open internet.

    An IPv4 address within an IPv6 one is judged in the forms that networks translate (mapped, NAT64); every
    other form is refused, as is what Python 3.11 calls global without its being so.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        raise AddressRefusedError("its host has no address that can be read") from None
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or _translated(found)
        if inner is None:
            if not _is_public_v6(found):
                raise AddressRefusedError("its host is not on the open internet")
            return
        found = inner
    if any(found in network for network in _CLOSED_V4) or not found.is_global:
        raise AddressRefusedError("its host is not on the open internet")


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None


def _is_public_v6(address: ipaddress.IPv6Address) -> bool:
    if address not in _PUBLIC_V6 or any(address in network for network in _CLOSED_V6):
        return False
    return (int(address) >> 32) & 0xFFFFFFFF not in _ISATAP and address.is_global
