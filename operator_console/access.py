"""Who may ask for what: the host that is addressed, who is logged in, whether a form is one of theirs."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Response, g, request

from operator_console.errors import BadRequest, LoggedOut, NotAllowed, StaleForm
from operator_console.passwords import LoginLimit, PasswordCheck
from operator_console.sessions import Session, SessionStore
from operator_console.settings import AccountConfig, ConsoleConfig
from switchboard.console_talk import By

COOKIE, VISITOR_COOKIE = "console", "console_visitor"
FORM_TOKEN = "form_token"  # noqa: S105 - the name of a field
OWN_SITES = frozenset({"same-origin", "none"})


@dataclass(frozen=True)
class Visitor:
    """Who is logged in."""

    account: AccountConfig
    session: Session

    @property
    def by(self) -> By:
        """As the bot is told."""
        return By(who=self.account.name, role=self.account.role)

    @property
    def is_operator(self) -> bool:
        """Whether they may do everything."""
        return self.account.role == "operator"


class Access:
    """Decides about each request, by its headers and the settings."""

    def __init__(
        self,
        settings: ConsoleConfig,
        sessions: SessionStore,
        port: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.sessions = sessions
        self._hosts = hosts_of(settings, port)
        self._accounts = {account.name.lower(): account for account in settings.accounts}
        self._passwords = PasswordCheck()
        self._limit = LoginLimit(settings.login_attempts, clock)

    # The address

    def check_host(self, environ: Mapping[str, Any]) -> None:
        """Refuse what is addressed to another name: a page may have its own name point here.

        What a proxy says of the host is not looked at. Raises BadRequest.
        """
        if str(environ.get("HTTP_HOST", "")).lower() not in self._hosts:
            raise BadRequest("not addressed to this console; see console.host_names")

    def check_origin(self) -> None:
        """Refuse a form that another site has sent. Raises StaleForm."""
        origin = request.headers.get("Origin")
        is_foreign = origin not in (None, "null") and urlsplit(str(origin)).netloc.lower() not in self._hosts
        if is_foreign or request.headers.get("Sec-Fetch-Site", "none") not in OWN_SITES:
            raise StaleForm("the form was sent by another site; nothing was done")

    def client_address(self) -> str:
        """The browser's address: what the outermost of our own proxies has seen."""
        peer = request.environ.get("REMOTE_ADDR") or "unknown"
        count = self.settings.proxies
        if not count:
            return str(peer)
        named = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        address = named[-count] if len(named) >= count else ""
        try:
            return str(ip_address(address))
        except ValueError:
            return str(peer)

    # The login

    def visitor(self) -> Visitor | None:
        """Who is logged in, if anybody is."""
        session = self.sessions.find(request.cookies.get(COOKIE, ""))
        by_proxy = self._name_by_proxy()
        if by_proxy is not None:
            return self._visitor_by_proxy(by_proxy, session)
        account = None if session is None else self._accounts.get(session.name.lower())
        return None if session is None or account is None else Visitor(account, session)

    def _name_by_proxy(self) -> str | None:
        """The name that a listed proxy gives; None without one. Raises BadRequest for what is none."""
        header = self.settings.proxy_header
        if header is None or request.environ.get("REMOTE_ADDR") not in self.settings.proxy_peers:
            return None
        values = request.headers.getlist(header)
        if not values or values == [""]:
            return None
        if len(values) > 1 or "," in values[0]:
            raise BadRequest(f"the proxy gives more than one {header}")
        return values[0].strip()

    def _visitor_by_proxy(self, name: str, session: Session | None) -> Visitor | None:
        account = self._accounts.get(name.lower())
        if account is None:
            return None
        if session is None or session.name.lower() != account.name.lower():
            token, session = self.sessions.begin(account.name, self.client_address())
            g.new_cookie = token
        return Visitor(account, session)

    def log_in(self, name: str, password: str) -> tuple[str, AccountConfig]:
        """A new login: the token of its cookie. Raises LoggedOut and TooMany."""
        address = self.client_address()
        self._limit.check(address)
        account = self._accounts.get(name.strip().lower())
        stored = None if account is None else account.password_hash
        if not self._passwords.is_right(None if stored is None else stored.get_secret_value(), password):
            self._limit.failed(address)
            raise LoggedOut("this name and password do not go together")
        assert account is not None
        self._limit.succeeded(address)
        token, _session = self.sessions.begin(account.name, address)
        return token, account

    def check_form(self, expected: str) -> None:
        """Refuse a form that has not the token of its page. Raises StaleForm."""
        given = request.form.get(FORM_TOKEN, "") or request.headers.get("X-Form-Token", "")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise StaleForm("this page is from an earlier login; nothing was done")

    def visitor_token(self) -> str:
        """The token for the form of the login, which is in a cookie as well."""
        known = request.cookies.get(VISITOR_COOKIE, "")
        if len(known) < 20:
            known = g.new_visitor_token = secrets.token_urlsafe(24)
        return known

    def set_cookie(self, response: Response, name: str, token: str) -> None:
        """Give the browser a token that no script and no other site sees."""
        response.set_cookie(
            name, token, secure=self.settings.secure, httponly=True, samesite="Strict", path="/"
        )


def hosts_of(settings: ConsoleConfig, port: int) -> frozenset[str]:
    """The Host headers that are answered to, in lower case."""
    loopback = ("127.0.0.1", "localhost", "[::1]")
    own = {f"{name}:{port}" for name in loopback} | (set(loopback) if port == 80 else set())
    return frozenset(own | {name.lower() for name in settings.host_names})


def current() -> Visitor:
    """Who is logged in. Raises LoggedOut."""
    visitor: Visitor | None = getattr(g, "visitor", None)
    if visitor is None:
        raise LoggedOut("log in first")
    return visitor


def operator() -> Visitor:
    """The operator who is logged in. Raises LoggedOut and NotAllowed."""
    visitor = current()
    if not visitor.is_operator:
        raise NotAllowed("only an operator may do this")
    return visitor
