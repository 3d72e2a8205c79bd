"""``promote``: put a kept version of a head in use."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.command import Command, Outcome, Sections

ABOUT = """
Put a version of a head in use, whatever was measured, and tell running generators. Without --version the
newest. rollback undoes it.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("head", nargs="?", default="selector", help="selector (default), sentiment, …")
    parser.add_argument("--version", help="the version's name (default: the newest)")
    parser.add_argument("--model", type=Path, help="the generator's folder (default: generator.model)")
    parser.add_argument("--heads", type=Path, help="folder of its heads")


def _run(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    from training.errors import UsageError
    from training.files import locked
    from training.scoring_heads.promotion import heads_folder, promote, versions_of
    from training.scoring_heads.told import announce

    model = arguments.model or Path(sections.generator.model)
    heads = heads_folder(model, arguments.heads or (None if arguments.model else sections.generator.heads))
    with locked(heads, "promote"):
        versions = versions_of(heads, arguments.head)
        if not versions:
            raise UsageError(f"{heads} keeps no version of a {arguments.head} head")
        version = arguments.version or versions[-1]
        replaced = promote(heads, arguments.head, version)
    report = {
        "command": "promote",
        "head": arguments.head,
        "version": version,
        "replaced": replaced,
        "announced": announce(sections, heads, arguments.head),
    }
    return Outcome(report)


COMMAND = Command("promote", "put a version of a head in use", ABOUT, _add_arguments, _run, place=70)
