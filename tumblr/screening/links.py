"""Where a text of the bot's leads its readers: people can have it repeat addresses that they typed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from html import unescape
from urllib.parse import urlsplit

_TARGET = re.compile(r"""<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_TYPED = re.compile(r"""\b(?:https?://|www\.)[^\s<>"']+""", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:com|net|org|info|io|co|me|ru|xyz|link|site|shop|app|ly|gg|tv|biz)\b(?!\()",
    re.IGNORECASE,
)
"""An address without its scheme, which many programs make a link of."""


def foreign_hosts(text: str, hosts: Collection[str]) -> list[str]:
    """The hosts that a text links to or names as addresses, but for some and what lies below them."""
    own = tuple(host.lower().strip(".") for host in hosts)
    found = dict.fromkeys(_hosts(text))
    return [host for host in found if not any(host == one or host.endswith(f".{one}") for one in own)]


def _hosts(text: str) -> Iterator[str]:
    for target in _TARGET.finditer(text):
        yield _host(unescape(target[1] or target[2] or target[3] or ""))
    words = re.sub(r"<[^<>]*>", " ", text)
    for typed in (*_TYPED.finditer(words), *_DOMAIN.finditer(words)):
        yield _host(typed.group().rstrip(".,;:!?)'"))


def _host(address: str) -> str:
    """The host of an address in lower case; what has none is named as it is."""
    address = address.strip()
    try:
        parts = urlsplit(address if "://" in address or address.startswith("//") else f"//{address}")
        return (parts.hostname or address).removeprefix("www.").rstrip(".")
    except ValueError:
        return address
