"""The list of followed blogs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tumblr.fakes import FakeClock, ModelTumblr, bot_over, settings_for
from tumblr.api.client import TumblrDashReader
from tumblr.api.errors import TumblrUnavailable
from tumblr.api.key_pool import Pool
from tumblr.bot import Tumblr
from tumblr.finders.follows import FollowList
from tumblr.store.cursors import CursorStore
from tumblr.store.database import Database


class Account(TumblrDashReader):
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


class Bench:
    """Starts processes over one database."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.cursors = CursorStore(database, clock)
        self._database, self._clock = database, clock

    def start(self, account: Account, *, anew: bool = False) -> FollowList:
        tumblr = Tumblr(Pool([]), ModelTumblr(self._clock), account)
        bot = bot_over(self._database, self._clock, tumblr=tumblr)
        return FollowList(bot, settings_for(tumblr={"reread_follows": anew}))


@pytest.fixture
def bench(database: Database, clock: FakeClock) -> Bench:
    return Bench(database, clock)


def test_it_is_read_once_also_across_restarts(bench: Bench) -> None:
    account = Account("Ann", "bob", "bob")
    follows = bench.start(account)
    assert follows.find() == []
    follows.find()
    bench.start(account).find()
    assert bench.cursors.follows() == {"ann", "bob"}
    assert account.looks == 1


def test_it_is_read_anew_when_the_operator_wants_it(bench: Bench) -> None:
    bench.start(Account("ann")).find()
    bench.start(Account("cid"), anew=True).find()
    assert bench.cursors.follows() == {"cid"}


def test_half_a_list_is_no_list(bench: Bench) -> None:
    account = Account("ann", "bob")
    account.breaks = True
    follows = bench.start(account)
    with pytest.raises(TumblrUnavailable):
        follows.find()
    assert bench.cursors.follows() == frozenset()
    account.breaks = False
    follows.find()
    assert bench.cursors.follows() == {"ann", "bob"}
