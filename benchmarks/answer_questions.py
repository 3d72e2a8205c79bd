"""The questions of the evaluation: of kinds that the corpus has, on other topics, and of other kinds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from demo.corpus.tables import Topics, load_topics
from demo.corpus.tasks import Planner, Sizes, Task, fill
from tumblr_sandbox.language.threads import Said

SEED = "answer quality"
UNKNOWN_SHARE = 1 / 3
OTHER_FORMS = ("comment", "follow", "reply", "post", "story", "told", "review")


def questions(count: int) -> list[Task]:
    """Asks; ``source`` is "known" or "unknown", ``group`` the kind, whose questions are alike."""
    topics = load_topics()
    unknown = round(count * UNKNOWN_SHARE)
    return [*_known(topics, count - unknown), *_unknown(topics, unknown)]


def _known(topics: Topics, count: int) -> Iterator[Task]:
    rng = random.Random(f"{SEED}/known")
    kinds = tuple(topics.kinds)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        about, other = rng.sample(topics.unseen, 2)
        text = fill(rng.choice(topics.kinds[kind]), about, other)
        yield _ask(f"known/{number}", "known", kind, text, about)


def _unknown(topics: Topics, count: int) -> Iterator[Task]:
    rng = random.Random(f"{SEED}/unknown")
    kinds = tuple(topics.unseen_kinds)
    everything = (*topics.known, *topics.unseen)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        about, other = rng.sample(everything, 2)
        text = fill(rng.choice(topics.unseen_kinds[kind].asks), about, other)
        yield _ask(f"unknown/{number}", "unknown", kind, text, about)


def _ask(key: str, source: str, kind: str, text: str, about: str) -> Task:
    return Task(key, "ask", source, (text,), (Said("", text, asked=True),), group=kind, about=about)


def others(count: int) -> list[Task]:
    """Threads, posts, stories and reviews on topics that the corpus does not have, ``count`` of each form."""
    topics = load_topics()
    apart = replace(topics, known=topics.unseen, unseen=(), unseen_kinds={})
    sizes = Sizes(0, 0, 0, 0, 2 * count, count, count, 2 * count, count, count, count)
    planner = Planner(apart, int.from_bytes(SEED.encode()[:4]), sizes)
    first = planner.first()
    posts = [task for task in first if task.form == "post"]
    asks = questions(count)
    written = {task.key: f"I have been thinking about {task.about} all day." for task in posts}
    written |= {
        task.key: f"I think that {task.about} are better than they look. Be kind to them."
        for task in first
        if task.form == "theirs"
    }
    rng = random.Random(f"{SEED}/follow")
    follow = [
        planner.follow_up(ask, f"I like {ask.about}, and I would say so to anybody.\n#{ask.about}", rng)
        for ask in asks
    ]
    found = [*first, *planner.second(written), *follow]
    chosen: dict[str, list[Task]] = {form: [] for form in OTHER_FORMS}
    for task in found:
        form = task.key.partition("/")[0]
        if form in chosen and len(chosen[form]) < count:
            chosen[form].append(task)
    return [task for tasks in chosen.values() for task in tasks]
