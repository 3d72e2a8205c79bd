"""The demo model from its corpus: tokenizer, generator, both heads, and a report, in one run."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from rich.console import Console

from autoresponder.jobs.model_folder import GeneratorModel, load_generator
from autoresponder.model.encoding import TextEncoder
from training.documents import DocumentBatches
from training.export import folder_bytes, round_to_half, save_generator, save_half_head
from training.language_model import Schedule, Shape, Trained, evaluate, new_model, train
from training.packing import Interleaved, PackedBlocks, join_documents
from training.reports import plot_losses, progress_bar, write_json
from training.rows import DocumentRow, JudgedRow, read_rows
from training.scoring_heads.evaluation import calibrate, measure
from training.scoring_heads.fit import SELECTOR, SENTIMENT, HeadRecipe, TrainedHead, new_head, train_head
from training.tokenizer import train_tokenizer


@dataclass(frozen=True)
class Plan:
    """Everything that decides what comes out, besides the corpus.

    Every ``packed_every``-th batch is of packed blocks; ``threads`` counts CPU threads.
    """

    vocabulary: int = 2048
    shape: Shape = field(default_factory=Shape)
    schedule: Schedule = field(default_factory=Schedule)
    selector: HeadRecipe = SELECTOR
    sentiment: HeadRecipe = SENTIMENT
    packed_every: int = 8
    threads: int = 2

    @property
    def recipes(self) -> tuple[HeadRecipe, ...]:
        """The heads to train."""
        return (self.selector, self.sentiment)


@dataclass(frozen=True)
class Folders:
    """Where the corpus is, where the model goes, and where checkpoints are kept meanwhile."""

    corpus: Path
    out: Path
    work: Path


def train_demo(folders: Folders, plan: Plan, console: Console) -> Mapping[str, object]:
    """Train everything, write the model folder with ``report.json`` and ``losses.png``; return the report.

    A run that was stopped goes on from its last checkpoint; one with another corpus or plan starts afresh.
    """
    with _threads(plan.threads):
        documents = read_rows(folders.corpus / "documents.jsonl", DocumentRow)
        checkpoints = folders.work / _fingerprint(documents, plan)
        trained, figures = _train_generator(documents, folders.out, plan, checkpoints, console)
        generator = load_generator(str(folders.out), device="cpu", dtype="float32")
        heads = {recipe.name: _train_one_head(folders, recipe, generator, console) for recipe in plan.recipes}
    report: dict[str, object] = {
        "plan": asdict(plan),
        "generator": figures | {"sha256": generator.identity.sha256},
        **{name: figures for name, (_, figures) in heads.items()},
        "bytes": folder_bytes(folders.out),
    }
    write_json(folders.out / "report.json", report)
    curves = {"generator": trained.losses} | {name: head.losses for name, (head, _) in heads.items()}
    plot_losses(folders.out / "losses.png", curves)
    shutil.rmtree(checkpoints)
    return report


def _train_generator(
    documents: Sequence[DocumentRow], out: Path, plan: Plan, checkpoints: Path, console: Console
) -> tuple[Trained, dict[str, object]]:
    console.print(f"learning {plan.vocabulary} tokens from {len(documents)} documents")
    tokenizer = train_tokenizer((row.text for row in documents if row.split == "train"), plan.vocabulary)
    encoder = TextEncoder(tokenizer)
    ids = {
        split: [encoder.encode_text(row.text) for row in documents if row.split == split]
        for split in ("train", "validation")
    }
    batches = training_batches(ids["train"], encoder.eot, plan)
    model = new_model(plan.shape, len(tokenizer), encoder.eot, plan.schedule.seed)
    with progress_bar("generator", plan.schedule.steps, console) as report:
        trained = train(
            model,
            batches,
            plan.schedule,
            checkpoints=checkpoints,
            report=report,
            bfloat16=has_bfloat16(),
        )
    round_to_half(model)
    save_generator(model, tokenizer, out)
    held_out = DocumentBatches(
        ids["validation"], encoder.eot, plan.shape.positions, plan.schedule.tokens, plan.schedule.seed
    )
    figures: dict[str, object] = {
        "parameters": model.num_parameters(),
        "tokens_in_corpus": sum(map(len, ids["train"])),
        "loss_last_100": sum(trained.losses[-100:]) / len(trained.losses[-100:]),
        "loss_validation": evaluate(model, held_out.in_order()),
        "wall_seconds": round(trained.wall_seconds, 1),
        "cpu_seconds": round(trained.cpu_seconds, 1),
    }
    return trained, figures


def training_batches(documents: Sequence[Sequence[int]], end: int, plan: Plan) -> Interleaved:
    """Whole documents, and every so often blocks of many, in which the far positions are learned too."""
    positions, tokens, seed = plan.shape.positions, plan.schedule.tokens, plan.schedule.seed
    rows = DocumentBatches(documents, end, positions, tokens, seed)
    blocks = PackedBlocks(join_documents(documents, end), positions, max(1, tokens // positions), seed)
    return Interleaved(rows, blocks, plan.packed_every)


def _train_one_head(
    folders: Folders, recipe: HeadRecipe, generator: GeneratorModel, console: Console
) -> tuple[TrainedHead, dict[str, object]]:
    rows = read_rows(folders.corpus / f"{recipe.name}.jsonl", JudgedRow)
    parts = {split: [row for row in rows if row.split == split] for split in ("train", "calibration", "test")}
    network, encoder = generator.network, generator.encoder
    head = new_head(recipe, network, generator.identity, generator.positions)
    steps = recipe.epochs * (len(parts["train"]) // recipe.batch)
    with progress_bar(recipe.name, steps, console) as report:
        trained = train_head(head, recipe, network, encoder, parts["train"], report)
    round_to_half(head)
    if recipe.basis == "logits":
        calibrate(head, network, encoder, parts["calibration"])
    save_half_head(head, folders.out / "heads")
    figures: dict[str, object] = {
        "parameters": sum(parameter.numel() for parameter in head.parameters()),
        "rows": {split: len(own) for split, own in parts.items()},
        "test": measure(head, network, encoder, parts["test"]),
        "wall_seconds": round(trained.wall_seconds, 1),
        "cpu_seconds": round(trained.cpu_seconds, 1),
    }
    return trained, figures


def has_bfloat16() -> bool:
    """Whether this processor multiplies matrices of bfloat16 faster than of float32."""
    return any(torch.cpu.get_capabilities().get(name, False) for name in ("avx512_bf16", "amx_bf16"))


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Run torch on so many threads, and put the number back afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _fingerprint(documents: Sequence[DocumentRow], plan: Plan) -> str:
    """What a checkpoint belongs to: the generator's corpus and the plan."""
    digest = hashlib.sha256(repr((plan.vocabulary, plan.shape, plan.schedule, plan.packed_every)).encode())
    for row in documents:
        digest.update(f"{row.split}:{row.text}\0".encode())
    return digest.hexdigest()[:16]
