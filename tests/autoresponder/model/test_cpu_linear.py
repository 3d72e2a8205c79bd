"""Packed layers compute what plain ones do: exactly in float32, nearly in int8, each row for itself."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers import GPT2LMHeadModel

from autoresponder.model.cpu_linear import Int8Linear, PackedLinear, count_weights, pack_linears


def layer(bias: bool = True) -> nn.Linear:
    torch.manual_seed(1)
    return nn.Linear(48, 80, bias=bias).requires_grad_(requires_grad=False)


@pytest.mark.parametrize("rows", [(1,), (13,), (2, 7), (300,)])
@pytest.mark.parametrize("bias", [True, False])
def test_packed_layers_give_the_same_numbers(rows: tuple[int, ...], bias: bool) -> None:
    plain = layer(bias)
    x = torch.randn(*rows, 48)
    torch.testing.assert_close(PackedLinear(plain.weight, plain.bias)(x), plain(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("bias", [True, False])
def test_int8_is_near(bias: bool) -> None:
    plain = layer(bias)
    x = torch.randn(13, 48) * torch.logspace(-3, 3, 13)[:, None]
    exact, near = plain(x), Int8Linear(plain.weight, plain.bias)(x)
    error = (near - exact).norm(dim=1) / exact.norm(dim=1)
    assert float(error.max()) < 0.03


def test_an_int8_row_does_not_depend_on_its_neighbours() -> None:
    plain = layer()
    x = torch.randn(5, 48)
    quantised = Int8Linear(plain.weight, plain.bias)
    crowd = torch.cat([x, 1000 * torch.randn(8, 48)])
    assert torch.equal(quantised(crowd)[:5], quantised(x))
    assert torch.equal(quantised(torch.zeros(1, 48)), plain.bias[None])


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
