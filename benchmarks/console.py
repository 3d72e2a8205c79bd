"""How long the console's pages take among ten thousand posts, and how soon news is shown.

    .venv/bin/python -m benchmarks.console [--posts 10000] [--waiting 100] [--times 20]

The whole way is real: the console's server, the switchboard's, and the bot's answers from its database, each
with threads of its own in this process. The last line is JSON: median and slowest page in milliseconds, and
seconds from a change to the event that tells of it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import insert, select, text

from bot_config import Config
from bot_config_sources import setting_lines
from bot_http import direct_session
from operator_console.access import Access
from operator_console.app import create_app
from operator_console.bot_link import BotLink
from operator_console.pages.live import watcher
from operator_console.parts import Parts
from operator_console.serving import Server as ConsoleServer
from operator_console.settings import ConsoleConfig
from operator_console.streams import Streams
from switchboard.app import create_app as create_switchboard
from switchboard.client import SwitchboardClient
from switchboard.job_factory import JobRules
from switchboard.serving import Server
from switchboard.settings import SwitchboardConfig
from switchboard.store import JobStore
from tests.operator_console.stage import ACCOUNTS, PASSWORD, Stage, fields_of
from tests.switchboard.service import with_tokens
from tumblr.build import console_desk
from tumblr.console.desk import ConsoleDesk
from tumblr.store.database import Database
from tumblr.store.schema import mood_inputs, post_log, turns
from tumblr.store.search import add_words

PAGES = (
    "/review/",
    "/review/50",
    "/live",
    "/why",
    "/why?words=soup",
    "/why?who=reader-7",
    "/why/57",
    "/people",
    "/settings",
    "/audit",
)
LIMIT_MILLISECONDS = 150.0


def fill(path: Path, posts: int, waiting: int) -> None:
    """Copy the first post and the first waiting turn so many times, each to somebody else."""
    with Database.beside(path) as database, database.transaction() as connection:
        posted = connection.execute(select(turns).where(turns.c.state == "posted")).mappings().first()
        held = connection.execute(select(turns).where(turns.c.state == "held")).mappings().first()
        logged = connection.execute(select(post_log)).mappings().first()
        assert posted is not None
        assert held is not None
        assert logged is not None
        start = int(connection.scalar(text("SELECT max(id) FROM turns")))
        for number in range(1, posts + waiting + 1):
            source, turn = (posted if number <= posts else held), start + number
            who = f"reader-{number % 997}"
            row = {**source, "id": turn, "input_id": f"9{number:07}", "who": who, "post_id": None}
            if number > posts:
                connection.execute(insert(turns).values(row))
                continue
            row["post_id"] = f"8{number:07}"
            connection.execute(insert(turns).values(row))
            entry = {**json.loads(logged["entry"]), "who": who}
            named = {"turn_id": turn, "input_id": row["input_id"], "post_id": row["post_id"]}
            values = {**logged, **named, "entry": json.dumps(entry), "number": turn}
            connection.execute(insert(post_log).values(values))
            add_words(connection, turn, entry)
            if number % 10 == 0:
                kick = {"kind": "ask", "who": who, "input_id": row["input_id"], "input_timestamp": number}
                moved = {"logit_diff": 0.5, "generated_p75": 0.1, "time": posted["updated_at"] - number * 20}
                connection.execute(insert(mood_inputs).values({**kick, **moved}))


@contextmanager
def served(folder: Path, posts: int, waiting: int) -> Iterator[tuple[str, Stage]]:
    """A console over HTTP before a bot with so many posts; its address."""
    with ExitStack() as stack:
        stage = stack.enter_context(Stage(folder, asks=2))
        browser = stage.browser()
        form = browser.form("/review/1", "/review/1/decide", 'value="approve"') | {"action": "approve"}
        browser.post("/review/1/decide", form)
        stage.later()
        fill(folder / "tumbl.sqlite", posts, waiting)
        settings = with_tokens(SwitchboardConfig(database_url=f"sqlite:///{folder / 'jobs.sqlite'}"))
        settings = settings.model_copy(update={"threads": 16})
        store = JobStore(settings, clock=time.time, written_now=lambda: "")
        stack.callback(store.close)
        switchboard = Server(
            create_switchboard(store, settings, JobRules(), time.time), settings, any_port=True
        )
        stopping = threading.Event()
        address = f"http://127.0.0.1:{switchboard.port}"
        console = ConsoleServer(stage.settings.model_copy(update={"port": 0}))
        bot = BotLink(SwitchboardClient(address, settings.console_token))
        streams = Streams(stage.settings.streams, watcher(bot))
        access = Access(stage.settings, stage.sessions, console.port, stage.world.clock)
        (folder / "config.json").write_text("{}", encoding="utf-8")
        configured = setting_lines(Config(), folder / "config.json")
        app = create_app(Parts(ConsoleConfig(accounts=ACCOUNTS), access, bot, streams, configured))
        beside = stack.enter_context(Database.beside(folder / "tumbl.sqlite"))
        desk: ConsoleDesk = console_desk(
            replace(stage.world.bot, database=beside),
            stage.world.settings,
            stage.world.driver,
            SwitchboardClient(address, settings.client_token),
        )
        threads = [
            threading.Thread(target=switchboard.serve, args=(stopping.is_set,)),
            threading.Thread(target=console.serve, args=(app, stopping.is_set, streams.close)),
        ]
        for thread in threads:
            thread.start()
            stack.callback(thread.join)
        stack.callback(stopping.set)
        stack.callback(desk.close)
        desk.start()
        yield f"http://127.0.0.1:{console.port}", stage


def log_in(url: str) -> requests.Session:
    """A session that is logged in."""
    session = direct_session()
    token = fields_of(session.get(f"{url}/login", timeout=30).text)["form_token"]
    form = {"form_token": token, "name": "keeper", "password": PASSWORD}
    assert session.post(f"{url}/login", form, timeout=30).ok
    return session


def times_of(session: requests.Session, address: str, times: int) -> list[float]:
    """Milliseconds that a page took, each time."""
    found = []
    for _ in range(times + 1):
        start = time.perf_counter()
        assert session.get(address, timeout=30).status_code == 200
        found.append(1000 * (time.perf_counter() - start))
    return found[1:]  # the first also opens a connection


def news_seconds(session: requests.Session, url: str, stage: Stage) -> float:
    """Seconds from a post that begins to wait to the event that tells of it."""
    with session.get(f"{url}/live/stream", stream=True, timeout=30) as stream:
        lines = stream.iter_lines(chunk_size=1, decode_unicode=True)
        before = next(line for line in lines if line.startswith("data: {"))
        stage.world.tumblr.ask("what about soup?", "somebody-new")
        stage.world.find()
        start = time.perf_counter()
        stage.world.driver.round()
        for line in lines:
            if (
                line.startswith("data: {")
                and json.loads(line[6:])["waiting"] > json.loads(before[6:])["waiting"]
            ):
                return time.perf_counter() - start
    raise AssertionError("the stream has ended")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--waiting", type=int, default=100)
    parser.add_argument("--times", type=int, default=20)
    arguments = parser.parse_args()
    report: dict[str, Any] = {"posts": arguments.posts, "waiting": arguments.waiting, "pages": {}}
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), arguments.posts, arguments.waiting) as (url, stage),
    ):
        session = log_in(url)
        for page in PAGES:
            taken = times_of(session, url + page, arguments.times)
            shown = {"median": round(statistics.median(taken), 1), "slowest": round(max(taken), 1)}
            report["pages"][page] = shown
            print(f"{page:<22} {shown['median']:>7.1f} ms, slowest {shown['slowest']:.1f} ms")
        report["news_seconds"] = round(news_seconds(session, url, stage), 3)
    slowest = max(page["median"] for page in report["pages"].values())
    report["slowest_median"], report["within_limit"] = slowest, slowest <= LIMIT_MILLISECONDS
    print(json.dumps(report))


if __name__ == "__main__":
    main()
