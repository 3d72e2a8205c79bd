"""Training the heads: batches, rates, losses, and a stopped run that goes on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import GPT2Config, GPT2LMHeadModel

from autoresponder.heads.head_2021 import Head
from autoresponder.jobs.model_folder import GeneratorModel, load_generator
from tests.training.heads.toy import make_model
from training.scoring_heads.activations import Activations, as_hidden
from training.scoring_heads.fit import (
    SAVE_EVERY,
    SELECTOR,
    SENTIMENT,
    HeadRecipe,
    TrainedHead,
    batch_order,
    fit_head,
    new_head,
    rate_share,
    row_losses,
)
from training.scoring_heads.head_run import calibrate, measure
from training.scoring_heads.metrics import average_precision, selector_metrics, sentiment_metrics
from training.scoring_heads.recipes import recipe_for
from training.scoring_heads.rows import Row

MAX_TOKENS = 64


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> GeneratorModel:
    return load_generator(str(make_model(tmp_path_factory.mktemp("toy"))), device="cpu", dtype="float32")


def rows(count: int, *, label: bool) -> list[Row]:
    rng = np.random.default_rng(4)
    made = []
    for number in range(count):
        good = int(rng.integers(0, 5))
        words = ["good"] * good + ["bad"] * (4 - good) + ["soup"] * int(rng.integers(0, 4))
        rng.shuffle(words)
        target = float(good > 2) if label else good - 2.0
        text_type = ("responses", "originals")[number // 4 % 2]
        split = "train" if number % 4 else "test"
        made.append(Row(" ".join(words), target, str(number), text_type, split=split))
    return made


def fresh(recipe: HeadRecipe, generator: GeneratorModel) -> Head:
    return new_head(recipe, generator.network, generator.identity, MAX_TOKENS)


def trained_on(
    data: list[Row],
    recipe: HeadRecipe,
    generator: GeneratorModel,
    checkpoints: Path | None = None,
    report: Callable[[int, float], None] | None = None,
) -> TrainedHead:
    head = fresh(recipe, generator)
    ids = [generator.encoder.encode_for_head(row.text, MAX_TOKENS) for row in data]
    streams = Activations(generator.network, head.settings.layers, ids).batch
    targets = [row.target for row in data]
    return fit_head(head, recipe, streams, ids, targets, checkpoints=checkpoints, report=report)


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


def losses_of(
    head: Head, texts: list[str], targets: list[float], recipe: HeadRecipe, generator: GeneratorModel
) -> torch.Tensor:
    ids = [generator.encoder.encode_for_head(text, MAX_TOKENS) for text in texts]
    hidden, positions = Activations(generator.network, head.settings.layers, ids).batch(range(len(ids)))
    return row_losses(head, as_hidden(hidden), positions, torch.tensor(targets), recipe)


class TestLosses:
    def test_flooding_turns_a_small_loss_back(self, generator: GeneratorModel) -> None:
        head = fresh(SELECTOR, generator).train(mode=False)
        plain, flooded = (
            losses_of(head, ["good soup"], [1.0], replace(SELECTOR, flooding=level), generator)
            for level in (0.0, 2.0)
        )
        assert flooded.item() == pytest.approx(4.0 - plain.item(), rel=1e-4)

    def test_sentiment_looks_at_the_difference_alone(self, generator: GeneratorModel) -> None:
        head = fresh(SENTIMENT, generator).train(mode=False)
        before = losses_of(head, ["good soup"], [3.0], SENTIMENT, generator)
        with torch.no_grad():
            head.logits.bias[0] += 5.0
        assert torch.equal(before, losses_of(head, ["good soup"], [3.0], SENTIMENT, generator))

    def test_a_row_does_not_depend_on_its_neighbours(self, generator: GeneratorModel) -> None:
        head = fresh(SELECTOR, generator).train(mode=False)
        texts = ["good", "bad rain soup soup soup good bad"]
        both = losses_of(head, texts, [1.0, 0.0], SELECTOR, generator)
        alone = losses_of(head, texts[:1], [1.0], SELECTOR, generator)
        assert both[0].item() == pytest.approx(alone[0].item(), abs=1e-5)


class TestTraining:
    def test_a_selector_learns_to_tell_rows_apart(self, generator: GeneratorModel) -> None:
        recipe = replace(SELECTOR, epochs=3, batch=8, rate=3e-3)
        data = rows(240, label=True)
        train_rows, test_rows = ([r for r in data if r.split == s] for s in ("train", "test"))
        trained = trained_on(train_rows, recipe, generator)
        calibrate(trained.head, generator, test_rows)
        figures = measure(trained.head, generator, test_rows)
        assert set(figures) == {"all", "responses", "originals"}
        assert figures["all"]["average_precision"] > figures["all"]["average_precision_base"] + 0.2
        assert set(trained.head.settings.calibration) == {"responses", "originals"}
        assert len(trained.losses) == 3 * (len(train_rows) // 8)

    def test_a_sentiment_head_learns_the_scale(self, generator: GeneratorModel) -> None:
        recipe = replace(SENTIMENT, epochs=5, batch=8, rate=3e-3)
        data = rows(320, label=False)
        trained = trained_on(data, recipe, generator)
        assert measure(trained.head, generator, data)["all"]["correlation"] > 0.7
        assert trained.head.settings.calibration == {}

    def test_the_generator_is_left_alone_and_the_seed_decides(self, generator: GeneratorModel) -> None:
        before = [parameter.clone() for parameter in generator.network.parameters()]
        recipe = replace(SELECTOR, epochs=1)
        data = rows(40, label=True)
        first, second = (trained_on(data, recipe, generator) for _ in range(2))
        assert first.losses == second.losses
        after = generator.network.parameters()
        assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
        for a, b in zip(first.head.parameters(), second.head.parameters(), strict=True):
            assert torch.equal(a, b)

    def test_a_stopped_run_goes_on_as_if_it_had_not_been(
        self, generator: GeneratorModel, tmp_path: Path
    ) -> None:
        recipe = replace(SELECTOR, epochs=6, batch=4)
        data = rows(60, label=True)
        whole = trained_on(data, recipe, generator)

        class StopError(Exception):
            pass

        def stop(step: int, _loss: float) -> None:
            if step == SAVE_EVERY + 7:
                raise StopError

        with pytest.raises(StopError):
            trained_on(data, recipe, generator, tmp_path, stop)
        resumed = trained_on(data, recipe, generator, tmp_path)
        assert resumed.losses == whole.losses
        for a, b in zip(resumed.head.parameters(), whole.head.parameters(), strict=True):
            assert torch.equal(a, b)
        steps: list[int] = []
        trained_on(data, recipe, generator, tmp_path, lambda step, _: steps.append(step))
        assert steps == []  # a finished run is not repeated

    def test_a_head_has_the_shape_its_generator_calls_for(self, generator: GeneratorModel) -> None:
        head = fresh(SELECTOR, generator)
        assert head.settings.mlp_ratio == 3
        assert head.settings.generator == generator.identity


class TestShapes:
    @pytest.mark.parametrize("form", ["2021", "later", "wide"])
    @pytest.mark.parametrize(("width", "heads"), [(32, 2), (192, 6), (200, 4), (256, 4)])
    def test_every_form_fits_every_width(
        self, form: str, width: int, heads: int, generator: GeneratorModel
    ) -> None:
        network = GPT2LMHeadModel(GPT2Config(vocab_size=64, n_embd=width, n_layer=2, n_head=heads))
        recipe = recipe_for("selector", network, form=form)
        settings = new_head(recipe, network, generator.identity, MAX_TOKENS).settings
        attention = settings.attention_width or width
        assert attention % settings.n_head == 0
        assert (attention > width) == (form == "wide")

    def test_a_narrow_generator_has_a_wide_head_whose_attention_begins_uneven(
        self, generator: GeneratorModel
    ) -> None:
        recipe = recipe_for("selector", generator.network)
        ids = [generator.encoder.encode_for_head("good bad soup rain cats boat fog", MAX_TOKENS)]
        spread = {}
        for sharpness in (1.0, recipe.sharpness):
            head = fresh(replace(recipe, sharpness=sharpness), generator).train(mode=False)
            hidden, positions = Activations(generator.network, head.settings.layers, ids).batch([0])
            tower, stream = head.towers[0], as_hidden(hidden)[head.settings.layers[0]]
            stream.requires_grad_()
            tower(stream, positions).sum().backward()
            assert stream.grad is not None
            weights = stream.grad[0, :-1].norm(dim=-1)  # how much each token but the last one says
            spread[sharpness] = float(weights.std() / weights.mean())
        assert spread[recipe.sharpness] > spread[1.0]


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
