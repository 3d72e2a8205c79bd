"""What happens to posts: written, asked, answered, queued, published, reblogged, edited, deleted.

Every function works inside its caller's transaction. Refusals are ``PostingError``s.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from tumblr_sandbox import ids
from tumblr_sandbox.errors import (
    AskRefusedError,
    CannotReblogError,
    EmptyPostError,
    NotThatStateError,
    PostLimitError,
    QueueFullError,
)
from tumblr_sandbox.markup.content import Content, PostRef, TrailItem
from tumblr_sandbox.markup.text import make_slug, summarise
from tumblr_sandbox.services import communities, events, limits
from tumblr_sandbox.services.limits import Limits
from tumblr_sandbox.services.queue import QueueWindow
from tumblr_sandbox.store import posts, social
from tumblr_sandbox.store.accounts import Blog, blogs_by_id
from tumblr_sandbox.store.posts import StoredPost

MOVES = {
    "published": {"private"},
    "private": {"published"},
    "draft": {"published", "queued", "private", "submission"},
    "queued": {"published", "draft", "private", "submission"},
    "submission": {"published", "queued", "draft", "private"},
}
"""Which states a post may be moved to from each; only asks go (back) to submission."""
GETS_NEW_ID = frozenset({"draft", "queued", "submission"})
"""A post that is published from one of these gets a new id."""


@dataclass(frozen=True)
class Written:
    """What an author hands in for a new post. ``date`` is unix seconds: past backdates, future schedules.

    ``hidden`` are the places in the trail, from 0, that a reblog leaves out. ``author`` is the blog of the
    member who posts into a community.
    """

    content: Content = field(default_factory=Content)
    type: str = "text"
    state: str = "published"
    title: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    slug: str | None = None
    date: int | None = None
    reblogs_allowed: bool = True
    hidden: frozenset[int] = frozenset()
    author: Blog | None = None


@dataclass(frozen=True)
class Changes:
    """What an author changes; none leaves a thing as it is, an empty title or tag list clears it."""

    content: Content | None = None
    state: str | None = None
    title: str | None = None
    details: dict[str, Any] | None = None
    tags: tuple[str, ...] | None = None
    slug: str | None = None
    date: int | None = None
    reblogs_allowed: bool | None = None


class Writer:
    """Makes and changes posts. ``rng`` draws reblog keys."""

    def __init__(self, rng: random.Random, figures: Limits) -> None:
        self._rng = rng
        self._limits = figures

    def create(self, connection: Connection, blog: Blog, written: Written, now: float) -> StoredPost:
        """Write an original post."""
        if written.content.is_empty() and not written.details:
            raise EmptyPostError
        post_id = self._next_id(connection, now)
        summary = _summary(written.title, written.details, written.content)
        post = StoredPost(
            id=post_id,
            blog_id=blog.id,
            state=written.state,
            type=written.type,
            content=written.content,
            timestamp=int(now),
            tree_id=post_id,
            reblog_key=ids.reblog_key(self._rng),
            title=written.title or None,
            details=written.details,
            tags=written.tags,
            slug=written.slug if written.slug is not None else make_slug(summary),
            summary=summary,
            reblogs_allowed=written.reblogs_allowed,
        )
        return self._keep_new(connection, blog, post, written, now)

    def reblog(
        self, connection: Connection, blog: Blog, parent: StoredPost, written: Written, now: float
    ) -> StoredPost:
        """Reblog a post onto a blog, with the author's own words or without."""
        parent_blog = blogs_by_id(connection, {parent.blog_id})[parent.blog_id]
        closed = not parent.reblogs_allowed and parent.blog_id != blog.id
        closed = closed or not communities.lets_out(connection, parent, blog)
        closed = closed or social.is_blocked(connection, events.whose(parent), blog.id)
        if parent.state != "published" or closed:
            raise CannotReblogError
        parent_ref = reference(parent, parent_blog)
        whole = extended_trail(parent, parent_ref)
        trail = tuple(item for place, item in enumerate(whole) if place not in written.hidden)
        rooted = not whole or whole[0] in trail
        post = StoredPost(
            id=self._next_id(connection, now),
            blog_id=blog.id,
            state=written.state,
            # What the root's type shows is hidden with the root.
            type=parent.type if rooted else "text",
            content=written.content,
            timestamp=int(now),
            tree_id=parent.tree_id,
            reblog_key=ids.reblog_key(self._rng),
            title=parent.title if rooted else None,
            details=parent.details if rooted else {},
            trail=trail,
            parent=parent_ref,
            root=parent.root or parent_ref,
            tags=written.tags,
            slug=written.slug if written.slug is not None else make_slug(parent.summary),
            summary=parent.summary,
            reblogs_allowed=written.reblogs_allowed,
        )
        return self._keep_new(connection, blog, post, written, now)

    def ask(
        self, connection: Connection, blog: Blog, question: Content, asker: Blog | None, now: float
    ) -> StoredPost:
        """Put a question into a blog's inbox; without an asker it is anonymous."""
        if not blog.settings.ask or (asker is None and not blog.settings.ask_anon):
            raise AskRefusedError("this blog takes no such asks")
        if asker is not None and social.is_blocked(connection, blog.id, asker.id):
            raise AskRefusedError("the asker is blocked")
        if question.is_empty():
            raise EmptyPostError
        details = {"question": question.to_json(), "asker": None if asker is None else asker_copy(asker)}
        post_id = self._next_id(connection, now)
        summary = _summary(None, details, Content())
        post = StoredPost(
            id=post_id,
            blog_id=blog.id,
            state="submission",
            type="answer",
            content=Content(),
            timestamp=int(now),
            tree_id=post_id,
            reblog_key=ids.reblog_key(self._rng),
            details=details,
            slug=make_slug(summary),
            summary=summary,
        )
        posts.add(connection, post)
        events.asked(connection, post, now)
        return post

    def submit(
        self, connection: Connection, blog: Blog, written: Written, author: Blog | None, now: float
    ) -> StoredPost:
        """Hand a post in to a blog; it waits in the inbox."""
        if author is not None and social.is_blocked(connection, blog.id, author.id):
            raise AskRefusedError("the author is blocked")
        details = {**written.details, "submitter": None if author is None else author.name}
        return self.create(connection, blog, replace(written, state="submission", details=details), now)

    def edit(
        self, connection: Connection, blog: Blog, post: StoredPost, changes: Changes, now: float
    ) -> StoredPost:
        """Change a post; it comes back under a new id when that publishes it."""
        state = changes.state or post.state
        if post.in_community and state != post.state:
            raise NotThatStateError(state)
        _check_move(post, state)
        edited = _with_changes(post, changes)
        if edited.content.is_empty() and _needs_words(edited, state):
            raise EmptyPostError
        if state == post.state:
            return self._save_in_place(connection, edited, changes.date, now)
        if state == "published":
            return self._publish(connection, blog, edited, changes.date, now)
        edited = replace(edited, state=state, scheduled=None, queued_state=None, timestamp=int(now))
        if state == "queued":
            edited = self._scheduled(connection, blog, edited, changes.date, now)
        posts.save(connection, edited)
        if post.state == "published":
            events.hidden(connection, edited)
        elif post.is_ask and state == "private":
            events.answered_privately(connection, blog, edited, now)
        return edited

    def delete(self, connection: Connection, post: StoredPost) -> None:
        """Delete a post. Its descendants keep their copies of what it said."""
        if post.in_community:
            communities.delete_post(connection, post)
        posts.remove(connection, post.id)
        events.deleted(connection, post)

    def publish_due(self, connection: Connection, now: float) -> list[StoredPost]:
        """Publish what the clock says; what its owner may not publish any more today becomes a draft."""
        return [self._publish_or_shelve(connection, post, now) for post in posts.due(connection, now)]

    def publish_next(self, connection: Connection, blog: Blog, now: float) -> StoredPost | None:
        """Publish the front of a blog's queue before its time; none when the queue is empty."""
        for post in posts.queue_of(connection, blog.id, limit=1):
            return self._publish_or_shelve(connection, post, now)
        return None

    def _publish_or_shelve(self, connection: Connection, post: StoredPost, now: float) -> StoredPost:
        blog = blogs_by_id(connection, {post.blog_id})[post.blog_id]
        try:
            return self._publish(connection, blog, post, None, now)
        except PostLimitError:
            draft = replace(post, state="draft", scheduled=None, queued_state=None, timestamp=int(now))
            posts.save(connection, draft)
            return draft

    def _keep_new(
        self, connection: Connection, blog: Blog, post: StoredPost, written: Written, now: float
    ) -> StoredPost:
        date, author = written.date, written.author
        if author is not None:
            post = replace(post, author_id=author.id)
            if post.state != "published":
                raise NotThatStateError(post.state)
        if post.state == "queued":
            post = self._scheduled(connection, blog, post, date, now)
        elif date is not None and date < now:
            post = replace(post, timestamp=date)
        if post.state == "published":
            self._spend_post(connection, author or blog, now)
        posts.add(connection, post)
        if post.state == "published":
            events.published(connection, blog, post, now)
        return post

    def _publish(
        self, connection: Connection, blog: Blog, post: StoredPost, date: int | None, now: float
    ) -> StoredPost:
        self._spend_post(connection, blog, now)
        was = post.id
        if post.state in GETS_NEW_ID:
            post = post.renamed(self._next_id(connection, now))
        moment = date if date is not None and date < now else int(now)
        post = replace(post, state="published", scheduled=None, queued_state=None, timestamp=moment)
        posts.save(connection, post, was=was)
        events.published(connection, blog, post, now)
        return post

    def _save_in_place(
        self, connection: Connection, post: StoredPost, date: int | None, now: float
    ) -> StoredPost:
        if date is not None and post.state == "queued" and date > now:
            post = replace(post, scheduled=date, queued_state="scheduled")
        elif date is not None and date < now:
            post = replace(post, timestamp=date)
        elif post.state == "draft":
            post = replace(post, timestamp=int(now))
        posts.save(connection, post)
        events.edited(connection, post)
        return post

    def _scheduled(
        self, connection: Connection, blog: Blog, post: StoredPost, date: int | None, now: float
    ) -> StoredPost:
        taken = posts.taken_slots(connection, blog.id)
        if posts.counts_by_state(connection, blog.id).get("queued", 0) >= self._limits.queued_posts:
            raise QueueFullError(self._limits.queued_posts)
        if date is not None and date > now:
            return replace(post, scheduled=date, queued_state="scheduled")
        return replace(post, scheduled=queue_window(blog).first_free(now, taken), queued_state="queued")

    def _spend_post(self, connection: Connection, blog: Blog, now: float) -> None:
        if not limits.spend(connection, blog.owner_id, "posts", self._limits, now):
            raise PostLimitError

    def _next_id(self, connection: Connection, now: float) -> int:
        post_id = ids.next_post_id(now, posts.last_id(connection))
        posts.keep_last_id(connection, post_id)
        return post_id


def queue_window(blog: Blog) -> QueueWindow:
    """How a blog's queue is spread over the day."""
    chosen = blog.settings
    return QueueWindow(chosen.posts_per_day, chosen.queue_start_hour, chosen.queue_end_hour, chosen.timezone)


def reference(post: StoredPost, blog: Blog) -> PostRef:
    """The copy of a post's whereabouts that its reblogs keep."""
    return PostRef(post.id, blog.name, blog.uuid, blog.title, post.slug)


def asker_copy(blog: Blog) -> dict[str, Any]:
    """What an ask keeps of who asked."""
    return {"id": blog.id, "name": blog.name, "uuid": blog.uuid, "title": blog.title}


def extended_trail(parent: StoredPost, ref: PostRef) -> tuple[TrailItem, ...]:
    """The trail of a reblog: the parent's, and the parent itself if it is the root or added anything."""
    if parent.content.is_empty() and parent.is_reblog:
        return parent.trail
    title = None if parent.is_reblog else parent.title
    item = TrailItem(ref, parent.timestamp, parent.content, title, is_root=not parent.is_reblog)
    return (*parent.trail, item)


def _summary(title: str | None, details: dict[str, Any], content: Content) -> str:
    if title:
        return summarise(title)
    if "question" in details:
        return summarise(Content.from_json(details["question"]).as_text())
    own = content.as_text() or str(details.get("text") or details.get("title") or details.get("url") or "")
    return summarise(own)


def _check_move(post: StoredPost, state: str) -> None:
    if state == post.state:
        return
    if state not in MOVES[post.state] or (state == "submission" and not post.is_ask):
        raise NotThatStateError(state)


def _needs_words(post: StoredPost, state: str) -> bool:
    """An ask must be answered before it leaves for the public; an original must say something."""
    if post.is_ask:
        return state in ("published", "queued", "private")
    return not post.is_reblog and not post.details


def _with_changes(post: StoredPost, changes: Changes) -> StoredPost:
    """The post with the changed things in it, and what follows from them."""
    details = post.details if changes.details is None else {**post.details, **changes.details}
    title = post.title if changes.title is None else changes.title or None
    content = post.content if changes.content is None else changes.content
    summary = post.summary if post.is_reblog else _summary(title, details, content)
    slug = post.slug if summary == post.summary else make_slug(summary)
    return replace(
        post,
        details=details,
        title=title,
        content=content,
        tags=post.tags if changes.tags is None else changes.tags,
        reblogs_allowed=post.reblogs_allowed if changes.reblogs_allowed is None else changes.reblogs_allowed,
        summary=summary,
        slug=slug if changes.slug is None else make_slug(changes.slug),
    )
