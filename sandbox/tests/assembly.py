"""A community and those around it, who call the API without a network."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from bench import FakeClock, make_person
from tumblr_sandbox.store import accounts, grants
from tumblr_sandbox.store.grants import Grant
from tumblr_sandbox.world import World

Answer = tuple[int, int | None]
"""A status, and the code of the error if there is one."""


class Person:
    """Somebody who signs calls."""

    def __init__(self, world: World, browser: FlaskClient, name: str) -> None:
        self.name = name
        self._browser = browser
        self._headers = {"Authorization": f"Bearer token-of-{name}"}
        with world.database.write() as connection:
            user = accounts.find_user(connection, name)
            assert user is not None
            # A consumer of its own: calls are counted by consumer.
            accounts.add_consumer(connection, f"key-of-{name}", "secret", name)
            grants.add(connection, Grant(f"token-of-{name}", "access", f"key-of-{name}", 2**40, user.id))

    def call(self, method: str, path: str, **sent: Any) -> Any:
        """The document that a call is answered with."""
        way: dict[str, Any] = {"query_string": sent or None} if method == "GET" else {"json": sent}
        answer = self._browser.open(f"/v2/{path}", method=method, headers=self._headers, **way)
        document = answer.json
        assert document is not None
        assert document["meta"]["status"] == answer.status_code
        return document

    def get(self, path: str, **asked: Any) -> Any:
        """What is answered to a call that succeeds."""
        document = self.call("GET", path, **asked)
        assert document["meta"]["status"] == 200, document
        return document["response"]

    def does(self, method: str, path: str, **sent: Any) -> Answer:
        """How a call ends."""
        document = self.call(method, path, **sent)
        errors = document.get("errors") or [{"code": None}]
        return document["meta"]["status"], errors[0]["code"]

    def post(self, place: str, text: str = "hello", **more: Any) -> str:
        """Write a post; the answer is its id."""
        content = [{"type": "text", "text": text}]
        document = self.call("POST", f"blog/{place}/posts", **{"content": content, **more})
        assert document["meta"]["status"] == 201, document
        return str(document["response"]["id"])


class Assembly:
    """frank is the admin of the community ``club``, bob a member, and carol neither."""

    def __init__(self, app: Flask, world: World, clock: FakeClock) -> None:
        self.world, self.clock = world, clock
        self.browser = app.test_client()
        self.frank, self.bob, self.carol = (self._sign_in(name) for name in ("frank", "bob", "carol"))
        self.uuid = self.make("club", members=["bob"])["uuid"]

    def _sign_in(self, name: str) -> Person:
        return Person(self.world, self.browser, name)

    def make(self, name: str, admin: str = "frank", **more: Any) -> dict[str, Any]:
        """Make another community."""
        made = self.browser.post("/sandbox/communities", json={"name": name, "admin": admin, **more})
        assert made.status_code == 200, made.text
        answer: dict[str, Any] = made.json or {}
        return answer

    def one_more(self, name: str) -> Person:
        """Somebody new."""
        make_person(self.world, name)
        return self._sign_in(name)

    def edit(self, **fields: Any) -> dict[str, Any]:
        """Let frank change the community."""
        document = self.frank.call("PUT", "communities/club", **fields)
        assert document["meta"]["status"] == 200, document
        changed: dict[str, Any] = document["response"]
        return changed
