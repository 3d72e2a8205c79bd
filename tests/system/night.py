"""Eight hours in which everything goes wrong that is known to go wrong, in a few minutes and from any seed.

    python -m tests.system.night [--seeds 10] [--first 1] [--log FOLDER]

The bot's real loop and store, the real switchboard with its workers' loops, and the sandbox run in this
process on one clock; nothing sleeps. People ask, reblog, reply and mention; pages and refusals come instead
of answers, confirmations are lost, texts rewritten, writes carried out late; the machine's clock is set,
tumblr's is two hours behind; processes are killed, start while tumblr is away, and go on from an older copy
of the store. Two calm hours follow. Then tumblr's posts say what became of everything. Each seed prints one
line of JSON. With ``--log``, FOLDER keeps the databases and everything that was logged or called, so that one
can see how something came to be said twice.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

import requests
import structlog

from bot_config import Config
from bot_lifecycle import FatalError, Shutdown
from tests.switchboard.service import WsgiAdapter
from tests.system.night_services import (
    POISON,
    TUMBLR,
    UNSENDABLE,
    KilledError,
    Switchboard,
    TumblrAdapter,
    Weather,
    die,
    switchboard_settings,
)
from tests.tumblr.fakes import FakeClock
from tumblr.api.key_pool import Group, KeySet
from tumblr.api.models import ReadingRules
from tumblr.api.rate_limits import Budget
from tumblr.api.transport import ReadRequest, WriteRequest
from tumblr.bot import Bot, Tumblr
from tumblr.build import assemble, settings_of
from tumblr.settings import ApiKeys
from tumblr.store.backup import back_up, restore
from tumblr.store.database import Database
from tumblr.store.turns import TurnStore
from tumblr.turns.fail_points import FailPoint, FailPoints
from tumblr.turns.kinds import TurnState
from tumblr_sandbox.app import create_app
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.records import PostRecord
from tumblr_sandbox.world import open_world

BLOG = "frank"
HOUR, MINUTE = 3600.0, 60.0
NIGHT, MORNING = 8 * HOUR, 2 * HOUR
TICK = 15.0
"""Seconds that pass at once."""

LONGEST_THREAD = 6
"""Answers that two robots in one thread get."""

QUOTATION = re.compile(r"<blockquote>.*?</blockquote>", re.DOTALL)
"""The answer to a reply begins with the reply."""

MOST_CALLS, MOST_LINES = 120, 400
"""Calls of tumblr's and lines of the log in any one minute; a loop that does not wait makes thousands."""

PEOPLE = tuple(f"p{number}" for number in range(12))
ROBOTS = ("robo", "auto")
CROWD, BOSS = "crowd", "boss"
POINTS = (
    FailPoint.AFTER_FOUND, FailPoint.AFTER_REQUEST, FailPoint.AFTER_SUBMIT, FailPoint.AFTER_CHOICE,
    FailPoint.AFTER_INTENT, FailPoint.AFTER_POST, FailPoint.DURING_RECORD, FailPoint.AFTER_RECORD,
)  # fmt: skip


class NightLog:
    """Counts the lines of the log in each minute, and keeps those that tell of a mistake in the program.

    ``file`` takes every line, as JSON with the seconds since the night began.
    """

    def __init__(self, seconds: Callable[[], float], file: Path | None = None) -> None:
        self._seconds = seconds
        self._file = file.open("a", encoding="utf-8") if file else None
        self.lines: Counter[int] = Counter()
        self.events: Counter[str] = Counter()
        self.mistakes: list[str] = []

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> Any:
        self.lines[int(self._seconds() // MINUTE)] += 1
        self.events[str(event["event"])] += 1
        self.note(event)
        if event.get("exc_info"):
            self.mistakes.append(f"{event['event']}: {event['exc_info']!r}")
        raise structlog.DropEvent

    def note(self, event: Mapping[str, Any]) -> None:
        """Write a line into the file, which counts nowhere."""
        if self._file is not None:
            print(
                json.dumps({"at": round(self._seconds(), 2), **event}, default=repr),
                file=self._file,
                flush=True,
            )

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


@contextmanager
def logging_to(log: NightLog) -> Iterator[None]:
    """Have the log's lines counted instead of printed."""
    processors = structlog.get_config()["processors"]
    before = list(processors)
    processors[:] = [log]
    structlog.configure(processors=processors)
    try:
        yield
    finally:
        processors[:] = before
        structlog.configure(processors=processors)


@dataclass
class Said:
    """What people have said to the bot."""

    asks: dict[str, str] = field(default_factory=dict)
    """Words by the ask's id."""

    posts: list[str] = field(default_factory=list)
    """Ids of reblogs and mentions."""

    replies: list[str] = field(default_factory=list)
    """Words, which nobody else has used."""


class NightShutdown(Shutdown):
    """The bot's sleep is the time in which everything else happens."""

    def __init__(self, pass_time: Callable[[float], None]) -> None:
        super().__init__()
        self._pass_time = pass_time

    def wait(self, seconds: float) -> bool:
        self._pass_time(max(seconds, 0.02))
        return self.requested.is_set()


class Night:
    """One night from one seed, in a folder of its own."""

    def __init__(self, folder: Path, seed: int, *, keeps_log: bool = False) -> None:
        self.seed = seed
        self.folder = folder
        self.rng = random.Random(seed)
        self.clock = FakeClock()
        self.began = self.clock.monotonic()
        self.weather = Weather()
        self.said = Said()
        self.counts: Counter[str] = Counter()
        self.fatal: list[str] = []
        self.log = NightLog(
            lambda: self.clock.monotonic() - self.began, folder / "night.jsonl" if keeps_log else None
        )
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._number = 0
        self._shutdown = Shutdown()
        self._copy: Path | None = None
        self._restores = False
        self._works_at = 0.0
        with logging_to(NightLog(lambda: 0.0)):  # what stands before the night is not counted
            self._build()
            self._plan()

    def _build(self) -> None:
        self.world = open_world(self.folder / "tumblr.sqlite", self.clock.monotonic, random.Random(self.seed))
        app = create_app(self.world)
        session = requests.Session()
        session.mount(TUMBLR, WsgiAdapter(app))
        self.driver = SandboxDriver(TUMBLR, session=session)
        self.driver.set_checks(timestamps=False)  # calls are signed in real time
        self.keys = ApiKeys.model_validate(
            dict(zip(ApiKeys.model_fields, self.driver.create_user(BLOG).strings(), strict=True))
        )
        for name in (*PEOPLE, *ROBOTS, CROWD, BOSS):
            self.driver.create_user(name)
        self.world.clock.offset = -2 * HOUR if self.seed % 2 else 0.0
        self.adapter = TumblrAdapter(app, self.weather, self.rng, self.clock.monotonic, self.log.note)
        self.session = requests.Session()
        self.session.mount(TUMBLR, self.adapter)
        self.config = Config.model_validate(
            {
                "blog": {"blog_name": BLOG, "persona": "Frank", "operator_name": BOSS, "timezone": "UTC"},
                "tumblr": {
                    "host": TUMBLR, "publishing": "automatic", "withdraw_twins": True,
                    "database": str(self.folder / "tumbl.sqlite"),
                },
                "switchboard": switchboard_settings(self.folder),
                "loop": {"sleep_seconds": 180.0, "offpeak_sleep_seconds": 180.0, "poll_seconds": 30.0},
                "conversation": {"posts_to_check": 40},
                "candidates": {"answer": 2, "textpost": 2},
                "damping": {"longest_thread": LONGEST_THREAD},
                "dashboard": {"reblog": False},
                "queue": {"write_when_below": 2},
            }
        )  # fmt: skip
        self.switchboard = Switchboard(self.config, self.weather, self.rng, self.clock.monotonic)

    # The script

    def _at(self, seconds: float, happens: Callable[[], object]) -> None:
        self._number += 1
        heappush(self._events, (self.began + seconds, self._number, happens))

    def _any_time(self, number: int, happens: Callable[[], object]) -> None:
        for _ in range(number):
            self._at(self.rng.uniform(0, NIGHT), happens)

    def _plan(self) -> None:
        for _ in range(60):
            self._ask("!follow", None)  # which stay in the inbox
        self._any_time(50, lambda: self._ask(self._words(), self.rng.choice(PEOPLE)))
        self._any_time(6, lambda: self._ask(self._words(), None))
        self._any_time(3, lambda: self._ask(f"{self._words()} {POISON}", self.rng.choice(PEOPLE)))
        self._any_time(3, lambda: self._ask(f"{self._words()} {UNSENDABLE}", self.rng.choice(PEOPLE)))
        for command in ("!follow", "!help", "!review Soup, Ann, 3"):
            self._any_time(2, lambda command=command: self._ask(command, self.rng.choice(PEOPLE)))  # type: ignore[misc]
        self._at(self.rng.uniform(0, 4 * HOUR), lambda: self._all_at_once(40, self._ask_in_a_crowd))
        self._any_time(14, self._reblog)
        self._any_time(14, self._reply)
        self._any_time(10, self._mention)
        self._at(self.rng.uniform(HOUR, 6 * HOUR), lambda: self._all_at_once(25, self._mention))
        self._at(HOUR, self._begin_thread)
        self._plan_weather()
        self._plan_mishaps()

    def _plan_weather(self) -> None:
        spells: list[dict[str, Any]] = [
            {"tumblr_is_down": True}, {"switchboard_is_down": True}, {"page": 400, "pages": 0.5},
            {"page": 403, "pages": 0.5}, {"page": 401, "pages": 1.0}, {"page": 503, "pages": 0.6},
            {"busy": 0.6}, {"lost": 0.6}, {"late": 0.6}, {"cut": 0.4, "lost": 0.3},
            {"late": 0.5, "lost": 0.3},
        ]  # fmt: skip
        now = 0.0
        wanted: list[dict[str, Any]] = []
        while now < NIGHT - 30 * MINUTE:
            wanted = wanted or self.rng.sample(spells, len(spells))
            spell = wanted.pop()
            longest = 8 if spell.get("page") == 401 else 20
            begins = now + self.rng.uniform(2, 15) * MINUTE
            now = begins + self.rng.uniform(3, longest) * MINUTE
            self._at(begins, lambda spell=spell: vars(self.weather).update(spell))  # type: ignore[misc]
            self._at(now, self._clear_up)
        # Later than the bot waits for, which makes twins; not while a copy of the database may be put back.
        self._at(
            NIGHT - 25 * MINUTE, lambda: vars(self.weather).update(late=0.7, late_seconds=(150.0, 1500.0))
        )
        self._at(NIGHT - 5 * MINUTE, self._clear_up)

    def _clear_up(self) -> None:
        vars(self.weather).update(vars(Weather()))

    def _plan_mishaps(self) -> None:
        for _ in range(4):
            begins, by = (
                self.rng.uniform(0, NIGHT),
                self.rng.choice((-1, 1)) * self.rng.uniform(0.2, 5) * HOUR,
            )
            self._at(begins, lambda by=by: self._set_clock(by))  # type: ignore[misc]
            self._at(begins + self.rng.uniform(2, 60) * MINUTE, lambda by=by: self._set_clock(-by))  # type: ignore[misc]
        self._any_time(10, self._kill)
        for begins in (self.rng.uniform(HOUR, 3 * HOUR), self.rng.uniform(4 * HOUR, 6 * HOUR)):
            self._at(begins, self._copy_database)
            self._at(begins + self.rng.uniform(10, 60) * MINUTE, self._put_copy_back)

    # What people do

    def _words(self) -> str:
        self.counts["words"] += 1
        return f"what do you think of number {self.counts['words']}?"

    def _ask(self, words: str, who: str | None) -> None:
        self.said.asks[self.driver.ask(BLOG, words, who)] = words

    def _ask_in_a_crowd(self) -> None:
        self._ask(self._words(), CROWD)

    def _all_at_once(self, number: int, do: Callable[[], object]) -> None:
        for _ in range(number):
            do()

    def _own(self) -> list[PostRecord]:
        return self.driver.posts(BLOG, "published")

    def _reblog(self) -> None:
        own = [post for post in self._own() if post.parent_id is None]
        if own:
            post = self.rng.choice(own[:20])
            self.said.posts.append(
                self.driver.reblog(self.rng.choice(PEOPLE), post.id, f"<p>{self._words()}</p>")
            )

    def _reply(self) -> None:
        own = [post for post in self._own() if post.parent_id is None]
        if own:
            words = f"@{BLOG} {self._words()}"
            self.driver.reply(self.rng.choice(PEOPLE), self.rng.choice(own[:20]).id, words)
            self.said.replies.append(words)

    def _mention(self, who: str | None = None) -> str:
        named = f'<a class="tumblelog" href="https://{BLOG}.tumblr.com/">@{BLOG}</a>'
        post = self.driver.post(who or self.rng.choice(PEOPLE), f"<p>{named} {self._words()}</p>")
        self.said.posts.append(post)
        return post

    def _begin_thread(self) -> None:
        self.thread = self._mention(ROBOTS[0])
        self._go_on(turn=1, answered="")

    def _go_on(self, turn: int, answered: str) -> None:
        """Two robots take turns: each answers whatever the bot has said in their thread."""
        last = next((post for post in self._own() if post.root_id == self.thread), None)
        if last is not None and last.id != answered:
            robot = ROBOTS[turn % len(ROBOTS)]
            self.said.posts.append(self.driver.reblog(robot, last.id, f"<p>{self._words()}</p>"))
            turn, answered = turn + 1, last.id
        now = self.clock.monotonic() - self.began
        if now < NIGHT + HOUR:
            self._at(now + 3 * MINUTE, lambda: self._go_on(turn, answered))

    # What happens to the machine

    def _set_clock(self, seconds: float) -> None:
        self.counts["clock set"] += 1
        self.clock.set(seconds)

    def _kill(self) -> None:
        self.counts["kills"] += 1
        die()

    def _copy_database(self) -> None:
        self._copy = self.folder / f"copy{self._number}"
        self._number += 1
        back_up(self.config.tumblr.database, self._copy)

    def _put_copy_back(self) -> None:
        self._restores = True
        self._shutdown.requested.set()

    # Time

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and everything happen that falls into it."""
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0:
            self.clock.advance(min(TICK, left))
            now = self.clock.monotonic()
            while self._events and self._events[0][0] <= now:
                heappop(self._events)[2]()
            self.adapter.carry_out_late()
            self.world.publish_due()
            if now >= self._works_at and not self.weather.switchboard_is_down:
                self._works_at = now + TICK
                self.switchboard.work()
            if now >= self.began + NIGHT + MORNING:
                self._shutdown.requested.set()

    def live(self) -> None:
        """The whole night, and the morning after."""
        with logging_to(self.log):
            while self.clock.monotonic() < self.began + NIGHT + MORNING:
                try:
                    self._live_once()
                except KilledError:
                    self.counts["deaths"] += 1
                except FatalError as error:
                    self.fatal.append(str(error))
                with suppress(KilledError):
                    self.pass_time(self.rng.uniform(5, 60))

    def _live_once(self) -> None:
        """One life of the bot's process."""
        if self._restores and self._copy is not None:
            restore(self._copy, self.config.tumblr.database, self.clock.monotonic())
            self.counts["restores"] += 1
            self._restores = False
        self.counts["starts"] += 1
        is_night = self.clock.monotonic() < self.began + NIGHT
        if is_night and self.rng.random() < 0.4:
            self._bad_start()
        armed = self.rng.choice(POINTS) if is_night and self.rng.random() < 0.5 else None
        points = FailPoints(armed, die, self.rng.randint(1, 8))
        with Database.open(self.config.tumblr.database) as database:
            settings = settings_of(self.config)
            self._shutdown = NightShutdown(self.pass_time)
            bot = Bot(
                self._tumblr(settings.identity), self.switchboard.client(), database, self.clock,
                monotonic=self.clock.monotonic, rng=self.rng, fail_points=points,
            )  # fmt: skip
            assemble(bot, settings, self._shutdown).run()

    def _bad_start(self) -> None:
        self.counts["bad starts"] += 1
        vars(self.weather).update(self.rng.choice(({"tumblr_is_down": True}, {"page": 401, "pages": 1.0})))
        self._at(self.clock.monotonic() - self.began + self.rng.uniform(1, 4) * MINUTE, self._clear_up)

    def _tumblr(self, identity: Any) -> Tumblr:
        budget = Budget(self.clock, self.clock.monotonic)
        read = ReadRequest(self.keys, TUMBLR, self.session, budget, timeout_seconds=8, max_tries=2)
        write = WriteRequest(self.keys, TUMBLR, self.session, budget, timeout_seconds=8)
        return Tumblr.over(
            [KeySet("base 1", Group.BASE, budget, read, write)],
            ReadingRules(identity),
            npf=True,
            blocks=self.seed % 3 != 0,
        )

    def close(self) -> None:
        """Close what is open."""
        self.log.close()
        self.driver.close()
        self.switchboard.store.close()
        self.world.close()

    # The account

    def account(self) -> dict[str, Any]:
        """What became of everything, by tumblr's posts; and of what has no post, by the bot's store."""
        posts = [post for post in self.driver.posts(BLOG) if post.state != "submission"]
        with Database.read(self.config.tumblr.database) as database:
            store = TurnStore(database, self.clock)
            turns = {turn.input_id: turn for state in TurnState for turn in store.in_state(state)}
        answers = {ask: sum(ask in (post.id, post.genesis_id) for post in posts) for ask in self.said.asks}
        reblogs = {one: sum(post.parent_id == one for post in posts) for one in self.said.posts}
        quoted = [" ".join(QUOTATION.findall(post.html)) for post in posts]
        replies = {words: sum(words in quotation for quotation in quoted) for words in self.said.replies}
        originals = Counter(post.text for post in posts if post.parent_id is None and post.question is None)
        spoken = {**answers, **reblogs, **replies}
        left = [ask for ask, number in answers.items() if number == 0]
        reasons = {ask: turns[ask].reason or str(turns[ask].state) for ask in left if ask in turns}
        minutes = (NIGHT + MORNING) / MINUTE
        return {
            "seed": self.seed,
            "asks": len(answers),
            "answered": sum(number > 0 for number in answers.values()),
            "left_with_reason": len(reasons),
            "lost": sorted(set(left) - set(reasons)),
            "twice": [what for what, number in spoken.items() if number > 1]
            + [words for words, number in originals.items() if number > 1],
            "reblogs_and_mentions": [sum(map(bool, reblogs.values())), len(reblogs)],
            "replies": [sum(map(bool, replies.values())), len(replies)],
            "robots_answered": sum(post.root_id == self.thread for post in posts),
            "originals": len(originals),
            "calls_per_minute": [
                round(sum(self.adapter.calls.values()) / minutes, 1),
                max(self.adapter.calls.values()),
            ],
            "lines_per_minute": [
                round(sum(self.log.lines.values()) / minutes, 1),
                max(self.log.lines.values()),
            ],
            "mishaps": dict(self.adapter.mishaps) | dict(self.counts),
            "fatal": self.fatal,
            "mistakes": self.log.mistakes,
            "why_left": dict(Counter(reasons.values())),
        }


def bad(account: dict[str, Any]) -> list[str]:
    """What is wrong with an account; nothing if all is well."""
    wrong = [name for name in ("lost", "twice", "fatal", "mistakes") if account[name]]
    bounds = {"calls_per_minute": MOST_CALLS, "lines_per_minute": MOST_LINES}
    wrong += [name for name, most in bounds.items() if account[name][1] > most]
    return wrong + (["robots_answered"] if account["robots_answered"] > LONGEST_THREAD else [])


def live_a_night(folder: Path, seed: int, *, keeps_log: bool = False) -> dict[str, Any]:
    """Live a night; its account."""
    night = Night(folder, seed, keeps_log=keeps_log)
    try:
        night.live()
        return night.account()
    finally:
        night.close()


@contextmanager
def _folder(kept: Path | None, seed: int) -> Iterator[Path]:
    if kept is None:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    else:
        folder_of_night = kept / f"seed-{seed}"
        folder_of_night.mkdir(parents=True)
        yield folder_of_night


def main() -> int:
    """Live some nights; the answer is how many went wrong."""
    parser = argparse.ArgumentParser(
        prog="tests.system.night", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, help="number of nights")
    parser.add_argument("--first", type=int, default=1, help="the first one's seed")
    parser.add_argument("--log", type=Path, help="a folder that keeps databases and logs, one folder each")
    arguments = parser.parse_args()
    wrong = 0
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        began = time.monotonic()
        with _folder(arguments.log, seed) as folder:
            account = live_a_night(folder, seed, keeps_log=arguments.log is not None)
        print(
            json.dumps({**account, "bad": bad(account), "seconds": round(time.monotonic() - began)}),
            flush=True,
        )
        wrong += bool(bad(account))
    return wrong


if __name__ == "__main__":
    sys.exit(main())
