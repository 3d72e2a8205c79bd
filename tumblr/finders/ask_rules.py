"""Which asks are not answered at all. Pure."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Sequence

from wcwidth import wcwidth

from munging.user_text import question_from_html
from tumblr.api.models import ANONYMOUS, TumblrPost
from tumblr.bot_settings import BotSettings
from tumblr.finders.damping import why_not_talk
from tumblr.turns.turn import NewTurn

COMMAND_MARK = "!"
_IMAGE = re.compile(r"<img\b", re.IGNORECASE)


def why_not_ask(ask: TumblrPost, settings: BotSettings) -> str | None:
    """An ask needs words, not too many pictures, and an asker whom the bot talks to."""
    raw, rules = ask.question or "", settings.asks
    text = question_from_html(raw)
    if ask.asking_name and (reason := why_not_talk(ask.asking_name, settings)) is not None:
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


def surplus(asks: Sequence[NewTurn], most: int, rng: random.Random) -> dict[str, str]:
    """Asks that are deleted because more than so many of their asker's wait, by id, each with the reason.

    Of each such asker it is a random one; with 0 none is deleted.
    """
    by_asker: dict[str, list[NewTurn]] = defaultdict(list)
    for ask in asks:
        by_asker[ask.who].append(ask)
    crowds = {who: waiting for who, waiting in by_asker.items() if who != ANONYMOUS}
    return {
        rng.choice(waiting).input_id: f"{len(waiting)} asks of {who} wait, more than {most}"
        for who, waiting in crowds.items()
        if most and len(waiting) > most
    }
