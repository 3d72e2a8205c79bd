"""Putting the parts together, as the configuration says."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bot_config import Config
from bot_lifecycle import FatalError, Shutdown
from switchboard.client import Retry, SwitchboardClient
from tumblr.api.client import TumblrDashReader, TumblrReader
from tumblr.api.errors import StoreError
from tumblr.build_dash import dash_steps
from tumblr.build_images import Images, connect_images
from tumblr.build_rules import (
    avoided_tags,
    mood_system,
    prompt_format,
    review_thresholds,
    screening_rules,
)
from tumblr.build_talk import (
    ask_rules,
    conversation_kinds,
    conversation_steps,
    identity_of,
    limited_of,
    lost_inputs,
    other_posts,
)
from tumblr.build_tumblr import Tumblr, connect
from tumblr.finders.asks import AskFinder
from tumblr.finders.drafts import DraftWatcher
from tumblr.finders.follows import FollowList
from tumblr.finders.queue import QueueFinder
from tumblr.finders.queue_times import QueueSettings
from tumblr.loop import Loop, PassSchedule
from tumblr.moods.current import Moods
from tumblr.moods.log import MoodLog
from tumblr.moods.picture import MoodPictures
from tumblr.pacing.budget import RULES
from tumblr.pacing.planner import Part, Planner, Step
from tumblr.pacing.post_limit import PostLimit
from tumblr.responding.driver import Driver, RetryPolicy
from tumblr.responding.halloween import TreatHandler
from tumblr.responding.handlers.base import AskHandler, OriginalHandler, TurnHandler
from tumblr.responding.handlers.commands import CommandHandler, ImmediateHandler, MoodHandler, ReviewHandler
from tumblr.responding.jobs import Jobs, Waits
from tumblr.responding.outbox import Outbox
from tumblr.responding.reconcile import Reconciler
from tumblr.store.cursors import ValueStore
from tumblr.store.database import Database
from tumblr.store.outbox import OutboxStore
from tumblr.store.turns import TurnStore
from tumblr.store.upkeep import AgeLimits, Upkeep
from tumblr.turns.fail_points import FailPoints
from tumblr.turns.turn import TurnKind

Clock: TypeAlias = Callable[[], float]
"""Tells the time in unix seconds."""


@contextmanager
def running_bot(
    config: Config, shutdown: Shutdown, *, dry_run: bool, clock: Clock = time.time
) -> Iterator[Loop]:
    """The bot's loop with everything it needs; all of it is closed at the end.

    In a dry run there is no object that could write to tumblr, and the store is a copy in memory. Everything
    that the bot knows of the time it has from ``clock``; a tumblr that lives in another time has its own.
    Raises FatalError when a human has to act first.
    """
    with ExitStack() as stack:
        try:
            open_database = Database.read if dry_run else Database.open
            database = stack.enter_context(open_database(config.tumblr.database))
        except StoreError as error:
            raise FatalError(str(error), "then start again") from None
        tumblr = connect(config, stack, clock, dry_run=dry_run)
        switchboard = SwitchboardClient(
            config.switchboard.address, config.switchboard.client_token, retry=Retry(attempts=2)
        )
        stack.callback(switchboard.close)
        fail_points = FailPoints.from_environment(os.environ)
        memory = Stores.over(database, clock, fail_points)
        images = connect_images(
            config.images, config.tumblr.database.parent, tumblr, stack, clock, fail_points
        )
        yield _loop(config, shutdown, memory, tumblr, switchboard, images, clock, fail_points)


@dataclass(frozen=True)
class Stores:
    """The stores over one database."""

    database: Database
    turns: TurnStore
    chores: OutboxStore
    values: ValueStore

    @classmethod
    def over(cls, database: Database, clock: Clock, fail_points: FailPoints) -> Stores:
        """All of them."""
        chores, values = OutboxStore(database, clock), ValueStore(database, clock)
        return cls(database, TurnStore(database, clock, fail_points), chores, values)


def _loop(
    config: Config,
    shutdown: Shutdown,
    memory: Stores,
    tumblr: Tumblr,
    switchboard: SwitchboardClient,
    images: Images,
    clock: Clock,
    fail_points: FailPoints,
) -> Loop:
    rhythm = PassSchedule(
        sleep_seconds=config.loop.sleep_seconds,
        offpeak_sleep_seconds=config.loop.offpeak_sleep_seconds,
        peak_hours=config.loop.peak_hours,
        timezone=ZoneInfo(config.blog.timezone),
        error_factor=config.loop.error_sleep_factor,
        poll_seconds=config.loop.poll_seconds,
    )
    planner = Planner(
        tumblr.pool,
        memory.values,
        RULES[config.loop.budget],
        mean_pause=rhythm.mean_pause,
        learn=tumblr.learn,
        rng=random.Random(),
        clock=clock,
    )
    post_limit = PostLimit(
        tumblr.reader,
        memory.turns.posted_since,
        published=memory.chores.published,
        limit=config.loop.posts_per_day,
        watched=config.loop.slowdown,
        clock=clock,
    )
    return Loop(
        _steps(config, memory, tumblr, switchboard, images, planner, post_limit, rhythm, clock, fail_points),
        _driver(config, memory, tumblr, switchboard, images, fail_points, clock),
        memory.turns,
        planner=planner,
        post_limit=post_limit,
        pool=tumblr.pool,
        rhythm=rhythm,
        shutdown=shutdown,
        clock=clock,
        fail_points=fail_points,
    )


def _steps(
    config: Config,
    memory: Stores,
    tumblr: Tumblr,
    switchboard: SwitchboardClient,
    images: Images,
    planner: Planner,
    post_limit: PostLimit,
    rhythm: PassSchedule,
    clock: Clock,
    fail_points: FailPoints,
) -> list[Step]:
    """What a pass does."""
    posts = other_posts(tumblr)
    drafts = DraftWatcher(
        tumblr.reader,
        memory.turns,
        memory.chores,
        lost_inputs(config, tumblr, memory.database, posts, clock),
        max_rejections=config.drafts.max_rejections,
        clock=clock,
        fail_points=fail_points,
    )
    dashboard = tumblr.dashboard
    follows = [] if dashboard is None else [_follow_step(config, dashboard, memory)]
    asks, originals = _finders(config, tumblr.reader, memory.turns, rhythm, clock, post_limit)
    upkeep = Upkeep(memory.database, AgeLimits(config.loop.notes_hours, config.loop.judgments_hours), clock)
    return [
        Step("upkeep", Part.DRAFTS, upkeep.find),
        *follows,
        Step("drafts", Part.DRAFTS, drafts.find),
        Step("asks", Part.INBOX, asks.find),
        *conversation_steps(
            config,
            tumblr,
            memory.database,
            posts,
            post_limit.pace,
            rhythm.mean_pause,
            clock,
        ),
        *dash_steps(
            config,
            dashboard,
            memory.database,
            switchboard,
            share=lambda: planner.plan.dashboard_share,
            pace=post_limit.pace,
            mean_pause=rhythm.mean_pause,
            clock=clock,
            fail_points=fail_points,
            images=images.texts,
        ),
        Step("queue", Part.QUEUE, originals.find),
        Step("mood", Part.QUEUE, MoodLog(_moods(config, memory.turns), clock).find),
    ]


def _moods(config: Config, store: TurnStore) -> Moods:
    zone = ZoneInfo(config.blog.timezone)
    return Moods(store, zone, mood_system(config), config.mood.stale_seconds)


def _follow_step(config: Config, dashboard: TumblrDashReader, memory: Stores) -> Step:
    follows = FollowList(dashboard, memory.values, anew=config.tumblr.reread_follows)
    return Step("follows", Part.DRAFTS, follows.find)


def _driver(
    config: Config,
    memory: Stores,
    tumblr: Tumblr,
    switchboard: SwitchboardClient,
    images: Images,
    fail_points: FailPoints,
    clock: Clock,
) -> Driver:
    store, publisher = memory.turns, tumblr.publisher
    zone, loop = ZoneInfo(config.blog.timezone), config.loop
    waits = Waits(loop.answer_wait_seconds, loop.judgment_wait_seconds)
    return Driver(
        store=store,
        jobs=Jobs(switchboard, store, waits, clock, fail_points),
        kinds=kinds_of(config, zone),
        moods=_moods(config, store),
        rules=screening_rules(config),
        drafts_only=config.tumblr.publishing == "drafts",
        publisher=publisher,
        reconciler=Reconciler(tumblr.reader, store.logged_post_ids),
        patience=RetryPolicy(loop.max_attempts, loop.retry_base_seconds, config.tumblr.settle_seconds),
        clock=clock,
        fail_points=fail_points,
        direct=_direct_kinds(config, store, zone),
        halloween=config.halloween.on,
        branch_testing=config.branch_testing.on,
        thresholds=review_thresholds(config),
        month=config.blog.prompt_month,
        chores=None if publisher is None else Outbox(memory.chores, publisher, clock, fail_points),
        images=images.texts,
        illustrator=images.illustrator,
    )


def _direct_kinds(config: Config, store: TurnStore, zone: ZoneInfo) -> dict[TurnKind, ImmediateHandler]:
    pictures = MoodPictures(store, config.blog.blog_name, zone, mood_system(config), config.mood.notes)
    return {
        TurnKind.MOOD: MoodHandler(config.blog.operator_name, pictures.draw),
        TurnKind.COMMAND: CommandHandler(),
        TurnKind.TREAT: TreatHandler(),
    }


def kinds_of(config: Config, zone: ZoneInfo) -> dict[TurnKind, TurnHandler]:
    """How each kind of turn is asked for and made into a post."""
    identity = identity_of(config)
    avoided, form = avoided_tags(config), prompt_format(config)
    return {
        TurnKind.ASK: AskHandler(
            identity,
            zone,
            avoided,
            config.asks.max_characters,
            tuple(words.lower() for words in config.asks.fiction_triggers),
            form.folded_lines,
        ),
        TurnKind.ORIGINAL: OriginalHandler(identity, zone, avoided, form.folded_lines),
        TurnKind.REVIEW: ReviewHandler(
            identity,
            form,
            config.commands.draft_reviews,
            config.commands.help_url,
        ),
        **conversation_kinds(config, zone),
    }


def _finders(
    config: Config,
    reader: TumblrReader,
    store: TurnStore,
    rhythm: PassSchedule,
    clock: Clock,
    post_limit: PostLimit,
) -> tuple[AskFinder, QueueFinder]:
    asks = AskFinder(
        reader,
        store,
        limited_of(config, rhythm.mean_pause),
        start_timestamp=config.tumblr.start_timestamp,
        rng=random.Random(),
        clock=clock,
        operator=config.blog.operator_name,
        most=lambda: post_limit.pace().most(config.loop.max_posts_per_step),
        rules=ask_rules(config),
    )
    settings = QueueSettings(
        posts_per_day=config.queue.posts_per_day,
        start_hour=config.queue.start_hour,
        end_hour=config.queue.end_hour,
        timezone=ZoneInfo(config.blog.timezone),
    )
    originals = QueueFinder(
        reader,
        store,
        settings,
        write_when_below=config.queue.write_when_below,
        posts_per_pass=config.queue.posts_per_pass,
        drafts_only=config.tumblr.publishing == "drafts" or config.branch_testing.on,
        clock=clock,
        only_today=config.queue.only_today,
        queue_first=lambda: post_limit.level.queue_first,
    )
    return asks, originals
