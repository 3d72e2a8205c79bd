"""Texts of the writing loop are distributed as those of the slow reference, for every sampling scheme."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pytest
import torch
from scipy.stats import chi2_contingency
from transformers import GPT2LMHeadModel

from autoresponder.errors import JobError
from autoresponder.generation.decoder import Decoder
from autoresponder.generation.draws import draws_of_attempt, seeded
from autoresponder.generation.generator import Finished, GenerationAttempt, Writer, WritingLimits
from autoresponder.sampling.registry import build_sampler
from autoresponder.settings import SAMPLERS, SamplerConfig
from tests.autoresponder.generation.test_generator import NEVER
from tests.autoresponder.reference import write_slowly

TEXTS = 2000
NEW = 5  # tokens of a text: enough for a sampler's state to matter
PROMPT = (0, 40, 41, 42, 43)
TARGETS = (0.5, 2.5)  # bits, far apart: a row that used another's would show
SLOTS = 48
QUICK: dict[str, float] = {
    "mirostat_learning_rate": 1.0,
    "breakruns_step": 2.0,
}  # so that one token changes much
REJECTED = 1e-3  # p-value under which two sets of texts are not of one distribution


@pytest.fixture(scope="module")
def peaked(network: GPT2LMHeadModel) -> GPT2LMHeadModel:
    """A few tokens have most of the probability, as in a trained network."""
    made = copy.deepcopy(network)
    made.transformer.ln_f.weight.data.mul_(2.0)
    return made


class NoEnd:
    """Stands in for a tokenizer without any end token."""

    eot = -1

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(chr(0x4E00 + number) for number in ids)


class Kept:
    """Gives tries, every second with the other target, and keeps the tokens."""

    def __init__(self, seed: str) -> None:
        self._tries = [
            GenerationAttempt(number, PROMPT, "", draws_of_attempt(seeded(seed, number), [target], NEW))
            for number, target in enumerate(targets())
        ]
        self._left = list(reversed(self._tries))
        self.texts: dict[int, tuple[int, ...]] = {}

    def next_attempt(self) -> GenerationAttempt | None:
        return self._left.pop() if self._left else None

    def finish(self, finished: Finished) -> None:
        self.texts[finished.attempt.number] = tuple(ord(c) - 0x4E00 for c in finished.written.text)

    def fail(self, attempt: GenerationAttempt, error: JobError) -> None:
        raise error


def targets() -> list[float]:
    return [TARGETS[number % 2] for number in range(TEXTS)]


def write_fast(network: GPT2LMHeadModel, settings: SamplerConfig, seed: str) -> list[tuple[int, ...]]:
    source, limits = Kept(seed), WritingLimits(context=200, window=50, max_new=NEW)
    encoder: Any = NoEnd()
    Writer(Decoder(network, SLOTS), encoder, build_sampler(settings, 1), limits, NEVER).run(source)
    return [text for _, text in sorted(source.texts.items())]


def same_distribution(ours: Sequence[tuple[int, ...]], theirs: Sequence[tuple[int, ...]]) -> float:
    """The p-value of a chi-squared test that two sets of texts, row by row of one target, are alike.

    A category is a target and the tokens up to some place; those seen less than ten times are one. One test
    for each place; the smallest p-value counts, times the number of tests.
    """
    smallest = 1.0
    for place in range(1, NEW + 1):
        counts = [
            Counter((row % 2, text[:place]) for row, text in enumerate(texts)) for texts in (ours, theirs)
        ]
        often = [seen for seen, total in (counts[0] + counts[1]).items() if total >= 10]
        table = [[*(own[seen] for seen in often), TEXTS - sum(own[seen] for seen in often)] for own in counts]
        used = np.array(table)[:, np.array(table).sum(0) > 0]
        smallest = min(smallest, float(chi2_contingency(used).pvalue))
    return NEW * smallest


def settings_of(scheme: str, **changes: float) -> SamplerConfig:
    return SamplerConfig(name=scheme, **(QUICK | changes))


def reference(network: GPT2LMHeadModel, settings: SamplerConfig) -> list[tuple[int, ...]]:
    torch.manual_seed(11)
    return write_slowly(network, PROMPT, NEW, build_sampler(settings, 1), targets())


@pytest.mark.parametrize("scheme", SAMPLERS)
def test_texts_are_distributed_as_those_of_generate(peaked: GPT2LMHeadModel, scheme: str) -> None:
    settings = settings_of(scheme)
    assert same_distribution(write_fast(peaked, settings, "a"), reference(peaked, settings)) > REJECTED


WRONG = Literal["temperature", "top_p", "mirostat_learning_rate", "breakruns_step"]


@pytest.mark.parametrize(
    ("scheme", "number", "wrong"),
    [
        ("top_p", "temperature", 1.0),  # for 0.9
        ("top_p", "top_p", 0.97),  # for 0.9
        ("two_stage_mirostat", "mirostat_learning_rate", 0.1),  # for 1.0
        ("mirostat_1", "mirostat_learning_rate", 0.1),
        ("breakruns", "breakruns_step", 0.7),  # for 2.0
    ],
)
def test_a_sampler_that_is_a_little_off_would_be_noticed(
    peaked: GPT2LMHeadModel, scheme: str, number: WRONG, wrong: float
) -> None:
    off = write_fast(peaked, settings_of(scheme, **{number: wrong}), "a")
    assert same_distribution(off, reference(peaked, settings_of(scheme))) < REJECTED


def test_rows_that_use_each_others_targets_would_be_noticed(peaked: GPT2LMHeadModel) -> None:
    settings = settings_of("mirostat_1")
    ours = write_fast(peaked, settings, "a")
    swapped = [ours[number ^ 1] for number in range(TEXTS)]
    assert same_distribution(swapped, reference(peaked, settings)) < REJECTED
