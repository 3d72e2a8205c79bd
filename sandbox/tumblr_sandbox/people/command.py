"""``python -m tumblr_sandbox people``: lives offline, and what the people like."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tumblr_sandbox.clock import parse_date
from tumblr_sandbox.demo_accounts import DEMO_BLOG, demo_keys
from tumblr_sandbox.people.backfill import Backfill
from tumblr_sandbox.people.ground_truth import ground_truth, judged
from tumblr_sandbox.people.records import DEFAULT_COUNT, DEFAULT_SEED, PeopleSwitch
from tumblr_sandbox.people.schedule import DAY
from tumblr_sandbox.services.signup import make_user
from tumblr_sandbox.store import accounts
from tumblr_sandbox.store.accounts import BlogSettings
from tumblr_sandbox.world import World, open_world

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_commands(commands: Commands) -> None:
    """Add ``people`` to the command line."""
    people = commands.add_parser("people", help="lives offline, and what the people like")
    ways = people.add_subparsers(dest="way", required=True)
    live = ways.add_parser("live", help="simulate days of life in a database")
    _add_crowd(live)
    live.add_argument("--days", type=float, default=1.0, help="how many (default: %(default)s)")
    live.add_argument("--database", type=Path, required=True, help="SQLite file; made when it is missing")
    live.add_argument("--from", dest="start", metavar="DATE", help="first moment, GMT (default: it ends now)")
    tastes = ways.add_parser("tastes", help="print what the people like, as it really is (JSON)")
    _add_crowd(tastes)
    tastes.add_argument("--database", type=Path, help="judge the posts of --bot in this sandbox as well")


def _add_crowd(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="which people (default: %(default)s)")
    parser.add_argument("--count", type=int, default=DEFAULT_COUNT, help="how many (default: %(default)s)")
    parser.add_argument("--bot", default=DEMO_BLOG, help="the blog that they come for (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line says; JSON to standard output."""
    found = live(arguments) if arguments.way == "live" else tastes(arguments)
    sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    return 0


def live(arguments: argparse.Namespace) -> dict[str, object]:
    """Simulate days, the bot's stand-in included, and say what happened."""
    began = time.monotonic()
    first = None if arguments.start is None else parse_date(arguments.start)
    start = float(first) if first is not None else time.time() - arguments.days * DAY
    world = open_world(arguments.database, time.time, random.Random(arguments.seed))
    try:
        _make_bot(world, arguments.bot, start)
        switch = PeopleSwitch(count=arguments.count, seed=arguments.seed, bot=arguments.bot)
        lived = Backfill(world, switch).live(start, days=arguments.days)
    finally:
        world.close()
    seconds = round(time.monotonic() - began, 1)
    return {"visits": lived.visits, "actions": dict(lived.actions), "until": lived.until, "seconds": seconds}


def tastes(arguments: argparse.Namespace) -> dict[str, object]:
    """The ground truth about the people, and with a database about every post of the bot."""
    found = ground_truth(arguments.seed, arguments.count)
    if arguments.database is not None:
        world = open_world(arguments.database, time.time, random.Random(arguments.seed))
        try:
            found["posts"] = judged(world.database, arguments.seed, arguments.count, arguments.bot)
        finally:
            world.close()
    return found


def _make_bot(world: World, name: str, now: float) -> None:
    """The account that the stand-in writes on, unless it is there."""
    with world.database.write() as connection:
        if accounts.find_blog(connection, name) is None:
            settings = BlogSettings()
            keys = demo_keys(name, world.database.path)
            make_user(connection, name, keys, now=now, rng=world.rng, settings=settings)
