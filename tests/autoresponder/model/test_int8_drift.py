"""How far int8 moves the scores of the trained demo model: little, beside what tells texts apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoresponder.heads.scoring import Scorer, Scores
from autoresponder.jobs.model_folder import load_generator, load_heads

MODEL = Path(__file__).parents[3] / "demo" / "models" / "tiny"
QUESTIONS = (
    "hello, how are you today?",
    "what is the best thing about rivers?",
    "do you like owls?",
    "tell me something nice please, it was a long day",
)
ANSWERS = (
    "I am very well, thank you.",
    "I hate everything about this.",
    "A river is a long thought, and an owl knows it.",
    "yes",
    "no, I don't think so, and I am sad about it. It rains all day and nobody calls me.",
    "I love it! It is the best thing in the world, thank you so much for asking me.",
)


def thread(question: str, answer: str) -> str:
    return (
        " Conversation between someuser and Frank | 2 posts |\n#1 someuser asked:\n\n "
        f"{question}\n\n#2 Frank responded:\n\n Written 3 PM February 2021 | Frank's tags: #rivers\n {answer}"
    )


def scores(dtype: str) -> Scores:
    generator = load_generator(str(MODEL), device="cpu", dtype=dtype)
    threads = [thread(question, answer) for question in QUESTIONS for answer in ANSWERS]
    scorer = Scorer(generator.network, generator.encoder, load_heads(generator))
    return scorer.score(threads, list(ANSWERS) * len(QUESTIONS), "responses")


def test_int8_moves_scores_little() -> None:
    exact, quantised = scores("float32"), scores("int8")
    assert quantised.selector_probabilities != exact.selector_probabilities
    assert quantised.selector_probabilities == pytest.approx(exact.selector_probabilities, abs=0.02)
    differences = exact.sentiment_logit_differences
    assert quantised.sentiment_logit_differences == pytest.approx(differences, abs=0.25)
    assert max(differences) - min(differences) > 3
