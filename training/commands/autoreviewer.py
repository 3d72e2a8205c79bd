"""``autoreviewer``: the head that tells what a human would reject."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.command import Command, Outcome, Sections
from training.errors import UsageError

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
    from training.scoring_heads.arguments import add_head_arguments, add_rate_arguments

    source = parser.add_mutually_exclusive_group()
    source.add_argument("--log", type=Path, help="what python -m tumblr export has printed; with --notes")
    source.add_argument("--rows", type=Path, help="JSON lines: text, target (1: rejected), group, text_type")
    parser.add_argument("--decisions", type=Path, help="what python -m tumblr export --decisions has printed")
    parser.add_argument("--notes", type=Path, help="folder that notes has written")
    add_rate_arguments(parser)
    add_head_arguments(parser)


def _run(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    from training.scoring_heads import reviewer
    from training.scoring_heads.making import head_lock, open_places

    wanted = reviewer.wanted_rates(arguments)
    if not (arguments.rows or arguments.log or arguments.decisions):
        raise UsageError("one of --log, --decisions and --rows is needed")
    judgments = reviewer.rows_in(arguments.rows) if arguments.rows else reviewer.Judgments()
    if arguments.log:
        judgments.add(reviewer.of_drafts(arguments.log, arguments.notes, sections, arguments.seed))
    if arguments.decisions:
        judgments.add(reviewer.of_console(arguments.decisions, sections, arguments.seed))
    places = open_places(arguments, sections)
    with head_lock(places, reviewer.AUTOREVIEWER):
        return reviewer.make_autoreviewer(judgments, wanted, arguments, sections, places)


COMMAND = Command(
    "autoreviewer", "the head that tells what a human would reject", ABOUT, _add_arguments, _run, place=55
)
