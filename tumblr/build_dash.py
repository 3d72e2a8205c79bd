"""The look at the dashboard, as the configuration says."""

from __future__ import annotations

import random
from collections.abc import Callable
from zoneinfo import ZoneInfo

from bot_config import Config
from tumblr.api.client import TumblrDashReader
from tumblr.build_rules import mood_system
from tumblr.build_talk import company_of, damping_of, identity_of, limited_of, user_list_of
from tumblr.finders.dashboard import DashFinder, DashRules
from tumblr.finders.dashboard_rules import Continuation, DynamicRules, StaticRules
from tumblr.finders.side_judgments import SideJudge
from tumblr.finders.speaker_rules import SpeakerRules
from tumblr.moods.current import Moods
from tumblr.pacing.planner import Part, Step
from tumblr.pacing.throttle import Throttle
from tumblr.responding.jobs import Switchboard
from tumblr.responding.post_images import PostImages
from tumblr.sections import DashboardConfig
from tumblr.store.conversations import ConversationStore
from tumblr.store.cursors import ValueStore
from tumblr.store.database import Database
from tumblr.store.turns import TurnStore
from tumblr.turns.fail_points import FailPoints


def dash_steps(
    config: Config,
    reader: TumblrDashReader | None,
    database: Database,
    switchboard: Switchboard,
    *,
    share: Callable[[], float],
    pace: Callable[[], Throttle],
    mean_pause: float,
    clock: Callable[[], float],
    fail_points: FailPoints,
    images: PostImages | None,
) -> list[Step]:
    """Reading the dashboard, and deciding upon what was read; neither without a dashboard account."""
    if reader is None or not config.dashboard.reblog:
        return []
    zone = ZoneInfo(config.blog.timezone)
    store, talk = TurnStore(database, clock), ConversationStore(database, clock, fail_points)
    values = ValueStore(database, clock)
    finder = DashFinder(
        reader,
        store,
        talk,
        values,
        SideJudge(switchboard, talk, zone, clock, batch=config.dashboard.batch),
        Moods(store, zone, mood_system(config), config.mood.stale_seconds),
        dash_rules(config, mean_pause),
        company=company_of(config),
        identity=identity_of(config),
        stand_in=config.blog.dash_blog_name or config.blog.blog_name,
        follows=values.follows,
        share=share,
        pace=pace,
        rng=random.Random(),
        clock=clock,
        images=images,
    )
    return [
        Step("dashboard", Part.DASHBOARD, finder.find),
        Step("dashboard, judged", Part.INBOX, finder.decide),
    ]


def dash_rules(config: Config, mean_pause: float) -> DashRules:
    """What posts on the dashboard are held against."""
    settings = config.dashboard
    return DashRules(
        StaticRules(
            settings.rules,
            frozenset(settings.forced_posts),
            settings.tag_avoid_list,
            settings.require_comment,
            settings.note_limit,
        ),
        DynamicRules(
            settings.min_characters,
            settings.max_characters,
            settings.selection_cutoff,
            settings.mood_buff,
            settings.random_buff,
            settings.max_negativity,
            config.screening.autoreview_reject if config.screening.autoreview else None,
            {name.lower(): factor for name, factor in settings.follower_multipliers.items()},
        ),
        Continuation(settings.continuation, settings.continuation_cutoff),
        damping_of(config),
        limited_of(config, mean_pause),
        posts=settings.posts_to_check,
        paging=settings.paging,
        start_timestamp=config.tumblr.start_timestamp,
        cap=config.loop.max_posts_per_step,
        speaker=_speaker_rules(settings),
        answered=user_list_of(config),
    )


def _speaker_rules(settings: DashboardConfig) -> SpeakerRules | None:
    if settings.speaker_test == "off":
        return None
    return SpeakerRules(settings.speaker_test, settings.speaker_cutoff, settings.speaker_noise)
