"""Which posts on the dashboard are worth a reblog. All rules are pure."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from mood.logits import logit, pos_sent
from tumblr.api.models import TumblrPost
from tumblr.bot_settings import BotSettings
from tumblr.finders.conversation_rules import why_not_in_thread
from tumblr.settings import DashboardConfig

MOST_IMAGES = 10
"""In the rules of 2023."""

ROLL = (0.15, 0.85)
"""Bounds of a threshold that is drawn."""


def names_bot(post: TumblrPost, settings: BotSettings) -> bool:
    """Whether a post says the bot's name in its own words."""
    return f"@{settings.blog.blog_name.lower()}" in post.body.lower()


def why_not_static(post: TumblrPost, settings: BotSettings, follows: Collection[str]) -> str | None:
    """A reason to leave a post alone that needs no judgment. ``follows`` are names in lower case."""
    if post.id in settings.dashboard.forced_posts:
        return None
    reason = (
        _why_not_after_bot(post, settings)
        or _why_not_kind(post, settings.dashboard)
        or _why_not_tags(post, settings.dashboard.tag_avoid_list)
        or _why_not_people(post, settings)
    )
    if reason is not None or names_bot(post, settings):
        return reason
    root = post.root_blog.lower()
    if not root:
        return "nobody knows who began it"
    return (
        None if root in follows or settings.is_bot(root) else f"the bot does not follow {root}, who began it"
    )


def _why_not_after_bot(post: TumblrPost, settings: BotSettings) -> str | None:
    said, rules = post.contributors, settings.dashboard
    if rules.rules == "2023":
        return "the bot has spoken in it" if any(settings.is_bot(entry.blog) for entry in said) else None
    if len(said) > 1 and settings.is_bot(said[-2].blog):
        return "it answers the bot"
    if post.has_comment:
        return None
    if rules.require_comment:
        return "it says nothing of its own"
    return "the bot has spoken last in it" if said and settings.is_bot(said[-1].blog) else None


def _why_not_kind(post: TumblrPost, rules: DashboardConfig) -> str | None:
    notes_matter = rules.rules == "2021" or not (post.is_reblog and post.has_comment)
    if post.note_count >= rules.note_limit and notes_matter:
        return f"it has {post.note_count} notes"
    if post.has_video:
        return "it is a video"
    if rules.rules == "2023" and post.images > MOST_IMAGES:
        return f"it has {post.images} images"
    if rules.rules == "2023" and not post.has_text:
        return "it has no text"
    return None


def _why_not_tags(post: TumblrPost, avoided_tags: Collection[str]) -> str | None:
    avoided = [text.lower() for text in avoided_tags if text]
    hit = next((tag for tag in post.tags if any(text in tag.lower() for text in avoided)), None)
    return None if hit is None else f"it is tagged {hit!r}"


def _why_not_people(post: TumblrPost, settings: BotSettings) -> str | None:
    if post.source_blog is not None and post.source_blog.lower() in settings.avoided_blogs:
        return f"{post.source_blog} began it, whom the bot avoids"
    return why_not_in_thread(post.contributors, settings)


@dataclass(frozen=True)
class Judged:
    """What the models say about a thread: the selector's probability, and the sentiment logit difference.

    ``autoreview`` is the probability that a human would reject it, ``shift`` by how much it makes the bot's
    name likelier as the next speaker's, in logarithms; None where nobody has said it.
    """

    probability: float
    logit_diff: float | None
    autoreview: float | None = None
    shift: float | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether a post is worth a reblog, and why."""

    is_worthy: bool
    why: str


def mood_buff(mood: float, positive: float) -> float:
    """How well a post suits the mood, both as probabilities, in (-1, 1).

    With q the product of their logits: 2 * (sigmoid(sign(q) * sqrt(|q|)) - 1/2).
    """
    q = logit(mood) * logit(positive)
    return 2.0 * (pos_sent(math.copysign(math.sqrt(abs(q)), q)) - 0.5)


def why_not_length(text: str, rules: DashboardConfig) -> str | None:
    """A text that is too short or too long is not judged."""
    if len(text) < rules.min_characters:
        return f"it is shorter than {rules.min_characters} characters"
    if rules.max_characters is not None and len(text) > rules.max_characters:
        return f"it is longer than {rules.max_characters} characters"
    return None


def judge(
    who: str, judged: Judged, mood: float | None, chance: float, settings: BotSettings, *, named: bool
) -> Verdict:
    """Whether a post is worth a reblog: score = (probability + mood's + chance's) * factor of its blog.

    ``chance`` is a draw in [-1, 1]; ``named`` tells that the post names the bot, which makes any score do.
    A post that is very negative, or that a human would reject, is never worth one.
    """
    rules, lists = settings.dashboard, settings.screening
    positive = None if judged.logit_diff is None else pos_sent(judged.logit_diff)
    if positive is not None and 1.0 - positive >= rules.max_negativity:
        return Verdict(is_worthy=False, why=f"it is negative ({1.0 - positive:.2f})")
    review = judged.autoreview
    if lists.autoreview and review is not None and review >= lists.autoreview_reject:
        return Verdict(is_worthy=False, why=f"a human would reject it ({review:.3f})")
    buff = 0.0 if mood is None or positive is None else rules.mood_buff * mood_buff(mood, positive)
    random_buff = rules.random_buff * chance
    factors = {name.lower(): factor for name, factor in rules.follower_multipliers.items()}
    factor = factors.get(who.lower(), 1.0)
    score = (judged.probability + buff + random_buff) * factor
    sum_ = f"({judged.probability:.3f} {buff:+.3f} mood {random_buff:+.3f} chance) * {factor:g} = {score:.3f}"
    if score > rules.selection_cutoff:
        return Verdict(is_worthy=True, why=f"its score {sum_} is above {rules.selection_cutoff:g}")
    if named:
        return Verdict(is_worthy=True, why=f"it names the bot; its score {sum_}")
    return Verdict(is_worthy=False, why=f"its score {sum_} is not above {rules.selection_cutoff:g}")


def least_score(judged: Judged, draw: float, rules: DashboardConfig) -> float:
    """The least selector probability with which the bot's own words are posted; ``draw`` is in [0, 1)."""
    match rules.continuation:
        case "score":
            return rules.continuation_cutoff
        case "roll":
            return ROLL[0] + (ROLL[1] - ROLL[0]) * draw
        case "delta":
            return judged.probability + rules.continuation_cutoff
