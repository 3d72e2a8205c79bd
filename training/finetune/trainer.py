"""The loop: transformers' ``Trainer`` with rows by number, a loss by token, sealed checkpoints and
samples."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset, Sampler, SequentialSampler
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from training.errors import UsageError
from training.finetune.checkpoints import newest_whole, seal_checkpoint
from training.finetune.data import IGNORED, NumberedRows, collate
from training.finetune.plan import TrainingPlan
from training.progress import Progress

KEPT = 2
"""Checkpoints that are kept: the one before the last as well, in case the last is lost."""

Sample = Callable[[Any, int], list[str]]
"""Writes texts with a network, given the step."""


def token_loss(outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
    """Sum of the tokens' losses by the number of learned tokens of the whole step, however it is cut.

    Averaging the means of micro-batches would let short ones weigh too much.
    """
    logits = outputs["logits"] if isinstance(outputs, Mapping) else outputs.logits
    # (B, T, V) against (B, T): the token at t is guessed at t - 1
    total = functional.cross_entropy(
        logits[:, :-1].float().reshape(-1, logits.shape[-1]),
        labels[:, 1:].reshape(-1),
        ignore_index=IGNORED,
        reduction="sum",
    )
    if num_items_in_batch is None:
        num_items_in_batch = (labels[:, 1:] != IGNORED).sum().clamp(min=1)
    return total / num_items_in_batch


class NumberedTrainer(Trainer):
    """Takes the rows in the order of their numbers."""

    def _get_train_sampler(self, train_dataset: Dataset[Any] | None = None) -> Sampler[int]:
        rows: Any = train_dataset if train_dataset is not None else self.train_dataset
        return SequentialSampler(rows)


@dataclass
class _Watch(TrainerCallback):
    """Seals checkpoints, keeps the losses, draws the bar, writes samples."""

    digest: str
    progress: Progress
    sample: Sample | None
    every: int
    samples: Path
    losses: dict[int, float] = field(default_factory=dict)
    evaluations: dict[int, float] = field(default_factory=dict)

    def on_save(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        **_: Any,
    ) -> None:
        """Seal the checkpoint that was just written."""
        if state.is_world_process_zero:
            seal_checkpoint(Path(str(args.output_dir)) / f"checkpoint-{state.global_step}", self.digest)

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        logs: Mapping[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Keep the losses and move the bar."""
        for name, kept in (("loss", self.losses), ("eval_loss", self.evaluations)):
            if logs and name in logs:
                kept[state.global_step] = float(logs[name])
        figure = f"loss {self.losses[max(self.losses)]:.3f}" if self.losses else ""
        self.progress.reach(state.global_step, figure)

    def on_step_end(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        **given: Any,
    ) -> None:
        """Write samples now and then."""
        if self.sample and state.is_world_process_zero and state.global_step % self.every == 0:
            with self.samples.open("a", encoding="utf-8") as file:
                for text in self.sample(given["model"], state.global_step):
                    file.write(json.dumps({"step": state.global_step, "text": text}) + "\n")


@dataclass(frozen=True)
class Curves:
    """The loss of each step, and of the held-out rows by step."""

    losses: Mapping[int, float]
    evaluations: Mapping[int, float]
    passed_over: tuple[str, ...] = ()


def fit(
    model: Any,
    rows: NumberedRows,
    held_out: NumberedRows | None,
    plan: TrainingPlan,
    work: Path,
    digest: str,
    watch: Callable[[], tuple[Progress, Sample | None]],
) -> tuple[Trainer, Curves]:
    """Train to the end, from the newest whole checkpoint in ``work`` if there is one."""
    steps = len(rows) // plan.batch
    checkpoint, passed_over = newest_whole(work)
    for fault in passed_over:
        shutil.rmtree(work / fault.partition(":")[0])
    progress, sample = watch()
    watcher = _Watch(digest, progress, sample, plan.sample_every, work / "samples.jsonl")
    trainer = NumberedTrainer(
        model=model,
        args=_arguments(plan, work, steps, has_eval=held_out is not None),
        train_dataset=rows,
        eval_dataset=held_out,
        data_collator=collate,
        compute_loss_func=token_loss,
        callbacks=[watcher],
    )
    _remove_talk(trainer)
    with progress:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    history = trainer.state.log_history
    losses = {int(entry["step"]): entry["loss"] for entry in history if "loss" in entry}
    evaluations = {int(entry["step"]): entry["eval_loss"] for entry in history if "eval_loss" in entry}
    return trainer, Curves(losses, evaluations, tuple(passed_over))


def _arguments(plan: TrainingPlan, work: Path, steps: int, *, has_eval: bool) -> TrainingArguments:
    on_cpu = not torch.cuda.is_available()
    processes = world_size()
    schedule, options = _schedule(plan)
    return TrainingArguments(
        output_dir=str(work),
        max_steps=steps,
        per_device_train_batch_size=plan.micro_batch,
        per_device_eval_batch_size=plan.micro_batch,
        gradient_accumulation_steps=plan.accumulation(processes),
        learning_rate=plan.rate,
        lr_scheduler_type=schedule,
        lr_scheduler_kwargs=options,
        warmup_steps=plan.warmup,
        weight_decay=plan.decay,
        max_grad_norm=plan.clip,
        optim="adamw_torch" if on_cpu else "adamw_torch_fused",
        bf16=_has_bfloat16(plan, on_cpu=on_cpu),
        use_cpu=on_cpu,
        eval_strategy="steps" if has_eval else "no",
        eval_steps=min(plan.eval_every, steps),
        logging_steps=1,
        save_steps=plan.save_every,
        save_total_limit=KEPT,
        seed=plan.seed,
        data_seed=plan.seed,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=not on_cpu,
        remove_unused_columns=False,
        label_names=["labels"],
        ddp_backend="gloo" if on_cpu and processes > 1 else None,
        ddp_find_unused_parameters=False if processes > 1 else None,
    )


def _has_bfloat16(plan: TrainingPlan, *, on_cpu: bool) -> bool:
    if plan.precision == "auto":
        return not on_cpu and torch.cuda.is_bf16_supported()
    return plan.precision == "bfloat16"


def _schedule(plan: TrainingPlan) -> tuple[str, dict[str, float]]:
    """The library's name of the schedule, and its options."""
    if plan.schedule == "constant":
        return ("constant_with_warmup" if plan.warmup else "constant"), {}
    return ("cosine_with_min_lr", {"min_lr_rate": plan.floor}) if plan.floor else ("cosine", {})


def uses_fsdp() -> bool:
    """Whether ``accelerate launch`` asks for the network to be cut up over the processes."""
    return os.environ.get("ACCELERATE_USE_FSDP", "false").lower() in ("1", "true")


def check_sharding(plan: TrainingPlan) -> None:
    """Raise UsageError for adapters of a network that is cut up: their checkpoints cannot be gone on from."""
    if plan.lora is not None and uses_fsdp():
        raise UsageError(
            "--lora does not go with FSDP, whose checkpoints of adapters cannot be gone on from: "
            "leave out one of them"
        )


def world_size() -> int:
    """Processes that train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def _remove_talk(trainer: Trainer) -> None:
    """The bar and the report say what there is to say."""
    trainer.remove_callback(PrinterCallback)


def perplexity(loss: float) -> float:
    """e to the loss per token."""
    return math.exp(min(loss, 50.0))
