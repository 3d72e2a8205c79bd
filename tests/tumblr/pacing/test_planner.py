"""The planner: what passes look at, and what it learns from their cost."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from tests.tumblr.fakes import FakeClock, ModelTumblr, bot_over, settings_for
from tumblr.api.errors import LimitReached, TumblrUnavailable, Unauthorized, Unreachable
from tumblr.api.key_pool import Group, KeySet, Pool
from tumblr.api.rate_limits import Budget
from tumblr.bot import Tumblr
from tumblr.pacing.budget import RULES, Past, odds
from tumblr.pacing.planner import Part, PassPlan, Planner
from tumblr.store.cursors import CursorStore, PastCheck
from tumblr.store.database import Database


class Dice(random.Random):
    """Always draws the same number."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = number

    def random(self) -> float:
        return self.number


def headers(hour: int, day: int) -> dict[str, str]:
    values = {"Perhour": (1000, hour, 3600), "Perday": (5000, day, 86400)}
    return {
        f"X-Ratelimit-{window}-{name}": str(number)
        for window, numbers in values.items()
        for name, number in zip(("Limit", "Remaining", "Reset"), numbers, strict=True)
    }


class Asked(Tumblr):
    """Tells of a key set what the bench says."""

    bench: Bench

    def learn(self, one: KeySet) -> None:
        self.bench.learn(one)


class Bench:
    """A planner over some key sets that answer with figures of their own when they are asked."""

    def __init__(
        self,
        clock: FakeClock,
        database: Database,
        *key_sets: tuple[Group, int, int],
        dice: float = 0.999,
        year: str = "2021",
    ) -> None:
        unused: Any = None
        self.clock = clock
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.figures = {f"{group} {n}": (hour, day) for n, (group, hour, day) in enumerate(key_sets)}
        self.pool = Pool(
            KeySet(f"{group} {n}", group, Budget(clock), unused) for n, (group, _, _) in enumerate(key_sets)
        )
        tumblr = Asked(self.pool, ModelTumblr(clock))
        object.__setattr__(tumblr, "bench", self)  # it is frozen
        bot = bot_over(database, clock, tumblr=tumblr, rng=Dice(dice))
        self.planner = Planner(bot, settings_for(loop={"budget": year}))

    def learn(self, one: KeySet) -> None:
        self.asked.append(one.name)
        if self.error is not None:
            raise self.error
        one.budget.observe(headers(*self.figures[one.name]))


@pytest.fixture
def values(database: Database, clock: FakeClock) -> CursorStore:
    return CursorStore(database, clock)


BASE, DASH = (Group.BASE, 1000, 5000), (Group.DASHBOARD, 1000, 5000)


def test_a_key_set_of_which_nothing_is_known_is_asked_once(clock: FakeClock, database: Database) -> None:
    bench = Bench(clock, database, BASE, DASH)
    bench.planner.begin()
    bench.planner.begin()
    assert bench.asked == ["base 0", "dashboard 1"]


@pytest.mark.parametrize(
    ("dice", "key_sets", "expected"),
    [
        (0.36, [BASE], PassPlan(True, 1.0)),  # 160 s * 5000/86400 per s / 25 calls = 0.3704
        (0.38, [BASE], PassPlan(False, 0.0)),
        (0.73, [BASE, DASH], PassPlan(True, 1.0)),
        (0.75, [BASE, DASH], PassPlan(False, 0.0)),
        (0.0, [(Group.BASE, 0, 4000), DASH], PassPlan(False, 0.0)),
        (0.0, [(Group.BASE, 1000, 80), DASH], PassPlan(False, 0.0)),
    ],
)
def test_the_expensive_looks_are_left_to_chance(
    clock: FakeClock, database: Database, dice: float, key_sets: Any, expected: PassPlan
) -> None:
    assert Bench(clock, database, *key_sets, dice=dice).planner.begin() == expected


def test_later_the_dashboard_has_its_own_share(clock: FakeClock, database: Database) -> None:
    bench = Bench(clock, database, BASE, DASH, year="2023")
    plan = bench.planner.begin()
    assert plan.notes  # 10 calls in 240 s are less than what is allowed
    left = 2 * 5000 / 86400 - 10 / 240
    assert plan.dashboard_share == pytest.approx(0.8 * left * 240 / 200)


def test_the_key_set_with_the_most_calls_goes_first(
    clock: FakeClock, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(clock, database, (Group.BASE, 100, 400), (Group.BASE, 1000, 3000), DASH)
    bench.planner.begin()
    assert [one.name for one in bench.pool.key_sets()] == ["dashboard 2", "base 1", "base 0"]
    assert "info" not in "".join(capsys.readouterr())  # the others have calls to spare, too


def test_it_is_said_when_a_key_set_is_used_up_and_another_goes_on(
    clock: FakeClock, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(clock, database, (Group.BASE, 1000, 5000), (Group.BASE, 1000, 3000))
    bench.planner.begin()
    bench.pool.key_sets()[0].budget.observe(headers(0, 4000))
    capsys.readouterr()
    bench.planner.begin()
    assert bench.pool.key_sets()[0].name == "base 1"
    said = "".join(capsys.readouterr())  # to either, as logging was set up by others before
    assert "posting" in said
    assert "reading" in said
    bench.planner.begin()
    assert "other key set" not in "".join(capsys.readouterr())


def test_the_calls_of_one_application_count_once(
    clock: FakeClock, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    unused: Any = None
    budget = Budget(clock)
    pool = Pool([KeySet("base", Group.BASE, budget, unused), KeySet("dash", Group.DASHBOARD, budget, unused)])
    budget.observe(headers(1000, 5000))
    dice = Dice(0.38)  # 160 s * 5000/86400 per s / 25 calls = 0.3704
    bot = bot_over(database, clock, tumblr=Tumblr(pool, ModelTumblr(clock)), rng=dice)
    planner = Planner(bot, settings_for())
    assert planner.begin() == PassPlan(notes=False)
    dice.number = 0.36
    assert planner.begin().notes
    budget.calls += 3
    assert pool.calls == 3
    assert "other key set" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(("year", "first"), [("2021", "base 2"), ("2023", "dashboard 0")])
def test_later_the_group_with_the_most_calls_goes_first(
    clock: FakeClock, database: Database, year: str, first: str
) -> None:
    many = [(Group.DASHBOARD, 1000, 2000), (Group.DASHBOARD, 1000, 1900), (Group.BASE, 1000, 3000)]
    bench = Bench(clock, database, *many, year=year)
    bench.planner.begin()
    assert bench.pool.key_sets()[0].name == first
    assert bench.pool.key_sets(Group.BASE)[0].name == "base 2"


@pytest.mark.parametrize("error", [TumblrUnavailable("down"), LimitReached("used up", 100.0)])
def test_without_figures_nothing_expensive_is_done(
    clock: FakeClock, database: Database, error: Exception
) -> None:
    bench = Bench(clock, database, BASE, dice=0.0)
    bench.error = error
    assert bench.planner.begin() == PassPlan(notes=False)
    bench.error = None
    assert bench.planner.begin().notes


def test_without_a_tumblr_there_is_no_plan(clock: FakeClock, database: Database) -> None:
    bench = Bench(clock, database, BASE, DASH)
    bench.error = Unreachable("no answer")
    with pytest.raises(Unreachable):
        bench.planner.begin()
    assert bench.asked == ["base 0"]


def test_wrong_keys_are_for_a_human(clock: FakeClock, database: Database) -> None:
    bench = Bench(clock, database, BASE)
    bench.error = Unauthorized("no")
    with pytest.raises(Unauthorized):
        bench.planner.begin()


def test_both_looks_are_one_check_and_are_remembered_across_restarts(
    clock: FakeClock, database: Database, values: CursorStore
) -> None:
    bench = Bench(clock, database, BASE, dice=0.0)
    bench.planner.begin()
    clock.advance(70)
    bench.planner.end({Part.INBOX: 3, Part.NOTES: 20, Part.DASHBOARD: 13})
    assert values.past_checks("base") == [PastCheck("base", 33, 70.0)]
    assert values.past_checks("dashboard") == []
    for _ in range(40):
        bench.planner.end({Part.NOTES: 100, Part.DASHBOARD: 0})
    again = Bench(clock, database, BASE, dice=0.1)
    assert not again.planner.begin().notes  # 0.3704 / 4


def test_later_each_look_is_remembered_by_itself(
    clock: FakeClock, database: Database, values: CursorStore
) -> None:
    bench = Bench(clock, database, BASE, year="2023")
    bench.planner.plan = PassPlan(True, 0.25)
    clock.advance(70)
    bench.planner.end({Part.NOTES: 20, Part.DASHBOARD: 13})
    assert values.past_checks("base") == [PastCheck("base", 20, 70.0)]
    assert values.past_checks("dashboard") == [PastCheck("dashboard", 52, 70.0)]


@pytest.mark.parametrize("calls", [{}, {Part.INBOX: 3}, {Part.NOTES: 0}, {Part.DASHBOARD: 9}])
def test_what_was_not_looked_at_is_not_remembered(
    clock: FakeClock, database: Database, values: CursorStore, calls: dict[Part, int]
) -> None:
    bench = Bench(clock, database, BASE)
    bench.planner.end(calls)
    assert values.past_checks("base") == []


def test_only_so_many_checks_are_kept(clock: FakeClock, values: CursorStore) -> None:
    for number in range(1, 130):
        values.add_check(PastCheck("base", number, 60.0))
    values.add_check(PastCheck("dashboard", 5, 60.0))
    kept = values.past_checks("base")
    assert (len(kept), kept[0].requests, kept[-1].requests) == (100, 30, 129)


def test_marks_and_follows_are_remembered(values: CursorStore) -> None:
    assert values.cursor("seen") is None
    values.set_cursor("seen", {"id": "12"})
    values.set_cursor("seen", {"id": "13"})
    assert values.cursor("seen") == {"id": "13"}
    values.replace_follows(["Ann", "bob"])
    values.replace_follows(["Bob", "cid"])
    assert values.follows() == {"bob", "cid"}


def test_rules_of_ones_own() -> None:
    rules, rate = replace(RULES["2021"], start=(1000.0,)), 5000 / 86400
    assert odds([rate], [rate], Past(), 160.0, rules).check == pytest.approx(160 * rate / 1000)
