"""The whole way to the corpus: two rounds of writing, what is kept, documents and a report."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from autoresponder.jobs.model_folder import GeneratorModel
from demo.corpus.archive import Archive, key_of, write_into
from demo.corpus.chat import ChatForm
from demo.corpus.documents import prompt_and_target
from demo.corpus.filters import Filter, Written, keep_near, limit_openings, lower_cased, with_known_tags
from demo.corpus.tables import Persona, load_persona, load_topics
from demo.corpus.tasks import ALONE, ANSWERS, Planner, Sizes, Task, fill
from demo.corpus.writing import Try
from training.files import write_atomically, write_json

IN_ROUND = 256
"""Texts of one form that are written one after another, so that few beginnings are read at once."""
MOST_TOKENS: Mapping[str, int] = {"story": 150, "told": 150, "question": 40, "theirs": 80}
USUAL_MOST = 140
OPENINGS: Mapping[str, str] = {"post": "posts", "story": "stories", "told": "stories", "review": "reviews"}
SAMPLES = 50


class CorpusRun:
    """A corpus in a folder: ``written.jsonl`` as the model gave it, ``documents.jsonl``, ``report.json``."""

    def __init__(self, folder: Path, seed: int, sizes: Sizes) -> None:
        self._folder = folder
        self._seed = seed
        self._planner = Planner(load_topics(), seed, sizes)
        self._persona = load_persona()
        self._filter = Filter(self._persona)
        self._archive = Archive(folder / "written.jsonl")

    def write(self, model: GeneratorModel, console: Console) -> None:
        """Have everything written that is not yet."""
        for tasks in (self._planner.first, lambda: self._planner.second(self._fit())):
            self._write(model, tasks(), console)

    def finish(self) -> dict[str, object]:
        """Drop what is not to be learned, and write documents and report."""
        kept, dropped = self._judged(self._tasks())
        written = [text for text in kept if text.task.form not in ALONE]
        near = keep_near(written)
        dropped["far"] = len(written) - len(near)
        few = limit_openings(near)
        dropped["opening"] = len(near) - len(few)
        tagged = with_known_tags(few)
        dropped["tags"] = len(few) - len(tagged)
        documents = [
            lower_cased(text) for text in sorted(tagged, key=lambda text: (text.task.key, text.number))
        ]
        lines = [json.dumps(_line(text), ensure_ascii=False) for text in documents]
        write_atomically(self._folder / "documents.jsonl", ("\n".join(lines) + "\n").encode())
        report = _report(documents, dropped, len(self._archive.texts), self._seed)
        write_json(self._folder / "report.json", report)
        return report

    def _tasks(self) -> list[Task]:
        return [*self._planner.first(), *self._planner.second(self._fit())]

    def _fit(self) -> dict[str, str]:
        """Texts of the first round that something may go on from; questions and others' posts bare."""
        kept, _ = self._judged(self._planner.first())
        fit: dict[str, str] = {}
        for written in kept:
            key = written.task.key
            bare = written.task.form in ALONE
            fit.setdefault(key, written.body if bare else self._archive.texts[key, written.number].text)
        return fit

    def _judged(self, tasks: Sequence[Task]) -> tuple[list[Written], Counter[str]]:
        kept: list[Written] = []
        dropped: Counter[str] = Counter()
        for task in tasks:
            for number in range(_answers(task)):
                raw = self._archive.texts.get((task.key, number))
                if raw is None:
                    continue
                judged = self._filter.judge(task, number, raw.text, ended=raw.ended)
                if isinstance(judged, str):
                    dropped[judged] += 1
                else:
                    kept.append(judged)
        return kept, dropped

    def _write(self, model: GeneratorModel, tasks: Sequence[Task], console: Console) -> None:
        form = ChatForm(model.encoder)
        beginnings = {name: form.beginning(voice) for name, voice in self._persona.voices.items()}
        ends = {form.end, model.encoder.eot}
        write_into(self._archive, model, beginnings, list(self._tries(tasks, form)), ends, console)

    def _tries(self, tasks: Sequence[Task], form: ChatForm) -> Iterator[Try]:
        for task in _in_rounds(tasks):
            asked = form.asked(task.turns)
            for number in range(_answers(task)):
                if (task.key, number) in self._archive.texts:
                    continue
                name = key_of(task.key, number)
                seed = f"{self._seed}/{name}"
                begun = form.words(_opening(self._persona, task, random.Random(f"{seed}/opening")))
                most = MOST_TOKENS.get(task.form, USUAL_MOST)
                yield Try(name, task.form, (*asked, *begun), seed, most, len(begun))


def _opening(persona: Persona, task: Task, rng: random.Random) -> str:
    """The words with which a text is begun; what others write begins as the model likes."""
    if task.form in ALONE:
        return ""
    opening = rng.choice(persona.openings[OPENINGS.get(task.form, "answers")])
    return fill(opening.replace("{T}", task.about or "This"), "")


def _in_rounds(tasks: Sequence[Task]) -> Iterator[Task]:
    """Tasks of one form after another, so many at a time, until all are through."""
    waiting: dict[str, list[Task]] = {}
    for task in tasks:
        waiting.setdefault(task.form, []).append(task)
    total = len(tasks)
    rounds = max(1, -(-max((len(own) for own in waiting.values()), default=0) // IN_ROUND))
    for turn in range(rounds if total else 0):
        for own in waiting.values():
            yield from own[len(own) * turn // rounds : len(own) * (turn + 1) // rounds]


def _answers(task: Task) -> int:
    return 1 if task.form in ALONE else ANSWERS


def _line(written: Written) -> dict[str, object]:
    prompt, target = prompt_and_target(written)
    return {
        "prompt": prompt,
        "text": target,
        "group": written.task.group,
        "form": written.task.form,
        "source": written.task.source,
    }


def _report(
    documents: Sequence[Written], dropped: Counter[str], written: int, seed: int
) -> dict[str, object]:
    openings = Counter(text.first_word for text in documents)
    rng = random.Random(seed)
    drawn = rng.sample(documents, min(SAMPLES, len(documents)))
    return {
        "seed": seed,
        "written": written,
        "documents": len(documents),
        "dropped": dict(dropped.most_common()),
        "forms": dict(Counter(text.task.form for text in documents).most_common()),
        "sources": dict(Counter(text.task.source for text in documents).most_common()),
        "questions": len({text.task.key for text in documents}),
        "words": sum(len(text.body.split()) for text in documents),
        "openings": dict(openings.most_common(12)),
        "tags": len({tag for text in documents for tag in text.tags}),
        "samples": [
            {
                "form": text.task.form,
                "said": [said.text for said in text.task.said] or list(text.task.turns),
                "body": text.body,
                "tags": list(text.tags),
            }
            for text in drawn
        ],
    }
