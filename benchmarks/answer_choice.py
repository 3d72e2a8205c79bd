"""Whether readers prefer the selector's choice of thirteen, on asks and readers that it did not learn from.

    .venv/bin/python -m benchmarks.answer_choice --model FOLDER --heads FOLDER [--questions 500]

For each ask one reader compares the candidate that the selector likes best with another one of the thirteen,
drawn by chance. Texts are kept in ``--work``. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

import torch
from rich.console import Console

from autoresponder.heads.scoring import Scorer
from autoresponder.jobs.model_folder import load_generator, load_heads
from benchmarks.answer_figures import by_groups
from benchmarks.answer_questions import questions
from demo.corpus.archive import Archive
from demo.corpus.documents import conversation_of
from demo.corpus.readers import READERS_SEED, Readership
from demo.corpus.served import read_served, write_served
from demo.documents.rendering import judged_text

CANDIDATES = 13
OTHER_READERS_SEED = READERS_SEED + 1


def main() -> int:
    """Write, choose, compare and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.answer_choice", description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--heads", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("build/answer_choice"))
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = load_generator(str(arguments.model))
    tasks = questions(arguments.questions)
    archive = Archive(arguments.work / "candidates.jsonl")
    write_served(model, tasks, range(CANDIDATES), archive, Console(stderr=True))
    scorer = Scorer(model.network, model.encoder, load_heads(model, arguments.heads))
    readers = Readership(OTHER_READERS_SEED, arguments.questions)
    rng, preferred = random.Random(0), []
    for task, taste in zip(tasks, readers.tastes, strict=True):
        texts = [read_served(task, archive.texts[task.key, number]) for number in range(CANDIDATES)]
        read = [judged_text(conversation_of(text)) for text in texts]
        scores = scorer.selector_probabilities(read, "responses")
        best = max(range(CANDIDATES), key=scores.__getitem__)
        other = rng.choice([number for number in range(CANDIDATES) if number != best])
        preferred.append(readers.prefer(texts[best], texts[other], taste))
    print(json.dumps({"questions": len(tasks), "preferred": by_groups(preferred, [t.key for t in tasks], 0)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
