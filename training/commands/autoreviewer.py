"""``autoreviewer``: the head that tells what a human would reject."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from training.command import Command, Outcome, Sections
from training.errors import UsageError

if TYPE_CHECKING:
    from training.scoring_heads.reviewed import Reviewed

ABOUT = """
Train the autoreviewer on what the operator did with drafts. --log is the post log (python -m tumblr export),
--notes the folder in which notes has written where the blog's posts stand. A draft that was published was
accepted; one that was sent back, deleted, or replaced by another was rejected. Left out, and counted: drafts
that still wait, queued posts that were left alone, texts that the bot itself sent back, and what notes has
not looked at.

--decisions is what was decided in the operator's console (python -m tumblr export --decisions): a text that
was approved was accepted, one that was rejected, edited, replaced or written again was flagged. It may stand
beside --log.

The new head is kept as a version, and put in use as the selector is. The report has thresholds that keep to
--false-accept and --false-reject on rows that were not learned from, under the names of the settings that
they are meant for, with what they do to the newest rows. They are not set by themselves: to let a model
overrule a word list is the operator's decision (screening.autoreview).
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    from training.scoring_heads.arguments import add_head_arguments

    source = parser.add_mutually_exclusive_group()
    source.add_argument("--log", type=Path, help="what python -m tumblr export has printed; with --notes")
    source.add_argument("--rows", type=Path, help="JSON lines: text, target (1: rejected), group, text_type")
    parser.add_argument("--decisions", type=Path, help="what python -m tumblr export --decisions has printed")
    parser.add_argument("--notes", type=Path, help="folder that notes has written")
    parser.add_argument(
        "--false-accept",
        type=float,
        default=0.0875,
        help="share of bad texts that may be let through (default: 0.0875)",
    )
    parser.add_argument(
        "--false-reject",
        type=float,
        default=0.03,
        help="share of good texts that may be sent back (default: 0.03)",
    )
    add_head_arguments(parser)


def _run(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    from training.scoring_heads.files import class_rows_from
    from training.scoring_heads.making import head_lock, make_head_version, open_places
    from training.scoring_heads.rows import split_rows
    from training.scoring_heads.thresholds import WantedRates

    wanted = WantedRates(arguments.false_accept, arguments.false_reject)
    if not (0 <= wanted.false_accept <= 1 and 0 <= wanted.false_reject <= 1):
        raise UsageError("--false-accept and --false-reject are shares, from 0 to 1")
    if not (arguments.rows or arguments.log or arguments.decisions):
        raise UsageError("one of --log, --decisions and --rows is needed")
    texts: Counter[str] = Counter()
    rows = class_rows_from(arguments.rows) if arguments.rows else []
    for source in (_reviewed if arguments.log else None, _decided if arguments.decisions else None):
        found = None if source is None else source(arguments, sections)
        rows += [] if found is None else found.rows
        texts.update({} if found is None else found.counts)
    parts = split_rows(rows, test_share=0.15, calibration_share=0.2)
    places = open_places(arguments, sections)
    with head_lock(places, "autoreviewer"):
        outcome = make_head_version("autoreviewer", parts, arguments, sections, places, wanted)
    return Outcome({**outcome.report, "texts": dict(texts)}, outcome.status)


def _decided(arguments: argparse.Namespace, sections: Sections) -> Reviewed:
    from training.scoring_heads.decided import decided_rows, read_decisions
    from training.scoring_heads.making import now, reading_of

    months = sections.training.labels.months_ahead
    decisions = list(read_decisions(arguments.decisions))
    return decided_rows(decisions, reading_of(sections), months, now(), arguments.seed)


def _reviewed(arguments: argparse.Namespace, sections: Sections) -> Reviewed:
    from training.noted import read_standing
    from training.scoring_heads.making import now, reading_of
    from training.scoring_heads.reviewed import read_log, reviewed_rows

    if arguments.notes is None:
        raise UsageError("--log needs --notes, which says what became of the drafts")
    standing = read_standing(arguments.notes)
    if standing.read_at is None:
        raise UsageError(
            f"{arguments.notes} does not say what became of drafts yet; run: "
            f"python -m training notes --out {arguments.notes}"
        )
    months = sections.training.labels.months_ahead
    log = list(read_log(arguments.log))
    return reviewed_rows(log, standing, reading_of(sections), months, now(), arguments.seed)


COMMAND = Command(
    "autoreviewer", "the head that tells what a human would reject", ABOUT, _add_arguments, _run, place=55
)
