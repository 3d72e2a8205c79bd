"""The list of followed blogs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tumblr.fakes import FakeClock
from tumblr.api.errors import TumblrUnavailable
from tumblr.finders.follows import FollowList
from tumblr.store.cursors import ValueStore
from tumblr.store.database import Database


class Account:
    """Follows some blogs; breaks off in the middle of the list when told to."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.looks = 0
        self.breaks = False

    def following(self) -> Iterator[str]:
        self.looks += 1
        yield self.names[0]
        if self.breaks:
            raise TumblrUnavailable("down")
        yield from self.names[1:]


@pytest.fixture
def values(database: Database, clock: FakeClock) -> ValueStore:
    return ValueStore(database, clock)


def test_it_is_read_once_also_across_restarts(values: ValueStore) -> None:
    account = Account("Ann", "bob", "bob")
    follows = FollowList(account, values, anew=False)
    assert follows.find() == []
    follows.find()
    FollowList(account, values, anew=False).find()
    assert values.follows() == {"ann", "bob"}
    assert account.looks == 1


def test_it_is_read_anew_when_the_operator_wants_it(values: ValueStore) -> None:
    FollowList(Account("ann"), values, anew=False).find()
    again = FollowList(Account("cid"), values, anew=True)
    again.find()
    assert values.follows() == {"cid"}


def test_half_a_list_is_no_list(values: ValueStore) -> None:
    account = Account("ann", "bob")
    account.breaks = True
    follows = FollowList(account, values, anew=False)
    with pytest.raises(TumblrUnavailable):
        follows.find()
    assert values.follows() == frozenset()
    account.breaks = False
    follows.find()
    assert values.follows() == {"ann", "bob"}
