"""Rows for a head from a file of JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.errors import UsageError
from training.scoring_heads.rows import Row


class GivenRow(BaseModel):
    """A line: a text as the head reads it, and what the head should say of it.

    ``target`` is 0 or 1, for the sentiment head a logit difference. ``group`` is its thread; without one it
    stands alone. ``split`` may say to which part the row belongs.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    text: str = Field(min_length=1)
    target: float
    group: str = ""
    text_type: Literal["responses", "originals"] = "responses"
    kind: str = ""
    time: float = 0.0
    split: Literal["", "train", "calibration", "test"] = ""


def class_rows_from(path: Path) -> list[Row]:
    """The rows of a file for a head that gives a probability. Raises UsageError for other targets."""
    rows = rows_from(path)
    if any(row.target not in (0, 1) for row in rows):
        raise UsageError(f"{path}: a target is 0 or 1")
    return rows


def rows_from(path: Path) -> list[Row]:
    """The rows of a file; raises UsageError that names the file and the line."""
    return [
        Row(one.text, one.target, one.group or f"row {number}", one.text_type, one.kind, one.time, one.split)
        for number, one in enumerate(_given(path))
    ]


def _given(path: Path) -> Iterator[GivenRow]:
    if not path.is_file():
        raise UsageError(f"{path} is not there; it should hold a row of JSON in each line")
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield GivenRow.model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                key = ".".join(str(part) for part in first["loc"])
                raise UsageError(f"{path}, line {number}: {key}: {first['msg']}") from None
