"""Kill the four processes while asks come in, and see that nothing is lost or doubled.

    python -m tests.system.chaos --kills 1000 [--minutes 15] [--seed 1]

Most die at random moments; every second time the bot dies at a named point, between two things that must not
come apart. A short run is part of the tests; this command is the long one. It prints a line of figures and
a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from demo.supervisor import HOME
from tests.system.harness import FOUR, RunningDemo, eventually
from tests.system.programs import Program
from tumblr.turns.fail_points import FailPoint
from tumblr_sandbox.demo_accounts import DEMO_BLOG
from tumblr_sandbox.driver import SandboxDriver

POINTS = (
    FailPoint.DURING_FOUND, FailPoint.AFTER_FOUND, FailPoint.AFTER_REQUEST, FailPoint.AFTER_SUBMIT,
    FailPoint.AFTER_RESULT, FailPoint.AFTER_CHOICE, FailPoint.AFTER_INTENT, FailPoint.AFTER_POST,
    FailPoint.DURING_RECORD, FailPoint.AFTER_RECORD,
)  # fmt: skip
"""The moments that the way of every ask comes by."""

SECONDS_FOR_AN_ASK = 10.0
"""What the small model may need for one where it shares the machine, and is killed again and again."""

LONGEST_WAIT_FOR_A_POINT = 15.0
"""Seconds; if nobody asks meanwhile, nothing comes by."""

READERS = 10
TOPICS = ("the moon", "your cat", "the rain", "old books", "good bread", "a long sleep", "the sea", "music")


@dataclass(frozen=True)
class ChaosPlan:
    """How hard to be: each of the four is killed ``rounds`` times, in random order.

    Every second time the bot dies at one of ``points``, each in its turn.
    """

    rounds: int
    points: tuple[FailPoint, ...] = ()
    seconds: float = math.inf
    """After so long no more kills, however many were planned."""

    longest_gap_seconds: float = 2.5
    asks: int = 40
    settle_seconds: float = 180.0
    seed: int = 1


@dataclass(frozen=True)
class ChaosAccount:
    """What was asked, how often each process was killed, and how long it took to settle afterwards."""

    questions: tuple[str, ...]
    kills: dict[str, int]
    points: dict[str, int]
    """How often the bot died at each of the named points."""

    settled_after_seconds: float


def run_chaos(bot: RunningDemo, plan: ChaosPlan) -> ChaosAccount:
    """Ask and kill as planned, then let the bot come to rest."""
    rng = random.Random(plan.seed)
    make_readers(bot)
    victims = [name for name in FOUR for _ in range(plan.rounds)]
    rng.shuffle(victims)
    gaps = [rng.uniform(0.05, plan.longest_gap_seconds) for _ in victims]
    questions = [f"what do you think about {rng.choice(TOPICS)}? (number {i})" for i in range(plan.asks)]
    asking = threading.Thread(target=ask_over, args=(bot, questions, min(sum(gaps), plan.seconds)))
    asking.start()
    kills, points = dict.fromkeys(FOUR, 0), Counter[str]()
    named = _named_points(plan)
    end = time.monotonic() + plan.seconds
    for name, gap in zip(victims, gaps, strict=True):
        if time.monotonic() > end:
            break
        point = next(named) if name == "tumbl" else None
        if point is not None and dies_at(bot, point):
            points[point] += 1
            kills[name] += 1
            continue
        time.sleep(gap)
        kills[name] += bool(eventually(partial(bot.kill, name), 30))
    asking.join()
    began = time.monotonic()
    eventually(lambda: is_at_rest(bot, questions), plan.settle_seconds)
    return ChaosAccount(tuple(questions), kills, dict(points), time.monotonic() - began)


def _named_points(plan: ChaosPlan) -> Iterator[FailPoint | None]:
    """At which point the bot dies next; None: at a random moment."""
    for point in cycle(plan.points or (None,)):
        yield point
        yield None


def dies_at(bot: RunningDemo, point: FailPoint) -> bool:
    """Have the bot die at a named point, beside supervisord; whether it came by in time."""
    bot.supervised.stop_one("tumbl")
    mortal = Program(
        bot.run / "log" / "tumbl.log", [str(HOME / "tumbl.py"), "--config", str(bot.config_path)]
    )
    mortal.start(fail_point=point)
    try:
        return eventually(lambda: not mortal.is_up, LONGEST_WAIT_FOR_A_POINT)
    finally:
        mortal.kill()
        bot.supervised.start_one("tumbl")


def is_at_rest(bot: RunningDemo, questions: Sequence[str]) -> bool:
    """Whether all is answered, and no answer's effect on the mood is still to come."""
    answered = len(bot.answers_of(questions)) == len(questions)
    return answered and not query(bot.run / "tumbl.sqlite", "SELECT id FROM turns WHERE NOT settled")


def make_readers(bot: RunningDemo) -> None:
    """Ten people who ask."""
    for number in range(READERS):
        bot.driver.create_user(f"reader-{number}")


def ask_over(bot: RunningDemo, questions: list[str], seconds: float) -> None:
    """Send the asks evenly over a time, each from the next reader."""
    with SandboxDriver(bot.driver.base_url) as driver:
        for index, question in enumerate(questions):
            driver.ask(DEMO_BLOG, question, f"reader-{index % READERS}")
            time.sleep(seconds / len(questions))


def check_account(bot: RunningDemo, account: ChaosAccount) -> list[str]:
    """Everything that was lost, doubled or damaged, in words; empty is what one wants."""
    found = []
    answers = bot.answers_of(account.questions)
    found += [f"never answered: {question}" for question in account.questions if answers[question] == 0]
    found += [f"answered {count} times: {question}" for question, count in answers.items() if count > 1]
    posts = [
        (post.title, post.html, tuple(post.tags))
        for post in bot.posts("published", "draft", "queued")
        if post.question is None
    ]
    found += [f"original posted twice: {post}" for post in set(posts) if posts.count(post) > 1]
    return found + damaged_records(bot, account.questions)


def damaged_records(bot: RunningDemo, questions: Sequence[str]) -> list[str]:
    """What is wrong with the bot's own memory: the files themselves, the post log, the mood's inputs."""
    found = []
    for name in ("tumbl", "switchboard", "sandbox"):
        verdict = query(bot.run / f"{name}.sqlite", "PRAGMA integrity_check")
        found += [] if verdict == [("ok",)] else [f"{name}.sqlite is damaged: {verdict}"]
    memory = bot.run / "tumbl.sqlite"
    open_turns = query(
        memory,
        "SELECT kind, input_id, state FROM turns WHERE kind = 'ask' AND state NOT IN ('posted', 'drafted')",
    )
    found += [f"a turn is left open: {turn}" for turn in open_turns]
    logged = query(memory, "SELECT post_id, count(*) FROM post_log GROUP BY post_id")
    found += [f"logged {count} times: post {post}" for post, count in logged if count != 1]
    there = {post.id for post in bot.posts("published", "draft", "queued") if post.question in set(questions)}
    found += [f"not in the log: post {post}" for post in there - {post for post, _ in logged}]
    moods = query(memory, "SELECT count(*), count(generated_p75) FROM mood_inputs WHERE who LIKE 'reader-%'")
    found += (
        []
        if moods == [(len(questions), len(questions))]
        else [f"mood inputs: {moods} for {len(questions)} asks"]
    )
    return found


def query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask a database of the bot's something, without disturbing it."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return list(connection.execute(sql))


def main() -> int:
    """The long run, by hand."""
    parser = argparse.ArgumentParser(prog="tests.system.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="kills in all, shared by the four processes")
    parser.add_argument("--minutes", type=float, default=math.inf, help="no more kills after so long")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    seconds = arguments.minutes * 60
    asks = int(min(arguments.kills / 3, seconds / SECONDS_FOR_AN_ASK)) + 1
    plan = ChaosPlan(
        rounds=arguments.kills // len(FOUR),
        points=POINTS,
        seconds=seconds,
        asks=asks,
        settle_seconds=300.0 + SECONDS_FOR_AN_ASK * asks,
        seed=arguments.seed,
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, RunningDemo(Path(folder), candidates=4) as bot:
        account = run_chaos(bot, plan)
        found = check_account(bot, account)
    figures = figures_of(account, found, time.monotonic() - began)
    named = sum(account.points.values())
    print(
        f"{figures['kills_in_all']} of {arguments.kills} kills ({named} at named points), "
        f"{len(account.questions)} asks, {figures['seconds']} s; "
        f"{'NOT WELL: ' + '; '.join(found) if found else 'nothing lost, nothing doubled, nothing damaged'}"
    )
    print(json.dumps(figures))
    return bool(found)


def figures_of(account: ChaosAccount, found: list[str], seconds: float) -> dict[str, Any]:
    """What is printed as JSON."""
    return {
        "kills_in_all": sum(account.kills.values()),
        "kills": account.kills,
        "points": account.points,
        "asks": len(account.questions),
        "complaints": found,
        "settled_after_seconds": round(account.settled_after_seconds, 1),
        "seconds": round(seconds),
    }


if __name__ == "__main__":
    sys.exit(main())
