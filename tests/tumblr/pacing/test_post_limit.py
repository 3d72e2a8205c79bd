"""The watch over the limit of posts per day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import insert, update

from tests.tumblr.fakes import FakeClock, ModelTumblr, an_ask, bot_over, settings_for
from tumblr.api.errors import TumblrUnavailable, Unauthorized
from tumblr.api.key_pool import Pool
from tumblr.api.models import TumblrPost
from tumblr.bot import Tumblr
from tumblr.pacing.post_limit import REFRESH_SECONDS, PostLimit
from tumblr.store.database import Database
from tumblr.store.schema import post_log, turns
from tumblr.turns.kinds import TurnState


class OwnPosts(ModelTumblr):
    """The blog's own posts, and how many of them were read."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.own: list[TumblrPost] = []
        self.queued: list[TumblrPost] = []
        self.read = 0
        self.looks = 0
        self.error: Exception | None = None

    def put(self, moment: float, *, pinned: bool = False) -> None:
        number = str(len(self.own) + 1)
        self.own.insert(0, TumblrPost(number, "published", timestamp=int(moment), is_pinned=pinned))

    def published_since(self, timestamp: float) -> Iterator[TumblrPost]:
        self.looks += 1
        if self.error is not None:
            raise self.error
        for post in self.own:
            self.read += 1
            if post.timestamp >= timestamp:
                yield post

    def queue_head(self) -> list[TumblrPost]:
        return self.queued


class Bench:
    """A watch over posts of one's own."""

    def __init__(self, database: Database, clock: FakeClock, *, watched: bool = True) -> None:
        self.own = OwnPosts(clock)
        self.clock = clock
        self.bot = bot_over(database, clock, tumblr=Tumblr(Pool([]), self.own))
        self.watch = PostLimit(self.bot, settings_for(loop={"slowdown": watched}))

    def post(self, number: int) -> None:
        """Have the bot itself post so often, a second from now."""
        self.clock.advance(1)
        with self.bot.database.transaction() as connection:
            for n in range(number):
                row = {"turn_id": n, "input_id": "", "post_id": str(n), "state": "posted", "entry": "{}"}
                connection.execute(insert(post_log).values(**row, created_at=self.clock()))

    def level(self) -> str:
        return self.watch.update().name


@pytest.fixture
def bench(database: Database, clock: FakeClock) -> Bench:
    return Bench(database, clock)


def test_nothing_posted_is_the_usual_pace(bench: Bench) -> None:
    assert bench.level() == "base"
    assert bench.watch.throttle().posts_factor == 1.0


def test_many_posts_in_two_hours_slow_the_bot_down_and_it_recovers(bench: Bench) -> None:
    for number in range(60):
        bench.own.put(bench.clock.now - 100 * number)
    assert bench.level() == "slowest"
    pace = bench.watch.throttle()
    assert (pace.most(0), pace.cost_modifier) == (1, -3.0)
    bench.clock.advance(2.5 * 3600)
    assert bench.level() == "base"


def test_the_list_is_read_again_only_after_a_while_and_only_what_is_new(bench: Bench) -> None:
    for number in range(20):
        bench.own.put(bench.clock.now - 60 * (20 - number))
    bench.level()
    bench.level()
    assert (bench.own.looks, bench.own.read) == (1, 20)
    bench.clock.advance(REFRESH_SECONDS)
    bench.own.put(bench.clock.now)
    bench.level()
    assert (bench.own.looks, bench.own.read) == (2, 22)


def test_what_the_bot_itself_posts_counts_at_once(bench: Bench) -> None:
    assert bench.level() == "base"
    bench.post(60)
    assert bench.level() == "slowest"


def test_what_the_queue_will_publish_counts(bench: Bench) -> None:
    soon = int(bench.clock.now) + 3600
    bench.own.queued = [TumblrPost(str(n), "queued", scheduled_publish_time=soon) for n in range(215)]
    assert bench.level() == "slower"


def test_a_pinned_post_does_not_count(bench: Bench) -> None:
    for _ in range(60):
        bench.own.put(bench.clock.now, pinned=True)
    assert bench.level() == "base"


def test_what_cannot_be_read_leaves_the_pace_as_it_was(bench: Bench) -> None:
    for number in range(60):
        bench.own.put(bench.clock.now - 100 * number)
    bench.level()
    bench.clock.advance(REFRESH_SECONDS)
    bench.own.error = TumblrUnavailable("down")
    assert bench.level() == "slowest"
    bench.own.error = Unauthorized("no")
    with pytest.raises(Unauthorized):
        bench.level()


def test_it_tells_what_posts_were_called_before(bench: Bench) -> None:
    bench.own.put(bench.clock.now)
    bench.own.own[0] = replace(bench.own.own[0], genesis_post_id="77")
    (turn,) = bench.bot.turns.add([an_ask("77")])
    with bench.bot.database.transaction() as connection:
        connection.execute(update(turns).values(state=TurnState.DRAFTED, post_id="77"))
    bench.level()
    assert bench.bot.turns.turn(turn.id).post_id == "1"


def test_it_can_be_switched_off(database: Database, clock: FakeClock) -> None:
    bench = Bench(database, clock, watched=False)
    bench.post(1000)
    assert bench.level() == "base"
    assert bench.own.looks == 0
