"""People with keys, and the public clients they use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytumblr2
import requests
from requests_oauthlib import OAuth1

from bench import client_of
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import KeySet

TIMEOUT_SECONDS = 20


@dataclass
class Crowd:
    """The people of one served sandbox: those not known yet are made when they are named."""

    url: str
    driver: SandboxDriver
    known: dict[str, KeySet]

    def keys(self, name: str) -> KeySet:
        """A person's keys."""
        if name not in self.known:
            self.known[name] = self.driver.create_user(name)
        return self.known[name]

    def client(self, name: str) -> Any:
        """pytumblr as this person."""
        return client_of(self.url, self.keys(name))

    def npf_client(self, name: str, **options: object) -> Any:
        """pytumblr2 as this person."""
        make: Any = pytumblr2.TumblrRestClient
        return make(*self.keys(name).strings(), host=self.url, **options)

    def signed(self, name: str) -> OAuth1:
        """A signature of this person for raw requests."""
        return OAuth1(*self.keys(name).strings())

    def call(self, method: str, path: str, name: str = "frank", **options: Any) -> Any:
        """A raw signed request; the answer is the whole document."""
        options.setdefault("timeout", TIMEOUT_SECONDS)
        with requests.request(method, self.url + path, auth=self.signed(name), **options) as reply:
            return reply.json()
