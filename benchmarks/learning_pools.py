"""The candidates that the arms of ``benchmarks.learning`` choose from, and what readers think of them."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.documents.judged import SPOILED_WEIGHTS, spoil
from demo.documents.rendering import judged_text
from training.files import write_atomically
from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.language.threads import Conversation, Talk
from tumblr_sandbox.people.features import FeatureExtractor
from tumblr_sandbox.people.taste import Fashion, Taste, draw_taste
from tumblr_sandbox.people.words import load_phrases

Vector = NDArray[np.float64]
SAME_TOPIC_TRIES = 20


@dataclass(frozen=True)
class Sizes:
    """How large the simulation is: weeks, posts in a week, candidates for each post, and readers."""

    weeks: int = 9
    posts: int = 120
    candidates: int = 6
    readers: int = 80


@dataclass(frozen=True)
class Pools:
    """The candidates of all posts of a seed, and the likes that each would get on the mean.

    ``texts`` has the candidates of the first post, then those of the second, and so on. ``likes`` is
    (2, posts, candidates): by the tastes that readers begin with, and by those that they may change to.
    Every other post answers an ask.
    """

    sizes: Sizes
    texts: list[str]
    likes: Vector

    @staticmethod
    def is_answer(post: int) -> bool:
        """Whether a post answers an ask; the others are the bot's own."""
        return bool(post % 2)

    def row(self, post: int, candidate: int) -> int:
        """The place of a candidate's text."""
        return post * self.sizes.candidates + candidate

    def rows_of_week(self, week: int) -> list[int]:
        """The places of all candidates of a week, post by post."""
        in_week = self.sizes.posts * self.sizes.candidates
        return list(range(week * in_week, (week + 1) * in_week))


def pools_of(seed: int, sizes: Sizes, path: Path) -> Pools:
    """The pools of a seed: read from the file, or made and written there."""
    if not path.is_file():
        pools = make_pools(seed, sizes)
        content = {"sizes": asdict(sizes), "texts": pools.texts, "likes": pools.likes.tolist()}
        write_atomically(path, json.dumps(content).encode())
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["sizes"] != asdict(sizes):
        raise SystemExit(f"{path} has pools of another size; remove it")
    return Pools(sizes, content["texts"], np.array(content["likes"]))


def make_pools(seed: int, sizes: Sizes) -> Pools:
    """Write the candidates of a seed, some of them spoiled, and let its readers judge them."""
    tables, rng = load_tables(), random.Random(f"pools/{seed}")
    talk, notices = Talk(tables, rng), FeatureExtractor(tables, load_phrases())
    tastes = [_tastes(seed, era, sizes.readers, sorted(tables.topics)) for era in (0, 1)]
    posts = sizes.weeks * sizes.posts
    texts: list[str] = []
    likes = np.zeros((2, posts, sizes.candidates))
    for post in range(posts):
        asked = talk.ask() if Pools.is_answer(post) else None
        for candidate in range(sizes.candidates):
            said = _candidate(talk, asked, rng)
            texts.append(judged_text(said))
            question = said.said[-1].text if said.said else ""
            features = notices.features(said.body, question, said.turn.tags)
            for era in (0, 1):
                likes[era, post, candidate] = sum(taste.chance(features) for taste in tastes[era])
    return Pools(sizes, texts, likes)


def _candidate(talk: Talk, asked: Conversation | None, rng: random.Random) -> Conversation:
    said = talk.plain() if asked is None else _another_answer(talk, asked)
    how = rng.choices(list(SPOILED_WEIGHTS), list(SPOILED_WEIGHTS.values()))[0]
    if not how or (how == "off_topic" and asked is None):
        return said
    return replace(said, turn=spoil(talk, said.turn, how))


def _another_answer(talk: Talk, asked: Conversation) -> Conversation:
    """The same question with another answer: one to a question on the same thing, as the grammar draws it."""
    question = talk.asker.question("", asked.moment)
    for _ in range(SAME_TOPIC_TRIES):
        if question.subject.thing.topic == asked.turn.thing.topic:
            break
        question = talk.asker.question("", asked.moment)
    return replace(asked, turn=talk.answerer.answer(question.subject, talk.mood()))


def _tastes(seed: int, era: int, readers: int, topics: Sequence[str]) -> list[Taste]:
    rng = random.Random(f"tastes/{seed}/{era}")
    fashion = Fashion.draw(topics, rng)
    return [draw_taste(fashion, rng) for _ in range(readers)]
