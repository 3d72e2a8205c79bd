"""The head against its formula written out for one row, its initialisation, and its files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.nn import functional

from autoresponder.errors import HeadMismatchError, ModelCorruptError, ModelError, ModelMissingError
from autoresponder.heads.files import load_head, save_head
from autoresponder.heads.head_2021 import (
    Calibration,
    GeneratorIdentity,
    Head,
    HeadSettings,
    PooledAttention,
    head_heads,
    head_layers,
)

IDENTITY = GeneratorIdentity(name="tiny", sha256="ab" * 32)
OTHER = GeneratorIdentity(name="other", sha256="cd" * 32)


def settings_of(**changes: object) -> HeadSettings:
    values: dict[str, object] = {
        "name": "selector",
        "generator": IDENTITY,
        "layers": (1, 2),
        "width": 32,
        "n_head": 2,
        "mlp_ratio": 3,
        "max_tokens": 100,
    }
    return HeadSettings.model_validate(values | changes)


def new_head(**changes: object) -> Head:
    return Head(settings_of(**changes)).initialise(torch.Generator().manual_seed(7)).eval()


def random_hidden(rows: int, length: int) -> dict[int, Tensor]:
    source = torch.Generator().manual_seed(3)
    return {layer: torch.randn(rows, length, 32, generator=source) for layer in (1, 2)}


def full_attention(tower: PooledAttention, hidden: Tensor) -> Tensor:
    """The tower for one row (T, d), every position a query, causal mask, one head at a time."""
    x = functional.layer_norm(hidden, (32,), tower.norm.weight, tower.norm.bias, 1e-5)
    q, k, v = torch.split(x @ tower.qkv.weight.T + tower.qkv.bias, 32, dim=-1)
    size = 32 // tower.n_head
    parts = []
    for n in range(tower.n_head):
        part = slice(n * size, (n + 1) * size)
        scores = q[:, part] @ k[:, part].T / math.sqrt(size)
        seen = torch.ones_like(scores).tril().bool()
        parts.append(torch.where(seen, scores, -torch.inf).softmax(-1) @ v[:, part])
    return torch.cat(parts, dim=-1) @ tower.out.weight.T + tower.out.bias


def reference(head: Head, hidden: dict[int, Tensor], position: int) -> Tensor:
    """The 2021 head for one row, formula by formula."""
    towers = [t for t in head.towers if isinstance(t, PooledAttention)]
    z = torch.cat([full_attention(t, hidden[n])[position] for t, n in zip(towers, (1, 2), strict=True)])
    inner = functional.gelu(z @ head.mlp.into.weight.T + head.mlp.into.bias, approximate="tanh")
    z = z + inner @ head.mlp.out.weight.T + head.mlp.out.bias
    return z @ head.logits.weight.T + head.logits.bias


def test_the_head_equals_its_formula() -> None:
    head = new_head()
    hidden = random_hidden(3, 11)
    positions = torch.tensor([10, 4, 0])
    outputs = head(hidden, positions)
    for row in range(3):
        alone = reference(head, {n: h[row] for n, h in hidden.items()}, int(positions[row]))
        torch.testing.assert_close(outputs[row], alone, atol=1e-6, rtol=1e-5)


def test_what_stands_behind_the_selection_token_is_invisible() -> None:
    head = new_head()
    hidden = random_hidden(1, 11)
    changed = {n: h.clone() for n, h in hidden.items()}
    for value in changed.values():
        value[:, 5:] = 100.0
    at = torch.tensor([4])
    torch.testing.assert_close(head(hidden, at), head(changed, at))


def test_parameter_count_of_the_2021_selector_and_sentiment_heads() -> None:
    with torch.device("meta"):
        selector = Head(settings_of(layers=(7, 23), width=1600, n_head=40, mlp_ratio=3))
        sentiment = Head(settings_of(layers=(7, 23), width=1600, n_head=32, mlp_ratio=1))
    assert sum(p.numel() for p in selector.parameters()) == pytest.approx(82.0e6, rel=2e-3)
    assert sum(p.numel() for p in sentiment.parameters()) == pytest.approx(41.0e6, rel=2e-3)


def test_weights_have_the_names_and_shapes_of_the_docstring() -> None:
    d, both, r = 32, 64, 3
    expected: dict[str, tuple[int, ...]] = {"logits.weight": (2, both), "logits.bias": (2,)}
    for tower in ("towers.0", "towers.1"):
        expected |= {f"{tower}.norm.weight": (d,), f"{tower}.norm.bias": (d,)}
        expected |= {f"{tower}.qkv.weight": (3 * d, d), f"{tower}.qkv.bias": (3 * d,)}
        expected |= {f"{tower}.out.weight": (d, d), f"{tower}.out.bias": (d,)}
    expected |= {"mlp.into.weight": (r * both, both), "mlp.into.bias": (r * both,)}
    expected |= {"mlp.out.weight": (both, r * both), "mlp.out.bias": (both,)}
    assert {name: tuple(value.shape) for name, value in new_head().state_dict().items()} == expected


def test_kernels_begin_orthogonal_and_biases_zero() -> None:
    head = new_head()
    qkv = head.towers[0].qkv
    assert isinstance(qkv, torch.nn.Linear)
    torch.testing.assert_close(qkv.weight.T @ qkv.weight, torch.eye(32), atol=1e-5, rtol=0)
    small = head.logits.weight @ head.logits.weight.T
    torch.testing.assert_close(small, torch.eye(2) * 0.02**2, atol=1e-7, rtol=0)
    assert not head.mlp.into.bias.any()


@pytest.mark.parametrize(
    ("basis", "difference"), [("logits", 2.0), ("sum_difference", 3.0)], ids=["logits", "sum, difference"]
)
def test_the_difference_is_positive_minus_negative(basis: str, difference: float) -> None:
    head = new_head(basis=basis)
    assert head.difference(torch.tensor([[1.0, 3.0]])).tolist() == [difference]


@pytest.mark.parametrize(
    ("blocks", "layers"),
    [(48, (7, 23)), (12, (2, 6)), (24, (4, 12)), (6, (1, 3)), (2, (0, 1)), (1, (0,))],
)
def test_layers_stand_at_the_same_relative_depth(blocks: int, layers: tuple[int, ...]) -> None:
    assert head_layers(blocks) == layers


@pytest.mark.parametrize(
    ("width", "wanted", "heads"),
    [(1600, 40, 40), (1600, 32, 32), (768, 40, 24), (192, 40, 6), (32, 40, 1), (7, 4, 1)],
)
def test_number_of_heads_divides_the_width(width: int, wanted: int, heads: int) -> None:
    assert head_heads(width, wanted) == heads


def test_calibration_is_a_line_per_type_of_text() -> None:
    settings = settings_of(calibration={"responses": {"alpha": 2.0, "beta": -1.0}})
    assert settings.calibration_of("responses").apply(torch.tensor([3.0])).tolist() == [5.0]
    assert settings.calibration_of("originals") == Calibration()


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_head": 5},
        {"layers": (2, 1)},
        {"layers": ()},
        {"layers": (-1, 1)},
        {"calibration": {"reblogs": {}}},
        {"calibration": {"responses": {"alpha": float("nan")}}},
        {"generator": {"name": "x", "sha256": "short"}},
        {"unknown": 1},
    ],
)
def test_settings_that_make_no_head_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings_of(**wrong)


def test_a_saved_head_comes_back_the_same(tmp_path: Path) -> None:
    head = new_head(calibration={"originals": {"alpha": 0.5, "beta": 0.25}}, attention_dropout=0.1)
    save_head(head, tmp_path / "heads")
    again = load_head(tmp_path / "heads", "selector", IDENTITY, n_layer=4, positions=256)
    assert again.settings == head.settings
    assert not again.training
    hidden, at = random_hidden(2, 6), torch.tensor([5, 3])
    torch.testing.assert_close(again(hidden, at), head(hidden, at), atol=0, rtol=0)


def spoil_json(folder: Path, **changes: object) -> None:
    path = folder / "selector.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def save_nan(folder: Path) -> None:
    head = new_head()
    head.logits.weight.data[0, 0] = torch.nan
    save_head(head, folder)


@pytest.mark.parametrize(
    ("spoil", "error", "says"),
    [
        (lambda f: (f / "selector.json").unlink(), ModelMissingError, "generator.heads"),
        (lambda f: (f / "selector.safetensors").unlink(), ModelMissingError, "weights"),
        (lambda f: (f / "selector.json").write_text("{"), ModelCorruptError, "selector.json"),
        (lambda f: spoil_json(f, n_head=5), ModelCorruptError, "n_head 5"),
        (lambda f: spoil_json(f, mlp_ratio=1), ModelCorruptError, "does not fit its settings"),
        (lambda f: spoil_json(f, name="sentiment"), HeadMismatchError, "is the sentiment head"),
        (lambda f: spoil_json(f, generator=OTHER.model_dump()), HeadMismatchError, "other .cdcdcdcdcdcd"),
        (lambda f: spoil_json(f, layers=[1, 9]), HeadMismatchError, "block 9"),
        (lambda f: spoil_json(f, max_tokens=257), HeadMismatchError, "257 tokens"),
        (lambda f: truncate(f / "selector.safetensors"), ModelCorruptError, "not a whole safetensors"),
        (save_nan, ModelCorruptError, "not finite"),
    ],
)
def test_a_head_that_cannot_be_used_says_why(
    tmp_path: Path, spoil: object, error: type[ModelError], says: str
) -> None:
    save_head(new_head(), tmp_path)
    assert callable(spoil)
    spoil(tmp_path)
    with pytest.raises(error, match=says):
        load_head(tmp_path, "selector", IDENTITY, n_layer=4, positions=256)
