"""A text that waits for the operator: as it would be sent, why it waits, other words for it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from switchboard.messages import SelectionOutcome
from tumblr.bot_settings import BotSettings
from tumblr.responding.handlers.base import TurnHandler
from tumblr.responding.intents import verdict_on
from tumblr.screening.moderation import Verdict
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.review import Review
from tumblr.turns.tags import clean_tags, strip_tags
from tumblr.turns.turn import Turn


def with_own_tags(composed: PlannedPost, own_tags: Sequence[str] | None) -> PlannedPost:
    """A post with the tags that the operator has given it, if any."""
    if own_tags is None:
        return composed
    tags = tuple(own_tags)
    draft = None if composed.draft is None else replace(composed.draft, tags=tags)
    return replace(composed, tags=tags, draft=draft)


def verdict_of(turn: Turn, composed: PlannedPost, autoreview: float | None, settings: BotSettings) -> Verdict:
    """What becomes of a text: what the screening says or, where a human has decided, what they said."""
    approval = None if turn.review is None else turn.review.approval
    if approval is None:
        return verdict_on(composed, turn.kind, autoreview, settings)
    return Verdict(() if approval.publish else (f"{approval.who} sends it to the drafts",))


def review_of(turn: Turn, composed: PlannedPost, verdict: Verdict, now: float) -> Review:
    """A text that begins to wait."""
    chosen = turn.result
    return Review(
        html=composed.html,
        tags=composed.tags,
        reasons=verdict.reasons,
        refused=verdict.never,
        publish_as=composed.publish_as,
        first="" if chosen is None else chosen.post,
        first_tags=composed.tags,
        held_at=now,
    )


def candidate_of(chosen: SelectionOutcome, index: int) -> SelectionOutcome:
    """The outcome as if another candidate had been chosen. Raises IndexError when its text is not known."""
    texts = chosen.all_posts or []
    if not 0 <= index < len(texts):
        raise IndexError(index)
    tags = chosen.all_tags[index] if chosen.all_tags else chosen.tags
    scores = {
        field: values[index]
        for field, values in (
            ("proba", chosen.all_proba),
            ("pos_sentiment", chosen.all_pos_sentiment),
            ("mirotarg", chosen.all_mirotarg),
            ("autoreview", chosen.all_autoreview or ()),
        )
        if index < len(values)
    }
    return chosen.model_copy(update={"post": texts[index], "tags": tags, "choice_index": index, **scores})


def edited(chosen: SelectionOutcome, text: str, tags: Sequence[str]) -> SelectionOutcome:
    """The outcome with the operator's words, of which no model has an opinion."""
    return chosen.model_copy(update={"post": text, "tags": list(tags), "autoreview": None})


def operators_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags as the operator typed them, without those that mean something to the bot."""
    return tuple(strip_tags(clean_tags(tags), ()))


def revised(
    turn: Turn,
    chosen: SelectionOutcome,
    handler: TurnHandler,
    settings: BotSettings,
    own_tags: tuple[str, ...] | None,
) -> Review:
    """The review of a waiting turn with another text in its place, screened again.

    Raises Declined when that text is not worth posting by the turn's own rules.
    """
    before = turn.review
    if before is None:
        raise ValueError(f"{turn.name} does not wait for a decision")
    composed = with_own_tags(handler.compose(turn, chosen), own_tags)
    verdict = verdict_on(composed, turn.kind, chosen.autoreview, settings)
    return before.model_copy(
        update={
            "html": composed.html,
            "tags": composed.tags,
            "reasons": verdict.reasons,
            "refused": verdict.never,
            "own_tags": own_tags,
        }
    )
