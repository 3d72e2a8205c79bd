"""A corpus of a few short documents and a network of two layers, for runs of seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.training.corpus.scraped import config
from training.corpus.pool import Here
from training.corpus.prepare import Sources, prepare_documents
from training.corpus.scan import corpus_rules
from training.finetune.plan import Shape, TrainingPlan
from training.finetune.run import Material, train_generator
from training.tokenizer import train_tokenizer

QUIET = Console(quiet=True)
SHAPE = Shape(layers=2, width=32, heads=2, positions=48)
THINGS = ["heron", "reed", "rain", "boat", "train", "soup", "cat", "lamp", "river", "fog"]


def make_corpus(
    folder: Path, count: int = 60, change: Callable[[dict[str, str]], dict[str, str]] | None = None
) -> Path:
    """Lines of model text, prepared, and a tokenizer beside the corpus; ``change`` is done to every tenth."""
    folder.mkdir(exist_ok=True)
    lines = [
        {"prompt": f" Written {n} PM\n", "text": f" {THINGS[n % 10]} {THINGS[n // 10 % 10]} number {n}"}
        for n in range(count)
    ]
    if change is not None:
        lines = [line if n % 10 else change(line) for n, line in enumerate(lines)]
    path = folder / "lines.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    whole = config(validation_share=0.1, min_characters=1, near_duplicate_similarity=1.0)
    rules = corpus_rules(whole.blog, whole.generator, whole.training.corpus)
    prepare_documents(Sources((path,)), rules, folder / "corpus", Here(), QUIET)
    train_tokenizer((line["prompt"] + line["text"] for line in lines), 300).save_pretrained(folder / "tok")
    return folder / "corpus"


def material(corpus: Path, out: Path, **changes: Any) -> Material:
    """What goes into a run on the toy corpus."""
    fields: dict[str, Any] = {"tokenizer": corpus.parent / "tok", "shape": SHAPE} | changes
    return Material(corpus, out, out.with_name(f"{out.name}.work"), **fields)


def plan(**changes: Any) -> TrainingPlan:
    """A few steps at a rate that shows."""
    fields: dict[str, Any] = {
        "steps": 8, "batch": 4, "micro_batch": 4, "length": 32, "rate": 1e-3, "dropout": 0.1,
        "save_every": 2, "eval_every": 4, "sample_every": 0,
    }  # fmt: skip
    return TrainingPlan(**fields | changes)


def train(
    corpus: Path, out: Path, with_material: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    """Run; the report."""
    return dict(train_generator(material(corpus, out, **with_material or {}), plan(**changes), QUIET))
