"""The demonstration's accounts and first posts."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from bench import FakeClock, Served
from tumblr_sandbox.demo_accounts import BOT, DEMO_BLOG, PEOPLE, PUBLISHED_CONSUMER, demo_keys
from tumblr_sandbox.demo_seed import SEEDS, SeedAnswer, seed_demo
from tumblr_sandbox.records import KeySet
from tumblr_sandbox.services import signup
from tumblr_sandbox.store import accounts, notes, posts
from tumblr_sandbox.store.notes import NoteFilter
from tumblr_sandbox.world import World


def test_keys_differ_between_databases_and_between_people(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "new" / "here.sqlite", tmp_path / "elsewhere.sqlite"
    assert demo_keys("frank", here) == demo_keys("frank", here)
    assert demo_keys("frank", here).consumer_key != demo_keys("frank", elsewhere).consumer_key
    sets = [demo_keys(account.name, here) for account in (BOT, *PEOPLE)]
    assert len({keys.oauth_token for keys in sets}) == 5
    assert len({keys.consumer_key for keys in sets}) == 1
    assert (tmp_path / "new" / "here.sqlite.keys").stat().st_mode & 0o077 == 0


def test_the_published_keys_of_version_0_1_open_nothing_any_more(served: Served) -> None:
    old = KeySet(
        consumer_key=PUBLISHED_CONSUMER,
        consumer_secret=SecretStr("sandbox-demo-consumer-secret"),
        oauth_token="sandbox-demo-token-frank",
        oauth_secret=SecretStr("sandbox-demo-token-secret-frank"),
    )
    seed_demo(served.world)
    with served.world.database.write() as connection:
        accounts.remove_consumer(connection, demo_keys(DEMO_BLOG, served.world.database.path).consumer_key)
        frank = accounts.find_user(connection, DEMO_BLOG)
        assert frank is not None
        signup.give_keys(connection, frank, old)
    assert served.client(old).info()["user"]["name"] == DEMO_BLOG
    seed_demo(served.world)
    assert served.client(old).info()["meta"]["status"] == 401
    keys = demo_keys(DEMO_BLOG, served.world.database.path)
    assert served.client(keys).info()["user"]["name"] == DEMO_BLOG


def test_everybody_can_sign_in(served: Served) -> None:
    seed_demo(served.world)
    for account in (BOT, *PEOPLE):
        info = served.client(demo_keys(account.name, served.world.database.path)).info()["user"]
        assert (info["name"], info["blogs"][0]["title"]) == (account.name, account.title)
    assert served.client(demo_keys(DEMO_BLOG, served.world.database.path)).dashboard(limit=50)["posts"]


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
