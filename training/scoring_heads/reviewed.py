"""From what the operator did with drafts to the autoreviewer's rows: would a human reject this text?

The post log says what was drafted or queued, and under which id; the blog says which ids were published. Of
the texts of one id that was never published all were rejected. Of one that was, the last was accepted if it
was a draft, and says nothing if it was queued, for to leave a queued post alone is no judgment; those before
it were rejected. What the bot itself sent back teaches nothing but its own opinion.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from munging.prompts.formats import render
from munging.thread import Thread
from training.corpus.reading import archived_thread
from training.errors import UsageError
from training.files import digest_of
from training.noted import Standing
from training.scoring_heads.labels import ORIGINALS, RESPONSES
from training.scoring_heads.liked import Reading, claimed_time
from training.scoring_heads.rows import Row

ACCEPTED, REJECTED = 0.0, 1.0
"""Targets: the head gives the probability that a human would reject the text."""

DRAFT, QUEUE = "draft", "queue"


class SentPost(BaseModel):
    """What is read of a line of ``python -m tumblr export``; ``asked`` is the whole line."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    post_id: str = Field(pattern=r"^\d+$")
    state: str = Field(alias="requested__state")
    post: str
    kind: str
    time: float
    rejected: bool = False
    selector_cut_to_final_exchange: bool = False
    asked: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class Reviewed:
    """Rows, and how many texts became what: accepted, rejected, or left out for a reason."""

    rows: list[Row]
    counts: Mapping[str, int]


def read_log(path: Path) -> Iterator[SentPost]:
    """The posts of an exported log that were sent as drafts or to the queue. Raises UsageError."""
    if not path.is_file():
        raise UsageError(f"{path} is not there; write it with: python -m tumblr export > {path}")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                value = json.loads(line)
                if value.get("post") is None:
                    continue  # a command's post, which the model did not write
                sent = SentPost.model_validate(value | {"asked": value})
            except (ValueError, AttributeError):
                where = f"{path}, line {number}"
                raise UsageError(f"{where}: not what python -m tumblr export prints") from None
            if sent.state in (DRAFT, QUEUE):
                yield sent


def reviewed_rows(
    log: Sequence[SentPost], standing: Standing, reading: Reading, months_ahead: int, now: float, seed: int
) -> Reviewed:
    """The rows of the texts that the operator has decided about."""
    by_id: dict[str, list[SentPost]] = {}
    for sent in sorted(log, key=lambda one: one.time):
        by_id.setdefault(sent.post_id, []).append(sent)
    rows: list[Row] = []
    counts: Counter[str] = Counter()
    for texts in by_id.values():
        for place, sent in enumerate(texts):
            verdict = _verdict(sent, standing, is_last=place == len(texts) - 1)
            counts[verdict] += 1
            if verdict in ("accepted", "rejected"):
                target = ACCEPTED if verdict == "accepted" else REJECTED
                rows.append(_row(sent, target, reading, months_ahead, now, f"{seed} {sent.post_id} {place}"))
    return Reviewed(rows, dict(counts))


def _verdict(sent: SentPost, standing: Standing, *, is_last: bool) -> str:
    if sent.rejected:
        return "sent back by the bot"
    if not is_last:
        return "rejected"
    if sent.post_id in standing.waiting:
        return "waiting"
    if sent.post_id in standing.published:
        return "accepted" if sent.state == DRAFT else "queued"
    is_known = standing.since is not None and standing.read_at is not None
    if not is_known or not standing.since <= sent.time < standing.read_at:  # type: ignore[operator]
        return "not looked at"
    return "rejected"


def _row(sent: SentPost, target: float, reading: Reading, months_ahead: int, now: float, seed: str) -> Row:
    thread = archived_thread(sent.asked, reading.identity)
    written = claimed_time(sent.time, now, reading, months_ahead, seed)
    first = thread.posts[0]
    return Row(
        text_as_reviewed(thread, reading, written, cut_to_final_exchange=sent.selector_cut_to_final_exchange),
        target,
        # Attempts at one turn, and turns in one thread, begin with the same post.
        digest_of([first.author, first.text])[:16],
        ORIGINALS if thread.is_original else RESPONSES,
        sent.kind,
        sent.time,
        post_id=sent.post_id,
    )


def text_as_reviewed(thread: Thread, reading: Reading, written: str, *, cut_to_final_exchange: bool) -> str:
    """The text as the reviewer gets it when the bot serves."""
    if reading.form.separate_prompts:
        thread = thread.since_bot_spoke(keep=True)
    elif cut_to_final_exchange:
        thread = thread.final_exchange()
    return render(thread, reading.form, reading.identity, written=written).text
