"""A visitor without a browser: reads pages as soup, and fills in their forms."""

from __future__ import annotations

from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class Visitor:
    """Clicks through the pages. ``me`` is the account it acts as; nobody at first."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def see(self, path: str, status: int = 200) -> BeautifulSoup:
        """A page."""
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:500])
        return BeautifulSoup(answer.text, "lxml")

    def token(self) -> str:
        """What this visit's forms carry."""
        field = self.see("/accounts").select_one("input[name=token]")
        assert field is not None
        return str(field["value"])

    def send(self, path: str, status: int = 303, /, **form: object) -> TestResponse:
        """A form, with its token."""
        answer = self.client.post(path, data={"token": self.token(), **form})
        assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
        return answer

    def be(self, name: str) -> Visitor:
        """Switch to an account; a new one is made."""
        self.send("/accounts", name=name)
        return self

    def ask(self, question: str, **form: str) -> int:
        """Ask the bot something; the answer is the number that the question has."""
        answer = self.send("/blog/frank/ask", question=question, **form)
        return int(urlsplit(answer.headers["Location"]).path.rsplit("/", 1)[1])


def text_of(element: Tag | None) -> str:
    """The text of an element, in one line."""
    assert element is not None
    return " ".join(element.get_text(" ").split())


def cards(page: BeautifulSoup) -> list[Tag]:
    """The posts on a page."""
    return list(page.select("article.post"))
