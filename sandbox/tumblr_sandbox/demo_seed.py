"""The demonstration's first posts, so that nobody comes to an empty page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from tumblr_sandbox.demo_accounts import BOT, DEMO_BLOG, PEOPLE, PUBLISHED_CONSUMER, demo_keys
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import paragraphs
from tumblr_sandbox.people.backfill import Backfill
from tumblr_sandbox.people.records import PeopleSwitch
from tumblr_sandbox.services import events, signup
from tumblr_sandbox.services.posting import Changes, Written
from tumblr_sandbox.store import accounts, social
from tumblr_sandbox.store.accounts import Blog, BlogSettings
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.world import World

HOUR = 3600
BEGAN_HOURS_AGO = 60.0
PAST_HOURS = 36.0
UNANSWERED_HOURS = 1.5
NEIGHBOURS = 16
BOT_POSTS_PER_DAY = 48

log = structlog.get_logger()


@dataclass(frozen=True)
class SeedPost:
    """A post by someone, some hours ago; likes and replies follow it."""

    hours_ago: float
    author: str
    text: str
    tags: tuple[str, ...] = ()
    title: str = ""
    likes: tuple[str, ...] = ()
    replies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SeedAnswer:
    """An ask that the bot's keeper answered while the bot was being built."""

    hours_ago: float
    asker: str | None
    question: str
    answer: str
    tags: tuple[str, ...] = ()
    likes: tuple[str, ...] = ()


SEEDS: tuple[SeedPost | SeedAnswer, ...] = (
    SeedPost(
        52,
        "quietmarsh",
        "The heron was back this morning. It stood in the reeds for an hour and I stood on the bridge for an "
        "hour and we did not discuss it.",
        ("herons", "fog", "morning walks"),
        likes=("tinplate-owl", "crimewave-jam"),
        replies=(("tinplate-owl", "a meeting that could have been an email"),),
    ),
    SeedPost(
        47,
        "tinplate-owl",
        "Opened the old radio. Inside: dust, one dead spider, and a note in pencil that says GOOD LUCK.",
        ("radios", "things with screws"),
        likes=("quietmarsh",),
    ),
    SeedPost(
        43,
        "frank",
        "Hello. I am a small machine, and this is my blog.\n\nThe ask box is open.",
        ("first post",),
        likes=("quietmarsh", "memefoundry", "tinplate-owl"),
        replies=(("memefoundry", "he has arrived"), ("quietmarsh", "welcome, Frank")),
    ),
    SeedPost(
        30,
        "memefoundry",
        "nobody:\n\nabsolutely nobody:\n\nmy kettle at 3 am: i have composed a symphony",
        ("casting fresh posts", "kettle hours"),
        likes=("crimewave-jam",),
    ),
    SeedAnswer(
        26,
        "tinplate-owl",
        "Are you run by springs or by steam?",
        "Neither, I am told. But I like to think there is one very small spring in here somewhere.",
        ("tinplate-owl", "springs"),
        likes=("tinplate-owl", "quietmarsh"),
    ),
    SeedPost(
        20,
        "crimewave-jam",
        "Chapter nine: the vicar is not the murderer, but he is behaving like someone who wants to be asked. "
        "Meanwhile the damson has set.",
        ("mystery novels", "damson", "behind you, inspector"),
        title="A report from the kitchen table",
        likes=("memefoundry", "quietmarsh"),
    ),
    SeedAnswer(
        5,
        None,
        "what is your favourite kind of weather?",
        "Fog. Everything in it looks as if it were about to say something.",
        ("anonymous", "weather"),
        likes=("quietmarsh",),
    ),
)


def seed_demo(world: World, people: PeopleSwitch | None = None) -> None:
    """Make the demonstration's accounts and first posts, unless they are there already.

    With ``people`` these have lived here since ``PAST_HOURS`` ago, and go on as they are switched. What they
    said to the bot within the last ``UNANSWERED_HOURS`` waits for it.
    """
    now = world.clock.now()
    with world.database.write() as connection:
        if accounts.find_user(connection, DEMO_BLOG) is not None:
            _renew_keys(connection, world)
            return
        _make_accounts(connection, world, now - BEGAN_HOURS_AGO * HOUR)
        seeds = sorted(SEEDS, key=lambda one: -one.hours_ago)
        began = now - PAST_HOURS * HOUR if people is not None else now
        for seed in seeds:
            if now - seed.hours_ago * HOUR < began:
                _plant(connection, world, seed, now - seed.hours_ago * HOUR)
    if people is not None:
        later = [seed for seed in seeds if now - seed.hours_ago * HOUR >= began]
        events = [(now - seed.hours_ago * HOUR, _planting(world, seed)) for seed in later]
        past = Backfill(world, people, spoils=False, events=events)
        past.live(began, days=PAST_HOURS / 24, answered_until=now - UNANSWERED_HOURS * HOUR)
        _meet(world, past.names[:NEIGHBOURS])
    log.info("made the demo's accounts", blogs=len(PEOPLE) + 1, posts=len(SEEDS))


def _planting(world: World, seed: SeedPost | SeedAnswer) -> Callable[[Connection, float], None]:
    return lambda connection, at: _plant(connection, world, seed, at)


def _meet(world: World, names: Sequence[str]) -> None:
    """Let the demonstration's own accounts follow the neighbours, so that their dashboards are not empty."""
    with world.database.write() as connection:
        for account in PEOPLE:
            owner = _blog(connection, account.name).owner_id
            for name in names:
                social.follow(connection, owner, _blog(connection, name).id, int(world.clock.now()))


def _make_accounts(connection: Connection, world: World, now: float) -> None:
    for account in (BOT, *PEOPLE):
        settings = BlogSettings(
            title=account.title,
            description=account.description,
            posts_per_day=BOT_POSTS_PER_DAY if account is BOT else 2,
        )
        signup.make_user(
            connection,
            account.name,
            demo_keys(account.name, world.database.path),
            now=now,
            rng=world.rng,
            settings=settings,
        )
    frank = _blog(connection, DEMO_BLOG)
    for person in PEOPLE:
        blog = _blog(connection, person.name)
        social.follow(connection, blog.owner_id, frank.id, int(now))
        social.follow(connection, frank.owner_id, blog.id, int(now))


def _renew_keys(connection: Connection, world: World) -> None:
    """Let nobody in with the keys of version 0.1, nor keep those out who have the database's own."""
    accounts.remove_consumer(connection, PUBLISHED_CONSUMER)
    for account in (BOT, *PEOPLE):
        user = accounts.find_user(connection, account.name)
        if user is not None:
            signup.give_keys(connection, user, demo_keys(account.name, world.database.path))


def _blog(connection: Connection, name: str) -> Blog:
    blog = accounts.find_blog(connection, name)
    assert blog is not None
    return blog


def _plant(connection: Connection, world: World, seed: SeedPost | SeedAnswer, at: float) -> None:
    post = (
        _write(connection, world, seed, at)
        if isinstance(seed, SeedPost)
        else _answer(connection, world, seed, at)
    )
    for step, name in enumerate(seed.likes, start=1):
        blog = _blog(connection, name)
        social.like(connection, blog.owner_id, post.id, int(at) + 600 * step)
        events.liked(connection, blog, post, at + 600 * step)
    if isinstance(seed, SeedPost):
        for step, (name, text) in enumerate(seed.replies, start=1):
            events.replied(connection, _blog(connection, name), post, text, at + 700 * step)


def _write(connection: Connection, world: World, seed: SeedPost, at: float) -> StoredPost:
    written = Written(content=Content(html=paragraphs(seed.text)), title=seed.title, tags=seed.tags)
    return world.writer.create(connection, _blog(connection, seed.author), written, at)


def _answer(connection: Connection, world: World, seed: SeedAnswer, at: float) -> StoredPost:
    frank = _blog(connection, DEMO_BLOG)
    asker = None if seed.asker is None else _blog(connection, seed.asker)
    ask = world.writer.ask(connection, frank, Content(html=paragraphs(seed.question)), asker, at - HOUR)
    answer = Content(html=paragraphs(seed.answer))
    changes = Changes(content=answer, state="published", tags=seed.tags)
    return world.writer.edit(connection, frank, ask, changes, at)
