"""``selector``: the head that tells what readers will like."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.command import Command, Outcome, Sections

ABOUT = """
Train the selector head on what readers did. A post is liked or disliked by the share of posts of its kind
around its time that got no more notes; the middle half is left out. Threads stay whole, and the newest posts
are the test. The generator stays as it is; its activations are kept on disk up to training.cache_gb.

The new head is kept as a version. It is put in use if no head was, or if it is better than that by
training.promotion.margin on the same rows; otherwise the exit status is 4. Running generators are told
through the switchboard and take it up without a restart.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    from training.scoring_heads.arguments import add_head_arguments

    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--notes", type=Path, help="folder that notes has written")
    source.add_argument("--rows", type=Path, help="JSON lines: text, target (0 or 1), group, text_type, time")
    add_head_arguments(parser)


def _run(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    from training.noted import require_noted
    from training.scoring_heads.files import class_rows_from
    from training.scoring_heads.liked import selector_rows
    from training.scoring_heads.making import head_lock, make_head_version, now, open_places, reading_of
    from training.scoring_heads.rows import split_rows

    if arguments.rows:
        rows = class_rows_from(arguments.rows)
    else:
        posts = require_noted(arguments.notes)
        settings = sections.training.labels
        rows = selector_rows(posts, reading_of(sections), settings, now(), arguments.seed)
    parts = split_rows(rows, test_share=0.15, calibration_share=0.1)
    places = open_places(arguments, sections)
    with head_lock(places, "selector"):
        return make_head_version("selector", parts, arguments, sections, places)


COMMAND = Command("selector", "the head that tells what readers like", ABOUT, _add_arguments, _run, place=50)
