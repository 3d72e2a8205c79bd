"""Which asks are not answered at all. Pure."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wcwidth import wcwidth

from munging.user_text import question_from_html
from tumblr.api.models import ANONYMOUS, TumblrPost
from tumblr.finders.user_list import EVERYBODY, UserList

COMMAND_MARK = "!"
_IMAGE = re.compile(r"<img\b", re.IGNORECASE)


@dataclass(frozen=True)
class AskRules:
    """What an ask has to be like. 0 switches a rule off."""

    min_words: int = 0
    max_images: int = 0
    most_waiting: int = 0
    """Asks of one asker; of more than so many a random one is deleted at each look."""

    why_not_asker: Callable[[str], str | None] = lambda _: None
    """Says why a blog gets no answers, or None."""

    answered: UserList = EVERYBODY
    """Asks of others are deleted, except to be followed or no longer followed."""

    equity_first: bool = False
    """Whether the oldest ask of each asker is chosen before limited users are left to chance."""

    deletes: bool = True
    """Whether asks are deleted at all; otherwise those that would be stay in the inbox and are skipped."""

    reads_images: bool = False
    """Whether the texts of images become part of the question."""


def why_not_ask(ask: TumblrPost, rules: AskRules) -> str | None:
    """An ask needs words, not too many pictures, and an asker whom the bot talks to."""
    raw = ask.question or ""
    text = question_from_html(raw)
    if ask.asking_name and (reason := rules.why_not_asker(ask.asking_name)) is not None:
        return reason
    if rules.max_images and len(_IMAGE.findall(raw)) > rules.max_images:
        return f"it has more than {rules.max_images} images"
    if not text.lstrip().startswith(COMMAND_MARK) and word_count(text) < rules.min_words:
        return "it has no words" if rules.min_words == 1 else f"it has fewer than {rules.min_words} words"
    return None


def word_count(text: str) -> int:
    """How many words a text has: a word counts as the width on a screen of its widest character, 0 to 2.

    So a picture sign counts as two words, and what nobody can see as none.
    """
    return sum(max(max(wcwidth(character), 0) for character in word) for word in text.split())


def surplus(asks: Sequence[TumblrPost], rules: AskRules, rng: random.Random) -> dict[str, str]:
    """Asks that are deleted because too many of their asker's wait, by id, each with the reason."""
    by_asker: dict[str, list[TumblrPost]] = defaultdict(list)
    for ask in asks:
        by_asker[ask.asking_name or ANONYMOUS].append(ask)
    crowds = {who: waiting for who, waiting in by_asker.items() if who != ANONYMOUS}
    return {
        rng.choice(waiting).id: f"{len(waiting)} asks of {who} wait, more than {rules.most_waiting}"
        for who, waiting in crowds.items()
        if rules.most_waiting and len(waiting) > rules.most_waiting
    }
