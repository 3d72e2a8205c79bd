"""Whom the bot talks to: not to itself, not to bots for ever, at its end only to those on a list.

Programs that nobody knows of are told by how long it goes on: with one of them, or in a thread of several.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile

from munging.thread import Thread
from tumblr.api.models import ANONYMOUS, TumblrPost
from tumblr.bot_settings import BotSettings
from tumblr.settings import DampingConfig, UserListConfig
from tumblr.store.turns import TurnStore
from tumblr.turns.inputs import ReplyInput
from tumblr.turns.threads import answers_in, exchanges_with, is_between

HOUR, DAY = 3600.0, 86400.0
"""Seconds."""


LONGEST_CHAIN = 1000
"""Answers to replies that are followed back at most."""


@dataclass(frozen=True)
class Exchanges:
    """How often the bot has answered in a thread."""

    with_one: int = 0
    """Since anybody but it and the one who waits has spoken."""

    in_thread: int = 0
    """Whoever took part."""


NONE_YET = Exchanges()


def exchanges_in(
    turns: TurnStore, post: TumblrPost, thread: Thread, who: str, settings: BotSettings
) -> Exchanges:
    """How often the bot has answered in the thread of a post, in which ``who`` waits for it.

    The answer to a reply is a post of its own; where it began the thread, those before it count as well.
    """
    name = settings.identity.name_of(who)
    root = next(iter(post.contributors), None)
    replies = [] if root is None or not settings.is_bot(root.blog) else answered_before(turns, root.post_id)
    alone = list(takewhile(lambda other: other.lower() == who.lower(), replies))
    return Exchanges(
        exchanges_with(thread, name) + (len(alone) if is_between(thread, name) else 0),
        answers_in(thread) + len(replies),
    )


def answered_before(turns: TurnStore, post_id: str | None) -> list[str]:
    """Whom the bot has answered in the chain of replies that ends with an own post, the last first."""
    answered: list[str] = []
    while post_id is not None and len(answered) < LONGEST_CHAIN:
        turn = turns.turn_of_post([post_id])
        if turn is None or not isinstance(turn.input, ReplyInput):
            break
        answered.append(turn.who)
        post_id = turn.input.post_id
    return answered


def why_not_talk(who: str, settings: BotSettings, exchanges: Exchanges = NONE_YET) -> str | None:
    """No answer to oneself, to a known program, or in a thread that has gone back and forth long enough."""
    name, damping = who.lower(), settings.damping
    if settings.is_bot(who):
        return "it is the bot's own"
    if name in map(str.lower, damping.automated_accounts):
        return f"{who} is a known automated account"
    if damping.longest_exchange and exchanges.with_one >= damping.longest_exchange:
        return f"the bot and {who} have gone back and forth {exchanges.with_one} times"
    if damping.longest_thread and exchanges.in_thread >= damping.longest_thread:
        return f"the bot has answered {exchanges.in_thread} times in the thread"
    return None


def why_not_listed(who: str, user_list: UserListConfig) -> str | None:
    """At the end of its life the bot answers those who are on a list, and nobody else."""
    if not user_list.on or who.lower() in map(str.lower, user_list.blogs):
        return None
    return f"{who} is not on the list of those who are answered"


@dataclass(frozen=True)
class Talked:
    """How often each blog, in lower case, was answered recently."""

    last_hour: Mapping[str, int]
    last_day: Mapping[str, int]

    def has_room(self, who: str, damping: DampingConfig) -> bool:
        """Whether one more answer now keeps to the rates. Who is anonymous is not one person."""
        name = who.lower()
        if who == ANONYMOUS:
            return True
        by_hour = not damping.per_hour or self.last_hour.get(name, 0) < damping.per_hour
        return by_hour and (not damping.per_day or self.last_day.get(name, 0) < damping.per_day)
