"""Screening on the command line: one JSON object per line, with the operator's lists inside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tumblr.screening.word_lists import ScreenedText, ScreeningRules, screen


class _Lists(BaseModel):
    """The operator's lists under the names that they have always had."""

    model_config = ConfigDict(extra="ignore")

    bad_strings: tuple[str, ...] = ()
    bad_strings_shortwords: tuple[str, ...] = ()
    review_strings: tuple[str, ...] = ()
    reject_strings: tuple[str, ...] = ()
    okay_superstrings: tuple[str, ...] = ()
    likely_obscured_strings: tuple[str, ...] = ()
    profane_strings: tuple[str, ...] = ()
    strict_language_users: frozenset[str] = frozenset()
    screened_users: frozenset[str] = Field(frozenset(), alias="SCREENED_USERS")
    user_avoid_list: tuple[str, ...] = Field((), alias="USER_AVOID_LIST")
    operator: str | None = None
    screen_anonymous: bool = False
    images_are_made: bool = True

    def rules(self) -> ScreeningRules:
        return ScreeningRules(
            bad_strings=self.bad_strings,
            shortwords=self.bad_strings_shortwords,
            review_strings=self.review_strings,
            reject_strings=self.reject_strings,
            okay_superstrings=self.okay_superstrings,
            obscured_strings=self.likely_obscured_strings,
            profane_strings=self.profane_strings,
            strict_users=self.strict_language_users,
            screened_users=self.screened_users,
            avoided_users=self.user_avoid_list,
            operator=self.operator,
            screen_anonymous=self.screen_anonymous,
            images_are_made=self.images_are_made,
        )


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
            reasons = screen(draft, line.config.rules())
            yield {"id": name, "ok": not reasons, "reasons": reasons}
