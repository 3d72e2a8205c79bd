"""Who goes first, and who has to wait."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tumblr.fakes import settings_for
from tumblr.bot_settings import BotSettings
from tumblr.finders.waiting import PendingTurn, choose, crowding, odds, put_off
from tumblr.pacing.throttle import Throttle
from tumblr.turns.kinds import TurnKind
from tumblr.turns.turn import NewTurn

ANY, FULL = settings_for(), Throttle()


def talk(**conversation: Any) -> BotSettings:
    return settings_for(conversation=conversation)


def capped(most: int) -> BotSettings:
    return settings_for(loop={"max_posts_per_step": most})


R, P, M = TurnKind.REBLOG, TurnKind.REPLY, TurnKind.MENTION


def item(name: str, who: str, timestamp: int, cost: float = 1.0, kind: TurnKind = R) -> PendingTurn:
    return PendingTurn(NewTurn(kind, name, who), timestamp, "hello", cost)


def chosen(
    waiting: list[PendingTurn], settings: BotSettings = ANY, throttle: Throttle = FULL, **more: object
) -> str:
    chance: dict[str, object] = {"busy": set(), "odds": lambda _: 1.0, "draw": lambda: 0.5, **more}
    return " ".join(turn.input_id for turn in choose(waiting, settings, throttle, **chance))  # type: ignore[arg-type]


BOB = [
    item("a", "bob", 1, 5.0),
    item("b", "Bob", 2, 3.0),
    item("c", "bob", 3, 9.0, P),
    item("d", "ann", 4, 8.0),
]


def test_of_each_blog_the_cheapest_reblog_and_the_cheapest_reply_in_order_of_time() -> None:
    assert chosen(BOB) == "b c d"


def test_the_oldest_instead() -> None:
    assert chosen(BOB, talk(priorities=False)) == "a c d"


def test_a_mention_stands_in_line_with_reblogs() -> None:
    assert chosen([item("a", "bob", 1, kind=M), item("b", "bob", 2, kind=R)]) == "a"


@pytest.mark.parametrize(
    ("settings", "throttle", "expected"),
    [
        (capped(2), Throttle(), "b d"),
        (capped(5), Throttle(posts_factor=1.1 / 5), "b"),
        (ANY, Throttle(posts_factor=2.1 / 5), "b d"),
        (ANY, Throttle(posts_factor=0.0), ""),
        (talk(stop_above_cost=8.0), Throttle(), "b"),
        (talk(stop_above_cost=9.5), Throttle(cost_modifier=-1.5), "b"),
        (talk(stop_above_cost=4.0, priorities=False), Throttle(), "a c d"),
    ],
)
def test_no_more_than_the_pace_allows(settings: BotSettings, throttle: Throttle, expected: str) -> None:
    assert chosen(BOB, settings, throttle) == expected


def test_who_is_being_answered_has_to_wait() -> None:
    assert chosen(BOB, busy={("bob", "reblog")}) == "c d"


def test_limited_blogs_are_left_to_chance() -> None:
    limited = settings_for(asks={"limited_users": {"Bob": 2.0}, "limited_substrings": {"HELL": 4.0}})
    assert odds("bob", "x", limited) == pytest.approx(160 / 7200)
    assert odds("bob", "Hello", limited) == pytest.approx(160 / 14400)
    assert odds("ann", "x", limited) == 1.0
    assert chosen(BOB, odds=lambda item: 0.4 if item.turn.who == "bob" else 1.0) == "b d"


def test_blogs_of_which_too_much_waits() -> None:
    assert crowding(BOB, 2) == {"bob"}
    assert crowding(BOB, 3) == set()
    assert crowding(BOB, 0) == set()


def test_when_not_all_can_be_answered_who_was_answered_least_goes_first() -> None:
    crowd = [*BOB, item("e", "cid", 5, 9.0)]
    assert chosen(crowd, capped(1)) == "b"
    assert chosen(crowd, capped(1), answered={"bob": 1}) == "d"
    assert chosen(crowd, capped(1), answered={"bob": 1, "ann": 1}) == "e"
    assert chosen(crowd, capped(9), answered={"bob": 1, "ann": 1}) == "b c d e"


def test_what_was_not_chosen_is_written_down_once() -> None:
    stored = PendingTurn(NewTurn(R, "s", "dee", waits_for="others go first"), 6, "hello")
    taken = choose([*BOB, stored], ANY, FULL, busy={("dee", "reblog")}, odds=lambda _: 1.0, draw=lambda: 0.5)
    left = put_off([*BOB, stored], taken, "a reason")
    assert [(turn.input_id, turn.waits_for) for turn in left] == [("a", "a reason")]
