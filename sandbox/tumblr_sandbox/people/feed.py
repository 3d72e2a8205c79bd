"""What there is to see: the latest posts of everybody, kept in memory as people see them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from itertools import islice

from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.people.actions import FeedItem
from tumblr_sandbox.people.features import FeatureExtractor
from tumblr_sandbox.store.posts import StoredPost

REMEMBERED = 4000
"""How many of the latest posts people can come across."""
READ_BACK = 60
"""How many new posts of those one follows are on the first page that a person reads."""

_MENTIONED = re.compile(r'class="tumblelog" href="https://([a-z0-9-]+)\.tumblr\.com')


class Feed:
    """The latest posts in the order of their ids, and for whom each was meant."""

    def __init__(self, extractor: FeatureExtractor) -> None:
        self._extractor = extractor
        self._items: list[FeedItem] = []
        self._meant: dict[str, list[FeedItem]] = {}
        self._born: dict[int, FeedItem] = {}

    @property
    def last_id(self) -> int:
        """The highest post id known here."""
        return self._items[-1].id if self._items else 0

    def learn(self, post: StoredPost, blog: str) -> None:
        """Take a post up that was published; one that is not newer than all others is left out."""
        if post.id <= self.last_id:
            return
        item = self._item(post, blog)
        self._items.append(item)
        for name in {item.asker if item.is_ask else None, item.parent, *item.mentions} - {None, blog}:
            self._meant.setdefault(str(name), []).append(item)
        if item.born_as is not None:
            self._born[item.born_as] = item
        if len(self._items) > 2 * REMEMBERED:
            self._forget()

    def dashboard(self, following: frozenset[str], after: int) -> tuple[FeedItem, ...]:
        """The latest new posts of these blogs, oldest first."""
        new = self._items[bisect_right(self._items, after, key=lambda item: item.id) :]
        found = (item for item in reversed(new) if item.blog in following)
        return tuple(islice(found, READ_BACK))[::-1]

    def meant_for(self, name: str, after: int, asked: Mapping[int, str]) -> tuple[FeedItem, ...]:
        """New posts that answer, reblog or mention somebody, or answer an ask of theirs; oldest first."""
        found = {item.id: item for item in self._meant.get(name, ()) if item.id > after}
        for number in asked:
            item = self._born.get(number)
            if item is not None and item.id > after:
                found[item.id] = item
        return tuple(found[number] for number in sorted(found))

    def _item(self, post: StoredPost, blog: str) -> FeedItem:
        text = post.content.as_text()
        question = question_of(post)
        asker = post.details.get("asker") if post.type == "answer" else None
        return FeedItem(
            id=post.id,
            blog=blog,
            text=text,
            features=self._extractor.features(_judged(post, text), question, post.tags),
            born_as=post.genesis_id,
            question=question,
            asker=None if asker is None else asker["name"],
            is_ask=post.is_ask,
            parent=None if post.parent is None else post.parent.blog_name,
            said=tuple((item.post.blog_name, item.content.as_text()) for item in post.trail),
            mentions=frozenset(_MENTIONED.findall(post.content.as_html())),
        )

    def _forget(self) -> None:
        self._items = self._items[-REMEMBERED:]
        oldest = self._items[0].id
        kept: Callable[[FeedItem], bool] = lambda item: item.id >= oldest  # noqa: E731
        self._meant = {name: list(filter(kept, items)) for name, items in self._meant.items()}
        self._born = {number: item for number, item in self._born.items() if kept(item)}


def question_of(post: StoredPost) -> str:
    """The question of an ask, or of a reblog of one; empty for other posts."""
    if "question" not in post.details:
        return ""
    return Content.from_json(post.details["question"]).as_text()


def _judged(post: StoredPost, text: str) -> str:
    """What readers judge: the words of the author, or of the one before where a reblog adds none."""
    if text or not post.trail:
        return " ".join(filter(None, (post.title, text)))
    return post.trail[-1].content.as_text()
