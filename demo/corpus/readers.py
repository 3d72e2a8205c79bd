"""What the sandbox's readers like of the tuned model's texts: rows for its selector.

The model answers questions of the corpus's kinds several times; some hundred readers come across each answer
and like it or not, by their tastes. The best and the worst quarter become rows, as with a blog's notes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from autoresponder.jobs.model_folder import GeneratorModel
from demo.corpus.archive import Archive
from demo.corpus.documents import conversation_of
from demo.corpus.filters import Written
from demo.corpus.served import read_served, write_served
from demo.corpus.tables import load_topics
from demo.corpus.tasks import Planner, Sizes, Task
from demo.documents.judged import labelled_by_notes
from demo.documents.rendering import judged_text
from training.files import write_atomically
from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.people.characters import Population
from tumblr_sandbox.people.features import FeatureExtractor, Features
from tumblr_sandbox.people.taste import Taste
from tumblr_sandbox.people.words import load_phrases

READERS = 300
READERS_SEED = 31
"""Of the readers that the selector learns from; figures are taken with others."""
ANSWERS = 4
QUESTIONS = Sizes(0, 450, 0, 0, 0, 0, 0, posts=120, stories=0, told=0, reviews=0)


class Readership:
    """Readers with tastes of their own, as they live in the sandbox."""

    def __init__(self, seed: int, count: int) -> None:
        tables, phrases = load_tables(), load_phrases()
        self.tastes: list[Taste] = [
            person.taste for person in Population(tables, phrases, seed).people(count)
        ]
        self._features = FeatureExtractor(tables, phrases)

    def likes(self, written: Written, rng: random.Random) -> int:
        """How many of the readers like a text that they all come across."""
        features = self.features(written)
        return sum(rng.random() < taste.chance(features) for taste in self.tastes)

    def prefer(self, one: Written, other: Written, taste: Taste) -> float:
        """1 where somebody likes the one better than the other, 0 where less, a half where the same."""
        first, second = (taste.logit(self.features(text)) for text in (one, other))
        return 0.5 if first == second else float(first > second)

    def features(self, written: Written) -> Features:
        """What they notice of a text."""
        asked = written.task.said[-1].text if written.task.said else ""
        return self._features.features(written.body, asked, written.tags)


def selector_rows(texts: Sequence[Written], seed: int) -> list[dict[str, object]]:
    """Rows of liked and disliked texts; answers to one question are one group."""
    readers, rng = Readership(READERS_SEED, READERS), random.Random(seed)
    rows: list[dict[str, object]] = []
    for text_type in ("responses", "originals"):
        own = [text for text in texts if (text.task.form == "post") == (text_type == "originals")]
        noted = [readers.likes(text, rng) for text in own]
        for text, target in labelled_by_notes(own, noted):
            read = judged_text(conversation_of(text))
            rows.append({"text": read, "target": target, "group": text.task.group, "text_type": text_type})
    rng.shuffle(rows)
    return rows


def tasks_of(seed: int) -> list[Task]:
    """Questions and posts that the corpus could have had."""
    planned = Planner(load_topics(), seed, QUESTIONS).first()
    return [task for task in planned if task.form in ("ask", "post")]


def write_rows(
    model: GeneratorModel, folder: Path, seed: int, most: int | None, console: Console
) -> dict[str, object]:
    """Have everything written that is not yet (``candidates.jsonl``), and write ``selector.jsonl``."""
    tasks = tasks_of(seed)[:most]
    archive = Archive(folder / "candidates.jsonl")
    write_served(model, tasks, range(ANSWERS), archive, console)
    by_key = {task.key: task for task in tasks}
    texts = [read_served(by_key[raw.key], raw) for raw in archive.texts.values() if raw.key in by_key]
    rows = selector_rows(sorted(texts, key=lambda text: (text.task.key, text.number)), seed)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    write_atomically(folder / "selector.jsonl", lines.encode())
    return {"seed": seed, "texts": len(texts), "rows": len(rows), "readers": READERS}
