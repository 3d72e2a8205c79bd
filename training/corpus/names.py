"""Words that become others in the corpus, such as the author's name and the persona's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from munging.thread import Thread


class Replacer:
    """Replaces whole words. A replacement is written as what it replaces: rob, Rob, ROB.

    A word is whole between spaces and punctuation; a hyphen, an apostrophe before more letters, an at sign
    and what belongs to an address do not end it, so that links stay what they were.
    """

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = {before.lower(): after for before, after in words.items() if before}
        listed = "|".join(re.escape(word) for word in sorted(self._words, key=len, reverse=True))
        self._pattern = re.compile(rf"(?i)(?<![\w@/.-])(?:{listed})(?![\w@/-]|\.\w)") if listed else None

    def in_text(self, text: str) -> str:
        """The text with its words replaced."""
        return self._pattern.sub(self._written, text) if self._pattern else text

    def in_thread(self, thread: Thread) -> Thread:
        """The thread with the words of all its posts replaced, its names and tags too."""
        if self._pattern is None:
            return thread
        posts = tuple(
            replace(
                post,
                author=post.author if post.by_bot else self.in_text(post.author),
                text=self.in_text(post.text),
                tags=tuple(self.in_text(tag) for tag in post.tags),
            )
            for post in thread.posts
        )
        return replace(thread, posts=posts, preamble=self.in_text(thread.preamble))

    def _written(self, found: re.Match[str]) -> str:
        before = found[0]
        after = self._words[before.lower()]
        if len(before) > 1 and before.isupper():
            return after.upper()
        return after[:1].upper() + after[1:] if before[:1].isupper() else after
