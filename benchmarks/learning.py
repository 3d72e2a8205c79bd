"""Learning pays: two months of posts, chosen by chance, by TF-IDF, by our selector, or by an oracle.

    python -m benchmarks.learning --out docs/images/learning.png

Each week the bot makes posts; for each it has a pool of candidates, written once for a seed and the same for
all arms. Readers of the sandbox like what their hidden tastes like; an arm sees only the notes of what it
posted, and learns anew each week. Then the same with tastes that change in the middle. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from autoresponder.jobs.model_folder import GeneratorModel, load_generator
from benchmarks.machine import processor
from demo.documents.judged import SPOILED_WEIGHTS, _spoil
from demo.documents.rendering import judged_text
from training.scoring_heads.activations import Activations, as_hidden
from training.scoring_heads.fit import batch_order, fit_head, new_head
from training.scoring_heads.labels import RESPONSES, labels
from training.scoring_heads.recipes import recipe_for
from training.settings import LabelConfig
from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.language.threads import Conversation, Talk
from tumblr_sandbox.people.features import FeatureExtractor
from tumblr_sandbox.people.taste import Fashion, Taste, draw_taste
from tumblr_sandbox.people.words import load_phrases

WEEK = 7 * 86400.0
EXPLORED = 0.1
"""Share of posts chosen by chance by every arm that learns, so that it keeps seeing what it does not
choose."""

ARMS = ("random", "tfidf", "ours", "oracle")
LEAST_ROWS = 40

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Sizes:
    """How large the simulation is. Tastes change at ``drift`` (a week's number), if at all."""

    weeks: int = 9
    posts: int = 120
    candidates: int = 6
    readers: int = 80
    memory_weeks: int = 4
    drift: int | None = None


@dataclass(frozen=True)
class Pools:
    """The candidates of all posts: their texts, and the likes each would get on the mean, by post and
    candidate."""

    texts: list[str]
    expected: Vector  # (posts, candidates)
    after: Vector  # the same, once tastes have changed

    def likes(self, post: int, candidate: int, sizes: Sizes) -> float:
        """Expected likes at the time of the post."""
        changed = sizes.drift is not None and post >= sizes.drift * sizes.posts
        return float((self.after if changed else self.expected)[post, candidate])


def make_pools(seed: int, sizes: Sizes) -> Pools:
    """Write the candidates of a seed, some of them spoiled, and let its readers judge them."""
    tables, rng = load_tables(), random.Random(f"pools/{seed}")
    talk, notices = Talk(tables, rng), FeatureExtractor(tables, load_phrases())
    tastes = [_tastes(seed, era, sizes.readers, sorted(tables.topics)) for era in (0, 1)]
    texts: list[str] = []
    found = np.zeros((2, sizes.weeks * sizes.posts, sizes.candidates))
    kinds, weights = list(SPOILED_WEIGHTS), list(SPOILED_WEIGHTS.values())
    for post in range(sizes.weeks * sizes.posts):
        asked = talk.ask() if post % 2 else None
        for candidate in range(sizes.candidates):
            said = talk.plain() if asked is None else _another_answer(talk, asked)
            how = rng.choices(kinds, weights)[0]
            if how and not (how == "off_topic" and asked is None):
                said = replace(said, turn=_spoil(talk, said.turn, how))
            texts.append(judged_text(said))
            question = said.said[-1].text if said.said else ""
            features = notices.features(said.body, question, said.turn.tags)
            for era in (0, 1):
                found[era, post, candidate] = sum(taste.chance(features) for taste in tastes[era])
    return Pools(texts, found[0], found[1])


def _another_answer(talk: Talk, asked: Conversation) -> Conversation:
    """The same question with another answer: one to a question on the same thing, as the grammar draws it."""
    question = talk.asker.question("", asked.moment)
    for _ in range(20):
        if question.subject.thing.topic == asked.turn.thing.topic:
            break
        question = talk.asker.question("", asked.moment)
    return replace(asked, turn=talk.answerer.answer(question.subject, talk.mood()))


def _tastes(seed: int, era: int, readers: int, topics: Sequence[str]) -> list[Taste]:
    rng = random.Random(f"tastes/{seed}/{era}")
    fashion = Fashion.draw(topics, rng)
    return [draw_taste(fashion, rng) for _ in range(readers)]


class Seen:
    """What an arm knows: which candidates it posted, when, and the notes they got."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.times: list[float] = []
        self.notes: list[int] = []

    def labelled(self, now: float, memory: float) -> tuple[list[int], list[float]]:
        """Rows and labels of the posts that are clearly liked or disliked, of the newest weeks."""
        settings = LabelConfig(responses_days=7.0, settle_hours=0.0)
        found = labels(self.times, self.notes, RESPONSES, settings, now)
        usable = [
            (row, float(label))
            for row, time_, label in zip(self.rows, self.times, found, strict=True)
            if label is not None and time_ >= now - memory
        ]
        return [row for row, _ in usable], [label for _, label in usable]


Learner = Callable[[list[int], list[float], int], Callable[[Sequence[int]], Vector]]
"""From rows, labels and a week's number to a function that scores rows."""


def tfidf(pools: Pools) -> Learner:
    """TF-IDF of words and word pairs with logistic regression."""

    def learn(rows: list[int], targets: list[float], _week: int) -> Callable[[Sequence[int]], Vector]:
        vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        model = LogisticRegression(C=10.0, max_iter=1000)
        model.fit(vectors.fit_transform([pools.texts[row] for row in rows]), targets)
        return lambda wanted: np.asarray(
            model.decision_function(vectors.transform([pools.texts[row] for row in wanted]))
        )

    return learn


class Ours:
    """The selector head on the frozen generator; activations of all candidates are computed once."""

    def __init__(self, pools: Pools, generator: GeneratorModel, folder: Path, epochs: int) -> None:
        encoder = generator.encoder
        self._generator = generator
        self._ids = [encoder.encode_for_head(text, generator.positions) for text in pools.texts]
        self._recipe = recipe_for("selector", generator.network, epochs=epochs, batch=8, rate=5e-4)
        head = new_head(self._recipe, generator.network, generator.identity, generator.positions)
        self._activations = Activations(generator.network, head.settings.layers, self._ids, folder, 1e12)

    def learn(self, rows: list[int], targets: list[float], week: int) -> Callable[[Sequence[int]], Vector]:
        """Train a head anew."""
        recipe = replace(self._recipe, seed=self._recipe.seed + week)
        head = new_head(recipe, self._generator.network, self._generator.identity, self._generator.positions)
        chosen = _Chosen(self._activations, rows)
        ids = [self._ids[row] for row in rows]
        fit_head(head, recipe, chosen, ids, targets)  # type: ignore[arg-type]
        assert batch_order(ids, recipe)

        @torch.no_grad()
        def score(wanted: Sequence[int]) -> Vector:
            by_length = sorted(range(len(wanted)), key=lambda place: len(self._ids[wanted[place]]))
            scores = np.zeros(len(wanted))
            for start in range(0, len(wanted), 64):
                places = by_length[start : start + 64]
                hidden, positions = self._activations.batch([wanted[place] for place in places])
                scores[places] = head.difference(head(as_hidden(hidden), positions)).double().numpy()
            return scores

        return score


class _Chosen:
    """The activations of some rows, by their places among them."""

    def __init__(self, activations: Activations, rows: Sequence[int]) -> None:
        self._activations = activations
        self._rows = rows

    def batch(self, places: Sequence[int]) -> object:
        """As ``Activations.batch``."""
        return self._activations.batch([self._rows[place] for place in places])


def live(arm: str, pools: Pools, sizes: Sizes, seed: int, learner: Learner | None) -> list[float]:
    """Expected likes for each post, by week, of an arm."""
    rng, readers = random.Random(f"choices/{seed}/{arm}"), np.random.default_rng(seed)
    seen, weekly = Seen(), []
    score: Callable[[Sequence[int]], Vector] | None = None
    for week in range(sizes.weeks):
        if learner is not None and week:
            rows, targets = seen.labelled(week * WEEK, sizes.memory_weeks * WEEK)
            if len(rows) >= LEAST_ROWS and len(set(targets)) > 1:
                score = learner(rows, targets, week)
        posts = range(week * sizes.posts, (week + 1) * sizes.posts)
        rows = [post * sizes.candidates + c for post in posts for c in range(sizes.candidates)]
        scores = None if score is None else score(rows).reshape(len(posts), -1)
        total = 0.0
        for place, post in enumerate(posts):
            if arm == "oracle":
                candidate = max(range(sizes.candidates), key=lambda c: pools.likes(post, c, sizes))
            elif scores is None or rng.random() < EXPLORED:
                candidate = rng.randrange(sizes.candidates)
            else:
                candidate = int(scores[place].argmax())
            liked = pools.likes(post, candidate, sizes)
            total += liked
            seen.rows.append(post * sizes.candidates + candidate)
            seen.times.append(week * WEEK + place * WEEK / sizes.posts)
            seen.notes.append(int(readers.poisson(liked)))
        weekly.append(total / sizes.posts)
    return weekly


def run_seed(seed: int, sizes: Sizes, model: str, epochs: int, folder: Path) -> dict[str, list[float]]:
    """All arms of one seed."""
    pools = make_pools(seed, sizes)
    generator = load_generator(model, device="cpu", dtype="float32")
    ours = Ours(pools, generator, folder, epochs)
    learners: dict[str, Learner | None] = {
        "random": None, "tfidf": tfidf(pools), "ours": ours.learn, "oracle": None,
    }  # fmt: skip
    return {arm: live(arm, pools, sizes, seed, learners[arm]) for arm in ARMS}


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean and half the width of its 95 % interval (Student's t)."""
    from scipy.stats import t

    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, math.inf
    return mean, float(t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / math.sqrt(len(values))


def summary(runs: Sequence[dict[str, list[float]]], first: int) -> dict[str, object]:
    """Gains over chance and over TF-IDF by seed, over the weeks from ``first``."""

    def gain(run: dict[str, list[float]], arm: str, base: str) -> float:
        return sum(run[arm][first:]) / sum(run[base][first:]) - 1

    figures: dict[str, object] = {}
    for name, arm, base in (
        ("ours_over_random", "ours", "random"),
        ("ours_over_tfidf", "ours", "tfidf"),
        ("tfidf_over_random", "tfidf", "random"),
        ("oracle_over_random", "oracle", "random"),
    ):
        gains = [gain(run, arm, base) for run in runs]
        mean, half = interval(gains)
        figures[name] = {"mean": mean, "low": mean - half, "high": mean + half, "seeds": gains}
    figures["weeks"] = {arm: np.mean([run[arm] for run in runs], axis=0).tolist() for arm in ARMS}
    return figures


def draw(path: Path, panels: dict[str, Sequence[dict[str, list[float]]]], drift: int) -> None:
    """The curves over weeks, relative to chance in the same week, with their spread."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    colours = dict(zip(ARMS, ("#888888", "#c07830", "#20507a", "#3a8a4a"), strict=True))
    for place, (title, runs) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(1, len(panels), place)
        for arm in ARMS:
            ratio = np.array([np.array(run[arm]) / np.array(run["random"]) for run in runs])
            weeks = np.arange(1, ratio.shape[1] + 1)
            axes.plot(weeks, ratio.mean(0), color=colours[arm], label=arm)
            axes.fill_between(weeks, ratio.min(0), ratio.max(0), color=colours[arm], alpha=0.12, linewidth=0)
        if "change" in title:
            axes.axvline(drift + 0.5, color="#aaaaaa", linestyle=":")
        axes.set(title=title, xlabel="week", ylabel="notes per post, chance = 1")
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def main() -> int:
    """Run, draw, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--weeks", type=int, default=9)
    parser.add_argument("--posts", type=int, default=120, help="posts in a week")
    parser.add_argument("--candidates", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--model", default="demo/models/tiny")
    parser.add_argument("--out", type=Path, help="picture to write")
    parser.add_argument("--without-drift", action="store_true")
    chosen = parser.parse_args()
    began = time.monotonic()
    torch.set_num_threads(1)
    steady = Sizes(chosen.weeks, chosen.posts, chosen.candidates)
    drifting = replace(steady, drift=chosen.weeks // 2)
    panels: dict[str, list[dict[str, list[float]]]] = {"steady tastes": []}
    if not chosen.without_drift:
        panels["tastes change"] = []
    for seed in range(chosen.seeds):
        for title, runs in panels.items():
            folder = Path(tempfile.mkdtemp(prefix="learning-"))
            try:
                sizes = drifting if "change" in title else steady
                runs.append(run_seed(seed, sizes, chosen.model, chosen.epochs, folder))
            finally:
                shutil.rmtree(folder)
            weeks = {arm: [round(value, 2) for value in runs[-1][arm]] for arm in ARMS}
            sys.stderr.write(f"seed {seed}, {title}, {time.monotonic() - began:.0f} s: {json.dumps(weeks)}\n")
    report: dict[str, object] = {
        "benchmark": "learning",
        "machine": processor(torch.device("cpu")),
        "sizes": vars(steady),
        "seeds": chosen.seeds,
        **{title.replace(" ", "_"): summary(runs, first=1) for title, runs in panels.items()},
        "seconds": round(time.monotonic() - began),
    }
    if chosen.out:
        draw(chosen.out, dict(panels), chosen.weeks // 2)
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
