"""What there is to see: the latest posts of everybody, kept in memory as people see them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from itertools import islice

from tumblr_sandbox.markup.content import Content
from tumblr_sandbox.people.deeds import Sight
from tumblr_sandbox.people.features import Noticer
from tumblr_sandbox.store.posts import StoredPost

REMEMBERED = 4000
"""How many of the latest posts people can come across."""
READ_BACK = 60
"""How many new posts of those one follows are on the first page that a person reads."""

_MENTIONED = re.compile(r'class="tumblelog" href="https://([a-z0-9-]+)\.tumblr\.com')


class Town:
    """The latest posts in the order of their ids, and for whom each was meant."""

    def __init__(self, noticer: Noticer) -> None:
        self._noticer = noticer
        self._sights: list[Sight] = []
        self._meant: dict[str, list[Sight]] = {}
        self._born: dict[int, Sight] = {}

    @property
    def last_id(self) -> int:
        """The highest post id known here."""
        return self._sights[-1].id if self._sights else 0

    def learn(self, post: StoredPost, blog: str) -> None:
        """Take a post up that was published; one that is not newer than all others is left out."""
        if post.id <= self.last_id:
            return
        sight = self._sight(post, blog)
        self._sights.append(sight)
        for name in {sight.asker if sight.is_ask else None, sight.parent, *sight.mentions} - {None, blog}:
            self._meant.setdefault(str(name), []).append(sight)
        if sight.born_as is not None:
            self._born[sight.born_as] = sight
        if len(self._sights) > 2 * REMEMBERED:
            self._forget()

    def dashboard(self, following: frozenset[str], after: int) -> tuple[Sight, ...]:
        """The latest new posts of these blogs, oldest first."""
        new = self._sights[bisect_right(self._sights, after, key=lambda sight: sight.id) :]
        found = (sight for sight in reversed(new) if sight.blog in following)
        return tuple(islice(found, READ_BACK))[::-1]

    def meant_for(self, name: str, after: int, asked: Mapping[int, str]) -> tuple[Sight, ...]:
        """New posts that answer, reblog or mention somebody, or answer an ask of theirs; oldest first."""
        found = {sight.id: sight for sight in self._meant.get(name, ()) if sight.id > after}
        for number in asked:
            sight = self._born.get(number)
            if sight is not None and sight.id > after:
                found[sight.id] = sight
        return tuple(found[number] for number in sorted(found))

    def _sight(self, post: StoredPost, blog: str) -> Sight:
        text = post.content.as_text()
        question = question_of(post)
        asker = post.details.get("asker") if post.type == "answer" else None
        return Sight(
            id=post.id,
            blog=blog,
            text=text,
            features=self._noticer.features(_judged(post, text), question, post.tags),
            born_as=post.genesis_id,
            question=question,
            asker=None if asker is None else asker["name"],
            is_ask=post.is_ask,
            parent=None if post.parent is None else post.parent.blog_name,
            said=tuple((item.post.blog_name, item.content.as_text()) for item in post.trail),
            mentions=frozenset(_MENTIONED.findall(post.content.as_html())),
        )

    def _forget(self) -> None:
        self._sights = self._sights[-REMEMBERED:]
        oldest = self._sights[0].id
        kept: Callable[[Sight], bool] = lambda sight: sight.id >= oldest  # noqa: E731
        self._meant = {name: list(filter(kept, sights)) for name, sights in self._meant.items()}
        self._born = {number: sight for number, sight in self._born.items() if kept(sight)}


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
