"""Training the generator: the schedule, a falling loss, and a stopped run that goes on unharmed."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import GPT2LMHeadModel

from training.checkpoint import Progress, load_checkpoint, save_checkpoint
from training.documents import DocumentBatches
from training.errors import CheckpointError
from training.language_model import Schedule, Shape, evaluate, new_model, rate_at, train
from training.packing import PackedBlocks

SHAPE = Shape(layers=2, width=16, heads=2, positions=16)
SCHEDULE = Schedule(steps=12, tokens=64, peak_rate=1e-2, warmup=3, save_every=4)


def blocks() -> PackedBlocks:
    return PackedBlocks(np.arange(600) % 7, 16, 4, 1)


def model() -> GPT2LMHeadModel:
    return new_model(SHAPE, 20, 0, seed=1)


class TestSchedule:
    def test_the_rate_warms_up_peaks_and_falls_to_the_floor(self) -> None:
        rates = [rate_at(step, SCHEDULE) for step in range(SCHEDULE.steps + 1)]
        assert rates[0] == pytest.approx(1e-2 / 3)
        assert max(rates) == rates[2] == rates[3] == 1e-2
        assert rates[3:] == sorted(rates[3:], reverse=True)
        assert rates[-1] == pytest.approx(1e-2 * SCHEDULE.floor)


class TestTraining:
    def test_the_loss_falls(self) -> None:
        schedule = replace(SCHEDULE, steps=60)
        trained = train(model(), blocks(), schedule)
        assert trained.losses[0] == pytest.approx(math.log(20), rel=0.3)
        assert trained.losses[-1] < 0.5 * trained.losses[0]
        assert len(trained.losses) == 60

    def test_the_same_seed_gives_the_same_losses(self) -> None:
        first, second = (train(model(), blocks(), SCHEDULE).losses for _ in range(2))
        assert first == second

    def test_a_stopped_run_goes_on_as_if_it_had_not_been(self, tmp_path: Path) -> None:
        whole = train(model(), blocks(), SCHEDULE)

        class StopError(Exception):
            pass

        def stop(step: int, _loss: float) -> None:
            if step == 7:
                raise StopError

        with pytest.raises(StopError):
            train(model(), blocks(), SCHEDULE, checkpoints=tmp_path, report=stop)
        assert json.loads((tmp_path / "checkpoint.json").read_text())["step"] == 4
        resumed = train(model(), blocks(), SCHEDULE, checkpoints=tmp_path)
        assert resumed.losses == whole.losses
        for a, b in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
            assert torch.equal(a, b)

    def test_a_finished_run_is_not_repeated(self, tmp_path: Path) -> None:
        train(model(), blocks(), SCHEDULE, checkpoints=tmp_path)
        steps: list[int] = []
        again = train(model(), blocks(), SCHEDULE, checkpoints=tmp_path, report=lambda s, _: steps.append(s))
        assert steps == []
        assert len(again.losses) == SCHEDULE.steps

    def test_padding_takes_no_part(self) -> None:
        short, padded = ([[1, 2, 3]], [[1, 2, 3], [4] * 14])
        alone, beside = (DocumentBatches(rows, 0, 16, 512, seed=1) for rows in (short, padded))
        network = model()
        both = evaluate(network, beside.in_order())
        long = evaluate(network, DocumentBatches([[4] * 14], 0, 16, 512, seed=1).in_order())
        expected = (evaluate(network, alone.in_order()) * 4 + long * 15) / 19
        assert both == pytest.approx(expected, rel=1e-5)

    def test_bfloat16_is_close(self) -> None:
        network = model()
        batches = [blocks().at(0)]
        assert evaluate(network, batches, bfloat16=True) == pytest.approx(
            evaluate(network, batches), rel=0.02
        )


class TestCheckpoint:
    def test_there_may_be_none(self, tmp_path: Path) -> None:
        network = model()
        assert load_checkpoint(tmp_path / "none", network, torch.optim.AdamW(network.parameters())) is None

    def test_files_of_different_steps_are_refused(self, tmp_path: Path) -> None:
        network = model()
        optimizer = torch.optim.AdamW(network.parameters())
        save_checkpoint(tmp_path, network, optimizer, Progress(3, (1.0, 1.0, 1.0)))
        (tmp_path / "checkpoint.json").write_text('{"step": 2, "losses": [1.0, 1.0]}')
        with pytest.raises(CheckpointError, match="different steps"):
            load_checkpoint(tmp_path, network, optimizer)

    def test_no_half_written_file_is_left(self, tmp_path: Path) -> None:
        network = model()
        save_checkpoint(tmp_path, network, torch.optim.AdamW(network.parameters()), Progress(1, (1.0,)))
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "checkpoint.json",
            "checkpoint.safetensors",
        ]
