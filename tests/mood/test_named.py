from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mood.logits import LARGEST_LOGIT, LATER_CLIP, logit, pos_sent
from mood.named import (
    BASE_MOODS,
    LADDER,
    LATER_BASE_MOODS,
    RANGES,
    UNRESTRICTED,
    Mood,
    UnknownMood,
    mood_by_name,
    mood_for_value,
    value_by_name,
)

INNER = st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True)


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (0.0, -9.2102),
        (0.02, -3.8918),
        (0.1, -2.1972),
        (0.15, -1.7346),
        (0.2, -1.3863),
        (0.4, -0.4055),
        (0.5, 0.0),
        (0.6, 0.4055),
        (1.0, 9.2102),
        (-3.0, -9.2102),
        (7.0, 9.2102),
    ],
)
def test_logits_are_clipped(probability: float, expected: float) -> None:
    assert logit(probability) == pytest.approx(expected, abs=5e-5)


@given(st.floats(min_value=-9.2, max_value=9.2))
def test_probability_and_logit_are_inverse(score: float) -> None:
    assert logit(pos_sent(score)) == pytest.approx(score, abs=1e-9)


@pytest.mark.parametrize(("score", "expected"), [(-1e6, 0.0), (1e6, 1.0), (0.0, 0.5)])
def test_far_scores_do_not_overflow(score: float, expected: float) -> None:
    assert pos_sent(score) == expected


@pytest.mark.parametrize(
    ("name", "low", "high", "value"),
    [
        ("only_sad", -9.2102, -2.1972, 0.094),
        ("only_non_happy", -9.2102, -1.3863, 0.37),
        ("meh", -3.8918, 0.4055, 0.7),
        ("only_non_sad", -1.7346, 9.2102, 0.9),
        ("only_happy", -0.4055, 9.2102, 0.99),
        ("unrestricted", -9.2102, 9.2102, 0.7),
    ],
)
def test_base_moods(name: str, low: float, high: float, value: float) -> None:
    mood = mood_by_name(name)
    assert (mood.name, mood.score_fn) == (name, "logit_diff")
    assert mood.min_allowed_score == pytest.approx(low, abs=5e-5)
    assert mood.max_allowed_score == pytest.approx(high, abs=5e-5)
    assert value_by_name(name) == value


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0.001, "only_sad"),
        (0.0939, "only_sad"),
        (0.094, "interp_only_sad__only_non_happy__1.00__0.00"),
        (0.2, "interp_only_sad__only_non_happy__0.62__0.38"),
        (0.37, "interp_only_non_happy__meh__1.00__0.00"),
        (0.535, "interp_only_non_happy__meh__0.50__0.50"),
        (0.7, "interp_meh__only_non_sad__1.00__0.00"),
        (0.8, "interp_meh__only_non_sad__0.50__0.50"),
        (0.9, "interp_only_non_sad__only_happy__1.00__0.00"),
        (0.97, "interp_only_non_sad__only_happy__0.22__0.78"),
        (0.99, "only_happy"),
        (0.9999, "only_happy"),
    ],
)
def test_value_to_name(value: float, name: str) -> None:
    assert mood_for_value(value).name == name


def test_mixture_bounds_come_from_the_rounded_weights() -> None:
    mood = mood_for_value(0.45)
    a, b = mood_by_name("only_non_happy"), mood_by_name("meh")
    assert mood.min_allowed_score == pytest.approx(0.76 * a.min_allowed_score + 0.24 * b.min_allowed_score)
    assert mood.max_allowed_score == pytest.approx(0.76 * a.max_allowed_score + 0.24 * b.max_allowed_score)


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 1.1, math.nan, math.inf])
def test_values_outside_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        mood_for_value(value)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "gleeful",
        "interp_",
        "interp_meh",
        "interp_meh__only_sad",
        "interp_meh__only_sad__0.5__x",
        "interp_meh__gleeful__0.50__0.50",
        "interp_meh__only_sad__0.50__0.90",
        "interp_meh__only_sad__-1.00__2.00",
        "interp_meh__only_sad__nan__nan",
        "interp_meh__only_sad__0.50__0.50__0.00",
        "Meh",
    ],
)
def test_unknown_names(name: str) -> None:
    for look_up in (mood_by_name, value_by_name):
        with pytest.raises(UnknownMood) as caught:
            look_up(name)
        assert caught.value.name == name


def test_value_of_a_mixture_is_the_weighted_mean() -> None:
    assert value_by_name("interp_only_non_happy__meh__0.50__0.50") == pytest.approx(0.535)
    assert value_by_name("interp_meh__only_non_sad__0.50__0.50") == pytest.approx(0.8)


def test_only_unrestricted_does_not_restrict() -> None:
    assert [name for name in BASE_MOODS if not mood_by_name(name).restricts] == ["unrestricted"]
    assert not UNRESTRICTED.restricts


@given(INNER)
def test_every_value_has_a_sound_mood(value: float) -> None:
    mood = mood_for_value(value)
    assert -LARGEST_LOGIT - 1e-9 <= mood.min_allowed_score < mood.max_allowed_score <= LARGEST_LOGIT + 1e-9
    assert mood_by_name(mood.name) == mood


@given(INNER, INNER)
def test_a_better_mood_never_accepts_sadder_texts(one: float, other: float) -> None:
    low, high = (mood_for_value(v) for v in sorted((one, other)))
    assert low.min_allowed_score <= high.min_allowed_score + 1e-9
    assert low.max_allowed_score <= high.max_allowed_score + 1e-9


@given(st.sampled_from(LADDER))
def test_a_base_value_gives_that_moods_own_bounds(name: str) -> None:
    found = mood_for_value(value_by_name(name))
    base = mood_by_name(name)
    assert found.min_allowed_score == pytest.approx(base.min_allowed_score)
    assert found.max_allowed_score == pytest.approx(base.max_allowed_score)


def test_moods_are_values() -> None:
    assert Mood("meh", -1.0, 1.0) == Mood("meh", -1.0, 1.0)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("only_sad", 0.0, 0.2593),
        ("only_happy", 0.1192, 1.0),
        ("unrestricted", 0.0, 1.0),
        # a quarter and three quarters of the bounds 0.0128 and 0.0483, and of 0.7031 and 1
        ("interp_meh__only_non_sad__0.25__0.75", 0.25 * 0.0128 + 0.75 * 0.0483, 0.25 * 0.7031 + 0.75),
    ],
)
def test_the_later_ranges_are_mixed_as_probabilities(name: str, low: float, high: float) -> None:
    mood = mood_by_name(name, "2023")
    assert mood.min_allowed_score == pytest.approx(logit(low, LATER_CLIP))
    assert mood.max_allowed_score == pytest.approx(logit(high, LATER_CLIP))


def test_certainty_is_further_out_in_the_later_ranges() -> None:
    assert mood_by_name("only_happy").max_allowed_score == pytest.approx(9.2102, abs=1e-4)
    assert mood_by_name("only_happy", "2023").max_allowed_score == pytest.approx(36.04, abs=0.01)
    assert mood_by_name("only_sad", "2023").min_allowed_score == pytest.approx(-36.04, abs=0.01)


def test_both_ranges_know_the_same_moods_by_the_same_values() -> None:
    assert {name: mood.value for name, mood in BASE_MOODS.items()} == {
        name: mood.value for name, mood in LATER_BASE_MOODS.items()
    }
    assert RANGES["2021"] is BASE_MOODS


@given(INNER, INNER)
def test_the_later_ranges_rise_with_the_mood_too(first: float, second: float) -> None:
    lower, upper = (mood_for_value(value, "2023") for value in sorted((first, second)))
    assert lower.name == mood_for_value(min(first, second)).name
    assert lower.min_allowed_score < lower.max_allowed_score
    assert lower.min_allowed_score <= upper.min_allowed_score + 1e-9
    assert lower.max_allowed_score <= upper.max_allowed_score + 1e-9
