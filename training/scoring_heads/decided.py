"""From what was decided in the operator's console to the autoreviewer's rows.

A text that was approved as the bot wrote it was accepted. One that was rejected, written again, replaced by
another candidate, or edited was flagged: a human would not have it as it was. A text that was sent to the
drafts is not decided about yet, and the operator's own words are nobody's to learn from.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from training.corpus.reading import archived_thread
from training.errors import UsageError
from training.files import digest_of
from training.scoring_heads.labels import ORIGINALS, RESPONSES
from training.scoring_heads.liked import Reading, claimed_time
from training.scoring_heads.reviewed import ACCEPTED, REJECTED, Reviewed, text_as_reviewed
from training.scoring_heads.rows import Row

FLAGGING = frozenset({"reject", "again", "revise"})


class Decided(BaseModel):
    """What is read of a line of ``python -m tumblr export --decisions``; ``asked`` is the whole line."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    decision: int
    turn: int
    action: str
    kind: str
    time: float
    post: str
    selector_cut_to_final_exchange: bool = False
    asked: dict[str, Any] = Field(default_factory=dict)


def read_decisions(path: Path) -> Iterator[Decided]:
    """The decisions of an export. Raises UsageError."""
    if not path.is_file():
        how = f"python -m tumblr export --decisions > {path}"
        raise UsageError(f"{path} is not there; write it with: {how}")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                value = json.loads(line)
                if value.get("post") is not None:
                    yield Decided.model_validate(value | {"asked": value})
            except (ValueError, AttributeError):
                where = f"{path}, line {number}"
                raise UsageError(f"{where}: not what python -m tumblr export --decisions prints") from None


def decided_rows(
    decisions: Sequence[Decided], reading: Reading, months_ahead: int, now: float, seed: int
) -> Reviewed:
    """The rows of what was decided, and how many texts became what."""
    rows: list[Row] = []
    counts: Counter[str] = Counter()
    own_words: set[int] = set()
    """Turns whose text is the operator's by now."""

    for one in sorted(decisions, key=lambda decided: decided.decision):
        verdict = _verdict(one, is_own=one.turn in own_words)
        counts[verdict] += 1
        if verdict in ("accepted", "rejected"):
            target = ACCEPTED if verdict == "accepted" else REJECTED
            rows.append(_row(one, target, reading, months_ahead, now, f"{seed} {one.decision}"))
        if one.action == "revise":
            is_edit = one.asked.get("reason") == "edited"
            (own_words.add if is_edit else own_words.discard)(one.turn)
        elif one.action == "again":
            own_words.discard(one.turn)
    return Reviewed(rows, dict(counts))


def _verdict(decided: Decided, *, is_own: bool) -> str:
    if is_own:
        return "the operator's words"
    if decided.action == "approve":
        return "accepted"
    return "rejected" if decided.action in FLAGGING else "sent to the drafts"


def _row(decided: Decided, target: float, reading: Reading, months_ahead: int, now: float, seed: str) -> Row:
    thread = archived_thread(decided.asked, reading.identity)
    written = claimed_time(decided.time, now, reading, months_ahead, seed)
    first = thread.posts[0]
    return Row(
        text_as_reviewed(
            thread, reading, written, cut_to_final_exchange=decided.selector_cut_to_final_exchange
        ),
        target,
        digest_of([first.author, first.text])[:16],
        ORIGINALS if thread.is_original else RESPONSES,
        decided.kind,
        decided.time,
        post_id=str(decided.turn),
    )
