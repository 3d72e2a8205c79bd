"""``sentiment``: the head that tells how glad a text is."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.command import Command, Outcome, Sections

ABOUT = """
Train the sentiment head, once for each generator. Targets come from a file (--rows: text and target, a logit
difference), or from a teacher that judges texts of the corpus (--corpus): VADER, which needs nothing else, or
the folder of any transformers classifier with two classes, negative first.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    from training.scoring_heads.arguments import add_head_arguments

    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--corpus", type=Path, help="folder that prepare has made")
    source.add_argument("--rows", type=Path, help="JSON lines: text, target, group")
    parser.add_argument("--teacher", default="vader", help='"vader" (default), or a classifier\'s folder')
    parser.add_argument("--texts", type=int, default=10_000, help="texts of the corpus to judge")
    add_head_arguments(parser)


def _run(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    from training.corpus.store import open_corpus
    from training.scoring_heads.files import rows_from
    from training.scoring_heads.making import head_lock, make_head_version, open_places, reading_of
    from training.scoring_heads.rows import split_rows
    from training.scoring_heads.sentiment_rows import corpus_texts, make_teacher, rows_by_teacher

    if arguments.rows:
        rows = rows_from(arguments.rows)
    else:
        teacher = make_teacher(arguments.teacher)
        texts = corpus_texts(
            open_corpus(arguments.corpus), reading_of(sections), arguments.texts, arguments.seed
        )
        rows = rows_by_teacher(texts, teacher)
    parts = split_rows(rows, test_share=0.125, calibration_share=0.01 + 20 / max(len(rows), 20))
    places = open_places(arguments, sections)
    with head_lock(places, "sentiment"):
        return make_head_version("sentiment", parts, arguments, sections, places)


COMMAND = Command(
    "sentiment", "the head that tells how glad a text is", ABOUT, _add_arguments, _run, place=30
)
