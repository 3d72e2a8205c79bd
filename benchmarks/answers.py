"""How often the demo model's answers are to the point and whole, counted by a program.

    .venv/bin/python -m benchmarks.answers [--model demo/models/tiny] [--questions 40]

Questions come from the grammar of the corpus, drawn with a seed of their own, so that hardly one of them was
read in training. A candidate is *on topic* if it names the thing that was asked about, and *clean* if it ends
a sentence and all of its words stand in the corpus or the question. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autoresponder.checkup import sample_job
from autoresponder.loading import build_runner
from autoresponder.settings import GeneratorConfig
from bot_settings.blog import BlogConfig
from demo.documents.rendering import DEMO_IDENTITY, before, posted_text
from demo.supervisor import HOME
from munging.classic import to_classic
from munging.prompts.continuation import from_classic_continuation
from switchboard.messages import GenerationJob, GenerationResult
from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.language.threads import Conversation, Talk

CANDIDATES = 13
QUARTILES = (0.25, 0.5, 0.75)
SEED = "answers"
CORPUS_SAMPLE = 20_000
"""Conversations whose words count as known: a quarter of the corpus has nearly all of them."""

_WORD = re.compile(r"[a-z]+")
_ENDED = re.compile(r"[.!?][\"')]*$")


@dataclass(frozen=True)
class Judged:
    """The candidates for one question, in the order in which they were written."""

    is_known: bool
    """Whether a topic of the corpus knows the thing."""

    on_topic: tuple[bool, ...]
    clean: tuple[bool, ...]
    sentiment: tuple[float, ...]
    """Logit differences."""

    chosen: int
    """Index of the one that the selector likes best."""


def questions(count: int) -> Iterator[Conversation]:
    """Asks about a thing, each with its right answer."""
    talk = Talk(load_tables(), random.Random(SEED))
    while count:
        conversation = talk.ask()
        if _words(conversation.turn.thing.bare) & _words(conversation.turn.text):
            count -= 1
            yield conversation


def known_words() -> set[str]:
    """The words of the corpus."""
    talk = Talk(load_tables(), random.Random(2021))
    return {word for _ in range(CORPUS_SAMPLE) for word in _words(posted_text(talk.conversation()))}


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))


def job_of(conversation: Conversation) -> GenerationJob:
    """The question as the switchboard would hand it to a generator."""
    job = sample_job()
    kwargs = job.kwargs.model_copy(update={"best_of": CANDIDATES})
    prompt = to_classic(before(conversation), DEMO_IDENTITY)
    return job.model_copy(update={"prompt": prompt, "kwargs": kwargs, "n_desired": CANDIDATES})


def judge(conversation: Conversation, result: GenerationResult, vocabulary: set[str]) -> Judged:
    """Count what the candidates are."""
    bodies = [from_classic_continuation(text).body for text in result.continuations]
    thing = conversation.turn.thing
    allowed = vocabulary | _words(conversation.said[0].text)
    wanted = {word for word in _words(thing.bare) if len(word) > 2} or _words(thing.bare)
    scores = result.selection_proba
    return Judged(
        is_known=bool(thing.topic),
        on_topic=tuple(bool(wanted & _words(body)) for body in bodies),
        clean=tuple(bool(_ENDED.search(body.strip())) and _words(body) <= allowed for body in bodies),
        sentiment=tuple(value for value in result.sentiment_logit_diffs if value is not None),
        chosen=max(range(len(scores)), key=lambda index: scores[index] or 0.0),
    )


def shares(judged: Iterable[Judged]) -> dict[str, float]:
    """What the counts come to."""
    rows = list(judged)
    on_topic = [flag for row in rows for flag in row.on_topic]
    clean = [flag for row in rows for flag in row.clean]
    both = sum(row.on_topic[row.chosen] and row.clean[row.chosen] for row in rows)
    return {
        "questions": len(rows),
        "on_topic": round(sum(on_topic) / max(1, len(on_topic)), 3),
        "clean": round(sum(clean) / max(1, len(clean)), 3),
        "chosen_both": both,
    }


def main() -> int:
    """Ask, count and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.answers", description=__doc__)
    parser.add_argument("--model", type=Path, default=HOME / "demo" / "models" / "tiny")
    parser.add_argument("--questions", type=int, default=40)
    arguments = parser.parse_args()
    runner, _ = build_runner(GeneratorConfig(model=str(arguments.model)), BlogConfig())
    vocabulary = known_words()
    rows = []
    for number, conversation in enumerate(questions(arguments.questions)):
        result, _ = runner.run(f"question {number}", job_of(conversation))
        if isinstance(result, GenerationResult):
            rows.append(judge(conversation, result, vocabulary))
    sentiment = [value for row in rows for value in row.sentiment]
    figures = {
        "known": shares(row for row in rows if row.is_known),
        "unknown": shares(row for row in rows if not row.is_known),
        "sentiment_quartiles": np.quantile(sentiment, QUARTILES).round(2).tolist(),
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
