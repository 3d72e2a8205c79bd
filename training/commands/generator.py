"""``generator``: fine-tune a checkpoint on a prepared corpus."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.command import Command, Outcome, Sections
from training.errors import UsageError

ABOUT = """
Fine-tune a checkpoint (GPT-2, GPT-Neo, GPT-J or Llama-class) on a corpus that prepare has made, or train a
small network anew (--base new). Everything is trained, or with --lora adapters, which are merged at the end.
The result is a folder of safetensors that the bot serves from, with report.json, losses.png and
samples.jsonl.

One CPU or GPU:       python -m training generator …
Several GPUs, hosts:  torchrun --nproc-per-node 4 -m training generator …
                      accelerate launch --use_fsdp -m training generator …   where the network fits on none
(--batch counts rows of all processes together: the result does not depend on their number.)

The defaults are those of 2021: a constant rate, no decay, rows cut from the packed corpus. A stopped run goes
on from its newest whole checkpoint, to the same weights as if it had not been stopped; a broken one is never
used.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, required=True, help="folder that prepare has made")
    parser.add_argument("--base", required=True, help='a checkpoint\'s folder, hf://OWNER/NAME, or "new"')
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--work", type=Path, help="folder of checkpoints (default: OUT.work)")
    parser.add_argument("--tokenizer", type=Path, help="with --base new: the tokenizer's folder")
    parser.add_argument("--vocabulary", type=int, default=2048, help="with --base new: tokens to learn")
    parser.add_argument(
        "--shape", default="6,192,6,512", help="with --base new: layers,width,heads,positions"
    )
    training = parser.add_argument_group("training")
    training.add_argument("--epochs", type=float, default=2.0, help="times through the corpus (default: 2)")
    training.add_argument("--steps", type=int, help="steps, instead of --epochs")
    training.add_argument("--batch", type=int, default=8, help="rows in a step (default: 8)")
    training.add_argument("--micro-batch", type=int, default=1, help="rows on a device at once (default: 1)")
    training.add_argument("--length", type=int, help="tokens in a row (default: the network's, at most 1024)")
    training.add_argument("--rows", choices=("stream", "documents"), default="stream", help="what a row is")
    training.add_argument("--rate", type=float, default=6.5e-6, help="learning rate (default: 6.5e-6)")
    training.add_argument("--schedule", choices=("constant", "cosine"), default="constant")
    training.add_argument("--warmup", type=int, default=0, help="steps of rising rate")
    training.add_argument("--floor", type=float, default=0.0, help="last rate of the cosine, as a share")
    training.add_argument("--decay", type=float, default=0.0, help="weight decay")
    training.add_argument("--dropout", type=float, default=0.0, help="dropout everywhere (default: 0)")
    training.add_argument("--clip", type=float, default=1.0, help="most norm of a gradient (default: 1)")
    training.add_argument("--lora", type=int, metavar="RANK", help="train adapters of this rank instead")
    training.add_argument("--lora-alpha", type=int, help="their scale (default: twice the rank)")
    training.add_argument("--gradient-checkpointing", action="store_true", help="less memory, more time")
    training.add_argument(
        "--freeze-positions", action="store_true", help="leave position embedding and last norm as they are"
    )
    training.add_argument(
        "--save-every", type=int, default=20, help="steps between checkpoints (default: 20)"
    )
    training.add_argument("--eval-every", type=int, default=100, help="steps between evaluations")
    training.add_argument("--sample-every", type=int, default=100, help="steps between samples; 0: none")
    training.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="of matrix products (default: bfloat16 on a GPU that has it)",
    )
    training.add_argument("--half", action="store_true", help="write the weights in float16")
    training.add_argument("--seed", type=int, default=2021)


_PLANNED = (
    *("epochs", "steps", "batch", "micro_batch", "length", "rows"),
    *("rate", "schedule", "warmup", "floor", "decay", "dropout", "clip", "gradient_checkpointing"),
    *("save_every", "eval_every", "sample_every", "precision", "seed"),
)


def _run(arguments: argparse.Namespace, sections: Sections) -> Outcome:
    from rich.console import Console

    from autoresponder.model.weights import find_model
    from training.files import locked
    from training.finetune.plan import Lora, Shape, TrainingPlan
    from training.finetune.run import Material, train_generator

    console = Console(stderr=True)
    work: Path = arguments.work or arguments.out.with_name(f"{arguments.out.name}.work")
    lora = arguments.lora and Lora(arguments.lora, arguments.lora_alpha or 2 * arguments.lora)
    plan = TrainingPlan(
        **{name: getattr(arguments, name) for name in _PLANNED},
        lora=lora or None,
        train_positions=not arguments.freeze_positions,
    )
    if arguments.base == "new":
        shape = Shape(*_numbers(arguments.shape))
        tokenizer = arguments.tokenizer or _learn_tokenizer(arguments, work)
        base = None
    else:
        shape, base = None, find_model(arguments.base)
        tokenizer = base
    material = Material(
        arguments.corpus,
        arguments.out,
        work,
        tokenizer,
        base,
        shape,
        sections.training.corpus.loss_on,
        half=arguments.half,
    )
    with locked(_lock(work), "generator"):
        return Outcome(train_generator(material, plan, console))


def _lock(work: Path) -> Path:
    """Each of several processes of one run has a lock of its own."""
    import os

    return work / f"process-{os.environ.get('RANK', '0')}"


def _numbers(text: str) -> tuple[int, int, int, int]:
    try:
        layers, width, heads, positions = map(int, text.split(","))
    except ValueError:
        raise UsageError(f"--shape {text} is not four numbers: layers,width,heads,positions") from None
    if width % heads:
        raise UsageError(f"--shape {text}: {heads} heads do not divide the width {width}")
    return layers, width, heads, positions


def _learn_tokenizer(arguments: argparse.Namespace, work: Path) -> Path:
    from training.corpus.store import open_corpus
    from training.files import digest_of, fault_of_sealed, folder_in_one_step
    from training.tokenizer import train_tokenizer

    corpus = open_corpus(arguments.corpus)
    folder = work / f"tokenizer-{digest_of([corpus.digest, arguments.vocabulary])[:12]}"
    if fault_of_sealed(folder) is not None:
        sys.stderr.write(f"learning {arguments.vocabulary} tokens\n")
        rows = corpus.rows(["split", "prompt", "target"])
        texts = (row["prompt"] + row["target"] for row in rows if row["split"] == "train")
        with folder_in_one_step(folder) as new:
            train_tokenizer(texts, arguments.vocabulary).save_pretrained(new)
    return folder


COMMAND = Command("generator", "a checkpoint tuned on a corpus", ABOUT, _add_arguments, _run, place=20)
