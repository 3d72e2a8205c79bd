"""A day of the bot's on the sandbox: rude people in the morning, kind ones in the afternoon.

    python -m tests.system.mood_day [--out docs/images/mood-sandbox-day.png]

The sandbox, the switchboard, the generator and the selector are the real processes; tumblr's side of the bot
runs here, so that its clock can follow the sandbox's through a day that is over in a minute. The last line is
JSON.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle, groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bot_config import Config, load_config
from bot_lifecycle import Shutdown
from demo.configuration import write_demo_config
from demo.run import client_token
from demo.supervisor import HOME, free_port
from mood import graph
from mood.daily import daily_mood
from mood.dynamics import mood_value
from mood.logits import logit
from mood.named import mood_for_value, value_by_name
from mood.system import MoodInput
from switchboard.client import SwitchboardClient
from switchboard.errors import SwitchboardError
from tests.system.harness import eventually
from tumblr.build import running_bot
from tumblr.moods.current import mood_system
from tumblr.store.database import Database
from tumblr.store.turns import TurnStore
from tumblr.turns.turn import LogEntry, StoredMoodInput
from tumblr_sandbox.clock import SandboxClock
from tumblr_sandbox.demo_accounts import DEMO_BLOG, demo_keys
from tumblr_sandbox.driver import SandboxDriver

ZONE = ZoneInfo("UTC")
READY_SECONDS = 120.0
PASSER_BY = "passer-by"
BASE = "meh"
"""The base mood of the day: in the middle, so that there is room above and below."""

HOUR = timedelta(hours=1)
EVERY = timedelta(minutes=30)
FAR = 6.0
"""Sentiment at the edges of the graph, in logits."""


POSTS_PER_DAY = 24
CANDIDATES = 6
"""For each post, before the mood adds to it: fewer than usual, so that the day is over in a minute."""

FIRST, LAST = timedelta(hours=8), timedelta(hours=20)
RUDE_FROM, KIND_FROM = timedelta(hours=9), timedelta(hours=14)
MOMENTS = [FIRST + number * HOUR / 12 for number in range(12 * ((LAST - FIRST) // HOUR) + 1)]
"""Of the graph's curves."""

RUDE = ("i hate you", "you are the worst", "that was a terrible answer", "you are a bad bot", "you suck")
KIND = ("i love you frank", "you make me so happy", "i think you are wonderful", "you are my best friend")
TOPICS = ("the moon", "bread", "trains", "old books", "the sea", "chess", "clocks", "rain", "tea", "maps")


@dataclass(frozen=True)
class Visit:
    """What somebody says to the bot, so long after midnight."""

    at: timedelta
    who: str
    words: str


def visits() -> list[Visit]:
    """The day's visitors: an idle question at any time, rude people in the morning, kind ones later."""
    times = [FIRST + number * EVERY for number in range((LAST - FIRST) // EVERY + 1)]
    topics = cycle(TOPICS)
    idle = [Visit(at, PASSER_BY, f"what do you think about {next(topics)}?") for at in times]
    return idle + crowd("rude", RUDE, RUDE_FROM) + crowd("kind", KIND, KIND_FROM)


def crowd(name: str, says: Sequence[str], since: timedelta) -> list[Visit]:
    """A crowd that comes three times, each of them with the same words again."""
    people = [(f"{name}-{number}", words) for number, words in enumerate(says)]
    return [Visit(since + turn * EVERY, who, words) for turn in range(3) for who, words in people]


@dataclass(frozen=True)
class LivedPost:
    """A post of the day: when it counts, whom it answers, the mood it was written in, how it sounds."""

    time: datetime
    who: str
    """Whom it answers; nobody if it is an original post."""

    lowest: float
    highest: float
    """The sentiment (logit difference) that the mood accepted."""

    mood: float
    """The mood at that time, in logits, by what was known when it was written."""

    sentiment: float
    """The post's own sentiment logit difference."""

    @property
    def is_unprovoked(self) -> bool:
        """Whether nobody's tone but the bot's own could have coloured it."""
        return self.who in ("", PASSER_BY)


@dataclass(frozen=True)
class LivedDay:
    """What was said, what was posted, and how the mood went."""

    midnight: datetime
    inputs: tuple[StoredMoodInput, ...]
    posts: tuple[LivedPost, ...]
    config: Config

    def mood(self, since_midnight: timedelta) -> float:
        """The mood value in (0, 1) at a time of the day."""
        known = [MoodInput(i.time, i.logit_diff, i.generated_p75) for i in self.inputs]
        at = self.midnight + since_midnight
        return mood_value(known, at, timezone=ZONE, system=mood_system(self.config.mood))

    def correlation(self) -> float:
        """Between the mood and the sentiment of the posts that nobody's tone coloured."""
        free = [post for post in self.posts if post.is_unprovoked]
        return float(np.corrcoef([p.mood for p in free], [p.sentiment for p in free])[0, 1])

    def mean_sentiment(self, since: timedelta, until: timedelta) -> float:
        """Of the posts of some hours that nobody's tone coloured."""
        free = [p for p in self.posts if p.is_unprovoked]
        return float(np.mean([p.sentiment for p in free if since <= p.time - self.midnight < until]))


@contextmanager
def company(run: Path, config_path: Path, sandbox_port: int) -> Iterator[SandboxDriver]:
    """The sandbox and the three processes behind the switchboard, ready, with the bot's account made."""
    config = load_config(config_path)
    with ExitStack() as stack:
        options = ["--port", str(sandbox_port), "--database", str(run / "sandbox.sqlite")]
        stack.enter_context(process(run / "sandbox.log", ["-m", "tumblr_sandbox", "serve", *options]))
        for door in ("bridge_service", "generator_service", "selector"):
            command = [str(HOME / f"{door}.py"), "--config", str(config_path)]
            stack.enter_context(process(run / f"{door}.log", command))
        driver = stack.enter_context(SandboxDriver(f"http://127.0.0.1:{sandbox_port}"))
        driver.wait_until_ready(READY_SECONDS)
        driver.create_user(DEMO_BLOG, keys=demo_keys(DEMO_BLOG, run / "sandbox.sqlite"))
        driver.set_queue(DEMO_BLOG, posts_per_day=POSTS_PER_DAY)
        driver.set_limits(per_hour=1_000_000, per_day=10_000_000)
        driver.set_checks(timestamps=False)  # the bot signs in real time, and the sandbox is in another
        assert eventually(lambda: {"generator", "selector"} <= roles(config), READY_SECONDS), logs(run)
        yield driver


@contextmanager
def process(log: Path, arguments: Sequence[str]) -> Iterator[None]:
    """A Python process that writes its log into a file, stopped at the end."""
    with log.open("wb") as out:
        running = subprocess.Popen([sys.executable, *arguments], cwd=HOME, stdout=out, stderr=out)
        try:
            yield
        finally:
            running.terminate()
            running.wait(30)


def roles(config: Config) -> set[str]:
    """Which workers the switchboard knows; nobody while it does not answer."""
    client = SwitchboardClient(config.switchboard.address, client_token(config))
    try:
        return {str(worker.role) for worker in client.status().workers}
    except SwitchboardError:
        return set()
    finally:
        client.close()


def logs(run: Path) -> str:
    """The ends of the processes' logs."""
    return "\n".join(path.read_text(encoding="utf-8")[-500:] for path in run.glob("*.log"))


def live_a_day(run: Path, model: Path = HOME / "demo" / "models" / "tiny") -> LivedDay:
    """Let the bot live through the next day whose base is in the middle; state and logs stay in ``run``."""
    sandbox_port = free_port()
    config_path = write_demo_config(run, model, sandbox_port, free_port())
    config = adjust(config_path)
    clock = SandboxClock(time.time)
    midnight = next_day_on(BASE, datetime.fromtimestamp(clock.now(), UTC))
    with company(run, config_path, sandbox_port) as driver:
        for name in sorted({visit.who for visit in visits()}):
            driver.create_user(name)
        with running_bot(config, Shutdown(), dry_run=False, clock=clock.now) as loop:
            for at, said in groupby(sorted(visits(), key=lambda visit: visit.at), key=lambda visit: visit.at):
                clock.offset += (midnight + at).timestamp() - clock.now()
                driver.set_clock_offset(clock.offset)
                for visit in said:
                    driver.ask(DEMO_BLOG, visit.words, visit.who)
                loop.run_once()
    with Database.read(config.tumblr.database) as database:
        store = TurnStore(database, clock.now)
        posts = tuple(lived_post(entry) for entry in store.log_entries())
        return LivedDay(midnight, tuple(store.mood_inputs()), posts, config)


def adjust(config_path: Path) -> Config:
    """The demo's settings, but for the pace of the day."""
    settings = json.loads(config_path.read_text(encoding="utf-8"))
    settings["queue"].update(write_when_below=1, posts_per_day=POSTS_PER_DAY)
    settings["candidates"] = {"answer": CANDIDATES, "textpost": CANDIDATES}
    settings["mood"] = {**settings.get("mood", {}), "stale_seconds": 60}
    config_path.write_text(json.dumps(settings), encoding="utf-8")
    return load_config(config_path)


def next_day_on(base: str, now: datetime) -> datetime:
    """The first midnight after now that begins a day on this base mood."""
    midnight = datetime.combine(now.date(), datetime.min.time(), ZONE) + timedelta(days=1)
    while daily_mood(midnight.date()) != base:
        midnight += timedelta(days=1)
    return midnight


def lived_post(logged: LogEntry) -> LivedPost:
    """What the post log says of a post."""
    entry = logged.entry
    result, published = entry["result"], entry["input"].get("publish_time")
    written = datetime.fromtimestamp(logged.created_at, UTC)
    return LivedPost(
        time=datetime.fromisoformat(published) if published else written,
        who=entry["who"],
        lowest=result["mood"]["min_allowed_score"],
        highest=result["mood"]["max_allowed_score"],
        mood=logit(value_by_name(result["mood"]["name"])),
        sentiment=logit(result["pos_sentiment"]),
    )


def draw(day: LivedDay) -> bytes:
    """The day as a PNG: the mood with those who moved it above, the posts' sentiment below."""
    figure = Figure(figsize=(8, 8), dpi=100, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True)
    _draw_mood(above, day)
    _draw_posts(below, day)
    hours = range(FIRST // HOUR, LAST // HOUR + 1, 2)
    below.set_xticks(list(hours), [f"{hour}:00" for hour in hours])
    below.set_xlim(FIRST / HOUR - 0.5, LAST / HOUR + 0.5)
    legend: dict[str, Any] = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "frameon": False}
    for axes in (above, below):
        axes.tick_params(labelsize=16, labelfontfamily=graph.FONT)
        axes.grid(axis="x", color="#DDDDDD", linewidth=0.8)
        axes.legend(prop={"family": graph.FONT, "size": 16}, ncols=2, **legend)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", pad_inches=0.2)
    return buffer.getvalue()


def _draw_mood(axes: Axes, day: LivedDay) -> None:
    for name, colour, face in graph.LEVELS:
        level = logit(value_by_name(name))
        axes.axhline(level, color=colour, linestyle="--", linewidth=2)
        axes.annotate(face, (1.02, level), xycoords=("axes fraction", "data"), color=colour, **graph.FACE)
    moods = [logit(day.mood(at)) for at in MOMENTS]
    axes.plot([at / HOUR for at in MOMENTS], moods, color="black", linewidth=2.5, label="Mood", zorder=3)
    base = logit(value_by_name(BASE))
    axes.axhline(base, color="#CCCCCC", linewidth=6, label="Base of the day", zorder=1)
    crowds = (("rude", RUDE, RUDE_FROM, "v", "#D55E00"), ("kind", KIND, KIND_FROM, "^", "#009E73"))
    for name, says, since, marker, colour in crowds:
        said = crowd(name, says, since)
        places = [visit.at / HOUR for visit in said], [-4.5 + 0.4 * (n % len(says)) for n in range(len(said))]
        axes.plot(*places, marker, color=colour, markersize=9, label=f"{name} words")
    axes.set_ylim(-4.9, 5.4)
    axes.set_yticks([])
    _heading(axes, "How it feels", 0.78)


def _draw_posts(axes: Axes, day: LivedDay) -> None:
    accepting = [mood_for_value(day.mood(at)) for at in MOMENTS]
    lowest = [max(-FAR, mood.min_allowed_score) for mood in accepting]
    highest = [min(FAR, mood.max_allowed_score) for mood in accepting]
    axes.fill_between([at / HOUR for at in MOMENTS], lowest, highest, color="#D6E4F2", label="Accepted")
    posts = [post for post in day.posts if post.is_unprovoked]
    hours = [(post.time - day.midnight) / HOUR for post in posts]
    axes.plot(hours, [post.sentiment for post in posts], "o", color="black", markersize=7, label="A post")
    axes.set_ylim(-FAR, FAR)
    axes.set_yticks([-4, 0, 4], ["sad", "neutral", "happy"])
    _heading(axes, "How it writes", 0.86)


def _heading(axes: Axes, words: str, height: float) -> None:
    font: dict[str, Any] = {"fontfamily": graph.FONT, "fontsize": 18, "fontweight": "bold"}
    axes.text(0.03, height, words, transform=axes.transAxes, **font)


def main() -> int:
    """Live the day, draw it, and say in figures how it went."""
    parser = argparse.ArgumentParser(prog="tests.system.mood_day", description=__doc__)
    parser.add_argument("--out", type=Path, help="PNG file to draw")
    parser.add_argument(
        "--model", type=Path, default=HOME / "demo" / "models" / "tiny", help="folder of the model"
    )
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        day = live_a_day(Path(folder), arguments.model.resolve())
    if arguments.out is not None:
        arguments.out.write_bytes(draw(day))
    print(json.dumps(figures(day) | {"seconds": round(time.monotonic() - began, 1)}))
    return 0


def figures(day: LivedDay) -> dict[str, float]:
    """How the day went: the mood at its turns, and how the posts followed it."""

    def at(time_of_day: timedelta) -> float:
        return round(day.mood(time_of_day), 3)

    return {
        "posts": len(day.posts),
        "mood_before": at(RUDE_FROM),
        "mood_20_minutes_after_rude_words": at(RUDE_FROM + timedelta(minutes=20)),
        "mood_before_kind_words": at(KIND_FROM),
        "mood_20_minutes_after_kind_words": at(KIND_FROM + timedelta(minutes=20)),
        "mood_at_the_end": at(LAST),
        "correlation": round(day.correlation(), 3),
    }


if __name__ == "__main__":
    sys.exit(main())
