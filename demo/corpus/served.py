"""Texts of a model in the bot's own prompt format, many at once: for readers and for figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console

from autoresponder.jobs.model_folder import GeneratorModel
from demo.corpus.archive import Archive, Raw, key_of, write_into
from demo.corpus.documents import prompt_and_target
from demo.corpus.filters import Written
from demo.corpus.tasks import Task
from demo.corpus.writing import Try
from demo.documents.rendering import DEMO_IDENTITY
from munging.prompts.continuation import parse_continuation
from munging.prompts.formats import V10

MOST_TOKENS = 150
FORM = "v10"
_ANY = "x"


def tries(model: GeneratorModel, tasks: Sequence[Task], numbers: range, archive: Archive) -> Iterator[Try]:
    """The texts of some numbers for each task that are not there yet."""
    for number in numbers:
        for task in tasks:
            if (task.key, number) not in archive.texts:
                prompt, _ = prompt_and_target(Written(task, 0, _ANY, (_ANY,)))
                fed = tuple(model.encoder.encode_text(prompt))
                yield Try(key_of(task.key, number), FORM, fed, f"{number}/{task.key}", MOST_TOKENS)


def write_served(
    model: GeneratorModel, tasks: Sequence[Task], numbers: range, archive: Archive, console: Console
) -> None:
    """Have a model write, behind the end token alone, as it does when it serves."""
    wanted = list(tries(model, tasks, numbers, archive))
    write_into(archive, model, {FORM: [model.encoder.eot]}, wanted, {model.encoder.eot}, console)


def read_served(task: Task, raw: Raw) -> Written:
    """A text taken apart as the bot does."""
    read = parse_continuation(raw.text, V10, DEMO_IDENTITY)
    return Written(task, raw.number, read.body.strip(), read.tags)
