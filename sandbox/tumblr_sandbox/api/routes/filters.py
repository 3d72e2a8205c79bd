"""The endpoints about what a user wants covered on their dashboard: tags, and words of posts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response
from sqlalchemy import Connection

from tumblr_sandbox.api import envelope, support
from tumblr_sandbox.api.envelope import ApiError
from tumblr_sandbox.api.support import Route
from tumblr_sandbox.store.accounts import User
from tumblr_sandbox.store.database import get_setting, put_setting


@dataclass(frozen=True)
class _Filters:
    """One list of a user's filters: what it is called, how many it holds, and how long each may be."""

    name: str
    most: int
    length: int

    def of(self, connection: Connection, user: User) -> list[str]:
        return [str(one) for one in get_setting(connection, self._key(user), [])]

    def keep(self, connection: Connection, user: User, filters: list[str]) -> None:
        put_setting(connection, self._key(user), filters)

    def _key(self, user: User) -> str:
        return f"{self.name} of {user.id}"

    def listed(self) -> Response:
        """The filters, in the order in which they were added."""
        user = support.signed_in()
        with support.reading() as connection:
            return envelope.answer({self.name: self.of(connection, user)})

    def added(self, *, twice: bool) -> Response:
        """One filter more, or several; whether one that is there may be added again."""
        user = support.signed_in()
        given = [one.strip() for one in support.parameters().array(self.name, split=False)]
        if not given or not all(0 < len(one) <= self.length for one in given):
            raise envelope.bad_parameter(f"{self.name} must name filters of up to {self.length} characters")
        with support.writing() as connection:
            there = self.of(connection, user)
            if not twice and set(given) & set(there):
                raise envelope.bad_parameter("that is filtered already")
            filters = list(dict.fromkeys([*there, *given]))
            if len(filters) > self.most:
                raise ApiError(403, envelope.errors("Forbidden", 0, f"{self.most} filters are the most"))
            self.keep(connection, user, filters)
        return envelope.answer([], 201)

    def removed(self, gone: str) -> Response:
        """One filter less."""
        user = support.signed_in()
        with support.writing() as connection:
            there = self.of(connection, user)
            if gone not in there:
                raise envelope.bad_parameter("that is not filtered")
            self.keep(connection, user, [one for one in there if one != gone])
        return envelope.answer([])


TAGS = _Filters("filtered_tags", most=1000, length=140)
CONTENT = _Filters("filtered_content", most=200, length=250)

remove_tag: Callable[[str], Response] = TAGS.removed


def list_tags() -> Response:
    """The tags that the user wants covered."""
    return TAGS.listed()


def add_tags() -> Response:
    """Cover one more tag, or several."""
    return TAGS.added(twice=True)


def list_content() -> Response:
    """The words that the user wants covered."""
    return CONTENT.listed()


def add_content() -> Response:
    """Cover one string more, or several."""
    return CONTENT.added(twice=False)


def remove_content() -> Response:
    """Cover a string no more."""
    return CONTENT.removed(support.parameters().text(CONTENT.name) or "")


ROUTES: tuple[Route, ...] = (
    ("GET", "/user/filtered_tags", list_tags),
    ("POST", "/user/filtered_tags", add_tags),
    ("DELETE", "/user/filtered_tags/<path:gone>", remove_tag),
    ("GET", "/user/filtered_content", list_content),
    ("POST", "/user/filtered_content", add_content),
    ("DELETE", "/user/filtered_content", remove_content),
)
