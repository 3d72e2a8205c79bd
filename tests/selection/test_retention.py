from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from selection.candidates import Candidate
from selection.coldstart import score_of
from selection.retention import newly_retained, sunken
from selection.settings import STANDARD, SelectionConfig

CANDIDATES = st.lists(
    st.builds(
        Candidate,
        text=st.sampled_from(["a", "b", "c", "d职#original fiction"]),
        selector_probability=st.floats(0, 1),
        retained=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


def test_good_unused_texts_are_kept() -> None:
    pool = [Candidate("z", 0.9), Candidate("y", 0.7), Candidate("x", 0.6), Candidate("w", 0.61)]
    scores = [c.selector_probability for c in pool]
    assert newly_retained(pool, scores, chosen=0, cutoff=0.6) == ("w", "y")


def test_the_chosen_text_and_those_already_kept_are_not_added() -> None:
    pool = [Candidate("a", 0.9), Candidate("a", 0.9), Candidate("b", 0.8, retained=True), Candidate("b", 0.8)]
    assert newly_retained(pool, [0.9, 0.9, 0.8, 0.8], chosen=1, cutoff=0.6) == ()


def test_deltas_count() -> None:
    story = "once职#original fiction"
    assert sunken([(story, 0.45), ("plain", 0.45)]) == ("plain",)
    assert sunken([(story, 0.35)]) == (story,)
    assert sunken([(story, 0.45)], SelectionConfig(fiction_delta=0.0)) == (story,)


def test_an_empty_list_drops_nothing() -> None:
    assert sunken([]) == ()


@given(CANDIDATES, st.randoms(use_true_random=False), st.floats(0, 1))
def test_what_is_retained_obeys_the_rule(pool: list[Candidate], rng: random.Random, cutoff: float) -> None:
    scores = [score_of(c.text, c.selector_probability, STANDARD) for c in pool]
    chosen = rng.randrange(len(pool))
    kept = newly_retained(pool, scores, chosen, cutoff)
    assert pool[chosen].text not in kept
    assert list(kept) == sorted(set(kept))
    best = {c.text: max(s for o, s in zip(pool, scores, strict=True) if o.text == c.text) for c in pool}
    assert all(best[text] > cutoff for text in kept)
    missing = {t for t, s in best.items() if s > cutoff} - set(kept) - {pool[chosen].text}
    assert missing <= {c.text for c in pool if c.retained}


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=8), st.floats(0, 1))
def test_pruning_keeps_exactly_what_is_above(scored: dict[str, float], cutoff: float) -> None:
    dropped = sunken(scored.items(), SelectionConfig(retention_cutoff=cutoff))
    assert {t for t, p in scored.items() if p > cutoff} == scored.keys() - set(dropped)
