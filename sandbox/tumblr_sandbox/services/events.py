"""What is recorded when something happens to a post: notes on its tree, notifications to blogs."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from tumblr_sandbox.markup.content import Content, blog_url
from tumblr_sandbox.markup.npf_from_html import Block
from tumblr_sandbox.services import communities
from tumblr_sandbox.store import notes, posts, social
from tumblr_sandbox.store.accounts import Blog, blogs_by_id, find_blog
from tumblr_sandbox.store.notes import Note
from tumblr_sandbox.store.posts import StoredPost

MENTION = re.compile(r"(?<!@)@([a-zA-Z0-9-]{1,32})")
"""A blog's name in a reply, which is plain text; two ``@`` name a community."""


def moment_of(now: float) -> int:
    """A time of the clock in microseconds."""
    return int(now * notes.MICROSECONDS)


def published(connection: Connection, blog: Blog, post: StoredPost, now: float) -> None:
    """A post came out: it is a note on its tree, and those concerned are notified.

    What a community reblogs is its own business: no note tells of it, and nobody else hears of it.
    """
    if post.is_reblog and post.in_community:
        return
    kind = "reblog" if post.is_reblog else "posted"
    notes.add(
        connection,
        Note(
            tree_id=post.tree_id,
            kind=kind,
            blog_id=blog.id,
            moment=moment_of(now),
            post_id=post.id,
            parent_blog=None if post.parent is None else post.parent.blog_name,
            text=post.content.as_text() if post.is_reblog else "",
            tags=post.tags,
        ),
    )
    if post.is_reblog:
        _notify_parent(connection, blog, post, now)
    elif post.type == "answer":
        _notify_asker(connection, blog, post, now)
    speaker = blog if post.author_id is None else blogs_by_id(connection, {post.author_id})[post.author_id]
    _notify_mentioned(connection, speaker, post, now)


def edited(connection: Connection, post: StoredPost) -> None:
    """A post reads differently now; so does its note."""
    if post.is_reblog and post.state == "published":
        notes.change_reblog(connection, post.id, post.content.as_text(), post.tags)


def deleted(connection: Connection, post: StoredPost) -> None:
    """A post is gone: a reblog's note goes with it; that a root was posted stays on its tree."""
    notes.remove_of_post(connection, post.id, ("reblog",))


def hidden(connection: Connection, post: StoredPost) -> None:
    """A published post became private, as if it had not been published."""
    notes.remove_of_post(connection, post.id, ("reblog", "posted"))


def answered_privately(connection: Connection, blog: Blog, post: StoredPost, now: float) -> None:
    """An ask was answered for the asker's eyes only."""
    _notify_asker(connection, blog, post, now)


def asked(connection: Connection, post: StoredPost, now: float) -> None:
    """An ask arrived in an inbox."""
    asker = post.details["asker"]
    data = {
        **_target(post),
        "from": None if asker is None else asker["name"],
        "from_uuid": None if asker is None else asker["uuid"],
        "post_id": str(post.id),
    }
    social.notify(connection, post.blog_id, "ask", now, data)


def liked(connection: Connection, blog: Blog, post: StoredPost, now: float) -> None:
    notes.add(connection, Note(post.tree_id, "like", blog.id, moment_of(now), post_id=post.id))
    _notify(connection, whose(post), "like", blog, post, now)


def unliked(connection: Connection, blog: Blog, post: StoredPost) -> None:
    """A blog likes a post no more."""
    notes.remove_like(connection, post.id, blog.id)


def followed(connection: Connection, blog: Blog, follower: Blog, now: float) -> None:
    data = {"from": follower.name, "from_uuid": follower.uuid}
    social.notify(connection, blog.id, "follower", now, data)


def replied(connection: Connection, blog: Blog, post: StoredPost, text: str, now: float) -> None:
    notes.add(connection, Note(post.tree_id, "reply", blog.id, moment_of(now), text=text))
    _notify(connection, whose(post), "reply", blog, post, now, reply_text=text)
    for name in mentions_in_reply(connection, text):
        target = find_blog(connection, name)
        if target is not None and target.id != whose(post) and _may_hear(connection, target, post):
            _notify(connection, target.id, "mention_in_reply", blog, post, now, reply_text=text)


def mentions_in_reply(connection: Connection, text: str) -> list[str]:
    """The names of existing blogs that a reply names with an ``@``, each once."""
    named = dict.fromkeys(name.lower() for name in MENTION.findall(text))
    return [name for name in named if find_blog(connection, name) is not None]


def mentionable(connection: Connection, name: str) -> Block | None:
    """A blog as a mention names it; none when there is no such blog."""
    blog = find_blog(connection, name)
    return None if blog is None else {"uuid": blog.uuid, "name": blog.name, "url": blog_url(blog.name)}


def mentioned_blogs(connection: Connection, content: Content) -> list[str]:
    """The names of existing blogs that a post mentions, each once."""
    blocks = content.as_npf(lambda name: mentionable(connection, name)).blocks
    formats = (entry for block in blocks for entry in block.get("formatting", ()))
    return list(dict.fromkeys(f["blog"]["name"] for f in formats if f["type"] == "mention"))


def _target(post: StoredPost) -> dict[str, object]:
    """The copy of a post's whereabouts that a notification keeps."""
    return {
        "target": str(post.id),
        "summary": post.summary,
        "type": post.type,
        "root": str(post.tree_id) if post.is_reblog else None,
    }


def _notify(
    connection: Connection,
    blog_id: int,
    kind: str,
    author: Blog,
    post: StoredPost,
    now: float,
    **more: object,
) -> None:
    """Tell a blog what ``author`` did to a post, unless it was themselves or the post is muted."""
    if blog_id == author.id or (whose(post) == blog_id and _is_muted(post, now)):
        return
    if post.in_community:
        place = blogs_by_id(connection, {post.blog_id})[post.blog_id]
        more["place"] = {"name": place.name, "uuid": place.uuid}
    social.notify(connection, blog_id, kind, now, _news(author, post) | more)


def like_news(author: Blog, post: StoredPost, now: float) -> dict[str, object] | None:
    """What the blog of a post is told of a like; none when it is told nothing."""
    return None if whose(post) == author.id or _is_muted(post, now) else _news(author, post)


def _news(author: Blog, post: StoredPost) -> dict[str, object]:
    return {
        **_target(post),
        "from": author.name,
        "from_uuid": author.uuid,
        "post_id": str(post.id),
        "reblog_key": post.reblog_key,
    }


def whose(post: StoredPost) -> int:
    """The blog that is told what happens to a post: its own, or that of the member who wrote it."""
    return post.blog_id if post.author_id is None else post.author_id


def _may_hear(connection: Connection, blog: Blog, post: StoredPost) -> bool:
    """Whether a blog that a post mentions is told so: in a community only members are."""
    return communities.is_member_where(connection, post, blog.owner_id)


def _is_muted(post: StoredPost, now: float) -> bool:
    return post.muted_until is not None and (post.muted_until == 0 or now < post.muted_until)


def _notify_parent(connection: Connection, blog: Blog, post: StoredPost, now: float) -> None:
    assert post.parent is not None
    parent = posts.get(connection, post.parent.id)
    if parent is None:
        return
    text = post.content.as_text()
    kind = "reblog_naked" if post.content.is_empty() else "reblog"
    more = {
        "post_id": str(post.id),
        "reblog_key": post.reblog_key,
        "added_text": text,
        "tags": list(post.tags),
    }
    _notify(connection, whose(parent), kind, blog, parent, now, **more)


def _notify_asker(connection: Connection, blog: Blog, post: StoredPost, now: float) -> None:
    asker = post.details.get("asker")
    if asker is not None and blogs_by_id(connection, {asker["id"]}):
        _notify(connection, asker["id"], "answered_ask", blog, post, now)


def _notify_mentioned(connection: Connection, blog: Blog, post: StoredPost, now: float) -> None:
    for name in mentioned_blogs(connection, post.content):
        target = find_blog(connection, name)
        if target is not None and target.id != post.author_id and _may_hear(connection, target, post):
            _notify(connection, target.id, "user_mention", blog, post, now)
