"""The penalty on repetition, and the mass of the likeliest, on worked numbers."""

from __future__ import annotations

import pytest
import torch

from autoresponder.sampling.base import FILTERED
from autoresponder.sampling.penalised import LikeliestMass, RepetitionPenalty
from autoresponder.sampling.registry import build_sampler
from autoresponder.sampling.top_p import TopP
from autoresponder.settings import SamplerConfig


def after(sampler: RepetitionPenalty, *tokens: int, vocabulary: int = 8) -> list[float]:
    """What the logits of one row, all 0, become once it has written these tokens."""
    logits = torch.zeros(1, vocabulary)
    state = sampler.begin(torch.zeros(1))
    for token in tokens:
        state = sampler.observe(torch.tensor([token]), logits, state)
    taken: list[float] = sampler.step(logits, state)[0].tolist()
    return taken


def test_each_time_a_token_was_written_lowers_it_by_the_penalty_and_a_common_one_by_less() -> None:
    sampler = RepetitionPenalty(penalty=1.0, common_share=0.25, common=4, remembered=8)
    assert after(sampler) == [0.0] * 8
    assert after(sampler, 1, 5, 5) == [0, -0.25, 0, 0, 0, -2, 0, 0]


def test_what_was_written_long_ago_is_forgotten() -> None:
    sampler = RepetitionPenalty(penalty=1.0, common_share=1.0, common=0, remembered=2)
    assert after(sampler, 1, 2, 3) == [0, 0, -1, -1, 0, 0, 0, 0]


def test_rows_do_not_share_what_they_wrote() -> None:
    sampler = RepetitionPenalty(penalty=1.0, common=0, remembered=4)
    logits, state = torch.zeros(2, 4), sampler.begin(torch.zeros(2))
    state = sampler.observe(torch.tensor([1, 2]), logits, state)
    assert sampler.step(logits, state).tolist() == [[0, -1, 0, 0], [0, 0, -1, 0]]
    assert sampler.step(logits[:1], state[1:]).tolist() == [[0, 0, -1, 0]]


@pytest.mark.parametrize(("most", "mass", "kept"), [(2, 1.0, 2), (4, 0.6, 2), (3, 0.95, 3), (9, 1.0, 4)])
def test_the_mass_is_that_of_the_likeliest_alone(most: int, mass: float, kept: int) -> None:
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    filtered = LikeliestMass(TopP(mass), most).step(logits, torch.empty(1, 0))
    assert int((filtered > FILTERED / 2).sum()) == kept


def test_it_is_chosen_by_its_name() -> None:
    sampler = build_sampler(SamplerConfig(name="penalised"), window=100)
    assert sampler.width == RepetitionPenalty().width
