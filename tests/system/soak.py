"""A month of the bot's life in an hour or two, with everything that may befall it, and its account.

    python -m tests.system.soak [--days 30] [--seed 1] [--share 0.1] [--keep FOLDER]

The sandbox, the switchboard, the selector and the bot are real processes, the generator has no model. The
sandbox, the switchboard with its leases, and the bot live in commanded time (``timed_tumbl``,
``timed_bridge``). Three hundred people talk to the bot; tumblr fails at a fifth of the calls, in all ways; a
process is killed every two simulated hours, the bot every fourth time, half of these at a named point. Once
each: the previous release lives the first half day and is replaced; the machine's clock is wrong; the disk is
full; an older copy of the database is put back; the weekly training runs. ``memory`` is short, so that
forgetting goes on for most of the life. Every simulated day a line of figures goes to standard error; Ctrl-C
ends the life early with the figures so far. The last line is JSON; the exit status says whether all adds up.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from demo.supervisor import HOME
from tests.system import account as accounting
from tests.system.account import HOUR, Outcome
from tests.system.cluster import Cluster, RunningBot
from tests.system.day_people import People
from tests.system.programs import Program
from tests.system.scripted_day import BLOG, LONGEST_AFTERWARDS, POLL, POLL_REAL, obeyed, recall, settings
from tests.system.soak_figures import Life, figures_of, is_well
from tests.system.soak_plan import DAY, Due, Mishap, SoakPlan, events, mishaps
from tests.system.soak_tumbl import SoakTumbl, TurnedLog, for_older, older_release
from tests.system.timed_bridge import SharedClock
from tumblr.store.backup import BESIDE, back_up, restore

PREVIOUS = "0.1.0"
WRONG_BY = 3 * HOUR
RESTART_SECONDS = 30.0
"""Until a bot that died is started again; on a full disk it ends at once, again and again."""

LITTLE_DATA: dict[str, Any] = {
    "labels": {"responses_days": 1, "originals_days": 1, "low": 0.45, "high": 0.55},
    "promotion": {"min_rows": 20},
}
"""What a training learns from where a week has some hundred posts."""

TOKENS = {f"{role}_token": f"soak-token-of-the-{role}" for role in ("client", "generator", "selector")}


class Month:
    """Lives through the days: lets people act, has things befall the bot, moves the clock, lets it go on."""

    def __init__(
        self, cluster: Cluster, bot: RunningBot, tumbl: SoakTumbl, clock: SharedClock, life: Life
    ) -> None:
        plan = life.plan
        self._cluster, self._bot, self._tumbl, self._clock, self._life = cluster, bot, tumbl, clock, life
        self._people = People(bot, random.Random(plan.seed + 1))
        self._rng = random.Random(plan.seed + 3)
        self._events = events(plan)
        self._mishaps = mishaps(plan)
        self._begin = begin_of(plan, time.time())
        self._offset = self._begin - time.time()
        self._wrong_by = 0.0
        self._point = ""
        self._disk_is_full = False
        self._copy = bot.folder / "copy.sqlite"
        self._restores = False
        self._quiet_looks = 0
        self._last_call = 0

    @property
    def now(self) -> float:
        """Unix seconds of the life."""
        return time.time() + self._offset

    def live(self) -> None:
        """Until everything has happened and the bot has come to rest."""
        self._jump(self._begin)
        last = self._begin + self._life.plan.days * DAY + LONGEST_AFTERWARDS
        self._tumbl.begin(self._offset)
        while self.now < last and not self._is_over():
            pause = self._tumbl.pause()
            if pause is None:
                self._life.deaths += 1
                self._begin_again()
                continue
            self._pass(pause)
            self._tumbl.go_on(self._offset, self._wrong_by)
        self.look()
        self._life.is_whole = not self._events and not self._mishaps

    def _begin_again(self) -> None:
        self._tumbl.wait()
        self._pass(RESTART_SECONDS)
        if self._restores:
            self._restores = False
            restore(self._copy, self._bot.database, self.now)
        self._tumbl.begin(self._offset, self._point)
        self._point = ""
        self._tumbl.fill_disk(full=self._disk_is_full)

    def _pass(self, pause: float) -> None:
        """Let a pause go by. A short one is a wait for other processes, which work in real time."""
        if pause <= POLL and self._cluster.is_busy():
            time.sleep(POLL_REAL)
        end = self.now + pause
        while (moment := self._next()) <= end:
            self._jump(moment)
            if self._events and self._begin + self._events[0].at <= moment:
                said = self._people.act(self._events.pop(0))
                if said is not None:
                    self._life.said.append(said)
            else:
                self._befall(self._mishaps.pop(0))
        self._jump(end)

    def _next(self) -> float:
        coming = [one[0].at for one in (self._events, self._mishaps) if one]
        return self._begin + min(coming) if coming else float("inf")

    def _jump(self, moment: float) -> None:
        ahead = moment - self.now
        if ahead > 0:
            self._offset += ahead
            self._clock.set_offset(self._offset)
            self._cluster.driver.set_clock_offset(self._offset)

    def _befall(self, due: Due) -> None:
        name = f"{due.mishap} {due.what}" if due.mishap is Mishap.KILL else due.mishap
        self._life.befell[name] += 1
        if due.mishap is Mishap.KILL:
            self._kill(due.what)
        elif due.mishap is Mishap.DIE_AT:
            self._point = due.what
            self._tumbl.kill()
        else:
            self._deeds[due.mishap]()

    @cached_property
    def _deeds(self) -> Mapping[Mishap, Callable[[], object]]:
        return {
            Mishap.UPGRADE: self._upgrade,
            Mishap.BAD_WEATHER: self._worsen,
            Mishap.CLOCK_WRONG: lambda: self._set_clock(WRONG_BY),
            Mishap.CLOCK_RIGHT: lambda: self._set_clock(0.0),
            Mishap.DISK_FULL: lambda: self._fill_disk(full=True),
            Mishap.DISK_FREE: lambda: self._fill_disk(full=False),
            Mishap.BACK_UP: self._back_up,
            Mishap.RESTORE: self._restore,
            Mishap.TRAIN: self._train,
            Mishap.END_OF_DAY: self.look,
        }

    def _worsen(self) -> None:
        for fault in self._life.plan.faults:
            self._cluster.driver.add_fault(fault)

    def _set_clock(self, wrong_by: float) -> None:
        self._wrong_by = wrong_by

    def _fill_disk(self, *, full: bool) -> None:
        self._disk_is_full = full
        self._tumbl.fill_disk(full=full)

    def _back_up(self) -> None:
        self.look()
        back_up(self._bot.database, self._copy)

    def _restore(self) -> None:
        self.look()
        self._restores = True
        self._tumbl.kill()

    def _train(self) -> None:
        self._life.training = train(self._bot)

    def _kill(self, victim: str) -> None:
        if victim == "tumbl":  # soon, in the middle of whatever it does then
            threading.Timer(self._rng.uniform(0.0, 0.3), self._tumbl.kill).start()
            return
        programs = {"bridge": self._cluster.bridge, "generator": self._cluster.generator}
        self._cluster.restart(programs.get(victim, self._cluster.selector))

    def _upgrade(self) -> None:
        if self._tumbl.tree != HOME:
            self._tumbl.tree, self._tumbl.config = HOME, self._bot.config_path
            self._tumbl.kill()

    # Looking

    def look(self) -> None:
        """Take down what will be forgotten, and how large everything is."""
        life = self._life
        for call in self._cluster.driver.calls(after=self._last_call):
            self._last_call = call.number
            if call.fault or self._bot.has_made(call):  # a call that fails early is nobody's
                life.calls["all"] += 1
                life.calls[f"fault {call.fault}"] += bool(call.fault)
                life.follows += [call] if call.path == "/v2/user/follow" else []
        life.calls.pop("fault None", None)
        life.remembered = recall(self._bot)
        life.logged.update(life.remembered.logged)
        for one in life.remembered.skipped:  # as it was seen first: its words are forgotten
            life.skipped.setdefault(one.input_id, one)
        for name, size in sizes_of(self._cluster, self._bot, self._tumbl).items():
            life.sizes.setdefault(name, []).append(size)
        life.lived_days = (self.now - self._begin) / DAY
        figures = {name: found[-1] for name, found in life.sizes.items()}
        print(
            f"day {life.lived_days:.1f}: {len(life.said)} said, {life.calls['all']} calls, {figures}",
            file=sys.stderr,
        )

    def account(self) -> dict[str, Any]:
        """The figures, as far as the life has come."""
        life, posts = self._life, self._cluster.driver.posts(BLOG)
        life.sent_back = self._people.sent_back
        made = accounting.make_account(life.said, posts, obeyed(life.follows), [])
        forgotten = life.logged.difference(life.remembered.logged)
        remembered = replace(
            life.remembered,
            logged=(*life.remembered.logged, *forgotten),
            skipped=tuple(life.skipped.values()),
        )
        complaints = [*made.complaints, *accounting.compare(made, posts, remembered, life.sent_back)]
        return figures_of(life, made, complaints, self._tumbl.log)

    def _is_over(self) -> bool:
        if self._events or self._mishaps:
            return False
        self._quiet_looks += 1
        if self._quiet_looks == 1:
            self._cluster.driver.clear_faults()
        if self._quiet_looks % 20:
            return False
        self.look()
        return not [one for one in self.account()["complaints"] if not one.startswith(Outcome.TWICE)]


def sizes_of(cluster: Cluster, bot: RunningBot, tumbl: SoakTumbl) -> dict[str, int]:
    """Bytes of databases with what SQLite keeps beside them, and KiB of memory of processes."""
    found = {}
    for path in (bot.database, cluster.run / "switchboard.sqlite"):
        parts = [Path(f"{path}{ending}") for ending in ("", *BESIDE)]
        found[path.name] = sum(part.stat().st_size for part in parts if part.exists())
    running = {name: getattr(cluster, name).pid for name in ("sandbox", "bridge", "generator", "selector")}
    for name, pid in {**running, "tumbl": tumbl.pid}.items():
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
            found[f"{name} KiB"] = next((int(line.split()[1]) for line in lines if "VmRSS" in line), 0)
    return found


def begin_of(plan: SoakPlan, now: float) -> float:
    """When a life begins that is over by now: the training lives in real time, and looks back at it."""
    return now // DAY * DAY - (plan.days + 3) * DAY + 15 * HOUR


def train(bot: RunningBot) -> int:
    """The weekly training on what there is, as an operator's timer runs it; its exit status."""
    heads = bot.folder / "heads"
    heads.mkdir(exist_ok=True)
    bot.change("training", **LITTLE_DATA)
    bot.change("generator", model=str(HOME / "demo" / "models" / "tiny"), heads=str(heads), device="cpu")
    command = [sys.executable, "-m", "training", "weekly", "--config", str(bot.config_path)]
    with (bot.folder / "training.log").open("ab") as log:
        done = subprocess.run(
            [*command, "--notes", str(bot.folder / "notes"), "--epochs", "1"],
            cwd=HOME, stdout=log, stderr=log, check=False, timeout=900,
        )  # fmt: skip
    return done.returncode


def live(run: Path, plan: SoakPlan) -> dict[str, Any]:
    """Live a life; logs and databases stay in ``run``."""
    began = time.monotonic()
    clock, life = SharedClock(run / "clock"), Life(plan)
    cluster = Cluster(run, switchboard=TOKENS)
    cluster.settings["switchboard"].update(
        generation_lease_seconds=60.0, raw_select_lease_seconds=60.0, selection_lease_seconds=60.0
    )
    timed = ["-m", "tests.system.timed_bridge", str(run / "clock"), "--config", str(cluster.config_path)]
    cluster.bridge = Program(run / "bridge.log", timed)
    with cluster:
        bot = moved_in(cluster, plan)
        tumbl = SoakTumbl(TurnedLog(bot.folder / "tumbl.log"), bot.config_path)
        tree = older_release(run, PREVIOUS) if plan.upgrades else None
        if tree is not None:
            tumbl.tree, tumbl.config = tree, for_older(tree, bot.config_path)
        month = Month(cluster, bot, tumbl, clock, life)
        try:
            month.live()
        except KeyboardInterrupt:
            month.look()
        finally:
            tumbl.end()
        figures = month.account()
    return {**figures, "upgraded": tree is not None, "seconds": round(time.monotonic() - began)}


def moved_in(cluster: Cluster, plan: SoakPlan) -> RunningBot:
    """The bot among its people, all of whom come at the beginning of the life and not in real time."""
    cluster.driver.set_checks(timestamps=False)
    cluster.driver.set_clock_offset(begin_of(plan, time.time()) - time.time())
    bot = RunningBot(cluster, BLOG)
    settings(bot, plan.sleep_seconds)
    bot.change("loop", offpeak_sleep_seconds=2 * plan.sleep_seconds)
    bot.change("tumblr", max_tries=2)
    bot.change("memory", texts_days=plan.texts_days, inputs_days=plan.inputs_days, mood_days=plan.texts_days)
    for name in sorted({event.who for event in events(plan)} - {""}):
        cluster.driver.create_user(name)
    cluster.driver.set_limits(per_hour=1000, per_day=5000, posts_per_day=250)
    cluster.driver.set_queue(BLOG, posts_per_day=12)
    return bot


def main() -> int:
    """Live a life and print its figures: a line for people, a line of JSON."""
    parser = argparse.ArgumentParser(
        prog="tests.system.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.1, help="share of the crowd that comes each day")
    parser.add_argument("--keep", type=Path, help="folder in which databases and logs are left")
    arguments = parser.parse_args()
    plan = SoakPlan(arguments.days, arguments.share, arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        run = arguments.keep.resolve() if arguments.keep else Path(folder)
        run.mkdir(parents=True, exist_ok=True)
        figures = live(run, plan)
    kills = sum(number for what, number in figures["befell"].items() if what.startswith(("kill", "die")))
    print(
        f"{figures['lived_days']} simulated days in {figures['seconds']} s: {figures['said']} said, "
        f"{figures['became']}, {kills} kills, {figures['calls_that_failed']:.0%} of {figures['calls']} calls "
        f"failed, {len(figures['complaints'])} complaints; {'well' if is_well(figures) else 'NOT WELL'}"
    )
    print(json.dumps(figures))
    return not is_well(figures)


if __name__ == "__main__":
    sys.exit(main())
