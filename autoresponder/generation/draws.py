"""The random numbers of one try, all drawn at once from a seed that names the try.

So a job's candidates can be made again from its id and lease, whatever batch they were written in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class AttemptDraws:
    """What one try at a candidate needs of chance.

    ``kind`` decides what sort of original post it is, ``roll`` whether a rather short text is
    refused (both uniform in [0, 1)); ``target`` is the target surprisal in bits; ``tokens`` has one
    uniform number for every token the text may have.
    """

    kind: float
    roll: float
    target: float
    tokens: tuple[float, ...]


def seeded(*names: object) -> torch.Generator:
    """Make a random generator whose seed is a hash of what it is for."""
    text = "\x1f".join(str(name) for name in names)
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return torch.Generator().manual_seed(seed)


def draws_of_attempt(
    generator: torch.Generator, targets: Sequence[float], max_new_tokens: int
) -> AttemptDraws:
    """Draw everything in a fixed order: kind, roll, target (uniform over the list), tokens."""
    kind, roll, choice = torch.rand(3, generator=generator).tolist()
    target = targets[int(choice * len(targets))]
    tokens = torch.rand(max_new_tokens, generator=generator).tolist()
    return AttemptDraws(kind, roll, target, tuple(tokens))
