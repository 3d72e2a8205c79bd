"""The corpus as files: JSON lines for the trainers, and a report of what is in them."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.documents.judged import SelectorRow, SentimentRow, selector_rows, sentiment_rows
from demo.documents.rendering import document_text
from tumblr_sandbox.language.tables import load_tables
from tumblr_sandbox.language.threads import Talk

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Sizes:
    """How much to write; ``noted`` threads give about half as many selector rows."""

    documents: int = 80_000
    noted: int = 12_000
    sentiment: int = 12_000


def write_corpus(folder: Path, seed: int, sizes: Sizes) -> dict[str, object]:
    """Write documents, selector and sentiment rows (``.jsonl``) and ``report.json``; return the report."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = load_tables()
    talks = [Talk(tables, random.Random(f"{seed}/{part}")) for part in ("documents", "selector", "sentiment")]
    conversations = [talks[0].conversation() for _ in range(sizes.documents)]
    documents = [
        {"text": document_text(conversation), "split": _split(number, train=49, validation=1)}
        for number, conversation in enumerate(conversations)
    ]
    judged: dict[str, Sequence[SelectorRow | SentimentRow]] = {
        "selector": selector_rows(talks[1], sizes.noted),
        "sentiment": sentiment_rows(talks[2], sizes.sentiment),
    }
    _write(folder / "documents.jsonl", documents)
    for name, rows in judged.items():
        parts = {"train": 31, "calibration": 4, "test": 5}
        _write(
            folder / f"{name}.jsonl",
            (vars(row) | {"group": str(n), "split": _split(n, **parts)} for n, row in enumerate(rows)),
        )
    report: dict[str, object] = {
        "version": FORMAT_VERSION,
        "seed": seed,
        "documents": len(documents),
        "kinds": dict(Counter(conversation.kind for conversation in conversations)),
        "distinct_turns": len({conversation.body for conversation in conversations}),
        "topics": len(tables.topics),
        "words": sum(len(str(document["text"]).split()) for document in documents),
        "selector_rows": len(judged["selector"]),
        "sentiment_rows": len(judged["sentiment"]),
    }
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def _write(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


def _split(number: int, **parts: int) -> str:
    """The part that a row falls into: rows are independent draws, so their number decides, in turn."""
    place = number % sum(parts.values())
    for name, share in parts.items():
        if place < share:
            return name
        place -= share
    raise AssertionError(number)
