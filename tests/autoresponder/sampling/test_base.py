"""Samplers against scalar references and worked numbers on hand-made distributions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import (
    LogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from autoresponder.generation.draws import draws_of_attempt, seeded
from autoresponder.sampling.base import (
    FEW,
    FILTERED,
    TARGETS_2021,
    Chain,
    Sampler,
    Temperature,
    TopK,
    draw,
    largest,
    surprisal,
)
from autoresponder.sampling.breakruns import Breakruns
from autoresponder.sampling.registry import build_sampler, numbers_of, sampling_info
from autoresponder.sampling.top_p import TopP
from autoresponder.sampling.two_stage_mirostat import Mirostat2, TwoStage
from autoresponder.sampling.typical import Typical
from autoresponder.settings import SAMPLERS, SamplerConfig


def logits_of(*rows: Sequence[float]) -> Tensor:
    """Logits whose softmax is the given probabilities."""
    return torch.tensor(rows).log()


def kept(filtered: Tensor, row: int = 0) -> list[int]:
    return [i for i, value in enumerate(filtered[row].tolist()) if value > FILTERED / 2]


def no_state(rows: int = 1) -> Tensor:
    return torch.empty(rows, 0)


def test_temperature_divides() -> None:
    assert Temperature(0.5).step(torch.tensor([[1.0, 2.0]]), no_state()).tolist() == [[2.0, 4.0]]


def test_a_large_vocabulary_is_filtered_as_a_whole_sort_would() -> None:
    """Rows of which few tokens stay, more, many, and all but some, together and each alone."""
    spread = torch.tensor([4.5, 3.2, 2.0, 0.1])[:, None]
    logits = torch.randn(4, 20_000, generator=torch.Generator().manual_seed(6)) * spread
    ordered, places = logits.softmax(-1).sort(descending=True)
    together = TopP(0.9).step(logits, no_state(4))
    for row in range(4):
        count = int(((ordered[row].cumsum(0) - ordered[row]) < 0.9).sum())
        stay = together[row] > FILTERED / 2
        assert sorted(places[row, :count].tolist()) == stay.nonzero()[:, 0].tolist()
        assert [count > few for few in (500, *FEW)] == [row > 0, row > 1, row > 2]
        assert torch.equal(TopP(0.9).step(logits[row : row + 1], no_state(1))[0], together[row])


@pytest.mark.parametrize("count", [1, 7, 60, 140, 300])
def test_the_largest_of_each_row_are_those_of_topk(count: int) -> None:
    logits = torch.randn(3, 300, generator=torch.Generator().manual_seed(2))
    logits[1, 5] = logits[1, 9]
    logits[2, 4] = torch.nan
    before = logits.clone()
    got, expected = largest(logits, count), logits.topk(count).values
    torch.testing.assert_close(got, expected, rtol=0, atol=0, equal_nan=True)
    torch.testing.assert_close(logits, before, rtol=0, atol=0, equal_nan=True)


def test_no_rows_have_no_largest() -> None:
    assert largest(torch.empty(0, 9000), 100).shape == (0, 100)


SCHEMES = SAMPLERS


@pytest.mark.parametrize("scheme", SCHEMES)
def test_sampling_never_makes_the_host_wait(scheme: str) -> None:
    """Away from the CPU. Tensors without any numbers take that way: to ask one for a value is an error."""
    sampler = build_sampler(SamplerConfig(name=scheme), 2)
    logits, uniforms = torch.empty(4, 3000, device="meta"), torch.empty(4, device="meta")
    state = sampler.begin(torch.empty(4, device="meta"))
    tokens = draw(sampler.step(logits, state), uniforms)
    assert sampler.observe(tokens, logits, state).shape == state.shape
    assert surprisal(logits, tokens).shape == (4,)
    with pytest.raises(RuntimeError, match="meta tensors"):
        bool((logits > 0).all())


def plain_scores(name: str, logits: Tensor) -> Tensor:
    """What transformers' own processors leave of the logits."""
    processors: dict[str, LogitsProcessor] = {
        "temperature": TemperatureLogitsWarper(0.7),
        "top_k": TopKLogitsWarper(12),
        "top_p": TopPLogitsWarper(0.8),
        "typical": TypicalLogitsWarper(0.7),
    }
    found: Tensor = processors[name](torch.zeros(len(logits), 1, dtype=torch.long), logits)
    return found.clamp(min=FILTERED)


@pytest.mark.parametrize(
    ("name", "sampler"),
    [
        ("temperature", Temperature(0.7)),
        ("top_k", TopK(12)),
        ("top_p", TopP(0.8)),
        ("typical", Typical(0.7)),
    ],
)
def test_samplers_that_transformers_has_too_filter_alike(name: str, sampler: Sampler) -> None:
    logits = torch.randn(20, 200, generator=torch.Generator().manual_seed(8)) * 2
    got = sampler.step(logits, no_state(20))
    torch.testing.assert_close(got, plain_scores(name, logits), rtol=0, atol=0)
    assert name == "temperature" or bool((got == FILTERED).any())


def test_a_k_beyond_the_vocabulary_keeps_all() -> None:
    assert kept(TopK(9).step(logits_of([0.1, 0.9]), no_state())) == [0, 1]


@pytest.mark.parametrize(
    ("k", "stay"),
    [(0, [0, 1, 2, 3]), (1, [1]), (2, [1, 2, 3]), (3, [1, 2, 3]), (4, [0, 1, 2, 3])],
    ids=["0 keeps all", "1", "2 with a tie", "3", "all"],
)
def test_top_k_keeps_the_largest_and_ties(k: int, stay: list[int]) -> None:
    assert kept(TopK(k).step(logits_of([0.1, 0.5, 0.2, 0.2]), no_state())) == stay


@pytest.mark.parametrize(
    ("p", "stay"),
    [
        (0.01, [0]),
        (0.5, [0]),
        (0.51, [0, 1, 2]),
        (0.76, [0, 1, 2]),
        (0.95, [0, 1, 2]),
        (0.951, [0, 1, 2, 3]),
        (1.0, [0, 1, 2, 3]),
    ],
)
def test_top_p_keeps_while_the_mass_before_is_under_p(p: float, stay: list[int]) -> None:
    """Masses before each token: 0, 0.5, 0.725, 0.95; tokens 1 and 2 tie and stay together."""
    assert kept(TopP(p).step(logits_of([0.5, 0.225, 0.225, 0.05]), no_state())) == stay


def scalar_mirostat_k(probabilities: Sequence[float], mu: float) -> int:
    """The rule of version 2, token by token."""
    ordered = sorted((p for p in probabilities if p > 0), reverse=True)
    mass = bits = 0.0
    count = 0
    for p in ordered:
        mass += p
        bits += -p * math.log2(p)
        count += bits / mass < mu
    return count


@pytest.mark.parametrize(
    ("mu", "k", "stay"),
    [(0.0, 0, [0, 1, 2]), (1.0, 0, [0, 1, 2]), (1.01, 1, [0]), (1.34, 2, [0, 1, 2]), (2.0, 3, [0, 1, 2])],
    ids=["mu 0", "the top token is at mu", "one", "two, and a tie", "all"],
)
def test_mirostat_on_worked_numbers(mu: float, k: int, stay: list[int]) -> None:
    """p = 1/2, 1/4, 1/4 has running expectations 1, 4/3, 3/2; k = 0 truncates nothing."""
    logits = logits_of([0.5, 0.25, 0.25])
    state = torch.tensor([[mu, 2.0]])
    assert Mirostat2().kept(logits.exp(), state).tolist() == [k]
    assert kept(Mirostat2().step(logits, state)) == stay


@settings(max_examples=50, deadline=None)
@given(
    weights=st.lists(st.floats(0.001, 1.0), min_size=2, max_size=30),
    mu=st.floats(0.0, 6.0),
)
def test_mirostat_agrees_with_the_scalar_rule(weights: list[float], mu: float) -> None:
    probabilities = [w / sum(weights) for w in weights]
    k = int(
        Mirostat2().kept(torch.tensor([sorted(probabilities, reverse=True)]), torch.tensor([[mu, 2.0]]))[0]
    )
    nearby = {scalar_mirostat_k(probabilities, mu + error) for error in (-1e-4, 0, 1e-4)}
    assert k in range(min(nearby), max(nearby) + 1)


@pytest.mark.parametrize(
    ("mu", "token", "after"),
    [(2.0, 0, 2.05), (2.0, 1, 2.0), (2.0, 2, 1.95), (0.01, 2, 0.0)],
    ids=["less surprisal than wanted", "just so", "more", "never below 0"],
)
def test_mirostat_moves_mu_against_the_error(mu: float, token: int, after: float) -> None:
    """Surprises of 1, 2 and 3 bits against a target of 2, at rate 0.05."""
    logits = logits_of([0.5, 0.25, 0.125, 0.125])
    state = Mirostat2(0.05).observe(torch.tensor([token]), logits, torch.tensor([[mu, 2.0]]))
    assert state[0].tolist() == pytest.approx([after, 2.0], abs=1e-6)


def test_mirostat_begins_at_the_target() -> None:
    assert Mirostat2().begin(torch.tensor([1.75, 3.0])).tolist() == [[1.75, 1.75], [3.0, 3.0]]


def test_breakruns_warms_up_while_the_most_likely_token_is_drawn() -> None:
    sampler = Breakruns(temperature=1.0, step_per_token=0.5)
    logits = logits_of([0.7, 0.3], [0.7, 0.3])
    state = sampler.begin(torch.zeros(2))
    seen = []
    for tokens in ([0, 0], [0, 1], [0, 0]):
        state = sampler.observe(torch.tensor(tokens), logits, state)
        seen.append(state[:, 0].tolist())
    assert seen == [[1, 1], [2, 0], [3, 1]]
    warm = sampler.step(logits, state)
    torch.testing.assert_close(warm, logits / torch.tensor([[2.5], [1.5]]))


def test_breakruns_can_fall_back_by_degrees() -> None:
    sampler = Breakruns(decay=0.5)
    state = sampler.observe(torch.tensor([1]), logits_of([0.7, 0.3]), torch.tensor([[4.0]]))
    assert state.tolist() == [[2.0]]


def test_breakruns_in_a_chain_sees_the_networks_own_logits() -> None:
    """The filtered logits would make every kept token the argmax."""
    chain = Chain(TopK(1), Breakruns())
    state = chain.observe(torch.tensor([1]), logits_of([0.7, 0.3]), chain.begin(torch.zeros(1)))
    assert state.tolist() == [[0.0]]


def test_two_stages_change_after_the_window_and_the_later_one_begins_afresh() -> None:
    sampler = TwoStage(TopK(1), Mirostat2(1.0), window=2)
    logits = logits_of([0.5, 0.25, 0.25])
    state = sampler.begin(torch.tensor([1.2]))
    for _ in range(2):
        assert kept(sampler.step(logits, state)) == [0]
        state = sampler.observe(torch.tensor([1]), logits, state)
    assert state[0].tolist() == pytest.approx([2.0, 1.2, 1.2])
    assert kept(sampler.step(logits, state)) == [0]
    state = sampler.observe(torch.tensor([0]), logits, state)
    assert state[0].tolist() == pytest.approx([3.0, 1.4, 1.2])
    assert kept(sampler.step(logits, state)) == [0, 1, 2]


def random_logits(rows: int) -> Tensor:
    return torch.randn(rows, 50, generator=torch.Generator().manual_seed(1)) * 3


@pytest.mark.parametrize("sampler", [build_sampler(SamplerConfig(name=scheme), 2) for scheme in SCHEMES])
def test_a_row_is_sampled_alike_alone_and_in_a_batch(sampler: Sampler) -> None:
    targets = torch.tensor([1.8, 2.4, 3.0])
    state = sampler.begin(targets)
    alone = [sampler.begin(targets[i : i + 1]) for i in range(3)]
    for seed in range(4):
        logits = random_logits(3).roll(seed, dims=1)
        tokens = torch.tensor([seed, 7, 9])
        together = sampler.step(logits, state)
        for i in range(3):
            torch.testing.assert_close(sampler.step(logits[i : i + 1], alone[i])[0], together[i])
            alone[i] = sampler.observe(tokens[i : i + 1], logits[i : i + 1], alone[i])
        state = sampler.observe(tokens, logits, state)
    torch.testing.assert_close(state, torch.cat(alone))


def test_surprise_is_in_bits() -> None:
    logits = logits_of([0.5, 0.5], [0.125, 0.875])
    assert surprisal(logits, torch.tensor([0, 0])).tolist() == pytest.approx([1.0, 3.0])


@pytest.mark.parametrize(
    ("uniform", "token"),
    [(0.0, 1), (0.249, 1), (0.251, 2), (0.749, 2), (0.751, 4), (1 - 2**-24, 4)],
)
def test_a_draw_inverts_the_distribution(uniform: float, token: int) -> None:
    logits = logits_of([0.0, 0.25, 0.5, 0.0, 0.25, 0.0]).clamp(min=FILTERED)
    assert draw(logits, torch.tensor([uniform])).tolist() == [token]


def test_draws_follow_the_probabilities() -> None:
    uniforms = torch.rand(20_000, generator=torch.Generator().manual_seed(4))
    tokens = draw(logits_of([0.1, 0.6, 0.3]).expand(20_000, 3), uniforms)
    shares = torch.bincount(tokens, minlength=3) / 20_000
    assert shares.tolist() == pytest.approx([0.1, 0.6, 0.3], abs=0.01)


def test_the_targets_of_2021() -> None:
    assert len(TARGETS_2021) == 22
    assert sum(TARGETS_2021) / 22 == pytest.approx(2.305, abs=1e-3)


def test_targets_are_drawn_uniformly_over_the_list() -> None:
    source = torch.Generator().manual_seed(9)
    counts = Counter(draws_of_attempt(source, TARGETS_2021, 1).target for _ in range(4400))
    for target, repeats in Counter(TARGETS_2021).items():
        assert counts[target] == pytest.approx(200 * repeats, rel=0.3)


def test_a_try_can_be_drawn_again_from_its_name() -> None:
    first = draws_of_attempt(seeded("job", "lease", 3), TARGETS_2021, 5)
    assert first == draws_of_attempt(seeded("job", "lease", 3), TARGETS_2021, 5)
    assert first != draws_of_attempt(seeded("job", "lease", 4), TARGETS_2021, 5)
    assert first.tokens == draws_of_attempt(seeded("job", "lease", 3), TARGETS_2021, 9).tokens[:5]


@pytest.mark.parametrize(
    ("chosen", "temperature", "top_p"),
    [
        (SamplerConfig(), 0.9, 0.9),
        (SamplerConfig(name="breakruns"), 1.0, 0.95),
        (SamplerConfig(name="top_p", temperature=0.7), 0.7, 0.9),
    ],
)
def test_a_scheme_has_its_own_defaults(chosen: SamplerConfig, temperature: float, top_p: float) -> None:
    numbers = numbers_of(chosen, 100)
    assert (numbers.temperature, numbers.top_p) == (temperature, top_p)
    info = sampling_info(chosen, 100)
    assert info["MIRO"] is (chosen.name == "two_stage_mirostat")
    assert (info["pre_continue_T"], info["pre_continue_p"]) == (temperature, top_p)


def test_stages_filter_alike_by_rows_and_everywhere() -> None:
    """A GPU filters every row twice and picks; a CPU each row once."""
    sampler = build_sampler(SamplerConfig(), 2)
    assert isinstance(sampler, TwoStage)
    state = sampler.begin(torch.full((4,), 2.0))
    state[:, 0] = torch.tensor([0.0, 1.0, 2.0, 9.0])
    logits = torch.randn(4, 60, generator=torch.Generator().manual_seed(3)) * 3
    assert torch.equal(sampler.step_by_rows(logits, state), sampler.step_everywhere(logits, state))
