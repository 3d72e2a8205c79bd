"""From a composed post to what will be sent: may it be published, and as what. Pure."""

from __future__ import annotations

from tumblr.bot_settings import BotSettings
from tumblr.screening.moderation import Verdict, judge
from tumblr.screening.word_lists import findings
from tumblr.turns.kinds import PostState, TurnKind
from tumblr.turns.planned_post import PlannedPost
from tumblr.turns.tags import SEND_BACK
from tumblr.turns.turn import Intent


def verdict_on(
    composed: PlannedPost, kind: TurnKind, autoreview: float | None, settings: BotSettings
) -> Verdict:
    """What the screening says of a post; ``autoreview`` is the probability that a human would reject it."""
    if composed.publish_as is PostState.NONE:
        return Verdict(())  # it makes no post
    lists, blog = settings.screening, settings.blog
    operator = blog.operator_name if lists.screen_operator else None
    notes = [*composed.notes, *(["everything is drafted"] if settings.drafts_only else [])]
    found = (
        []
        if composed.draft is None
        else findings(
            composed.draft, lists, operator, images_are_made=settings.images.write, at_home=blog.names
        )
    )
    return judge(found, notes, autoreview, lists, original=kind is TurnKind.ORIGINAL)


def intent_of(composed: PlannedPost, verdict: Verdict, now: float) -> Intent:
    """What is stored before it is sent; a draft when anything speaks against the post."""
    return Intent(
        action=composed.action,
        state=PostState.DRAFT if verdict.reasons else composed.publish_as,
        html=composed.html,
        tags=(*composed.tags, SEND_BACK) if verdict.rejected else composed.tags,
        post_id=composed.post_id,
        reblog_key=composed.reblog_key,
        target=composed.target,
        image=composed.image,
        figures=composed.figures,
        undrawn=composed.undrawn,
        discard=composed.discard,
        stored_at=now,
        reasons=verdict.reasons,
    )


def as_draft(intent: Intent, reason: str) -> Intent:
    """The same to be drafted, for a reason."""
    reasons = (*(one for one in intent.reasons if one != reason), reason)
    return intent.model_copy(update={"state": PostState.DRAFT, "reasons": reasons})


def undrawn(intent: Intent) -> Intent:
    """The same without its images, to be drafted."""
    plain = intent.model_copy(update={"html": intent.undrawn, "figures": (), "undrawn": ""})
    return as_draft(plain, "an image block was not drawn")
