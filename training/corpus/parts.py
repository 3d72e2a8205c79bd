"""Tables in parts: Parquet files of one explicit schema, written through Hugging Face ``datasets``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
from datasets import Dataset, Features, List, Value

from training.errors import TrainingError

datasets.disable_progress_bars()

SCANNED = Features(
    {
        "key": Value("string"),
        "blog": Value("string"),
        "post_id": Value("string"),
        "origin": Value("string"),
        "visibility": Value("string"),
        "kind": Value("string"),
        "time": Value("int64"),
        "reason": Value("string"),
        "warning": Value("string"),
        "group": Value("string"),
        "roots": List(Value("string")),
        "split": Value("string"),
        "prompt": Value("string"),
        "target": Value("string"),
        "own": Value("string"),
        "exact": Value("string"),
        "signature": Value("binary"),
    }
)
"""A post after munging: what is left out has a reason."""

DOCUMENTS = Features(
    {name: SCANNED[name] for name in ("key", "blog", "post_id", "origin", "visibility", "kind", "time")}
    | {name: Value("string") for name in ("group", "split", "prompt", "target")}
)
"""A document of the finished corpus."""

TOKENS = Features({"input_ids": List(Value("int32")), "trained": List(Value("bool"))})
"""A block of the packed stream: ids, and for each whether it is learned."""

_BATCH = 1000


def write_part(path: Path, rows: Sequence[Mapping[str, Any]], features: Features) -> None:
    """Write one part in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: [row[name] for row in rows] for name in features}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        Dataset.from_dict(columns, features=features).to_parquet(str(temporary))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class PartWriter:
    """Writes rows to parts of a bounded number of rows each: ``part-00000.parquet`` and so on."""

    def __init__(self, folder: Path, features: Features, rows_in_part: int) -> None:
        self._folder = folder
        self._features = features
        self._size = rows_in_part
        self._rows: list[Mapping[str, Any]] = []
        self.parts: list[Path] = []
        self.rows = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Take a row; full parts are written."""
        self._rows.append(row)
        self.rows += 1
        if len(self._rows) == self._size:
            self.close()

    def close(self) -> None:
        """Write what is left; a table without rows still has one part, so that its schema is known."""
        if self._rows or not self.parts:
            path = self._folder / f"part-{len(self.parts):05}.parquet"
            write_part(path, self._rows, self._features)
            self.parts.append(path)
            self._rows = []


def count_rows(paths: Iterable[Path]) -> int:
    """Rows of parts together, from their footers; raises TrainingError for a broken part."""
    total = 0
    for path in paths:
        with _opened(path) as file:
            total += file.metadata.num_rows
    return total


def read_parts(paths: Iterable[Path], columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Rows of parts in order, a batch in memory at a time; raises TrainingError for a broken part."""
    for path in paths:
        with _opened(path) as file:
            for batch in file.iter_batches(_BATCH, columns=list(columns) if columns else None):
                yield from batch.to_pylist()


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} cannot be read ({error}); delete it and prepare again") from None
