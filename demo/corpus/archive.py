"""What models wrote, as it came: a file that grows, so that a stopped run goes on."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from autoresponder.generation.graphs import make_decoder
from autoresponder.jobs.model_folder import GeneratorModel
from autoresponder.sampling.registry import build_sampler
from autoresponder.settings import SamplerConfig
from demo.corpus.writing import ManyWriter, Try, WrittenText
from training.files import write_atomically
from training.progress import Progress

SAMPLER = SamplerConfig(name="penalised")
SLOTS = 192
"""Texts at once: with fewer a product in bfloat16 waits for everything around it."""


@dataclass(frozen=True)
class Raw:
    """A text as the model gave it: the task's key, which of its texts, and whether it came to its end."""

    key: str
    number: int
    text: str
    ended: bool


class Archive:
    """Texts by task and number, in a file of JSON lines."""

    def __init__(self, path: Path) -> None:
        """A last line that was not written whole is cut off."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self._path = path
        lines = path.read_text(encoding="utf-8").split("\n")
        if lines[-1]:
            write_atomically(path, "".join(f"{line}\n" for line in lines[:-1]).encode())
        self.texts = {(raw.key, raw.number): raw for raw in (Raw(**json.loads(line)) for line in lines[:-1])}

    def add(self, raw: Raw) -> None:
        """Keep a text."""
        self.texts[raw.key, raw.number] = raw
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(raw), ensure_ascii=False) + "\n")


def write_into(
    archive: Archive,
    model: GeneratorModel,
    beginnings: Mapping[str, Sequence[int]],
    tries: Sequence[Try],
    ends: Collection[int],
    console: Console,
) -> None:
    """Have a model write tries, whose keys are made by ``key_of``, with the sampler of the demo."""
    writer = ManyWriter(make_decoder(model.network, SLOTS), build_sampler(SAMPLER, 0), frozenset(ends))
    with Progress("writing", len(tries), console) as progress:

        def done(attempt: Try, text: WrittenText) -> None:
            key, _, number = attempt.key.rpartition("#")
            archive.add(Raw(key, int(number), model.encoder.decode(text.ids), text.ended))
            progress.advance(1)

        writer.write(beginnings, iter(tries), done)


def key_of(key: str, number: int) -> str:
    """The key of a try: of one of a task's texts."""
    return f"{key}#{number}"
