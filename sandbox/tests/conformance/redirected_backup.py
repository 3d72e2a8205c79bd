"""tumblr-backup, unmodified, against a sandbox: whatever it asks of tumblr.com goes to ``SANDBOX_URL``.

Runs in tumblr-backup's own environment, with its arguments.
"""

from __future__ import annotations

import os
import sys
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from tumblr_backup import main, wget

SANDBOX = os.environ["SANDBOX_URL"]
API_HOSTS = ("api.tumblr.com", "www.tumblr.com")


def redirected(url: str) -> tuple[str, str | None]:
    """Where an address leads here, and the Host that a blog's own pages are asked for by."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.endswith("tumblr.com"):
        return url, None
    query = f"?{parts.query}" if parts.query else ""
    return f"{SANDBOX}{parts.path}{query}", None if host in API_HOSTS else host


class Redirecting(HTTPAdapter):
    """Sends what is meant for tumblr.com to the sandbox."""

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        request.url, host = redirected(request.url or "")
        if host is not None:
            request.headers["Host"] = host
        return super().send(request, *args, **options)


make_session = main.make_requests_session
open_url = wget.poolman.urlopen


def make_redirecting_session(*args: Any) -> Session:
    session: Session = make_session(*args)
    session.mount("https://", Redirecting())
    return session


def open_redirected(method: str, url: str, redirect: bool = True, **options: Any) -> Any:
    target, host = redirected(url)
    if host is not None:
        options["headers"] = {**(options.get("headers") or {}), "Host": host}
    return open_url(method, target, redirect, **options)


if __name__ == "__main__":
    main.make_requests_session = make_redirecting_session
    wget.poolman.urlopen = open_redirected
    sys.exit(main.main())
