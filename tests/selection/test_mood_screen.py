from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mood.named import BASE_MOODS, UNRESTRICTED, Mood, mood_by_name, mood_for_value
from selection.candidates import Candidate
from selection.choose import mood_screen

MIDDLE = Mood("test", -1.0, 1.0)
SENTIMENTS = st.lists(st.none() | st.floats(-12, 12), min_size=1, max_size=12)
MOODS = st.one_of(
    st.sampled_from(sorted(BASE_MOODS)).map(mood_by_name),
    st.floats(0.001, 0.999).map(mood_for_value),
)


def candidates(sentiments: list[float | None]) -> list[Candidate]:
    return [Candidate(f"text {n}", 0.5, sentiment) for n, sentiment in enumerate(sentiments)]


@pytest.mark.parametrize(
    ("sentiments", "kept"),
    [
        ([-2.0, 0.0, 2.0], (1,)),  # both bounds hold
        ([-1.0, 1.0], (0, 1)),  # both ends are inside
        ([-3.0, -2.0], (0, 1)),  # nothing reaches the lower bound: it is relaxed
        ([2.0, 3.0], (0, 1)),  # nothing stays under the upper bound: it is relaxed
        ([-3.0, 3.0], (0, 1)),  # each bound is met by the other text: nothing would be left
        ([-3.0, 3.0, 0.5], (2,)),
        ([None, -3.0], (0,)),  # unknown sentiment counts as neutral
        ([None], (0,)),
        ([], ()),
    ],
)
def test_table(sentiments: list[float | None], kept: tuple[int, ...]) -> None:
    assert mood_screen(candidates(sentiments), MIDDLE) == kept


def test_one_side_is_relaxed_alone() -> None:
    """With a lower bound that nothing reaches, the upper bound still holds."""
    mood = Mood("test", 5.0, 6.0)
    assert mood_screen(candidates([-3.0, 0.0]), mood) == (0, 1)
    only_upper = Mood("test", 3.0, 1.0)
    assert mood_screen(candidates([0.0, 2.0]), only_upper) == (0,)


def test_unrestricted_screens_nothing() -> None:
    assert mood_screen(candidates([-40.0, 40.0]), UNRESTRICTED) == (0, 1)


def test_a_mood_stated_in_probabilities() -> None:
    mood = Mood("test", 0.4, 0.6, score_fn="pos_sent")
    assert mood_screen(candidates([-3.0, 0.0, 3.0]), mood) == (1,)


@given(SENTIMENTS, MOODS)
def test_the_screen_never_excludes_everyone(sentiments: list[float | None], mood: Mood) -> None:
    kept = mood_screen(candidates(sentiments), mood)
    assert kept
    assert list(kept) == sorted(set(kept))
    assert set(kept) <= set(range(len(sentiments)))


@given(SENTIMENTS, MOODS)
def test_a_fitting_candidate_always_passes(sentiments: list[float | None], mood: Mood) -> None:
    kept = mood_screen(candidates(sentiments), mood)
    fitting = {
        n
        for n, sentiment in enumerate(sentiments)
        if mood.min_allowed_score <= (sentiment or 0.0) <= mood.max_allowed_score
    }
    assert fitting <= set(kept)
    if fitting and mood.restricts:
        assert set(kept) == fitting


@given(SENTIMENTS, MOODS)
def test_screening_twice_changes_nothing(sentiments: list[float | None], mood: Mood) -> None:
    pool = candidates(sentiments)
    once = [pool[i] for i in mood_screen(pool, mood)]
    assert [once[i] for i in mood_screen(once, mood)] == once
