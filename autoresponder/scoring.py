"""Scores of texts: all heads in one pass of the trunk over all their rows, short rows together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel

from autoresponder.encoding import TextEncoder
from autoresponder.errors import NotFiniteError
from autoresponder.heads import Head, HeadName
from autoresponder.trunk import run_trunk

PASS_TOKENS = 16_384  # most tokens of one pass, padding included: bounds the memory it takes
PAD = 0


@dataclass(frozen=True)
class Scores:
    """Scores in the order of the texts."""

    selector_probabilities: list[float]
    sentiment_logit_differences: list[float]


@dataclass(frozen=True)
class _Row:
    head: HeadName
    index: int  # place in the head's list of texts
    ids: list[int]


class Scorer:
    """The heads of a generator, ready to score texts."""

    def __init__(
        self,
        network: GPT2LMHeadModel,
        encoder: TextEncoder,
        heads: Mapping[HeadName, Head],
        pass_tokens: int = PASS_TOKENS,
    ) -> None:
        self._network = network
        self._encoder = encoder
        self._heads = heads
        self._pass_tokens = pass_tokens

    def score(self, selector_texts: Sequence[str], sentiment_texts: Sequence[str], text_type: str) -> Scores:
        """Score texts prepared for each head.

        ``text_type`` is "responses" or "originals" and picks the calibration: the selector's
        probability is ``sigmoid(alpha * difference + beta)``, the sentiment's difference goes
        through its own line and is given as it is.
        """
        differences = self.differences({"selector": selector_texts, "sentiment": sentiment_texts})
        calibrated = {
            name: self._heads[name].settings.calibration_of(text_type).apply(values)
            for name, values in differences.items()
        }
        return Scores(calibrated["selector"].sigmoid().tolist(), calibrated["sentiment"].tolist())

    @torch.inference_mode()
    def differences(self, texts: Mapping[HeadName, Sequence[str]]) -> dict[HeadName, Tensor]:
        """Uncalibrated logit differences, positive minus negative, of each head's texts (float64, CPU)."""
        rows = [
            _Row(name, index, self._encoder.encode_for_head(text, self._heads[name].settings.max_tokens))
            for name, own in texts.items()
            for index, text in enumerate(own)
        ]
        results = {name: torch.empty(len(own), dtype=torch.float64) for name, own in texts.items()}
        for batch in self._batches(rows):
            self._score_batch(batch, results)
        if not all(bool(values.isfinite().all()) for values in results.values()):
            raise NotFiniteError("the heads' outputs are not finite numbers")
        return results

    def _batches(self, rows: Sequence[_Row]) -> Iterator[list[_Row]]:
        """Cut rows, longest first, into batches whose padded size is bounded."""
        left = sorted(rows, key=lambda row: -len(row.ids))
        while left:
            count = max(1, self._pass_tokens // len(left[0].ids))
            yield left[:count]
            left = left[count:]

    def _score_batch(self, batch: Sequence[_Row], results: Mapping[HeadName, Tensor]) -> None:
        ids = torch.full((len(batch), len(batch[0].ids)), PAD)  # (B, T), padded on the right
        for place, row in enumerate(batch):
            ids[place, : len(row.ids)] = torch.tensor(row.ids)
        wanted = {name: self._heads[name] for name in dict.fromkeys(row.head for row in batch)}
        layers = {layer for head in wanted.values() for layer in head.settings.layers}
        device = self._network.device
        hidden = run_trunk(self._network, ids.to(device), layers)
        for name, head in wanted.items():
            places = [place for place, row in enumerate(batch) if row.head == name]
            own = {layer: hidden[layer][places] for layer in head.settings.layers}
            selection = torch.tensor([len(batch[place].ids) - 1 for place in places], device=device)
            outputs = head.difference(head(own, selection)).double().cpu()
            results[name][[batch[place].index for place in places]] = outputs
