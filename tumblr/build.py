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

import requests

from bot_config import Config
from bot_process import FatalError, Shutdown
from mood.system import MoodSystem
from mood.updates import build_system, parse_updates
from munging.thread import Identity
from switchboard.client import Retry, SwitchboardClient
from tumblr.client import TumblrReader, TumblrWriter
from tumblr.database import Database
from tumblr.errors import StoreError
from tumblr.fail_points import FailPoints
from tumblr.find_asks import AskFinder, LimitedAskers
from tumblr.find_originals import QueueFinder
from tumblr.jobs import Jobs, Waits
from tumblr.kinds import AskKind, Kind, OriginalKind
from tumblr.limits import Budget
from tumblr.loop import Loop, Rhythm
from tumblr.moods import Moods
from tumblr.post import Publisher
from tumblr.queue_times import QueueSettings
from tumblr.reconcile import Reconciler
from tumblr.respond import Driver, Patience
from tumblr.screening import ScreeningRules
from tumblr.store import Store
from tumblr.transport import ApiKeys, ReadRequest, WriteRequest
from tumblr.turns import TurnKind

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
        tumblr = _tumblr(config, stack, clock, dry_run=dry_run)
        switchboard = SwitchboardClient(
            config.switchboard_url, config.switchboard.client_token, retry=Retry(attempts=2)
        )
        stack.callback(switchboard.close)
        fail_points = FailPoints.from_environment(os.environ)
        store = Store(database, clock, fail_points)
        yield _loop(config, shutdown, store, tumblr, switchboard, clock, fail_points)


@dataclass(frozen=True)
class Tumblr:
    """The ways to tumblr: one that reads and, unless nothing may be changed, one that writes."""

    reader: TumblrReader
    publisher: Publisher | None
    budget: Budget


def _tumblr(config: Config, stack: ExitStack, clock: Clock, *, dry_run: bool) -> Tumblr:
    if not config.tumblr.base_keys:
        raise FatalError(
            "tumblr.base_keys is empty", "enter the four strings of a key set; see docs/operating.md"
        )
    first = config.tumblr.base_keys[0]
    keys = ApiKeys(*(getattr(first, name).get_secret_value() for name in type(first).model_fields))
    host, blog, budget = config.tumblr.host, config.blog.blog_name, Budget(clock)
    read = ReadRequest(
        keys,
        host,
        _session(stack),
        budget,
        timeout_seconds=config.tumblr.timeout_seconds,
        max_tries=config.tumblr.max_tries,
    )
    if dry_run:
        return Tumblr(TumblrReader(read, blog), None, budget)
    write = WriteRequest(
        keys, host, _session(stack), budget, timeout_seconds=config.tumblr.write_timeout_seconds
    )
    return Tumblr(TumblrReader(read, blog), Publisher(TumblrWriter(write, blog)), budget)


def _session(stack: ExitStack) -> requests.Session:
    session = stack.enter_context(requests.Session())
    session.trust_env = False  # a .netrc or a proxy of the machine's must not come between us and tumblr
    return session


def _loop(
    config: Config,
    shutdown: Shutdown,
    store: Store,
    tumblr: Tumblr,
    switchboard: SwitchboardClient,
    clock: Clock,
    fail_points: FailPoints,
) -> Loop:
    rhythm = Rhythm(
        sleep_seconds=config.loop.sleep_seconds,
        offpeak_sleep_seconds=config.loop.offpeak_sleep_seconds,
        peak_hours=config.loop.peak_hours,
        timezone=ZoneInfo(config.blog.timezone),
        error_factor=config.loop.error_sleep_factor,
        poll_seconds=config.loop.poll_seconds,
    )
    return Loop(
        _finders(config, tumblr.reader, store, rhythm, clock),
        _driver(config, store, tumblr, switchboard, fail_points, clock),
        store,
        budget=tumblr.budget,
        rhythm=rhythm,
        shutdown=shutdown,
        clock=clock,
        fail_points=fail_points,
    )


def _driver(
    config: Config,
    store: Store,
    tumblr: Tumblr,
    switchboard: SwitchboardClient,
    fail_points: FailPoints,
    clock: Clock,
) -> Driver:
    zone, loop = ZoneInfo(config.blog.timezone), config.loop
    waits = Waits(loop.answer_wait_seconds, loop.judgment_wait_seconds)
    return Driver(
        store=store,
        jobs=Jobs(switchboard, store, waits, clock, fail_points),
        kinds=_kinds(config, zone),
        moods=Moods(store, zone, mood_system(config), config.mood.stale_seconds),
        rules=screening_rules(config),
        drafts_only=config.tumblr.publishing == "drafts",
        publisher=tumblr.publisher,
        reconciler=Reconciler(tumblr.reader, store.logged_post_ids),
        patience=Patience(loop.max_attempts, loop.retry_base_seconds, config.tumblr.settle_seconds),
        clock=clock,
        fail_points=fail_points,
    )


def _kinds(config: Config, zone: ZoneInfo) -> dict[TurnKind, Kind]:
    identity = Identity(blog=config.blog.blog_name, persona=config.blog.persona)
    avoided = avoided_tags(config)
    return {
        TurnKind.ASK: AskKind(identity, zone, avoided, config.asks.max_characters),
        TurnKind.ORIGINAL: OriginalKind(identity, zone, avoided),
    }


def _finders(
    config: Config, reader: TumblrReader, store: Store, rhythm: Rhythm, clock: Clock
) -> tuple[AskFinder, QueueFinder]:
    limited = LimitedAskers(config.asks.limited_users, config.asks.limited_substrings, rhythm.mean_pause)
    asks = AskFinder(
        reader,
        store,
        limited,
        start_timestamp=config.tumblr.start_timestamp,
        rng=random.Random(),
        clock=clock,
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
        drafts_only=config.tumblr.publishing == "drafts",
        clock=clock,
    )
    return asks, originals


def mood_system(config: Config) -> MoodSystem:
    """How the mood moves; raises FatalError when the settings or the file of dated updates cannot be used."""
    mood = config.mood
    try:
        text = None if mood.updates_file is None else mood.updates_file.read_text(encoding="utf-8")
        return build_system(
            centre=mood.centre,
            scale=mood.scale,
            tau_hours=mood.tau_hours,
            rise_hours=mood.rise_hours,
            step_seconds=mood.step_seconds,
            window_days=mood.window_days,
            updates=None if text is None else parse_updates(text),
        )
    except (OSError, ValueError) as error:
        where = f" (updates_file {mood.updates_file})" if mood.updates_file else ""
        raise FatalError(f"mood{where}: {error}", "mend it and start again") from None


def avoided_tags(config: Config) -> tuple[str, ...]:
    """Texts whose tags are removed."""
    return (*config.screening.user_avoid_list, *config.screening.tag_avoid_list)


def screening_rules(config: Config) -> ScreeningRules:
    """The operator's lists."""
    lists = config.screening
    return ScreeningRules(
        bad_strings=lists.bad_strings,
        shortwords=lists.bad_strings_shortwords,
        okay_superstrings=lists.okay_superstrings,
        obscured_strings=lists.likely_obscured_strings,
        profane_strings=lists.profane_strings,
        strict_users=frozenset(lists.strict_language_users),
        screened_users=frozenset(lists.screened_users),
        avoided_users=lists.user_avoid_list,
        operator=config.blog.operator_name if lists.screen_operator else None,
        screen_anonymous=lists.screen_anonymous,
    )
