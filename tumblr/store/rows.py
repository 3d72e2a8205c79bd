"""From the database's rows to what the bot works with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from switchboard.messages import SelectionOutcome
from tumblr.turns.inputs import read_input
from tumblr.turns.kinds import TurnKind, TurnState
from tumblr.turns.review import Review, WantedWords
from tumblr.turns.turn import Intent, Judgment, LogEntry, StoredMoodInput, StoredRequest, Turn


def turn_of_row(row: Row[Any]) -> Turn:
    return Turn(
        id=row.id,
        kind=TurnKind(row.kind),
        input_id=row.input_id,
        who=row.who,
        state=TurnState(row.state),
        input=read_input(row.input),
        created_at=row.created_at,
        updated_at=row.updated_at,
        attempts=row.attempts,
        not_before=row.not_before,
        request=None if row.request is None else StoredRequest.model_validate_json(row.request),
        judgment_request=(
            None if row.judgment_request is None else StoredRequest.model_validate_json(row.judgment_request)
        ),
        judgment=None if row.judgment is None else Judgment.model_validate_json(row.judgment),
        result=None if row.result is None else SelectionOutcome.model_validate_json(row.result),
        chosen_at=row.chosen_at,
        intent=None if row.intent is None else Intent.model_validate_json(row.intent),
        post_id=row.post_id,
        reason=row.reason,
        rejections=row.rejections,
        review=None if row.review is None else Review.model_validate_json(row.review),
        words=None if row.words is None else WantedWords.model_validate_json(row.words),
    )


def mood_input_of_row(row: Row[Any]) -> StoredMoodInput:
    return StoredMoodInput(
        kind=TurnKind(row.kind),
        who=row.who,
        input_id=row.input_id,
        input_timestamp=row.input_timestamp,
        logit_diff=row.logit_diff,
        generated_p75=row.generated_p75,
        time=datetime.fromtimestamp(row.time, UTC),
        number=row.number,
    )


def entry_of_row(row: Row[Any]) -> LogEntry:
    """A row of ``post_log``."""
    return LogEntry(
        number=row.number,
        turn_id=row.turn_id,
        input_id=row.input_id,
        post_id=row.post_id,
        state=row.state,
        created_at=row.created_at,
        entry=json.loads(row.entry),
    )
