"""Who may use the faces that need no keys: programs and browsers on this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Request, abort

FORWARDING = (
    "Forwarded",
    "Via",
    "X-Forwarded-By",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Real-Ip",
)
"""Headers by which a proxy says that it speaks for somebody else."""


def is_loopback(address: str | None) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def host_is_plain(host: str) -> bool:
    """Whether a Host header is ``localhost`` or a bare address.

    A page elsewhere can point a name of its own at this machine, but not such a host.
    """
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def host_is_of_tumblr(host: str) -> bool:
    """Whether a Host header is tumblr's: it comes from programs that are redirected here, and nobody else can
    point such a name at this machine."""
    name = urlsplit(f"//{host}").hostname or ""
    return name == "tumblr.com" or name.endswith(".tumblr.com")


def only_from_here(request: Request) -> None:
    """Refuse (403) requests from other machines, and those that another site made a browser send.

    A proxy on this machine speaks for anybody, whatever it says for whom.
    """
    if not is_loopback(request.remote_addr) or any(name in request.headers for name in FORWARDING):
        abort(403, "only from this machine")
    if not host_is_plain(request.host):
        abort(403, "unexpected Host")
    only_from_own_pages(request)


def only_from_own_pages(request: Request) -> None:
    """Refuse (403) requests that another site made a browser send.

    Browsers name where a form came from in Origin, and in Sec-Fetch-Site; programs send neither.
    """
    if not (host_is_plain(request.host) or host_is_of_tumblr(request.host)):
        abort(403, "unexpected Host")
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        abort(403, "the request comes from another site")
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        abort(403, "the request comes from another site")
