"""How fast the sandbox answers when a lot of people live in it.

    .venv/bin/python -m benchmarks.sandbox [--people 1000] [--posts 10000] [--tries 40] [--database FILE]

Makes a sandbox with so many people and posts (or takes one that an earlier run left in FILE), serves it as a
process of its own, and asks every page and endpoint again and again: median and 95th percentile of the time
until the whole answer is there, and the sandbox's CPU time for one, which other work on the machine does not
disturb. Then two processes of clients write at once, and what they wrote is counted. The last line is JSON.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytumblr
import requests
from requests_oauthlib import OAuth1
from sqlalchemy import Connection

from bot_http import direct_session
from demo.supervisor import HOME, free_port
from tumblr_sandbox.demo_accounts import DEMO_BLOG, demo_keys
from tumblr_sandbox.demo_seed import seed_demo
from tumblr_sandbox.driver import SandboxDriver
from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.markup.html import paragraphs
from tumblr_sandbox.people.backfill import UNLIMITED, Backfill
from tumblr_sandbox.people.executor import ActionExecutor, like_all
from tumblr_sandbox.people.records import PeopleSwitch
from tumblr_sandbox.people.simulation import Language, Simulation
from tumblr_sandbox.people.words import Speaker, load_phrases
from tumblr_sandbox.services.posting import Writer, Written
from tumblr_sandbox.store import accounts, social
from tumblr_sandbox.store.posts import StoredPost
from tumblr_sandbox.world import open_world

SEED = 1
SPAN_SECONDS = 20 * 86_400.0
"""Over how many days the posts are spread."""
REBLOGS, FRANKS = 0.4, 0.1
"""Shares of reblogs, and of posts by the bot."""
BATCH, LIKERS = 500, 50
"""After so many posts so many people like a tenth of them each."""
WANTED_MS = 100.0
TOKEN = re.compile(r'name="token" value="([^"]+)"')


class Filler:
    """Fills a sandbox with posts, reblogs and likes by people who live there."""

    def __init__(self, path: Path, people: int) -> None:
        self._rng = random.Random(SEED)
        self._world = open_world(path, time.time, self._rng)
        self._writer = Writer(self._rng, UNLIMITED)
        self._language = Language(load_tables(), load_phrases())
        seed_demo(self._world)
        simulation = Simulation(
            self._language,
            ActionExecutor(self._writer, UNLIMITED),
            seed=SEED,
            count=people,
            bot=DEMO_BLOG,
            rng=self._rng,
        )
        with self._world.database.write() as connection:
            simulation.settle(connection, time.time() - SPAN_SECONDS, time.time())
            self._frank = accounts.find_blog(connection, DEMO_BLOG)
            self._blogs = {
                person.name: accounts.find_blog(connection, person.name) for person in simulation.people
            }
            self._follow_everybody(connection)
        self._people = simulation.people
        self._latest: list[StoredPost] = []

    def fill(self, posts: int) -> None:
        """Write so many posts, spread over the last days, and like them."""
        began, step = time.time() - SPAN_SECONDS, SPAN_SECONDS / posts
        for start in range(0, posts, BATCH):
            with self._world.database.write() as connection:
                for number in range(start, min(start + BATCH, posts)):
                    self._post(connection, began + number * step)
                self._likes(connection, began + number * step)
        Backfill(self._world, PeopleSwitch(count=len(self._people), seed=SEED)).live(
            time.time() - 1800, days=1 / 48
        )
        self._world.close()

    def _follow_everybody(self, connection: Connection) -> None:
        """The bot's dashboard shows them all."""
        assert self._frank is not None
        for blog in self._blogs.values():
            assert blog is not None
            social.follow(connection, self._frank.owner_id, blog.id, int(time.time() - SPAN_SECONDS))

    def _post(self, connection: Connection, now: float) -> None:
        person = self._rng.choice(self._people)
        blog = self._frank if self._rng.random() < FRANKS else self._blogs[person.name]
        assert blog is not None
        speaker = Speaker(self._language.tables, self._language.phrases, person, DEMO_BLOG, self._rng)
        text, tags = speaker.post(0.0)
        written = Written(content=Content(html=paragraphs(text)), tags=tags)
        if self._latest and self._rng.random() < REBLOGS:
            post = self._writer.reblog(connection, blog, self._rng.choice(self._latest), written, now)
        else:
            post = self._writer.create(connection, blog, written, now)
        self._latest = [*self._latest[1 - BATCH :], post]

    def _likes(self, connection: Connection, now: float) -> None:
        for person in self._rng.sample(self._people, min(LIKERS, len(self._people))):
            blog = self._blogs[person.name]
            assert blog is not None
            like_all(
                connection, blog, self._rng.sample(self._latest, len(self._latest) // 10), UNLIMITED, now
            )


@contextmanager
def served(path: Path) -> Iterator[tuple[str, int]]:
    """The sandbox as a process of its own; gives its address and process id."""
    port = free_port()
    command = [sys.executable, "-m", "tumblr_sandbox", "serve", "--port", str(port), "--database", str(path)]
    process = subprocess.Popen([*command, "--log-level", "error"], cwd=HOME)
    try:
        url = f"http://127.0.0.1:{port}"
        with SandboxDriver(url) as driver:
            driver.wait_until_ready(60)
            driver.set_limits(per_hour=10**7, per_day=10**7, posts_per_day=10**6)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def endpoints(session: requests.Session, url: str) -> dict[str, str]:
    """What is asked, by name: addresses of the API and of the pages."""
    blog = f"/v2/blog/{DEMO_BLOG}"
    dashboard: Any = session.get(f"{url}/v2/user/dashboard?limit=50").json()
    busiest = max(dashboard["response"]["posts"], key=lambda post: int(post["note_count"]))
    post = f"/blog/{busiest['blog_name']}/post/{busiest['id']}"
    return {
        "dashboard, 20 as HTML": "/v2/user/dashboard?limit=20",
        "dashboard, 20 as blocks": "/v2/user/dashboard?limit=20&npf=true",
        "dashboard, offset 500": "/v2/user/dashboard?limit=20&offset=500",
        "own posts, 50 with notes": f"{blog}/posts?limit=50&notes_info=true&reblog_info=true",
        "own posts, offset 900": f"{blog}/posts?limit=20&offset=900",
        "one post": f"/v2/blog/{busiest['blog_name']}/posts?id={busiest['id']}",
        "notes": f"/v2/blog/{busiest['blog_name']}/notes?id={busiest['id']}",
        "conversation": f"/v2/blog/{busiest['blog_name']}/notes?id={busiest['id']}&mode=conversation",
        "notifications": f"{blog}/notifications",
        "submission": f"{blog}/posts/submission",
        "queue": f"{blog}/posts/queue",
        "drafts": f"{blog}/posts/draft",
        "blog info": f"{blog}/info",
        "followers": f"{blog}/followers",
        "following": f"{blog}/following",
        "likes": "/v2/user/likes",
        "tagged": "/v2/tagged?tag=long%20day",
        "user info": "/v2/user/info",
        "page: dashboard": "/",
        "page: blog": f"/blog/{DEMO_BLOG}",
        "page: blog, page 50": f"/blog/{DEMO_BLOG}?page=50",
        "page: a post with notes": post,
        "page: explore": "/explore",
        "page: tag": "/tagged/long%20day",
        "page: activity": "/activity",
        "page: search": "/search?q=tea",
        "page: ask box": f"/blog/{DEMO_BLOG}/ask",
        "page: control": "/control",
    }


def signed_in(url: str, database: Path) -> requests.Session:
    """A session that signs what goes to the API, and is the bot's own on the pages."""
    session = direct_session()
    token = TOKEN.search(session.get(f"{url}/accounts").text)
    assert token is not None
    session.post(f"{url}/accounts", data={"name": DEMO_BLOG, "token": token[1]}, timeout=30)
    session.auth = OAuth1(*demo_keys(DEMO_BLOG, database).strings())
    return session


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processor so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(call: Callable[[], requests.Response], tries: int, pid: int) -> tuple[float, float, float]:
    """Median, 95th percentile and mean CPU time in milliseconds, after one call that does not count."""
    assert call().status_code == 200, call().text
    used = cpu_seconds(pid)
    times = []
    for _ in range(tries):
        began = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - began))
    used = 1000 * (cpu_seconds(pid) - used) / tries
    return round(statistics.median(times), 1), round(statistics.quantiles(times, n=20)[18], 1), round(used, 1)


def write_posts(url: str, database: Path, name: str, count: int) -> list[int]:
    """One process of clients: so many posts by one account; gives their ids."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"  # pytumblr has no session of its own
    make: Any = pytumblr.TumblrRestClient
    client = make(*demo_keys(name, database).strings(), host=url)
    return [int(client.create_text(name, body=f"<p>post {number}</p>")["id"]) for number in range(count)]


def writers(url: str, database: Path, creates: int) -> dict[str, object]:
    """Two processes of clients write at once; how fast, and whether anything was lost."""
    names = ("quietmarsh", "memefoundry")
    with SandboxDriver(url) as driver, ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        began = time.perf_counter()
        made = dict(
            zip(
                names,
                pool.map(write_posts, [url] * 2, [database] * 2, names, [creates // 2] * 2),
                strict=True,
            )
        )
        seconds = time.perf_counter() - began
        kept = {name: {int(post.id) for post in driver.posts(name)} for name in names}
    every = [number for ids in made.values() for number in ids]
    return {
        "creates": len(every),
        "creates_per_s": round(len(every) / seconds, 1),
        "ids_rise": all(ids == sorted(ids) for ids in made.values()),
        "ids_unique": len(set(every)) == len(every),
        "lost": sum(len(set(ids) - kept[name]) for name, ids in made.items()),
    }


def measure(path: Path, people: int, posts: int, tries: int, creates: int) -> dict[str, object]:
    """Fill the sandbox unless it is there, and measure."""
    if not path.exists():
        Filler(path, people).fill(posts)
    times = {}
    with served(path) as (url, pid), signed_in(url, path) as session:
        for name, at in endpoints(session, url).items():
            times[name] = timed(functools.partial(session.get, f"{url}{at}"), tries, pid)
        found = writers(url, path, creates)
    slowest = max(times, key=lambda name: times[name][1])
    return {
        "people": people,
        "posts": posts,
        "median_p95_cpu_ms": times,
        "slowest": slowest,
        "all_under_100_ms": times[slowest][1] < WANTED_MS,
        "two_writers": found,
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--tries", type=int, default=40)
    parser.add_argument("--creates", type=int, default=1000)
    parser.add_argument("--database", type=Path, help="keep the sandbox here for the next run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.database or Path(folder) / "sandbox.sqlite"
        found = measure(path, arguments.people, arguments.posts, arguments.tries, arguments.creates)
    times: Any = found["median_p95_cpu_ms"]
    for name, (median, high, used) in times.items():
        print(f"{name:26} {median:7.1f} ms  {high:7.1f} ms  {used:7.1f} ms CPU")
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
