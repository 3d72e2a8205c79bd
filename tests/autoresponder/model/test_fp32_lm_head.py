"""Networks in short number formats give logits that are as exact as their hidden states."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, GPT2LMHeadModel, PretrainedConfig

from autoresponder.generation.decoder import Decoder
from autoresponder.model.fp32_lm_head import keep_logits_exact
from tests.autoresponder.model.test_other_networks import CONFIGS

PROMPT = [5, 6, 7, 8, 9, 10]


@pytest.fixture
def far_from_zero(network: GPT2LMHeadModel) -> GPT2LMHeadModel:
    """All logits lie near -100, as those of a trained GPT-2 do."""
    made = copy.deepcopy(network)
    made.lm_head.weight.data[:, 0] = 1.0
    made.transformer.ln_f.weight.data[0] = 0.0
    made.transformer.ln_f.bias.data[0] = -100.0
    return made


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_logits_far_from_zero_are_not_rounded_to_the_short_format(
    far_from_zero: GPT2LMHeadModel, dtype: torch.dtype
) -> None:
    short: Any = far_from_zero.to(dtype=dtype)  # type: ignore[call-arg]
    weight = short.lm_head.weight
    decoder = Decoder(short, slots=1)
    decoder.place(0, decoder.prefill(PROMPT[:-1]))
    given: list[Tensor] = []
    short.lm_head.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    logits = decoder.step(PROMPT[-1:])[0]
    hidden = given[-1].flatten(0, -2)[-1]  # (d,), as exact as it is in this format
    exact = hidden.double() @ weight.double().T
    assert hidden.dtype is dtype
    assert logits.dtype is torch.float32
    assert -110 < float(exact.mean()) < -90
    error = [float((found - exact).abs().max()) for found in (logits, (hidden @ weight.T).float())]
    assert error[0] < 1e-4
    assert error[1] > 0.02


@pytest.mark.parametrize("kind", list(CONFIGS))
def test_every_kind_of_network_gives_float32_logits(kind: str) -> None:
    config: PretrainedConfig = copy.deepcopy(CONFIGS[kind])  # the dtype is written into it
    auto: Any = AutoModelForCausalLM
    network = auto.from_config(config, dtype=torch.bfloat16).requires_grad_(requires_grad=False)
    embedding = network.get_input_embeddings().weight.clone()
    keep_logits_exact(network)
    keep_logits_exact(network)
    assert network(torch.tensor([PROMPT])).logits.dtype is torch.float32
    assert torch.equal(network.get_input_embeddings().weight, embedding)
    assert network.get_input_embeddings().weight.dtype is torch.bfloat16


def test_a_network_in_float32_stays_as_it_is(network: GPT2LMHeadModel) -> None:
    before = network.lm_head
    keep_logits_exact(network)
    assert network.lm_head is before
