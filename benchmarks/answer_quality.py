"""How good the real model's raw texts are: before cutting, rejection and choice, beside three others.

    .venv/bin/python -m benchmarks.answer_quality --tuned FOLDER --base FOLDER [--questions 300] [--seeds 3]

``tuned`` is the demo's model, ``untuned`` its base in the bot's own prompt format, ``teacher`` the base in
the chat form in which it wrote the corpus, with page and examples, and ``tiny`` the small model. All answer
the questions with the same sampler and at most 150 tokens; ``tuned`` writes the other forms as well. Texts
are kept in ``--work``, and a stopped run goes on. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from rich.console import Console

from autoresponder.jobs.model_folder import GeneratorModel, load_generator
from benchmarks.answer_figures import Answer, TopicScore, by_groups, shares
from benchmarks.answer_questions import others, questions
from demo.corpus.archive import Archive, Raw, key_of, write_into
from demo.corpus.chat import ChatForm
from demo.corpus.served import MOST_TOKENS, read_served, write_served
from demo.corpus.tables import load_persona
from demo.corpus.tasks import Task
from demo.corpus.writing import Try
from demo.pretrained import TINY

ARMS = ("tiny", "untuned", "teacher", "tuned")


def write_in_chat(model: GeneratorModel, tasks: Sequence[Task], seeds: range, archive: Archive) -> None:
    """Have a model write in the chat form, each text behind the page and the examples of its form."""
    form = ChatForm(model.encoder)
    beginnings = {name: form.beginning(voice) for name, voice in load_persona().voices.items()}
    tries = [
        Try(
            key_of(task.key, seed),
            task.form,
            tuple(form.asked(task.turns)),
            f"{seed}/{task.key}",
            MOST_TOKENS,
        )
        for seed in seeds
        for task in tasks
        if (task.key, seed) not in archive.texts
    ]
    write_into(archive, model, beginnings, tries, {form.end, model.encoder.eot}, Console(stderr=True))


def answer_of(task: Task, raw: Raw, *, chat: bool) -> Answer:
    """A raw text taken apart into body and tags, in either form."""
    asked = task.said[-1].text if task.said else task.about
    if chat:
        body, _, line = raw.text.partition("\n#")
        tags = tuple(tag.strip(" #\n") for tag in line.replace("#", ",").split(",") if tag.strip(" #\n"))
        return Answer(asked, body.strip(), tags, raw.ended, task.group)
    read = read_served(task, raw)
    return Answer(asked, read.body, read.tags, raw.ended, task.group)


def figures(tasks: Sequence[Task], arms: Mapping[str, Archive], seeds: int) -> dict[str, dict[str, object]]:
    """By arm: figures of known and unknown kinds of questions, of single kinds, and of the other forms."""
    answers = {
        arm: {
            (task.key, seed): answer_of(task, archive.texts[task.key, seed], chat=arm == "teacher")
            for task in tasks
            for seed in range(seeds)
            if (task.key, seed) in archive.texts
        }
        for arm, archive in arms.items()
    }
    texts = [text for own in answers.values() for one in own.values() for text in (one.question, one.body)]
    score = TopicScore(texts)
    return {arm: _of_arm(tasks, own, score, seeds) for arm, own in answers.items()}


def _of_arm(
    tasks: Sequence[Task], answers: Mapping[tuple[str, int], Answer], score: TopicScore, seeds: int
) -> dict[str, object]:
    found: dict[str, object] = {}
    asks = [task for task in tasks if task.source in ("known", "unknown")]
    parts = {name: [task for task in asks if task.source == name] for name in ("known", "unknown")}
    for name, chosen in (("asks", asks), *parts.items()):
        own = [answers[task.key, seed] for task in chosen for seed in range(seeds)]
        topic: list[float] = []
        for seed in range(seeds):
            topic += score.of([answers[task.key, seed] for task in chosen], seed).tolist()
        groups = [task.group for _ in range(seeds) for task in chosen]
        found[name] = shares(own) | {"on_topic": by_groups(topic, groups, 0)}
    for form in dict.fromkeys(task.key.partition("/")[0] for task in tasks if task not in asks):
        own = [
            answers[task.key, seed]
            for task in tasks
            for seed in range(seeds)
            if task.key.startswith(f"{form}/") and (task.key, seed) in answers
        ]
        if own:
            found[form] = shares(own)
    return found


def pairs(tasks: Sequence[Task], archive: Archive, count: int) -> list[tuple[str, str]]:
    """So many questions with the answer of the first seed, drawn by chance."""
    asks = [task for task in tasks if task.source in ("known", "unknown")]
    drawn = random.Random(0).sample(asks, min(count, len(asks)))
    return [(task.turns[0], answer_of(task, archive.texts[task.key, 0], chat=False).body) for task in drawn]


def main() -> int:
    """Write, count and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.answer_quality", description=__doc__)
    parser.add_argument("--tuned", type=Path, help="the demo's model; none: it is left out")
    parser.add_argument("--base", type=Path, required=True, help="the model without the adapter")
    parser.add_argument("--work", type=Path, default=Path("build/answer_quality"))
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--others", type=int, default=40, help="texts of each other form")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=ARMS)
    parser.add_argument(
        "--show", type=int, default=0, help="print so many questions and answers, drawn by chance"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    asks = questions(arguments.questions)
    folders = {"tiny": TINY, "untuned": arguments.base, "teacher": arguments.base, "tuned": arguments.tuned}
    arms: dict[str, Archive] = {}
    tasks = [*asks, *others(arguments.others)]
    for arm in arguments.arms:
        if folders[arm] is not None:
            arms[arm] = Archive(arguments.work / f"{arm}.jsonl")
            model, seeds = load_generator(str(folders[arm])), range(arguments.seeds)
            if arm == "teacher":
                write_in_chat(model, asks, seeds, arms[arm])
            else:
                wanted = tasks if arm == "tuned" else asks
                write_served(model, wanted, seeds, arms[arm], Console(stderr=True))
    found = figures(tasks, arms, arguments.seeds)
    if arguments.show and "tuned" in arms:
        for question, answer in pairs(tasks, arms["tuned"], arguments.show):
            print(f"- {question}\n  {answer}")
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
