from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mood.logits import pos_sent
from mood.named import UNRESTRICTED, Mood, mood_by_name
from selection.candidates import Candidate
from selection.choose import NoCandidates
from selection.respond import Request, select
from selection.settings import SelectionConfig, StrategyName
from selection.strategies import Strategy

MakeCandidate = Callable[..., Candidate]

BEST = Strategy(StrategyName.ARGMAX)
ANSWER = Request(uses_retained=False, mood=UNRESTRICTED, strategy=BEST)
POST = Request(uses_retained=True, mood=UNRESTRICTED, strategy=BEST)
RNG = random.Random(3)


def scored(alphabet: str) -> st.SearchStrategy[tuple[str, float, float]]:
    return st.tuples(st.text(alphabet, max_size=6), st.floats(0, 1), st.floats(-9, 9))


def test_the_fields_of_an_answer(make: MakeCandidate) -> None:
    pool = [make("low", 0.2, -1.0, mirotarg=1.9), make("high", 0.8, 1.0), make("mid", 0.7, None)]
    found = select(pool, [], ANSWER, RNG)
    assert (found.post, found.tags) == ("high", ("one", "two"))
    assert found.proba == 0.8
    assert found.pos_sentiment == pytest.approx(pos_sent(1.0))
    assert found.mirotarg == 2.0
    assert found.all_proba == (0.2, 0.8, 0.7)
    assert found.all_pos_sentiment == (pos_sent(-1.0), pos_sent(1.0), None)
    assert found.all_mirotarg == (1.9, 2.0, 2.0)
    assert (found.choice_ix, found.choice_index, found.screened) == (1, 1, 3)
    assert found.all_posts is None
    assert found.all_tags is None


def test_an_answer_neither_uses_nor_fills_the_retention_list(make: MakeCandidate) -> None:
    kept = [make("kept", 0.99, retained=True)]
    found = select([make("new", 0.7), make("other", 0.65)], kept, ANSWER, RNG)
    assert found.post == "new"
    assert found.retained == ()
    assert found.chosen_retained is None


def test_an_original_post_may_be_a_retained_text(make: MakeCandidate) -> None:
    kept = [make("kept b", 0.7, retained=True), make("kept a", 0.9, retained=True)]
    found = select([make("new", 0.8), make("dull", 0.1)], kept, POST, RNG)
    assert found.post == "kept a"
    assert found.chosen_retained == kept[1].text
    assert found.retained == (make("new").text,)
    assert found.all_proba == (0.8, 0.1, 0.9, 0.7)  # retained ones follow, sorted by text
    assert found.choice_index == 2


def test_a_new_text_that_equals_a_retained_one_leaves_the_list(make: MakeCandidate) -> None:
    found = select([make("same", 0.9)], [make("same", 0.8, retained=True)], POST, RNG)
    assert found.choice_index == 0
    assert found.chosen_retained == make("same").text


def test_uniform_draws_leave_the_retention_list_alone(make: MakeCandidate) -> None:
    request = Request(uses_retained=True, mood=UNRESTRICTED, strategy=Strategy(StrategyName.UNIFORM))
    found = select([make("new", 0.1)], [make("kept", 0.9, retained=True)], request, RNG)
    assert (found.post, found.all_proba) == ("new", (0.1,))


def test_retained_texts_obey_the_mood(make: MakeCandidate) -> None:
    kept = [make("too sad", 0.99, -6.0, retained=True)]
    request = Request(uses_retained=True, mood=mood_by_name("only_happy"), strategy=BEST)
    found = select([make("glad", 0.2, 3.0), make("sad", 0.7, -5.0)], kept, request, RNG)
    assert found.post == "glad"
    assert found.retained == (make("sad").text,)  # what the mood rejects today is kept for another day
    assert (found.choice_ix, found.choice_index, found.screened) == (0, 0, 1)


def test_everything_on_request(make: MakeCandidate) -> None:
    request = Request(uses_retained=False, mood=UNRESTRICTED, strategy=BEST, return_all=True)
    found = select([make("a", 0.1), make("b", 0.2)], [], request, RNG)
    assert found.all_posts == ("a", "b")
    assert found.all_tags == (("one", "two"), ("one", "two"))


def test_the_cutoff_can_be_set(make: MakeCandidate) -> None:
    pool = [make("a", 0.9), make("b", 0.5)]
    assert select(pool, [], POST, RNG).retained == ()
    assert select(pool, [], POST, RNG, SelectionConfig(retention_cutoff=0.45)).retained == (make("b").text,)


def test_an_empty_set_is_an_error(make: MakeCandidate) -> None:
    with pytest.raises(NoCandidates):
        select([], [make("kept", retained=True)], ANSWER, RNG)
    assert select([], [make("kept", retained=True)], POST, RNG).post == "kept"


@given(
    st.lists(
        st.tuples(st.text("ab 职#", max_size=6), st.floats(0, 1), st.floats(-9, 9)), min_size=1, max_size=6
    ),
    st.lists(st.tuples(st.text("cd", max_size=3), st.floats(0, 1), st.floats(-9, 9)), max_size=4),
    st.sampled_from(list(StrategyName)),
    st.booleans(),
    st.integers(),
)
def test_lists_always_fit_together(
    new: list[tuple[str, float, float]],
    old: list[tuple[str, float, float]],
    name: StrategyName,
    original: bool,
    seed: int,
) -> None:
    pool = [Candidate(*fields) for fields in new]
    kept = [Candidate(*fields, retained=True) for fields in old]
    request = Request(original, Mood("test", -2.0, 2.0), Strategy(name), return_all=True)
    found = select(pool, kept, request, random.Random(seed))
    total = len(found.all_proba)
    assert total == len(found.all_pos_sentiment) == len(found.all_mirotarg)
    assert found.all_posts is not None
    assert found.all_posts[found.choice_index] == found.post
    assert found.all_proba[found.choice_index] == found.proba
    assert 0 <= found.choice_ix < found.screened <= total
    assert found.chosen_retained is None or found.chosen_retained in {c.text for c in kept}
    assert not set(found.retained) & {c.text for c in kept if original and name != "uniform"}
