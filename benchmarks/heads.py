"""How good heads are, and what they cost: against TF-IDF, and against a fine-tune of the whole trunk.

    python -m benchmarks.heads

The rows are the demo's: threads that a made-up readership liked or did not, and texts of known sentiment; the
test rows are from another seed, so no thread is in both. TF-IDF with logistic regression and the fine-tune (a
new logit layer on the last position, everything trained) learn from the same rows; the regression's penalty
and the fine-tune's epoch are chosen on the calibration rows. Heads are made by what ``python -m training
selector`` runs, with activations kept and without. CPU times of one process; the last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from safetensors.torch import load_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch import Tensor
from transformers import GPT2ForSequenceClassification

from autoresponder.jobs.model_folder import GeneratorModel, load_generator
from benchmarks.machine import processor
from demo.documents.judged import selector_rows, sentiment_rows
from training.finetune.bases import use_large_allocations
from training.scoring_heads.head_run import HeadRun, make_trained_head
from training.scoring_heads.metrics import auc
from training.scoring_heads.recipes import recipe_for
from training.scoring_heads.rows import Row
from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.language.threads import Talk

Parts = Mapping[str, Sequence[Row]]
CALIBRATION_SHARE = 0.12
FORMS = ("wide", "2021", "later")
PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)
WIDE = 64
BATCH, DECAY, WARMUP, FLOOR = 16, 0.01, 0.05, 0.05
"""Of the fine-tune."""


def parts_of(name: str, count: int) -> dict[str, list[Row]]:
    """Rows of a head: train and calibration from one seed, test from another."""

    def drawn(seed: int) -> list[Row]:
        talk = Talk(load_tables(), random.Random(f"{seed}/{name}"))
        if name == "selector":
            return [
                Row(one.text, float(one.target), f"{seed}/{number}", one.text_type)
                for number, one in enumerate(selector_rows(talk, count))
            ]
        return [
            Row(one.text, one.target, f"{seed}/{number}")
            for number, one in enumerate(sentiment_rows(talk, count))
        ]

    known = drawn(2021)
    held = round(CALIBRATION_SHARE * len(known))
    return {"train": known[held:], "calibration": known[:held], "test": drawn(2022)}


def tfidf(parts: Parts) -> dict[str, Any]:
    """TF-IDF of words and word pairs with logistic regression."""
    began = time.process_time()
    texts = {name: [row.text for row in rows] for name, rows in parts.items()}
    targets = {name: [row.target > 0 for row in rows] for name, rows in parts.items()}
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    table = vectors.fit_transform(texts["train"])
    models = [LogisticRegression(C=c, max_iter=1000).fit(table, targets["train"]) for c in PENALTIES]

    def scored(model: LogisticRegression, part: str) -> float:
        return auc(model.decision_function(vectors.transform(texts[part])), targets[part])

    best = max(models, key=lambda model: scored(model, "calibration"))
    return {
        "auc": scored(best, "test"),
        "c": float(best.C),
        "cpu_seconds": round(time.process_time() - began, 1),
    }


def head(name: str, form: str, generator: GeneratorModel, parts: Parts, cache_gb: float) -> dict[str, Any]:
    """A head as the training command makes it."""
    recipe = recipe_for(name, generator.network, form=form)
    with tempfile.TemporaryDirectory(prefix="heads-") as work:
        run = HeadRun(generator, recipe, Path(work), cache_gb * 1e9)
        report = make_trained_head(run, parts, Console(quiet=True)).report
    figures = report["test"]["all"]
    measured = {key: figures[key] for key in ("auc", "auc_of_sign", "correlation", "brier") if key in figures}
    trunk = sum(value.numel() for value in load_file(generator.folder / "model.safetensors").values())
    return measured | {
        "parameters": report["parameters"],
        "share_of_trunk": report["parameters"] / trunk,
        "cpu_seconds": report["training_cpu_seconds"],
        "epochs": recipe.epochs,
    }


class FineTune:
    """The whole trunk and a logit layer on its last position."""

    def __init__(self, generator: GeneratorModel, rate: float) -> None:
        network = GPT2ForSequenceClassification.from_pretrained(
            generator.folder, num_labels=2, dtype=torch.float32
        )
        network.set_attn_implementation("eager")
        self._network = network
        self._encoder = generator.encoder
        self._positions = generator.positions
        self._rate = rate

    def run(self, parts: Parts, epochs: int) -> dict[str, Any]:
        """Train; the test figure of the epoch that is best on the calibration rows, and the time up to it."""
        rows = parts["train"]
        ids, targets = self._ids(rows), torch.tensor([int(row.target) for row in rows])
        batches = _batches(ids)
        optimizer = torch.optim.AdamW(self._network.parameters(), lr=self._rate, weight_decay=DECAY)
        rng, steps, step = np.random.default_rng(2021), epochs * len(batches), 0
        found: list[tuple[float, float, int, float]] = []
        spent = 0.0
        for epoch in range(epochs):
            began = time.process_time()
            self._network.train()
            for number in rng.permutation(len(batches)):
                for group in optimizer.param_groups:
                    cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
                    group["lr"] = self._rate * min(1, (step + 1) / (WARMUP * steps)) * max(FLOOR, cosine)
                chosen = batches[number]
                logits = self._logits([ids[i] for i in chosen])
                loss = torch.nn.functional.cross_entropy(logits, targets[chosen])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
                optimizer.step()
                step += 1
            spent += time.process_time() - began
            figures = [self._auc(parts[part]) for part in ("calibration", "test")]
            sys.stderr.write(f"fine-tune, rate {self._rate:g}, epoch {epoch + 1}: {figures}, {spent:.0f} s\n")
            found.append((*figures, epoch + 1, spent))  # type: ignore[arg-type]
        _, measured, epoch, seconds = max(found)
        parameters = sum(parameter.numel() for parameter in self._network.parameters())
        return {
            "auc": measured,
            "rate": self._rate,
            "epochs": epoch,
            "calibration_auc": max(found)[0],
            "parameters": parameters,
            "cpu_seconds": round(seconds, 1),
        }

    def _ids(self, rows: Sequence[Row]) -> list[list[int]]:
        return [self._encoder.encode_for_head(row.text, self._positions) for row in rows]

    def _logits(self, ids: Sequence[Sequence[int]]) -> Tensor:
        padded = torch.zeros(len(ids), max(map(len, ids)), dtype=torch.long)  # (B, T)
        for place, row in enumerate(ids):
            padded[place, : len(row)] = torch.tensor(row)
        last = torch.tensor([len(row) - 1 for row in ids])
        hidden = self._network.transformer(padded, attention_mask=torch.ones_like(padded)).last_hidden_state
        logits: Tensor = self._network.score(hidden[torch.arange(len(ids)), last])
        return logits

    @torch.no_grad()
    def _auc(self, rows: Sequence[Row]) -> float:
        self._network.train(mode=False)
        ids = self._ids(rows)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        found: NDArray[np.float64] = np.zeros(len(ids))
        for start in range(0, len(order), WIDE):
            places = order[start : start + WIDE]
            logits = self._logits([ids[i] for i in places])
            found[places] = (logits[:, 1] - logits[:, 0]).double().numpy()
        return auc(found, [row.target for row in rows])


def _batches(ids: Sequence[Sequence[int]]) -> list[list[int]]:
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    return [order[i : i + BATCH] for i in range(0, len(order) - BATCH + 1, BATCH)]


def main() -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="demo/models/tiny")
    parser.add_argument("--noted", type=int, default=12_000, help="threads shown to the readers")
    parser.add_argument("--epochs", type=int, default=6, help="of the fine-tune")
    parser.add_argument("--rates", type=float, nargs="*", default=[3e-4], help="of the fine-tune")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    use_large_allocations()
    generator = load_generator(chosen.model, device="cpu", dtype="float32")
    parts = parts_of("selector", chosen.noted)
    report: dict[str, Any] = {
        "benchmark": "heads",
        "machine": processor(torch.device("cpu")),
        "threads": chosen.threads,
        "rows": {name: len(rows) for name, rows in parts.items()},
        "tfidf": tfidf(parts),
        **{f"selector_{form}": head("selector", form, generator, parts, 10.0) for form in FORMS},
        "selector_wide_without_cache": head("selector", "wide", generator, parts, 0.0),
    }
    known = parts_of("sentiment", chosen.noted)
    report |= {f"sentiment_{form}": head("sentiment", form, generator, known, 10.0) for form in FORMS}
    sys.stderr.write(f"{json.dumps(report)}\n")
    tunes = [FineTune(generator, rate).run(parts, chosen.epochs) for rate in chosen.rates]
    if tunes:
        report["fine_tune"] = max(tunes, key=lambda tune: tune["calibration_auc"])
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
