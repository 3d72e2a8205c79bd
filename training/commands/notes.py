"""``notes``: own posts and what readers did with them."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.command import Command, Outcome, Sections

ABOUT = """
Read the bot's own posts and their notes from tumblr, for the selector to learn from. Only what changed is
read again: a post is looked at while it is younger than --days, and its notes are read when tumblr's count of
them is another than it was. Notes of a chain are shared out among the bot's turns in it. Calls keep to the
rate limits that tumblr tells.

A page that cannot be read leaves the old counts as they are, and the report says "partial": true. The run can
be stopped at any moment and run again.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="folder of posts.jsonl")
    parser.add_argument("--days", type=float, default=60.0, help="age up to which posts are looked at again")
    parser.add_argument("--most", type=int, default=20_000, help="posts at most (default: 20000)")


def _run(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    from rich.console import Console

    from training.files import locked
    from training.note_run import collect_into

    console = Console(stderr=True)
    with locked(arguments.out, "notes"):
        report = collect_into(arguments.out, sections, arguments.days, arguments.most, console)
    return Outcome(report)


COMMAND = Command("notes", "what readers did with the bot's posts", ABOUT, _add_arguments, _run, place=40)
