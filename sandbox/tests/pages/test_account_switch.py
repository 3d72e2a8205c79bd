"""Accounts: being somebody, being somebody else, being new."""

from __future__ import annotations

import pytest

from pages.stage import Stage
from pages.visitor import Visitor, text_of
from tumblr_sandbox.pages.account_switch import ACCOUNTS_SHOWN
from tumblr_sandbox.store import accounts


def names(visitor: Visitor, path: str = "/accounts") -> list[str]:
    return [str(one["value"]) for one in visitor.see(path).select(".people button")]


def test_being_somebody_and_a_guest_again(stage: Stage, visitor: Visitor) -> None:
    assert text_of(visitor.see("/accounts").h1) == "Who are you?"
    assert names(visitor) == ["frank", "quietmarsh", "tinplate-owl", "memefoundry", "crimewave-jam"]
    visitor.be("frank")
    assert text_of(visitor.see("/accounts").h1) == "You are frank"
    assert text_of(visitor.see("/").select_one(".who b")) == "frank"
    visitor.send("/accounts/leave")
    assert text_of(visitor.see("/accounts").h1) == "Who are you?"


def test_a_new_name_is_a_new_account(stage: Stage, visitor: Visitor) -> None:
    answer = visitor.send("/accounts", name=" @Noor-2 ", next="/blog/frank/ask")
    assert answer.headers["Location"] == "/blog/frank/ask"
    assert "Welcome, noor-2." in text_of(visitor.see("/").select_one(".told"))
    assert "Ask me anything" in visitor.see("/blog/noor-2").get_text()
    with stage.world.database.read() as connection:
        assert accounts.find_user(connection, "noor-2") is not None


@pytest.mark.parametrize("name", ["", "a b", "-a", "a" * 33, "é", "anonymous", "<b>", "../x"])
def test_names_that_cannot_be(stage: Stage, visitor: Visitor, name: str) -> None:
    answer = visitor.send("/accounts", 400, name=name)
    assert 'role="alert"' in answer.text
    assert text_of(visitor.see("/accounts").h1) == "Who are you?"


def test_many_accounts_are_found_by_name(stage: Stage, visitor: Visitor) -> None:
    for number in range(ACCOUNTS_SHOWN):
        visitor.be(f"extra-{number}")
    assert len(names(visitor)) == ACCOUNTS_SHOWN
    assert names(visitor, "/accounts?q=extra-35") == ["extra-35"]
    assert "Nobody of that name" in visitor.see("/accounts?q=%25").get_text()


def test_an_account_that_is_gone_is_a_guest(stage: Stage, visitor: Visitor) -> None:
    with visitor.client.session_transaction() as kept:
        kept["account"] = "nobody"
    assert text_of(visitor.see("/accounts").h1) == "Who are you?"
