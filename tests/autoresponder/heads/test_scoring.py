"""A text's score does not depend on what is scored with it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import pytest
import torch
from torch import Tensor
from transformers import GPT2LMHeadModel

from autoresponder.errors import NotFiniteError
from autoresponder.heads.head_2021 import Calibration, Head, HeadName
from autoresponder.heads.scoring import Scorer
from autoresponder.model.encoding import TextEncoder
from autoresponder.model.trunk import Reading, run_trunk

TEXTS = ["a", " I am very well, thank you.", "hello frank " * 5, "river " * 40, "🕒" * 60]


@pytest.fixture
def scorer(network: GPT2LMHeadModel, encoder: TextEncoder, heads: Mapping[HeadName, Head]) -> Scorer:
    return Scorer(network, encoder, heads)


def test_scores_equal_a_plain_pass_over_each_text(
    scorer: Scorer, network: GPT2LMHeadModel, encoder: TextEncoder, heads: Mapping[HeadName, Head]
) -> None:
    got = scorer.differences({"selector": TEXTS, "sentiment": TEXTS[:2]})
    for name, values in got.items():
        for text, value in zip(TEXTS, values.tolist(), strict=False):
            ids = torch.tensor([encoder.encode_for_head(text, 60)])
            hidden = run_trunk(network, ids, heads[name].settings.layers)
            plain = heads[name].difference(heads[name](hidden, torch.tensor([ids.shape[1] - 1])))
            assert value == pytest.approx(plain.item(), abs=1e-4)
    assert got["selector"].std() > 0.5


@pytest.mark.parametrize("pass_tokens", [1, 70, 130, 10_000])
def test_batches_and_padding_change_no_score(
    network: GPT2LMHeadModel, encoder: TextEncoder, heads: Mapping[HeadName, Head], pass_tokens: int
) -> None:
    together = Scorer(network, encoder, heads, pass_tokens).score(TEXTS, TEXTS, "responses")
    for i, text in enumerate(TEXTS):
        alone = Scorer(network, encoder, heads).score([text], [text], "responses")
        assert together.selector_probabilities[i] == pytest.approx(alone.selector_probabilities[0], abs=1e-4)
        assert together.sentiment_logit_differences[i] == pytest.approx(
            alone.sentiment_logit_differences[0], abs=1e-4
        )


def test_short_rows_are_not_padded_to_the_length_of_long_ones(
    scorer: Scorer, encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[tuple[int, ...]] = []

    def counting(network: GPT2LMHeadModel, ids: Tensor, layers: Collection[int]) -> dict[int, Tensor]:
        passes.append(tuple(ids.shape))
        return run_trunk(network, ids, layers)

    monkeypatch.setattr("autoresponder.heads.scoring.run_trunk", counting)
    texts = ["~" * length for length in (3, 50, 8, 55, 48, 21)]
    assert [len(encoder.encode_for_head(text, 60)) for text in texts] == [5, 52, 10, 57, 50, 23]
    scorer.differences({"selector": texts})
    assert passes == [(3, 57), (2, 23), (1, 5)]


def test_what_is_cut_off_changes_no_score(scorer: Scorer) -> None:
    long = "river " * 100
    scores = scorer.score([long, long + "and more"], [long, long + "and more"], "responses")
    first, second = scores.selector_probabilities
    assert first == pytest.approx(second, abs=1e-6)


def test_calibration_is_picked_by_the_type_of_text(
    network: GPT2LMHeadModel, encoder: TextEncoder, heads: Mapping[HeadName, Head]
) -> None:
    line = {"originals": Calibration(alpha=0.5, beta=-1.0)}
    calibrated = {}
    for name, head in heads.items():
        calibrated[name] = Head(head.settings.model_copy(update={"calibration": line}))
        calibrated[name].load_state_dict(head.state_dict())
    scorer = Scorer(network, encoder, calibrated)
    raw = scorer.differences({"selector": TEXTS, "sentiment": TEXTS})
    plain = scorer.score(TEXTS, TEXTS, "responses")
    lined = scorer.score(TEXTS, TEXTS, "originals")
    for i in range(len(TEXTS)):
        selector, sentiment = float(raw["selector"][i]), float(raw["sentiment"][i])
        assert plain.selector_probabilities[i] == pytest.approx(1 / (1 + math.exp(-selector)))
        assert lined.selector_probabilities[i] == pytest.approx(1 / (1 + math.exp(1 - selector / 2)))
        assert lined.sentiment_logit_differences[i] == pytest.approx(sentiment / 2 - 1)


def test_no_texts_no_scores(scorer: Scorer) -> None:
    assert scorer.score([], [], "responses").selector_probabilities == []


def test_broken_numbers_are_an_error(
    network: GPT2LMHeadModel, encoder: TextEncoder, heads: Mapping[HeadName, Head]
) -> None:
    broken = Head(heads["selector"].settings)
    broken.load_state_dict(heads["selector"].state_dict())
    broken.logits.bias.data.fill_(torch.nan)
    with pytest.raises(NotFiniteError):
        Scorer(network, encoder, {"selector": broken}).differences({"selector": ["a"]})


def test_what_writing_has_read_already_is_not_read_again(
    network: GPT2LMHeadModel,
    encoder: TextEncoder,
    heads: Mapping[HeadName, Head],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reading of the very ids gives the score of a pass over them; one of other ids is left alone."""
    scorer = Scorer(network, encoder, heads)
    ids = [encoder.encode_for_head(text, 60) for text in TEXTS[:3]]
    streams = [run_trunk(network, torch.tensor([row]), scorer.layers) for row in ids]
    readings = [
        Reading(tuple(row), {layer: kept[0] for layer, kept in of.items()})
        for row, of in zip(ids, streams, strict=True)
    ]
    mixed = [readings[0], None, readings[0]]
    plain = scorer.score(TEXTS[:3], TEXTS[:1], "responses")
    reused = scorer.score(TEXTS[:3], TEXTS[:1], "responses", mixed)
    assert (plain.reused, reused.reused) == (0, 1)
    for one, other in zip(plain.selector_probabilities, reused.selector_probabilities, strict=True):
        assert one == pytest.approx(other, abs=1e-4)
    monkeypatch.setattr("autoresponder.heads.scoring.run_trunk", None)
    assert scorer.score(TEXTS[:3], [], "responses", readings).reused == 3
