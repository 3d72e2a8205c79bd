"""Who goes first, and who has to wait."""

from __future__ import annotations

import pytest

from tumblr.finders.waiting import Limited, PendingTurn, Preferences, choose, crowding
from tumblr.pacing.throttle import Throttle
from tumblr.turns.turn import NewTurn, TurnKind

ANY, FULL = Preferences(), Throttle()
R, P, M = TurnKind.REBLOG, TurnKind.REPLY, TurnKind.MENTION


def item(name: str, who: str, timestamp: int, cost: float = 1.0, kind: TurnKind = R) -> PendingTurn:
    return PendingTurn(NewTurn(kind, name, who), timestamp, "hello", cost)


def chosen(
    waiting: list[PendingTurn], preferences: Preferences = ANY, pace: Throttle = FULL, **more: object
) -> str:
    settings: dict[str, object] = {"busy": set(), "odds": lambda _: 1.0, "draw": lambda: 0.5, **more}
    return " ".join(turn.input_id for turn in choose(waiting, preferences, pace, **settings))  # type: ignore[arg-type]


BOB = [
    item("a", "bob", 1, 5.0),
    item("b", "Bob", 2, 3.0),
    item("c", "bob", 3, 9.0, P),
    item("d", "ann", 4, 8.0),
]


def test_of_each_blog_the_cheapest_reblog_and_the_cheapest_reply_in_order_of_time() -> None:
    assert chosen(BOB) == "b c d"


def test_the_oldest_instead() -> None:
    assert chosen(BOB, Preferences(by_cost=False)) == "a c d"


def test_a_mention_stands_in_line_with_reblogs() -> None:
    assert chosen([item("a", "bob", 1, kind=M), item("b", "bob", 2, kind=R)]) == "a"


@pytest.mark.parametrize(
    ("preferences", "pace", "expected"),
    [
        (Preferences(cap=2), Throttle(), "b d"),
        (Preferences(cap=5), Throttle(posts_factor=1.1 / 5), "b"),
        (Preferences(), Throttle(posts_factor=2.1 / 5), "b d"),
        (Preferences(), Throttle(posts_factor=0.0), ""),
        (Preferences(stop_above=8.0), Throttle(), "b"),
        (Preferences(stop_above=9.5), Throttle(cost_modifier=-1.5), "b"),
        (Preferences(stop_above=4.0, by_cost=False), Throttle(), "a c d"),
    ],
)
def test_no_more_than_the_pace_allows(preferences: Preferences, pace: Throttle, expected: str) -> None:
    assert chosen(BOB, preferences, pace) == expected


def test_who_is_being_answered_has_to_wait() -> None:
    assert chosen(BOB, busy={("bob", "reblog")}) == "c d"


def test_limited_blogs_are_left_to_chance() -> None:
    limited = Limited({"Bob": 2.0}, {"HELL": 4.0}, 160.0)
    assert limited.odds("bob", "x") == pytest.approx(160 / 7200)
    assert limited.odds("bob", "Hello") == pytest.approx(160 / 14400)
    assert limited.odds("ann", "x") == 1.0
    assert chosen(BOB, odds=lambda item: 0.4 if item.turn.who == "bob" else 1.0) == "b d"


def test_blogs_of_which_too_much_waits() -> None:
    assert crowding(BOB, Preferences(auto_limit_above=2)) == {"bob"}
    assert crowding(BOB, Preferences(auto_limit_above=3)) == set()
    assert crowding(BOB, Preferences()) == set()
