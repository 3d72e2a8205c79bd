"""Branch testing: changed code beside the bot in use, which shows what it would do and does none of it.

What it makes are drafts with two tags more, which name the state that each would have had. An ask is not made
into its answer, but quoted in a draft of its own, and stays in the inbox for the bot in use.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape

from tumblr.screening.moderation import Verdict
from tumblr.turns.inputs import AskInput, CommandInput
from tumblr.turns.kinds import Action, PostState
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.turn import Endpoint, StoredRequest, Turn

MARK = "beamsplit"
"""First of the two tags."""

MARKED_ENDPOINT: Endpoint = "answer"
"""The requests that have a field for the mark."""


def marked(request: StoredRequest, *, on: bool) -> StoredRequest:
    """The request as a bot under test sends it: with a mark that is seen in logs and changes nothing."""
    if not on or request.endpoint != MARKED_ENDPOINT:
        return request
    return request.model_copy(update={"fields": {**request.fields, "na_beamsplit": "true"}})


def as_test(turn: Turn, composed: PlannedPost, verdict: Verdict) -> tuple[PlannedPost, Verdict]:
    """What a bot under test does instead: a draft, and nothing to any ask.

    A text that the bot itself rejects is not sent back, so that it can be read.
    """
    kept = replace(composed, discard=None)
    if composed.publish_as is PostState.NONE:
        return kept, verdict
    shown = replace(kept, tags=(*marker_tags(composed, verdict), *composed.tags))
    if composed.action == Action.ANSWER_ASK:
        shown = replace(shown, action=Action.CREATE_TEXT, post_id=None, html=_quoted(turn) + composed.html)
    return shown, Verdict((*verdict.reasons, "branch testing"))


def marker_tags(composed: PlannedPost, verdict: Verdict) -> tuple[str, str]:
    """The two tags: the mark, and the state that the post would have had."""
    state = PostState.DRAFT if verdict.reasons else composed.publish_as
    return MARK, f"{MARK}: {'sent back' if verdict.rejected else state}"


def _quoted(turn: Turn) -> str:
    """The ask that an answer belongs to, as tumblr cannot show it above a post of its own."""
    asked = turn.input.question if isinstance(turn.input, AskInput | CommandInput) else ""
    question = escape(asked).replace("\n", "<br>")
    return f"<p>ask {turn.input_id} from {escape(turn.who)}:</p><blockquote>{question}</blockquote>"
