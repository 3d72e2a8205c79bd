"""Training the heads: batches, rates, losses, calibration, and figures."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autoresponder.heads.head_2021 import GeneratorIdentity, Head
from autoresponder.model.encoding import TextEncoder
from training.language_model import Shape, new_model
from training.rows import JudgedRow
from training.scoring_heads.activations import Activations, as_hidden
from training.scoring_heads.evaluation import calibrate, differences, measure
from training.scoring_heads.fit import (
    SELECTOR,
    SENTIMENT,
    HeadRecipe,
    batch_order,
    new_head,
    rate_share,
    row_losses,
    train_head,
)
from training.scoring_heads.metrics import average_precision, selector_metrics, sentiment_metrics
from training.tokenizer import train_tokenizer

IDENTITY = GeneratorIdentity(name="tiny", sha256="0" * 64)
ENCODER = TextEncoder(train_tokenizer(["good bad rain soup"] * 4, 270))
NETWORK = new_model(Shape(layers=4, width=32, heads=2, positions=64), len(ENCODER), ENCODER.eot, seed=3)
NETWORK.requires_grad_(requires_grad=False)


def rows(count: int, *, label: bool) -> list[JudgedRow]:
    rng = np.random.default_rng(4)
    made = []
    for number in range(count):
        good = int(rng.integers(0, 5))
        words = ["good"] * good + ["bad"] * (4 - good) + ["soup"] * int(rng.integers(0, 4))
        rng.shuffle(words)
        target = float(good > 2) if label else good - 2.0
        split = "train" if number % 4 else "test"
        made.append(
            JudgedRow.model_validate(
                {
                    "text": " ".join(words),
                    "target": target,
                    "group": str(number),
                    "split": split,
                    "text_type": ("responses", "originals")[number // 4 % 2],
                }
            )
        )
    return made


def fresh(recipe: HeadRecipe) -> Head:
    return new_head(recipe, NETWORK, IDENTITY, 64)


class TestBatches:
    @given(lengths=st.lists(st.integers(1, 50), min_size=16, max_size=60))
    @settings(max_examples=30, deadline=None)
    def test_neighbours_in_length_meet_and_the_partial_batch_is_dropped(self, lengths: list[int]) -> None:
        recipe = replace(SELECTOR, epochs=2, batch=8)
        order = batch_order([[0] * n for n in lengths], recipe)
        assert len(order) == 2 * (len(lengths) // 8)
        epoch = [sorted(lengths[i] for i in batch) for batch in order[: len(lengths) // 8]]
        spans = sorted((batch[0], batch[-1]) for batch in epoch)
        assert all(a[1] <= b[0] for a, b in pairwise(spans))

    def test_fewer_rows_than_a_batch_still_make_one(self) -> None:
        assert batch_order([[0], [0, 0]], replace(SELECTOR, epochs=1)) == [[0, 1]]


class TestRate:
    def test_it_warms_up_and_the_floor_holds(self) -> None:
        shares = [rate_share(step, 100, SENTIMENT) for step in range(100)]
        assert shares[0] == pytest.approx(0.1)
        assert shares[9] == pytest.approx(1.0)
        assert shares[10] == pytest.approx(0.5 * (1 + math.cos(math.pi * 0.1)))
        assert min(shares[10:]) == SENTIMENT.floor


def losses_of(head: Head, ids: list[list[int]], targets: torch.Tensor, recipe: HeadRecipe) -> torch.Tensor:
    hidden, positions = Activations(NETWORK, head.settings.layers, ids).batch(range(len(ids)))
    return row_losses(head, as_hidden(hidden), positions, targets, recipe)


class TestLosses:
    def test_flooding_turns_a_small_loss_back(self) -> None:
        head = fresh(SELECTOR).train(mode=False)
        ids = [ENCODER.encode_for_head("good soup", 64)]
        target = torch.tensor([1.0])
        plain = losses_of(head, ids, target, replace(SELECTOR, flooding=0.0))
        flooded = losses_of(head, ids, target, replace(SELECTOR, flooding=2.0))
        assert flooded.item() == pytest.approx(4.0 - plain.item(), rel=1e-4)

    def test_sentiment_looks_at_the_difference_alone(self) -> None:
        head = fresh(SENTIMENT).train(mode=False)
        ids = [ENCODER.encode_for_head("good soup", 64)]
        before = losses_of(head, ids, torch.tensor([3.0]), SENTIMENT)
        with torch.no_grad():
            head.logits.bias[0] += 5.0
        assert torch.equal(before, losses_of(head, ids, torch.tensor([3.0]), SENTIMENT))

    def test_a_row_does_not_depend_on_its_neighbours(self) -> None:
        head = fresh(SELECTOR).train(mode=False)
        texts = ["good", "bad rain soup soup soup good bad"]
        ids = [ENCODER.encode_for_head(text, 64) for text in texts]
        targets = torch.tensor([1.0, 0.0])
        both = losses_of(head, ids, targets, SELECTOR)
        alone = losses_of(head, ids[:1], targets[:1], SELECTOR)
        assert both[0].item() == pytest.approx(alone[0].item(), abs=1e-5)


class TestTraining:
    def test_a_selector_learns_to_tell_rows_apart(self) -> None:
        recipe = replace(SELECTOR, epochs=3, batch=8, rate=3e-3)
        data = rows(240, label=True)
        train_rows, test_rows = ([r for r in data if r.split == s] for s in ("train", "test"))
        trained = train_head(fresh(recipe), recipe, NETWORK, ENCODER, train_rows)
        head = calibrate(trained.head, NETWORK, ENCODER, test_rows)
        figures = measure(head, NETWORK, ENCODER, test_rows)
        assert set(figures) == {"all", "responses", "originals"}
        assert figures["all"]["average_precision"] > figures["all"]["average_precision_base"] + 0.2
        assert set(head.settings.calibration) == {"responses", "originals"}
        assert len(trained.losses) == 3 * (len(train_rows) // 8)

    def test_a_sentiment_head_learns_the_scale(self) -> None:
        recipe = replace(SENTIMENT, epochs=5, batch=8, rate=3e-3)
        data = rows(320, label=False)
        trained = train_head(fresh(recipe), recipe, NETWORK, ENCODER, data)
        assert measure(trained.head, NETWORK, ENCODER, data)["all"]["correlation"] > 0.7
        assert trained.head.settings.calibration == {}

    def test_the_generator_is_left_alone_and_the_seed_decides(self) -> None:
        before = [parameter.clone() for parameter in NETWORK.parameters()]
        recipe = replace(SELECTOR, epochs=1)
        data = rows(40, label=True)
        first, second = (train_head(fresh(recipe), recipe, NETWORK, ENCODER, data) for _ in range(2))
        assert first.losses == second.losses
        assert all(torch.equal(a, b) for a, b in zip(before, NETWORK.parameters(), strict=True))
        assert torch.equal(
            differences(first.head, NETWORK, ENCODER, data), differences(second.head, NETWORK, ENCODER, data)
        )

    def test_a_head_has_the_shape_its_generator_calls_for(self) -> None:
        head = fresh(SELECTOR)
        assert head.settings.layers == (1, 2)
        assert head.settings.mlp_ratio == 3
        assert head.settings.generator == IDENTITY


class TestMetrics:
    @pytest.mark.parametrize(
        ("scores", "labels", "expected"),
        [
            ([4, 3, 2, 1], [1, 1, 0, 0], 1.0),
            ([4, 3, 2, 1], [0, 1, 0, 1], 0.5),
            ([1, 1, 1, 1], [0, 1, 0, 0], 0.25),
            ([4, 3, 2, 1], [1, 0, 1, 0], (1 + 2 / 3) / 2),
        ],
    )
    def test_average_precision(self, scores: list[float], labels: list[int], expected: float) -> None:
        assert average_precision(scores, labels) == pytest.approx(expected)

    def test_average_precision_needs_a_positive_row(self) -> None:
        with pytest.raises(ValueError, match="positive"):
            average_precision([1.0], [0])

    def test_selector_figures_stand_beside_their_base(self) -> None:
        figures = selector_metrics([0.9, 0.8, 0.3, 0.4], [1, 1, 0, 1])
        assert figures["accuracy"] == 0.75
        assert figures["accuracy_base"] == 0.75
        assert figures["brier"] == pytest.approx((0.01 + 0.04 + 0.09 + 0.36) / 4)
        assert figures["brier_base"] == pytest.approx(0.1875)

    def test_sentiment_figures(self) -> None:
        figures = sentiment_metrics([1.0, 2.0, -1.0], [0.5, 1.5, -1.5])
        assert figures["correlation"] == pytest.approx(1.0)
        assert figures["mean_shift"] == pytest.approx(0.5)
        assert figures["sign_agreement"] == 1.0
