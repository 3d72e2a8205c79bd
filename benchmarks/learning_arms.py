"""The arms of ``benchmarks.learning``: each chooses posts for weeks on end, and learns from their notes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from autoresponder.heads.head_2021 import Head
from autoresponder.jobs.model_folder import GeneratorModel
from benchmarks.learning_pools import Pools, Vector
from training.scoring_heads.activations import Activations, as_hidden
from training.scoring_heads.fit import fit_head, new_head
from training.scoring_heads.labels import ORIGINALS, RESPONSES, labels
from training.scoring_heads.recipes import recipe_for
from training.settings import LabelConfig

ARMS = ("random", "tfidf", "ours", "oracle")
WEEK = 7 * 86400.0
EXPLORED = 0.1
"""Share of posts chosen by chance by every arm that learns, so that it keeps seeing what it does not
choose."""
LEAST_ROWS = 40
LABELS = LabelConfig(responses_days=7.0, originals_days=7.0, settle_hours=0.0)
"""As in the bot, but for windows of a week: within two months the default's would label few originals."""
WIDE = 64
"""Rows that are scored at once."""

Score = Callable[[Sequence[int]], Vector]
"""Scores rows."""
Learner = Callable[[Sequence[int], Sequence[float]], Score]
"""Makes a score from rows and their labels."""


@dataclass(frozen=True)
class Readership:
    """Who reads: the likes that a candidate gets on the mean, by the week in which it is posted.

    Tastes change before the week ``change``; None: never.
    """

    pools: Pools
    change: int | None = None

    def likes(self, post: int) -> Vector:
        """Expected likes of each candidate of a post (candidates,)."""
        changed = self.change is not None and post >= self.change * self.pools.sizes.posts
        found: Vector = self.pools.likes[int(changed), post]
        return found


@dataclass
class Seen:
    """What an arm knows: which candidates it posted, when, and the notes they got."""

    memory_weeks: float
    rows: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)
    answers: list[bool] = field(default_factory=list)

    def labelled(self, now: float) -> tuple[list[int], list[float]]:
        """Rows and labels of the posts of the newest weeks that are clearly liked or disliked."""
        rows: list[int] = []
        targets: list[float] = []
        for text_type, wanted in ((RESPONSES, True), (ORIGINALS, False)):
            own = [place for place, answer in enumerate(self.answers) if answer is wanted]
            times, notes = [self.times[i] for i in own], [self.notes[i] for i in own]
            for place, label in zip(own, labels(times, notes, text_type, LABELS, now), strict=True):
                if label is not None and self.times[place] >= now - self.memory_weeks * WEEK:
                    rows.append(self.rows[place])
                    targets.append(float(label))
        return rows, targets


def live(arm: str, readers: Readership, seen: Seen, seed: int, learn: Learner | None) -> Vector:
    """Expected notes for each post, by week, of an arm that learns anew before each week."""
    pools, rng = readers.pools, random.Random(f"choices/{seed}/{arm}")
    noise = np.random.default_rng(seed)
    weekly = np.zeros(pools.sizes.weeks)
    score: Score | None = None
    for week in range(pools.sizes.weeks):
        if learn is not None:
            rows, targets = seen.labelled(week * WEEK)
            if len(rows) >= LEAST_ROWS and len(set(targets)) > 1:
                score = learn(rows, targets)
        wanted = pools.rows_of_week(week)
        scores = None if score is None else score(wanted).reshape(pools.sizes.posts, -1)
        for place in range(pools.sizes.posts):
            post = week * pools.sizes.posts + place
            liked = readers.likes(post)
            if arm == "oracle":
                candidate = int(liked.argmax())
            elif scores is None or rng.random() < EXPLORED:
                candidate = rng.randrange(pools.sizes.candidates)
            else:
                candidate = int(scores[place].argmax())
            weekly[week] += liked[candidate] / pools.sizes.posts
            seen.rows.append(pools.row(post, candidate))
            seen.times.append(week * WEEK + place * WEEK / pools.sizes.posts)
            seen.notes.append(int(noise.poisson(liked[candidate])))
            seen.answers.append(pools.is_answer(post))
    return weekly


def tfidf(pools: Pools) -> Learner:
    """TF-IDF of words and word pairs with logistic regression."""

    def learn(rows: Sequence[int], targets: Sequence[float]) -> Score:
        vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        model = LogisticRegression(C=10.0, max_iter=1000)
        model.fit(vectors.fit_transform([pools.texts[row] for row in rows]), targets)
        return lambda wanted: np.asarray(
            model.decision_function(vectors.transform([pools.texts[row] for row in wanted]))
        )

    return learn


class Ours:
    """The selector head on the frozen generator; activations of all candidates are computed once."""

    def __init__(self, pools: Pools, generator: GeneratorModel, folder: Path) -> None:
        self._generator = generator
        self._ids = [generator.encoder.encode_for_head(text, generator.positions) for text in pools.texts]
        self._recipe = recipe_for("selector", generator.network)
        layers = self._new().settings.layers
        self._activations = Activations(generator.network, layers, self._ids, folder, 1e12)
        self._made: dict[tuple[tuple[int, ...], tuple[float, ...]], Score] = {}

    def learn(self, rows: Sequence[int], targets: Sequence[float]) -> Score:
        """Train a head anew; from the same rows it would come out the same, as before tastes change."""
        known = (tuple(rows), tuple(targets))
        if known not in self._made:
            self._made[known] = self._trained(rows, targets)
        return self._made[known]

    def _trained(self, rows: Sequence[int], targets: Sequence[float]) -> Score:
        head = self._new()

        def streams(places: Sequence[int]) -> tuple[dict[int, Tensor], Tensor]:
            return self._activations.batch([rows[place] for place in places])

        fit_head(head, self._recipe, streams, [self._ids[row] for row in rows], targets)

        @torch.no_grad()
        def score(wanted: Sequence[int]) -> Vector:
            by_length = sorted(range(len(wanted)), key=lambda place: len(self._ids[wanted[place]]))
            scores = np.zeros(len(wanted))
            for start in range(0, len(wanted), WIDE):
                places = by_length[start : start + WIDE]
                hidden, positions = self._activations.batch([wanted[place] for place in places])
                scores[places] = head.difference(head(as_hidden(hidden), positions)).double().numpy()
            return scores

        return score

    def _new(self) -> Head:
        generator = self._generator
        return new_head(self._recipe, generator.network, generator.identity, generator.positions)
