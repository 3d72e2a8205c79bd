"""Rows in slots give the logits that a full pass over each row alone gives."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from transformers import GPT2LMHeadModel

from autoresponder.generation import cache_slots
from autoresponder.generation.cache_slots import GROWTH
from autoresponder.generation.decoder import Decoder
from autoresponder.model.cpu_attention import attend

PROMPTS = ([5, 6, 7, 8, 9, 10], [11, 12], [13])


def full_pass(network: GPT2LMHeadModel, ids: Sequence[int]) -> Tensor:
    logits: Tensor = network(torch.tensor([list(ids)])).logits
    return logits[0, -1]


def begin(decoder: Decoder, prompts: Sequence[list[int]] = PROMPTS) -> list[list[int]]:
    """Place all but the last id of each prompt; the last one is the first to be stepped."""
    for slot, prompt in enumerate(prompts):
        decoder.place(slot, decoder.prefill(prompt[:-1]))
    return [list(prompt) for prompt in prompts]


def check_step(decoder: Decoder, network: GPT2LMHeadModel, rows: list[list[int]]) -> None:
    logits = decoder.step([row[-1] for row in rows])
    for row, got in zip(rows, logits, strict=True):
        torch.testing.assert_close(got, full_pass(network, row), atol=1e-4, rtol=1e-4)


def test_rows_of_different_lengths_grow_side_by_side(network: GPT2LMHeadModel) -> None:
    decoder = Decoder(network, slots=3)
    rows = begin(decoder)
    for token in (20, 21, 22):
        check_step(decoder, network, rows)
        rows = [[*row, token + i] for i, row in enumerate(rows)]
    check_step(decoder, network, rows)


def test_a_slot_can_be_begun_anew_while_others_go_on(network: GPT2LMHeadModel) -> None:
    decoder = Decoder(network, slots=3)
    rows = begin(decoder)
    check_step(decoder, network, rows)
    decoder.place(1, decoder.prefill([30, 31, 32]))
    check_step(decoder, network, [[*rows[0], 40], [30, 31, 32, 33], [*rows[2], 42]])


def test_a_gap_is_closed_by_moving_the_last_row(network: GPT2LMHeadModel) -> None:
    decoder = Decoder(network, slots=3)
    rows = begin(decoder)
    check_step(decoder, network, rows)
    decoder.move(2, 0)
    check_step(decoder, network, [[*rows[2], 40], [*rows[1], 41]])


def test_no_row_sees_another(network: GPT2LMHeadModel) -> None:
    """The same first row beside two different neighbours has the very same logits."""
    seen = []
    for neighbour in ([11, 12], [300, 301]):
        decoder = Decoder(network, slots=2)
        begin(decoder, [PROMPTS[0], neighbour])
        first = [decoder.step([10, token]) for token in (12, 99)]
        seen.append(torch.stack([logits[0] for logits in first]))
    assert torch.equal(seen[0], seen[1])


def test_buffers_grow_without_forgetting(network: GPT2LMHeadModel) -> None:
    decoder = Decoder(network, slots=2)
    long = [1 + i % 50 for i in range(GROWTH - 1)]
    rows = begin(decoder, [long, [7]])
    for token in (3, 4, 5):
        check_step(decoder, network, rows)
        rows = [[*row, token] for row in rows]


def test_one_prefix_serves_many_slots(network: GPT2LMHeadModel) -> None:
    decoder = Decoder(network, slots=3)
    prefix = decoder.prefill([5, 6, 7])
    for slot in range(3):
        decoder.place(slot, prefix)
    check_step(decoder, network, [[5, 6, 7, token] for token in (8, 9, 8)])
    decoder.place(0, prefix)
    check_step(decoder, network, [[5, 6, 7, 90], [5, 6, 7, 9, 91]])


@pytest.mark.parametrize("prompt", [[5], [5, 6]])
def test_a_prompt_of_a_single_token_needs_no_prefill(network: GPT2LMHeadModel, prompt: list[int]) -> None:
    decoder = Decoder(network, slots=1)
    assert decoder.prefill(prompt[:-1]).length == len(prompt) - 1
    check_step(decoder, network, begin(decoder, [prompt]))


@pytest.mark.parametrize(("length", "shared"), [(3, False), (100, True)])
def test_threads_share_only_what_is_worth_waiting_for_them(
    network: GPT2LMHeadModel, monkeypatch: pytest.MonkeyPatch, length: int, shared: bool
) -> None:
    """On a busy machine another thread can take longer to come than a small piece of work takes alone."""
    asked: list[bool] = []

    def look(*given: object, in_threads: bool) -> None:
        asked.append(in_threads)
        attend(*given, in_threads=False)  # type: ignore[arg-type]

    monkeypatch.setattr(cache_slots, "attend", look)
    monkeypatch.setattr(cache_slots, "WORTH_THREADS", 100_000)
    monkeypatch.setattr(cache_slots, "threads", lambda: 2)
    slots = 40
    decoder = Decoder(network, slots)
    prefix = decoder.prefill([7] * length)
    for slot in range(slots):
        decoder.place(slot, prefix)
    decoder.step([5] * slots)
    assert set(asked) == {shared}
