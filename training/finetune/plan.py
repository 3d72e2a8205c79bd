"""How a generator is trained: everything that decides what comes out, beside corpus and base."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from training.errors import UsageError
from training.files import digest_of


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters on all linear layers but the output; merged into the weights at the end."""

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0


@dataclass(frozen=True)
class Shape:
    """The size of a network that is made anew; ``positions`` is its context in tokens."""

    layers: int
    width: int
    heads: int
    positions: int


@dataclass(frozen=True)
class TrainingPlan:
    """A run's settings.

    ``batch`` counts rows of one step over all processes; ``micro_batch`` those that a device takes at once.
    ``rows``: "stream" cuts the packed corpus anywhere, with another offset each epoch, and attention crosses
    documents, as in 2021; in "documents" a row is one document. ``warmup`` counts steps; ``floor`` is the
    last rate as a share of the peak, for the cosine. Gradients are clipped at norm ``clip``. ``precision`` is
    that of matrix products: "auto" is bfloat16 on a GPU that has it and float32 elsewhere; weights and
    optimiser stay float32.
    """

    epochs: float = 2.0
    steps: int | None = None
    batch: int = 8
    micro_batch: int = 1
    length: int | None = None
    rows: Literal["stream", "documents"] = "stream"
    rate: float = 6.5e-6
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: int = 0
    floor: float = 0.0
    decay: float = 0.0
    clip: float = 1.0
    dropout: float = 0.0
    lora: Lora | None = None
    gradient_checkpointing: bool = False
    train_positions: bool = True
    save_every: int = 20
    eval_every: int = 100
    sample_every: int = 100
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    seed: int = 2021

    def digest(self, *others: object) -> str:
        """What identifies a run: the plan, and whatever else decides what comes out."""
        decides = {
            k: v for k, v in asdict(self).items() if k not in ("save_every", "eval_every", "sample_every")
        }
        return digest_of([decides, *others])[:16]

    def accumulation(self, processes: int) -> int:
        """Micro-batches of each process for one step; raises UsageError when they do not make up the
        batch."""
        together = self.micro_batch * processes
        if self.batch % together:
            raise UsageError(
                f"--batch {self.batch} is no multiple of --micro-batch {self.micro_batch} times "
                f"{processes} processes"
            )
        return self.batch // together
