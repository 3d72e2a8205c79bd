from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mood.named import (
    FALLBACK_SAMPLE,
    UNRESTRICTED,
    Mood,
    accepts,
    candidates_wanted,
    expected_rejection,
    mood_by_name,
    mood_for_value,
)

SCORES = st.floats(min_value=-12, max_value=12)


def test_bounds_are_inclusive() -> None:
    mood = Mood("test", -1.0, 2.0)
    assert [accepts(mood, s) for s in (-1.001, -1.0, 0.0, 2.0, 2.001)] == [False, True, True, True, False]


def test_a_mood_may_be_stated_in_probabilities() -> None:
    mood = Mood("test", 0.5, 0.9, score_fn="pos_sent")
    assert [accepts(mood, s) for s in (-0.1, 0.0, 2.0, 3.0)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("name", "share"),
    [("only_sad", 13), ("only_non_happy", 7), ("meh", 8), ("only_non_sad", 13), ("unrestricted", 1)],
)
def test_shares_of_the_fallback_sample(name: str, share: int) -> None:
    assert expected_rejection(mood_by_name(name)) == pytest.approx(share / len(FALLBACK_SAMPLE))


def test_an_empty_sample_expects_no_rejection() -> None:
    assert expected_rejection(mood_by_name("only_sad"), []) == 0


@pytest.mark.parametrize(
    ("base", "share", "discount", "wanted"),
    [
        (13, 0.0, 0.5, 13),
        (13, 0.35, 0.5, 17),
        (13, 0.35, 0.4, 16),
        (8, 0.5, 0.5, 12),
        (15, 0.9, 0.5, 37),
        (13, 1.0, 0.5, 33),
        (13, 1.0, 1.0, 52),
        (13, 0.9999, 0.5, 33),
        (0, 0.5, 0.5, 0),
    ],
)
def test_candidates_wanted(base: int, share: float, discount: float, wanted: int) -> None:
    assert candidates_wanted(base, share, discount) == wanted


@pytest.mark.parametrize(
    ("decimals", "wanted"),
    [(0, 4), (3, 5)],  # 4 / 0.73 is 5.479 or 5; 0.4 of the extra is 0.592 or 0.4
)
def test_the_number_of_which_enough_are_left_may_be_a_fraction(decimals: int, wanted: int) -> None:
    assert candidates_wanted(4, 0.27, 0.4, decimals) == wanted


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        candidates_wanted(13, share)


@given(st.integers(1, 64), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_more_rejection_never_wants_fewer(base: int, one: float, other: float, discount: float) -> None:
    low, high = sorted((one, other))
    assert (
        base <= candidates_wanted(base, low, discount) <= candidates_wanted(base, high, discount) <= 4 * base
    )


@given(st.lists(SCORES, max_size=30), st.floats(0.001, 0.999))
def test_expected_share_counts_what_the_mood_rejects(sample: list[float], value: float) -> None:
    share = expected_rejection(mood_for_value(value), sample)
    assert 0 <= share <= 1
    assert round(share * len(sample)) == sum(not accepts(mood_for_value(value), s) for s in sample)


@pytest.mark.parametrize("value", [0.2, 0.37, 0.6, 0.8, 0.95])
def test_expectation_matches_simulated_rejections(value: float) -> None:
    """Candidates drawn from the sample are rejected as often as expected, within sampling error."""
    mood, rng, tries = mood_for_value(value), random.Random(5), 20_000
    expected = expected_rejection(mood)
    rejected = sum(not accepts(mood, rng.choice(FALLBACK_SAMPLE)) for _ in range(tries)) / tries
    assert abs(rejected - expected) < 4 * (expected * (1 - expected) / tries) ** 0.5 + 1e-12


def test_unrestricted_rejects_only_beyond_the_clip() -> None:
    assert expected_rejection(UNRESTRICTED, [-9.21, 0.0, 9.21]) == 0
