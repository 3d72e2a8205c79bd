"""The real model's corpus, and what readers like of what was learned from it.

    python -m demo.corpus write --model FOLDER --out build/frank      a corpus by the model of conversations
    python -m demo.corpus readers --model FOLDER --out build/frank    rows for the tuned model's selector

A stopped run goes on when it is run again. The report is printed at the end.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console

from autoresponder.jobs.model_folder import load_generator
from demo.corpus.readers import write_rows
from demo.corpus.run import CorpusRun
from demo.corpus.tasks import Sizes


def main(argv: Sequence[str] | None = None) -> None:
    """Read the arguments, have written what is missing, print the report."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.corpus",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("write", "readers"))
    parser.add_argument("--model", type=Path, help="the model's folder; write without one only chooses again")
    parser.add_argument("--out", type=Path, required=True, help="folder of the corpus")
    parser.add_argument("--seed", type=int, default=2021)
    parser.add_argument(
        "--threads", type=int, default=1, help="more are faster on cores that nothing else uses"
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16"),
        default="float32",
        help="of the weights; bfloat16 is faster on a processor that multiplies it (avx512_bf16, amx_bf16)",
    )
    parser.add_argument("--scale", type=float, default=1.0, help="write: size, 1 being about 3,000 questions")
    parser.add_argument("--most", type=int, help="readers: so many questions at most")
    chosen = parser.parse_args(argv)
    torch.set_num_threads(chosen.threads)
    model = None if chosen.model is None else load_generator(str(chosen.model), dtype=chosen.precision)
    if chosen.what == "write":
        run = CorpusRun(chosen.out, chosen.seed, Sizes().scaled(chosen.scale))
        if model is not None:
            run.write(model, Console(stderr=True))
        report = run.finish()
        report.pop("samples")
    elif model is None:
        parser.error("readers needs --model")
    else:
        report = write_rows(model, chosen.out, chosen.seed + 1, chosen.most, Console(stderr=True))
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
