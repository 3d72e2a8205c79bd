"""The service on a bench: the WSGI application behind the real client, without a socket between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask
from pydantic import SecretStr
from requests.adapters import BaseAdapter
from werkzeug.test import TestResponse

from switchboard.app import Switchboard, create_app
from switchboard.client import Retry, SwitchboardClient
from switchboard.job_factory import JobRules
from switchboard.settings import Role, SwitchboardConfig
from tests.switchboard.bench import Bench

TOKENS: Mapping[Role, str] = {
    "client": "token-c",
    "generator": "token-g",
    "selector": "token-s",
    "console": "token-o",
}
URL = "http://127.0.0.1:9"


def with_tokens(settings: SwitchboardConfig) -> SwitchboardConfig:
    return settings.model_copy(
        update={f"{role}_token": SecretStr(token) for role, token in TOKENS.items()} | {"threads": 4}
    )


class WsgiAdapter(BaseAdapter):
    """Carries requests to a WSGI application in this process."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.app = app

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        headers = {
            name: value.decode("latin-1") if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        answer = self.app.test_client().open(
            path=parts.path,
            base_url=f"{parts.scheme}://{parts.netloc}",
            query_string=parts.query,
            method=request.method,
            headers=headers,
            data=request.body,
        )
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers.update(dict(answer.headers))
        response._content = answer.data
        return response

    def close(self) -> None:
        """Nothing is open."""


class Service:
    """A service over a bench's store, and its three clients."""

    def __init__(
        self, bench: Bench, settings: SwitchboardConfig | None = None, rules: JobRules | None = None
    ) -> None:
        self.bench = bench
        self.settings = settings or with_tokens(bench.settings)
        self.app = create_app(bench.store, self.settings, rules or bench.rules, bench.clock)
        self.parts: Switchboard = self.app.extensions["switchboard"]

    def client(self, role: Role = "client", token: str | None = None) -> SwitchboardClient:
        """A client in a role."""
        session = requests.Session()
        session.mount(URL, WsgiAdapter(self.app))
        secret = SecretStr(token if token is not None else TOKENS[role])
        return SwitchboardClient(URL, secret, session=session, retry=Retry(attempts=1))

    def send(
        self,
        method: str,
        path: str,
        role: Role | None = "client",
        *,
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> TestResponse:
        """One raw request, with the token of a role."""
        sent = dict(headers or {})
        if role is not None:
            sent["Authorization"] = f"Bearer {TOKENS[role]}"
        return self.app.test_client().open(path, method=method, headers=sent, **body)
