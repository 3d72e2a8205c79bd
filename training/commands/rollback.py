"""``rollback``: put the head before the present one in use again."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.command import Command, Outcome, Sections

ABOUT = """
Put the version of a head that was in use before the present one in use again, and tell running generators.
Done twice it goes back two versions.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("head", nargs="?", default="selector", help="selector (default), sentiment, …")
    parser.add_argument("--model", type=Path, help="the generator's folder (default: generator.model)")
    parser.add_argument("--heads", type=Path, help="folder of its heads")


def _run(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    from training.files import locked
    from training.scoring_heads.promotion import heads_folder, roll_back
    from training.scoring_heads.told import announce

    model = arguments.model or Path(sections.generator.model)
    heads = heads_folder(model, arguments.heads or (None if arguments.model else sections.generator.heads))
    with locked(heads, "rollback"):
        version = roll_back(heads, arguments.head)
    told = announce(sections, heads, arguments.head)
    return Outcome({"command": "rollback", "head": arguments.head, "version": version, "announced": told})


COMMAND = Command("rollback", "put the head before in use again", ABOUT, _add_arguments, _run, place=80)
