"""Finished samples as text, with what is learned and what is only read told apart."""

from __future__ import annotations

import random

from training.corpus.store import Corpus

READ, LEARNED = "read", "learned"


def samples(corpus: Corpus, count: int, seed: int) -> list[str]:
    """Some documents drawn by chance; each part between marks that say whether it is learned."""
    rng = random.Random(seed)
    chosen: list[dict[str, str]] = []
    for number, row in enumerate(corpus.rows(["key", "split", "prompt", "target"])):
        if len(chosen) < count:
            chosen.append(row)
        elif (place := rng.randrange(number + 1)) < count:
            chosen[place] = row
    return [_marked(row) for row in chosen]


def _marked(row: dict[str, str]) -> str:
    parts = [f"[{READ}]{row['prompt']}[/{READ}]"] if row["prompt"] else []
    return f"--- {row['key']} ({row['split']})\n{''.join(parts)}[{LEARNED}]{row['target']}<end>[/{LEARNED}]"
