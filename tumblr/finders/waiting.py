"""Who goes first: the choice among what waits to be answered. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from tumblr.pacing.throttle import Throttle
from tumblr.turns.turn import NewTurn


@dataclass(frozen=True)
class Limited:
    """Blogs, and texts, of which only about one in so many hours is answered."""

    users: Mapping[str, float]
    substrings: Mapping[str, float]
    pass_seconds: float
    """How often something is looked at: the mean pause between passes, in seconds."""

    def odds(self, who: str, text: str) -> float:
        """The chance of being taken in one pass: the pause over the hours; the least that applies."""
        lower = text.lower()
        hours = [h for name, h in self.users.items() if name.lower() == who.lower()]
        hours += [h for part, h in self.substrings.items() if part.lower() in lower]
        return min([1.0, *(self.pass_seconds / (3600.0 * h) for h in hours)])


@dataclass(frozen=True)
class PendingTurn:
    """Something that could be answered now."""

    turn: NewTurn
    timestamp: int
    """Unix seconds; the older goes first."""

    text: str
    """What the texts of limited users are looked for in."""

    cost: float = 0.0


@dataclass(frozen=True)
class Preferences:
    """How the bot chooses."""

    by_cost: bool = True
    """The cheapest first, and of one blog the cheapest; else the oldest."""

    cap: int = 0
    """Answers begun in one pass; 0 is no cap."""

    stop_above: float | None = None
    """What costs as much or more is left alone; with None nothing is."""

    auto_limit_above: int = 0
    """A blog of which more wait is limited from then on; 0 is off."""


def crowding(waiting: Sequence[PendingTurn], preferences: Preferences) -> set[str]:
    """Blogs of which so much waits that they are to be limited."""
    counts = Counter(item.turn.who.lower() for item in waiting)
    most = preferences.auto_limit_above
    return {who for who, count in counts.items() if most and count > most}


def choose(
    waiting: Sequence[PendingTurn],
    preferences: Preferences,
    pace: Throttle,
    *,
    busy: Collection[tuple[str, str]],
    odds: Callable[[PendingTurn], float],
    draw: Callable[[], float],
) -> list[NewTurn]:
    """What to answer now, oldest first.

    Limited blogs are left to chance. Of each blog one reblog and one reply is taken at a time: ``busy`` names
    the blogs (in lower case) of whom one is being answered, each with the group of the kind.
    """
    lucky = [item for item in waiting if draw() < odds(item)]
    if preferences.by_cost and preferences.stop_above is not None:
        lucky = [item for item in lucky if item.cost < preferences.stop_above + pace.cost_modifier]
    lucky.sort(key=lambda item: (item.cost if preferences.by_cost else 0.0, item.timestamp))
    chosen: dict[tuple[str, str], PendingTurn] = {}
    for item in lucky:
        place = item.turn.who.lower(), group(item.turn.kind)
        if place not in busy:
            chosen.setdefault(place, item)
    first = list(chosen.values())[: pace.most(preferences.cap)]
    return [item.turn for item in sorted(first, key=lambda item: item.timestamp)]


def group(kind: str) -> str:
    """Reblogs and mentions stand in one line, replies in another."""
    return "reblog" if kind == "mention" else kind
