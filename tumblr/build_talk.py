"""The looks at what people say, as the configuration says."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot_config import Config
from munging.thread import Identity
from tumblr.api.note_reader import NoteReader
from tumblr.build_rules import avoided_tags, prompt_format
from tumblr.build_tumblr import Tumblr
from tumblr.finders.ask_rules import AskRules
from tumblr.finders.conversation import ConversationFinder, ConversationSource, Window
from tumblr.finders.conversation_rules import BlogRelations
from tumblr.finders.conversation_sources import MentionSource, ReblogSource, ReplySource, Rules
from tumblr.finders.damping import Damping, why_not_talk
from tumblr.finders.lost_inputs import LostInputs
from tumblr.finders.other_posts import OtherPosts
from tumblr.finders.user_list import UserList
from tumblr.finders.waiting import Limited, Preferences
from tumblr.pacing.planner import Part, Step
from tumblr.pacing.throttle import Throttle
from tumblr.responding.handlers.base import TurnHandler
from tumblr.responding.handlers.conversation import ReblogHandler, ReplyHandler, below_least
from tumblr.store.conversations import ConversationStore
from tumblr.store.cursors import ValueStore
from tumblr.store.database import Database
from tumblr.store.turns import TurnStore
from tumblr.turns.turn import TurnKind

Clock = Callable[[], float]


def identity_of(config: Config) -> Identity:
    """Who the bot is."""
    return Identity(blog=config.blog.blog_name, persona=config.blog.persona)


def company_of(config: Config) -> BlogRelations:
    """Who the bot is and whom it keeps away from."""
    blog, talk = config.blog, config.conversation
    own = [blog.blog_name, *([blog.dash_blog_name] if blog.dash_blog_name else [])]
    return BlogRelations(
        bot=blog.blog_name,
        own=_lower(own),
        avoided=_lower(config.screening.user_avoid_list),
        ignored_posts=frozenset(talk.ignored_posts),
        rebuilt_posts=frozenset(talk.rebuilt_posts),
        always_welcome=_lower(talk.welcome_repliers),
        operator=blog.operator_name,
        indirect_reblogs=talk.indirect_reblogs,
    )


def damping_of(config: Config) -> Damping:
    """How much the bot talks with one blog."""
    damping = config.damping
    return Damping(
        _lower(damping.automated_accounts), damping.longest_exchange, damping.per_hour, damping.per_day
    )


def ask_rules(config: Config) -> AskRules:
    """What an ask has to be like."""
    own, damping, asks = company_of(config).own, damping_of(config), config.asks
    return AskRules(
        asks.min_words,
        asks.max_images,
        asks.most_waiting,
        lambda who: why_not_talk(who, 0, own, damping),
        user_list_of(config),
        asks.equity_first,
        deletes=not config.branch_testing.on,
        reads_images=config.images.read,
    )


def user_list_of(config: Config) -> UserList:
    """Whom the bot answers."""
    return UserList(_lower(config.user_list.blogs) if config.user_list.on else None)


def limited_of(config: Config, mean_pause: float) -> Limited:
    """Blogs and texts that are left to chance."""
    return Limited(config.asks.limited_users, config.asks.limited_substrings, mean_pause)


def conversation_kinds(config: Config, zone: ZoneInfo) -> dict[TurnKind, TurnHandler]:
    """How what people say is answered."""
    identity, avoided, folded = identity_of(config), avoided_tags(config), prompt_format(config).folded_lines
    reblog = ReblogHandler(identity, zone, avoided, folded_lines=folded)
    return {
        TurnKind.REBLOG: reblog,
        TurnKind.MENTION: reblog,
        TurnKind.REPLY: ReplyHandler(identity, zone, avoided, folded),
        TurnKind.DASH: replace(reblog, user_input=False, why_not=below_least),
    }


def conversation_steps(
    config: Config,
    tumblr: Tumblr,
    database: Database,
    posts: OtherPosts,
    pace: Callable[[], Throttle],
    mean_pause: float,
    clock: Clock,
) -> list[Step]:
    """The look at reblogs, replies and mentions; none when all of them are switched off."""
    store, talk = TurnStore(database, clock), ConversationStore(database, clock)
    values = ValueStore(database, clock)
    looks = _looks(config, tumblr, posts, store, talk, values)
    if not looks:
        return []
    settings = config.conversation
    finder = ConversationFinder(
        tumblr.reader,
        NoteReader(tumblr.reader, talk),
        looks,
        store,
        talk,
        company=company_of(config),
        window=Window(settings.posts_to_check, config.tumblr.start_timestamp, settings.window_hours),
        preferences=Preferences(
            by_cost=settings.priorities,
            cap=config.loop.max_posts_per_step,
            stop_above=settings.stop_above_cost,
            auto_limit_above=settings.auto_limit_above,
        ),
        damping=damping_of(config),
        limited=limited_of(config, mean_pause),
        pace=pace,
        rng=random.Random(),
        clock=clock,
    )
    return [Step("conversations", Part.NOTES, finder.find)]


def _looks(
    config: Config,
    tumblr: Tumblr,
    posts: OtherPosts,
    store: TurnStore,
    talk: ConversationStore,
    values: ValueStore,
) -> list[ConversationSource]:
    settings, rules = config.conversation, look_rules(config)
    looks: list[ConversationSource] = []
    if settings.mentions:
        most = settings.mentions_to_check
        looks.append(MentionSource(rules, tumblr.reader, posts, store, talk, values, most=most))
    if settings.reblogs:
        looks.append(ReblogSource(rules, posts, store, talk))
    if settings.replies:
        looks.append(ReplySource(rules, tumblr.reader, store, values.follows))
    return looks


def look_rules(config: Config) -> Rules:
    """What everything that people say is held against."""
    return Rules(
        identity_of(config),
        company_of(config),
        damping_of(config),
        config.tumblr.start_timestamp,
        user_list_of(config),
        reads_images=config.images.read,
    )


def lost_inputs(
    config: Config, tumblr: Tumblr, database: Database, posts: OtherPosts, clock: Clock
) -> LostInputs:
    """What finds out what drafts answer that the store does not know."""
    talk = ConversationStore(database, clock)
    return LostInputs(look_rules(config), tumblr.reader, posts, NoteReader(tumblr.reader, talk), talk)


def other_posts(tumblr: Tumblr) -> OtherPosts:
    """Posts of others, read as the blog, else as the dashboard account."""
    return OtherPosts([tumblr.reader, *([tumblr.dashboard] if tumblr.dashboard is not None else [])])


def _lower(names: Collection[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
