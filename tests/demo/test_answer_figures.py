"""What the evaluation of the real model's texts counts, on texts whose figures are plain to see."""

from __future__ import annotations

import pytest

from benchmarks.answer_figures import Answer, TopicScore, by_groups, leaks, loops, shares, tags_sensible
from benchmarks.answer_questions import OTHER_FORMS, others, questions
from demo.corpus.tables import load_topics


@pytest.mark.parametrize(
    ("body", "leaking"),
    [
        ("i wrote it down at 3 PM, and somebody asked: why? i posted it anyway.", False),
        ("i like frank's tags, and #2 is my favourite number.", False),
        ("it was fine.\n\n#3 bob commented:\n\n no it was not", True),
        ("it was fine.\n\n Frank posted:\n\n something else", True),
        ("it was fine. Written 3 PM May 2021 | Frank's tags: #no", True),
        ("it was fine.<|im_end|>", True),
        ("it was fine.\nassistant\nhow can i help?", True),
        (" Book review by Frank\n\n Title: a", True),
    ],
)
def test_format_in_a_text_is_found_and_like_words_are_not(body: str, leaking: bool) -> None:
    assert leaks(body) is leaking


@pytest.mark.parametrize(
    ("body", "looping"),
    [
        ("the cat is on the roof. the cat is on the moon. it likes both.", False),
        ("yes! yes! i do like it very much.", False),
        ("i like it a lot. there is a cat. i like it a lot.", True),
        ("i think that i am a bee, and i think that i am a wasp, but i think that i am happy", True),
    ],
)
def test_a_text_loops_that_says_a_sentence_twice_or_four_words_thrice(body: str, looping: bool) -> None:
    assert loops(body) is looping


@pytest.mark.parametrize(
    ("tags", "sensible"),
    [
        (("bees", "honey"), True),
        (("thoughts", "my bees"), True),
        ((), False),
        (("bees", "bees"), False),
        (("unrelated",), False),
        (("bees and all that they have ever done",), False),
        (tuple(f"bees {number}" for number in range(9)), False),
    ],
)
def test_sensible_tags_are_few_short_different_and_about_the_text(
    tags: tuple[str, ...], sensible: bool
) -> None:
    assert tags_sensible(Answer("do you like bees?", "they are busy.", tags, ended=True)) is sensible


def test_shares_are_of_all_texts() -> None:
    texts = [
        Answer("bees?", "bees are busy.", ("bees",), ended=True),
        Answer("bees?", "bees never", (), ended=False),
        Answer("bees?", "wasps are fine.\n#2 bob commented:\n\n no", ("bees",), ended=True),
        Answer("bees?", "i am fine. i am not. i am fine.", ("cats",), ended=True),
    ]
    found = shares(texts)
    assert found["ended"] == found["free_of_format"] == 0.75
    assert (found["whole"], found["loops"], found["same_word"], found["tags"]) == (0.5, 0.25, 0.5, 0.5)


def test_answers_to_the_question_score_above_answers_to_another() -> None:
    texts = ["do bees dance?", "is soup a sea?", "why are stairs honest?", "who paints the moon?"]
    good = [Answer(text, f"indeed, {text}", (), ended=True) for text in texts]
    wrong = [
        Answer(text, other.body, (), ended=True)
        for text, other in zip(texts, good[1:] + good[:1], strict=True)
    ]
    score = TopicScore(texts)
    assert score.of(good, 1).mean() > 0.5
    assert score.of(wrong, 1).mean() < 0


def test_an_interval_is_wider_where_groups_are_alike_inside() -> None:
    values = [0.0] * 20 + [1.0] * 20
    alike = by_groups(values, ["a"] * 20 + ["b"] * 20, 0)
    mixed = by_groups(values, [str(number % 20) for number in range(40)], 0)
    assert alike["mean"] == mixed["mean"] == 0.5
    assert mixed["low"] == mixed["high"] == 0.5
    assert (alike["low"], alike["high"]) == (0.0, 1.0)


def test_a_third_of_the_questions_is_of_kinds_that_the_corpus_has_not() -> None:
    topics, asked = load_topics(), questions(300)
    assert len({task.key for task in asked}) == len(asked) == 300
    unknown = [task for task in asked if task.source == "unknown"]
    assert len(unknown) == 100
    for task in unknown:
        assert topics.unseen_kinds[task.group].looks.search(task.turns[0].lower())
    assert all(topics.keeps_apart(task.turns[0]) for task in asked)


def test_there_are_texts_of_every_other_form() -> None:
    found = others(4)
    assert {task.key.partition("/")[0] for task in found} == set(OTHER_FORMS)
    assert len(found) == 4 * len(OTHER_FORMS)
