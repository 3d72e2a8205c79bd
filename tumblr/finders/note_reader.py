"""Reading the notes of own posts, and no more of them than is new."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from tumblr.api.errors import LimitReached, TumblrError, Unauthorized, Unreachable
from tumblr.api.models import TumblrPost
from tumblr.api.notes import Note, NoteList, is_complete, merged, reaches
from tumblr.bot import Bot

log = structlog.get_logger()


class NoteReader:
    """Knows the conversation about own posts.

    The newest notes come with each post. Only when they do not reach back to what is known already are the
    others asked for, page by page, until they do.
    """

    def __init__(self, bot: Bot) -> None:
        self._reader = bot.tumblr.reader
        self._store = bot.conversations

    def read(self, posts: Sequence[TumblrPost]) -> dict[str, tuple[Note, ...]]:
        """The conversation about each post by its id, newest first; without those that cannot be had."""
        known = self._store.notes([post.id for post in posts])
        found: dict[str, NoteList] = {}
        for post in posts:
            try:
                found[post.id] = self._update(post, known.get(post.id, NoteList()))
            except (LimitReached, Unauthorized, Unreachable):
                raise
            except TumblrError as error:
                log.warning("notes not read", post=post.id, reason=str(error))
        self._store.keep_notes(
            {name: notes for name, notes in found.items() if notes != known.get(name, NoteList())}
        )
        return {name: notes.notes for name, notes in found.items()}

    def _update(self, post: TumblrPost, known: NoteList) -> NoteList:
        fresh = list(post.notes)
        if not is_complete(fresh, post.note_count) and not reaches(fresh, known.newest):
            fresh += self._pages(post, known.newest)
        newest = max([known.newest, *(float(note.timestamp) for note in post.notes)])
        return NoteList(merged(fresh, known.notes), newest)

    def _pages(self, post: TumblrPost, newest: float) -> list[Note]:
        found: list[Note] = []
        before: str | None = None
        seen: set[str | None] = {None}
        while True:
            page = self._reader.notes(post.id, before)
            found += [*page.notes, *page.rest]
            if reaches(page.notes, newest) or page.next_before in seen:
                return found
            before = page.next_before
            seen.add(before)
