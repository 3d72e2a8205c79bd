"""Packed layers compute what plain ones do: exactly in float32, nearly in int8, each row for itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers import GPT2LMHeadModel

from autoresponder.model import cpu_tiles
from autoresponder.model.cpu_int8_tiles import SUPPORTED, TiledInt8Linear
from autoresponder.model.cpu_linear import Int8Linear, PackedLinear, count_weights, pack_linears
from autoresponder.model.cpu_tiles import GATED, NORMED, PLAIN, TiledLayer, TiledLinear


def layer(bias: bool = True) -> nn.Linear:
    torch.manual_seed(1)
    return nn.Linear(48, 80, bias=bias).requires_grad_(requires_grad=False)


@pytest.mark.parametrize("kind", [PackedLinear, TiledLinear])
@pytest.mark.parametrize("rows", [(1,), (13,), (2, 7), (300,)])
@pytest.mark.parametrize("bias", [True, False])
def test_packed_layers_give_the_same_numbers(
    kind: type[PackedLinear | TiledLinear], rows: tuple[int, ...], bias: bool
) -> None:
    plain = layer(bias)
    x = torch.randn(*rows, 48)
    torch.testing.assert_close(kind(plain.weight, plain.bias)(x), plain(x), atol=1e-5, rtol=1e-5)


tiles = pytest.param(TiledInt8Linear, marks=pytest.mark.skipif(not SUPPORTED, reason="no AVX-512 VNNI"))
each_int8 = pytest.mark.parametrize("kind", [Int8Linear, tiles])


@each_int8
@pytest.mark.parametrize("bias", [True, False])
def test_int8_is_near(kind: type[Int8Linear | TiledInt8Linear], bias: bool) -> None:
    plain = layer(bias)
    x = torch.randn(13, 48) * torch.logspace(-3, 3, 13)[:, None]
    exact, near = plain(x), kind(plain.weight, plain.bias)(x)
    error = (near - exact).norm(dim=1) / exact.norm(dim=1)
    assert float(error.max()) < 0.03


@each_int8
def test_an_int8_row_does_not_depend_on_its_neighbours(kind: type[Int8Linear | TiledInt8Linear]) -> None:
    plain = layer()
    x = torch.randn(5, 48)
    quantised = kind(plain.weight, plain.bias)
    crowd = torch.cat([x, 1000 * torch.randn(8, 48)])
    assert torch.equal(quantised(crowd)[:5], quantised(x))
    assert torch.equal(quantised(torch.zeros(1, 48)), plain.bias[None])


@each_int8
@pytest.mark.parametrize("what", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_stays_in_its_row(kind: type[Int8Linear | TiledInt8Linear], what: float) -> None:
    plain = layer()
    x = torch.randn(3, 48)
    x[1, 7] = what
    made = kind(plain.weight, plain.bias)(x)
    assert not made[1].isfinite().any()
    assert made[[0, 2]].isfinite().all()


@pytest.mark.skipif(not SUPPORTED, reason="no AVX-512 VNNI")
@settings(deadline=None, max_examples=40)
@given(
    rows=st.integers(1, 45),
    inputs=st.integers(1, 300),
    outputs=st.integers(1, 100),
    seed=st.integers(0, 100),
    worth_threads=st.sampled_from([0, 1 << 40]),
)
def test_tiles_add_up_bytes_without_a_mistake(
    rows: int, inputs: int, outputs: int, seed: int, worth_threads: int
) -> None:
    """Against integers of Python's own size; the largest products too, which a sum of 16 bits cannot hold."""
    chance = torch.Generator().manual_seed(seed)
    x = torch.randint(-127, 128, (rows, inputs), generator=chance).float()
    weight = torch.randint(-127, 128, (outputs, inputs), generator=chance).float()
    x[:, 0], weight[:, 0] = 127.0, 127.0  # so that a byte is worth 1
    bias = torch.randint(-9, 9, (outputs,), generator=chance).float()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpu_tiles, "WORTH_THREADS", worth_threads)
        made = TiledInt8Linear(weight, bias)(x)
    assert torch.equal(made.double(), x.double() @ weight.double().T + bias.double())


@settings(deadline=None, max_examples=40)
@given(
    rows=st.integers(1, 45),
    inputs=st.integers(1, 300),
    outputs=st.integers(1, 100),
    worth_threads=st.sampled_from([0, 1 << 40]),
)
def test_tiles_of_floats_add_up_whole_numbers_without_a_mistake(
    rows: int, inputs: int, outputs: int, worth_threads: int
) -> None:
    chance = torch.Generator().manual_seed(rows)
    x = torch.randint(-99, 100, (rows, inputs), generator=chance).float()
    weight = torch.randint(-99, 100, (outputs, inputs), generator=chance).float()
    bias = torch.randint(-9, 9, (outputs,), generator=chance).float()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpu_tiles, "WORTH_THREADS", worth_threads)
        made = TiledLinear(weight, bias)
        stream = x.new_ones(rows, outputs)
        made.multiply(x.numpy(), into=stream.numpy())
        assert torch.equal(made(x), x @ weight.T + bias)
    assert torch.equal(stream, x @ weight.T + bias + 1)


each_tiled = pytest.mark.parametrize("kind", [TiledLinear, tiles])


@each_tiled
@pytest.mark.parametrize("rows", [1, 5, 13, 30])
@pytest.mark.parametrize("inputs", [36, 4100])  # for one thread, and for all
def test_a_layer_does_before_and_behind_what_it_is_told(
    kind: type[TiledLayer], rows: int, inputs: int
) -> None:
    torch.manual_seed(3)
    made = kind(torch.randn(40, inputs) / inputs**0.5, torch.randn(40))
    x, weight, gate_up = torch.randn(rows, inputs), torch.randn(inputs), 3 * torch.randn(rows, 2 * inputs)
    norm, stream = (weight.numpy(), 1e-5), torch.randn(rows, 40)
    added = stream.clone()
    made.multiply(x.numpy(), into=added.numpy())
    torch.testing.assert_close(added, made(x) + stream, atol=1e-6, rtol=1e-6)
    for before, given_, expected in (
        (PLAIN, x, x),
        (NORMED, x, torch.nn.functional.rms_norm(x, (inputs,), weight, 1e-5)),
        (GATED, gate_up, torch.nn.functional.silu(gate_up[:, :inputs]) * gate_up[:, inputs:]),
    ):
        together = made.multiply(given_.numpy(), before, norm)
        # In int8 a number that lies on the edge between two bytes may fall to either.
        nearness = 0.02 if kind is TiledInt8Linear else 1e-4
        torch.testing.assert_close(torch.from_numpy(together), made(expected), atol=nearness, rtol=0)
        alone = [made.multiply(row[None].numpy(), before, norm) for row in given_]
        assert np.array_equal(np.concatenate(alone), together)


@pytest.mark.parametrize(("dtype", "nearness"), [("float32", 1e-4), ("int8", 0.15)])
def test_a_packed_network_is_the_same_network(network: GPT2LMHeadModel, dtype: str, nearness: float) -> None:
    packed = GPT2LMHeadModel(network.config)
    packed.load_state_dict(network.state_dict())
    packed.requires_grad_(requires_grad=False)
    packed.train(mode=False)
    weights = count_weights(packed)
    pack_linears(packed, dtype)
    assert not any(type(module).__name__ in ("Linear", "Conv1D") for module in packed.modules())
    assert count_weights(packed) == weights + packed.transformer.wte.weight.numel()
    ids = torch.arange(1, 30)[None]
    with torch.inference_mode():
        got, exact = packed(ids).logits, network(ids).logits
    assert float((got - exact).norm() / exact.norm()) < nearness
