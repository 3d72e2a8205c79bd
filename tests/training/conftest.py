"""A corpus of a few lines and a plan that trains in seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console

from training.demo import Folders, Plan, train_demo
from training.language_model import Schedule, Shape
from training.scoring_heads.fit import SELECTOR, SENTIMENT

WORDS = ("rain", "cats", "soup", "trains")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_plan() -> Plan:
    return Plan(
        vocabulary=300,
        shape=Shape(layers=4, width=32, heads=2, positions=64),
        schedule=Schedule(steps=12, tokens=256, warmup=2, save_every=5),
        selector=replace(SELECTOR, epochs=1, batch=8),
        sentiment=replace(SENTIMENT, epochs=1, batch=8),
        packed_every=3,
        threads=1,
    )


def write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def judged(number: int, target: float, text: str) -> dict[str, object]:
    split = ("train", "train", "train", "calibration", "test")[number // 4 % 5]
    text_type = ("responses", "originals")[number % 2]
    return {"text": text, "target": target, "text_type": text_type, "group": str(number), "split": split}


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    texts = [
        f"#{n} somebody asked:\n\n do you like {WORDS[n % 4]}?\n\n I like {WORDS[n % 4]}." for n in range(60)
    ]
    documents = [{"text": text, "split": "train" if n % 10 else "validation"} for n, text in enumerate(texts)]
    write_rows(folder / "documents.jsonl", documents)
    liked = [
        judged(n, (n // 2) % 2, f"I {'love' if (n // 2) % 2 else 'hate'} {WORDS[n % 3]}") for n in range(80)
    ]
    write_rows(folder / "selector.jsonl", liked)
    glad = [judged(n, n % 9 - 4.0, f"{WORDS[n % 3]} is {'good ' * (n % 9)}") for n in range(80)]
    write_rows(folder / "sentiment.jsonl", glad)
    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_corpus: Path, tiny_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder trained on the tiny corpus."""
    folder = tmp_path_factory.mktemp("model")
    folders = Folders(tiny_corpus, folder / "out", folder / "work")
    train_demo(folders, tiny_plan, Console(quiet=True))
    return folder
