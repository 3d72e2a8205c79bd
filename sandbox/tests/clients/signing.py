"""Requests signed by hand, in the ways of clients whose languages are not at hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from tumblr_sandbox.records import KeySet

Pairs = Sequence[tuple[str, str]]


def encoded(text: str) -> str:
    """RFC 3986, as OAuth 1.0a wants it."""
    return quote(text, safe="-._~")


def authorization(keys: KeySet, method: str, url: str, signed: Pairs) -> str:
    """The header of a request whose signature covers these pairs beside OAuth's own (RFC 5849, 3.4)."""
    key, secret, token, token_secret = keys.strings()
    own = {
        "oauth_consumer_key": key,
        "oauth_nonce": secrets.token_hex(8),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time())),
        "oauth_token": token,
        "oauth_version": "1.0",
    }
    place = urlsplit(url)
    pairs = sorted((encoded(name), encoded(value)) for name, value in [*own.items(), *signed])
    base = "&".join(
        encoded(part)
        for part in (
            method,
            f"{place.scheme}://{place.netloc}{place.path}",
            "&".join(f"{name}={value}" for name, value in pairs),
        )
    )
    signing_key = f"{encoded(secret)}&{encoded(token_secret)}".encode()
    own["oauth_signature"] = base64.b64encode(
        hmac.new(signing_key, base.encode(), hashlib.sha1).digest()
    ).decode()
    return "OAuth " + ", ".join(f'{name}="{encoded(value)}"' for name, value in own.items())
