"""The rhythm: when tumblr is looked at, and that nothing stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot_lifecycle import FatalError, Shutdown
from tests.tumblr.fakes import START, ZONE, FakeClock, World, queue, settings_for
from tumblr.api.errors import LimitReached, StoreFull, TumblrUnavailable, Unauthorized, Unreachable
from tumblr.api.key_pool import Group, KeySet, Pool
from tumblr.api.rate_limits import Budget
from tumblr.loop import Loop
from tumblr.pacing.planner import Part, PassPlan, Planner, Step
from tumblr.pacing.post_limit import PostLimit
from tumblr.pacing.throttle import BASE, LEVELS, ThrottleLevel
from tumblr.turns.fail_points import FailPoint, FailPoints
from tumblr.turns.kinds import TurnState
from tumblr.turns.turn import NewTurn

MakeWorld = Callable[..., World]
SETTINGS = settings_for()


class ClockedShutdown(Shutdown):
    """Sleeping moves the clock; the stop is requested when the time is up."""

    def __init__(self, clock: FakeClock, seconds: float) -> None:
        super().__init__()
        self._clock = clock
        self._end = clock() + seconds
        self.sleeps: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.sleeps.append(round(seconds, 3))
        self._clock.advance(max(seconds, 0.001))
        if self._clock() >= self._end:
            self.requested.set()
        return self.requested.is_set()


class Stumbling:
    """A finder that raises what it is given, then finds nothing."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.looks: list[float] = []
        self.clock: FakeClock | None = None

    def find(self) -> list[NewTurn]:
        if self.clock is not None:
            self.looks.append(self.clock())
        if self.errors:
            raise self.errors.pop(0)
        return []


class NoPlans(Planner):
    """Passes look at the inbox and the queue only."""

    def __init__(self, plan: PassPlan | None = None) -> None:
        self.plan = plan or PassPlan(notes=False)
        self.costs: list[dict[Part, int]] = []

    def begin(self) -> PassPlan:
        return self.plan

    def end(self, calls: dict[Part, int]) -> None:
        self.costs.append(calls)


class NoTumblrAtFirst(NoPlans):
    """Asks a tumblr that is not there before it plans the first pass."""

    asked = False

    def begin(self) -> PassPlan:
        if not self.asked:
            self.asked = True
            raise Unreachable("no answer")
        return super().begin()


class NoLimit(PostLimit):
    """Always the same level."""

    def __init__(self, level: ThrottleLevel = BASE) -> None:
        self.level = level

    def update(self) -> ThrottleLevel:
        return self.level


def make_loop(
    world: World,
    seconds: float,
    *finders: Stumbling,
    planner: NoPlans | None = None,
    post_limit: NoLimit | None = None,
    pool: Pool | None = None,
    more: Sequence[Step] = (),
    fail_points: FailPoints | None = None,
) -> tuple[Loop, ClockedShutdown]:
    shutdown = ClockedShutdown(world.clock, seconds)
    for finder in finders:
        finder.clock = world.clock
    stumbling = [Step("stumbling", Part.DRAFTS, finder.find) for finder in finders]
    loop = Loop(
        replace(
            world.bot,
            tumblr=replace(world.bot.tumblr, pool=pool or Pool([])),
            fail_points=fail_points or FailPoints(),
        ),
        world.settings,
        [*stumbling, world.asks, world.originals, *more],
        world.driver,
        planner or NoPlans(),
        post_limit or NoLimit(),
        shutdown,
    )
    return loop, shutdown


def test_a_tumblr_that_is_not_there_yet_is_told_of_once(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.tumblr.ask("soup?")
    loop, shutdown = make_loop(world, 5000.0, Stumbling(Unreachable("no answer")), planner=NoTumblrAtFirst())
    loop.run()
    assert shutdown.sleeps[:2] == [1800.0, 1800.0]  # five times the pause at four in the morning
    said = "".join(capsys.readouterr())
    assert said.count("tumblr not available") == 1
    assert said.count("tumblr available again") == 1
    assert "looking for turns failed" not in said
    assert world.only_turn().state is TurnState.POSTED


@pytest.mark.parametrize(("hour", "pause"), [(7, 360.0), (8, 60.0), (23, 60.0), (0, 360.0)])
def test_the_pause_is_short_in_peak_hours(hour: int, pause: float) -> None:
    moment = datetime(2021, 2, 6, hour, tzinfo=ZONE).astimezone(UTC).timestamp()
    assert SETTINGS.pause(moment) == pause


def test_the_mean_pause() -> None:
    assert SETTINGS.mean_pause == pytest.approx(160.0)


def test_it_runs_until_it_is_asked_to_stop(world: World) -> None:
    world.tumblr.ask("soup?")
    loop, shutdown = make_loop(world, 1000.0)
    loop.run()
    assert world.only_turn().state is TurnState.POSTED
    assert shutdown.sleeps == [360.0, 360.0, 360.0]  # four in the morning, Pacific time
    assert len(world.switchboard.acknowledged) == 2


def test_results_are_asked_for_often_while_a_text_is_being_written(world: World) -> None:
    world.switchboard.automatic = False
    world.tumblr.ask("soup?")
    loop, shutdown = make_loop(world, 10.0)
    world.switchboard.on_wait = shutdown.wait  # a long poll takes its time
    loop.run()
    assert world.switchboard.waited == [0.5] * 20


def test_a_switchboard_that_does_not_wait_is_not_pestered(world: World) -> None:
    world.switchboard.automatic = False
    world.tumblr.ask("soup?")
    loop, shutdown = make_loop(world, 10.0)
    loop.run()
    assert world.switchboard.waited == [0.5] * 20
    assert shutdown.sleeps == [0.5] * 20


def test_trouble_of_one_finder_does_not_stop_the_others_but_lengthens_the_pause(world: World) -> None:
    world.tumblr.ask("soup?")
    finder = Stumbling(TumblrUnavailable("down"), ZeroDivisionError(), StoreFull("full"))
    loop, shutdown = make_loop(world, 4000.0, finder)
    loop.run()
    assert world.only_turn().state is TurnState.POSTED
    assert shutdown.sleeps[:3] == [1800.0, 1800.0, 1800.0]


def test_a_limit_is_waited_for(world: World) -> None:
    loop, shutdown = make_loop(world, 1000.0, Stumbling(LimitReached("used up", 777.0)))
    loop.run()
    assert shutdown.sleeps == [777.0, 360.0]


def test_keys_that_are_refused_for_minutes_stop_the_process(world: World) -> None:
    loop, shutdown = make_loop(world, 4000.0, Stumbling(*[Unauthorized("Unable to authorize")] * 100))
    with pytest.raises(FatalError, match=r"tumblr\.base_keys"):
        loop.run()
    assert 600 <= sum(shutdown.sleeps) <= 700


def test_keys_that_are_refused_once_are_tried_again_soon(world: World) -> None:
    world.tumblr.ask("soup?")
    loop, shutdown = make_loop(world, 4000.0, Stumbling(Unauthorized("Unable to authorize")))
    loop.run()
    assert shutdown.sleeps[0] == 1.0
    assert world.only_turn().state is TurnState.POSTED


@pytest.mark.parametrize("hours", [-5, 5, -24 * 400])
def test_a_clock_that_is_set_stretches_no_wait(world: World, hours: float) -> None:
    looks = Stumbling()
    looks.clock = world.clock
    loop, shutdown = make_loop(world, 2000.0, looks)
    set_by = hours * 3600.0

    def wait(seconds: float) -> bool:
        if len(shutdown.sleeps) == 1:
            world.clock.set(set_by)
        shutdown.sleeps.append(seconds)
        world.clock.advance(max(seconds, 0.001))
        if world.clock.monotonic() >= START.timestamp() + 2000.0:
            shutdown.requested.set()
        return shutdown.requested.is_set()

    shutdown.wait = wait  # type: ignore[method-assign]
    loop.run()
    assert len(looks.looks) >= 5
    assert max(shutdown.sleeps) <= 400.0


def test_nothing_is_asked_while_all_turns_rest(world: World) -> None:
    for question in ("soup?", "bread?"):
        world.tumblr.ask(question)
    world.tumblr.refuse = LimitReached("250 posts today", 200.0)
    loop, shutdown = make_loop(world, 199.0)
    loop.run()
    assert all(turn.state is TurnState.POSTING for turn in world.bot.turns.open_turns())
    assert shutdown.sleeps == [200.0]
    world.tumblr.refuse = None
    loop, _ = make_loop(world, 1.0)
    loop.run()
    assert world.bot.turns.open_turns() == []


def test_one_turn_that_rests_does_not_keep_another_waiting(world: World) -> None:
    world.tumblr.ask("soup?")
    world.tumblr.refuse = LimitReached("250 posts today", 3600.0)
    world.run(seconds=1)
    world.switchboard.automatic = False
    world.tumblr.ask("bread?")
    loop, shutdown = make_loop(world, 10.0)
    loop.run()
    assert shutdown.sleeps == [0.5] * 20


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_rest_of_a_turn_is_no_longer_for_a_clock_that_was_set(world: World, hours: float) -> None:
    world.tumblr.ask("soup?")
    world.tumblr.refuse = LimitReached("250 posts today", 60.0)
    world.run(seconds=1)
    world.tumblr.refuse = None
    world.clock.set(hours * 3600.0)
    world.clock.advance(61.0)
    world.run(seconds=30.0)
    assert world.only_turn().state is TurnState.POSTED


def test_the_calls_that_are_left_are_spread_over_the_hour(world: World) -> None:
    budget = Budget(world.clock)
    unused: Any = None
    loop, _ = make_loop(world, 1000.0, pool=Pool([KeySet("base 1", Group.BASE, budget, unused)]))
    budget.observe(
        {
            "X-Ratelimit-Perhour-Limit": "1000",
            "X-Ratelimit-Perhour-Remaining": "4",
            "X-Ratelimit-Perhour-Reset": "3000",
            "X-Ratelimit-Perday-Limit": "5000",
            "X-Ratelimit-Perday-Remaining": "4000",
            "X-Ratelimit-Perday-Reset": "80000",
        }
    )
    assert loop.find() == pytest.approx(3000.0)


def noted(looks: list[str], name: str) -> Callable[[], list[NewTurn]]:
    def look() -> list[NewTurn]:
        looks.append(name)
        return []

    return look


@pytest.mark.parametrize(
    ("plan", "level", "expected"),
    [
        (PassPlan(notes=False), BASE, "drafts inbox queue"),
        (PassPlan(notes=True), BASE, "drafts inbox notes inbox queue"),
        (PassPlan(True, 1.0), BASE, "drafts inbox notes inbox dashboard inbox queue"),
        (PassPlan(False, 0.2), BASE, "drafts inbox dashboard inbox queue"),
        (PassPlan(notes=True), LEVELS[-1], "drafts queue inbox notes inbox"),
    ],
)
def test_a_pass_looks_where_its_plan_says(
    world: World, plan: PassPlan, level: ThrottleLevel, expected: str
) -> None:
    looks: list[str] = []
    steps = [Step(part, part, noted(looks, part)) for part in reversed(Part)]
    loop, _ = make_loop(world, 1000.0, planner=NoPlans(plan), post_limit=NoLimit(level), more=steps)
    loop.find()
    assert " ".join(looks) == expected


def test_a_slower_level_lengthens_the_pause(world: World) -> None:
    loop, _ = make_loop(world, 1000.0, post_limit=NoLimit(LEVELS[1]))
    assert loop.find() == 360.0 * 2.5


def test_the_cost_of_what_was_looked_at_is_learnt_unless_it_was_cut_short(world: World) -> None:
    budget = Budget(world.clock)
    unused: Any = None
    pool = Pool([KeySet("base 1", Group.BASE, budget, unused)])
    planner = NoPlans(PassPlan(True, 1.0))

    def costs(calls: int) -> Callable[[], list[NewTurn]]:
        def look() -> list[NewTurn]:
            budget.calls += calls
            if calls == 3:
                raise LimitReached("used up", 777.0)
            return []

        return look

    more = [Step("notes", Part.NOTES, costs(7)), Step("dashboard", Part.DASHBOARD, costs(3))]
    loop, _ = make_loop(world, 1000.0, planner=planner, pool=pool, more=more)
    assert loop.find() == 360.0  # the dashboard's limit does not hold the other looks up
    assert planner.costs[0][Part.NOTES] == 7
    assert Part.DASHBOARD not in planner.costs[0]


def test_once_finds_answers_and_settles(make_world: MakeWorld) -> None:
    world = make_world(queue=queue(1))
    world.tumblr.ask("soup?")
    loop, shutdown = make_loop(world, 1000.0)
    loop.run_once()
    assert {post.state for post in world.tumblr.posts.values()} == {"published", "queued"}
    assert len(world.switchboard.acknowledged) == 3
    assert shutdown.sleeps == []


def test_once_does_not_wait_for_what_rests(world: World) -> None:
    world.switchboard.down = True
    world.tumblr.ask("soup?")
    loop, _ = make_loop(world, 1000.0)
    loop.run_once()
    assert world.only_turn().state is TurnState.REQUESTED


def test_when_nothing_can_be_stored_it_says_so_and_goes_on_later(world: World) -> None:
    world.tumblr.ask("soup?")
    loop, shutdown = make_loop(world, 1000.0)
    world.find()
    with world.database.transaction() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    with world.database.transaction() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    world.switchboard.text = "x" * 40_000
    loop.run()
    assert world.tumblr.writes == 0
    assert 360.0 in shutdown.sleeps
    with world.database.transaction() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    world.driver.round()
    assert world.tumblr.writes == 1


def test_the_fail_point_after_finding(world: World) -> None:
    class DeadError(Exception):
        pass

    def die() -> None:
        raise DeadError

    world.tumblr.ask("soup?")
    loop, _ = make_loop(world, 1000.0, fail_points=FailPoints(FailPoint.AFTER_FOUND, die))
    with pytest.raises(DeadError):
        loop.find()
    assert len(world.store.open_turns()) == 1


def test_fail_points_are_named_in_the_environment() -> None:
    FailPoints.from_environment({}).reach(FailPoint.AFTER_POST)
    FailPoints.from_environment({"TUMBL_FAIL_POINT": "after-intent"}).reach(FailPoint.AFTER_POST)
    with pytest.raises(ValueError):
        FailPoints.from_environment({"TUMBL_FAIL_POINT": "nowhere"})
    assert START.tzinfo is UTC
