"""Have the real model's corpus written: ``python -m demo.corpus --model FOLDER --out build/persona``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console

from autoresponder.jobs.model_folder import load_generator
from demo.corpus.run import CorpusRun
from demo.corpus.tasks import Sizes


def main(argv: Sequence[str] | None = None) -> None:
    """Read the arguments, write what is missing, print the report. A stopped run goes on when run again."""
    parser = argparse.ArgumentParser(prog="python -m demo.corpus", description=__doc__)
    parser.add_argument("--model", type=Path, help="folder of the model that writes; none: only choose again")
    parser.add_argument("--out", type=Path, required=True, help="folder of the corpus")
    parser.add_argument("--seed", type=int, default=2021)
    parser.add_argument(
        "--threads", type=int, default=1, help="more are faster on cores that nothing else uses"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="size, 1 being about 2,000 questions")
    chosen = parser.parse_args(argv)
    run = CorpusRun(chosen.out, chosen.seed, Sizes().scaled(chosen.scale))
    if chosen.model is not None:
        torch.set_num_threads(chosen.threads)
        run.write(load_generator(str(chosen.model)), Console(stderr=True))
    report = run.finish()
    report.pop("samples")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
