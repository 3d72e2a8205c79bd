"""This project's way of writing, set up for a measurement: no tokenizer, texts of one fixed length."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from autoresponder.errors import JobError
from autoresponder.generation.draws import draws_of_attempt, seeded
from autoresponder.generation.generator import (
    Finished,
    GenerationAttempt,
    Writer,
    WritingFigures,
    WritingLimits,
)
from autoresponder.generation.graphs import make_decoder
from autoresponder.heads.head_2021 import (
    HEAD_NAMES,
    GeneratorIdentity,
    Head,
    HeadName,
    HeadSettings,
    head_layers,
)
from autoresponder.heads.scoring import Scorer
from autoresponder.model.cpu_linear import count_weights, pack_linears
from autoresponder.model.encoding import TextEncoder
from autoresponder.sampling.base import TARGETS_2021, Sampler, TopK
from autoresponder.sampling.registry import build_sampler
from autoresponder.settings import SamplerConfig

NEVER = re.compile(r"(?!)")
END = 49_151  # a token that every vocabulary here has
NO_WINDOW = 10_000  # tokens; longer than any text here


class Numbers(TextEncoder):
    """Stands in for the tokenizer: a text is its ids, written out."""

    def __init__(self) -> None:
        self.eot = END

    def decode(self, ids: Sequence[int]) -> str:
        """Write ids as words."""
        return "".join(f" {number}" for number in ids)

    def encode_for_head(self, text: str, max_tokens: int) -> list[int]:
        """Read words as ids, with the end token behind them."""
        return [*[int(word) for word in text.split()][: max_tokens - 1], END]


class EndsAt:
    """A sampler that draws the end token as a row's ``length``-th, so that all texts are as long."""

    def __init__(self, inner: Sampler, length: int) -> None:
        self.width = inner.width + 1
        self._inner = inner
        self._length = length

    def begin(self, targets: Tensor) -> Tensor:
        """Count from 0."""
        return torch.cat([torch.zeros_like(targets)[:, None], self._inner.begin(targets)], dim=1)

    def step(self, logits: Tensor, state: Tensor) -> Tensor:
        """Let nothing but the end token through at the end, and never before."""
        last = state[:, 0] == self._length - 1
        without = logits.clone()
        without[:, END] = -1e10
        filtered = self._inner.step(without, state[:, 1:])
        filtered[last] = -1e10
        filtered[last, END] = 0.0
        return filtered

    def observe(self, tokens: Tensor, logits: Tensor, state: Tensor) -> Tensor:
        """Count on."""
        return torch.cat([state[:, :1] + 1, self._inner.observe(tokens, logits, state[:, 1:])], dim=1)


class Collected:
    """Gives N tries and keeps what comes back, with the time of the first."""

    def __init__(
        self, prompt: Sequence[int], new: int, count: int, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._clock = clock
        self._left = [
            GenerationAttempt(
                number, tuple(prompt), "", draws_of_attempt(seeded("bench", number), TARGETS_2021, new + 1)
            )
            for number in range(count)
        ]
        self.finished: list[Finished] = []
        self.first_at = 0.0

    def next_attempt(self) -> GenerationAttempt | None:
        return self._left.pop(0) if self._left else None

    def finish(self, finished: Finished) -> None:
        """Keep it."""
        self.first_at = self.first_at or self._clock()
        self.finished.append(finished)

    def fail(self, attempt: GenerationAttempt, error: JobError) -> None:  # noqa: ARG002
        """End the measurement."""
        raise error


class Ours:
    """The writing loop and two heads on one network."""

    def __init__(self, network: PreTrainedModel, dtype: str) -> None:
        self._network = network
        self.weights = count_weights(network)
        if network.device.type == "cpu":
            pack_linears(network, dtype)
        self._encoder = Numbers()
        heads = {name: _head(name, network).to(network.device) for name in HEAD_NAMES}
        self._scorer = Scorer(network, self._encoder, heads)

    def prepare(self, slots: int) -> None:
        """Make ready for so many texts at once, with fresh buffers."""
        self._decoder = make_decoder(self._network, slots, keep=self._scorer.layers)
        self._decoder.warm_up()

    def write(
        self,
        prompt: Sequence[int],
        new: int,
        count: int,
        sampler: Sampler,
        clock: Callable[[], float] = time.perf_counter,
    ) -> tuple[Collected, WritingFigures]:
        """Write N texts."""
        source = Collected(prompt, new, count, clock)
        limits = WritingLimits(context=1020 + NO_WINDOW, window=NO_WINDOW, max_new=new)
        writer = Writer(self._decoder, self._encoder, sampler, limits, NEVER, clock=clock)
        figures = writer.run(source)
        return source, figures

    def measure(
        self, prompt: Sequence[int], new: int, count: int, repeats: int, clock: Callable[[], float]
    ) -> dict[str, Any]:
        """Write and score; seconds are the medians of ``repeats``. Both are warmed up before."""
        sampler = EndsAt(build_sampler(SamplerConfig(name="top_p", temperature=0.9, top_p=0.9), new), new)
        runs = []
        for _ in range(repeats):
            began = clock()
            source, figures = self.write(prompt, new, count, sampler, clock)
            runs.append((clock() - began, source.first_at - began, source, figures))
        seconds, first, source, figures = sorted(runs, key=lambda run: run[0])[len(runs) // 2]
        self._score(source, clock)
        scored = [self._score(source, clock) for _ in range(repeats)]
        scoring, reused = sorted(scored)[repeats // 2]
        return {
            "seconds": round(seconds, 3),
            "first_candidate_s": round(first, 3),
            "prefill_s": round(figures.prefill_seconds, 3),
            "decode_s": round(figures.decode_seconds, 3),
            "steps": figures.steps,
            "tokens_per_s": round(figures.tokens_per_second, 1),
            "scoring_s": round(scoring, 3),
            "scoring_share": round(scoring / seconds, 3),
            "reused": reused,
            "weights": self.weights,
        }

    def _score(self, source: Collected, clock: Callable[[], float]) -> tuple[float, int]:
        readings = [finished.reading for finished in source.finished]
        texts = [self._encoder.decode(reading.ids[:-1]) for reading in readings if reading]
        bodies = [f"{END}" + finished.written.text for finished in source.finished]
        began = clock()
        scores = self._scorer.score(texts, bodies, "responses", readings)
        return clock() - began, scores.reused


def _head(name: HeadName, network: PreTrainedModel) -> Head:
    config: Any = network.config
    settings = HeadSettings(
        name=name,
        generator=GeneratorIdentity(name="random", sha256="0" * 64),
        layers=head_layers(config.num_hidden_layers),
        width=config.hidden_size,
        n_head=config.num_attention_heads,
        mlp_ratio=3 if name == "selector" else 1,
        max_tokens=1020,
    )
    return Head(settings).initialise(torch.Generator().manual_seed(1)).eval()


def same_greedy_tokens(ours: Ours, prompt: Sequence[int], reference: Sequence[int]) -> None:
    """Raise AssertionError unless every one of our rows is the reference's greedy text."""
    ours.prepare(3)
    source, _ = ours.write(prompt, len(reference), 3, TopK(1))
    for finished in source.finished:
        written = [int(word) for word in finished.written.text.split()]
        assert written == [token for token in reference if token != END], "greedy tokens differ"
