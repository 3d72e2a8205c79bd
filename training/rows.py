"""Corpus files: JSON lines, each row checked as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.errors import UsageError


class CorpusError(UsageError):
    """A corpus file is missing or a line of it is not what it should be."""


class DocumentRow(BaseModel):
    """A text for the generator, as the model reads it, without end marks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1)
    split: Literal["train", "validation"]


class JudgedRow(BaseModel):
    """A text for a head, as the head reads it, with what the head should say.

    ``target`` is 0 or 1 for the selector and a logit difference for the sentiment head. ``text_type`` chooses
    the calibration. Rows of one ``group`` (a thread) are never on both sides of a split.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    text: str
    target: float
    text_type: Literal["responses", "originals"] = "responses"
    group: str
    split: Literal["train", "calibration", "test"]


RowT = TypeVar("RowT", bound=BaseModel)


def read_rows(path: Path, kind: type[RowT]) -> list[RowT]:
    """Read a whole file; raises CorpusError that names the file and line."""
    return list(iterate_rows(path, kind))


def iterate_rows(path: Path, kind: type[RowT]) -> Iterator[RowT]:
    """Read a file row by row; raises CorpusError that names the file and line."""
    if not path.is_file():
        raise CorpusError(f"{path} is not there; write the corpus first")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield kind.model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                key = ".".join(str(part) for part in first["loc"])
                raise CorpusError(f"{path}, line {number}: {key}: {first['msg']}") from None
