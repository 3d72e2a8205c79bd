"""The demonstration's accounts and first posts."""

from __future__ import annotations

from bench import FakeClock, Served
from tumblr_sandbox.demo_accounts import BOT, DEMO_BLOG, PEOPLE, demo_keys
from tumblr_sandbox.demo_seed import SEEDS, SeedAnswer, seed_demo
from tumblr_sandbox.store import accounts, notes, posts
from tumblr_sandbox.store.notes import NoteFilter
from tumblr_sandbox.world import World


def test_keys_are_the_same_everywhere_and_differ_between_people() -> None:
    assert demo_keys("frank") == demo_keys("frank")
    sets = [demo_keys(account.name) for account in (BOT, *PEOPLE)]
    assert len({keys.oauth_token for keys in sets}) == 5
    assert len({keys.consumer_key for keys in sets}) == 1


def test_everybody_can_sign_in(served: Served) -> None:
    seed_demo(served.world)
    for account in (BOT, *PEOPLE):
        info = served.client(demo_keys(account.name)).info()["user"]
        assert (info["name"], info["blogs"][0]["title"]) == (account.name, account.title)
    assert served.client(demo_keys(DEMO_BLOG)).dashboard(limit=50)["posts"]


def test_seeding_twice_changes_nothing(world: World) -> None:
    seed_demo(world)
    with world.database.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*), max(id) FROM posts").one()
    seed_demo(world)
    with world.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*), max(id) FROM posts").one() == before


def test_the_first_posts_lie_in_the_past_in_order(world: World, clock: FakeClock) -> None:
    seed_demo(world)
    with world.database.read() as connection:
        found = [
            post
            for blog in accounts.all_blogs(connection)
            for post in posts.by_newest_id(connection, blog.id, None, limit=100)
        ]
        assert len(found) == len(SEEDS)
        by_id = sorted(found, key=lambda post: post.id)
        assert [post.timestamp for post in by_id] == sorted(post.timestamp for post in by_id)
        assert all(clock.time - 60 * 3600 <= post.timestamp < clock.time for post in found)
        for post in found:
            times = [n.timestamp for n in notes.of_tree(connection, post.tree_id, NoteFilter(), limit=50)]
            assert times[-1] == post.timestamp
            assert times[0] <= clock.time


def test_the_bot_has_answered_before(world: World) -> None:
    seed_demo(world)
    with world.database.read() as connection:
        frank = accounts.find_blog(connection, DEMO_BLOG)
        assert frank is not None
        counts = posts.counts_by_state(connection, frank.id)
    answers = sum(isinstance(seed, SeedAnswer) for seed in SEEDS)
    assert counts == {"published": answers + sum(getattr(seed, "author", "") == DEMO_BLOG for seed in SEEDS)}
