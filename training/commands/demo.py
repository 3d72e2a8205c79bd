"""``demo``: the small model of the demonstration, from the corpus that its grammar writes."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from training.command import Command, Outcome, Sections


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--corpus", type=Path, required=True, help="folder that python -m sandbox.corpus wrote"
    )
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--work", type=Path, default=Path("build/training"), help="folder of checkpoints")
    parser.add_argument("--steps", type=int, help="steps of the generator's training")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")


def _run(arguments: argparse.Namespace, _sections: Sections) -> Outcome:
    from rich.console import Console

    from training.demo import Folders, Plan, train_demo

    plan = replace(Plan(), threads=arguments.threads)
    if arguments.steps is not None:
        plan = replace(plan, schedule=replace(plan.schedule, steps=arguments.steps))
    folders = Folders(arguments.corpus, arguments.out, arguments.work)
    return Outcome(train_demo(folders, plan, Console(stderr=True)))


COMMAND = Command(
    "demo", "the demonstration's model: tokenizer, generator, heads", str(__doc__), _add_arguments, _run
)
