"""Who is calling: OAuth 1.0a signatures (HMAC-SHA1) and api keys."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl

from flask import Request
from oauthlib.oauth1.rfc5849 import signature, utils
from sqlalchemy import Connection

from tumblr_sandbox.api.envelope import unauthorized
from tumblr_sandbox.api.params import FORM, MULTIPART, Parameters
from tumblr_sandbox.store import accounts, grants, usage
from tumblr_sandbox.store.accounts import User
from tumblr_sandbox.world import Checks

MAX_CLOCK_SKEW_SECONDS = 300
NONCE_LIFETIME_SECONDS = 2 * MAX_CLOCK_SKEW_SECONDS
MAX_TIMESTAMP_DIGITS = 15
_REQUIRED = frozenset({"oauth_signature", "oauth_timestamp", "oauth_nonce"})


@dataclass(frozen=True)
class Caller:
    """Who sent a request: nobody, the holder of an api key, or a signed-in user of a consumer."""

    consumer: str | None = None
    user: User | None = None


@dataclass(frozen=True)
class Credentials:
    """What a request says about its sender, not yet believed."""

    oauth: dict[str, str]
    api_key: str | None
    signed_pairs: list[tuple[str, str]]
    is_bearer: bool = False
    multipart_pairs: list[tuple[str, str]] = field(default_factory=list)
    """The texts of a multipart form, which some clients sign like those of a url-encoded one."""

    @property
    def is_signed_by_user(self) -> bool:
        """Whether a user's token is named."""
        return bool(self.oauth.get("oauth_token"))


def read_credentials(request: Request) -> Credentials:
    """Collect OAuth's parameters from the header, the query or the form, and all pairs that are signed."""
    query = parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True)
    body = request.get_data(cache=True).decode("utf-8", "replace") if request.mimetype == FORM else ""
    sent = query + parse_qsl(body, keep_blank_values=True)
    pairs = sent + _header_pairs(request.headers.get("Authorization", ""))
    oauth = {name: value for name, value in pairs if name.startswith("oauth_")}
    api_key = Parameters(request).text("api_key") or _bearer(request)
    signed = [pair for pair in pairs if pair[0] != "oauth_signature"]
    texts = list(request.form.items(multi=True)) if request.mimetype == MULTIPART else []
    return Credentials(oauth, api_key, signed, _bearer(request) is not None, texts)


def authenticate(connection: Connection, request: Request, checks: Checks, now: float) -> Caller:
    """Check a request's credentials, or raise the 401 document. Without credentials the caller is nobody.

    A consumer that signs without a token counts as holder of its api key.
    """
    found = read_credentials(request)
    if found.is_signed_by_user:
        return _signed_in(connection, request, found, checks, now)
    key = found.oauth.get("oauth_consumer_key") or found.api_key
    if key is None:
        return Caller()
    granted = grants.find(connection, key, "access", now) if found.is_bearer else None
    if granted is not None:
        return Caller(granted.consumer_key, accounts.user_by_id(connection, granted.user_id))
    if accounts.consumer_secret(connection, key) is None:
        raise unauthorized()
    return Caller(consumer=key)


def _signed_in(
    connection: Connection, request: Request, found: Credentials, checks: Checks, now: float
) -> Caller:
    oauth = found.oauth
    consumer = oauth.get("oauth_consumer_key", "")
    secret = accounts.consumer_secret(connection, consumer)
    token = accounts.find_token(connection, oauth["oauth_token"])
    if secret is None or token is None or token.consumer_key != consumer:
        raise unauthorized()
    if not _is_well_formed(oauth, checks, now) or not _signature_fits(request, found, secret, token.secret):
        raise unauthorized()
    if checks.nonces and not _nonce_is_new(connection, oauth, now):
        raise unauthorized()
    return Caller(consumer, token.user)


def check_signed(
    connection: Connection, request: Request, token_secret: str, checks: Checks, now: float
) -> dict[str, str]:
    """OAuth's parameters of a request on the way to a token, if its signature holds; else 401."""
    found = read_credentials(request)
    secret = accounts.consumer_secret(connection, found.oauth.get("oauth_consumer_key", ""))
    if secret is None or not _is_well_formed(found.oauth, checks, now):
        raise unauthorized()
    if not _signature_fits(request, found, secret, token_secret):
        raise unauthorized()
    return found.oauth


def _is_well_formed(oauth: dict[str, str], checks: Checks, now: float) -> bool:
    if oauth.get("oauth_signature_method") != "HMAC-SHA1" or not oauth.keys() >= _REQUIRED:
        return False
    if not oauth["oauth_timestamp"].isdecimal() or len(oauth["oauth_timestamp"]) > MAX_TIMESTAMP_DIGITS:
        return False
    return not checks.timestamps or abs(int(oauth["oauth_timestamp"]) - now) <= MAX_CLOCK_SKEW_SECONDS


def _signature_fits(request: Request, found: Credentials, secret: str, token_secret: str) -> bool:
    """Compare with the signatures that we would make, in constant time.

    Of a multipart form RFC 5849 signs nothing; the JavaScript, PHP, Ruby and Java clients sign its texts.
    """
    uri = f"{request.scheme}://{request.host}{_path_as_sent(request)}"
    try:
        base_uri = signature.base_string_uri(uri)
    except ValueError:
        return False
    secrets, sent = _Secrets(secret, token_secret), found.oauth["oauth_signature"].encode()
    ways = [found.signed_pairs]
    if found.multipart_pairs:
        ways.append(found.signed_pairs + found.multipart_pairs)
    return any(
        hmac.compare_digest(_signature(request.method, base_uri, pairs, secrets), sent) for pairs in ways
    )


def _signature(method: str, base_uri: str, pairs: list[tuple[str, str]], secrets: _Secrets) -> bytes:
    # oauthlib's annotations are narrower than what its functions take.
    normal = signature.normalize_parameters(cast("Any", pairs))
    base = signature.signature_base_string(cast("Any", method), base_uri, normal)
    signed: str = signature.sign_hmac_sha1_with_client(base, secrets)
    return signed.encode()


@dataclass(frozen=True)
class _Secrets:
    """The two secrets, under the names that oauthlib's signing function reads."""

    client_secret: str
    resource_owner_secret: str


def _nonce_is_new(connection: Connection, oauth: dict[str, str], now: float) -> bool:
    usage.forget_nonces(connection, int(now) - NONCE_LIFETIME_SECONDS)
    return usage.use_nonce(
        connection,
        oauth["oauth_consumer_key"],
        oauth["oauth_token"],
        int(oauth["oauth_timestamp"]),
        oauth["oauth_nonce"],
    )


def _path_as_sent(request: Request) -> str:
    """The path without decoding: what was signed."""
    raw = str(request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI") or request.path)
    if "://" in raw.split("?", 1)[0]:
        raw = "/" + raw.split("://", 1)[1].partition("/")[2]
    return raw.split("?", 1)[0]


def _header_pairs(header: str) -> list[tuple[str, str]]:
    if not header.lower().startswith("oauth "):
        return []
    try:
        pairs = utils.parse_authorization_header(header)
    except ValueError:
        raise unauthorized() from None
    return [(name, utils.unescape(value)) for name, value in pairs if name != "realm"]


def _bearer(request: Request) -> str | None:
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() or None if kind.lower() == "bearer" else None
