"""Who goes first: the choice among what waits to be answered. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from tumblr.bot_settings import BotSettings
from tumblr.pacing.throttle import Throttle
from tumblr.turns.turn import NewTurn


def odds(who: str, text: str, settings: BotSettings) -> float:
    """The chance of being taken in one pass: the mean pause over the hours; the least that applies.

    Of limited blogs and texts only about one in so many hours is answered.
    """
    limits, lower = settings.asks, text.lower()
    hours = [h for name, h in limits.limited_users.items() if name.lower() == who.lower()]
    hours += [h for part, h in limits.limited_substrings.items() if part.lower() in lower]
    return min([1.0, *(settings.mean_pause / (3600.0 * h) for h in hours)])


@dataclass(frozen=True)
class PendingTurn:
    """Something that could be answered now."""

    turn: NewTurn
    timestamp: int
    """Unix seconds; the older goes first."""

    text: str
    """What the texts of limited users are looked for in."""

    cost: float = 0.0


def put_off(waiting: Sequence[PendingTurn], chosen: Sequence[NewTurn], reason: str) -> list[NewTurn]:
    """The turns of what was not chosen, to be written down; those that are stored already are left out."""
    taken = {(turn.kind, turn.input_id) for turn in chosen}
    left = [one.turn for one in waiting if (one.turn.kind, one.turn.input_id) not in taken]
    return [replace(turn, waits_for=reason) for turn in left if turn.waits_for is None]


def crowding(waiting: Sequence[PendingTurn], most: int) -> set[str]:
    """Blogs of which more than so much waits, so that they are to be limited; with 0 there are none."""
    counts = Counter(item.turn.who.lower() for item in waiting)
    return {who for who, count in counts.items() if most and count > most}


def choose(
    waiting: Sequence[PendingTurn],
    settings: BotSettings,
    throttle: Throttle,
    *,
    busy: Collection[tuple[str, str]],
    odds: Callable[[PendingTurn], float],
    draw: Callable[[], float],
    answered: Mapping[str, int] = MappingProxyType({}),
) -> list[NewTurn]:
    """What to answer now, oldest first.

    Limited blogs are left to chance. Of each blog one reblog and one reply is taken at a time: ``busy`` names
    the blogs (in lower case) of whom one is being answered, each with the group of the kind. When the pace
    has some of them wait, those go first who were answered least: ``answered`` says how often, by blog.
    """
    lucky = [item for item in waiting if draw() < odds(item)]
    by_cost, stop_above = settings.conversation.priorities, settings.conversation.stop_above_cost
    if by_cost and stop_above is not None:
        lucky = [item for item in lucky if item.cost < stop_above + throttle.cost_modifier]
    lucky.sort(key=lambda item: (item.cost if by_cost else 0.0, item.timestamp))
    chosen: dict[tuple[str, str], PendingTurn] = {}
    for item in lucky:
        place = item.turn.who.lower(), group(item.turn.kind)
        if place not in busy:
            chosen.setdefault(place, item)
    fair = sorted(chosen.values(), key=lambda item: answered.get(item.turn.who.lower(), 0))
    first = fair[: throttle.most(settings.loop.max_posts_per_step)]
    return [replace(item.turn, waits_for=None) for item in sorted(first, key=lambda item: item.timestamp)]


def group(kind: str) -> str:
    """Reblogs and mentions stand in one line, replies in another."""
    return "reblog" if kind == "mention" else kind
