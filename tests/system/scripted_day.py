"""A day of the bot's among three hundred people, lived in minutes, and its account.

    python -m tests.system.scripted_day [--seed 1] [--faults] [--kills 40] [--keep FOLDER]

The sandbox, the switchboard, the selector and the bot are real processes, the generator has no model. The
sandbox's clock and the bot's are moved together, so that no pause takes time (``timed_tumbl``). What the
people do is in ``day_script``; what the account says, and how it is made, in ``account``. ``--faults`` lets
tumblr fail in all its ways, ``--kills`` kills each of the four processes in turn. The exit status says
whether the account adds up.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.system import account as accounting
from tests.system.account import HOUR, Account, Outcome, Remembered, Said, Skipped, Sort
from tests.system.cluster import Cluster, RunningBot
from tests.system.day_people import People
from tests.system.day_script import (
    AVOIDED,
    BAD_WORD,
    ECHO,
    EVERYBODY,
    FAULTS,
    LIMITED,
    OPERATOR,
    PROGRAM,
    script,
)
from tests.system.programs import Program
from tests.system.timed_tumbl import TimedTumbl
from tumblr.turns.kinds import CLOSED, TurnState
from tumblr_sandbox.faults import Fault
from tumblr_sandbox.records import Call, PostRecord

BLOG = "frank"
BEGINS = datetime(2027, 3, 10, 15, 0, tzinfo=UTC)
"""In the middle of a day in the US East, so that one reset of the posts falls into the scripted day."""

LONGEST_AFTERWARDS = 30 * HOUR
"""How long after the last event the bot may take to come to rest."""

POLL = 5.0
"""Pause of the bot between two looks at its open turns: a wait for others, who live in real time."""

POLL_REAL = 0.05
"""Real seconds that such a wait takes while the switchboard has something in hand."""

NIGHT_FACTOR = 6.0
"""How much longer the bot pauses at night."""

POSTS_PER_DAY = 200
"""Fewer than tumblr's 250, so that the day comes near the limit."""

ANSWERS_PER_PERSON = 40
LONGEST_EXCHANGE = 4


@dataclass(frozen=True)
class Plan:
    """What kind of day it is."""

    seed: int = 1
    share: float = 1.0
    """Share of the crowd that comes."""

    talk: bool = True
    """Whether people talk to the bot in reblogs, replies and mentions."""

    sleep_seconds: float = 60.0
    """The bot's pause between passes: the longer, the sooner the day is over."""

    calls_per_hour: int = 1000
    calls_per_day: int = 5000
    """What tumblr allows each application. The bot uses it up, so the fewer, the sooner the day is over."""

    faults: tuple[Fault, ...] = ()
    kills: int = 0
    """How often processes are killed, each of the four in turn."""


@dataclass
class LivedDay:
    """What is known of a day when it is over."""

    plan: Plan
    said: list[Said] = field(default_factory=list)
    posts: list[PostRecord] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    """Those that tumblr has recognised as the bot's."""
    faults: Counter[str] = field(default_factory=Counter)
    sent_back: set[str] = field(default_factory=set)
    kills: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
    remembered: Remembered = field(default_factory=lambda: Remembered((), {}, ()))
    real_seconds: float = 0.0
    hours: float = 0.0

    def account(self) -> Account:
        """The account, from what tumblr knows."""
        lost = 2 * self.restarts
        limits = [
            *accounting.calls_limits(
                self.calls,
                per_hour=self.plan.calls_per_hour,
                per_day=self.plan.calls_per_day,
                refused=lost,
            ),
            *accounting.posts_limits(self.posts, self.calls, per_day=POSTS_PER_DAY, refused=lost),
            accounting.pace_limit(self.calls, self.plan.sleep_seconds, self.restarts),
        ]
        made = accounting.make_account(self.said, self.posts, obeyed(self.calls), limits)
        talk = accounting.talk_limit(made.lines, ANSWERS_PER_PERSON)
        echo = accounting.exchange_limit(made.lines, ECHO, LONGEST_EXCHANGE)
        return accounting.with_limits(made, talk, echo)

    def complaints(self) -> list[str]:
        """All that does not add up: by tumblr alone, and between tumblr and the bot's memory."""
        made = self.account()
        found = accounting.compare(made, self.posts, self.remembered, self.sent_back)
        return [*made.complaints, *found]


def obeyed(calls: Sequence[Call]) -> Counter[str]:
    """How often the bot has followed each blog."""
    done = [call for call in calls if call.path == "/v2/user/follow" and call.status == 200]
    return Counter(call.parameters["url"].removeprefix("https://").partition(".")[0] for call in done)


class Day:
    """Lives through the day: lets people act, moves the clock, lets the bot go on."""

    def __init__(self, cluster: Cluster, bot: RunningBot, tumbl: TimedTumbl, lived: LivedDay) -> None:
        self._street = cluster
        self._driver = cluster.driver
        self._bot = bot
        self._tumbl = tumbl
        self._lived = lived
        self._people = People(bot, random.Random(lived.plan.seed + 1))
        self._events = script(lived.plan.seed, share=lived.plan.share, talk=lived.plan.talk)
        self._offset = BEGINS.timestamp() - time.time()
        self._begin = BEGINS.timestamp()
        self._quiet_looks = 0
        self._looks = 0

    @property
    def now(self) -> float:
        """Unix seconds of the day."""
        return time.time() + self._offset

    def live(self) -> None:
        """Until everything has happened and the bot has come to rest."""
        self._driver.set_clock_offset(self._offset)
        last = self._begin + self._events[-1].at + LONGEST_AFTERWARDS
        self._tumbl.begin(self._offset)
        while self.now < last and not self._is_over():
            pause = self._tumbl.pause()
            if pause is None:
                self._lived.restarts += 1
                self._tumbl.begin(self._offset)
                continue
            self._pass(pause)
            self._tumbl.go_on(self._offset)
            self._take_down_calls()
        self._take_down_calls(at_least=1)
        self._lived.sent_back = self._people.sent_back
        self._lived.hours = (self.now - self._begin) / HOUR

    def _pass(self, pause: float) -> None:
        """Let a pause go by. A short one is a wait for other processes, which live in real time."""
        if pause <= POLL and self._street.is_busy():
            time.sleep(POLL_REAL)
        end = self.now + pause
        while self._events and self._begin + self._events[0].at <= end:
            event = self._events.pop(0)
            self._jump(self._begin + event.at)
            said = self._people.act(event)
            if said is not None:
                self._lived.said.append(said)
        self._jump(end)

    def _take_down_calls(self, *, at_least: int = 500) -> None:
        """Write down what the sandbox was asked, before it forgets; now and then."""
        self._looks += 1
        if self._looks % at_least == 0:
            calls = self._lived.calls
            calls += self._driver.calls(after=calls[-1].number if calls else 0)

    def _jump(self, moment: float) -> None:
        ahead = moment - self.now
        if ahead > 0:
            self._offset += ahead
            self._driver.set_clock_offset(self._offset)

    def _is_over(self) -> bool:
        """Whether nothing is left to happen, and nothing still waits. Looked at now and then."""
        if self._events:
            return False
        self._quiet_looks += 1
        return self._quiet_looks % 20 == 0 and self._has_come_to_rest()

    def _has_come_to_rest(self) -> bool:
        posts = self._driver.posts(BLOG)
        made = accounting.make_account(
            self._lived.said, posts, obeyed(self._driver.calls(path="/v2/user/*")), []
        )
        remembered = recall(self._bot)
        lost = any(line.outcome is Outcome.LOST for line in made.lines)
        return not (remembered.open_turns or lost or accounting.unexplained(made, posts, remembered))


class Killer(threading.Thread):
    """Kills processes at random moments of real time, each in turn, and starts the others again."""

    def __init__(self, cluster: Cluster, tumbl: TimedTumbl, plan: Plan, kills: Counter[str]) -> None:
        super().__init__(daemon=True)
        self._street = cluster
        self._tumbl = tumbl
        self._left = plan.kills
        self._rng = random.Random(plan.seed + 2)
        self._kills = kills
        self._over = threading.Event()

    def run(self) -> None:
        """Until there are no kills left, or the day is over."""
        others: list[tuple[str, Program | None]] = [
            ("tumbl", None),
            ("bridge", self._street.bridge),
            ("generator", self._street.generator),
            ("selector", self._street.selector),
        ]
        while self._left > 0 and not self._over.wait(self._rng.uniform(0.1, 1.5)):
            name, program = others[self._left % 4]
            if program is not None:
                self._street.restart(program)
            elif not self._tumbl.kill_now():
                continue
            self._kills[name] += 1
            self._left -= 1

    def stop(self) -> None:
        """No more kills."""
        self._over.set()
        self.join()


def settings(bot: RunningBot, sleep_seconds: float) -> None:
    """How the bot of the day is set up."""
    bot.change("blog", operator_name=OPERATOR, timezone="UTC")
    bot.change(
        "tumblr",
        timeout_seconds=2.0,
        write_timeout_seconds=0.2,
        settle_seconds=15.0,
        late_seconds=15.0,
        max_tries=3,
    )
    bot.change(
        "loop",
        sleep_seconds=sleep_seconds,
        offpeak_sleep_seconds=NIGHT_FACTOR * sleep_seconds,
        poll_seconds=POLL,
        posts_per_day=POSTS_PER_DAY,
        retry_base_seconds=30.0,
    )
    bot.change("asks", limited_users={LIMITED: 48.0})
    bot.change("damping", automated_accounts=[PROGRAM], longest_exchange=LONGEST_EXCHANGE)
    bot.change("queue", write_when_below=2, posts_per_day=12)
    bot.change("screening", bad_strings=[BAD_WORD], user_avoid_list=[AVOIDED])


def live_a_day(run: Path, plan: Plan) -> LivedDay:
    """Live through the day; logs and databases stay in ``run``."""
    lived = LivedDay(plan)
    began = time.monotonic()
    with Cluster(run) as cluster:
        bot = RunningBot(cluster, BLOG)
        settings(bot, plan.sleep_seconds)
        for name in EVERYBODY:
            cluster.driver.create_user(name)
        cluster.driver.set_checks(timestamps=False)
        cluster.driver.set_limits(
            per_hour=plan.calls_per_hour, per_day=plan.calls_per_day, posts_per_day=POSTS_PER_DAY
        )
        cluster.driver.set_queue(BLOG, posts_per_day=12)
        for fault in plan.faults:
            cluster.driver.add_fault(fault.model_copy(update={"path": "/v2/*"}))
        tumbl = TimedTumbl(bot.folder / "tumbl.log", bot.config_path)
        with killing(Killer(cluster, tumbl, plan, lived.kills)):
            Day(cluster, bot, tumbl, lived).live()
        cluster.driver.clear_faults()
        tumbl.kill()
        look_back(bot, lived)
    lived.real_seconds = time.monotonic() - began
    return lived


@contextmanager
def killing(killer: Killer) -> Iterator[None]:
    """Let the killer go about for as long as the context lasts."""
    killer.start()
    try:
        yield
    finally:
        killer.stop()


def look_back(bot: RunningBot, lived: LivedDay) -> None:
    """Take down what tumblr knows of the day, and what the bot remembers."""
    lived.posts = bot.driver.posts(BLOG)
    lived.faults = Counter(call.fault for call in lived.calls if call.fault)
    lived.calls = [call for call in lived.calls if bot.has_made(call)]
    lived.remembered = recall(bot)


def recall(bot: RunningBot) -> Remembered:
    """What the bot remembers. What waits its asker's turn is not begun, and may wait longer than the day."""
    open_turns = tuple(
        f"{kind}:{input_id}"
        for kind, input_id, state in bot.query("SELECT kind, input_id, state FROM turns")
        if state not in CLOSED and state != TurnState.WAITING
    )
    logged = tuple(post_id for (post_id,) in bot.query("SELECT post_id FROM post_log"))
    skipped = bot.query("SELECT input_id, input, reason FROM turns WHERE state = 'skipped'")
    reasons = tuple(Skipped(input_id, said, reason or "") for input_id, said, reason in skipped)
    return Remembered(logged, bot.states(), open_turns, reasons)


def show(lived: LivedDay, console: Console) -> None:
    """Print the account as tables."""
    made = lived.account()
    table = Table("said to the bot", *accounting.Outcome, title="what became of it")
    for sort in Sort:
        counts = [made.table.get((sort, outcome), 0) for outcome in Outcome]
        if any(counts):
            table.add_row(sort, *(str(count or "") for count in counts))
    console.print(table)
    limits = Table("limit", "allowed", "reached", title="limits")
    for limit in made.limits:
        limits.add_row(limit.name, f"{limit.allowed:g}", f"{limit.found:g}")
    console.print(limits)
    states = ", ".join(f"{count} {state}" for state, count in sorted(lived.remembered.states.items()))
    console.print(f"originals: {len(made.originals)}; the bot's turns: {states}")
    console.print(f"faults met: {dict(lived.faults) or 'none'}; kills: {dict(lived.kills) or 'none'}")
    console.print(f"{lived.hours:.1f} hours lived in {lived.real_seconds:.0f} s")
    for complaint in lived.complaints() or ["the account adds up"]:
        console.print(complaint, markup=False)


def main() -> int:
    """Live through a day and print its account."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="share of the crowd that comes")
    parser.add_argument("--no-talk", action="store_true", help="leave out reblogs, replies and mentions")
    parser.add_argument("--faults", action="store_true", help="let tumblr fail in all its ways")
    parser.add_argument("--kills", type=int, default=0, help="kill processes so often")
    parser.add_argument("--keep", type=Path, help="folder in which databases and logs are left")
    arguments = parser.parse_args()
    plan = Plan(
        arguments.seed,
        arguments.share,
        talk=not arguments.no_talk,
        faults=FAULTS if arguments.faults else (),
        kills=arguments.kills,
    )
    with tempfile.TemporaryDirectory() as folder:
        run = arguments.keep.resolve() if arguments.keep else Path(folder)
        run.mkdir(parents=True, exist_ok=True)
        lived = live_a_day(run, plan)
    show(lived, Console())
    return bool(lived.complaints())


if __name__ == "__main__":
    sys.exit(main())
