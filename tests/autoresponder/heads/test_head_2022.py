"""The later head against its formula written out for one row, and a folder with more heads than two."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.nn import functional

from autoresponder.heads import scoring
from autoresponder.heads.files import load_head, save_head
from autoresponder.heads.head_2021 import GeneratorIdentity, Head, HeadSettings
from autoresponder.heads.head_2022 import LaterHead, LaterTower, ParallelBlock, Projections, make_head
from autoresponder.heads.scoring import Scorer, Scores
from autoresponder.jobs.engines import WritingSettings
from autoresponder.jobs.head_texts import given_texts
from autoresponder.jobs.model_folder import GeneratorModel, load_generator, load_heads
from autoresponder.jobs.runner import JobRunner
from autoresponder.model.encoding import TextEncoder
from autoresponder.model.trunk import run_trunk
from munging.prompts.formats import FORMATS
from switchboard.messages import GenerationJob, GenerationResult, RawSelectJob, RawSelectResult

FORMS: dict[str, dict[str, object]] = {
    "plain": {},
    "narrow attention, wide towers": {"attention_width": 16, "output_ratio": 1.5},
    "two blocks": {"blocks": 2},
    "a block with gains": {"blocks": 1, "gain_scale": 3.0},
}


def settings_of(**changes: object) -> HeadSettings:
    values: dict[str, object] = {
        "name": "autoreviewer",
        "form": "later",
        "generator": GeneratorIdentity(name="tiny", sha256="ab" * 32),
        "layers": (1, 2),
        "width": 32,
        "n_head": 2,
        "mlp_ratio": 2,
        "max_tokens": 60,
    }
    return HeadSettings.model_validate(values | changes)


@pytest.fixture(params=list(FORMS))
def head(request: pytest.FixtureRequest) -> Head:
    made = make_head(settings_of(**FORMS[request.param])).initialise(torch.Generator().manual_seed(7))
    for name, parameter in made.named_parameters():
        if name.endswith(("bias", "gains")):
            parameter.data.normal_(std=0.2, generator=torch.Generator().manual_seed(len(name)))
    return made.eval().requires_grad_(requires_grad=False)


def random_hidden(rows: int, length: int) -> dict[int, Tensor]:
    source = torch.Generator().manual_seed(3)
    return {layer: torch.randn(rows, length, 32, generator=source) for layer in (1, 2)}


def linear(layer: torch.nn.Linear, x: Tensor) -> Tensor:
    return x @ layer.weight.T + layer.bias


def attention_at(part: Projections, x: Tensor, position: int) -> Tensor:
    """What one position (T, d) finds in those up to it, one head at a time, scores not scaled."""
    q, k, v = (
        linear(part.q, x[position]),
        linear(part.k, x[: position + 1]),
        linear(part.v, x[: position + 1]),
    )
    found = []
    for n in range(part.n_head):
        size = len(q) // part.n_head
        own = slice(n * size, (n + 1) * size)
        found.append((k[:, own] @ q[own]).softmax(0) @ v[:, own])
    return linear(part.out, torch.cat(found))


def block_at(block: ParallelBlock, hidden: Tensor) -> Tensor:
    """A block for one row (T, d)."""
    x = functional.layer_norm(hidden, (32,), block.norm.weight, block.norm.bias, 1e-5)
    attended = torch.stack([attention_at(block.attention, x, place) for place in range(len(x))])
    mapped = linear(block.onto, functional.gelu(linear(block.into, x)))
    scale = block.settings.gain_scale
    gains = torch.ones(2) if scale is None else (scale * block.gains).exp()
    return hidden + gains[0] * attended + gains[1] * mapped


def reference(head: LaterHead, hidden: Mapping[int, Tensor], position: int) -> Tensor:
    """The head for one row, formula by formula."""
    pooled = []
    for tower, layer in zip(head.towers, head.settings.layers, strict=True):
        assert isinstance(tower, LaterTower)
        stream = hidden[layer]
        for block in tower.blocks:
            assert isinstance(block, ParallelBlock)
            stream = block_at(block, stream)
        x = functional.layer_norm(stream, (32,), tower.norm.weight, tower.norm.bias, 1e-5)
        pooled.append(attention_at(tower.attention, x, position))
    z = torch.cat(pooled)
    mlp = head.mlp
    return linear(head.logits, z + linear(mlp.out, functional.gelu(linear(mlp.into, z))))


def test_the_head_equals_its_formula(head: Head) -> None:
    assert isinstance(head, LaterHead)
    hidden = random_hidden(3, 9)
    positions = torch.tensor([8, 4, 0])
    outputs = head(hidden, positions)
    for row in range(3):
        alone = reference(head, {layer: h[row] for layer, h in hidden.items()}, int(positions[row]))
        torch.testing.assert_close(outputs[row], alone, atol=1e-5, rtol=1e-5)


def test_what_stands_behind_the_selection_token_is_invisible(head: Head) -> None:
    hidden = random_hidden(1, 9)
    changed = {layer: h.clone() for layer, h in hidden.items()}
    for value in changed.values():
        value[:, 5:] = 100.0
    at = torch.tensor([4])
    torch.testing.assert_close(head(hidden, at), head(changed, at))


def test_weights_have_the_names_and_shapes_of_the_docstring() -> None:
    changes = {"attention_width": 16, "output_ratio": 1.5, "blocks": 1, "gain_scale": 1.0}
    d, a, o, both, r = 32, 16, 48, 96, 2
    expected = {
        **{f"towers.0.blocks.0.attention.{name}.weight": (a, d) for name in "qkv"},
        "towers.0.blocks.0.attention.out.weight": (d, a),
        "towers.0.blocks.0.norm.weight": (d,),
        "towers.0.blocks.0.into.weight": (r * d, d),
        "towers.0.blocks.0.onto.weight": (d, r * d),
        "towers.0.blocks.0.gains": (2,),
        "towers.1.norm.bias": (d,),
        **{f"towers.1.attention.{name}.weight": (a, d) for name in "qkv"},
        "towers.1.attention.out.weight": (o, a),
        "mlp.into.weight": (r * both, both),
        "mlp.out.weight": (both, r * both),
        "logits.weight": (2, both),
    }
    found = {
        name: tuple(value.shape) for name, value in make_head(settings_of(**changes)).state_dict().items()
    }
    assert expected.items() <= found.items()


def test_queries_keys_and_values_begin_orthogonal_together() -> None:
    fresh = make_head(settings_of()).initialise(torch.Generator().manual_seed(1))
    (first, *_) = (module for module in fresh.modules() if isinstance(module, Projections))
    joint = torch.cat([first.q.weight, first.k.weight, first.v.weight])
    torch.testing.assert_close(joint.T @ joint, torch.eye(32), atol=1e-5, rtol=0)
    small = fresh.logits.weight @ fresh.logits.weight.T
    torch.testing.assert_close(small, torch.eye(2) * 0.02**2, atol=1e-7, rtol=0)


def test_a_saved_head_comes_back_the_same(head: Head, tmp_path: Path) -> None:
    save_head(head, tmp_path)
    again = load_head(tmp_path, "autoreviewer", head.settings.generator, n_layer=4, positions=256)
    assert again.settings == head.settings
    hidden, at = random_hidden(2, 6), torch.tensor([5, 3])
    torch.testing.assert_close(again(hidden, at), head(hidden, at), atol=0, rtol=0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"form": "2021", "blocks": 1},
        {"form": "2021", "gain_scale": 1.0},
        {"attention_width": 15},
        {"name": "../selector"},
        {"reads": "tags"},
        {"blocks": -1},
    ],
)
def test_settings_that_make_no_head_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings_of(**wrong)


def test_what_heads_read_goes_by_their_names_unless_it_is_said() -> None:
    names = ("selector", "sentiment", "autoreviewer", "other")
    reads = {name: settings_of(name=name).reads for name in names}
    assert reads == dict(zip(names, ("thread", "words", "review", "thread"), strict=True))
    assert settings_of(name="autoreviewer", reads="thread").reads == "thread"


@pytest.fixture
def three_heads(whole_folder: Path, generator: GeneratorModel, tmp_path: Path) -> Path:
    """A model folder to which an autoreviewer's two files were added."""
    folder = tmp_path / "three"
    shutil.copytree(whole_folder, folder)
    third = make_head(settings_of(generator=generator.identity, layers=(0, 1)))
    third.initialise(torch.Generator().manual_seed(9)).logits.weight.data.mul_(200)
    save_head(third, folder / "heads")
    return folder


def test_a_head_is_added_by_its_files(
    three_heads: Path, settings: WritingSettings, sample: GenerationJob
) -> None:
    generator = load_generator(str(three_heads), device="cpu")
    heads = load_heads(generator)
    assert list(heads) == ["selector", "sentiment", "autoreviewer"]
    runner = JobRunner(generator, heads, settings)
    result, report = runner.run("job", sample)
    assert len(set(report.scores.further["autoreviewer"])) == report.texts
    assert "autoreviewer" in report.fields()
    assert isinstance(result, GenerationResult)
    assert result.autoreview == report.scores.further["autoreviewer"]
    assert "ckpt_autoreviewer" in result.model_info
    assert "hparams_autoreviewer" in result.model_info


def test_in_a_later_format_the_reviewer_reads_a_turn_more_than_the_selector(
    three_heads: Path, settings: WritingSettings, sample: GenerationJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = load_generator(str(three_heads), device="cpu")
    seen: dict[str, list[str]] = {}

    def noting(self: Scorer, threads: Any, words: Any, kind: Any, readings: Any, reviews: Any) -> Scores:
        seen.update(threads=threads, reviews=reviews)
        return score(self, threads, words, kind, readings, reviews)

    score = Scorer.score
    monkeypatch.setattr(Scorer, "score", noting)
    voice = replace(settings.voice, form=FORMATS["later"], years={2014: 1.0})
    runner = JobRunner(generator, load_heads(generator), replace(settings, voice=voice))
    job = sample.model_copy(update={"prompt": "友alice会first域mine友bob会second域"})
    result, _report = runner.run("job", job)
    for thread, review in zip(seen["threads"], seen["reviews"], strict=True):
        assert "#1 bob posted:" in thread
        assert "mine" not in thread
        assert "#1 Frank posted:\n\n mine" in review
    assert isinstance(result, GenerationResult)
    scorer = Scorer(generator.network, generator.encoder, load_heads(generator))
    expected = scorer.differences({"autoreviewer": seen["reviews"]})["autoreviewer"].sigmoid().tolist()
    assert result.autoreview == pytest.approx(expected, abs=1e-5)


def test_given_texts_are_reviewed_as_well(
    three_heads: Path, runner: JobRunner, settings: WritingSettings
) -> None:
    generator = load_generator(str(three_heads), device="cpu")
    heads = load_heads(generator)
    job = RawSelectJob(texts=["友bob会hello frank域", "a river"], v10_timestamp="3 PM February 2021")
    result, _report = JobRunner(generator, heads, settings).run("job", job)
    assert isinstance(result, RawSelectResult)
    threads = [given_texts(text, settings.voice, written=job.v10_timestamp)[0] for text in job.texts]
    scorer = Scorer(generator.network, generator.encoder, heads)
    expected = scorer.differences({"autoreviewer": threads})["autoreviewer"].sigmoid().tolist()
    assert result.autoreview == pytest.approx(expected, abs=1e-5)
    without, _report = runner.run("job", job)
    assert "autoreview" not in without.model_dump()


def test_all_heads_look_at_one_pass_as_deep_as_the_deepest(
    three_heads: Path, encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts that two heads read alike are run once."""
    generator = load_generator(str(three_heads), device="cpu")
    heads = load_heads(generator)
    passes: list[tuple[int, int]] = []

    def counting(network: Any, ids: Tensor, layers: Collection[int]) -> dict[int, Tensor]:
        passes.append((len(ids), max(layers)))
        return run_trunk(network, ids, layers)

    monkeypatch.setattr(scoring, "run_trunk", counting)
    threads, words = ["hello frank", "a river"], ["frank", "a"]
    scores = Scorer(generator.network, encoder, heads).score(threads, words, "responses")
    assert passes == [(4, 2)]
    alone = Scorer(generator.network, encoder, heads).differences({"autoreviewer": threads})
    expected = alone["autoreviewer"].sigmoid().tolist()
    assert scores.further["autoreviewer"] == pytest.approx(expected, abs=1e-5)
