"""The options that all commands share which make a head."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_head_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that all heads have."""
    parser.add_argument("--model", help="the generator's folder (default: generator.model)")
    parser.add_argument(
        "--heads", type=Path, help="folder of its heads (default: generator.heads, or MODEL/heads)"
    )
    parser.add_argument(
        "--work", type=Path, help="folder of checkpoints and activations (default: HEADS.work)"
    )
    parser.add_argument(
        "--form",
        choices=("2021", "later", "wide"),
        help="the later form is narrower; the wide one is for generators below a width of 1024, and the "
        "default there (elsewhere: 2021)",
    )
    parser.add_argument(
        "--attention-width",
        type=int,
        help="with --form later (default: a quarter of the generator's width) and wide (four times)",
    )
    parser.add_argument("--epochs", type=int, help="times through the rows (default: the recipe's)")
    parser.add_argument("--rate", type=float, help="learning rate (default: the recipe's)")
    parser.add_argument("--batch", type=int, help="rows in a step (default: the recipe's)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, or auto")
    parser.add_argument("--keep-old", action="store_true", help="only keep the new head as a version")
    parser.add_argument("--seed", type=int, default=2021)


def add_rate_arguments(parser: argparse.ArgumentParser) -> None:
    """How often the autoreviewer may be wrong."""
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
