"""Middle-p, typical sampling and Mirostat 1 on worked numbers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from autoresponder.sampling.base import FILTERED
from autoresponder.sampling.middle_p import MiddleP
from autoresponder.sampling.mirostat_1 import Mirostat1
from autoresponder.sampling.typical import Typical

P = (0.4, 0.1, 0.3, 0.15, 0.05)


def logits_of(*rows: Sequence[float]) -> Tensor:
    return torch.tensor(rows).log()


def kept(filtered: Tensor, row: int = 0) -> list[int]:
    return [i for i, value in enumerate(filtered[row].tolist()) if value > FILTERED / 2]


NO_STATE = torch.empty(1, 0)


@pytest.mark.parametrize(
    ("lowest", "highest", "stay"),
    [
        (0.0, 0.0, [0, 1, 2, 3, 4]),
        (0.2, 0.0, [0, 2, 3]),  # masses before: .4 -> 0, .3 -> .4, .15 -> .7, .1 -> .85
        (0.0, 0.41, [1, 2, 3, 4]),  # 0.6 lies behind the largest, 0.3 behind the second
        (0.2, 0.41, [2, 3]),
        (0.99, 0.99, [0]),
    ],
    ids=["nothing", "tail", "head", "both", "never nothing"],
)
def test_middle_p_drops_mass_from_both_ends(lowest: float, highest: float, stay: list[int]) -> None:
    assert kept(MiddleP(lowest, highest).step(logits_of(P), NO_STATE)) == stay


@pytest.mark.parametrize(
    ("p", "lowest", "highest", "stay"),
    [
        ((0.4, 0.2, 0.2, 0.2), 0.5, 0.0, [0, 1, 2, 3]),  # masses before: 0 .4 .6 .8, and .4 is under .5
        ((0.3, 0.3, 0.2, 0.2), 0.0, 0.5, [0, 1, 2, 3]),  # masses behind: .7 .4 .2 0, and .4 is under .5
        ((0.3, 0.3, 0.2, 0.2), 0.0, 0.65, [2, 3]),
    ],
    ids=["tail", "head", "both of the head go"],
)
def test_middle_p_keeps_ties_with_what_it_keeps(
    p: Sequence[float], lowest: float, highest: float, stay: list[int]
) -> None:
    assert kept(MiddleP(lowest, highest).step(logits_of(p), NO_STATE)) == stay


def test_a_middle_is_cut_evenly() -> None:
    middle = MiddleP.retaining(0.85)
    assert middle.chop_lowest == pytest.approx(0.075)
    assert middle.chop_highest == pytest.approx(0.075)


@pytest.mark.parametrize(
    ("mass", "least", "stay"),
    # H = 1.392 nats; |-ln p - H| is .476 .911 .188 .505 1.604, so the order is 2, 0, 3, 1, 4.
    [
        (0.2, 1, [2]),
        (0.29, 1, [2]),
        (0.31, 1, [0, 2]),
        (0.2, 2, [0, 2]),
        (0.8, 1, [0, 2, 3]),
        (1.0, 1, [0, 1, 2, 3, 4]),
    ],
)
def test_typical_keeps_what_is_nearest_to_the_entropy(mass: float, least: int, stay: list[int]) -> None:
    assert kept(Typical(mass, least).step(logits_of(P), NO_STATE)) == stay


def test_rows_are_filtered_by_themselves() -> None:
    other = (0.05, 0.15, 0.3, 0.1, 0.4)
    both = Typical(0.31).step(logits_of(P, other), torch.empty(2, 0))
    assert (kept(both, 0), kept(both, 1)) == ([0, 2], [2, 4])


def zipf(exponent: float, count: int) -> list[float]:
    weights = [rank**-exponent for rank in range(1, count + 1)]
    return [weight / sum(weights) for weight in weights]


@pytest.mark.parametrize(("exponent", "mu"), [(1.2, 3.0), (1.5, 5.0), (2.0, 2.0), (0.8, 4.0)])
def test_mirostat_1_finds_the_exponent_and_cuts_by_its_formula(exponent: float, mu: float) -> None:
    p = zipf(exponent, 100)
    excess = exponent - 1
    k = round((2**mu * excess / (1 - 100**-excess)) ** (1 / exponent))
    filtered = Mirostat1().step(logits_of(p), torch.tensor([[mu, mu / 2]]))
    assert kept(filtered) == list(range(k))


def test_mirostat_1_worked_by_hand() -> None:
    """t is ln 2, ln 1.5, ln 4/3 and b is ln 2, ln 2, 0: s = 0.7614 / 0.7276 = 1.0464, and k = 2.038."""
    logits = logits_of((0.5, 0.25, 0.125, 0.125))
    assert kept(Mirostat1().step(logits, torch.tensor([[1.5, 1.0]]))) == [0, 1]
    assert kept(Mirostat1().step(logits, torch.tensor([[1.0, 1.0]]))) == [0]


@pytest.mark.parametrize(("mu", "count"), [(-50.0, 1), (60.0, 30)], ids=["at least one", "at most all"])
def test_mirostat_1_keeps_one_to_all(mu: float, count: int) -> None:
    assert len(kept(Mirostat1().step(logits_of(zipf(1.3, 30)), torch.tensor([[mu, 1.0]])))) == count


def test_mirostat_1_begins_at_twice_the_target_and_moves_against_the_error() -> None:
    sampler = Mirostat1(rate=0.5)
    state = sampler.begin(torch.tensor([2.0]))
    assert state.tolist() == [[4.0, 2.0]]
    logits = logits_of((0.5, 0.25, 0.125, 0.125))
    assert sampler.observe(torch.tensor([2]), logits, state)[0].tolist() == pytest.approx([3.5, 2.0])
    low = sampler.observe(torch.tensor([2]), logits, torch.tensor([[0.1, 1.0]]))
    assert low[0, 0].item() == 0.0
