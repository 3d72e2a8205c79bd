"""Screening on the command line: one JSON object per line, with the operator's lists inside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tumblr.screening.word_lists import findings
from tumblr.settings import ScreeningConfig
from tumblr.turns.planned_post import ScreenedText


class _Lists(ScreeningConfig):
    """The operator's lists under the names that they have always had."""

    model_config = ConfigDict(extra="ignore")

    screened_users: tuple[str, ...] = Field((), alias="SCREENED_USERS")
    user_avoid_list: tuple[str, ...] = Field((), alias="USER_AVOID_LIST")
    link_hosts: tuple[str, ...] | None = None
    mentions: Literal["thread", "anyone"] = "anyone"
    operator: str | None = None
    images_are_made: bool = True


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")

    config: _Lists
    asking_name: str
    question: str
    answer: str
    tags: tuple[str, ...] = ()


def answers(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """One answer per line: may it be published unseen, and if not, why; or what is wrong with the line."""
    for text in lines:
        if not text.strip():
            continue
        name: object = None
        try:
            row = json.loads(text)
            name = row.get("id") if isinstance(row, dict) else None
            line = _Line.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            yield {"id": name, "error": f"{'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}"}
        except ValueError as error:
            yield {"id": name, "error": f"not a JSON object: {error}"}
        else:
            draft = ScreenedText(line.asking_name, line.question, line.answer, line.tags)
            lists = line.config
            found = findings(draft, lists, lists.operator, images_are_made=lists.images_are_made)
            yield {"id": name, "ok": not found, "reasons": [finding.text for finding in found]}
