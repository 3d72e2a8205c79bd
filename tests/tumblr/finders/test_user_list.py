"""The end of the bot's life: only those on a list are answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tumblr.fakes import World
from tests.tumblr.live_services import BLOG, Neighbours, eventually, stop
from tumblr.finders.damping import why_not_listed
from tumblr.settings import UserListConfig
from tumblr.store.database import Database
from tumblr.store.turns import TurnStore
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.turn import Turn

ANN_ONLY = UserListConfig(on=True, blogs=("ann",))
NOT_LISTED = "bob is not on the list of those who are answered"


@pytest.mark.parametrize(
    ("listed", "who", "reason"),
    [
        (UserListConfig(blogs=("ann",)), "bob", None),
        (ANN_ONLY, "ann", None),
        (ANN_ONLY, "Ann", None),
        (ANN_ONLY, "bob", NOT_LISTED),
        (ANN_ONLY, "Anonymous", "Anonymous is not on the list of those who are answered"),
        (UserListConfig(on=True), "ann", "ann is not on the list of those who are answered"),
    ],
)
def test_who_is_answered(listed: UserListConfig, who: str, reason: str | None) -> None:
    assert why_not_listed(who, listed) == reason


@pytest.mark.parametrize(
    ("asker", "question", "stays"),
    [
        ("ann", "soup?", True),
        ("bob", "soup?", False),
        (None, "soup?", False),
        ("bob", "!mood", False),
        ("bob", "!review Soup", False),
        ("bob", "!follow", True),
        ("bob", "!unfollow", True),
        (None, "!follow", False),
    ],
)
def test_asks_of_others_are_deleted_unless_they_are_about_following(
    world: World, asker: str | None, question: str, stays: bool
) -> None:
    world.restart(user_list=ANN_ONLY.model_dump())
    ask = world.tumblr.ask(question, asker)
    (turn,) = world.find()
    assert turn.is_open is stays
    assert [chore.post_id for chore in world.outbox.open_edits()] == ([] if stays else [ask])
    world.driver.round()
    assert stays or ask not in world.tumblr.posts


def test_a_deletion_that_fails_is_made_up_for(world: World) -> None:
    world.restart(user_list=ANN_ONLY.model_dump())
    ask = world.tumblr.ask("soup?", "bob")
    world.find()
    world.tumblr.down = True
    world.driver.round()
    world.tumblr.down = False
    world.stop()
    world.start()
    world.clock.advance(60)
    world.driver.round()
    assert ask not in world.tumblr.posts
    assert world.only_turn().state is TurnState.SKIPPED


def test_of_too_many_asks_a_random_one_is_deleted_each_time(world: World) -> None:
    world.restart(asks={"most_waiting": 2})
    world.switchboard.automatic = False
    for number in range(4):
        world.tumblr.ask(f"soup {number}?", "bob")
    for left in (3, 3, 3):  # one is in work by then, two may wait
        world.run(rounds=1)
        assert len(world.tumblr.posts) == left


@pytest.fixture
def near(tmp_path: Path) -> Iterator[Neighbours]:
    with Neighbours(tmp_path, user_list={"on": True, "blogs": ["ann"]}) as neighbours:
        neighbours.driver.create_user("ann")
        names = ("consumer_key", "consumer_secret", "token", "token_secret")
        dash = dict(zip(names, neighbours.driver.create_user("frank-dash").strings(), strict=True))
        neighbours.rewrite("tumblr", dashboard_keys=[dash])
        neighbours.rewrite("blog", dash_blog_name="frank-dash")
        # Passes follow each other so fast that no smaller limit would let each of them read the notes.
        neighbours.driver.set_limits(per_hour=10**9, per_day=10**9)
        yield neighbours


def turns(near: Neighbours) -> list[Turn]:
    with Database.read(near.folder / "tumbl.sqlite") as database:
        store = TurnStore(database, lambda: 0.0)
        return [store.turn(number) for number in range(1, 1 + sum(store.counts().values()))]


def test_in_a_sandbox_the_listed_are_answered_and_what_others_say_is_settled(near: Neighbours) -> None:
    driver = near.driver
    post = driver.post(BLOG, "<p>Soup is warm.</p>")
    asks = [driver.ask(BLOG, "soup, bob?", "bob"), driver.ask(BLOG, "soup, who?")]
    driver.ask(BLOG, "soup, ann?", "ann")
    driver.ask(BLOG, "!follow", "bob")
    said = {who: driver.reblog(who, post, "<p>is it though, I wonder</p>") for who in ("ann", "bob")}
    driver.reply("bob", post, f"@{BLOG} I like soup")
    named = f'<p>hey <a class="tumblelog" href="https://{BLOG}.tumblr.com/">@{BLOG}</a></p>'
    driver.post("bob", named)
    process = near.start()
    eventually(lambda: len(near.posts("published")) >= 3)
    eventually(lambda: not near.posts("submission"))
    eventually(lambda: any(turn.kind is TurnKind.DASH for turn in turns(near)))  # bob is followed by now
    eventually(lambda: len(turns(near)) >= 9)
    eventually(lambda: all(not turn.is_open for turn in turns(near)))
    status, log = stop(process)
    assert (status, "Traceback" in log) == (0, False)
    assert {p.parent_id for p in near.posts("published")} == {None, said["ann"]}
    assert not {p.id for p in near.posts("published")} & set(asks)
    found = {(turn.kind, turn.who): turn for turn in turns(near)}
    assert found[TurnKind.COMMAND, "bob"].state is TurnState.DONE
    for kind in (TurnKind.ASK, TurnKind.REBLOG, TurnKind.REPLY, TurnKind.MENTION):
        assert (found[kind, "bob"].state, found[kind, "bob"].reason) == (TurnState.SKIPPED, NOT_LISTED)
    dash = [turn for turn in turns(near) if turn.kind is TurnKind.DASH]
    assert {turn.state for turn in dash} == {TurnState.SKIPPED}
    assert {turn.reason for turn in dash} == {NOT_LISTED, "it answers the bot"}
