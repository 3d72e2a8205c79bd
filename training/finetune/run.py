"""One run from corpus and base to a model folder, with its report."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from transformers import PreTrainedModel

from autoresponder.model.encoding import TextEncoder
from autoresponder.model.weights import content_hash, weight_files
from training.adapter import save_adapter
from training.corpus.pool import make_pool
from training.corpus.prepare import Packing, prepare_tokens
from training.corpus.store import Corpus, open_corpus
from training.corpus.tokens import LossOn, load_encoder, tokenizer_digest
from training.errors import UsageError
from training.files import folder_in_one_step, write_json
from training.finetune.bases import (
    check_vocabulary,
    load_base,
    new_base,
    prepare_for_training,
    use_large_allocations,
)
from training.finetune.data import DocumentRows, EpochRows, NumberedRows, StreamRows, TokenStream
from training.finetune.noise import measure_noise_scale
from training.finetune.plan import Shape, TrainingPlan
from training.finetune.trainer import Curves, check_sharding, fit, perplexity, world_size
from training.progress import Progress
from training.reports import plot_losses

HELD_OUT_ROWS = 256
SAMPLES, SAMPLE_TOKENS = 8, 192
NOISE_BATCHES = 8
BLOCK = 1024


@dataclass(frozen=True)
class Material:
    """What goes in and where things go: the base's folder, or the shape of a new one with its tokenizer."""

    corpus: Path
    out: Path
    work: Path
    tokenizer: Path
    base: Path | None = None
    shape: Shape | None = None
    loss_on: LossOn = "own"
    half: bool = False
    """Whether weights are written in float16."""


def train_generator(material: Material, plan: TrainingPlan, console: Console) -> dict[str, object]:
    """Train, export, report. Only the first of several processes writes."""
    began = time.monotonic()
    check_sharding(plan)
    corpus = open_corpus(material.corpus)
    encoder = load_encoder(str(material.tokenizer))
    key, tokens = _tokens(corpus, material, plan, console)
    corpus = open_corpus(material.corpus)
    base = _identity(material)
    digest = plan.digest(corpus.digest, key, base)
    work = material.work / digest
    work.mkdir(parents=True, exist_ok=True)
    network = _base(material, encoder, plan)
    check_vocabulary(encoder, network)
    length = _length(plan, network)
    rows, held_out = _rows(corpus, key, encoder, replace(plan, length=length), work)
    trained = prepare_for_training(network, plan)
    prompt_free = _Sampler(encoder, length)

    def watch() -> tuple[Progress, Any]:
        return Progress(
            "generator", len(rows) // plan.batch, console
        ), prompt_free if plan.sample_every else None

    trainer, curves = fit(trained, rows, held_out, plan, work, digest, watch)
    seconds = time.monotonic() - began
    report = _report(plan, curves, tokens, base, corpus) | {
        "parameters": sum(p.numel() for p in trained.parameters()),
        "trained_parameters": sum(p.numel() for p in trained.parameters() if p.requires_grad),
        "tokens_per_second": round(len(rows) * length / seconds),
        "seconds": round(seconds, 1),
        "noise_scale": _noise(trained, rows, plan),
    }
    if trainer.is_world_process_zero():
        report = _export(trainer, material, encoder, report, curves, work)
    return report


def _tokens(
    corpus: Corpus, material: Material, plan: TrainingPlan, console: Console
) -> tuple[str, Mapping[str, int]]:
    packing = Packing(material.tokenizer, BLOCK, material.loss_on, plan.seed)
    if world_size() > 1 and corpus.tokens(packing.key, "train") is None:
        made = sorted(corpus.manifest["tokens"].items())
        fitting = [
            key
            for key, streams in made
            if streams["train"]["tokenizer"] == tokenizer_digest(material.tokenizer)
        ]
        if not fitting:
            raise UsageError(
                "with several processes the tokens are made before: run prepare with "
                f"--tokenizer {material.tokenizer}"
            )
        streams = corpus.manifest["tokens"][fitting[0]]
        return fitting[0], {split: streams[split]["tokens"] for split in streams}
    return prepare_tokens(corpus, packing, make_pool(1, None), console)


def _identity(material: Material) -> str:
    if material.base is None:
        return f"new {material.shape} {tokenizer_digest(material.tokenizer)}"
    return content_hash(weight_files(material.base))


def _base(material: Material, encoder: TextEncoder, plan: TrainingPlan) -> PreTrainedModel:
    on_cpu = not torch.cuda.is_available()
    if on_cpu:
        use_large_allocations()
    if material.base is not None:
        return load_base(material.base, plan.dropout, on_cpu=on_cpu)
    assert material.shape is not None
    return new_base(material.shape, len(encoder), encoder.eot, plan, on_cpu=on_cpu)


def _length(plan: TrainingPlan, network: PreTrainedModel) -> int:
    longest = int(network.config.max_position_embeddings)
    if plan.length is not None and plan.length > longest:
        raise UsageError(f"--length {plan.length} is more than the {longest} positions of the network")
    return plan.length or min(longest, BLOCK)


def _rows(
    corpus: Corpus, key: str, encoder: TextEncoder, plan: TrainingPlan, work: Path
) -> tuple[NumberedRows, NumberedRows | None]:
    train = _epochs(corpus, key, "train", encoder, plan, work)
    steps = plan.steps or max(1, round(plan.epochs * train.per_epoch / plan.batch))
    held_out = None
    parts = corpus.tokens(key, "validation") or []
    if TokenStream(parts, work / "cache").tokens > 1:
        documents = _documents(corpus, key, "validation", encoder, plan, work)
        held_out = NumberedRows(documents, min(HELD_OUT_ROWS, documents.per_epoch))
    return NumberedRows(train, steps * plan.batch), held_out


def _epochs(
    corpus: Corpus, key: str, split: str, encoder: TextEncoder, plan: TrainingPlan, work: Path
) -> EpochRows:
    assert plan.length is not None
    if plan.rows == "documents":
        return _documents(corpus, key, split, encoder, plan, work)
    return StreamRows(TokenStream(corpus.tokens(key, split) or [], work / "cache"), plan.length, plan.seed)


def _documents(
    corpus: Corpus, key: str, split: str, encoder: TextEncoder, plan: TrainingPlan, work: Path
) -> DocumentRows:
    assert plan.length is not None
    stream = TokenStream(corpus.tokens(key, split) or [], work / "cache")
    return DocumentRows(stream, encoder.eot, plan.length, plan.batch, plan.seed)


class _Sampler:
    """Texts from nothing, so that the operator can read how far a run is."""

    def __init__(self, encoder: TextEncoder, length: int) -> None:
        self._encoder = encoder
        self._length = length

    @torch.no_grad()
    def __call__(self, model: Any, step: int) -> list[str]:
        """Some texts, drawn with a seed that follows from the step; the run's own chance is left alone."""
        training = model.training
        model.train(mode=False)
        chance = torch.Generator(device=model.device).manual_seed(step)
        ids = torch.full((SAMPLES, 1), self._encoder.eot, device=model.device)
        for _ in range(min(SAMPLE_TOKENS, self._length - 1)):
            chances = model(input_ids=ids).logits[:, -1].float().softmax(-1)
            ids = torch.cat([ids, torch.multinomial(chances, 1, generator=chance)], dim=1)
        model.train(mode=training)
        return [self._encoder.decode(_until_end(row[1:], self._encoder.eot)) for row in ids.tolist()]


def _until_end(row: list[int], end: int) -> list[int]:
    return row[: row.index(end)] if end in row else row


def _noise(model: Any, rows: NumberedRows, plan: TrainingPlan) -> float | None:
    batch = min(plan.micro_batch, max(1, len(rows) // NOISE_BATCHES))
    if len(rows) < 2 * batch:
        return None
    model.train(mode=False)
    return measure_noise_scale(model, rows, min(NOISE_BATCHES, len(rows) // batch), batch)


def _report(
    plan: TrainingPlan, curves: Curves, tokens: Mapping[str, int], base: str, corpus: Corpus
) -> dict[str, object]:
    steps = sorted(curves.losses)
    last = [curves.losses[step] for step in steps[-50:]]
    held_out = curves.evaluations[max(curves.evaluations)] if curves.evaluations else None
    return {
        "command": "generator",
        "plan": asdict(plan),
        "seed": plan.seed,
        "corpus": corpus.digest,
        "base": base,
        "tokens": dict(tokens),
        "steps": steps[-1] if steps else 0,
        "loss_last_50": sum(last) / len(last) if last else None,
        "loss_held_out": held_out,
        "perplexity_held_out": None if held_out is None else perplexity(held_out),
        "checkpoints_passed_over": list(curves.passed_over),
    }


def _export(
    trainer: Any,
    material: Material,
    encoder: TextEncoder,
    report: dict[str, object],
    curves: Curves,
    work: Path,
) -> dict[str, object]:
    """Write the model folder in one step: merged weights as safetensors, tokenizer, report, picture."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    with folder_in_one_step(material.out, made_by="python -m training generator") as folder:
        if hasattr(model, "merge_and_unload"):
            save_adapter(model, folder / "adapter")
            model = model.merge_and_unload()
        model.config.use_cache = True
        if material.half:
            model = model.half()
        model.save_pretrained(folder)
        encoder.tokenizer.save_pretrained(folder)
        report["sha256"] = content_hash(weight_files(folder))
        losses = [curves.losses[step] for step in sorted(curves.losses)]
        plot_losses(folder / "losses.png", losses, curves.evaluations)
        held_out = [curves.evaluations[step] for step in sorted(curves.evaluations)]
        if (work / "samples.jsonl").is_file():
            shutil.copy(work / "samples.jsonl", folder / "samples.jsonl")
        (folder / "losses.json").write_text(json.dumps({"loss": losses, "held_out": held_out}))
        write_json(folder / "report.json", report)
    return report
