"""``weekly``: collect, train, compare, promote, report; for cron or a timer."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.command import Command, Outcome, Sections

ABOUT = """
Everything that a week asks for, in one go: collect notes, train a new selector, compare it with the one in
use on the newest weeks, promote it if it is better, report. Where decisions of the operator's console are
known it trains the autoreviewer on them too, in the same way, and chooses thresholds for it that keep to
--false-accept and --false-reject; the report says what these would have done to the last week's texts, and
they are not set by themselves. The decisions are read from the bot's database, if it is on the machine that
collects, or from --decisions.

The exit status is about the selector: 4 says that it was not better, which is no fault; 3 that there are too
few posts yet; 75 that the last run is still at it. Too few decisions are told in the report.

On two machines: --only collect where tumblr's keys are, --only train where the GPU is; they exchange the
posts through --place, an address that fsspec knows (a shared folder, s3://bucket/path, gs://…).
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    from training.scoring_heads.arguments import add_head_arguments, add_rate_arguments

    parser.add_argument("--only", choices=("collect", "train"), help="one half of it")
    parser.add_argument("--place", help="where the two halves exchange the posts")
    parser.add_argument(
        "--notes", type=Path, default=Path("notes"), help="folder of the posts (default: notes)"
    )
    parser.add_argument("--days", type=float, default=60.0, help="age up to which posts are looked at again")
    parser.add_argument("--most", type=int, default=20_000, help="posts at most (default: 20000)")
    parser.add_argument(
        "--decisions",
        type=Path,
        help="what python -m tumblr export --decisions has printed (default: as known)",
    )
    add_rate_arguments(parser)
    add_head_arguments(parser)


def _run(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    from training.weekly import run_week

    return run_week(arguments, sections)


COMMAND = Command(
    "weekly", "collect, train, compare, promote: once a week", ABOUT, _add_arguments, _run, place=60
)
