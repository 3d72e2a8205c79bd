"""Putting the parts together, as the configuration says."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import structlog

from bot_config import Config
from bot_http import session_for
from bot_lifecycle import FatalError, Shutdown
from switchboard.client import Retry, SwitchboardClient
from tumblr.api.errors import StoreError, StoreFull
from tumblr.api.key_pool import Group, KeySet
from tumblr.api.models import ReadingRules
from tumblr.api.posting_switch import PostingSwitch
from tumblr.api.rate_limits import Budget
from tumblr.api.transport import ReadRequest, WriteRequest
from tumblr.bot import Bot, Tumblr
from tumblr.bot_settings import BotSettings
from tumblr.build_images import connect_images
from tumblr.console.answers import Answers, stored_mode
from tumblr.console.desk import ConsoleDesk
from tumblr.console.live import LiveView
from tumblr.finders.asks import AskFinder
from tumblr.finders.conversation import ConversationFinder
from tumblr.finders.conversation_sources import ConversationRules, conversation_sources
from tumblr.finders.dashboard import DashFinder
from tumblr.finders.drafts import DraftWatcher
from tumblr.finders.follows import FollowList
from tumblr.finders.lost_inputs import LostInputs
from tumblr.finders.other_posts import OtherPosts
from tumblr.finders.queue import QueueFinder
from tumblr.finders.side_judgments import SideJudge
from tumblr.loop import Loop
from tumblr.moods.current import MoodLog, Moods, mood_system
from tumblr.pacing.planner import Part, Planner, Step
from tumblr.pacing.post_limit import PostLimit
from tumblr.responding.driver import Driver
from tumblr.settings import ApiKeys
from tumblr.store.database import Database
from tumblr.store.upkeep import Ages, Upkeep
from tumblr.turns.fail_points import FailPoints

Clock = Callable[[], float]
"""Tells the time in unix seconds."""

ROOM_SECONDS = 10.0
"""Between two looks whether a full disk has room."""

log = structlog.get_logger()


def settings_of(config: Config) -> BotSettings:
    """The sections of the configuration that finding and answering turns goes by."""
    return BotSettings.of(config, config.generator.format)


@contextmanager
def running_bot(
    config: Config,
    shutdown: Shutdown,
    *,
    dry_run: bool,
    waits: bool = False,
    clock: Clock = time.time,
    monotonic: Clock | None = None,
) -> Iterator[Loop]:
    """The bot's loop with everything it needs; all of it is closed at the end.

    It ``waits`` for room where the disk is full.

    In a dry run there is no object that could write to tumblr, and the store is a copy in memory. Everything
    that the bot knows of the time it has from ``clock``, of durations from ``monotonic`` (None: the
    machine's, if the clock is); a tumblr that lives in another time has its own.
    Raises FatalError when a human has to act first.
    """
    settings = settings_of(config)
    with ExitStack() as stack:
        open_database = Database.read if dry_run else Database.open
        path = config.tumblr.database
        database = stack.enter_context(opened(lambda: open_database(path), shutdown if waits else None))
        posting = PostingSwitch()
        tumblr = connect(settings, stack, clock, None if dry_run else posting, monotonic)

        def to_switchboard() -> SwitchboardClient:
            token = config.switchboard.client_token
            return SwitchboardClient(config.switchboard.address, token, retry=Retry(attempts=2))

        switchboard = to_switchboard()
        stack.callback(switchboard.close)
        image_reader, draw = connect_images(settings, stack, clock, to_switchboard, dry_run=dry_run)
        bot = Bot(
            tumblr,
            switchboard,
            database,
            clock,
            monotonic=_durations(clock, monotonic),
            image_reader=image_reader,
            draw=draw,
            fail_points=FailPoints.from_environment(os.environ),
            posting=posting,
        )
        posting.change(stored_mode(bot))
        loop = assemble(bot, settings, shutdown)
        stack.callback(loop.driver.close)
        if config.console.on and not dry_run:
            beside = stack.enter_context(Database.beside(config.tumblr.database))
            desk = console_desk(replace(bot, database=beside), settings, loop.driver, to_switchboard())
            stack.callback(desk.close)
            desk.start()
        yield loop


def opened(open_database: Callable[[], Database], shutdown: Shutdown | None) -> Database:
    """The database; with ``shutdown`` as soon as there is room on a full disk, unless it is to stop first.

    Raises FatalError when the database cannot be used.
    """
    while True:
        try:
            return open_database()
        except StoreError as error:
            if shutdown is None or shutdown.requested.is_set() or not isinstance(error, StoreFull):
                raise FatalError(str(error), "then start again") from None
            log.warning("waiting for room on the disk", reason=str(error))
        shutdown.wait(ROOM_SECONDS)


def console_desk(
    bot: Bot, settings: BotSettings, driver: Driver, switchboard: SwitchboardClient
) -> ConsoleDesk:
    """What answers the console; ``bot`` has a connection to the database that the loop does not use."""
    live = LiveView(bot, settings, mood_system(settings.mood))
    return ConsoleDesk(switchboard, Answers(bot, settings, live, driver.handlers))


def connect(
    settings: BotSettings,
    stack: ExitStack,
    clock: Clock,
    posting: PostingSwitch | None,
    monotonic: Clock | None = None,
) -> Tumblr:
    """Make the ways to tumblr; none that writes without ``posting``. Raises FatalError without a key set."""
    tumblr = settings.tumblr
    if not tumblr.base_keys:
        raise FatalError(
            "tumblr.base_keys is empty", "enter the four strings of a key set; see docs/operating.md"
        )
    budgets: dict[str, Budget] = defaultdict(lambda: Budget(clock, _durations(clock, monotonic)))
    listed = {Group.BASE: tumblr.base_keys, Group.DASHBOARD: tumblr.dashboard_keys}
    key_sets = [
        _key_set(settings, f"{group} {number}", group, strings, stack, budgets, posting)
        for group, of_group in listed.items()
        for number, strings in enumerate(of_group, 1)
    ]
    rules = ReadingRules(settings.identity, settings.conversation.rebuilt_posts, images=settings.images.read)
    return Tumblr.over(
        key_sets, rules, npf=tumblr.post_format == "npf", blocks=tumblr.write_format == "blocks"
    )


def _durations(clock: Clock, monotonic: Clock | None) -> Clock | None:
    """What counts seconds beside a clock: the machine's own counter beside its own clock."""
    return monotonic or (time.monotonic if clock is time.time else None)


def _key_set(
    settings: BotSettings,
    name: str,
    group: Group,
    keys: ApiKeys,
    stack: ExitStack,
    budgets: Mapping[str, Budget],
    posting: PostingSwitch | None,
) -> KeySet:
    """One key set; ``budgets`` has one budget for each application, by its key."""
    tumblr = settings.tumblr
    budget = budgets[keys.consumer_key.get_secret_value()]
    read = ReadRequest(
        keys,
        tumblr.host,
        stack.enter_context(session_for(tumblr.host)),
        budget,
        timeout_seconds=tumblr.timeout_seconds,
        max_tries=tumblr.max_tries,
    )
    if posting is None:
        return KeySet(name, group, budget, read)
    session = stack.enter_context(session_for(tumblr.host))
    timeout = tumblr.write_timeout_seconds
    write = WriteRequest(keys, tumblr.host, session, budget, timeout_seconds=timeout, posting=posting)
    return KeySet(name, group, budget, read, write)


def assemble(bot: Bot, settings: BotSettings, shutdown: Shutdown) -> Loop:
    """The loop of a bot in its world, be it the real one or a test's."""
    system = mood_system(settings.mood)
    moods = Moods(bot.turns, settings.zone, system, settings.mood.stale_seconds)
    planner, post_limit = Planner(bot, settings), PostLimit(bot, settings)
    rules, posts = ConversationRules(bot.turns, settings), OtherPosts(bot.tumblr)
    sources = conversation_sources(bot, settings, rules, posts)
    dashboard = DashFinder(
        bot,
        settings,
        moods,
        SideJudge(bot, settings),
        share=lambda: planner.plan.dashboard_share,
        throttle=post_limit.throttle,
    )
    driver = Driver(bot, settings, moods)
    ages = Ages.of(settings.loop, settings.memory, least_mood_seconds=2 * system.window_seconds)
    pictures = () if bot.image_reader is None else (bot.image_reader.forget_old,)
    upkeep = Upkeep(bot.database, ages, bot.clock, bot.elapsed, beside=pictures)
    finders = (
        ("upkeep", Part.DRAFTS, upkeep.find),
        ("follows", Part.DRAFTS, FollowList(bot, settings).find),
        ("drafts", Part.DRAFTS, DraftWatcher(bot, settings, LostInputs(bot, rules, posts)).find),
        ("twins", Part.DRAFTS, driver.twins.find),
        ("asks", Part.INBOX, AskFinder(bot, settings, post_limit.throttle).find),
        ("conversations", Part.NOTES, ConversationFinder(bot, settings, sources, post_limit.throttle).find),
        ("dashboard", Part.DASHBOARD, dashboard.find),
        ("dashboard, judged", Part.INBOX, dashboard.decide),
        ("queue", Part.QUEUE, QueueFinder(bot, settings, lambda: post_limit.level.queue_first).find),
        ("mood", Part.QUEUE, MoodLog(moods, bot.clock).find),
    )
    steps = [Step(*finder) for finder in finders]
    return Loop(bot, settings, steps, driver, planner, post_limit, shutdown)
