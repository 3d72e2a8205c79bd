"""Scores of texts: all heads in one pass of the trunk over all their rows, short rows together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel

from autoresponder.errors import NotFiniteError
from autoresponder.heads.head_2021 import Head, HeadName
from autoresponder.heads.length_batches import PASS_TOKENS, padded, passes
from autoresponder.model.encoding import TextEncoder
from autoresponder.model.trunk import Reading, run_trunk

UNKNOWN_PROBABILITY = 0.5
"""About the score of every text without a selector head."""

UNKNOWN_SPREAD = 0.001
"""By how much such scores differ: too little to mean anything, enough that the best of them is any of
them."""

UNKNOWN_SENTIMENT = 0.0
"""The sentiment of every text without a sentiment head: all are alike, and the mood's screen lets all
pass."""


@dataclass(frozen=True)
class Scores:
    """Scores in the order of the texts; of heads beside the usual two, probabilities by the head's name."""

    selector_probabilities: list[float]
    sentiment_logit_differences: list[float]
    further: dict[HeadName, list[float]] = field(default_factory=dict)
    reused: int = 0  # texts whose activations were left over from writing, as the selector reads them


@dataclass(frozen=True)
class _Row:
    """Ids that the network reads once, for however many heads and texts."""

    ids: tuple[int, ...]
    looks: list[tuple[HeadName, int]]  # whose they are: a head, and the place in its list of texts
    reading: Reading | None = None  # what was read of exactly these ids already


class Scorer:
    """The heads of a generator, ready to score texts."""

    def __init__(
        self,
        network: PreTrainedModel,
        encoder: TextEncoder,
        heads: Mapping[HeadName, Head],
        pass_tokens: int = PASS_TOKENS,
    ) -> None:
        self._network = network
        self._encoder = encoder
        self._heads = heads
        self._pass_tokens = pass_tokens

    @property
    def layers(self) -> set[int]:
        """The blocks that the heads look at."""
        return {layer for head in self._heads.values() for layer in head.settings.layers}

    def score(
        self,
        threads: Sequence[str],
        words: Sequence[str],
        text_type: str,
        readings: Sequence[Reading | None] = (),
        reviews: Sequence[str] | None = None,
    ) -> Scores:
        """Score texts, given as the heads read them: in their threads, and their words alone.

        ``reviews`` are the threads as the reviewer reads them, if it does not read them as the others do.

        ``text_type`` is "responses" or "originals" and picks the calibration: a head's probability is
        ``sigmoid(alpha * difference + beta)``, the sentiment's difference goes through its own line and is
        given as it is. ``readings`` are what the network has kept of the threads from writing them;
        one is used where it is of the very ids that are to be read.
        """
        read = {"words": words, "thread": threads, "review": threads if reviews is None else reviews}
        texts = {name: read[head.settings.reads] for name, head in self._heads.items()}
        rows = self._rows(texts, readings)
        calibrated = {
            name: self._heads[name].settings.calibration_of(text_type).apply(values)
            for name, values in self._differences(texts, rows).items()
        }
        selector, sentiment = calibrated.pop("selector", None), calibrated.pop("sentiment", None)
        return Scores(
            unknown_probabilities(threads) if selector is None else selector.sigmoid().tolist(),
            [UNKNOWN_SENTIMENT] * len(threads) if sentiment is None else sentiment.tolist(),
            {name: values.sigmoid().tolist() for name, values in calibrated.items()},
            sum(name == "selector" for row in rows if row.reading for name, _ in row.looks),
        )

    def selector_probabilities(self, threads: Sequence[str], text_type: str) -> list[float]:
        """The scores of the selector alone."""
        if "selector" not in self._heads:
            return unknown_probabilities(threads)
        (values,) = self.differences({"selector": threads}).values()
        calibration = self._heads["selector"].settings.calibration_of(text_type)
        return calibration.apply(values).sigmoid().tolist()

    def differences(self, texts: Mapping[HeadName, Sequence[str]]) -> dict[HeadName, Tensor]:
        """Uncalibrated logit differences, positive minus negative, of each head's texts (float64, CPU)."""
        return self._differences(texts, self._rows(texts, ()))

    def _rows(
        self, texts: Mapping[HeadName, Sequence[str]], readings: Sequence[Reading | None]
    ) -> list[_Row]:
        known = {reading.ids: reading for reading in readings if reading is not None}
        rows: dict[tuple[int, ...], _Row] = {}
        for name, own in texts.items():
            for index, text in enumerate(own):
                ids = tuple(self._encoder.encode_for_head(text, self._heads[name].settings.max_tokens))
                rows.setdefault(ids, _Row(ids, [], known.get(ids))).looks.append((name, index))
        return list(rows.values())

    @torch.inference_mode()
    def _differences(
        self, texts: Mapping[HeadName, Sequence[str]], rows: Sequence[_Row]
    ) -> dict[HeadName, Tensor]:
        results = {name: torch.empty(len(own), dtype=torch.float64) for name, own in texts.items()}
        for batch in passes([row for row in rows if row.reading is None], self._pass_tokens):
            self._look(batch, self._run(batch), results)
        for batch in passes([row for row in rows if row.reading is not None], self._pass_tokens):
            self._look(batch, _left_over(batch), results)
        if not all(bool(values.isfinite().all()) for values in results.values()):
            raise NotFiniteError("the heads' outputs are not finite numbers")
        return results

    def _run(self, batch: Sequence[_Row]) -> dict[int, Tensor]:
        """Run the trunk as deep as the heads of the batch look; give the streams (B, T, d)."""
        heads = {name for row in batch for name, _ in row.looks}
        layers = {layer for name in heads for layer in self._heads[name].settings.layers}
        return run_trunk(self._network, padded(batch).to(self._network.device), layers)

    def _look(
        self, batch: Sequence[_Row], hidden: Mapping[int, Tensor], results: Mapping[HeadName, Tensor]
    ) -> None:
        """Let each row's head look at the streams."""
        device = self._network.device
        for name in results:
            head = self._heads[name]
            looks = [(at, index) for at, row in enumerate(batch) for who, index in row.looks if who == name]
            if not looks:
                continue
            places, indices = (list(column) for column in zip(*looks, strict=True))
            own = {layer: hidden[layer][places] for layer in head.settings.layers}
            selection = torch.tensor([len(batch[place].ids) - 1 for place in places], device=device)
            results[name][indices] = head.difference(head(own, selection)).double().cpu()


def _left_over(batch: Sequence[_Row]) -> dict[int, Tensor]:
    """The streams (B, T, d) that writing left, padded on the right."""
    readings = [row.reading for row in batch if row.reading is not None]
    return {
        layer: pad_sequence([reading.streams[layer] for reading in readings], batch_first=True)
        for layer in readings[0].streams
    }


def unknown_scores(threads: Sequence[str]) -> Scores:
    """Scores of texts where no head looks at anything."""
    return Scores(unknown_probabilities(threads), [UNKNOWN_SENTIMENT] * len(threads))


def unknown_probabilities(texts: Sequence[str]) -> list[float]:
    """Scores that say nothing, by which any strategy chooses at random; the same text has the same one."""
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return [
        UNKNOWN_PROBABILITY + UNKNOWN_SPREAD * (int.from_bytes(digest[:4]) / 2**32 - 0.5)
        for digest in digests
    ]
