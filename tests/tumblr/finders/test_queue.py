"""When original posts are written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.tumblr.fakes import DRAFTS, START, World, queue, settings_for
from tumblr.api.client import PAGE
from tumblr.api.models import TumblrPost
from tumblr.finders.queue import QueueFinder
from tumblr.turns.inputs import OriginalInput
from tumblr.turns.kinds import TurnKind

MakeWorld = Callable[..., World]


def test_one_post_is_written_in_each_pass_until_the_queue_is_long_enough(make_world: MakeWorld) -> None:
    world = make_world(queue=queue(3))
    lengths = []
    for _ in range(5):
        world.run(seconds=1, rounds=1)
        lengths.append(len(world.tumblr.queue_head()))
    assert lengths == [1, 2, 3, 3, 3]


def test_nothing_is_written_while_a_post_is_being_written(make_world: MakeWorld) -> None:
    world = make_world(queue=queue(3))
    world.switchboard.automatic = False
    for _ in range(3):
        world.run(seconds=1)
    assert len(world.store.open_turns(TurnKind.ORIGINAL)) == 1


def test_zero_switches_it_off(make_world: MakeWorld) -> None:
    world = make_world(queue=queue(0))
    world.run()
    assert world.store.open_turns() == []


def test_drafts_that_wait_for_a_human_fill_the_places_when_everything_is_drafted(
    make_world: MakeWorld,
) -> None:
    world = make_world(queue=queue(2), tumblr=DRAFTS)
    for _ in range(5):
        world.run(seconds=1, rounds=1)
    drafts = [post.id for post in world.tumblr.drafts()]
    assert len(drafts) == 2
    world.tumblr.publish(drafts[0])
    world.run(seconds=1, rounds=1)
    assert len(list(world.tumblr.drafts())) == 2


def test_the_mood_and_the_time_are_those_of_the_publishing(make_world: MakeWorld) -> None:
    world = make_world(queue=queue(1))
    (turn,) = world.find()
    assert isinstance(turn.input, OriginalInput)
    assert turn.input.publish_time > START
    world.driver.round()
    request = world.store.turn(turn.id).request
    assert request is not None
    assert request.endpoint == "textpost"
    assert request.fields["v8_timestamp"] == "8:00 AM"  # two posts a day: 8 and 16 h, Pacific time


def test_originals_do_not_move_the_mood_and_name_nobody(make_world: MakeWorld) -> None:
    world = make_world(queue=queue(1))
    world.run()
    (entry,) = world.store.log_entries()
    assert entry.entry["intent"]["tags"] == ["soup"]
    assert entry.entry["judgment"] is None
    assert world.store.mood_inputs() == []


@pytest.mark.parametrize(
    ("hours", "only_today", "queue_first", "expected"),
    [
        (12, True, False, 1),
        (19.9, True, False, 1),
        (20.1, True, False, 0),  # it is four in the morning, Pacific time
        (20.1, True, True, 1),
        (20.1, False, False, 1),
        (None, True, False, 1),
    ],
)
def test_none_is_written_for_tomorrow_if_the_operator_wants_it_so(
    make_world: MakeWorld, hours: float | None, only_today: bool, queue_first: bool, expected: int
) -> None:
    world = make_world()
    if hours is not None:
        when = int(world.clock.now + hours * 3600)
        world.tumblr.posts["1"] = TumblrPost("1", "queued", scheduled_publish_time=when)
    settings = settings_for(queue={"write_when_below": 24, "only_today": only_today})
    finder = QueueFinder(world.bot, settings, lambda: queue_first)
    assert len(finder.find()) == expected


def test_a_queue_longer_than_a_page_fills_up_and_no_further(make_world: MakeWorld) -> None:
    world = make_world(queue={"write_when_below": PAGE + 2, "posts_per_pass": 30})
    for _ in range(4):
        world.run(seconds=1, rounds=1)
    assert len(list(world.tumblr.queue())) == PAGE + 2
