"""The trunk gives the full model's hidden states, and padding behind a row changes nothing."""

from __future__ import annotations

import pytest
import torch
from transformers import GPT2LMHeadModel

from autoresponder.model.trunk import run_trunk


def some_ids(rows: int, length: int) -> torch.Tensor:
    return torch.randint(1, 300, (rows, length), generator=torch.Generator().manual_seed(2))


def test_the_trunk_equals_the_full_model(network: GPT2LMHeadModel) -> None:
    ids = some_ids(3, 40)
    full = network(ids, output_hidden_states=True).hidden_states
    kept = run_trunk(network, ids, (0, 2))
    assert list(kept) == [0, 2]
    for layer, hidden in kept.items():
        torch.testing.assert_close(hidden, full[layer + 1], atol=1e-5, rtol=1e-5)


def test_what_stands_behind_a_row_is_invisible(network: GPT2LMHeadModel) -> None:
    ids = some_ids(2, 20)
    padded = torch.cat([ids, torch.zeros(2, 9, dtype=torch.long)], dim=1)
    alone = run_trunk(network, ids, (2,))[2]
    torch.testing.assert_close(run_trunk(network, padded, (2,))[2][:, :20], alone, atol=1e-5, rtol=1e-5)


def test_blocks_deeper_than_asked_for_do_not_run(network: GPT2LMHeadModel) -> None:
    ran: list[int] = []
    handles = [
        block.register_forward_hook(lambda *_, index=index: ran.append(index))
        for index, block in enumerate(network.transformer.h)
    ]
    run_trunk(network, some_ids(1, 5), (1,))
    for handle in handles:
        handle.remove()
    assert ran == [0, 1]


def test_a_block_the_model_has_not_is_refused(network: GPT2LMHeadModel) -> None:
    with pytest.raises(ValueError, match="model with 4"):
        run_trunk(network, some_ids(1, 5), (4,))
