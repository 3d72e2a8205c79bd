"""Which asks become turns."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from tests.tumblr.fakes import START, World, an_ask, settings_for
from tumblr.api.models import PostPage, TumblrPost
from tumblr.finders.asks import (
    GOES_LATER,
    WHOLE_INBOX_SECONDS,
    AskFinder,
    ask_turn,
    choose_asks,
    pending_ask,
)
from tumblr.finders.waiting import PendingTurn, odds
from tumblr.pacing.throttle import Throttle
from tumblr.turns.inputs import AskInput
from tumblr.turns.kinds import TurnKind, TurnState

MakeWorld = Callable[..., World]


def ask(number: int, who: str | None = "bob", question: str = "soup?", age: int = 0) -> TumblrPost:
    return TumblrPost(
        id=str(number),
        state="submission",
        type="answer",
        asking_name=who,
        question=question,
        timestamp=int(START.timestamp()) - age,
    )


def asked(number: int, who: str | None = "bob", question: str = "soup?", age: int = 0) -> PendingTurn:
    return pending_ask(ask_turn(ask(number, who, question, age)))


def ids(chosen: list[PendingTurn]) -> list[str]:
    return [one.turn.input_id for one in chosen]


FREELY = settings_for()
EVERY_OTHER = settings_for(asks={"limited_users": {"bob": 160 / 1800}})
"""Settings by which bob has every other chance, as a pass takes 160 s."""


def always() -> float:
    return 0.0


@pytest.mark.parametrize(
    ("user_hours", "text_hours", "asker", "question", "expected"),
    [
        ({}, {}, "bob", "soup?", 1.0),
        ({"bob": 2.0}, {}, "bob", "soup?", 160 / 7200),
        ({"Bob": 2.0}, {}, "bob", "soup?", 160 / 7200),
        ({"bob": 2.0}, {}, "ann", "soup?", 1.0),
        ({"bob": 0.01}, {}, "bob", "soup?", 1.0),
        ({}, {"Soup": 4.0}, "ann", "do you like SOUP?", 160 / 14400),
        ({"bob": 2.0}, {"soup": 4.0, "you": 1.0}, "bob", "do you like soup?", 160 / 14400),
    ],
)
def test_odds(
    user_hours: dict[str, float], text_hours: dict[str, float], asker: str, question: str, expected: float
) -> None:
    settings = settings_for(asks={"limited_users": user_hours, "limited_substrings": text_hours})
    assert odds(asker, question, settings) == pytest.approx(expected)


def test_the_oldest_ask_of_each_asker_is_taken_oldest_first() -> None:
    asks = [asked(4, "ann"), asked(3, "bob"), asked(2, "bob", age=50), asked(1, "cid", age=10)]
    assert ids(choose_asks(asks, set(), always, FREELY)) == ["2", "1", "4"]


def test_asks_of_one_second_are_ordered_by_id_as_numbers() -> None:
    asks = [asked(10, "ann"), asked(9, "bob")]
    assert ids(choose_asks(asks, set(), always, FREELY)) == ["9", "10"]


def test_an_asker_with_an_ask_in_work_waits() -> None:
    assert ids(choose_asks([asked(1, "ann"), asked(2, "bob")], {"ann"}, always, FREELY)) == ["2"]


def test_anonymous_askers_count_as_one() -> None:
    assert ids(choose_asks([asked(2, None), asked(1, None)], set(), always, FREELY)) == ["1"]
    assert ask_turn(ask(1, None)).who == "Anonymous"


def test_chance_comes_before_equity_so_a_lucky_newer_ask_may_go_first() -> None:
    draws = iter([0.2, 0.9])
    asks = [asked(2, "bob"), asked(1, "bob", age=50)]  # the inbox has the newest first
    assert ids(choose_asks(asks, set(), lambda: next(draws), EVERY_OTHER)) == ["2"]


def test_limited_users_get_about_their_share() -> None:
    limited = settings_for(asks={"limited_users": {"bob": 2.0}})
    rng = random.Random(1)
    taken = sum(len(choose_asks([asked(1)], set(), rng.random, limited)) for _ in range(20_000))
    assert taken / 20_000 == pytest.approx(160 / 7200, rel=0.15)


def test_the_turn_has_the_question_as_text() -> None:
    turn = ask_turn(ask(7, question="<p>one</p><p>two =======</p>"))
    assert isinstance(turn.input, AskInput)
    assert turn.input.question == "one\ntwo "
    assert turn.input.question_html == "<p>one</p><p>two =======</p>"


def test_an_unlucky_ask_stays_in_the_inbox_for_another_pass(world: World) -> None:
    world.tumblr.ask("soup?")
    assert len(world.find()) == 1
    assert world.find() == []


def test_an_asker_whose_turn_rests_is_not_held_up_by_it(world: World) -> None:
    (turn,) = world.store.add([an_ask("5", "bob")])
    world.tumblr.ask("again?", "bob")
    assert [new.waits_for for new in world.asks.find()] == [GOES_LATER]
    world.store.rest(turn, "trouble", world.clock() + 60)
    assert [(new.who, new.waits_for) for new in world.asks.find()] == [("bob", None)]


def test_the_next_ask_of_an_asker_follows_the_first(world: World) -> None:
    for question in ("one?", "two?", "three?"):
        world.tumblr.ask(question, "bob")
        world.clock.advance(1)
    for _ in range(3):
        world.run(rounds=1)
    answers = [p.question for p in world.tumblr.posts.values() if p.state == "published"]
    assert answers == ["<p>one?</p>", "<p>two?</p>", "<p>three?</p>"]


def test_nothing_older_than_the_start_is_looked_at(world: World) -> None:
    world.restart(tumblr={"start_timestamp": int(START.timestamp()) + 1})
    world.tumblr.ask("soup?")
    assert world.asks.find() == []


def test_known_asks_are_not_found_again_in_any_state(world: World) -> None:
    ask_id = world.tumblr.ask("soup?")
    (turn,) = world.find()
    world.store.close(turn, TurnState.SKIPPED, "a test")
    assert world.store.known({TurnKind.ASK}, [ask_id, "404"]) == {ask_id}
    assert world.asks.find() == []


@given(st.lists(st.tuples(st.sampled_from(["ann", "bob", "cid"]), st.integers(0, 5)), max_size=12))
def test_each_asker_has_at_most_one_turn_and_it_is_their_oldest(given_asks: list[tuple[str, int]]) -> None:
    asks = [asked(number, who, age=age) for number, (who, age) in enumerate(given_asks, 1)]
    chosen = choose_asks(asks, set(), always, FREELY)
    assert {a.turn.who for a in chosen} == {a.turn.who for a in asks}
    for taken in chosen:
        theirs = [a for a in asks if a.turn.who == taken.turn.who]
        assert taken.timestamp == min(a.timestamp for a in theirs)
    assert [a.timestamp for a in chosen] == sorted(a.timestamp for a in chosen)


@pytest.mark.parametrize(
    ("most", "throttle", "expected"),
    [(0, Throttle(), 4), (3, Throttle(), 3), (0, Throttle(posts_factor=0.0), 0)],
)
def test_so_many_asks_are_taken_up_in_a_pass_the_oldest_first(
    world: World, most: int, throttle: Throttle, expected: int
) -> None:
    asks = [world.tumblr.ask(f"soup {n}?", f"bob{n}") for n in range(4)]
    finder = AskFinder(world.bot, settings_for(loop={"max_posts_per_step": most}), lambda: throttle)
    assert [turn.input_id for turn in finder.find() if turn.waits_for is None] == asks[:expected]


@pytest.mark.parametrize(("drawn", "taken"), [(0.9, []), (0.2, ["1"])])
def test_later_equity_comes_before_chance_so_no_newer_ask_goes_first(drawn: float, taken: list[str]) -> None:
    settings = settings_for(asks={**EVERY_OTHER.asks.model_dump(), "equity_first": True})
    draws = iter([drawn])
    asks = [asked(2, "bob"), asked(1, "bob", age=50)]
    assert ids(choose_asks(asks, set(), lambda: next(draws), settings)) == taken


def test_an_ask_that_cannot_be_read_holds_up_nobody_not_even_its_asker(world: World) -> None:
    odd, other, later = (world.tumblr.ask("soup?", who) for who in ("bob", "ann", "bob"))
    world.tumblr.posts[odd] = replace(world.tumblr.posts[odd], question=7)  # type: ignore[arg-type]
    with structlog.testing.capture_logs() as logged:
        assert [turn.input_id for turn in world.find()] == [other, later]
    assert [event["about"] for event in logged if event["log_level"] == "error"] == [odd]


def states(world: World, who: str) -> list[TurnState]:
    """The states of the turns of somebody's asks, oldest first."""
    every = [turn for state in TurnState for turn in world.store.in_state(state)]
    return [turn.state for turn in sorted(every, key=lambda turn: turn.id) if turn.who == who]


def test_asks_that_stay_in_the_inbox_hide_no_older_one(world: World) -> None:
    world.tumblr.ask("soup?", "bob")
    for _ in range(155):
        world.tumblr.ask("!follow", None)
    world.run()
    assert states(world, "bob") == [TurnState.POSTED]
    assert set(states(world, "Anonymous")) == {TurnState.SKIPPED}


@pytest.mark.parametrize("order", ["others last", "others first"])
def test_four_hundred_asks_of_one_asker_starve_no_other(make_world: MakeWorld, order: str) -> None:
    world = make_world(loop={"max_posts_per_step": 1})
    others = ["ann", "cid", "dee"]
    crowd = ["bob"] * 400
    for number, who in enumerate(others + crowd if order == "others first" else crowd + others):
        world.tumblr.ask(f"soup {number}?", who)
        world.clock.advance(1)
    for _ in range(8):
        world.run(rounds=1)
    assert [states(world, who) for who in others] == [[TurnState.POSTED]] * 3
    assert states(world, "bob").count(TurnState.POSTED) == 5
    assert states(world, "bob").count(TurnState.WAITING) == 395


def test_what_has_to_wait_is_written_down_with_the_reason_and_is_not_driven(world: World) -> None:
    first, second = (world.tumblr.ask(question, "bob") for question in ("one?", "two?"))
    world.switchboard.automatic = False
    world.run()
    (waiting,) = world.store.in_state(TurnState.WAITING)
    assert (waiting.input_id, waiting.reason) == (second, GOES_LATER)
    assert [turn.input_id for turn in world.store.open_turns()] == [first]
    assert world.bot.conversations.answers_since(0) == {"bob": 1}


def test_an_ask_that_was_answered_by_hand_while_it_waited_is_skipped(world: World) -> None:
    for question in ("one?", "two?"):
        gone = world.tumblr.ask(question, "bob")
    world.find()
    world.tumblr.remove(gone)
    world.driver.round()
    world.clock.advance(WHOLE_INBOX_SECONDS)
    world.run()
    turn = world.store.turn_of([TurnKind.ASK], gone)
    assert turn is not None
    assert (turn.state, turn.reason) == (TurnState.SKIPPED, "it is not in the inbox any more")
    assert world.switchboard.submissions == 2  # an answer, and the question's sentiment


def test_rules_that_changed_while_an_ask_waited_hold_for_it(world: World) -> None:
    for question in ("one?", "two?"):
        world.tumblr.ask(question, "bob")
    world.run()
    world.restart(damping={"automated_accounts": ["bob"]})
    world.run()
    assert states(world, "bob") == [TurnState.POSTED, TurnState.SKIPPED]


def offsets(world: World) -> list[int]:
    """Where the pages begin that are read from here on."""
    read: list[int] = []
    inbox = world.tumblr.inbox

    def listening(offset: int = 0) -> PostPage:
        read.append(offset)
        return inbox(offset)

    world.tumblr.inbox = listening  # type: ignore[method-assign]
    return read


def test_the_inbox_is_read_until_a_page_holds_nothing_new_and_now_and_then_to_its_end(world: World) -> None:
    for _ in range(120):
        world.tumblr.ask("!follow", None)
    read = offsets(world)
    for expected in ([0, 50, 100, 120], [0]):
        read.clear()
        world.find()
        assert read == expected
    world.tumblr.ask("soup?", "bob")
    read.clear()
    world.find()
    assert read == [0, 50]
    world.clock.advance(WHOLE_INBOX_SECONDS)
    read.clear()
    world.find()
    assert read == [0, 50, 100, 121]


def test_an_ask_that_tumblr_shows_late_among_older_ones_is_found(world: World) -> None:
    late = world.tumblr.ask("soup?", "bob")
    world.tumblr.hidden.add(late)
    for _ in range(60):
        world.tumblr.ask("!follow", None)
    world.run()
    world.tumblr.hidden.clear()
    world.run()
    assert states(world, "bob") == []
    world.clock.advance(WHOLE_INBOX_SECONDS)
    world.run()
    assert states(world, "bob") == [TurnState.POSTED]
