"""Write the demo model's corpus: ``python -m demo.documents --out build/corpus --seed 2021``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from demo.documents.writing import Sizes, write_corpus


def main(argv: Sequence[str] | None = None) -> None:
    """Read the arguments, write the corpus, print its report."""
    parser = argparse.ArgumentParser(prog="python -m demo.documents", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the corpus files")
    parser.add_argument("--seed", type=int, default=2021, help="the same seed gives the same files")
    defaults = Sizes()
    parser.add_argument("--documents", type=int, default=defaults.documents, help="conversations to write")
    parser.add_argument("--noted", type=int, default=defaults.noted, help="threads shown to the readers")
    parser.add_argument("--sentiment", type=int, default=defaults.sentiment, help="texts of known sentiment")
    chosen = parser.parse_args(argv)
    report = write_corpus(chosen.out, chosen.seed, Sizes(chosen.documents, chosen.noted, chosen.sentiment))
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
